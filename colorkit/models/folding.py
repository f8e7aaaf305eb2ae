"""A network made for inference: the same function in fewer and quicker operations."""

import copy

import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval, fuse_linear_bn_eval

from colorkit.models.colornet import Fusion


def quick(model: nn.Module, dtype: torch.dtype | None = None) -> nn.Module:
    """Copy a network for inference: batch normalization folded, channels last, weights narrowed.

    In evaluation a batch normalization is a factor and a shift for each channel, which the
    convolution or layer before it can carry: W' = γW/σ, b' = β + γ(b − μ)/σ. Weights kept in
    bfloat16 need not be rounded again for every batch, as autocast does.

    Args:
        model: any network of `colorkit.models`; it is not changed.
        dtype: of weights and planes; None takes bfloat16 where the processor multiplies it.

    Returns:
        The copy in evaluation mode; it takes inputs of any floating type.
    """
    from colorkit.system.devices import has_bfloat16

    folded = _fold(copy.deepcopy(model).eval())
    dtype = dtype or (torch.bfloat16 if has_bfloat16() else torch.float32)
    return _Cast(folded.to(dtype).to(memory_format=torch.channels_last).requires_grad_(False))


class _Cast(nn.Module):
    """Bring inputs to the network's own type."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, image):
        weight = next(self.model.parameters())
        return self.model(image.to(weight.dtype))


def _fold(module: nn.Module) -> nn.Module:
    """Fold every batch normalization below `module` into the layer before it, in place."""
    for child in module.children():
        _fold(child)
    if isinstance(module, Fusion) and isinstance(module.norm, nn.BatchNorm2d):
        module.conv, module.norm = fuse_conv_bn_eval(module.conv, module.norm), nn.Identity()
    if isinstance(module, nn.Sequential):
        for k in range(len(module) - 1, 0, -1):
            before, norm = module[k - 1], module[k]
            if isinstance(norm, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
                module[k - 1], module[k] = fuse_conv_bn_eval(before, norm), nn.Identity()
            elif isinstance(norm, nn.BatchNorm1d) and isinstance(before, nn.Linear):
                module[k - 1], module[k] = fuse_linear_bn_eval(before, norm), nn.Identity()
    return module
