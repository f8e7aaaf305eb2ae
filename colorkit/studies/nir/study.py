"""The near-infrared networks of the course: which there are, and their trainings fold by fold."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from colorkit.course.networks import Course
from colorkit.data.batches import NirBatch
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
from colorkit.models.nirnet import NirNet, NirResNetUNet
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.unet import UNet
from colorkit.studies.nir.painters import (
    NirColorizer,
    NirRecipe,
    Painter,
    evaluate_pairs,
    painter,
    pair_batches,
)
from colorkit.system.errors import ColorkitError
from colorkit.training.photo_sets import Photographs, first_training
from colorkit.training.run import Run


@dataclass(frozen=True)
class Way:
    """One way from near infrared to color.

    Attributes:
        title: for tables.
        make: builds the network; it is called with the number of classes and the study.
        start: its first weights: `vegenet`'s of the course, or the same network's after a first
            training on procedural pairs (`scenes`) or on the course's images through drawn filters
            (`images`, see `colorkit.studies.nir.painters.filtered`); empty for none.
        short: train for the profile's short time.
        whole: train on the validation pairs too. They then choose nothing: the learning rate has
            fallen to nothing at the end, and the last epochs are all alike.
        recipe: settings of `NirRecipe` that differ.
    """

    title: str
    make: Callable[[int, "NirStudy"], torch.nn.Module]
    start: str = ""
    short: bool = False
    whole: bool = False
    recipe: dict = field(default_factory=dict)


def _nirnet(luminance: str):
    return lambda classes, study: NirNet(
        classes, luminance=luminance, **asdict(study.course.profile.model)
    )


def _unet(classes: int, study: "NirStudy") -> UNet:
    net = UNet(1, 3, width=study.nir.width)
    torch.nn.init.zeros_(net.last[0].weight)  # begins as near infrared itself, gray
    return net


def _chroma_resnet(classes: int, study: "NirStudy") -> ResNetUNet:
    return ResNetUNet(classes, stages=4)


def _resnet(classes: int, study: "NirStudy") -> NirResNetUNet:
    return NirResNetUNet(classes, stages=4)


_CYCLE = {"fidelity": 0.05, "angle": 0.05, "learning_rate": 1e-3, "cycle": True, "batch_size": 8}
_SHARP = _CYCLE | {"structure": "ssim", "structure_weight": 0.5}
WAYS = {
    "chroma": Way("b: NIR as luminance", _nirnet("none"), "vegenet"),
    "chroma-scratch": Way("b, from scratch", _nirnet("none")),
    "bytes": Way("c: wrong loading", _nirnet("head"), "vegenet", recipe={"loading": "bytes"}),
    "head": Way("c: one head", _nirnet("head"), "vegenet"),
    "branch-short": Way("d: branch, short", _nirnet("branch"), "vegenet", short=True),
    "branch": Way("d: branch, long", _nirnet("branch"), "vegenet"),
    "branch-scratch": Way("d, from scratch", _nirnet("branch")),
    "chroma-resnet": Way("b: ResNet U-Net", _chroma_resnet, "images", recipe=_CYCLE),
    "unet": Way("U-Net, structural loss", _unet, recipe={"structure": "gradient"}),
    "resnet-scratch": Way("ResNet U-Net, from scratch", _resnet, recipe=_SHARP),
    "resnet-scenes": Way("the same, from procedural pairs", _resnet, "scenes", recipe=_SHARP),
    "resnet": Way("the same, from the course's images", _resnet, "images", recipe=_SHARP),
    "resnet-whole": Way(
        "the same, and all pairs but the tested", _resnet, "images", whole=True, recipe=_SHARP
    ),
}

# Near infrared to color on the 28 validation pairs of the VCIP 2020 challenge, as published.
PUBLISHED = pd.DataFrame(
    {
        "SST": (14.26, 0.57, 5.61, 0.361),
        "NIR-GNN": (17.50, 0.60, 5.22, 0.384),
        "MFCNet family": (20.34, 0.61, 3.79, 0.208),
        "CoColor": (23.54, 0.69, 2.68, 0.233),
        "ColorMamba": (24.56, 0.71, 2.81, 0.212),
        "SF-GPT": (26.09, 0.77, 2.72, 0.132),
    },
    index=["PSNR (dB)", "SSIM", "angular error (°)", "LPIPS"],
).T


class NirStudy:
    """Pairs of a profile, and the networks trained on them.

    Args:
        course: its profile says which pairs and at what scale; its networks give first weights.

    Raises:
        ColorkitError: the profile has no pairs, or their folder is missing.
    """

    def __init__(self, course: Course):
        profile = course.profile
        if profile.nir is None:
            raise ColorkitError(
                f"the profile {profile.name} names no pairs of color and near infrared; add a "
                "section nir to it"
            )
        self.course, self.nir = course, profile.nir
        self.root = Path(profile.data.root) / self.nir.root if self.nir.root else None
        if self.root and not self.root.is_dir():
            raise ColorkitError(
                f"there are no pairs of color and near infrared: {self.root} is not a folder; put "
                "them there, or set nir.root in the profile"
            )
        self.size = self.nir.size or profile.data.size
        self._stored = self.nir.stored or profile.data.stored

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

    def train(self, name: str, k: int = 0) -> Run:
        """The network of one of `WAYS` for fold k: read from disk, or trained now."""
        way, fold = WAYS[name], self.fold(k)
        if way.whole:
            fold = fold._replace(train=self._all_but("test", k))
        epochs = self.nir.short if way.short else self.nir.epochs
        return self._fit(f"nir-{name}-f{k}", way, fold, epochs, self._start(way), self.nir.what)

    def final(self, name: str) -> Run:
        """The network for use: as one of `WAYS` that is `whole`, but trained on every pair."""
        way, fold = WAYS[name], self.fold(0)._replace(train=self.pairs.pairs)
        return self._fit(
            f"nir-{name}-final", way, fold, self.nir.epochs, self._start(way), self.nir.what
        )

    def _all_but(self, split: str, k: int) -> PairSet:
        splits = self.pairs.splits(k, self.nir.of)
        return self.pairs.pairs.take(np.flatnonzero(splits != split))

    def _start(self, way: Way) -> Path | None:
        """The weights a way starts from."""
        if way.start == "vegenet":
            return self.course.train("vegenet").weights
        if way.start == "scenes":
            counts = dict.fromkeys(self.nir.classes or SCENE_CLASSES, self.nir.scenes)
            folder = self.course.root / "data" / "cache"
            fold = collect_pairs(counts, self._stored, folder).fold()
            data = "procedural pairs"
        elif way.start == "images":
            collection, classes = self.course.collection, self.course.profile.classes()
            train = collection.subset(classes, "train", self.nir.images or None)
            val = collection.subset(classes, "val", 10)
            fold = Fold(train, val, val, collection.fingerprint)
            data = f"{self.course.profile.data.what} through drawn filters"
        else:
            return None
        epochs, earlier = self.nir.first_epochs[way.start], None
        if way.start == "images" and self.nir.photographs:
            earlier = first_training(Photographs(self.course.profile.data.root)).weights
        before = replace(WAYS["resnet"], recipe=_SHARP | {"batch_size": self.nir.batch_size})
        return self._fit(f"nir-{way.start}", before, fold, epochs, earlier, data).weights

    def _fit(
        self, name: str, way: Way, fold: Fold, epochs: int, start: Path | None, data: str
    ) -> Run:
        changes = {
            "epochs": epochs,
            "batch_size": self.nir.batch_size,
            "augment": self.nir.augment,
        }
        return self.course.fit(
            name,
            lambda: way.make(len(fold.train.classes), self),
            NirRecipe(**asdict(self.course.profile.recipe) | changes | way.recipe),
            fold.train,
            fold.val,
            what=data,
            fingerprint=fold.fingerprint,
            size=self.size,
            start=start,
            module=NirColorizer,
        )

    def models(self, name: str) -> list:
        """The trained networks of a way, one a fold."""
        return [self.train(name, k).model() for k in range(self.nir.folds)]

    def measure(self, painters: Painter | list) -> pd.DataFrame:
        """Measure on the test pairs of every fold that is trained.

        Args:
            painters: one painter for all folds, or a network for each.

        Returns:
            `evaluate_pairs` of all folds, one under the other.
        """
        tables = [
            evaluate_pairs(p, self.fold(k).test, self.size).assign(fold=k)
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

    def _each(self, painters: Painter | list) -> list[Painter]:
        each = painters if isinstance(painters, list) else [painters] * self.nir.folds
        return [painter(p) if isinstance(p, torch.nn.Module) else p for p in each]


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
