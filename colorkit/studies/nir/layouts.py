"""The three ways the report keeps its pairs in folders, and how to get from each to the others.

`pairs` (report, fig. 20), as the RGB-NIR set comes:

    <class>/NNNN_rgb.tiff  <class>/NNNN_nir.tiff

`folders` (fig. 19), all that torchvision's `ImageFolder` can use, one file an example. A pair fits
in as the report's first idea has it (§ 6.2): near infrared is the fourth channel of a PNG.

    <class>/NNNN.png

`halves` (fig. 21), two trees of one shape, each of them good for `ImageFolder`. The report's text
only says that the set was rearranged for its own dataset class; this is our reading of it.

    rgb/<class>/NNNN.tiff  nir/<class>/NNNN.tiff

Between `pairs` and `halves` files are copied byte by byte. `folders` holds 8 bits a channel: pixels
of 8-bit files survive the way there and back, file formats and deeper bits do not.
"""

import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from colorkit.data.pairs.listing import (
    PairList,
    image_files,
    inner_folder,
    list_pairs,
    match_halves,
    read_pair,
    refuse_faults,
)
from colorkit.imaging.decoding.decoders import quiet
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.writing import write_fault

LAYOUTS = ("folders", "pairs", "halves")


class Conversion(NamedTuple):
    """What `convert` did.

    folder: the new data set.
    pairs: how many pairs it holds.
    faults: what was left out and why, a sentence each.
    scale: in words, what happened to near infrared of more than 8 bits; "" where files were copied.
    """

    folder: Path
    pairs: int
    faults: list[str]
    scale: str


def layout_of(root: str | Path) -> str:
    """Tell which of LAYOUTS a folder has.

    Raises:
        ColorkitError: no folder, or no images in it.
    """
    root = inner_folder(root)
    if (root / "rgb").is_dir() and (root / "nir").is_dir():
        return "halves"
    files = image_files(root)
    if not files:
        raise ColorkitError(f"{root} holds no image; give the folder of a data set")
    marked = any(path.stem.lower().endswith(("_rgb", "_nir")) for path in files)
    return "pairs" if marked else "folders"


def convert(
    source: str | Path,
    target: str | Path,
    layout: str,
    *,
    strict: bool = False,
    full_scale: int | None = None,
) -> Conversion:
    """Copy a data set of pairs into another layout, all of it or nothing.

    Args:
        source: data set in any of the three layouts; it is only read.
        target: the new folder. It must not exist: nothing is ever overwritten.
        layout: one of LAYOUTS.
        strict: refuse faults (see `colorkit.data.pairs.listing.list_pairs`) instead of leaving
            pairs out.
        full_scale: white of near-infrared files of more than 8 bits, used on the way to `folders`.

    Raises:
        ColorkitError: the target exists or lies within the source, the source has this layout
            already or holds no pair, a fault when strict, or the disk is full. The target is then
            not there.
        ValueError: there is no such layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}, received {layout!r}")
    source, target = inner_folder(source), Path(target)
    if target.exists() or target.is_symlink():
        raise ColorkitError(f"{target} is there already; remove it, or choose another folder")
    if target.resolve().is_relative_to(source.resolve()):
        raise ColorkitError(f"{target} lies within {source}; choose a folder outside of it")
    found = layout_of(source)
    if found == layout:
        raise ColorkitError(f"{source} has the layout {layout!r} already; use it as it is")
    working = target.parent / f".converting-{uuid.uuid4().hex[:12]}"
    try:
        working.mkdir(parents=True)
        if found == "folders":
            count, faults, scale = *_take_apart(source, working, layout), ""
        else:
            listing = _list_halves if found == "halves" else list_pairs
            count, faults, scale = _rearrange(listing(source, strict, full_scale), working, layout)
        refuse_faults(faults, strict or not count)
        if target.exists():  # made by somebody else meanwhile
            raise ColorkitError(f"{target} is there already; remove it, or choose another folder")
        working.rename(target)
    except OSError as error:
        raise write_fault(target, error) from error
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return Conversion(target, count, faults, scale)


def write_samples(root: str | Path, classes: Sequence[str], count: int, size: int) -> Path:
    """Write a few procedural pairs as `pairs`, numbered from 0 in each class.

    Args:
        root: the new folder.
        classes: of scenes, see `colorkit.data.scenes`.
        count: how many of each.
        size: side in pixels.

    Returns:
        The folder.
    """
    from colorkit.data.scenes import render

    for label in classes:
        place = Path(root) / label
        place.mkdir(parents=True)
        for number in range(count):
            scene = render(label, number + 1, size)
            for half in ("rgb", "nir"):
                Image.fromarray(getattr(scene, half)).save(place / f"{number:04d}_{half}.png")
    return Path(root)


def draw_tree(root: str | Path, most: int = 2) -> str:
    """Draw a folder's listing, at most so many files and folders of each, the others counted."""
    root = Path(root)

    def below(folder: Path, indent: str) -> list[str]:
        inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        folders = [path for path in inside if path.is_dir()]
        files = [path for path in inside if not path.is_dir()]
        shown = folders[:most] + files[:most]
        names = [path.name + "/" * path.is_dir() for path in shown]
        names += [f"… {len(inside) - len(shown)} more"] if len(shown) < len(inside) else []
        lines = []
        for i, name in enumerate(names):
            last = i == len(names) - 1
            lines.append(indent + ("└── " if last else "├── ") + name)
            if name.endswith("/"):
                lines += below(shown[i], indent + ("    " if last else "│   "))
        return lines

    return "\n".join([root.name + "/", *below(root, "")])


