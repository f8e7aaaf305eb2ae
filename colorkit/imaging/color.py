"""sRGB and CIELAB on batched tensors, the network's scaling of them, and decolorization.

Why not `skimage.color`: it works on NumPy arrays, on the CPU, mostly in float64. Here a batch is
converted on whatever device it lives on, in float32, and gradients flow through.
`tests/imaging/test_color.py` holds the two equal within 1e-3 Lab units over the whole gamut.
"""

import functools
from collections.abc import Callable, Sequence

import numpy as np
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
_GRAY_WEIGHTS = {
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "mean": (1 / 3, 1 / 3, 1 / 3),
    "weighted": LUMA_WEIGHTS,
}
DECOLORIZATIONS = (*_GRAY_WEIGHTS, "lab")

# Both curves join a power to a straight line near black. In units of the joint each is
# max(v, 1) ** exponent + slope · (min(v, 1) − 1): no branch is computed in vain and the gradient is
# finite at black. The units and the constant go into the matrices.
_BEND = 0.055
_JOINT_RGB = 0.04045  # of the sRGB curve (IEC 61966-2-1); in linear light:
_JOINT_LINEAR = 0.0031308
_UNIT_RGB = _JOINT_RGB + _BEND
_UNIT_LIGHT = (_UNIT_RGB / (1 + _BEND)) ** 2.4
_LIGHT_SLOPE = _UNIT_RGB / (12.92 * _UNIT_LIGHT)
_JOINT_F = 6 / 29  # of CIELAB's curve f, a cube root: the standard's exact values; scikit-image
_JOINT_T = _JOINT_F**3  # rounds them to 0.008856 and 7.787, a difference of 2e-4 in Lab

# CIELAB from f(X/Xn), f(Y/Yn), f(Z/Zn), without L*'s −16, and back.
_F_TO_LAB = ((0.0, 116.0, 0.0), (500.0, -500.0, 0.0), (0.0, 200.0, -200.0))
_LAB_TO_F = ((1 / 116, 1 / 500, 0.0), (1 / 116, 0.0, 0.0), (1 / 116, 0.0, -1 / 200))
_XYZ_TO_RGB = torch.linalg.inv(torch.tensor(RGB_TO_XYZ, dtype=torch.float64)).tolist()
# The same between units of the joints.
_LIGHT_TO_T = [
    [m * _UNIT_LIGHT / (white * _JOINT_T) for m in row]
    for row, white in zip(RGB_TO_XYZ, D65_WHITE, strict=True)
]
_G_TO_LAB = [[m * _JOINT_F for m in row] for row in _F_TO_LAB]
_LAB_BIAS = (-16.0 - 116 * _JOINT_F / 3, 0.0, 0.0)
_T_TO_LIGHT = [
    [m * white / _JOINT_LINEAR for m, white in zip(row, D65_WHITE, strict=True)]
    for row in _XYZ_TO_RGB
]

# Pixels a CPU converts at a time, so that what lies between two steps stays in its cache.
_IN_CACHE = 200_704

# With AVX-512, NumPy's log2 and cbrt of float32 are several times as fast as torch's log2.
_FAST_NUMPY = torch.backends.cpu.get_cpu_capability() == "AVX512"


def _check_rgb(x: Tensor, name: str, or_bytes: bool = False) -> None:
    right = x.is_floating_point() or (or_bytes and x.dtype == torch.uint8)
    if x.ndim != 4 or x.shape[1] != 3 or not right:
        kind = "float or uint8" if or_bytes else "float"
        raise ValueError(
            f"{name} must be a {kind} tensor of shape (batch, 3, height, width); "
            f"got {x.dtype} of shape {tuple(x.shape)}"
        )


def _affine(
    x: Tensor,
    matrix: Sequence[Sequence[float]],
    bias: Sequence[float] = (0.0, 0.0, 0.0),
    out: Tensor | None = None,
) -> Tensor:
    """Multiply the channels of (B, 3, H, W) by a 3×3 matrix and add a bias.

    Plain sums instead of a matrix product, which reads memory less well on a CPU, may round to
    TF32 on a GPU, and would be rounded to bfloat16 under autocast.
    """
    if out is None and not x.requires_grad:
        out = torch.empty_like(x, memory_format=torch.contiguous_format)
    rows = []
    for k, (row, constant) in enumerate(zip(matrix, bias, strict=True)):
        (first, gain), *others = [(x[:, c], m) for c, m in enumerate(row) if m]  # (B, H, W) each
        target = None if out is None else out[:, k]
        total = torch.add(_scalar(constant, x), first, alpha=gain, out=target)
        for channel, m in others:
            total.add_(channel, alpha=m)
        rows.append(total)
    return torch.stack(rows, dim=1) if out is None else out  # (B, 3, H, W)


