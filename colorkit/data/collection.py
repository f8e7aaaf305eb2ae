"""A collection: decoded images of several classes, split three ways without leaks.

This is the one door between a profile's `data` section and everything that trains or measures.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from colorkit.data import cache as caches
from colorkit.data.folders import SPLITS, Entry
from colorkit.data.splits import SIMILAR, drop_leaks, groups_of, near_duplicates, seeded_split
from colorkit.system.errors import ColorkitError
from colorkit.system.writing import atomic_write


class ImageSet(Dataset):
    """Images of some classes and one split: rows of a cache.

    Attributes:
        classes: class names; a label is an index into them.
        labels: (N,) int64.
        names: name of each image.
    """

    def __init__(self, cache: caches.Cache, rows: np.ndarray, classes: list[str]):
        self.classes = list(classes)
        self.names = [cache.names[row] for row in rows]
        self.labels = torch.tensor([classes.index(cache.labels[row]) for row in rows])
        self._images = cache.images
        self._rows = np.asarray(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """One (S, S, C) uint8 image and its label."""
        images, labels = self.__getitems__([index])
        return images[0], labels[0]

    def __getitems__(self, indexes: Sequence[int]) -> tuple[Tensor, Tensor]:
        """(B, S, S, C) uint8 images and (B,) labels: a whole batch at once for the loader."""
        images = torch.from_numpy(self._read(self._rows[np.asarray(indexes)]))
        return images, self.labels[torch.as_tensor(np.asarray(indexes))]

    def _read(self, rows: np.ndarray) -> np.ndarray:
        """Copy rows out of the file itself: pages of a mapping would stay in this process.

        Raises:
            ColorkitError: the file has become shorter.
        """
        images = self._images
        if not isinstance(images, np.memmap):
            return images[rows]
        found = np.empty((len(rows), *images.shape[1:]), dtype=images.dtype)
        with Path(images.filename).open("rb", buffering=0) as file:
            for image, row in zip(found, rows.tolist(), strict=True):
                file.seek(images.offset + row * image.nbytes)
                if file.readinto(image) != image.nbytes:
                    raise ColorkitError(
                        f"{images.filename} is cut off; delete its folder, and its images are "
                        "decoded anew"
                    )
        return found

    @property
    def class_names(self) -> list[str]:
        """The class of each image, in words."""
        return [self.classes[label] for label in self.labels.tolist()]

    def evenly(self, count: int) -> "ImageSet":
        """So many images at equal steps, so that each class keeps its share; all of fewer."""
        count = min(count, len(self))
        return self.take(np.arange(count) * len(self) // max(count, 1))

    def pick(self, per_class: int) -> "ImageSet":
        """The first images of each class: the same few in every chapter's figures."""
        chosen = [
            i
            for c in range(len(self.classes))
            for i in np.flatnonzero(self.labels == c)[:per_class]
        ]
        return self.take(chosen)

    def take(self, indexes) -> "ImageSet":
        """A subset by position."""
        other = object.__new__(type(self))
        other.classes = self.classes
        other.names = [self.names[i] for i in indexes]
        other.labels = self.labels[torch.as_tensor(np.asarray(indexes, dtype=np.int64))]
        other._images, other._rows = self._images, self._rows[np.asarray(indexes, dtype=np.int64)]
        return other


