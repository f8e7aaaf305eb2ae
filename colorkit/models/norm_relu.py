"""Batch normalization with the rectification behind it, in fewer passes over memory.

On a CPU that multiplies bfloat16, convolutions are so quick that a training step waits for memory
half of its time. PyTorch reads or writes the planes 14 times for a normalization, a rectification
and their gradients; taken together 8 times are enough.
"""

from itertools import zip_longest

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from colorkit.system.threads import share

LEAST = 1 << 20  # numbers in a plane below which calling costs what is saved


class Layers(nn.Sequential):
    """Layers one after the other, as `nn.Sequential`, a `BatchNorm2d` and its `ReLU` in one."""

    def forward(self, x: Tensor) -> Tensor:
        """Pass x through all layers."""
        layers, done = list(self), None
        for layer, after in zip_longest(layers, layers[1:]):
            if isinstance(layer, nn.BatchNorm2d) and isinstance(after, nn.ReLU) and pays(layer, x):
                x, done = _NormReLU.apply(x, layer.weight, layer.bias, layer), after
            elif layer is not done:
                x = layer(x)
        return x


def pays(norm: nn.BatchNorm2d, x: Tensor) -> bool:
    """Whether the compiled passes can be taken, and are quicker, for x (B, C, H, W)."""
    return (
        norm.training
        and norm.affine
        and norm.track_running_stats
        and x.dtype == torch.bfloat16
        and x.device.type == "cpu"
        and x.numel() >= LEAST
        and x.is_contiguous(memory_format=torch.channels_last)
    )


class _NormReLU(torch.autograd.Function):
    """y = max(γ (x − μ) / σ + β, 0) with μ and σ of the batch (Ioffe & Szegedy 2015)."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> Tensor:
        from colorkit.models.norm_relu_loops import rectify, sums

        rows = _rows(x)
        count, near = len(rows), x.detach()[0, :, 0, 0].double().numpy()
        first, second = _reduce(sums, rows, near) / count
        with np.errstate(invalid="ignore"):  # whoever trains is told of what is no number
            mean, variance = near + first, np.maximum(second - first**2, 0)
        with torch.no_grad():
            norm.num_batches_tracked.add_(1)
            unbiased = variance * count / (count - 1)
            for kept, seen in ((norm.running_mean, mean), (norm.running_var, unbiased)):
                kept.lerp_(torch.from_numpy(seen).to(kept), norm.momentum)
        inverse = 1 / np.sqrt(variance + norm.eps)
        scale = weight.detach().double().numpy() * inverse
        shift = bias.detach().double().numpy() - mean * scale
        y = torch.empty_like(x)
        _each(rectify, rows, scale, shift, _rows(y))
        ctx.save_for_backward(x)
        ctx.about = mean, inverse, scale, shift
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor):
        from colorkit.models.norm_relu_loops import gradient, gradient_sums

        (x,), (mean, inverse, scale, shift) = ctx.saved_tensors, ctx.about
        grad = grad.to(x.dtype).contiguous(memory_format=torch.channels_last)
        rows, given = _rows(x), _rows(grad)
        to_bias, products = _reduce(gradient_sums, rows, given, scale, shift, mean)
        to_weight = products * inverse
        # ∂L/∂x = γ/σ (g − Σg/n − x̂ Σ(g x̂)/n), as a sum of multiples of g, x and 1.
        slope = -scale * inverse * to_weight / len(rows)
        offset = -scale * to_bias / len(rows) - slope * mean
        to_x = torch.empty_like(x)
        _each(gradient, rows, given, scale, shift, slope, offset, _rows(to_x))
        return to_x, torch.from_numpy(to_weight), torch.from_numpy(to_bias), None


def _rows(planes: Tensor) -> np.ndarray:
    """View (B, C, H, W) bfloat16, channels last, as (B·H·W, C) uint16."""
    return planes.permute(0, 2, 3, 1).reshape(-1, planes.shape[1]).view(torch.uint16).numpy()


def _reduce(kernel, rows: np.ndarray, *more: np.ndarray) -> np.ndarray:
    """Take two sums of each channel, (2, C), the same whatever number of threads adds them up."""
    from colorkit.models.norm_relu_loops import BLOCK

    out = np.empty((-(-len(rows) // BLOCK), 2, rows.shape[1]), np.float32)
    _each(kernel, rows, *more, out)
    return out.sum(axis=0, dtype=np.float64)


def _each(kernel, *arrays: np.ndarray) -> None:
    """Run a kernel on as many parts of its planes, and of what it writes, as there are threads.

    Planes have two axes, sums three; what has one belongs to channels and is given whole.
    """
    from colorkit.models.norm_relu_loops import BLOCK

    def run(part: slice) -> None:
        rows = slice(part.start * BLOCK, part.stop * BLOCK)
        kernel(
            *(
                a.astype(np.float32) if a.ndim == 1 else a[rows if a.ndim == 2 else part]
                for a in arrays
            )
        )

    share(run, -(-len(arrays[0]) // BLOCK))
