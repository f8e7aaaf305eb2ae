"""Hue, saturation and value, and hue as a direction, which has no seam.

A hue is an angle: 359° and 1° are two neighboring reds. As a number from 0 to 1 they are the two
that lie furthest apart, and whoever minimizes squared errors of that number paints the hue between
them, which is cyan. As s · (cos h, sin h), a point in a disk, neighbors are neighbors; and gray,
which has no hue, is the disk's center.
"""

import math

import torch
from torch import Tensor

_LEAST = 1e-6  # a spread of channels below which there is no hue


def rgb_to_hsv(rgb: Tensor) -> Tensor:
    """Convert sRGB to hue, saturation and value (Smith, SIGGRAPH 1978).

    Args:
        rgb: (B, 3, H, W) in [0, 1].

    Returns:
        (B, 3, H, W) in [0, 1]; a hue of 0 is red, as is one just below 1. Gray gets hue 0.

    Raises:
        ValueError: the shape is another one.
    """
    _check(rgb, "rgb")
    high, low = rgb.amax(dim=1), rgb.amin(dim=1)
    spread = high - low
    red, green, blue = rgb.unbind(dim=1)
    divisor = spread.clamp(min=_LEAST)
    hue = torch.where(high == red, (green - blue) / divisor % 6, (blue - red) / divisor + 2)
    last = (high == blue) & (high != red) & (high != green)
    hue = torch.where(last, (red - green) / divisor + 4, hue) / 6
    hue = torch.where(spread < _LEAST, torch.zeros_like(hue), hue)
    return torch.stack((hue, spread / high.clamp(min=_LEAST), high), dim=1)


def hue_disk(hsv: Tensor) -> Tensor:
    """Turn hue and saturation into a point of the unit disk.

    Args:
        hsv: (B, 3, H, W) in [0, 1], as by `rgb_to_hsv`.

    Returns:
        (B, 3, H, W): s · cos h and s · sin h in [−1, 1], and the value.

    Raises:
        ValueError: the shape is another one.
    """
    _check(hsv, "hsv")
    hue, saturation, value = hsv.unbind(dim=1)
    angle = 2 * math.pi * hue
    return torch.stack((saturation * angle.cos(), saturation * angle.sin(), value), dim=1)


def hue_distance(one: Tensor, other: Tensor) -> Tensor:
    """How far apart two hues in [0, 1] are, the shorter way round: in degrees, 0 to 180."""
    apart = (one - other).abs() % 1
    return 360 * torch.minimum(apart, 1 - apart)


def disk_hue(disk: Tensor) -> Tensor:
    """Read the hue in [0, 1) off `hue_disk` (B, 3, H, W): (B, H, W)."""
    _check(disk, "disk")
    return torch.atan2(disk[:, 1], disk[:, 0]).div(2 * math.pi) % 1


def _check(x: Tensor, name: str) -> None:
    if x.ndim != 4 or x.shape[1] != 3:
        raise ValueError(f"{name} must have shape (batch, 3, H, W); got {tuple(x.shape)}")
