"""Bytes to CIELAB on a CPU, compiled.

PyTorch passes over an image twelve times for it, and each pass fetches and stores what the one
before it left. Here a row of pixels stays in the processor's first cache through all steps, which
Numba compiles to vector instructions. That takes two seconds when this module is imported: whoever
needs it imports it then.
"""

import numpy as np
from numba import float32, njit, types, uint8, void

# Everything is single precision; one number in double would make twice the work.
_ONE, _THIRD = np.float32(1), np.float32(1 / 3)
_GUESS, _WRONG = np.int32(0x54A21D2A), 0.106  # see `cube_roots`
_SERIES = np.polynomial.Chebyshev.interpolate(
    lambda e: (1 - e) ** (-2 / 3), deg=5, domain=[-_WRONG, _WRONG]
).convert(kind=np.polynomial.Polynomial)
_C0, _C1, _C2, _C3, _C4, _C5 = _SERIES.coef.astype(np.float32)

# Of any strides, for it may be cut out of another array, or mirrored; and of none that is written.
PIXELS = types.Array(uint8, 3, "A", readonly=True)
ROW, ROWS, PLANES = float32[::1], float32[:, ::1], float32[:, :, ::1]


@njit(fastmath=True)
def look_up(table, pixels, out):
    """Look up the three bytes of each pixel: (N, 3) becomes (3, N)."""
    for c in range(3):
        for i in range(len(pixels)):
            out[c, i] = table[pixels[i, c]]


@njit(fastmath=True)
def affine(planes, row, bias, out):
    """Add up three planes, weighted, and a bias."""
    first, second, third = row[0], row[1], row[2]
    for i in range(len(out)):
        out[i] = first * planes[0, i] + second * planes[1, i] + third * planes[2, i] + bias


@njit(fastmath=True)
def cube_roots(plane):
    """Replace v by max(v, 1) ** (1/3) + min(v, 1) / 3.

    Through y = v ** (−1/3), which needs no division. The bits of a float are nearly its logarithm:
    a third of them, negated, are a y for which e = 1 − v y³ is within ±`_WRONG`. The root is then
    v y² (1 − e) ** (−2/3), whose last factor a polynomial gives to 3e-8.
    """
    for i in range(len(plane)):
        v = plane[i]
        third = np.int32(np.float32(v).view(np.int32) * _THIRD)
        y = np.int32(_GUESS - third).view(np.float32)
        root = v * y * y
        e = _ONE - root * y
        root *= _C0 + e * (_C1 + e * (_C2 + e * (_C3 + e * (_C4 + e * _C5))))
        plane[i] = root + _THIRD if v > _ONE else _ONE + v * _THIRD


@njit(void(PIXELS, ROW, ROWS, ROWS, ROW, PLANES), nogil=True)
def image_to_lab(rgb, light, to_t, to_lab, bias, lab):
    """Convert sRGB bytes to CIELAB, as `colorkit.imaging.color.rgb_to_lab` converts floats.

    Args:
        rgb: (H, W, 3) uint8.
        light: (256,), the light of each byte. This and all that follows is float32.
        to_t: (3, 3), from light to X/Xn, Y/Yn, Z/Zn, in units of the joint of CIELAB's curve.
        to_lab, bias: (3, 3) and (3,), from that curve's values to L*, a*, b*.
        lab: (3, H, W), the result.
    """
    height, width = rgb.shape[:2]
    given, curved = np.empty((3, width), np.float32), np.empty((3, width), np.float32)
    for y in range(height):
        look_up(light, rgb[y], given)
        for c in range(3):
            affine(given, to_t[c], np.float32(0), curved[c])
            cube_roots(curved[c])
        for c in range(3):
            affine(curved, to_lab[c], bias[c], lab[c, y])


@njit(void(PIXELS, ROW, ROWS), fastmath=True, nogil=True)
def image_to_gray(rgb, weights, gray):
    """Weight the three bytes of each pixel: (H, W, 3) uint8 becomes (H, W) float32."""
    red, green, blue = weights[0], weights[1], weights[2]
    height, width = rgb.shape[:2]
    for y in range(height):
        for x in range(width):
            gray[y, x] = red * rgb[y, x, 0] + green * rgb[y, x, 1] + blue * rgb[y, x, 2]
