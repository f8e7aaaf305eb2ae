"""Every training of the chapter by name, so that a plan lists them and the notebook asks for them.

Rows of one idea see the same pictures and take as many steps; what else they differ in stands in
their names.
"""

from dataclasses import asdict, dataclass
from functools import partial

import torch

from colorkit.course.networks import Course
from colorkit.data.collection import ImageSet
from colorkit.models.colornet import ColorNet
from colorkit.models.colornet_variants import ResidualColorNet, ToldColorNet
from colorkit.models.unet import UNet
from colorkit.studies.gans.costs import operations
from colorkit.studies.gans.training import GanColorizer, GanRecipe, UNetColorizer, UNetRecipe
from colorkit.studies.later.facts import ToldColorizer, ToldRecipe
from colorkit.studies.later.painting import (
    PaintingColorizer,
    PaintingRecipe,
    grown,
    make_unet,
    stages,
)
from colorkit.studies.later.unpaired import UnpairedColorizer, UnpairedRecipe
from colorkit.system.errors import ColorkitError
from colorkit.training.run import Run

UNPAIRED = ("unpaired", "borrowed pairs", "own pairs")
SIZES = ("lab", "grown")  # one size, and growing: the first is also the space beside the others
SPACES = ("lab", "rgb", "ycbcr", "oklab")
# ColorNet, with what was proposed for it: (residual connections, a discriminator).
COLORNETS = {"plain": (False, False), "residual": (True, False), "judged": (False, True)}
TOLD = "told"
NAMES = tuple(dict.fromkeys((*UNPAIRED, *SIZES, *SPACES, *COLORNETS, TOLD)))


@dataclass(frozen=True)
class Images:
    """What a training sees: `train` and `val`."""

    train: ImageSet
    val: ImageSet


class Trainings:
    """The trainings of a profile's section `later`.

    Args:
        course: its profile says on which images and at what scale.

    Raises:
        ColorkitError: the profile has no such section.
    """

    def __init__(self, course: Course):
        self.scale = course.section("later", "ideas left for later")
        self.course = course.at(self.scale.size, self.scale.stored, self.scale.width)
        self.size = self.course.profile.data.size
        self.seeds = self.scale.seeds or course.profile.seeds
        self.epochs = self.scale.epochs or course.profile.recipe.epochs

    def repeats(self, name: str) -> list[Run]:
        """All repetitions of a training of `NAMES`: read from disk, or trained now."""
        return [self.train(name, repeat) for repeat in range(self.seeds)]

    def train(self, name: str, repeat: int = 0) -> Run:
        """One training of `NAMES`: read from disk, or trained now.

        Raises:
            ColorkitError: no such training.
        """
        if name not in NAMES:
            raise ColorkitError(f"no training {name!r}; choose among {', '.join(NAMES)}")
        if name in UNPAIRED:
            return self._unpaired(name, repeat)
        if name == "grown":
            return self._grown(repeat)
        if name in SPACES:
            make = partial(make_unet, self.scale.channels, self.scale.depth, name)
            recipe = PaintingRecipe(**self._common, space=name)
            return self._fit(name, make, recipe, repeat, module=PaintingColorizer)
        if name == TOLD:
            make = partial(ToldColorNet, None, **self._colornet)
            recipe = ToldRecipe(**self._common, alpha=0.0)
            return self._fit(name, make, recipe, repeat, module=ToldColorizer)
        return self._proposed(name, repeat)

    def images(self, split: str, classes: list[str] | None = None) -> ImageSet:
        """One split of some classes, by default of most ideas'; limited as the profile says."""
        profile = self.course.profile
        limit = {"train": self.scale.limit, "test": profile.test_limit}.get(split) or None
        return self.course.collection.subset(classes or self.scale.classes, split, limit)

    def work(self, left: int, shrink: int) -> int:
        """Multiply-adds of a U-Net that lacks outer levels, for one picture of a smaller size."""
        width, depth = self.scale.channels * 2**left, self.scale.depth - left
        with torch.random.fork_rng(devices=[]):  # what is only counted changes no training
            network = UNet(width=width, depth=depth).eval()
            return operations(network, self.size // shrink)

    @property
    def stages(self) -> tuple[tuple[int, int, int], ...]:
        """Of the growing network; see `colorkit.studies.later.painting.stages`."""
        return stages(self.epochs, self.work)

    @property
    def _common(self) -> dict:
        scale = self.scale
        return {
            "epochs": self.epochs,
            "batch_size": scale.batch_size,
            "learning_rate": scale.learning_rate,
        }

    @property
    def _judged(self) -> dict:
        return {
            "discriminator_width": self.scale.discriminator_width,
            "discriminator_rate": self.scale.discriminator_rate,
        }

    @property
    def _colornet(self) -> dict:
        return asdict(self.course.profile.model)

    def _fit(self, name: str, make, recipe, repeat: int, images: Images | None = None, **options):
        images = images or Images(self.images("train"), self.images("val"))
        name = f"later-{name.replace(' ', '-')}"
        return self.course.fit(
            name, make, recipe, images.train, images.val, repeat=repeat, **options
        )

    def _unpaired(self, name: str, repeat: int) -> Run:
        scale, make = self.scale, partial(make_unet, self.scale.channels, self.scale.depth)
        known = self.images("val", scale.colors)  # no truth of the gray pictures chooses an epoch
        if name == "unpaired":
            recipe = UnpairedRecipe(
                **self._common,
                **self._judged,
                gray_classes=len(scale.gray),
                back_channels=scale.channels,
                back_depth=scale.depth,
            )
            images = Images(self.images("train", [*scale.gray, *scale.colors]), known)
            return self._fit(name, make, recipe, repeat, images, module=UnpairedColorizer)
        own = name == "own pairs"
        classes = scale.gray if own else scale.colors
        images = Images(self.images("train", classes), self.images("val", classes))
        both = len(self.images("train", [*scale.gray, *scale.colors]))
        epochs = max(1, round(self.epochs * both / len(images.train)))  # as many steps
        recipe = UNetRecipe(**self._common | {"epochs": epochs})
        return self._fit(name, make, recipe, repeat, images, module=UNetColorizer)

    def _grown(self, repeat: int) -> Run:
        scale, run = self.scale, None
        for left, shrink, epochs in self.stages:
            width, depth = scale.channels * 2**left, scale.depth - left
            make, origin = partial(make_unet, width, depth), ""
            if run is not None:
                make, origin = partial(grown, run.model(), width), f", from {run.folder.name}"
            run = self._fit(
                f"grown {self.size // shrink}",
                make,
                PaintingRecipe(**self._common | {"epochs": epochs}, shrink=shrink),
                repeat,
                fingerprint=self.course.collection.fingerprint + origin,
                module=PaintingColorizer,
            )
        return run

    def _proposed(self, name: str, repeat: int) -> Run:
        residual, judged = COLORNETS[name]
        make = partial(ResidualColorNet if residual else ColorNet, None, **self._colornet)
        recipe, module = UNetRecipe(**self._common), UNetColorizer
        if judged:
            recipe, module = GanRecipe(**self._common, **self._judged), GanColorizer
        return self._fit(name, make, recipe, repeat, module=module)
