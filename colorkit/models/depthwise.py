"""A convolution of each channel by itself, whose gradients are compiled for CPUs.

PyTorch's own take longer than those of all other convolutions of an EfficientNet together: with
bfloat16 four times as long as with float32, and the filters' gradient on small planes twenty times
as long as the multiplications need.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from colorkit.system.threads import share


class Depthwise(nn.Conv2d):
    """An `nn.Conv2d` with as many groups as channels; on CPUs in single precision.

    Square filters, the same stride and padding both ways, no bias.
    """

    def forward(self, x: Tensor) -> Tensor:
        """As `nn.Conv2d`."""
        if x.device.type != "cpu":
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            single = x.float() if self.weight.dtype == torch.float32 else x
            if single.dtype != torch.float32 or not torch.is_grad_enabled():
                return super().forward(single).to(x.dtype)
            geometry = self.stride[0], self.padding[0]
            return _DepthwiseConvolution.apply(single, self.weight, *geometry).to(x.dtype)


class _DepthwiseConvolution(torch.autograd.Function):
    """The same values and gradients as `torch.nn.functional.conv2d`, quicker backward."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.geometry = stride, padding
        return F.conv2d(x, weight, None, stride, padding, groups=len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor):
        from colorkit.models.depthwise_loops import to_input, to_weight

        (x, weight), (stride, padding) = ctx.saved_tensors, ctx.geometry
        given, (channels, _, side, _) = _planes(grad), weight.shape
        to_x = None
        if ctx.needs_input_grad[0] and stride == 1:  # here PyTorch's own is the quicker one
            geometry = [1, 1], [padding, padding], [1, 1], False, [0, 0], channels
            gradients = torch.ops.aten.convolution_backward
            to_x, _, _ = gradients(grad, x, weight, None, *geometry, [True, False, False])
        elif ctx.needs_input_grad[0]:
            to_x = torch.empty_like(x, memory_format=torch.channels_last)
            filters = weight.detach()[:, 0].permute(1, 2, 0).contiguous().numpy()
            _each(to_input, given, filters, stride, padding, _planes(to_x))
        if not ctx.needs_input_grad[1]:
            return to_x, None, None, None
        sums = np.empty((len(x), side, side, channels), np.float32)
        _each(to_weight, _planes(x), given, stride, padding, sums)
        total = torch.from_numpy(sums.sum(axis=0, dtype=np.float64).astype(np.float32))
        return to_x, total.permute(2, 0, 1).unsqueeze(1), None, None


def _planes(x: Tensor) -> np.ndarray:
    """View (B, C, H, W) as (B, H, W, C); a copy where channels do not lie side by side."""
    return x.detach().permute(0, 2, 3, 1).contiguous().numpy()


def _each(kernel, *arguments) -> None:
    """Run a kernel on as many parts of the batch as there are threads.

    Arrays with four axes are batches; all other arguments are given whole.
    """

    def run(part: slice) -> None:
        kernel(*(a[part] if getattr(a, "ndim", 0) == 4 else a for a in arguments))

    share(run, len(arguments[0]))
