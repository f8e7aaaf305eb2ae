"""Entries of images that are painted when they are read, for tests of caches and collections."""

from pathlib import Path

import numpy as np
from PIL import Image

from colorkit.data.folders import Entry, list_images

SIZE = 16


def entries(count: int, label: str = "sky", split: str | None = None) -> list[Entry]:
    names = [f"{label}/{split or 'any'}-{i:03d}" for i in range(count)]
    return [Entry(Path(name), label, split, name) for name in names]


class Counting:
    """A reader that notes whom it read; what it makes of an entry can be replaced by name."""

    def __init__(self, paint, instead=None):
        self.paint, self.instead, self.read = paint, instead or {}, []

    def __call__(self, entry, size):
        self.read.append(entry.name)
        other = self.instead.get(entry.name)
        if isinstance(other, BaseException):
            raise other
        return self.paint(entry, size) if other is None else other(entry, size)


def gray_patches(paint):
    def reader(entry, size):
        return np.repeat(paint(entry, size).mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)

    return reader


def photographs(root: Path, paint, *names: str) -> list[Entry]:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        image = paint(Entry(Path(name), "", None, name), 40)
        Image.fromarray(image).save(root / name, quality=95)
    return list_images(root)
