"""Every training of the ablations, by name: what it changes, on which images, for how long.

All are VégéNet. Some are trained on so few images for so long that they overfit, for where nothing
is overfitted nothing can be regularized; some on other numbers of classes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from colorkit.course.evaluation import batches
from colorkit.course.networks import Course
from colorkit.data.batches import steps_of_epoch
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import scale_ab
from colorkit.models.prediction import predict
from colorkit.models.weights import load_weights
from colorkit.studies.superclasses import large_classes
from colorkit.system.errors import ColorkitError
from colorkit.training.losses import chroma_target
from colorkit.training.run import Run

NETWORK = "vegenet"  # of the profile: what all of them change
# What each of them changes; "plain" is the reports' network.
VARIANTS = {
    "plain": {},
    "dropout": {"model": {"dropout": 0.3}},
    "batch norm": {"model": {"preset": "paper"}},
    "both": {"model": {"preset": "paper", "dropout": 0.3}},
    "α = 0": {"alpha": 0.0},
    "α small": {"alpha": 1 / 30_000},
    "sum": {"reduction": "sum"},
    "paper": {
        "model": {"preset": "paper"},
        "optimizer": "adadelta",
        "learning_rate": 1.0,
        "batch_size": 128,
    },
}
REGULARIZED = ("plain", "dropout", "batch norm", "both")
FEW = REGULARIZED[:-1]  # which are trained on few images, too
GROUP = 6  # classes of the trainings on few classes
SHOWN = 300  # images, on which the losses of a finished training are taken


@dataclass(frozen=True)
class Ablation:
    """One row of the table.

    Attributes:
        changes: settings of network and recipe that are not the reports'.
        images: `all` of VégéNet's; a `few` of each of its classes; `many` classes, all that the
            profile has; or a `group` of them, another one for each repetition.
    """

    changes: dict
    images: str = "all"


TABLE = {
    **{name: Ablation(changes) for name, changes in VARIANTS.items()},
    **{f"{name}, few images": Ablation(VARIANTS[name], "few") for name in FEW},
    **{
        f"{title}{end}": Ablation(changes, images)
        for images, title in (("many", "many classes"), ("group", "few classes"))
        for end, changes in (("", {}), (", no hidden units", {"model": {"classifier_hidden": 0}}))
    },
}


class Ablations:
    """The ablations of a profile.

    Args:
        course: its profile says on which images and at what scale.
    """

    def __init__(self, course: Course):
        self.scale = course.section("ablations", "ablations")
        self.course = course.at(self.scale.size, self.scale.stored)
        self.seeds = self.scale.seeds or course.profile.seeds

    def train(self, name: str) -> list[Run]:
        """All repetitions of a training of `TABLE`: read from disk, or trained now."""
        return [
            self.course.train(NETWORK, repeat, **self.options(name, repeat))
            for repeat in range(self.seeds)
        ]

    def options(self, name: str, repeat: int = 0) -> dict:
        """What `Course.train` is told, beside the network and the repetition.

        Trainings that are compared take equally many *steps*: larger batches and fewer images mean
        more passes over them.

        Raises:
            ColorkitError: no such training, or too few classes with enough images.
        """
        if name not in TABLE:
            raise ColorkitError(f"no ablation {name!r}; choose among {', '.join(TABLE)}")
        row = TABLE[name]
        told = {"variant": f"ablation-{short(name)}", "scale": self.scale, **row.changes}
        if row.images == "few":
            classes = self.large(self.course.profile.networks[NETWORK].classes)
            return told | {"classes": classes, "limit": self.scale.few, "epochs": self.scale.long}
        if row.images == "many":
            return told | {"classes": self.many, "limit": self.scale.least}
        if row.images == "group":
            group = {"classes": self.group(repeat), "limit": self.scale.least}
            epochs = self._epochs(self._count(**group), self._steps_of_many)
            return told | group | {"epochs": epochs}
        if "batch_size" in row.changes:
            usual = self.course.profile.networks[NETWORK]
            count = self._count(usual.classes, usual.limit)
            steps = self._usual_epochs * self._steps(count)
            return told | {"epochs": self._epochs(count, steps, row.changes["batch_size"])}
        return told

    def images(self, name: str, split: str, repeat: int = 0) -> ImageSet:
        """One split of a training's classes; for training, those that it was trained on."""
        told, usual = self.options(name, repeat), self.course.profile.networks[NETWORK]
        limit = {"train": told.get("limit", usual.limit), "test": self.course.profile.test_limit}
        classes = told.get("classes", usual.classes)
        return self.course.collection.subset(classes, split, limit.get(split) or None)

    def named(self, name: str) -> list[np.ndarray]:
        """Percent, 0 or 100, of each test image whose scene each repetition names rightly."""
        profile = self.course.profile
        size, gray = profile.data.size, profile.recipe.gray
        return [
            100 * recognized(run.model(), self.images(name, "test", repeat), size, gray)
            for repeat, run in enumerate(self.train(name))
        ]

    def gap(self, name: str) -> np.ndarray:
        """How much larger the validation loss is than the training loss after the last epoch.

        Both are taken by `chroma_losses` on at most `SHOWN` images.

        Returns:
            (trainings,) in the unit of the color loss.
        """
        size, gray = self.course.profile.data.size, self.course.profile.recipe.gray
        gaps = []
        for repeat, run in enumerate(self.train(name)):
            network, losses = last_network(run), {}
            for split in ("train", "val"):
                images = self.images(name, split, repeat).evenly(SHOWN)
                losses[split] = chroma_losses(painter(network), images, size, gray).mean()
            gaps.append(losses["val"] - losses["train"])
        return np.array(gaps)

    def large(self, classes: list[str]) -> list[str]:
        """Those of some classes that have at least `Ablations.least` training images.

        Raises:
            ColorkitError: there are fewer than two.
        """
        found = large_classes(self.course.collection, classes, self.scale.least)
        if len(found) < 2:
            raise ColorkitError(
                f"{len(found)} of {len(classes)} classes have {self.scale.least} training images; "
                "lower ablations.least in the profile, or add images"
            )
        return found

    @cached_property
    def many(self) -> list[str]:
        """All classes of the profile that are large enough."""
        found = self.large(self.course.profile.classes())
        if len(found) <= GROUP:
            raise ColorkitError(
                f"only {len(found)} classes have {self.scale.least} training images, and more than "
                f"{GROUP} are needed; lower ablations.least in the profile, or add classes"
            )
        return found

    def group(self, repeat: int) -> list[str]:
        """`GROUP` of the many classes, drawn anew for each repetition."""
        drawn = np.random.default_rng(self.course.seed + repeat).permutation(self.many)
        return sorted(drawn[:GROUP].tolist())

    @property
    def _usual_epochs(self) -> int:
        return self.scale.epochs or self.course.profile.recipe_of(NETWORK).epochs

    @property
    def _steps_of_many(self) -> int:
        return self._usual_epochs * self._steps(self._count(self.many, self.scale.least))

    def _count(self, classes: list[str], limit: int) -> int:
        return len(self.course.collection.subset(classes, "train", limit or None))

    def _steps(self, count: int, batch_size: int = 0) -> int:
        return steps_of_epoch(count, batch_size or self.course.profile.recipe.batch_size)

    def _epochs(self, count: int, steps: int, batch_size: int = 0) -> int:
        return max(1, round(steps / self._steps(count, batch_size)))