@dataclass(frozen=True)
class Collection:
    """Images of many classes with a leak-free split.

    Attributes:
        source: what the images are, in words, for captions and tables.
        cache: the decoded images.
        splits: (N,) `train`, `val`, `test`, or "" for rows left out.
        counts: how many rows were left out and why.
        fingerprint: names content and split; trainings are stored under it.
    """

    source: str
    cache: caches.Cache
    splits: np.ndarray
    counts: dict[str, int]
    fingerprint: str
    _labels: np.ndarray = field(repr=False)

    def subset(self, classes: list[str], split: str, limit: int | None = None) -> ImageSet:
        """The images of some classes and one split, at most `limit` a class.

        Raises:
            ColorkitError: a class has no image in this split.
        """
        rows = []
        for name in classes:
            own = np.flatnonzero((self._labels == name) & (self.splits == split))
            if not len(own):
                raise ColorkitError(
                    f"class {name} has no {split} image left; give it more images or leave it out"
                )
            rows.append(own[:limit])
        return ImageSet(self.cache, np.concatenate(rows), classes)

    def split_as(self, other: "Collection") -> "Collection":
        """Divide the same photographs as another collection does, of another size.

        Near-duplicates are told by pixels, so that at another size a pair may count as alike or
        not; then its images would go elsewhere, and one that trains here be measured there.
        """
        theirs = dict(zip(other.cache.names, other.splits.tolist(), strict=True))
        wanted = [
            theirs.get(name) or own
            for name, own in zip(self.cache.names, self.splits.tolist(), strict=True)
        ]
        splits = np.where(self.splits == "", "", wanted)
        pairs = _pairs(self.cache)
        leaks = drop_leaks(splits, pairs[(splits[pairs] != "").all(axis=1)])
        splits[leaks] = ""
        return replace(self, splits=splits)

    def table(self):
        """Images by class and split, as a DataFrame."""
        import pandas as pd

        count = Counter(zip(self._labels.tolist(), self.splits.tolist(), strict=True))
        names = sorted(set(self._labels.tolist()))
        rows = [[count[name, split] for split in (*SPLITS, "")] for name in names]
        return pd.DataFrame(rows, index=names, columns=[*SPLITS, "left out"])


def collect(
    entries: list[Entry],
    size: int,
    folder: str | Path,
    *,
    source: str,
    seed: int = 0,
    fractions: dict[str, float] | None = None,
    **cache_options,
) -> Collection:
    """Decode, split and clean a listing.

    Left out: unreadable files, colorless images of the training split (they teach a network to
    paint gray), and images nearly equal to one of a later split. Classes whose folders name no
    split are split here, seeded, near-duplicates kept together.

    Args:
        entries: the images.
        size: side of the stored squares in pixels.
        folder: where caches are kept.
        source: what the images are, in words.
        seed: of the split.
        fractions: shares of `test` and `val` where no split is given (10 % each by default).
        **cache_options: `reader`, `recipe`, `progress` of `colorkit.data.cache.open_cache`.

    Raises:
        ColorkitError: fewer than two classes, or nothing readable.
    """
    labels = np.array([e.label for e in entries])
    if len(set(labels.tolist())) < 2:
        found = f"only one class ({labels[0]})" if entries else "no images"
        raise ColorkitError(
            f"{source}: {found}; the networks classify scenes while they "
            "color them, so put the images into at least two class folders"
        )
    cache = caches.open_cache(entries, size, folder, **cache_options)
    broken = np.isin(np.arange(len(entries)), list(cache.faults))
    pairs = _pairs(cache)
    pairs = pairs[~broken[pairs].any(axis=1)]

    splits = np.array([split or "" for split in cache.splits], dtype="<U5")
    fractions = fractions or {"test": 0.1, "val": 0.1}
    # Classes whose folders name no split are split here; the `train` of others is where no class
    # at all has a `val` or a `test`.
    unsplit = ~np.isin(labels, labels[splits != ""])
    missing = [s for s in fractions if s not in splits]
    for own, lacks in ((unsplit, [*fractions]), (~unsplit, missing)):
        loose = (splits == "") | ((splits == "train") & bool(lacks))
        rows = np.flatnonzero(own & loose & ~broken)
        position = np.full(len(entries), -1)
        position[rows] = np.arange(len(rows))
        inner = position[pairs][(position[pairs] >= 0).all(axis=1)]
        if len(rows):
            splits[rows] = seeded_split(
                [cache.names[r] for r in rows],
                labels[rows].tolist(),
                groups_of(len(rows), inner),
                {s: fractions[s] for s in lacks},
                seed,
            )
    colorless = cache.colorless & (splits == "train") & ~broken
    leaks = drop_leaks(splits, pairs) & ~broken & ~colorless
    splits[broken | colorless | leaks] = ""
    counts = {
        "unreadable": int(broken.sum()),
        "colorless": int(colorless.sum()),
        "near-duplicate of a later split": int(leaks.sum()),
    }
    return Collection(source, cache, splits, counts, f"{cache.digest}-{seed}", labels)


def _pairs(cache: caches.Cache, threshold: float = SIMILAR) -> np.ndarray:
    """Near-duplicates of a cache: compared once, for that takes the square of their number."""
    path = cache.folder / f"pairs-{threshold}.npy"
    if not path.exists():
        found = near_duplicates(cache.thumbnails, threshold)
        with atomic_write(path) as stream:
            np.save(stream, found)
    return np.load(path, allow_pickle=False)
