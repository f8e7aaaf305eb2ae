"""CoColor's trainings on the folds of chapter 10: what each is, and what it starts from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import torch

from colorkit.course.networks import Course
from colorkit.data.batches import NirBatch
from colorkit.imaging.color import join, unscale_ab, unscale_L
from colorkit.models.cocolor import CoColor
from colorkit.studies.cocolor.training import CoColorColorizer, CoColorRecipe
from colorkit.studies.nir.painters import Painter
from colorkit.studies.nir.study import NirStudy, NirTraining
from colorkit.studies.nir.ways import SHARP
from colorkit.training.run import Run


@dataclass(frozen=True)
class Step:
    """One training, or one a fold.

    Attributes:
        title: for tables.
        start: the step whose weights it starts from; empty for none.
        pairs: it learns from the pairs of a fold; else from the course's images, once for all
            folds if it starts from nothing.
        recipe: settings of `CoColorRecipe` beside those of chapter 11's best way.
        path: which of `PATHS` its network is judged by.
    """

    title: str
    start: str = ""
    pairs: bool = True
    recipe: dict = field(default_factory=dict)
    path: str = "mixed"


_JOINT = {"stage": "joint", "learning_rate": 1e-4}
STEPS = {
    "gray": Step("gray photographs", pairs=False, recipe={"stage": "gray"}, path="gray"),
    "domains": Step("each part for itself", "gray", recipe={"stage": "domains"}, path="nir"),
    "pseudo": Step("pseudo-infrared", "domains", False, {"stage": "pseudo"}, "nir"),
    "joint": Step("CoColor", "pseudo", recipe=_JOINT),
    "apart": Step(
        "without consistency", "pseudo", recipe=_JOINT | {"consistency": 0.0, "features": 0.0}
    ),
    "pairs": Step("without pseudo-infrared", "domains", recipe=_JOINT),
    "alone": Step(
        "without translation either", "domains", recipe=_JOINT | {"translation": False}, path="nir"
    ),
}
# What a part of the system brings: the training that has it, and the one that lacks it alone.
ABLATIONS = {
    "translation": ("pairs", "alone"),
    "consistency": ("joint", "apart"),
    "pseudo": ("joint", "pairs"),
}
JUDGED = ("joint", "apart", "pairs", "alone")  # steps at whose end there is a network for use
PATHS = ("nir", "gray", "mean", "mixed")


class CoColorStudy(NirStudy):
    """Pairs of a profile, and the networks of chapter 17 trained on them.

    Args:
        course: see `NirStudy`.

    Raises:
        ColorkitError: the profile has no pairs, or no section `cocolor`.
    """

    def __init__(self, course: Course):
        super().__init__(course)
        self.scale = course.section("cocolor", "networks of two domains")

    def trainings(self) -> Iterator[NirTraining]:
        """List every training of the chapter, each after that which it starts from."""
        yield self.training("gray")
        for name in STEPS:
            if name != "gray":
                yield from (self.training(name, k) for k in range(self.nir.folds))

    def training(self, name: str, k: int = 0) -> NirTraining:
        """One of `STEPS` for fold k; what learns from no pairs at all is the same for all folds."""
        step = STEPS[name]
        settings = {"width": self.scale.width, "depth": self.scale.depth}
        # Photographs are always zoomed, as their batches are made; pairs as chapter 10 has them.
        size = self.scale.batch_size or self.nir.batch_size
        recipe = SHARP | {"batch_size": size, "augment": self.nir.augment}
        recipe |= {"epochs": self.scale.epochs[step.recipe["stage"]]} | step.recipe
        if step.pairs:
            fold, data = self.fold(k), self.nir.what
        else:
            fold, data = self._photographs(), self.course.profile.data.what
        return NirTraining(
            way=name,
            name=f"cocolor-{name}-f{k}" if step.start else f"cocolor-{name}",
            seed=self.course.seed,
            make=partial(CoColor, **settings),
            recipe=CoColorRecipe(**recipe),
            train=fold.train,
            val=fold.val,
            size=self.size,
            data=data,
            fingerprint=fold.fingerprint,
            start=f"{step.start}-f{k}" if step.start else "",
        )

    def fit(self, training: NirTraining) -> Run:
        """Make a training, and what it starts from; or read it from disk."""
        before = None
        if training.start:
            name, k = training.start.rsplit("-f", 1)
            before = self.train(name, int(k)).weights
        return self.fit_from(training, before, CoColorColorizer)


def path_painter(model: CoColor, path: str) -> Painter:
    """Make a painter of one of a network's `PATHS`.

    Args:
        model: the network.
        path: `nir`, colored as it is; `gray`, after translation; `mean` of both; `mixed` by the
            gate.

    Raises:
        ValueError: there is no such path.
    """
    if path not in PATHS:
        raise ValueError(f"path must be one of {', '.join(PATHS)}; got {path!r}")

    def painted(batch: NirBatch) -> torch.Tensor:
        with torch.inference_mode():
            found = model.paths(batch.nir)
            ways = {"nir": found.nir.lab, "gray": found.gray.lab, "mixed": found.lab}
            ways["mean"] = (ways["nir"] + ways["gray"]) / 2
            L, ab = ways[path].split((1, 2), dim=1)
            return join(unscale_L(L), unscale_ab(ab))

    return painted