def short(name: str) -> str:
    """How a training's folder is called: `α = 0` is `alpha0`, `plain, few images` `plain-few`."""
    told = {"α = 0": "alpha0", "α small": "alpha-small", ", few images": "-few", ", ": "-"}
    for long, brief in told.items():
        name = name.replace(long, brief)
    return name.replace(" ", "-")


def last_network(run: Run) -> torch.nn.Module:
    """The network after the last epoch, which has overfitted if any has."""
    return load_weights(run.snapshots[max(run.snapshots)])[0]


def painter(network: torch.nn.Module) -> Callable[[Tensor], Tensor]:
    """A network as `chroma_losses` asks it: gray to scaled chroma on its own plane."""

    def paint(gray: Tensor) -> Tensor:
        with torch.inference_mode():
            return predict(network, gray).ab

    return paint


def chroma_losses(
    paint: Callable[[Tensor], Tensor], images: ImageSet, size: int, gray: str = "weighted"
) -> np.ndarray:
    """Take the color loss of each image as trainings do, but with nothing dropped.

    The training loss in a history is taken with dropout at work and on crops, which raises it and
    makes the gap to the validation loss look smaller than it is.

    Args:
        paint: gray (B, 1, H, W) in [0, 1] to scaled chroma (B, 2, h, w).
        images: center-cropped.
        size: side of the crops.
        gray: decolorization.

    Returns:
        (N,) squared errors of chroma scaled to [0, 1].
    """
    losses = []
    for batch in batches(images, size, gray):
        found = paint(batch.gray)
        target = chroma_target(scale_ab(batch.lab[:, 1:]), found.shape[-2:])
        losses.append((found - target).square().mean(dim=(1, 2, 3)))
    return torch.cat(losses).numpy()


def of_classes(values, labels) -> float:
    """The mean over classes of the means over their images: values and labels (N,)."""
    return float(pd.Series(np.asarray(values)).groupby(np.asarray(labels)).mean().mean())


def recognized(
    network: torch.nn.Module, images: ImageSet, size: int, gray: str = "weighted"
) -> np.ndarray:
    """Tell of which images a network with a classifier names the scene rightly.

    Args:
        network: trained on the images' classes, in their order.
        images, size, gray: as of `chroma_losses`.

    Returns:
        (N,) 1 or 0.
    """
    right = []
    with torch.inference_mode():
        for batch in batches(images, size, gray):
            right.append(predict(network, batch.gray).scores.argmax(dim=1) == batch.labels)
    return torch.cat(right).float().numpy()
