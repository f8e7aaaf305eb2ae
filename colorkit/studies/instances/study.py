"""The trainings of chapter 16 and their measures: with boxes of every kind, at equal steps.

Every kind of boxes has a second and a third stage of its own. The controls take as many steps as
the others: with *no boxes* the network of whole pictures learns on in the second stage and its last
block in the third; *random* boxes are as large and as many as the true ones, and lie elsewhere.
"""

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from colorkit.course.evaluation import Predictor
from colorkit.course.networks import Course, scene_of
from colorkit.course.profile import Network
from colorkit.course.scales import TORCHVISION
from colorkit.data.batches import loader, places_of, prepare
from colorkit.data.boxes import NONE, moved, of_things
from colorkit.data.boxes.detector import Detector, detector_file
from colorkit.data.boxes.proposals import WAYS, propose, selective_missing
from colorkit.data.collection import Collection, ImageSet
from colorkit.imaging.color import join, lab_to_rgb, unscale_ab
from colorkit.imaging.metrics.regions import error_map
from colorkit.imaging.metrics.registry import masked_mean
from colorkit.models.instance_fusion import InstanceFusion
from colorkit.models.instance_trunk import InstanceTrunk
from colorkit.models.weights import load_weights
from colorkit.studies.instances.boxed import BoxedSet, covered, cropped, with_boxes
from colorkit.studies.instances.training import (
    CropColorizer,
    FusionColorizer,
    InstanceRecipe,
    WholeColorizer,
)
from colorkit.training.run import Run

NO, RANDOM, TRUE, DETECTED = "no boxes", "random", "true", "detector"
LEAKING = "leaking"  # the boxes of the reference, weighed as the original's code does


