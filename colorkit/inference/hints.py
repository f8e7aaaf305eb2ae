"""Colors given by hand: what a hint is, and the planes it becomes for the network.

After Zhang et al. (arXiv:1705.02999, sections 3.1 and 3.2). The planes are, for each picture,

0, 1. a* and b* at the hinted pixels, divided by `UNIT`, and 0 elsewhere,
2.    1 at the hinted pixels,
3, 4. the wanted mean chroma of the whole picture, divided by `UNIT`, and 1; or 0 and 0.
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from PIL import ImageColor
from torch import Tensor

from colorkit.imaging.color import rgb_to_lab
from colorkit.models.hintnet import PLANES, UNIT
from colorkit.system.errors import ColorkitError

Color = str | tuple[int, int, int]
HINTED = "hints"  # the model in the box that takes them

PATCH = 5  # side of a hint made by hand, in pixels of the network's working size


class Hint(NamedTuple):
    """A color at a place of a photograph.

    x, y: pixels from the upper left one, (0, 0), to the right and down.
    a, b: its chroma in Lab units; a hint has no lightness, the photograph has one.
    """

    x: float
    y: float
    a: float
    b: float


def read_hints(given: Iterable[tuple[float, float, Color]], size: tuple[int, int]) -> list[Hint]:
    """Check hints as people give them.

    Args:
        given: x, y and a color for each: `#rrggbb`, a name that CSS knows, or (r, g, b) from 0 to
            255. Its lightness is left out.
        size: height and width of the photograph.

    Raises:
        ColorkitError: a hint of another form, outside the photograph, or of no color.
    """
    return [_read_hint(k, hint, size) for k, hint in enumerate(given, start=1)]


def _read_hint(number: int, hint, size: tuple[int, int]) -> Hint:
    try:
        x, y, color = hint
        x, y = float(x), float(y)
    except (TypeError, ValueError) as error:
        raise ColorkitError(
            f"hint {number} is {hint!r}; give x, y and a color, such as (120, 80, 'skyblue')"
        ) from error
    height, width = size
    if not (0 <= x < width and 0 <= y < height):  # NaN is refused as well
        raise ColorkitError(
            f"hint {number} at x {x:g}, y {y:g} lies outside the photograph, which is {width} "
            f"pixels wide and {height} high; move it inside"
        )
    pixel = torch.tensor(_bytes(number, color)).view(1, 3, 1, 1) / 255
    _, a, b = rgb_to_lab(pixel).flatten().tolist()
    return Hint(x, y, a, b)


def _bytes(number: int, color: Color) -> tuple[int, int, int]:
    """Red, green and blue of a color, 0 to 255."""
    try:
        channels = ImageColor.getrgb(color.strip())[:3] if isinstance(color, str) else tuple(color)
        red, green, blue = (int(c) for c in channels)
        if (red, green, blue) == channels and all(c in range(256) for c in channels):
            return red, green, blue
    except (TypeError, ValueError, OverflowError):
        pass
    raise ColorkitError(
        f"hint {number} has the color {color!r}; give '#rrggbb', a name such as 'skyblue', or red, "
        "green and blue from 0 to 255"
    )


def hint_planes(
    hints: Iterable[Hint],
    photograph: tuple[int, int],
    size: tuple[int, int],
    mean_chroma: float | None = None,
    patch: int = PATCH,
) -> Tensor:
    """Make the planes of hints.

    Args:
        hints: in pixels of the photograph; where they overlap, the later one counts.
        photograph: its height and width.
        size: height and width of the planes.
        mean_chroma: wanted mean chroma of the picture in Lab units; None leaves it to the network.
        patch: side of each hint in pixels of the planes; at the border it is cut off.

    Returns:
        (1, 5, *size).
    """
    planes = torch.zeros(PLANES, *size)
    for hint in hints:
        # The pixel of the planes that the middle of the photograph's pixel falls into.
        row, column = (
            min(int((at + 0.5) * new / old), new - 1)
            for at, new, old in zip((hint.y, hint.x), size, photograph, strict=True)
        )
        _mark(planes, row, column, patch, torch.tensor((hint.a, hint.b)))
    if mean_chroma is not None:
        planes[3], planes[4] = mean_chroma / UNIT, 1
    return planes[None]


def reveal(ab: Tensor, points: Iterable[tuple[int, int, int]], mean_chroma: bool = False) -> Tensor:
    """Make the planes of one picture whose own colors are hinted at.

    Args:
        ab: (2, H, W), in Lab units.
        points: row, column and side of each patch; its color is the mean over the patch.
        mean_chroma: tell the picture's mean chroma too.

    Returns:
        (5, H, W).
    """
    planes = ab.new_zeros(PLANES, *ab.shape[1:])
    for row, column, side in points:
        color = ab[:, _span(row, side), _span(column, side)].mean(dim=(1, 2))
        _mark(planes, row, column, side, color)
    if mean_chroma:
        planes[3], planes[4] = ab.norm(dim=0).mean() / UNIT, 1
    return planes


def _mark(planes: Tensor, row: int, column: int, side: int, color: Tensor) -> None:
    """Write a color of two Lab units into a patch around a pixel."""
    patch = planes[:, _span(row, side), _span(column, side)]
    patch[:2] = color[:, None, None] / UNIT
    patch[2] = 1


def _span(middle: int, side: int) -> slice:
    first = middle - side // 2
    return slice(max(0, first), first + side)
