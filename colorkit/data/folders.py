"""Folders of photographs: which images there are, of which class and split.

Any arrangement people have is read: `<class>/*.jpg`, `train|val|test/<class>/*.jpg`, several such
data sets side by side, or one flat folder. A class is named by its path without the split:
`landscapes/test/forest/7.jpg` belongs to class `landscapes/forest`, split `test`.
"""

import os
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from colorkit.system.errors import ColorkitError

SPLITS = ("train", "val", "test")
# Endings of the images that `colorkit.imaging.images.read_image` reads; it goes by what is in them.
SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".bmp", ".dib"}
SUFFIXES |= {".gif", ".ppm", ".pgm", ".pnm", ".pbm", ".pam", ".jp2", ".j2k"}
SUFFIXES |= {".avif", ".heic", ".heif", ".hif", ".jxl"}
VIDEOS = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".wmv", ".asf", ".flv", ".mpg", ".mpeg"}
VIDEOS |= {".vob", ".mts", ".m2ts", ".3gp", ".ogv", ".dv", ".mxf"}

_NAMED = 3  # files of one ending that are named where they are passed over


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
    for path in _files(root):
        if path.suffix.lower() in suffixes and not path.name.startswith("."):
            name = path.relative_to(root)
            parts = name.parent.parts
            split = next((part for part in parts if part in SPLITS), None)
            label = "/".join(part for part in parts if part not in SPLITS) or root.name
            entries.append(Entry(path, label, split, name.as_posix()))
    if not entries:
        raise ColorkitError(
            f"{root} holds no image ({', '.join(sorted(suffixes))}); "
            "put photographs there or give another folder"
        )
    return entries


def list_others(root: str | Path, suffixes: Collection[str] = SUFFIXES) -> list[Path]:
    """List the files below a folder that `list_images` passes over.

    Hidden files are left out, for they are not meant, but for those named like images.
    """
    return [
        path
        for path in _files(Path(root))
        if path.name.startswith(".") == (path.suffix.lower() in suffixes)
        and not path.name.startswith("._")  # a Mac's notes on a file of another disk
    ]


def describe_others(paths: Collection[Path]) -> str:
    """Count files by their endings and name some: `4 .txt (a.txt, b.txt, c.txt, …)`."""
    endings: dict[str, list[str]] = {}
    for path in paths:
        endings.setdefault(path.suffix.lower() or "without ending", []).append(path.name)
    return ", ".join(
        f"{len(names)} {ending} ({', '.join([*names[:_NAMED], *['…'] * (len(names) > _NAMED)])})"
        for ending, names in sorted(endings.items(), key=lambda each: -len(each[1]))
    )


def _files(root: Path) -> Iterator[Path]:
    """Go through all files below a folder in order; hidden folders are left out."""
    for folder, subfolders, files in os.walk(root, followlinks=True):
        # A link to a folder around it would be followed until the path is too long for the system.
        around = {os.path.realpath(folder), *map(str, Path(os.path.realpath(folder)).parents)}
        subfolders[:] = sorted(
            name
            for name in subfolders
            if not name.startswith(".") and os.path.realpath(Path(folder, name)) not in around
        )
        yield from (Path(folder, file) for file in sorted(files))


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
