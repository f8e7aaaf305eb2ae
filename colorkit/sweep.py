"""The sweep: four autoencoders, fifteen conditional GANs, and what comes from the best of them.

Every training is named in one table and done by `colorkit.training.fit`, which finds what is done
already and goes on with what was interrupted. `colorkit.jobs` does them all.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
import torch

from colorkit.course import Course
from colorkit.data.collection import Collection, ImageSet
from colorkit.errors import ColorkitError
from colorkit.gan import GanColorizer, GanRecipe, UNetColorizer, UNetRecipe
from colorkit.models import UNet
from colorkit.models.patchgan import DISCRIMINATORS
from colorkit.profiles import Network
from colorkit.training import Run, fit

FEWER = 0.4  # of the images: the slides' smaller set beside their larger one


@dataclass(frozen=True)
class Configuration:
    """One row of the table.

    Attributes:
        skips, upsampling: of the generator, see `colorkit.models.UNet`.
        discriminator: `d0`, `d4`, `d8`, or empty for an autoencoder.
        weights: of the adversarial loss and the reconstruction; the slides' lw.
        start: the training whose best weights it starts from.
        share: of the training images; with fewer it has as many more epochs.
    """

    skips: bool
    upsampling: str
    discriminator: str = ""
    weights: tuple[float, float] = (20.0, 80.0)
    start: str = ""
    share: float = 1.0

    @property
    def title(self) -> str:
        """As the slides write it."""
        generator = f"{'U' if self.skips else 'nU'}, {SHORT[self.upsampling]}"
        if not self.discriminator:
            return generator
        adversarial, reconstruction = self.weights
        return f"{generator}, {self.discriminator}, lw=[{adversarial:g}, {reconstruction:g}]"


SHORT = {"transposed": "learned", "interpolated": "interp."}
AUTOENCODERS = {
    "u-learned": Configuration(True, "transposed"),
    "u-interpolated": Configuration(True, "interpolated"),
    "nu-learned": Configuration(False, "transposed"),
    "nu-interpolated": Configuration(False, "interpolated"),
}
GANS = {
    f"{name}-{d}": replace(generator, discriminator=d)
    for name, generator in AUTOENCODERS.items()
    for d in DISCRIMINATORS
}
# Other weights for the best of the twelve. The slides show the first two; the third is ours.
REWEIGHTED = {"best-1-99": (1.0, 99.0), "best-35-65": (35.0, 65.0), "best-50-50": (50.0, 50.0)}
NINETEEN = (*AUTOENCODERS, *GANS, *REWEIGHTED)
# What the poster and the slides do with the best: refine an autoencoder, take fewer images.
STUDIES = ("refined", "fewer-autoencoder", "fewer-gan")
NAMES = (*NINETEEN, *STUDIES)

# Mean absolute difference of the slides' best of each kind over their landscapes.
PUBLISHED = pd.DataFrame(
    {
        "autoencoder, 32k images": (0.021, 0.086, 0.443),
        "GAN, 32k images": (0.029, 0.087, 0.415),
        "autoencoder, 82k images": (0.019, 0.083, 0.459),
        "GAN, 82k images": (0.024, 0.159, 0.456),
    },
    index=["smallest", "mean", "largest"],
).T


class Sweep:
    """A profile's images and trainings of the sweep.

    Args:
        course: its profile says on which images and at what scale.

    Raises:
        ColorkitError: the profile has no section `gans`.
    """

    def __init__(self, course: Course):
        if course.profile.gans is None:
            raise ColorkitError(
                f"the profile {course.profile.name} has no autoencoders and GANs; add a section "
                "gans to it"
            )
        self.course, self.scale = course, course.profile.gans
        self.size = self.scale.size or course.profile.data.size
        self._done: dict[str, Run] = {}

    @cached_property
    def collection(self) -> Collection:
        """The images: the course's, or the same decoded to a size of their own."""
        profile = self.course.profile
        if self.scale.stored in (0, profile.data.stored):
            return self.course.collection
        data = replace(profile.data, stored=self.scale.stored)
        networks = {"gans": Network(self.scale.classes)}
        return self.course.collect(replace(profile, data=data, networks=networks))

    def images(self, split: str, share: float = 1.0) -> ImageSet:
        """One split; a share of it is spread evenly over the classes."""
        limits = {"train": self.scale.limit, "test": self.course.profile.test_limit}
        whole = self.collection.subset(self.scale.classes, split, limits.get(split) or None)
        place = np.arange(len(whole))
        return whole.take(np.flatnonzero(np.floor((place + 1) * share) > np.floor(place * share)))

    def train(self, name: str) -> Run:
        """A training of `NAMES`: read from disk, or trained now, with those it is chosen from."""
        if name not in self._done:
            self._done[name] = self._train(name)
        return self._done[name]

    def _train(self, name: str) -> Run:
        chosen = self.configuration(name)
        start = self.train(chosen.start).weights if chosen.start else None
        scale, profile = self.scale, self.course.profile
        common = asdict(profile.recipe) | {
            "epochs": round(scale.epochs / chosen.share),
            "batch_size": scale.batch_size,
            "learning_rate": scale.learning_rate,
        }
        recipe, module = UNetRecipe(**common), UNetColorizer
        if chosen.discriminator:
            recipe, module = self._gan_recipe(chosen, common), GanColorizer
        return fit(
            f"sweep-{name}",
            lambda: self._generator(chosen),
            recipe,
            self.images("train", chosen.share),
            self.images("val"),
            size=self.size,
            seed=self.course.seed,
            folder=self.course.root / "runs" / profile.name,
            data=f"{profile.data.what}: {', '.join(scale.classes)}",
            fingerprint=self.collection.fingerprint,
            start=start,
            module=module,
        )

    def _generator(self, chosen: Configuration) -> UNet:
        scale = self.scale
        net = UNet(1, 2, scale.width, scale.depth, chosen.skips, chosen.upsampling)
        torch.nn.init.zeros_(net.last[0].weight)  # begins gray
        return net

    def _gan_recipe(self, chosen: Configuration, common: dict) -> GanRecipe:
        return GanRecipe(
            **common,
            weights=chosen.weights,
            discriminator=chosen.discriminator,
            discriminator_width=self.scale.discriminator_width,
            discriminator_rate=self.scale.discriminator_rate,
        )

    def configuration(self, name: str) -> Configuration:
        """The row of a name; `REWEIGHTED` and `STUDIES` take the best of those trained before.

        Raises:
            ColorkitError: no such name.
        """
        if name not in NAMES:
            raise ColorkitError(f"no training {name!r}; choose among {', '.join(NAMES)}")
        table = AUTOENCODERS | GANS
        if name in table:
            return table[name]
        if name in REWEIGHTED:
            return replace(table[self.best(GANS)], weights=REWEIGHTED[name])
        if name == "fewer-gan":
            return replace(table[self.best(GANS)], share=FEWER)
        autoencoder = self.best(AUTOENCODERS)
        if name == "fewer-autoencoder":
            return replace(table[autoencoder], share=FEWER)
        gan = self.best(n for n in GANS if n.startswith(f"{autoencoder}-"))
        return replace(table[gan], start=autoencoder)

    def best(self, names: Iterable[str]) -> str:
        """The name of smallest validation error, as the best epoch is chosen."""
        return min(names, key=lambda name: self.train(name).history["val_color"].min())
