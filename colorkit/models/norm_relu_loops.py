"""Batch normalization and rectification on a CPU, compiled for bfloat16 and for float32.

Planes are (N, C) arrays, one row a pixel: of float32, or of uint16 for bfloat16, which NumPy does
not know and which is the upper half of a float32. Each function passes once over them, and memory
is all it waits for.
"""

from functools import cache
from types import SimpleNamespace

import numpy as np
from numba import float32, njit, uint16, void

BLOCK = 1024  # rows whose sums are kept apart: few enough for single precision

_CHANNELS, _SUMS = float32[::1], float32[:, :, ::1]
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


@njit(inline="always")
def _same(value):
    return np.float32(value)


@cache
def kernels(bfloat16: bool) -> SimpleNamespace:
    """Compile `sums`, `rectify`, `gradient_sums` and `gradient` for planes of a type.

    Args:
        bfloat16: of uint16 that stand for bfloat16, or else of float32.
    """
    wide, narrow, rows = (_wide, _narrow, uint16) if bfloat16 else (_same, _same, float32)
    planes = rows[:, ::1]

    @njit(void(planes, _CHANNELS, _SUMS), fastmath=_QUICK, nogil=True)
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
                    value = wide(x[r, c]) - near[c]
                    first[c] += value
                    second[c] += value * value

    @njit(
        void(planes, _CHANNELS, _CHANNELS, float32, planes),
        fastmath=_QUICK,
        nogil=True,
    )
    def rectify(x, scale, shift, ceiling, y):
        """Compute y = scale · x + shift, cut off at 0 and at the ceiling."""
        for r in range(len(x)):
            for c in range(len(scale)):
                value = scale[c] * wide(x[r, c]) + shift[c]
                value = _ZERO if value < _ZERO else value
                y[r, c] = narrow(ceiling if value > ceiling else value)

    @njit(
        void(planes, planes, _CHANNELS, _CHANNELS, _CHANNELS, float32, _SUMS),
        fastmath=_QUICK,
        nogil=True,
    )
    def gradient_sums(x, grad, scale, shift, mean, ceiling, out):
        """Add up the gradient that passes, and its product with x − mean: out (blocks, 2, C)."""
        for block in range(len(out)):
            first, second = out[block, 0], out[block, 1]
            first[:], second[:] = _ZERO, _ZERO
            for r in range(block * BLOCK, min(len(x), (block + 1) * BLOCK)):
                for c in range(len(scale)):
                    value = wide(x[r, c])
                    before = scale[c] * value + shift[c]
                    stays = (before <= _ZERO) | (before >= ceiling)
                    given = _ZERO if stays else wide(grad[r, c])
                    first[c] += given
                    second[c] += given * (value - mean[c])

    @njit(
        void(planes, planes, _CHANNELS, _CHANNELS, _CHANNELS, _CHANNELS, float32, planes),
        fastmath=_QUICK,
        nogil=True,
    )
    def gradient(x, grad, scale, shift, slope, offset, ceiling, out):
        """Compute out = scale · (the gradient that passes) + slope · x + offset."""
        for r in range(len(x)):
            for c in range(len(scale)):
                value = wide(x[r, c])
                before = scale[c] * value + shift[c]
                stays = (before <= _ZERO) | (before >= ceiling)
                given = _ZERO if stays else wide(grad[r, c])
                out[r, c] = narrow(scale[c] * given + slope[c] * value + offset[c])

    return SimpleNamespace(
        sums=sums, rectify=rectify, gradient_sums=gradient_sums, gradient=gradient
    )