def _scalar(value: float, like: Tensor) -> Tensor:
    """A number as a tensor, so that one pass over memory scales and shifts."""
    return torch.tensor(value, dtype=like.dtype, device=like.device)


def _curve(v: Tensor, exponent: float, slope: float) -> Tensor:
    """Compute max(v, 1) ** exponent + slope · min(v, 1); overwrites v unless differentiated."""
    line = v.clamp(max=1)
    if v.requires_grad:
        return v.clamp(min=1).log2().mul(exponent).exp2().add(line, alpha=slope)
    return _power_(v.clamp_(min=1), exponent).add_(line, alpha=slope)


def _power_(v: Tensor, exponent: float) -> Tensor:
    """Raise positive numbers to a power, in place.

    2 ** (exponent · log₂) is several times as fast on a CPU as `pow` and equal to 1e-6.
    """
    if not (_FAST_NUMPY and v.device.type == "cpu" and v.dtype == torch.float32):
        return v.log2_().mul_(exponent).exp2_()
    array = v.numpy()
    if exponent == 1 / 3:
        np.cbrt(array, out=array)
        return v
    np.log2(array, out=array)
    return v.mul_(exponent).exp2_()


def _by_parts(convert: Callable[[Tensor, Tensor | None], Tensor], images: Tensor) -> Tensor:
    """Convert a few images or rows at a time on a CPU (see `_IN_CACHE`), all at once elsewhere."""
    if images.device.type != "cpu" or images.requires_grad or images.numel() == 0:
        return convert(images, None)
    out = torch.empty_like(images, memory_format=torch.contiguous_format)
    height, width = images.shape[2:]
    each, rows = max(1, _IN_CACHE // (height * width)), max(1, _IN_CACHE // width)
    for some, theirs in zip(images.split(each), out.split(each), strict=True):  # (each, 3, H, W)
        for part, its in zip(some.split(rows, dim=2), theirs.split(rows, dim=2), strict=True):
            convert(part, its)  # (each, 3, rows, W)
    return out


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """Convert sRGB to CIELAB (D65, 2° observer; CIE 15:2004).

    Args:
        rgb: (B, 3, H, W) on any device: sRGB, float in [0, 1] or uint8 in [0, 255].

    Returns:
        (B, 3, H, W) float: L* in [0, 100], a* and b* within ±108. Gradients are finite everywhere,
        black and white included.

    Raises:
        ValueError: the shape or type is another one.
    """
    _check_rgb(rgb, "rgb", or_bytes=True)
    if rgb.dtype != torch.uint8:
        return _by_parts(lambda part, out: _to_lab(_to_light(part), out), rgb)
    if rgb.device.type == "cpu" and len(rgb):
        return bytes_to_lab(rgb.permute(0, 2, 3, 1).numpy())  # as on disk: (B, H, W, 3)
    return _to_lab(_light_of_bytes(rgb.device)[rgb.int()], None)  # of (256,): (B, 3, H, W)


def srgb_to_linear(rgb: Tensor) -> Tensor:
    """Undo the sRGB curve (IEC 61966-2-1): (B, 3, H, W) in [0, 1], encoded to linear light."""
    _check_rgb(rgb, "rgb")
    return (_to_light(rgb) - _LIGHT_SLOPE) * _JOINT_LINEAR


def _to_light(rgb: Tensor) -> Tensor:
    """Undo the sRGB curve: linear light in units of the joint, without the curve's constant."""
    v = torch.add(_scalar(_BEND / _UNIT_RGB, rgb), rgb, alpha=1 / _UNIT_RGB)
    return _curve(v, 2.4, _LIGHT_SLOPE)


def _to_lab(light: Tensor, out: Tensor | None) -> Tensor:
    constant = [-_LIGHT_SLOPE * sum(row) for row in _LIGHT_TO_T]
    t = _affine(light, _LIGHT_TO_T, constant)  # X/Xn, Y/Yn, Z/Zn
    return _affine(_curve(t, 1 / 3, 1 / 3), _G_TO_LAB, _LAB_BIAS, out)


def _light_of_bytes(device: torch.device | None = None) -> Tensor:
    """What `_to_light` says of each value of a byte."""
    return _to_light(torch.arange(256, device=device) / 255)


def bytes_to_lab(images: Sequence[np.ndarray]) -> Tensor:
    """Convert images of one size on the CPU, several times as fast as from floats.

    Args:
        images: one or more arrays (H, W, 3) of uint8 sRGB, or one of four axes. They are read
            where they lie: a part of a larger array, or a mirrored one, need not be copied.

    Returns:
        (B, 3, H, W) float32, as `rgb_to_lab`.
    """
    from colorkit.imaging.color_loops import image_to_lab

    # NumPy asks for huge pages; memory that comes in small ones takes as long as the conversion.
    lab = np.empty((len(images), 3, *images[0].shape[:2]), np.float32)  # (B, 3, H, W)
    constants = [np.array(x, np.float32) for x in (_LIGHT_TO_T, _G_TO_LAB, _LAB_BIAS)]
    light = (_light_of_bytes() - _LIGHT_SLOPE).numpy()
    for image, its in zip(images, lab, strict=True):
        image_to_lab(image, light, *constants, its)  # (H, W, 3) to (3, H, W)
    return torch.from_numpy(lab)


def bytes_to_gray(images: Sequence[np.ndarray], method: str = "weighted") -> Tensor:
    """Decolorize images of one size on the CPU: (B, 1, H, W) float32, as `decolorize`.

    Args:
        images: see `bytes_to_lab`.
        method: see `decolorize`.
    """
    from colorkit.imaging.color_loops import image_to_gray

    if method == "lab":
        return scale_L(bytes_to_lab(images)[:, :1])  # (B, 1, H, W)
    weights = np.array(_weights(method), np.float32) / np.float32(255)
    gray = np.empty((len(images), *images[0].shape[:2]), np.float32)
    for image, its in zip(images, gray, strict=True):
        image_to_gray(image, weights, its)  # (H, W, 3) to (H, W)
    return torch.from_numpy(gray)[:, None]  # (B, 1, H, W)


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


def _lab_to_rgb(lab: Tensor, out: Tensor | None) -> Tensor:
    f = _affine(lab, _LAB_TO_F, (16 / 116,) * 3)
    line = f.clamp(max=_JOINT_F).sub_(_JOINT_F)
    t = f.clamp(min=_JOINT_F).pow(3).add_(line, alpha=3 * _JOINT_F**2)
    light = _affine(t, _T_TO_LIGHT)  # linear sRGB
    gain = (1 + _BEND) * _JOINT_LINEAR ** (1 / 2.4)
    slope = 12.92 * _JOINT_LINEAR / gain
    curve = _curve(light, 1 / 2.4, slope)
    return torch.add(_scalar(-_BEND - slope * gain, lab), curve, alpha=gain, out=out)


def join(L: Tensor, ab: Tensor) -> Tensor:
    """Join lightness (B, 1, H, W) with chroma (B, 2, H, W) in CIELAB: sRGB in [0, 1]."""
    return lab_to_rgb(torch.cat((L, ab), dim=1))  # (B, 3, H, W)


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
        rgb: (B, 3, H, W) sRGB, float in [0, 1] or uint8 in [0, 255].
        method: `red`, `green` or `blue` (that channel alone), `mean` (of the three), `weighted`
            (0.2125 R + 0.7154 G + 0.0721 B, scikit-image's `rgb2gray`) or `lab` (L*/100).

    Returns:
        (B, 1, H, W) gray in [0, 1].

    Raises:
        ValueError: an unknown method (the known ones are named) or another shape.
    """
    _check_rgb(rgb, "rgb", or_bytes=True)
    if method == "lab":
        return scale_L(rgb_to_lab(rgb)[:, :1])
    if rgb.dtype == torch.uint8:
        if rgb.device.type == "cpu" and len(rgb):
            return bytes_to_gray(rgb.permute(0, 2, 3, 1).numpy(), method)
        rgb = rgb.float().div_(255)
    parts = [w * rgb[:, c : c + 1] for c, w in enumerate(_weights(method)) if w]  # (B, 1, H, W)
    return functools.reduce(torch.add, parts)


def _weights(method: str) -> tuple[float, float, float]:
    """Weights of red, green and blue in a decolorization other than `lab`."""
    if method in _GRAY_WEIGHTS:
        return _GRAY_WEIGHTS[method]
    raise ValueError(
        f"unknown decolorization {method!r}; choose one of {', '.join(DECOLORIZATIONS)}"
    )