class InstanceStudy:
    """A profile's images, boxes and trainings.

    Args:
        course: its profile says on which images and at what scale.

    Raises:
        ColorkitError: the profile has no section `instances`, or names a detector that is none.
    """

    def __init__(self, course: Course):
        self.scale = course.section("instances", "networks that color things one by one")
        self.course = course.at(self.scale.size, self.scale.stored)
        self.size, self.stored = self.course.profile.data.size, self.course.profile.data.stored
        self.seeds = self.scale.seeds or course.profile.seeds
        self.scenes = course.profile.data.source == "scenes"
        self._sets: dict[tuple[str, str], BoxedSet] = {}

    @cached_property
    def collection(self) -> Collection:
        """The images: the course's where they are among them, else decoded by themselves."""
        profile, classes = self.course.profile, self.scale.classes
        if set(classes) <= set(profile.classes()):
            return self.course.collection
        return self.course.collect(replace(profile, networks={"instances": Network(classes)}))

    def images(self, split: str) -> ImageSet:
        """One split, of which training and test images may be limited."""
        limits = {"train": self.scale.limit, "test": self.course.profile.test_limit}
        return self.collection.subset(self.scale.classes, split, limits.get(split) or None)

    @cached_property
    def detector(self) -> Detector:
        """The detector of the profile's file, or torchvision's."""
        file = self.scale.detector
        if file == TORCHVISION:
            file = detector_file(self.course.root / "data" / "weights")
        return Detector(file)

    @property
    def reference(self) -> str:
        """The kind of boxes that says where things are: the best one there is."""
        if self.scenes:
            return TRUE
        return DETECTED if self.scale.detector else WAYS[0]

    @property
    def kinds(self) -> list[str]:
        """The kinds of boxes that are compared, the controls first."""
        ways = [w for w in self.scale.ways if w != "selective" or not selective_missing()]
        return list(dict.fromkeys((NO, RANDOM, *ways, self.reference)))

    def boxed(self, kind: str, split: str) -> BoxedSet:
        """The images of a split with boxes of a kind."""
        if (kind, split) not in self._sets:
            images, folder = self.images(split), self.collection.cache.folder
            options = (self._label(kind), self._finder(kind, split), self.scale.most, folder)
            self._sets[kind, split] = with_boxes(images, *options)
        return self._sets[kind, split]

    def _label(self, kind: str) -> str:
        """Name a kind so that boxes of another origin have another name."""
        if kind == RANDOM:
            return f"{kind}-{self._label(self.reference)}"
        if kind == DETECTED:
            content = Path(self.scale.detector).read_bytes()
            return f"{kind}-{hashlib.sha256(content).hexdigest()[:8]}"
        return kind.replace(" ", "-")

    def _finder(self, kind: str, split: str) -> Callable[[str, np.ndarray], np.ndarray]:
        most = self.scale.most
        if kind == NO:
            return lambda name, rgb: NONE
        if kind == TRUE:
            return lambda name, rgb: of_things(scene_of(name, self.stored).things, most)
        if kind == DETECTED:
            return lambda name, rgb: self.detector(rgb, most)
        if kind == RANDOM:
            known = self.boxed(self.reference, split)
            places = {name: k for k, name in enumerate(known.names)}

            def elsewhere(name: str, rgb: np.ndarray) -> np.ndarray:
                boxes = known.boxes[places[name]].numpy()
                return moved(boxes[boxes[:, 2] > boxes[:, 0]], zlib.crc32(name.encode()))

            return elsewhere
        return lambda name, rgb: propose(rgb, kind, most)

    def train(self, kind: str, repeat: int = 0) -> Run:
        """The third stage with boxes of a kind, or `LEAKING`: read from disk, or trained now."""
        boxes = self.reference if kind == LEAKING else kind
        full, things = self.stages(boxes, repeat)
        options = {"sites": self.scale.sites, "crop": self.scale.crop, "leak": kind == LEAKING}
        recipe = self._recipe("fusion", boxes, full=full.folder.name, things=things.folder.name)
        make = partial(joined, full.weights, things.weights, **options)
        return self._fit("fusion", make, recipe, boxes, FusionColorizer, repeat)

    def stages(self, kind: str, repeat: int = 0) -> tuple[Run, Run]:
        """The first two stages: of whole pictures and, begun there, of boxes of a kind.

        With no boxes the whole pictures' network learns on, and stands for both.
        """
        make = partial(InstanceTrunk, self.scale.width)
        first = self._fit("full", make, self._recipe("full"), "", WholeColorizer, repeat)
        if kind == NO:
            recipe = self._recipe("crops")
            options = {"start": first.weights}
            again = self._fit("again", make, recipe, "", WholeColorizer, repeat, **options)
            return again, again
        recipe = self._recipe("crops", kind)
        options = {"start": first.weights}
        return first, self._fit("crops", make, recipe, kind, CropColorizer, repeat, **options)

    def _recipe(self, stage: str, kind: str = "", **joins: str) -> InstanceRecipe:
        scale = self.scale
        rate = scale.fusion_rate if stage == "fusion" else scale.learning_rate
        return InstanceRecipe(
            epochs=scale.epochs[stage],
            batch_size=scale.batch_size,
            learning_rate=rate,
            precision=self.course.profile.recipe.precision,
            boxes=self._label(kind) if kind else "",
            crop=scale.crop,
            **joins,
        )

    def _fit(self, stage: str, make, recipe, kind: str, module, repeat: int, **options) -> Run:
        train, val = (
            self.boxed(kind, split) if kind else self.images(split) for split in ("train", "val")
        )
        return self.course.fit(
            f"instances-{stage}",
            make,
            recipe,
            train,
            val.evenly(self.scale.val) if self.scale.val else val,
            fingerprint=self.collection.fingerprint,
            size=self.size,
            repeat=repeat,
            module=module,
            **options,
        )

    def trainings(self) -> list[tuple[str, int]]:
        """Every kind and repetition that the chapter trains, in order."""
        return [(kind, k) for k in range(self.seeds) for kind in (*self.kinds, LEAKING)]

    def errors(self, kind: str, repeat: int = 0) -> pd.DataFrame:
        """Measure a training on the test images with boxes of its own kind; see `measure`."""
        boxes = self.boxed(self.reference if kind == LEAKING else kind, "test")
        network = self.train(kind, repeat).model()
        return self.measure(partial(predict_boxed, network), boxes)

    @torch.inference_mode()
    def measure(self, predictor: Callable[[Tensor, Tensor], Tensor], images: BoxedSet):
        """Measure ΔE₀₀ apart inside and outside of the reference's boxes, one row an image.

        Args:
            predictor: gray (B, 1, H, W) and boxes (B, K, 4) to a*, b* (B, 2, H, W).
            images: with the boxes the predictor is told.

        Returns:
            Columns `inside`, `outside` and `whole`; NaN where there is no such place.
        """
        things, rows = self.boxed(self.reference, "test"), []
        for told, known in zip(loader(images, 32), loader(things, 32), strict=True):
            batch, boxes = self.centered(told)
            _, real = self.centered(known)
            found = join(batch.lab[:, :1], predictor(batch.gray, boxes))
            errors, inside = error_map(found, batch.lab), covered(real, self.size)
            masks = {"inside": inside, "outside": ~inside, "whole": torch.ones_like(inside)}
            means = {name: masked_mean(errors, mask).tolist() for name, mask in masks.items()}
            rows.append(pd.DataFrame(means))
        return pd.concat(rows, ignore_index=True)

    def centered(self, batch: tuple[Tensor, Tensor, Tensor]):
        """Prepare the centers of images, and their boxes."""
        images, labels, boxes = batch
        places = places_of(images.shape, self.size, None)
        return prepare(images, labels, self.size), cropped(boxes, places, self.stored, self.size)

    def painted(self, predictor: Callable[[Tensor, Tensor], Tensor], images: BoxedSet):
        """Colorize a few images whole: sRGB found and true, (N, 3, size, size), and their boxes."""
        batch, boxes = self.centered(images.__getitems__(range(len(images))))
        with torch.inference_mode():
            ab = predictor(batch.gray, boxes)
        return join(batch.lab[:, :1], ab), lab_to_rgb(batch.lab), boxes


def joined(full: Path, things: Path, **settings) -> InstanceFusion:
    """Join a network of whole pictures and one of boxes, from their weights files."""
    trunks = [load_weights(path)[0] for path in (full, things)]
    network = InstanceFusion(trunks[0].settings()["width"], **settings)
    network.start(*trunks)
    return network


def predict_boxed(network: InstanceFusion, gray: Tensor, boxes: Tensor) -> Tensor:
    """Predict a*, b* in Lab units, (B, 2, H, W); see `InstanceFusion`."""
    return unscale_ab(network(gray, boxes).float())


def without_boxes(predictor: Predictor) -> Callable[[Tensor, Tensor], Tensor]:
    """Let a predictor that takes no boxes be measured as one that does."""
    return lambda gray, boxes: predictor(gray)
