"""Colors that sRGB does not have, moved to those that it has."""

import torch
from torch import Tensor

from colorkit.imaging.color import lab_to_rgb

STEPS = 8  # halvings in the search for the gamut's boundary: chroma within 1/256 of it
NOISE = 1e-4  # rounding of float32; small beside a gray level, or black would get colors


def to_gamut(L: Tensor, ab: Tensor) -> Tensor:
    """Join L* and a*, b* to sRGB; colors outside the gamut lose chroma, not lightness or hue.

    Args:
        L: (B, 1, H, W), in [0, 100].
        ab: (B, 2, H, W), in Lab units.

    Returns:
        (B, 3, H, W) sRGB in [0, 1]. Each color outside is replaced by the most colorful one of its
        lightness and hue, found by halving an interval.
    """
    rgb = lab_to_rgb(torch.cat((L, ab), dim=1), clip=False)
    outside = _outside(rgb)[:, 0]  # (B, H, W)
    if outside.any():
        L, ab = (x.movedim(1, -1)[outside].T for x in (L, ab))  # (1, N), (2, N)
        low, high = torch.zeros_like(L), torch.ones_like(L)  # share of the chroma kept
        for _ in range(STEPS):
            share = (low + high) / 2
            beyond = _outside(_colors(L, share * ab))[0, :, 0]  # (1, N)
            low, high = torch.where(beyond, low, share), torch.where(beyond, share, high)
        rgb.movedim(1, -1)[outside] = _colors(L, low * ab)[0, :, 0].T
    return rgb.clamp_(0, 1)


def _colors(L: Tensor, ab: Tensor) -> Tensor:
    """Join (1, N) and (2, N) to sRGB (1, 3, 1, N), not clipped."""
    return lab_to_rgb(torch.cat((L, ab))[None, :, None], clip=False)


def _outside(rgb: Tensor) -> Tensor:
    """Say which colors of (B, 3, H, W) lie outside [0, 1]."""
    low, high = torch.aminmax(rgb, dim=1, keepdim=True)
    return (low < -NOISE) | (high > 1 + NOISE)  # (B, 1, H, W)
