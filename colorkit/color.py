"""sRGB and CIELAB on batched tensors, the network's scaling of them, and decolorization.

Why not `skimage.color`: it works on one NumPy image at a time, on the CPU, in float64. Here a
whole batch is converted on whatever device it lives on, in float32, and gradients flow through.
`tests/test_color.py` holds the two equal within 1e-3 Lab units over the whole gamut.
"""

from collections.abc import Callable, Sequence

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

# Both curves join a power to a straight line near black. Written as a power of what lies above the
# joint plus a line in what lies below it, each side has its own gradient, finite at black, and no
# branch is computed in vain. Constants and factors go into the matrices before and after.
_JOINT_RGB = 0.04045  # of the sRGB curve (IEC 61966-2-1); in linear light:
_JOINT_LINEAR = 0.0031308
_GAIN = 1.055**2.4  # the sRGB curve's power is ((x + 0.055) / 1.055) ** 2.4
_JOINT_F = 6 / 29  # of CIELAB's curve f, a cube root
_JOINT_T = _JOINT_F**3  # the standard's exact values; scikit-image rounds them to 0.008856 and
_SLOPE = 1 / (3 * _JOINT_F**2)  # 7.787, which makes a difference of 2e-4 in Lab

# CIELAB from f(X/Xn), f(Y/Yn), f(Z/Zn), without L*'s −16, and back.
_F_TO_LAB = ((0.0, 116.0, 0.0), (500.0, -500.0, 0.0), (0.0, 200.0, -200.0))
_LAB_TO_F = ((1 / 116, 1 / 500, 0.0), (1 / 116, 0.0, 0.0), (1 / 116, 0.0, -1 / 200))
_XYZ_TO_RGB = torch.linalg.inv(torch.tensor(RGB_TO_XYZ, dtype=torch.float64)).tolist()

# Pixels a CPU converts at a time, so that what lies between two steps stays in its cache.
_IN_CACHE = 200_704


def _check_rgb(x: Tensor, name: str) -> None:
    if x.ndim != 4 or x.shape[1] != 3 or not x.is_floating_point():
        raise ValueError(
            f"{name} must be a float tensor of shape (batch, 3, height, width); "
            f"got {x.dtype} of shape {tuple(x.shape)}"
        )


def _affine(x: Tensor, matrix: Sequence[Sequence[float]], bias: Sequence[float]) -> Tensor:
    """Multiply the channels of (B, 3, H, W) by a 3×3 matrix and add a bias.

    One product on a CPU, kept out of autocast, which would round it to bfloat16. Elsewhere plain
    sums: a GPU's matrix units may round float32 to TF32, and its memory is fast.
    """
    if x.device.type == "cpu":
        weight = torch.tensor(matrix, dtype=x.dtype).expand(len(x), 3, 3)
        offset = torch.tensor(bias, dtype=x.dtype).view(1, 3, 1)
        with torch.autocast("cpu", enabled=False):
            return torch.baddbmm(offset, weight, x.flatten(2)).view(x.shape)
    r, g, b = x.unbind(1)
    rows = [r * m[0] + g * m[1] + b * m[2] + c for m, c in zip(matrix, bias, strict=True)]
    return torch.stack(rows, dim=1)


def _curve(x: Tensor, joint: float, exponent: float, slope: float, shift: float = 0.0) -> Tensor:
    """Compute (max(x, joint) + shift) ** exponent + slope · min(x, joint).

    The power is exp(exponent · log), several times as fast on a CPU as `pow` and equal to 1e-6; it
    overwrites its own intermediate results unless gradients need them.
    """
    power, line = x.clamp(min=joint), x.clamp(max=joint)
    if shift:
        power.add_(shift)
    if power.requires_grad:
        return power.log().mul(exponent).exp().add(line, alpha=slope)
    return power.log_().mul_(exponent).exp_().add_(line, alpha=slope)


def _by_parts(convert: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Convert a few images at a time on a CPU (see `_IN_CACHE`), all at once elsewhere."""
    if images.device.type != "cpu" or images.numel() == 0:
        return convert(images)
    each = max(1, _IN_CACHE // images[0, 0].numel())
    return torch.cat([convert(part) for part in images.split(each)])


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
    return _by_parts(_rgb_to_lab, rgb)


def _rgb_to_lab(rgb: Tensor) -> Tensor:
    # Linear light, times _GAIN and without the line's constant; both are in the next matrix.
    slope = _GAIN / 12.92
    light = _curve(rgb, _JOINT_RGB, 2.4, slope, shift=0.055)
    matrix = [
        [m / (white * _GAIN) for m in row] for row, white in zip(RGB_TO_XYZ, D65_WHITE, strict=True)
    ]
    t = _affine(light, matrix, [-slope * _JOINT_RGB * sum(row) for row in matrix])  # X/Xn, …
    # f without its line's constant, which drops out of a* and b* and is in L*'s bias.
    f = _curve(t, _JOINT_T, 1 / 3, _SLOPE)
    return _affine(f, _F_TO_LAB, (-16 - 116 * _SLOPE * _JOINT_T, 0.0, 0.0))


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
    rgb = _by_parts(_lab_to_rgb, lab)
    return rgb.clamp(0, 1) if clip else rgb


def _lab_to_rgb(lab: Tensor) -> Tensor:
    f = _affine(lab, _LAB_TO_F, (16 / 116,) * 3)
    t = (f.clamp(min=_JOINT_F) ** 3).add(f.clamp(max=_JOINT_F) - _JOINT_F, alpha=1 / _SLOPE)
    matrix = [[m * white for m, white in zip(row, D65_WHITE, strict=True)] for row in _XYZ_TO_RGB]
    light = _affine(t, matrix, (0.0, 0.0, 0.0))
    slope = 12.92 / 1.055
    curve = _curve(light, _JOINT_LINEAR, 1 / 2.4, slope)
    return 1.055 * curve - (0.055 + 12.92 * _JOINT_LINEAR)


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
