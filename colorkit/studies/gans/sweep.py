"""The sweep: autoencoders, conditional GANs, and what comes from the best of them.

Every training has a row in `colorkit.studies.gans.configurations` and is done by
`colorkit.training.trainer.fit`, which finds what is done already and goes on with what was
interrupted. `colorkit.studies.gans.parallel` does them all.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import torch

from colorkit.course.networks import Course
from colorkit.course.profile import Network
from colorkit.data.collection import Collection, ImageSet
from colorkit.imaging.metrics.perceptual import Unavailable
from colorkit.models import pretrained
from colorkit.models.efficientnet import EfficientUNet
from colorkit.models.resnet import SceneClassifier
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.unet import UNet
from colorkit.models.weights import load_weights, read_card
from colorkit.studies.gans.configurations import (
    AUTOENCODERS,
    BOX,
    CLASSIFIER,
    D8,
    FEWER,
    GANS,
    IMAGENET,
    LARGEST,
    NAMES,
    NARROW,
    REPEATED,
    REWEIGHTED,
    TABLE,
    Configuration,
    missing,
    repetition,
    repetitions,
    split,
)
from colorkit.studies.gans.costs import widest
from colorkit.studies.gans.distillation import Student, StudentRecipe, pruned
from colorkit.studies.gans.features import FeatureColorizer, FeatureRecipe
from colorkit.studies.gans.perceptual import FeatureDistance
from colorkit.studies.gans.recognition import Judge, SceneRecipe, SceneTrainer
from colorkit.studies.gans.training import GanColorizer, GanRecipe, UNetColorizer, UNetRecipe
from colorkit.system.errors import ColorkitError
from colorkit.training.imagenet import imagenet_weights, lite2_encoder, lite2_weights
from colorkit.training.run import Run


class Sweep:
    """A profile's images and trainings of the sweep.

    Args:
        course: its profile says on which images and at what scale.

    Raises:
        ColorkitError: the profile has no section `gans`.
    """

    def __init__(self, course: Course):
        self.scale = course.section("gans", "autoencoders and GANs")
        self.course = course.at(self.scale.size, self.scale.stored)
        self.size = self.course.profile.data.size
        self.seeds = self.scale.seeds or course.profile.seeds
        self._done: dict[str, Run] = {}
        self._collections: dict[int, Collection] = {}

    def names(self, rows: Iterable[str] = NAMES) -> list[str]:
        """Name the trainings of some rows, with their repetitions, that this machine can do."""
        return [name for name in repetitions(rows, self.seeds) if not missing(name)]

    @property
    def collection(self) -> Collection:
        """The images: the course's, decoded to the sweep's size."""
        return self._collection(self.course.profile.data.stored)

    def _of(self, side: int) -> Collection:
        """The images as they are decoded for crops of a side."""
        return self.collection if side in (0, self.size) else self._collection(side + side // 8)

    def _collection(self, stored: int) -> Collection:
        profile = self.course.profile
        if stored == profile.data.stored:
            return self.course.collection
        if stored not in self._collections:
            data = replace(profile.data, stored=stored)
            networks = {"gans": Network(self.scale.classes)}
            own = self.course.collect(replace(profile, data=data, networks=networks))
            self._collections[stored] = own.split_as(self.course.collection)
        return self._collections[stored]

    def decode(self) -> None:
        """Make the caches of all images, before several processes ask for them."""
        for side in sorted({self.side(name) for name in NAMES if name != CLASSIFIER}):
            self.images("train", side=side)
        self.course.collection  # noqa: B018 (asked for, and then on disk)

    def side(self, name: str) -> int:
        """Side of the crops of a row: the sweep's, or that of the study of small patterns."""
        chosen = TABLE.get(split(name)[0], Configuration())
        return round(chosen.side * self.scale.patterns / LARGEST) or self.size

    def images(self, split: str, share: float = 1.0, side: int = 0) -> ImageSet:
        """One split.

        Args:
            split: `train`, `val` or `test`.
            share: of the images, spread evenly over the classes.
            side: of the crops that will be cut from them; the sweep's by default. Crops of every
                side show the same: the pictures are decoded an eighth larger.
        """
        limits = {"train": self.scale.limit, "test": self.course.profile.test_limit}
        whole = self._of(side).subset(self.scale.classes, split, limits.get(split) or None)
        place = np.arange(len(whole))
        return whole.take(np.flatnonzero(np.floor((place + 1) * share) > np.floor(place * share)))

    def train(self, name: str) -> Run:
        """A training of `names`: read from disk, or trained now, with those it is chosen from."""
        if name not in self._done:
            self._done[name] = self._train(name)
        return self._done[name]

    def repeats(self, row: str) -> list[Run]:
        """All trainings of a row that differ in their seed alone."""
        return [self.train(name) for name in self.names([row])]

    def _train(self, name: str) -> Run:
        row, repeat = split(name)
        if row == CLASSIFIER:
            return self._train_classifier(repeat)
        if reason := missing(name):
            raise Unavailable(reason)
        chosen = self.configuration(name)
        start = self._start(chosen.start, repeat)
        cut = start is not None and chosen.narrow
        recipe, module = self._recipe(chosen, repeat)
        side = self.side(name)
        return self.course.fit(
            f"sweep-{row}",
            partial(self._narrowed, start, chosen) if cut else partial(self._network, chosen),
            recipe,
            self.images("train", chosen.share, side),
            self.images("val", side=side),
            fingerprint=self._of(side).fingerprint,
            size=side,
            repeat=repeat,
            start=None if cut else start,
            module=module,
        )

    def _start(self, start: str, repeat: int):
        """Find the weights to start from: a training's of the same number, or published ones."""
        if start == IMAGENET:
            return lite2_weights(self.course.root / "data" / "weights")
        return self.train(repetition(start, repeat)).weights if start else None

    def _train_classifier(self, repeat: int) -> Run:
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
            repeat=repeat,
            start=start,
            module=SceneTrainer,
        )

    def judge(self) -> Judge:
        """The trained classifier, asked which of the sweep's classes a picture is."""
        run, classes = self.train(CLASSIFIER), self.images("test").classes
        return Judge(run.model(), read_card(run.weights)["classes"], classes)

    def distance(self, encoder: str) -> FeatureDistance:
        """A distance of features.

        Args:
            encoder: a training of `CLASSIFIER`, or `IMAGENET`.

        Raises:
            ColorkitError: ImageNet's weights are not installed.
        """
        own = encoder != IMAGENET
        return FeatureDistance(self.train(encoder).model().encoder if own else lite2_encoder())

    def _network(self, chosen: Configuration) -> torch.nn.Module:
        scale, width = self.scale, self.scale.width
        if chosen.encoder == "lite2":
            return EfficientUNet()
        if chosen.encoder:
            return ResNetUNet(stages=scale.stages)
        make = partial(
            UNet, 1, 2, depth=scale.depth, skips=chosen.skips, upsampling=chosen.upsampling
        )
        if chosen.narrow:
            width = max(1, width // NARROW)
        if chosen.operations:
            width = widest(make, pretrained.load(BOX)[0], chosen.operations)
        net = make(width=width)
        torch.nn.init.zeros_(net.last[0].weight)  # begins gray
        return net

    def _narrowed(self, start, chosen: Configuration) -> UNet:
        """Cut the network it starts from down to its width."""
        whole, _ = load_weights(start)
        return pruned(whole, self._network(chosen).settings()["width"])

    def _recipe(self, chosen: Configuration, repeat: int) -> tuple[UNetRecipe, Callable]:
        scale = self.scale
        common = asdict(self.course.profile.recipe) | {
            "epochs": round(scale.epochs / chosen.share),
            "batch_size": scale.batch_size,
            "learning_rate": scale.learning_rate,
            "reconstruction": chosen.reconstruction,
            "huber_delta": float(chosen.huber_delta),
            "perceptual": chosen.perceptual,
        }
        if chosen.teacher:
            known = pretrained.models()[chosen.teacher]["sha256"][:12]
            recipe = StudentRecipe(**common, teacher=f"{chosen.teacher}-{known}")
            return recipe, partial(Student, teacher=pretrained.load(chosen.teacher)[0])
        if chosen.features:
            encoder = repetition(chosen.features, repeat)
            origin = encoder if encoder == IMAGENET else self.train(encoder).folder.name
            recipe = FeatureRecipe(**common, encoder=origin)
            return recipe, partial(FeatureColorizer, distance=self.distance(encoder))
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
            ColorkitError: no such name, or a classifier's, which is no colorizer.
        """
        name, repeat = split(name)
        if name not in NAMES or name == CLASSIFIER or (repeat and name not in REPEATED):
            raise ColorkitError(f"no colorizer {name!r}; choose among {', '.join(NAMES)}")
        if name in TABLE:
            return TABLE[name]
        if name in REWEIGHTED:
            return replace(TABLE[self.best(GANS)], weights=REWEIGHTED[name])
        if name == "fewer-gan":
            return replace(TABLE[self.best(D8)], share=FEWER)
        autoencoder = self.best(AUTOENCODERS)
        if name == "fewer-autoencoder":
            return replace(TABLE[autoencoder], share=FEWER)
        row = autoencoder
        if name == "refined":
            row = self.best(n for n in GANS if n.startswith(f"{autoencoder}-"))
        return replace(TABLE[row], start=autoencoder)

    def best(self, names: Iterable[str]) -> str:
        """The name of smallest validation error, as the best epoch is chosen.

        Of the first training of each: the same row is chosen for all repetitions.
        """
        return min(names, key=lambda name: self.train(name).error)
