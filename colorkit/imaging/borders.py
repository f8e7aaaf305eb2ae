"""The paper around a print: where it ends.

Old prints have white borders and lie on album pages. A network that is shown the paper too sees its
picture smaller, and colors the paper.
"""

import numpy as np
from PIL import Image

from colorkit.imaging.toning import averaged

_SIDE = 256  # pixels at which paper is looked for
_LIGHT = 140  # of 255: paper is at least so light; dark surroundings are studios and nights
_NEAR = 10  # of 255: paper's pixels are as near as that to its tone,
_MOST = 0.97  # nearly all of a row
_THINNEST = 0.02  # of the side, on all four sides: one edge alone may be sky or floor
_SMALLEST = 0.2  # of the side, that the picture has at least


def picture_within(rgb: np.ndarray) -> tuple[slice, slice] | None:
    """Find the picture within a border of light paper that surrounds it on all four sides.

    Args:
        rgb: uint8 (H, W, 3), sRGB.

    Returns:
        Rows and columns of the picture, or None where there is no such border.
    """
    small = np.asarray(Image.fromarray(averaged(rgb, _SIDE)).convert("L")).astype(np.int16)
    edges = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    tone = np.median(edges)
    if tone < _LIGHT or min(small.shape) < 32:
        return None
    paper = np.abs(small - tone) <= _NEAR
    spans = []
    for axis, full in ((1, rgb.shape[0]), (0, rgb.shape[1])):
        inside = np.flatnonzero(paper.mean(axis=axis) < _MOST)
        length = paper.shape[1 - axis]
        if not len(inside):
            return None
        first, last = inside[0], inside[-1] + 1
        thin = min(first, length - last) < _THINNEST * length
        if thin or last - first < _SMALLEST * length:
            return None
        spans.append(slice(round(first * full / length), round(last * full / length)))
    return spans[0], spans[1]
