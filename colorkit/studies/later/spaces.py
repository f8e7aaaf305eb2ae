"""Color spaces a network can paint in, and the way from each back to the chroma of the course.

All begin from one gray picture, Rec. 709's luma Y' of the encoded channels, and differ in what has
to be guessed: three channels, or two that say how far the color is from gray.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from colorkit.imaging.color import (
    LUMA_WEIGHTS,
    decolorize,
    lab_to_rgb,
    rgb_to_lab,
    scale_ab,
    srgb_to_linear,
    unscale_ab,
)

_R, _G, _B = LUMA_WEIGHTS
OKLAB_RANGE = 0.35  # every sRGB color has |a| and |b| below it
# Linear sRGB to the responses of three cones, and their cube roots to Oklab (Ottosson 2020).
_TO_CONES = torch.tensor(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_OKLAB = torch.tensor(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_CONES, _FROM_OKLAB = torch.linalg.inv(_TO_CONES), torch.linalg.inv(_TO_OKLAB)
_STEPS = 30  # halvings of an interval of length 1.4: as exact as float32


@dataclass(frozen=True)
class Space:
    """A color space.

    Attributes:
        title: how tables call it.
        channels: that a network has to guess.
        planes: the true ones of (B, 3, H, W) CIELAB, in [0, 1].
        ab: a*, b* (B, 2, H, W) of guessed planes (B, channels, H, W) and the gray (B, 1, H, W).
    """

    title: str
    channels: int
    planes: Callable[[Tensor], Tensor]
    ab: Callable[[Tensor, Tensor], Tensor]


def rgb_to_ycbcr(rgb: Tensor) -> Tensor:
    """Convert sRGB (B, 3, H, W) in [0, 1] to Y'CbCr (ITU-R BT.709): Cb and Cr within ±0.5."""
    luma = decolorize(rgb)
    cb = (rgb[:, 2:] - luma) / (2 * (1 - _B))
    cr = (rgb[:, :1] - luma) / (2 * (1 - _R))
    return torch.cat((luma, cb, cr), dim=1)


def ycbcr_to_rgb(ycbcr: Tensor) -> Tensor:
    """Invert `rgb_to_ycbcr`; nothing is cut off."""
    luma, cb, cr = ycbcr.split(1, dim=1)
    blue, red = luma + 2 * (1 - _B) * cb, luma + 2 * (1 - _R) * cr
    return torch.cat((red, (luma - _R * red - _B * blue) / _G, blue), dim=1)


def rgb_to_oklab(rgb: Tensor) -> Tensor:
    """Convert sRGB (B, 3, H, W) in [0, 1] to Oklab (Ottosson 2020): L in [0, 1], a and b ±0.35."""
    cones = torch.einsum("ij,bjhw->bihw", _TO_CONES.to(rgb), srgb_to_linear(rgb))
    return torch.einsum("ij,bjhw->bihw", _TO_OKLAB.to(rgb), cones.clamp(min=0) ** (1 / 3))


def oklab_to_rgb(oklab: Tensor) -> Tensor:
    """Invert `rgb_to_oklab`; what lies outside sRGB is cut off."""
    roots = torch.einsum("ij,bjhw->bihw", _FROM_OKLAB.to(oklab), oklab)
    light = torch.einsum("ij,bjhw->bihw", _FROM_CONES.to(oklab), roots**3).clamp(0, 1)
    return torch.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def _ab_of(rgb: Tensor) -> Tensor:
    return rgb_to_lab(rgb.clamp(0, 1))[:, 1:]


def _ycbcr_ab(planes: Tensor, gray: Tensor) -> Tensor:
    return _ab_of(ycbcr_to_rgb(torch.cat((gray, planes - 0.5), dim=1)))


def _oklab_ab(planes: Tensor, gray: Tensor) -> Tensor:
    """Find the Oklab lightness at which the guessed a, b give the luma of the gray.

    Luma rises with Oklab's lightness, so that an interval around it can be halved.
    """
    ab = (planes - 0.5) * (2 * OKLAB_RANGE)
    low, high = torch.full_like(gray, -0.2), torch.full_like(gray, 1.2)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        under = decolorize(oklab_to_rgb(torch.cat((middle, ab), dim=1))) < gray
        low, high = torch.where(under, middle, low), torch.where(under, high, middle)
    return _ab_of(oklab_to_rgb(torch.cat((high, ab), dim=1)))


SPACES = {
    "lab": Space("CIELAB", 2, lambda lab: scale_ab(lab[:, 1:]), lambda x, gray: unscale_ab(x)),
    "rgb": Space("RGB", 3, lab_to_rgb, lambda x, gray: _ab_of(x)),
    "ycbcr": Space("YCbCr", 2, lambda lab: rgb_to_ycbcr(lab_to_rgb(lab))[:, 1:] + 0.5, _ycbcr_ab),
    "oklab": Space(
        "Oklab",
        2,
        lambda lab: rgb_to_oklab(lab_to_rgb(lab))[:, 1:] / (2 * OKLAB_RANGE) + 0.5,
        _oklab_ab,
    ),
}


class InLab(torch.nn.Module):
    """A network that paints in a space, as one that paints chroma of CIELAB.

    Args:
        network: gray (B, 1, H, W) to planes of its size, as `Space.planes`.
        space: a key of `SPACES`.
    """

    def __init__(self, network: torch.nn.Module, space: str):
        super().__init__()
        self.network, self.space = network.eval(), SPACES[space]

    def forward(self, gray: Tensor) -> Tensor:
        """Paint (B, 1, H, W): chroma (B, 2, H, W), scaled as by `imaging.color.scale_ab`."""
        return scale_ab(self.space.ab(self.network(gray).float(), gray))