def _list_halves(root: Path, strict: bool, full_scale: int | None) -> PairList:
    """List the pairs of `rgb/<class>/NNNN.*` and `nir/<class>/NNNN.*`."""
    found: dict[str, dict[str, list[Path]]] = {}
    for half in ("rgb", "nir"):
        for path in image_files(root / half):
            name = path.relative_to(root / half).with_suffix("").as_posix()
            found.setdefault(name, {}).setdefault(half, []).append(path)
    return match_halves(found, root, strict, full_scale)


def _rearrange(listed: PairList, working: Path, layout: str) -> tuple[int, list[str], str]:
    """Copy both files of each pair, or make one of them."""
    count, faults = 0, list(listed.faults)
    for pair in listed.pairs:
        if layout == "folders":
            try:
                rgb, nir = read_pair(pair, listed.full_scale)
            except ColorkitError as error:
                faults.append(one_line(error))
                continue
            _save(_place(working, layout, pair.name, "", ".png"), np.dstack((rgb, nir)))
        else:
            for half, path in zip(("rgb", "nir"), pair.files, strict=True):
                shutil.copyfile(path, _place(working, layout, pair.name, half, path.suffix))
        count += 1
    return count, faults, listed.scale if layout == "folders" else ""


def _take_apart(root: Path, working: Path, layout: str) -> tuple[int, list[str]]:
    """Write the color and the fourth channel of each image as two files."""
    count, faults, seen = 0, [], {}
    for path in image_files(root):
        name = path.relative_to(root).with_suffix("").as_posix()
        try:
            if name in seen:
                raise ColorkitError(f"{path}: {seen[name].name} has the same name; remove one")
            pixels = _four_channels(path)
        except ColorkitError as error:
            faults.append(one_line(error))
            continue
        seen[name] = path
        _save(_place(working, layout, name, "rgb", ".png"), pixels[..., :3])
        _save(_place(working, layout, name, "nir", ".png"), pixels[..., 3])
        count += 1
    return count, faults


def _place(working: Path, layout: str, name: str, half: str, suffix: str) -> Path:
    """Where a file goes: "" as the half is both in one."""
    places = {"folders": name, "pairs": f"{name}_{half}", "halves": f"{half}/{name}"}
    path = working / (places[layout] + suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _save(path: Path, pixels: np.ndarray) -> None:
    with path.open("xb") as stream:
        Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "PNG")


def _four_channels(path: Path) -> np.ndarray:
    """Read color and near infrared as they are stored: (H, W, 4) uint8."""
    try:
        with quiet, path.open("rb") as stream, Image.open(stream) as image:
            if image.mode == "RGBA":
                return np.asarray(image)
            fault = f"has no fourth channel for near infrared (its mode is {image.mode})"
    except Exception as error:  # whatever a decoder trips over
        fault = f"is no image that can be read ({one_line(error)})"
    raise ColorkitError(f"{path}: {fault}; leave it out, or make it again from its pair")
