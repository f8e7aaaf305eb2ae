"""Gray photographs, and toned ones: in the one tint of a bath, a dye or old paper.

Sepia, cyanotype, selenium and yellowed paper give every gray a color of its own. Where chroma says
no more than lightness does, a picture has no colors that could be kept or compared with.
"""

import numpy as np
import torch
from PIL import Image

from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.infrared import COLORFUL

_SIDE = 96  # pixels: JPEG's coarse chroma and the grain average out
_MARGIN = 0.12  # of the shorter side, that is not looked at: paper around a print has its own tint
_PARTS = 24  # of equally many pixels, from dark to light, each with a tint of its own
# Of a thousand color photographs three or four are taken for toned by these: sand, snow, a sky. Of
# 60 prints in sepia, blue and purple, of half a megapixel and JPEG quality 75, all were.
_OFF = 3.0  # Lab units: nine tenths of the pixels are as near as that to the tint of their gray,
_SHARE = 0.25  # and nearer than this share of the median chroma,
_LEAST = 4.0  # which is at least so much,
_ONE_WAY = 0.9  # and of one hue: the chroma of the mean tint by the mean of the tints' chromas


def is_gray(rgb: np.ndarray, spread: float = COLORFUL) -> bool:
    """Say whether a picture (H, W, 3) uint8 is gray.

    Args:
        rgb: the picture.
        spread: of the channels, on average and of 255, up to which it is. The default allows for
            what scanners add.
    """
    size = (min(256, rgb.shape[1]), min(256, rgb.shape[0]))
    how = Image.Resampling.LANCZOS
    small = np.asarray(Image.fromarray(rgb).resize(size, how, reducing_gap=3.0))
    return bool((small.max(axis=2) - small.min(axis=2)).mean() <= spread)


def is_toned(rgb: np.ndarray) -> bool:
    """Say whether a picture is a gray one in a tint: its a* and b* follow from its L*.

    Args:
        rgb: uint8 (H, W, 3), sRGB.

    Returns:
        Whether it is; a gray picture, of less than 4 Lab units of chroma, is not.
    """
    lab = small_lab(rgb, _SIDE)
    height, width = lab.shape[:2]
    margin = round(_MARGIN * min(height, width))
    inner = lab[margin : height - margin, margin : width - margin].reshape(-1, 3)
    if len(inner) < 2 * _PARTS:
        return False
    parts = np.array_split(inner[np.argsort(inner[:, 0], kind="stable")], _PARTS)
    tints = np.array([np.median(part, axis=0) for part in parts])  # (parts, 3), dark to light
    chromas = np.hypot(tints[:, 1], tints[:, 2])
    chroma = np.median(chromas)  # a colored thing tints the grays that it shares, not most
    one_way = np.hypot(*tints[:, 1:].mean(axis=0)) >= _ONE_WAY * chromas.mean()
    if chroma < _LEAST or not one_way:
        return False
    wanted = [np.interp(inner[:, 0], tints[:, 0], tints[:, k]) for k in (1, 2)]
    off = np.hypot(inner[:, 1] - wanted[0], inner[:, 2] - wanted[1])
    return bool(np.quantile(off, 0.9) < min(_OFF, _SHARE * chroma))


def small_lab(rgb: np.ndarray, side: int) -> np.ndarray:
    """Give Lab of a picture that is averaged down to at most `side` pixels each way.

    Args:
        rgb: uint8 (H, W, 3), sRGB.
        side: of the result, in pixels.

    Returns:
        float32 (h, w, 3): L* from 0 to 100, a* and b*.
    """
    pixels = torch.tensor(averaged(rgb, side)).permute(2, 0, 1)[None] / 255
    return rgb_to_lab(pixels)[0].permute(1, 2, 0).numpy()  # (h, w, 3)


def averaged(rgb: np.ndarray, side: int) -> np.ndarray:
    """Average uint8 (H, W, 3) down to at most `side` pixels each way."""
    scale = side / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    height, width = (max(1, round(scale * length)) for length in rgb.shape[:2])
    return np.array(Image.fromarray(rgb).resize((width, height), Image.Resampling.BOX))
