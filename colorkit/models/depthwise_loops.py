"""Gradients of a depthwise convolution on a CPU, compiled.

Planes are (B, H, W, C) arrays of float32, filters (k, k, C): channels lie side by side, and the
innermost loop goes over them in as many as the processor multiplies at once.
"""

from numba import float32, int64, njit, void

_PLANES, _FILTERS = float32[:, :, :, ::1], float32[:, :, ::1]
# Sums in any order, but a NaN stays one: whoever trains must learn of it.
_QUICK = {"reassoc", "contract", "nsz"}


@njit(void(_PLANES, _FILTERS, int64, int64, _PLANES), fastmath=_QUICK, nogil=True)
def to_input(grad, weight, stride, padding, out):
    """Spread the gradient (B, h, w, C) over what each of its sites has seen: out (B, H, W, C)."""
    side, channels = weight.shape[0], weight.shape[2]
    for b in range(out.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                to = out[b, y, x]
                to[:] = 0
                for i in range(side):
                    row = y + padding - i
                    if row < 0 or row % stride or row // stride >= grad.shape[1]:
                        continue
                    for j in range(side):
                        column = x + padding - j
                        if column < 0 or column % stride or column // stride >= grad.shape[2]:
                            continue
                        given, factor = grad[b, row // stride, column // stride], weight[i, j]
                        for c in range(channels):
                            to[c] += given[c] * factor[c]


@njit(void(_PLANES, _PLANES, int64, int64, _PLANES), fastmath=_QUICK, nogil=True)
def to_weight(x, grad, stride, padding, out):
    """Add up, for each image, the products of gradient and input: out (B, k, k, C)."""
    side, channels = out.shape[1], out.shape[3]
    for b in range(out.shape[0]):
        out[b] = 0
        for i in range(side):
            for j in range(side):
                to = out[b, i, j]
                for h in range(grad.shape[1]):
                    row = h * stride + i - padding
                    if row < 0 or row >= x.shape[1]:
                        continue
                    for w in range(grad.shape[2]):
                        column = w * stride + j - padding
                        if column < 0 or column >= x.shape[2]:
                            continue
                        seen, given = x[b, row, column], grad[b, h, w]
                        for c in range(channels):
                            to[c] += seen[c] * given[c]
