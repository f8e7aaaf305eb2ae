"""What the chapters share: a profile's images and its trained networks.

Every chapter asks here for the network it needs; each is trained once, by whichever chapter comes
first, and read from disk by the others.
"""

import copy
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from colorkit.course.profile import Profile, load_profile
from colorkit.course.scales import Scale
from colorkit.data.collection import Collection, ImageSet, collect
from colorkit.data.folders import Entry, choose_classes, list_images
from colorkit.system.errors import ColorkitError
from colorkit.system.project import working_folder
from colorkit.training.recipe import Recipe

_NAMED = 20  # unreadable files named one by one; more are counted
# Procedural scenes are numbered; each split draws from its own range of seeds.
_FIRST_SEED = {"train": 0, "val": 1_000_000, "test": 2_000_000}


class Course:
    """A profile's data and networks, made when first asked for.

    Args:
        profile: name or path, see `colorkit.course.profile.load_profile`.
        seed: of the trainings; training k of a network uses seed + k.
        data: folder of photographs replacing the profile's.
        devices, num_nodes: of the trainings, see `colorkit.training.trainer.fit`.
    """

    def __init__(
        self,
        profile: str = "smoke",
        seed: int = 0,
        data: str = "",
        devices: int = 1,
        num_nodes: int = 1,
    ):
        self.profile: Profile = load_profile(profile, data)
        self.devices, self.num_nodes = devices, num_nodes
        self.seed = seed
        self.root = working_folder()
        self.sections: dict[str, object] = {}  # of the profile, those that were asked for
        self._collections: dict[int, Collection] = {}  # by the side of the decoded squares

    def section(self, name: str, what: str):
        """Give a part of the profile that not every profile has.

        Args:
            name: its key.
            what: what it describes, in words for a person who misses it.

        Raises:
            ColorkitError: the profile has none.
        """
        found = getattr(self.profile, name)
        if found is None:
            raise ColorkitError(
                f"the profile {self.profile.name} names no {what}; add a section {name} to it"
            )
        self.sections[name] = found
        return found

    def at(self, size: int = 0, stored: int = 0, width: float = 0) -> "Course":
        """The same course at another scale: its images at another size, its ColorNets narrower.

        Args:
            size, stored: as of `colorkit.course.profile.Data`. At another size, the ColorNets take
                their global features from pictures of about that size, too, a multiple of 32.
            width: of the ColorNets. 0 leaves each of the three as it is.

        Returns:
            A course that shares folders and seeds with this one, or this one where nothing differs.
        """
        profile = self.profile
        data = replace(
            profile.data, size=size or profile.data.size, stored=stored or profile.data.stored
        )
        model = replace(profile.model, width=width or profile.model.width)
        if data.size != profile.data.size:
            model = replace(model, global_size=max(32, round(data.size / 32) * 32))
        if (data, model) == (profile.data, profile.model):
            return self
        other = copy.copy(self)
        other.profile = replace(profile, data=data, model=model)
        if data.stored != profile.data.stored:
            vars(other).pop("collection", None)
        return other

    @cached_property
    def collection(self) -> Collection:
        """The profile's images, decoded and split; once for all courses made by `at`."""
        stored = self.profile.data.stored
        if stored not in self._collections:
            self._collections[stored] = self.collect(self.profile)
        return self._collections[stored]

    def collect(self, profile: Profile) -> Collection:
        """Decode and split a profile's images; say which cannot be read."""
        data = profile.data
        entries, options = list_profile(profile)
        collection = collect(
            entries,
            data.stored,
            self.root / "data" / "cache",
            source=data.what,
            seed=data.split_seed,
            progress=_Progress("decoding"),
            **options,
        )
        faults = list(collection.cache.faults.values())
        for fault in faults[:_NAMED]:
            print(f"left out: {fault}")
        if len(faults) > _NAMED:
            print(f"left out: {len(faults) - _NAMED} more unreadable files")
        return collection

    def images(self, network: str, split: str) -> ImageSet:
        """One split of the classes of a network; test images limited as the profile says."""
        chosen = self.profile.networks[network]
        limit = {"train": chosen.limit, "test": self.profile.test_limit}.get(split) or None
        return self.collection.subset(chosen.classes, split, limit)

    def train(
        self,
        network: str,
        repeat: int = 0,
        *,
        transfer: bool = True,
        variant: str = "",
        scale: Scale | None = None,
        classes: list[str] | None = None,
        limit: int | None = None,
        model: dict | None = None,
        loggers: list | None = None,
        **changes,
    ):
        """The trained network of a name: read from disk, or trained now.

        Args:
            network: a name of the profile's `networks`.
            repeat: which of the repetitions with different seeds.
            transfer: start from the weights the profile names; False starts afresh.
            variant: added to the training's name, such as `scratch`.
            scale: size, width and epochs of a study, instead of the network's own.
            classes: other scene classes; limit: most training images of each.
            model: settings of the network to replace, such as `dropout`.
            loggers: Lightning loggers beside TensorBoard.
            **changes: settings of the recipe to replace, such as `epochs`.

        Returns:
            The finished `colorkit.training.run.Run`.
        """
        from colorkit.models.colornet import ColorNet

        chosen, scale = self.profile.networks[network], scale or Scale()
        course = self.at(scale.size, scale.stored, scale.width)
        classes = classes or chosen.classes
        recipe: Recipe = self.profile.recipe_of(network)
        recipe = replace(recipe, **({"epochs": scale.epochs} if scale.epochs else {}) | changes)
        settings = asdict(course.profile.model) | (model or {})
        start = course.train(chosen.start, repeat).weights if chosen.start and transfer else None
        return course.fit(
            f"{network}-{variant}" if variant else network,
            lambda: ColorNet(len(classes), **settings),
            recipe,
            course._training_images(classes, limit or chosen.limit),
            course.collection.subset(classes, "val"),
            repeat=repeat,
            start=start,
            loggers=loggers,
            devices=self.devices,
            num_nodes=self.num_nodes,
        )

    def fit(
        self,
        name: str,
        make_model: Callable,
        recipe: Recipe,
        train,
        val: ImageSet,
        *,
        what: str = "",
        fingerprint: str = "",
        size: int = 0,
        repeat: int = 0,
        **options,
    ):
        """Train any network among the profile's, or read it from disk.

        Args:
            name, make_model, recipe, train, val: see `colorkit.training.trainer.fit`.
            what: the images in words, beside which their classes are named.
            fingerprint: of the collection that the images are of.
            size: side of the crops. These three are by default the profile's own.
            repeat: which of the repetitions with different seeds.
            **options: others of `colorkit.training.trainer.fit`.

        Returns:
            The finished `colorkit.training.run.Run`.
        """
        from colorkit.training.trainer import fit

        return fit(
            name,
            make_model,
            recipe,
            train,
            val,
            size=size or self.profile.data.size,
            seed=self.seed + repeat,
            folder=self.root / "runs" / self.profile.name,
            data=f"{what or self.profile.data.what}: {', '.join(train.classes)}",
            fingerprint=fingerprint or self.collection.fingerprint,
            **options,
        )

    def _training_images(self, classes: list[str], limit: int):
        """All, or so many of each class; from shards, which are read as they are, all."""
        data = self.profile.data
        if data.source != "shards":
            return self.collection.subset(classes, "train", limit or None)
        import torch

        from colorkit.data.shards.tar_files import Shards

        shards = Shards(data.root, classes)
        if shards.size < data.size:
            raise ColorkitError(
                f"{data.root} has squares of {shards.size} pixels, and data.size asks for "
                f"{data.size}; lower it, or write larger ones"
            )
        if limit:
            raise ColorkitError(
                f"{data.root} is read as it is, not up to {limit} images a class; remove the "
                "network's limit, or write shards of fewer images"
            )
        # A processor that trains decodes in between; beside a GPU, the others do it meanwhile.
        free = os.cpu_count() // self.devices if torch.cuda.is_available() else 0
        shards.workers = min(free, len(shards.paths) // (self.devices * self.num_nodes))
        return shards

    def repeats(self, network: str, *, scale: Scale | None = None, **options) -> list:
        """All repetitions of a training: as many as the scale or the profile has seeds."""
        count = (scale and scale.seeds) or self.profile.seeds
        return [self.train(network, repeat, scale=scale, **options) for repeat in range(count)]


def list_profile(profile: Profile) -> tuple[list[Entry], dict]:
    """List a profile's images; with the options its cache needs."""
    data, classes = profile.data, profile.classes()
    if data.source == "scenes":
        from colorkit.data.scenes import refuse_unknown

        refuse_unknown(classes)
        return scene_entries(classes, {s: getattr(data, s) for s in _FIRST_SEED}), {
            "reader": _render,
            "recipe": "scenes-1",
        }
    if data.source == "places365":
        from colorkit.data.places import list_places365

        return list_places365(data.root, classes), {}
    return choose_classes(list_images(data.root), classes, data.root), {}


def scene_entries(classes: list[str], counts: dict[str, int]) -> list[Entry]:
    """Entries of procedural scenes: `counts` a class and split, named `<class>/<seed>`."""
    entries = []
    for label in classes:
        for split, count in counts.items():
            for seed in range(_FIRST_SEED[split], _FIRST_SEED[split] + count):
                name = f"{label}/{seed:07d}"
                entries.append(Entry(Path(name), label, split, name))
    return entries


def _render(entry: Entry, size: int) -> np.ndarray:
    return scene_of(entry.name, size).rgb


def scene_of(name: str, size: int):
    """Render the procedural scene of an entry's name again, with its masks."""
    from colorkit.data.scenes import render

    label, seed = name.split("/")
    return render(label, int(seed), size)


class _Progress:
    """At most ten plain lines for work that takes more than a few seconds."""

    def __init__(self, what: str):
        import time

        self.what, self.clock = what, time.monotonic
        self.started, self.said = self.clock(), 0

    def __call__(self, done: int, total: int) -> None:
        tenth = done * 10 // total
        if self.clock() - self.started > 3 and tenth > self.said:
            self.said = tenth
            print(f"{self.what} images: {done} of {total}")
