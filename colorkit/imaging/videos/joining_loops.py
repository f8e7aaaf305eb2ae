"""Bytes to lightness, and lightness and chroma back to bytes, on a CPU, compiled.

For films, whose every frame goes this way: a row of pixels stays in the processor's first cache
from CIELAB to bytes, and only colors that sRGB does not have are computed more than once. Numba
compiles it when this module is imported, which takes seconds: too long for one photograph. It runs
without Python's lock, so that each thread may join a strip of its own.
"""

import numpy as np
import torch
from numba import njit, uint8, void

from colorkit.imaging.color import D65_WHITE, RGB_TO_XYZ, srgb_to_linear
from colorkit.imaging.color_loops import PIXELS, PLANES, ROWS, affine, cube_roots, look_up
from colorkit.imaging.gamut import NOISE, STEPS
from colorkit.imaging.transfer_functions import LEVELS, SRGB_BYTES

_BYTES = uint8[:, :, ::1]
_ZERO, _ONE, _HALF = (np.float32(x) for x in (0, 1, 0.5))
_JOINT = np.float32(6 / 29)  # of CIELAB's curve, see `colorkit.imaging.color`
_LINE = np.float32(3 * (6 / 29) ** 2)
_Y = (np.array(RGB_TO_XYZ[1]) / (6 / 29) ** 3).astype(np.float32)  # in units of the joint
_L_GAIN, _L_BIAS = np.float32(116 * 6 / 29), np.float32(-16 - 116 * 6 / 29 / 3)
_LIGHT = srgb_to_linear(torch.arange(256).expand(1, 3, 1, 256) / 255)[0, 0, 0].numpy()
_TO_LIGHT = (np.linalg.inv(RGB_TO_XYZ) * np.array(D65_WHITE)).astype(np.float32)
_PER_L, _PER_A, _PER_B = np.float32(1 / 116), np.float32(1 / 500), np.float32(1 / 200)
_GRAY = np.float32(16)
_LEVELS = np.float32(LEVELS)
# `gamut.NOISE` of a code value, in light: of the curve's line at black, of its slope at white.
_DARK = np.float32(-NOISE / 12.92)
_BRIGHT = np.float32(((1 + NOISE + 0.055) / 1.055) ** 2.4)


@njit(void(PIXELS, ROWS), nogil=True)
def image_to_lightness(rgb, L):
    """Convert sRGB bytes (H, W, 3) to L* (H, W) float32, as `colorkit.imaging.color.rgb_to_lab`."""
    given = np.empty((3, rgb.shape[1]), np.float32)
    for y in range(rgb.shape[0]):
        look_up(_LIGHT, rgb[y], given)
        affine(given, _Y, _ZERO, L[y])
        cube_roots(L[y])
        for x in range(rgb.shape[1]):
            L[y, x] = _L_GAIN * L[y, x] + _L_BIAS


@njit(fastmath=True)
def _cube(f):
    """Undo CIELAB's curve."""
    high, low = max(f, _JOINT), min(f, _JOINT)
    return high * high * high + _LINE * (low - _JOINT)


@njit(fastmath=True)
def _light_of(L, a, b):
    """Red, green and blue light of one color."""
    y = (L + _GRAY) * _PER_L
    t = _cube(y + a * _PER_A), _cube(y), _cube(y - b * _PER_B)
    return (
        _TO_LIGHT[0, 0] * t[0] + _TO_LIGHT[0, 1] * t[1] + _TO_LIGHT[0, 2] * t[2],
        _TO_LIGHT[1, 0] * t[0] + _TO_LIGHT[1, 1] * t[1] + _TO_LIGHT[1, 2] * t[2],
        _TO_LIGHT[2, 0] * t[0] + _TO_LIGHT[2, 1] * t[1] + _TO_LIGHT[2, 2] * t[2],
    )


@njit(fastmath=True)
def _beyond(red, green, blue):
    """Say whether light is none of sRGB's."""
    return min(red, green, blue) < _DARK or max(red, green, blue) > _BRIGHT


@njit(fastmath=True)
def _inside(L, a, b):
    """Light of the most colorful color of a lightness and a hue, see `gamut.to_gamut`."""
    low, step = _ZERO, _ONE
    for _ in range(STEPS):
        step *= _HALF
        share = low + step
        red, green, blue = _light_of(L, share * a, share * b)
        if not _beyond(red, green, blue):
            low = share
    return _light_of(L, low * a, low * b)


@njit(fastmath=True)
def _byte(light):
    return SRGB_BYTES[np.int32(min(max(light, _ZERO), _ONE) * _LEVELS + _HALF)]


@njit(void(ROWS, PLANES, _BYTES), nogil=True)
def join(L, ab, rgb):
    """Join L* and a*, b* to sRGB bytes, as `gamut.to_gamut` and rounding do, to two of 255 levels.

    Args:
        L: (H, W) float32, in [0, 100].
        ab: (2, H, W) float32, in Lab units.
        rgb: (H, W, 3) uint8, the result.
    """
    height, width = L.shape
    t, light = np.empty((3, width), np.float32), np.empty((3, width), np.float32)
    for y in range(height):
        for x in range(width):
            f = (L[y, x] + _GRAY) * _PER_L
            t[0, x] = _cube(f + ab[0, y, x] * _PER_A)
            t[1, x] = _cube(f)
            t[2, x] = _cube(f - ab[1, y, x] * _PER_B)
        for c in range(3):
            affine(t, _TO_LIGHT[c], _ZERO, light[c])
        for x in range(width):
            red, green, blue = light[0, x], light[1, x], light[2, x]
            if _beyond(red, green, blue):
                red, green, blue = _inside(L[y, x], ab[0, y, x], ab[1, y, x])
            rgb[y, x, 0] = _byte(red)
            rgb[y, x, 1] = _byte(green)
            rgb[y, x, 2] = _byte(blue)
