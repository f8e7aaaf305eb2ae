"""Scans of few grays: where they lie, and the same picture from black to white.

A scan at 16 bits that nobody adjusted, or a print that has faded, may use a tenth of the grays
there are. Networks learn from photographs that use nearly all of them.
"""

import numpy as np
from PIL import Image

from colorkit.imaging.toning import averaged

_NARROW = 0.3  # of all grays: fewer are stretched; scenes in fog rarely use so few
_FEWEST = 12  # grays: of less there is nothing but noise to stretch
_BLACK, _WHITE = 12, 243  # a picture that reaches one of them is dark or light, not faded
_MARGIN = 0.05  # of the shorter side, that is not measured: the scanner's lid and edges
_TO = (10, 245)  # where the ends of the range come to lie


def narrow_range(rgb: np.ndarray) -> tuple[float, float] | None:
    """Find the range of grays of a picture that uses few of them and neither black nor white.

    Args:
        rgb: uint8 (H, W, 3), sRGB.

    Returns:
        The grays, from 0 to 255, below which a hundredth and 99 hundredths of the pixels lie, of a
        copy of at most 512 pixels; None if that is 30 % of all grays or more, less than 12 grays,
        or reaches black or white.
    """
    small = np.asarray(Image.fromarray(averaged(rgb, 512)).convert("L"))
    height, width = small.shape
    margin = round(_MARGIN * min(height, width))
    low, high = np.percentile(small[margin : height - margin, margin : width - margin], (1, 99))
    narrow = _FEWEST <= high - low < _NARROW * 255
    return (float(low), float(high)) if narrow and low > _BLACK and high < _WHITE else None


def stretch(rgb: np.ndarray, low: float, high: float) -> np.ndarray:
    """Take the color away and spread a range of grays, as `narrow_range` finds it.

    Args:
        rgb: uint8 (H, W, 3), sRGB.
        low, high: from 0 to 255.

    Returns:
        uint8 (H, W, 3), three equal channels: `low` is 10, `high` 245, and what lies beyond is cut
        at 0 and 255.
    """
    curve = np.interp(np.arange(256), (low, high), _TO)
    slope = (_TO[1] - _TO[0]) / (high - low)
    curve += slope * (np.minimum(np.arange(256) - low, 0) + np.maximum(np.arange(256) - high, 0))
    table = np.clip(np.rint(curve), 0, 255).astype(np.uint8)
    gray = table[np.asarray(Image.fromarray(rgb).convert("L"))]
    return np.repeat(gray[..., None], 3, axis=2)
