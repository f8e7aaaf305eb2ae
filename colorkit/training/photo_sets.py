"""All photographs below a folder as one training set."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from colorkit.data.collection import Collection, ImageSet, collect
from colorkit.data.folders import Entry, list_images
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.system.errors import ColorkitError
from colorkit.system.project import working_folder
from colorkit.training.faithful import FaithfulColorizer, FaithfulRecipe
from colorkit.training.run import Run
from colorkit.training.trainer import fit

STORED = 160  # side of the decoded squares
SMALLEST = 0.1  # what a small data set is repeated to, of the largest


class Photographs:
    """All photographs below a folder, split without leaks; pairs with near infrared are left out.

    Attributes:
        measured: the files of each data set that no training sees.
        groups: of portraits, by name, as the authors of their data set estimated them.
        choosing: files of the validation images of the data sets that have test images too.
    """

    def __init__(self, data: str):
        sets: dict[str, list[Entry]] = {}
        for entry in list_images(data):
            sets.setdefault(entry.name.split("/")[0], []).append(entry)
        # A data set without splits has no images that are safely unseen.
        sets = {n: es for n, es in sets.items() if {"train"} < {e.split for e in es}}
        if not sets:
            raise ColorkitError(f"{data} holds no data set with training and test images")
        tested = {
            n: "test" if any(e.split == "test" for e in es) else "val" for n, es in sets.items()
        }
        self.measured = {n: [e.path for e in es if e.split == tested[n]] for n, es in sets.items()}
        self.choosing = {
            n: [e.path for e in es if e.split == "val"]
            for n, es in sets.items()
            if tested[n] == "test"
        }
        entries = [e for es in sets.values() for e in es]
        self.names = ", ".join(sets)
        self.classes = sorted({e.label for e in entries})
        # A class named like its data set is none: those photographs are not sorted by scene.
        self.unlabelled = next((c for c in self.classes if c in sets), "")
        self.validated = [c for c in self.classes if tested[c.split("/")[0]] == "test"]
        self.groups = _groups(Path(data))
        self.root, self._entries = working_folder(), entries

    @cached_property
    def collection(self) -> Collection:
        """All images, decoded; the first time that takes minutes."""
        cache = self.root / "data" / "cache"
        return collect(self._entries, STORED, cache, source="photographs")

    def fit(
        self,
        name: str,
        recipe: FaithfulRecipe,
        size: int,
        start: Path | None = None,
        make: Callable[[int], torch.nn.Module] = ResNetUNet,
        module: type[FaithfulColorizer] = FaithfulColorizer,
        *,
        balanced: bool = False,
    ) -> Run:
        """Train a network, made for so many classes, on the training images.

        Args:
            name, recipe, size, start, module: see `colorkit.training.trainer.fit`.
            make: called with the number of classes.
            balanced: show small data sets more often, see `_balanced`.
        """
        train = self.collection.subset(self.classes, "train")
        if balanced:
            train = self._balanced(train)
        val = self._relabelled(self.collection.subset(self.validated, "val"))
        return fit(
            name,
            lambda: make(len(self.classes)),
            replace(recipe, unlabelled=self.unlabelled),
            train,
            val,
            size=size,
            seed=0,
            folder=self.root / "runs" / "box",
            data=f"training images of {self.names}: {len(set(train.names))} photographs",
            fingerprint=self.collection.fingerprint,
            start=start,
            module=module,
        )

    def _balanced(self, images: ImageSet) -> ImageSet:
        """Repeat the images of small data sets until each has `SMALLEST` as many as the largest.

        Every data set is to be colorized well, however few photographs of it there are; and so is
        everybody's skin, so that of portraits whose groups are known each group has as many.
        """
        sets = np.array([name.split("/")[0] for name in images.names])
        names, counts = np.unique(sets, return_counts=True)
        times = {
            n: max(1, round(SMALLEST * counts.max() / c))
            for n, c in zip(names, counts, strict=True)
        }
        order = np.repeat(np.arange(len(sets)), [times[n] for n in sets])
        return images.take(even_groups(order, [self.groups.get(n, "") for n in images.names]))

    def _relabelled(self, images: ImageSet) -> ImageSet:
        """Count a subset's labels among all classes."""
        other = images.take(range(len(images)))
        place = [self.classes.index(name) for name in images.classes]
        other.labels, other.classes = torch.tensor(place)[images.labels], self.classes
        return other


def even_groups(order: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """Draw as many images of each group as all groups have on average; the others stay.

    Args:
        order: places of images, perhaps several times the same.
        groups: of the image at each place; empty for none.

    Returns:
        Places: of each group first all, as often as they fit, then some of them at equal steps.
    """
    of = np.array(groups, dtype=object)[order]
    names = sorted({g for g in of if g})
    if not names:
        return order
    each = round(np.mean([np.sum(of == g) for g in names]))
    drawn = [
        np.resize(order[of == g], each)
        if np.sum(of == g) <= each
        else order[of == g][np.linspace(0, np.sum(of == g) - 1, each).round().astype(int)]
        for g in names
    ]
    return np.concatenate([order[of == ""], *drawn])


def _groups(data: Path) -> dict[str, str]:
    """Read the groups of portraits, by the images' names, from `<set>/portraits.csv`.

    Its columns `file`, `age` and `group` are those of the data set's authors.
    """
    found: dict[str, str] = {}
    for path in sorted(data.glob("*/portraits.csv")):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        names = path.parent.name + "/" + table["file"]
        found |= dict(zip(names, table["group"], strict=True))
    return found
