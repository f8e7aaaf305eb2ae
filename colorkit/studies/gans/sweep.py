"""The sweep: autoencoders, conditional GANs, and what comes from the best of them.

Every training has a row in `colorkit.studies.gans.configurations` and is done by
`colorkit.training.trainer.fit`, which finds what is done already and goes on with what was
interrupted. `colorkit.studies.gans.parallel` does them all.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from functools import cached_property, partial

import numpy as np
import torch

from colorkit.course.networks import Course
from colorkit.course.profile import Network
from colorkit.data.collection import Collection, ImageSet
from colorkit.imaging.metrics.perceptual import Unavailable
from colorkit.models.resnet import SceneClassifier
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.unet import UNet
from colorkit.models.weights import read_card
from colorkit.studies.gans.configurations import (
    AUTOENCODERS,
    CLASSIFIER,
    FEWER,
    GANS,
    NAMES,
    NARROW,
    REWEIGHTED,
    TABLE,
    Configuration,
    missing,
)
from colorkit.studies.gans.distillation import Student, StudentRecipe, pruned
from colorkit.studies.gans.recognition import Judge, SceneRecipe, SceneTrainer
from colorkit.studies.gans.training import GanColorizer, GanRecipe, UNetColorizer, UNetRecipe
from colorkit.system.errors import ColorkitError
from colorkit.training.imagenet import imagenet_weights
from colorkit.training.run import Run


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
        """The images: the course's, or the same and split alike, decoded to a size of their own."""
        profile = self.course.profile
        if self.scale.stored in (0, profile.data.stored):
            return self.course.collection
        data = replace(profile.data, stored=self.scale.stored)
        networks = {"gans": Network(self.scale.classes)}
        own = self.course.collect(replace(profile, data=data, networks=networks))
        return own.split_as(self.course.collection)

    def decode(self) -> None:
        """Make the caches of all images, before several processes ask for them."""
        self.images("train")
        self.course.collection  # noqa: B018 (asked for, and then on disk)

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
        if name == CLASSIFIER:
            return self._train_classifier()
        if reason := missing(name):
            raise Unavailable(reason)
        chosen = self.configuration(name)
        start = self.train(chosen.start).weights if chosen.start else None
        cut = start is not None and chosen.narrow
        recipe, module = self._recipe(chosen)
        return self.course.fit(
            f"sweep-{name}",
            partial(self._narrowed if cut else self._network, chosen),
            recipe,
            self.images("train", chosen.share),
            self.images("val"),
            fingerprint=self.collection.fingerprint,
            size=self.size,
            start=None if cut else start,
            module=module,
        )

    def _train_classifier(self) -> Run:
        """On every class of the profile, so that it knows more than these pictures."""
        course = self.course
        collection, classes = course.collection, course.profile.classes()
        start = None
        if self.scale.imagenet:
            start = imagenet_weights(course.root / "data" / "weights")
        return course.fit(
            CLASSIFIER,
            partial(SceneClassifier, len(classes)),
            SceneRecipe(epochs=self.scale.classifier_epochs),
            collection.subset(classes, "train", self.scale.limit or None),
            collection.subset(classes, "val"),
            start=start,
            module=SceneTrainer,
        )

    def judge(self) -> Judge:
        """The trained classifier, asked which of the sweep's classes a picture is."""
        run, classes = self.train(CLASSIFIER), self.images("test").classes
        return Judge(run.model(), read_card(run.weights)["classes"], classes)

    def _network(self, chosen: Configuration) -> torch.nn.Module:
        if chosen.encoder:
            return ResNetUNet(stages=self.scale.stages)
        scale = self.scale
        width = max(1, scale.width // NARROW) if chosen.narrow else scale.width
        net = UNet(1, 2, width, scale.depth, chosen.skips, chosen.upsampling)
        torch.nn.init.zeros_(net.last[0].weight)  # begins gray
        return net

    def _narrowed(self, chosen: Configuration) -> UNet:
        """Cut the network it starts from down to its width."""
        whole = self.train(chosen.start).model()
        return pruned(whole, self._network(chosen).settings()["width"])

    def _recipe(self, chosen: Configuration) -> tuple[UNetRecipe, Callable]:
        scale = self.scale
        common = asdict(self.course.profile.recipe) | {
            "epochs": round(scale.epochs / chosen.share),
            "batch_size": scale.batch_size,
            "learning_rate": scale.learning_rate,
            "reconstruction": chosen.reconstruction,
            "perceptual": chosen.perceptual,
        }
        if chosen.teacher:
            teacher = self.train(chosen.teacher)
            recipe = StudentRecipe(**common, teacher=teacher.folder.name)
            return recipe, partial(Student, teacher=teacher.model())
        if not chosen.discriminator:
            return UNetRecipe(**common), UNetColorizer
        recipe = GanRecipe(
            **common,
            weights=chosen.weights,
            schedule=chosen.schedule,
            discriminator=chosen.discriminator,
            discriminator_width=scale.discriminator_width,
            discriminator_rate=scale.discriminator_rate,
        )
        return recipe, GanColorizer

    def configuration(self, name: str) -> Configuration:
        """The row of a name; `REWEIGHTED` and `STUDIES` take the best of those trained before.

        Raises:
            ColorkitError: no such name, or the classifier's, which is no colorizer.
        """
        if name not in NAMES or name == CLASSIFIER:
            raise ColorkitError(f"no colorizer {name!r}; choose among {', '.join(NAMES)}")
        if name in TABLE:
            return TABLE[name]
        if name in REWEIGHTED:
            return replace(TABLE[self.best(GANS)], weights=REWEIGHTED[name])
        if name == "fewer-gan":
            return replace(TABLE[self.best(GANS)], share=FEWER)
        autoencoder = self.best(AUTOENCODERS)
        if name == "fewer-autoencoder":
            return replace(TABLE[autoencoder], share=FEWER)
        gan = self.best(n for n in GANS if n.startswith(f"{autoencoder}-"))
        return replace(TABLE[gan], start=autoencoder)

    def best(self, names: Iterable[str]) -> str:
        """The name of smallest validation error, as the best epoch is chosen."""
        return min(names, key=lambda name: self.train(name).error)
