"""Batch normalization and rectification of bfloat16 on a CPU, compiled.

Planes are (N, C) arrays of uint16, one row a pixel: NumPy knows no bfloat16, which is the upper
half of a float32. Each function passes once over them, and memory is all it waits for.
"""

import numpy as np
from numba import float32, njit, uint16, void

BLOCK = 1024  # rows whose sums are kept apart: few enough for single precision

_ROWS, _CHANNELS, _SUMS = uint16[:, ::1], float32[::1], float32[:, :, ::1]
_ZERO = np.float32(0)
# Sums in any order, but a NaN stays one: whoever trains must learn of it.
_QUICK = {"reassoc", "contract", "nsz"}


@njit(inline="always")
def _wide(half):
    return np.uint32(np.uint32(half) << np.uint32(16)).view(np.float32)


@njit(inline="always")
def _narrow(value):
    """Round to the nearest, ties to even."""
    bits = np.float32(value).view(np.uint32)
    odd = (bits >> np.uint32(16)) & np.uint32(1)
    return np.uint16((bits + np.uint32(0x7FFF) + odd) >> np.uint32(16))


@njit(void(_ROWS, _CHANNELS, _SUMS), fastmath=_QUICK, nogil=True)
def sums(x, near, out):
    """Add up x − near and its squares: out (blocks, 2, C).

    `near` is any value near the mean of each channel: squares of what lies far from zero would
    drown the variance in their rounding.
    """
    for block in range(len(out)):
        first, second = out[block, 0], out[block, 1]
        first[:], second[:] = _ZERO, _ZERO
        for r in range(block * BLOCK, min(len(x), (block + 1) * BLOCK)):
            for c in range(len(first)):
                value = _wide(x[r, c]) - near[c]
                first[c] += value
                second[c] += value * value


@njit(void(_ROWS, _CHANNELS, _CHANNELS, _ROWS), fastmath=_QUICK, nogil=True)
def rectify(x, scale, shift, y):
    """Compute y = max(scale · x + shift, 0)."""
    for r in range(len(x)):
        for c in range(len(scale)):
            value = scale[c] * _wide(x[r, c]) + shift[c]
            y[r, c] = _narrow(_ZERO if value < _ZERO else value)


@njit(void(_ROWS, _ROWS, _CHANNELS, _CHANNELS, _CHANNELS, _SUMS), fastmath=_QUICK, nogil=True)
def gradient_sums(x, grad, scale, shift, mean, out):
    """Add up the gradient that passes, and its product with x − mean: out (blocks, 2, C)."""
    for block in range(len(out)):
        first, second = out[block, 0], out[block, 1]
        first[:], second[:] = _ZERO, _ZERO
        for r in range(block * BLOCK, min(len(x), (block + 1) * BLOCK)):
            for c in range(len(scale)):
                value = _wide(x[r, c])
                stays = scale[c] * value + shift[c] <= _ZERO
                given = _ZERO if stays else _wide(grad[r, c])
                first[c] += given
                second[c] += given * (value - mean[c])


@njit(
    void(_ROWS, _ROWS, _CHANNELS, _CHANNELS, _CHANNELS, _CHANNELS, _ROWS),
    fastmath=_QUICK,
    nogil=True,
)
def gradient(x, grad, scale, shift, slope, offset, out):
    """Compute out = scale · (the gradient that passes) + slope · x + offset."""
    for r in range(len(x)):
        for c in range(len(scale)):
            value = _wide(x[r, c])
            stays = scale[c] * value + shift[c] <= _ZERO
            given = _ZERO if stays else _wide(grad[r, c])
            out[r, c] = _narrow(scale[c] * given + slope[c] * value + offset[c])
