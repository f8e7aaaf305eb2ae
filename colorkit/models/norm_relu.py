"""Batch normalization with the rectification behind it, in fewer passes over memory.

On a CPU a training step waits for memory a good part of its time: half of it where bfloat16 is
multiplied in hardware. PyTorch reads or writes the planes 14 times for a normalization, a
rectification and their gradients; taken together 8 times are enough.
"""

from itertools import zip_longest

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from colorkit.system.threads import share

CEILINGS = {nn.ReLU: float("inf"), nn.ReLU6: 6.0}  # where rectifiers cut off
LEAST = 1 << 20  # numbers in a plane below which calling costs what is saved


class Layers(nn.Sequential):
    """Layers one after the other, as `nn.Sequential`, a `BatchNorm2d` and its rectifier in one."""

    def forward(self, x: Tensor) -> Tensor:
        """Pass x through all layers."""
        layers, done = list(self), None
        for layer, after in zip_longest(layers, layers[1:]):
            ceiling = CEILINGS.get(type(after))
            if isinstance(layer, nn.BatchNorm2d) and ceiling and pays(layer, x):
                x, done = _NormReLU.apply(x, layer.weight, layer.bias, layer, ceiling), after
            elif layer is not done:
                x = layer(x)
        return x


def pays(norm: nn.BatchNorm2d, x: Tensor) -> bool:
    """Whether the compiled passes can be taken, and are quicker, for x (B, C, H, W)."""
    return (
        norm.training
        and norm.affine
        and norm.track_running_stats
        and x.dtype in (torch.bfloat16, torch.float32)
        and x.device.type == "cpu"
        and x.numel() >= LEAST
        and x.is_contiguous(memory_format=torch.channels_last)
    )


class _NormReLU(torch.autograd.Function):
    """y = min(max(γ (x − μ) / σ + β, 0), c) with μ and σ of the batch (Ioffe & Szegedy 2015)."""

    @staticmethod
    def forward(
        ctx, x: Tensor, weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d, ceiling: float
    ) -> Tensor:
        from colorkit.models.norm_relu_loops import kernels

        compiled = kernels(x.dtype == torch.bfloat16)
        rows = _rows(x)
        count, near = len(rows), x.detach()[0, :, 0, 0].double().numpy()
        first, second = _reduce(compiled.sums, rows, near) / count
        with np.errstate(invalid="ignore"):  # whoever trains is told of what is no number
            mean, variance = near + first, np.maximum(second - first**2, 0)
        with torch.no_grad():
            norm.num_batches_tracked.add_(1)
            unbiased = variance * count / (count - 1)
            for kept, seen in ((norm.running_mean, mean), (norm.running_var, unbiased)):
                # By `data`, unseen by autograd as PyTorch's own does it: if the same layer's other
                # pass took that, its gradient would refuse statistics that have changed since.
                kept.data.lerp_(torch.from_numpy(seen).to(kept), norm.momentum)
        inverse = 1 / np.sqrt(variance + norm.eps)
        scale = weight.detach().double().numpy() * inverse
        shift = bias.detach().double().numpy() - mean * scale
        y = torch.empty_like(x)
        _each(compiled.rectify, rows, scale, shift, ceiling, _rows(y))
        ctx.save_for_backward(x)
        ctx.about = mean, inverse, scale, shift, ceiling, compiled
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor):
        (x,), (mean, inverse, scale, shift, ceiling, compiled) = ctx.saved_tensors, ctx.about
        grad = grad.to(x.dtype).contiguous(memory_format=torch.channels_last)
        rows, given = _rows(x), _rows(grad)
        to_bias, products = _reduce(
            compiled.gradient_sums, rows, given, scale, shift, mean, ceiling
        )
        to_weight = products * inverse
        # ∂L/∂x = γ/σ (g − Σg/n − x̂ Σ(g x̂)/n), as a sum of multiples of g, x and 1.
        slope = -scale * inverse * to_weight / len(rows)
        offset = -scale * to_bias / len(rows) - slope * mean
        to_x = torch.empty_like(x)
        _each(compiled.gradient, rows, given, scale, shift, slope, offset, ceiling, _rows(to_x))
        return to_x, torch.from_numpy(to_weight), torch.from_numpy(to_bias), None, None


def _rows(planes: Tensor) -> np.ndarray:
    """View (B, C, H, W), channels last, as (B·H·W, C): float32, or uint16 for bfloat16."""
    rows = planes.permute(0, 2, 3, 1).reshape(-1, planes.shape[1])
    return (rows.view(torch.uint16) if rows.dtype == torch.bfloat16 else rows).numpy()


def _reduce(kernel, rows: np.ndarray, *more: np.ndarray | float) -> np.ndarray:
    """Take two sums of each channel, (2, C), the same whatever number of threads adds them up."""
    from colorkit.models.norm_relu_loops import BLOCK

    out = np.empty((-(-len(rows) // BLOCK), 2, rows.shape[1]), np.float32)
    _each(kernel, rows, *more, out)
    return out.sum(axis=0, dtype=np.float64)


def _each(kernel, *arguments: np.ndarray | float) -> None:
    """Run a kernel on as many parts of its planes, and of what it writes, as there are threads.

    Planes have two axes, sums three; what has one belongs to channels and is given whole, as are
    numbers.
    """
    from colorkit.models.norm_relu_loops import BLOCK

    whole = [a.astype(np.float32) if np.ndim(a) == 1 else a for a in arguments]

    def run(part: slice) -> None:
        rows = slice(part.start * BLOCK, part.stop * BLOCK)
        kernel(*(a if np.ndim(a) < 2 else a[rows if a.ndim == 2 else part] for a in whole))

    share(run, -(-len(arguments[0]) // BLOCK))
