"""A training step of the default model: with compiled normalization and gradients, and without.

Both are the same network with the same weights. Where the processor multiplies bfloat16 both are
trained in it; the plain one's depthwise convolutions take float32 there, which was the quicker way
before their gradients were compiled.
"""

import statistics

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.timing import DEVICE, KIND, alternate, median_ratio, row
from colorkit.models.depthwise import Depthwise
from colorkit.models.efficientnet import EfficientUNet
from colorkit.models.norm_relu import Layers
from colorkit.system.devices import best_precision
from colorkit.system.process_settings import memory_kept

SIDE, CLASSES, BATCH = 96, 30, 32
TURNS = 50 if KIND == "gpu" else 6


@memory_kept  # as a training keeps it
def training() -> dict:
    """Whole steps: forward, loss, backward, optimizer."""
    works = {"ours": step(network()), "plain": step(plain(network()))}
    times = alternate(works, TURNS)
    ratio = median_ratio(times["plain"], times["ours"])
    found = row(
        f"training step, default model, {SIDE} × {SIDE}, batch {BATCH}",
        "images/s",
        BATCH / statistics.median(times["ours"]),
        "≥ 1.6 × without compiled passes",
        baseline=BATCH / statistics.median(times["plain"]),
        ratio=ratio,
        met=ratio >= 1.6,
    )
    return {"rows": [found]}


def network() -> EfficientUNet:
    """The default model's network."""
    torch.manual_seed(0)
    return EfficientUNet(CLASSES).train().to(DEVICE, memory_format=torch.channels_last)


class PlainDepthwise(nn.Conv2d):
    """On CPUs in single precision under autocast, with PyTorch's own gradients."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float()).to(x.dtype)


def plain(net: nn.Module) -> nn.Module:
    """Take the compiled passes out of a network."""
    for module in net.modules():
        if isinstance(module, Depthwise):
            module.__class__ = PlainDepthwise
        elif isinstance(module, Layers):
            module.__class__ = nn.Sequential
    return net


def step(net: nn.Module):
    """One training step on random images."""
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4, fused=True)
    gray = torch.rand(BATCH, 1, SIDE, SIDE, device=DEVICE)
    target = torch.rand(BATCH, 2, SIDE // 2, SIDE // 2, device=DEVICE)
    labels = torch.randint(CLASSES, (BATCH,), device=DEVICE)
    narrow = best_precision() == "bf16-mixed"

    def work():
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=narrow):
            ab, scores = net(gray)
        loss = F.mse_loss(ab.float(), target) + F.cross_entropy(scores.float(), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return work
