"""sRGB and CIELAB on batched tensors, the network's scaling of them, and decolorization.

Why not `skimage.color`: it works on one NumPy image at a time, on the CPU, in float64. Here a
whole batch is converted on whatever device it lives on, in float32, and gradients flow through.
`tests/test_color.py` holds the two equal within 1e-3 Lab units over the whole gamut.
"""

import torch
from torch import Tensor

# Linear sRGB (D65) to CIE XYZ, IEC 61966-2-1; the inverse is the matrix's own inverse, so that
# a round trip is exact up to rounding.
RGB_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
D65_WHITE = (0.95047, 1.0, 1.08883)  # 2° observer, Y = 1

# Every sRGB color has |a*| and |b*| below 108; the network's unit interval spans ±AB_RANGE.
AB_RANGE = 110.0

LUMA_WEIGHTS = (0.2125, 0.7154, 0.0721)  # ITU-R BT.709, as skimage.color.rgb2gray rounds them
DECOLORIZATIONS = ("red", "green", "blue", "mean", "weighted", "lab")

_EPSILON = 0.008856  # (6/29)³: below it CIELAB's cube root is replaced by a straight line
_KAPPA = 7.787  # slope of that line, (29/6)² / 3


def _check_rgb(x: Tensor, name: str) -> None:
    if x.ndim != 4 or x.shape[1] != 3 or not x.is_floating_point():
        raise ValueError(
            f"{name} must be a float tensor of shape (batch, 3, height, width); "
            f"got {x.dtype} of shape {tuple(x.shape)}"
        )


def _mix(x: Tensor, matrix: Tensor) -> Tensor:
    """Multiply the channels of (B, 3, H, W) by a 3×3 matrix.

    Three fused multiply-adds a channel: faster on CPU than an einsum, which would transpose.
    """
    r, g, b = x.unbind(1)
    rows = [r * m[0] + g * m[1] + b * m[2] for m in matrix.tolist()]
    return torch.stack(rows, dim=1)


def _xyz_to_rgb() -> Tensor:
    return torch.linalg.inv(torch.tensor(RGB_TO_XYZ, dtype=torch.float64))


def rgb_to_linear(rgb: Tensor) -> Tensor:
    """Undo the sRGB transfer curve (IEC 61966-2-1): (…) in [0, 1] to linear light in [0, 1]."""
    # The clamp keeps the unused branch's power finite, so its gradient cannot poison the used one.
    power = ((rgb.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(rgb > 0.04045, power, rgb / 12.92)


def linear_to_rgb(linear: Tensor) -> Tensor:
    """Apply the sRGB transfer curve: linear light to sRGB (negative values stay linear)."""
    power = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, power, linear * 12.92)


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """Convert sRGB to CIELAB (D65, 2° observer; CIE 15:2004).

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1], on any device.

    Returns:
        (B, 3, H, W): L* in [0, 100], a* and b* within ±108. Gradients are finite everywhere,
        black and white included.

    Raises:
        ValueError: the shape or type is another one.
    """
    _check_rgb(rgb, "rgb")
    xyz = _mix(rgb_to_linear(rgb), torch.tensor(RGB_TO_XYZ))
    white = torch.tensor(D65_WHITE, device=rgb.device, dtype=rgb.dtype).view(1, 3, 1, 1)
    t = xyz / white
    root = t.clamp(min=_EPSILON) ** (1 / 3)
    f = torch.where(t > _EPSILON, root, _KAPPA * t + 16 / 116)
    fx, fy, fz = f.unbind(1)
    return torch.stack((116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)), dim=1)


def lab_to_rgb(lab: Tensor, clip: bool = True) -> Tensor:
    """Convert CIELAB to sRGB, the inverse of `rgb_to_lab`.

    Args:
        lab: (B, 3, H, W) float, L* in [0, 100] and a*, b* about ±110.
        clip: limit the result to [0, 1]; colors outside the sRGB gamut are cut off there.

    Returns:
        (B, 3, H, W) sRGB.

    Raises:
        ValueError: the shape or type is another one.
    """
    _check_rgb(lab, "lab")
    L, a, b = lab.unbind(1)
    fy = (L + 16) / 116
    f = torch.stack((fy + a / 500, fy, fy - b / 200), dim=1)
    cube = f**3
    t = torch.where(cube > _EPSILON, cube, (f - 16 / 116) / _KAPPA)
    white = torch.tensor(D65_WHITE, device=lab.device, dtype=lab.dtype).view(1, 3, 1, 1)
    rgb = linear_to_rgb(_mix(t * white, _xyz_to_rgb()))
    return rgb.clamp(0, 1) if clip else rgb


def scale_L(L: Tensor) -> Tensor:
    """L* in [0, 100] to the network's [0, 1]."""
    return L / 100


def unscale_L(scaled: Tensor) -> Tensor:
    """Invert `scale_L`."""
    return scaled * 100


def scale_ab(ab: Tensor) -> Tensor:
    """a*, b* in ±`AB_RANGE` to the unit interval of a sigmoid output; neutral is 0.5."""
    return ab / (2 * AB_RANGE) + 0.5


def unscale_ab(scaled: Tensor) -> Tensor:
    """Invert `scale_ab`."""
    return (scaled - 0.5) * (2 * AB_RANGE)


def decolorize(rgb: Tensor, method: str = "weighted") -> Tensor:
    """Turn a color image into one gray channel.

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1].
        method: `red`, `green` or `blue` (that channel alone), `mean` (of the three), `weighted`
            (0.2125 R + 0.7154 G + 0.0721 B, scikit-image's `rgb2gray`) or `lab` (L*/100).

    Returns:
        (B, 1, H, W) gray in [0, 1].

    Raises:
        ValueError: an unknown method (the known ones are named) or another shape.
    """
    _check_rgb(rgb, "rgb")
    if method in ("red", "green", "blue"):
        channel = ("red", "green", "blue").index(method)
        return rgb[:, channel : channel + 1]
    if method == "mean":
        return rgb.mean(dim=1, keepdim=True)
    if method == "weighted":
        r, g, b = rgb.split(1, dim=1)
        return LUMA_WEIGHTS[0] * r + LUMA_WEIGHTS[1] * g + LUMA_WEIGHTS[2] * b
    if method == "lab":
        return scale_L(rgb_to_lab(rgb)[:, :1])
    raise ValueError(
        f"unknown decolorization {method!r}; choose one of {', '.join(DECOLORIZATIONS)}"
    )
