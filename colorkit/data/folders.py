"""Folders of photographs: which images there are, of which class and split.

Any arrangement people have is read: `<class>/*.jpg`, `train|val|test/<class>/*.jpg`, several such
data sets side by side, or one flat folder. A class is named by its path without the split:
`landscapes/test/forest/7.jpg` belongs to class `landscapes/forest`, split `test`.
"""

import os
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from colorkit.system.errors import ColorkitError

SPLITS = ("train", "val", "test")
SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp"}
VIDEOS = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".wmv", ".asf", ".flv", ".mpg", ".mpeg"}
VIDEOS |= {".vob", ".mts", ".m2ts", ".3gp", ".ogv", ".dv", ".mxf"}


@dataclass(frozen=True)
class Entry:
    """One image file: where it is, its class, and the split its folder names (or None)."""

    path: Path
    label: str
    split: str | None
    name: str  # path below the root: stable between machines, used for seeded choices

    @property
    def files(self) -> tuple[Path, ...]:
        """All files this picture is read from."""
        return (self.path,)


def list_images(root: str | Path, suffixes: Collection[str] = SUFFIXES) -> list[Entry]:
    """List every image file below a folder, sorted by name.

    Args:
        root: the folder to read.
        suffixes: the endings, in lower case, by which an image file is told.

    Raises:
        ColorkitError: the folder is missing, is a file, or holds no image.
    """
    root = Path(root)
    if not root.is_dir():
        raise ColorkitError(f"{root} is not a folder; give the folder that holds the photographs")
    entries = []
    for folder, subfolders, files in os.walk(root, followlinks=True):
        # A link to a folder around it would be followed until the path is too long for the system.
        around = {os.path.realpath(folder), *map(str, Path(os.path.realpath(folder)).parents)}
        subfolders[:] = sorted(
            name
            for name in subfolders
            if not name.startswith(".") and os.path.realpath(Path(folder, name)) not in around
        )
        parts = Path(folder).relative_to(root).parts
        split = next((part for part in parts if part in SPLITS), None)
        label = "/".join(part for part in parts if part not in SPLITS) or root.name
        for file in sorted(files):
            if Path(file).suffix.lower() in suffixes and not file.startswith("."):
                path = Path(folder, file)
                entries.append(Entry(path, label, split, path.relative_to(root).as_posix()))
    if not entries:
        raise ColorkitError(
            f"{root} holds no image ({', '.join(sorted(suffixes))}); "
            "put photographs there or give another folder"
        )
    return entries


def choose_classes(entries: list[Entry], classes: list[str], root: str | Path) -> list[Entry]:
    """Keep the entries of the named classes.

    Raises:
        ColorkitError: a class has no image below the root; the classes found are named.
    """
    found = Counter(entry.label for entry in entries)
    missing = sorted(set(classes) - set(found))
    if missing:
        known = ", ".join(sorted(found)[:40])
        raise ColorkitError(
            f"{root} has no images of class {', '.join(missing)}; it has: {known}. "
            "Name these classes in the profile, or give another folder"
        )
    wanted = set(classes)
    return [entry for entry in entries if entry.label in wanted]
