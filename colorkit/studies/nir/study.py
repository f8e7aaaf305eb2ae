"""The near-infrared networks of the course: their trainings, fold by fold, and their measures."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from colorkit.course.evaluation import predict_ab
from colorkit.course.networks import Course
from colorkit.data.batches import NirBatch, steps_of_epoch
from colorkit.data.pairs.folds import (
    SCENE_CLASSES,
    Fold,
    PairCollection,
    PairList,
    PairSet,
    collect_pairs,
    list_pairs,
    read_pair,
    scene_pairs,
)
from colorkit.imaging.metrics.tables import listed
from colorkit.models import pretrained
from colorkit.studies.nir.painters import Painter, evaluate_pairs, one_color, painter, pair_batches
from colorkit.studies.nir.training import NirColorizer, NirRecipe, NirTraining
from colorkit.studies.nir.ways import BOX, FIRST, NETWORKS, WAYS
from colorkit.system.errors import ColorkitError
from colorkit.training.run import Run


class NirStudy:
    """Pairs of a profile, and the networks trained on them.

    Args:
        course: its profile says which pairs and at what scale; its networks give first weights.

    Raises:
        ColorkitError: the profile has no pairs, or their folder is missing.
    """

    def __init__(self, course: Course):
        self.nir = course.section("nir", "pairs of color and near infrared")
        self.course = course.at(self.nir.size, self.nir.stored, self.nir.colornet_width)
        profile = self.course.profile
        self.root = Path(profile.data.root) / self.nir.root if self.nir.root else None
        if self.root and not self.root.is_dir():
            raise ColorkitError(
                f"there are no pairs of color and near infrared: {self.root} is not a folder; put "
                "them there, or set nir.root in the profile"
            )
        self.size, self._stored = profile.data.size, profile.data.stored

    @cached_property
    def listed(self) -> PairList:
        """The files of the pairs, or the names of procedural ones."""
        if self.root:
            return list_pairs(self.root)
        counts = dict.fromkeys(self.nir.classes, self.nir.pairs)
        return PairList(scene_pairs(counts), [], None, "")

    @cached_property
    def pairs(self) -> PairCollection:
        """All pairs, decoded."""
        return collect_pairs(
            self.listed if self.root else dict.fromkeys(self.nir.classes, self.nir.pairs),
            self._stored,
            self.course.root / "data" / "cache",
            seed=self.course.profile.data.split_seed,
        )

    def fold(self, k: int = 0) -> Fold:
        """One division into training, validation and test pairs."""
        return self.pairs.fold(k, self.nir.of)

    def halves(self, pairs: PairSet) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        """Name, color and near infrared of some pairs, as registration's `check` takes them.

        Photographs are read at full size; procedural pairs have no other than the stored one.
        """
        wanted = set(pairs.names)
        if not self.root:
            yield from ((name, *pairs.halves(i)) for i, name in enumerate(pairs.names))
            return
        for pair in self.listed.pairs:
            if pair.name in wanted:
                yield pair.name, *read_pair(pair, self.listed.full_scale)

    def trainings(self, ways: Iterable[str] = tuple(WAYS)) -> Iterator[NirTraining]:
        """List every training of some ways: first those that others start from."""
        ways = list(ways)
        starts = {WAYS[name].start for name in ways}
        yield from (self._first(name) for name in FIRST if name in starts)
        yield from (self.training(name, k) for name in ways for k in range(self.nir.folds))

    def training(self, name: str, k: int = 0) -> NirTraining:
        """The training of one of `WAYS` for fold k."""
        way, fold = WAYS[name], self.fold(k)
        epochs = self.nir.long if way.long else self.nir.epochs
        if way.whole:
            fold = fold._replace(train=self._all_but("test", k))
        elif way.every > 1:
            whole, part = fold.train, every(fold.train, way.every)
            fold, size = fold._replace(train=part), self.nir.batch_size
            epochs = round(
                epochs * steps_of_epoch(len(whole), size) / steps_of_epoch(len(part), size)
            )
        return self._plan(f"nir-{name}-f{k}", name, fold, epochs, self.nir.what)

    def train(self, name: str, k: int = 0) -> Run:
        """The network of one of `WAYS` for fold k: read from disk, or trained now."""
        return self.fit(self.training(name, k))

    def final(self, name: str) -> Run:
        """The network for use: as one of `WAYS` that is `whole`, but trained on every pair."""
        fold = self.fold(0)._replace(train=self.pairs.pairs)
        return self.fit(self._plan(f"nir-{name}-final", name, fold, self.nir.epochs, self.nir.what))

    def fit(self, training: NirTraining) -> Run:
        """Make a training, and what it starts from; or read it from disk."""
        return self.fit_from(training, self._weights(training), NirColorizer)

    def fit_from(
        self, training: NirTraining, start: Path | None, module: type[NirColorizer]
    ) -> Run:
        """Make a training from these first weights, by this module; or read it from disk."""
        return self.course.fit(
            training.name,
            training.make,
            training.recipe,
            training.train,
            training.val,
            what=training.data,
            fingerprint=training.fingerprint,
            size=training.size,
            start=start,
            module=module,
        )

    def _weights(self, training: NirTraining) -> Path | None:
        """The weights a training starts from."""
        if training.start == "vegenet":
            return self.course.train("vegenet").weights
        if training.start == "box":
            return pretrained.find(BOX)
        if training.start:
            return self.fit(self._first(training.start)).weights
        return None

    def _first(self, name: str) -> NirTraining:
        """One of the trainings that others start from."""
        if name == "scenes":
            counts = dict.fromkeys(self.nir.classes or SCENE_CLASSES, self.nir.scenes)
            fold = collect_pairs(counts, self._stored, self.course.root / "data" / "cache").fold()
            data = "procedural pairs"
        else:
            fold = self._photographs()
            data = f"{self.course.profile.data.what} through drawn filters"
        epochs = self.nir.first_epochs["scenes" if name == "scenes" else "images"]
        return self._plan(f"nir-{name}", name, fold, epochs, data)

    def _photographs(self) -> Fold:
        """The course's images, as trainings before those on pairs take them."""
        collection, classes = self.course.collection, self.course.profile.classes()
        train = collection.subset(classes, "train", self.nir.images or None)
        val = collection.subset(classes, "val", 10)
        return Fold(train, val, val, collection.fingerprint)

    def _plan(self, full: str, name: str, fold: Fold, epochs: int, data: str) -> NirTraining:
        way, profile, nir = (WAYS | FIRST)[name], self.course.profile, self.nir
        changes = {"epochs": epochs, "batch_size": nir.batch_size, "augment": nir.augment}
        changes |= way.recipe | ({"batch_size": nir.batch_size} if name in FIRST else {})
        return NirTraining(
            way=name,
            name=full,
            seed=self.course.seed,
            make=lambda: NETWORKS[way.network].make(len(fold.train.classes), profile),
            recipe=NirRecipe(**asdict(profile.recipe) | changes),
            train=fold.train,
            val=fold.val,
            size=self.size,
            data=data,
            fingerprint=fold.fingerprint,
            start=way.start,
        )

    def _all_but(self, split: str, k: int) -> PairSet:
        splits = self.pairs.splits(k, self.nir.of)
        return self.pairs.pairs.take(np.flatnonzero(splits != split))

    def models(self, name: str) -> list:
        """The trained networks of a way, one a fold."""
        return [self.train(name, k).model() for k in range(self.nir.folds)]

    def mean_colors(self) -> list[Tensor]:
        """The mean a*, b* of the training pairs, (2,) a fold."""
        means = []
        for k in range(self.nir.folds):
            batches = pair_batches(self.fold(k).train, self.size)
            means.append(torch.cat([b.lab[:, 1:].mean(dim=(2, 3)) for b in batches]).mean(dim=0))
        return means

    def trivial(self, true_light: bool) -> list[np.ndarray]:
        """ΔE₀₀ of gray and of the mean color, (N,) each, as `Chapter.learned` takes them.

        Args:
            true_light: see `colorkit.studies.nir.painters.one_color`.
        """
        colors = [torch.zeros(2)] * self.nir.folds, self.mean_colors()
        tables = [self.measure([one_color(ab, true_light) for ab in each]) for each in colors]
        return [table["delta_e"].to_numpy() for table in tables]

    def chroma(self, name: str) -> Tensor:
        """What a way paints before the gamut cuts colors off: a*, b* (N, 2, H, W) in Lab units."""
        parts = [
            predict_ab(model, batch.nir)
            for k, model in enumerate(self.models(name))
            for batch in pair_batches(self.fold(k).test, self.size)
        ]
        return torch.cat(parts)

    def measure(self, painters: Painter | list, prepare: Callable | None = None) -> pd.DataFrame:
        """Measure on the test pairs of every fold that is trained.

        Args:
            painters: one painter for all folds, or a network for each.
            prepare: see `evaluate_pairs`.

        Returns:
            `evaluate_pairs` of all folds, one under the other.
        """
        tables = [
            evaluate_pairs(p, self.fold(k).test, self.size, prepare).assign(fold=k)
            for k, p in enumerate(self._each(painters))
        ]
        return pd.concat(tables, ignore_index=True)

    def paint(self, painters: Painter | list) -> Tensor:
        """Paint the same pairs in the same order: (N, 3, H, W) sRGB in [0, 1]."""
        parts = [
            p(batch)
            for k, p in enumerate(self._each(painters))
            for batch in pair_batches(self.fold(k).test, self.size)
        ]
        return torch.cat(parts)

    def truth(self) -> NirBatch:
        """The same pairs in the same order, whole."""
        folds = range(self.nir.folds)
        parts = [b for k in folds for b in pair_batches(self.fold(k).test, self.size)]
        return NirBatch(*(torch.cat(side) for side in zip(*parts, strict=True)))

    def first_batch(self, name: str) -> NirBatch:
        """The first pairs that a way learns from, as many as in a step."""
        training = self.training(name)
        return next(pair_batches(training.train, self.size, training.recipe.batch_size))

    def _each(self, painters: Painter | list) -> list[Painter]:
        each = painters if isinstance(painters, list) else [painters] * self.nir.folds
        return [painter(p) if isinstance(p, torch.nn.Module) else p for p in each]


def every(pairs: PairSet, step: int) -> PairSet:
    """Take every so manieth pair of each class, beginning with its first."""
    labels = pairs.labels.numpy()
    chosen = [np.flatnonzero(labels == c)[::step] for c in range(len(pairs.classes))]
    return pairs.take(np.sort(np.concatenate(chosen)))


def improvement(after: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """How much better one way is than another, pair by pair; above zero it is better.

    Args:
        after, before: as `NirStudy.measure` gives them, of the same pairs.
    """
    gains = {}
    for name, metric in listed("infrared").items():
        if metric.inputs == 2 and name in after:
            gain = after[name] - before[name]
            gains[name] = gain if metric.better == "higher" else -gain
    return pd.DataFrame(gains)
