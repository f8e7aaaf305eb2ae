"""Listing color and near-infrared files as pairs, and reading both halves of one.

What does not make a pair is named, never guessed at: a half alone, two candidates for one half,
sizes that differ.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from colorkit.data.folders import SPLITS, SUFFIXES, Entry
from colorkit.imaging.images import read_image
from colorkit.imaging.infrared import Header, read_header, read_nir, wide_scale
from colorkit.system.errors import ColorkitError, one_line

_HALVES = {"rgb": "color", "nir": "near-infrared"}
_FETCHED = (".zip", ".sha256")  # an archive and its record, which lie beside what it gave


@dataclass(frozen=True)
class Pair(Entry):
    """A color image (`path`) and the near-infrared image of the same view."""

    nir: Path

    @property
    def files(self) -> tuple[Path, ...]:
        """Both halves."""
        return self.path, self.nir


class PairList(NamedTuple):
    """Pairs found in a folder.

    pairs: sorted by name, such as `country/0003`.
    faults: what was left out and why, a sentence each.
    full_scale: white of near-infrared files of more than 8 bits; None without any.
    scale: in words, how near infrared becomes [0, 1].
    """

    pairs: list[Pair]
    faults: list[str]
    full_scale: int | None
    scale: str


def list_pairs(root: str | Path, strict: bool = False, full_scale: int | None = None) -> PairList:
    """List the pairs `<class>/NNNN_rgb.*` with `<class>/NNNN_nir.*` below a folder.

    Left out and named among the faults: a half without the other, two files for one half, a file
    that is no image, halves of different size. Only headers are read here; what turns out broken
    when it is decoded is treated the same way by `collect_pairs`. Folders called train, val or test
    are passed through, for the set has no official split.

    Args:
        root: the folder; folders around the classes, as archives have, are stepped into.
        strict: refuse instead of leaving out.
        full_scale: white of near-infrared files of more than 8 bits; None derives it from the
            largest value in all of them (`colorkit.imaging.infrared.wide_scale`).

    Raises:
        ColorkitError: no folder, no pair, or any fault when strict.
    """
    root = inner_folder(root)
    found: dict[str, dict[str, list[Path]]] = {}
    for path in image_files(root):
        if match := re.fullmatch(r"(.+)_(rgb|nir)", path.stem, re.IGNORECASE):
            name = (path.relative_to(root).parent / match[1]).as_posix()
            found.setdefault(name, {}).setdefault(match[2].lower(), []).append(path)
    return match_halves(found, root, strict, full_scale)


def match_halves(
    found: dict[str, dict[str, list[Path]]], root: Path, strict: bool, full_scale: int | None
) -> PairList:
    """Make pairs of the `rgb` and `nir` files found under each name; see `list_pairs`."""
    if not found:
        raise ColorkitError(
            f"{root} holds no pair <class>/NNNN_rgb.* and <class>/NNNN_nir.*; give the folder of "
            "the classes, or convert another layout with colorkit.studies.nir.layouts.convert"
        )
    pairs, faults, wide = [], [], []
    for name in sorted(found):
        label = "/".join(part for part in name.split("/")[:-1] if part not in SPLITS)
        try:
            rgb, nir = (_only(name, half, found[name]) for half in _HALVES)
            header = read_header(nir)
            _require_equal(rgb, read_header(rgb), nir, header)
        except ColorkitError as error:
            faults.append(one_line(error))
        else:
            pairs.append(Pair(rgb, label or root.name, None, name, nir))
            wide += [nir] if header.wide else []
    refuse_faults(faults, strict or not pairs)
    return PairList(pairs, faults, *wide_scale(wide, len(pairs), full_scale))


def _only(name: str, half: str, halves: dict[str, list[Path]]) -> Path:
    """Return the one file of a half."""
    files = halves.get(half, [])
    if len(files) == 1:
        return files[0]
    if files:
        several = " and ".join(path.name for path in files)
        raise ColorkitError(
            f"{files[0]}: {several} both claim to be the {_HALVES[half]} half; remove one"
        )
    present = next(iter(halves.values()))[0]
    raise ColorkitError(
        f"{present}: the {_HALVES[half]} half of {name} is missing; add it, or remove this one"
    )


def _require_equal(rgb: Path, first: Header, nir: Path, second: Header) -> None:
    """Refuse halves of different size: scaling one to fit would only hide a mix-up."""
    if first[:2] != second[:2]:
        raise ColorkitError(
            f"{rgb}: {first.width}×{first.height} pixels, but {nir.name} has {second.width}×"
            f"{second.height}; a pair agrees pixel by pixel, so get both from their source again"
        )


def refuse_faults(faults: list[str], refuse: bool) -> None:
    """Raise the first fault, with the number of the others."""
    if faults and refuse:
        raise ColorkitError(faults[0] + (f" ({len(faults)} such faults)" if faults[1:] else ""))


def inner_folder(root: str | Path) -> Path:
    """Step into folders that hold nothing but one folder of class folders, or its archive too.

    Raises:
        ColorkitError: the folder is missing, or is a file.
    """
    root = Path(root)
    if not root.is_dir():
        raise ColorkitError(f"{root} is not a folder; give the folder that holds the class folders")
    while True:
        seen = [path for path in root.iterdir() if not path.name.startswith(".")]
        inside = [path for path in seen if path.suffix not in _FETCHED]
        if len(inside) != 1 or not inside[0].is_dir():
            return root
        if not any(path.is_dir() for path in inside[0].iterdir()):
            return root  # a data set of one class
        root = inside[0]


def image_files(root: Path) -> list[Path]:
    """All files below a folder that are named like images, sorted; hidden ones left out."""
    files = []
    for folder, subfolders, names in os.walk(root, followlinks=True):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        files += [Path(folder, name) for name in names if not name.startswith(".")]
    return sorted(path for path in files if path.suffix.lower() in SUFFIXES)


def read_pair(pair: Pair, full_scale: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Read both halves at full size: (H, W, 3) and (H, W) uint8.

    Raises:
        ColorkitError: a half cannot be read, or they differ in size.
    """
    # Whole JPEGs, not the quick smaller ones of `min_side`: the other half may be a TIFF.
    rgb, nir = read_image(pair.path), read_nir(pair.nir, full_scale)
    sizes = (Header(image.shape[1], image.shape[0], False) for image in (rgb, nir))
    _require_equal(pair.path, next(sizes), pair.nir, next(sizes))
    return rgb, nir
