"""Boxes that a person gives in a file: JSON, the boxes of each picture by its name."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from colorkit.data.boxes import NONE
from colorkit.system.errors import ColorkitError, one_line

LARGEST_FILE = 10_000_000  # bytes: boxes of a hundred thousand pictures


def read_boxes(path: str | Path, sizes: Mapping[str, tuple[int, int]]) -> dict[str, np.ndarray]:
    """Read boxes such as `{"boat.jpg": [[20, 35, 180, 120]]}`: left, top, right, bottom in pixels.

    Args:
        path: of the file.
        sizes: height and width of each picture, by the names that the file may use.

    Returns:
        (N, 4) in shares of width and height for each name of `sizes`, in the file's order; no box
        for one that the file leaves out.

    Raises:
        ColorkitError: the file cannot be read or is no such JSON, names another picture, or has a
            box that lies outside of its picture or has no area.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ColorkitError(f"{path} has more than {LARGEST_FILE:,} bytes; give fewer boxes")
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ColorkitError(f"{path} cannot be read ({one_line(error)}); check its path") from error
    except (ValueError, RecursionError) as error:
        raise ColorkitError(f"{path} is no JSON ({one_line(error)}); correct it") from error
    if not isinstance(found, dict):
        raise ColorkitError(
            f"{path} holds no boxes by picture; write them as "
            '{"boat.jpg": [[left, top, right, bottom]]}'
        )
    boxes = dict.fromkeys(sizes, NONE)
    for name, own in found.items():
        if name not in sizes:
            known = ", ".join(list(sizes)[:5])
            raise ColorkitError(
                f"{path} has boxes of {name[:100]!r}, which is not among the pictures ({known}); "
                "correct the name"
            )
        if not isinstance(own, list):
            raise ColorkitError(f"{path}: {name} has no list of boxes; write [[l, t, r, b], …]")
        checked = [
            _checked(box, sizes[name], f"{path}: box {k} of {name}")
            for k, box in enumerate(own, start=1)
        ]
        height, width = sizes[name]
        shares = np.array(checked, np.float64).reshape(-1, 4) / (width, height, width, height)
        boxes[name] = shares.astype(np.float32)
    return boxes


def _checked(box, size: tuple[int, int], what: str) -> list[float]:
    """Give a box as four numbers, if it is one that lies in a picture of (height, width)."""
    whole = isinstance(box, list) and len(box) == 4
    if not whole or not all(
        isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in box
    ):
        raise ColorkitError(
            f"{what} is {str(box)[:60]}, not four numbers; give left, top, right and bottom in "
            "pixels"
        )
    left, top, right, bottom = box
    height, width = size
    if left >= right or top >= bottom:
        raise ColorkitError(
            f"{what} is {box} and has no area; give right above left and bottom above top"
        )
    if left < 0 or top < 0 or right > width or bottom > height:
        raise ColorkitError(
            f"{what} is {box} and lies outside of the picture, which is {width} pixels wide and "
            f"{height} high; move it inside"
        )
    return box
