"""What a network costs: parameters, multiplications, time, storage."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from colorkit.course.evaluation import predict_ab


@dataclass(frozen=True)
class Costs:
    """Of colorizing one image.

    Attributes:
        parameters: trained numbers.
        multiply_adds: of its convolutions and matrix products for one image.
        milliseconds: one an attempt, for one image on this machine's processor.
        megabytes: of its weights in half precision.
    """

    parameters: int
    multiply_adds: int
    milliseconds: np.ndarray
    megabytes: float


def costs(network: nn.Module, size: int, attempts: int = 15) -> Costs:
    """Measure a network on one gray image.

    Args:
        network: gray to chroma, in evaluation mode.
        size: side of the image.
        attempts: timed runs, after two that are not counted.
    """
    gray = torch.rand(1, 1, size, size, generator=torch.Generator().manual_seed(0))
    times = []
    for _ in range(attempts + 2):
        start = time.perf_counter()
        predict_ab(network, gray)
        times.append(1000 * (time.perf_counter() - start))
    count = sum(p.numel() for p in network.parameters())  # a teacher is frozen and no smaller
    return Costs(count, operations(network, size), np.array(times[2:]), 2 * count / 1e6)


def operations(network: nn.Module, size: int) -> int:
    """Count the multiply-adds of a network in evaluation mode for one gray image."""
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        network(torch.zeros(1, 1, size, size))
    return counted.get_total_flops() // 2


def widest(make: Callable[..., nn.Module], other: nn.Module, share: float, size: int = 64) -> int:
    """The largest width with which a network does no more work than a share of another's.

    Args:
        make: takes `width`, 1 or more.
        other: in evaluation mode.
        share: of its multiply-adds for an image of `size`.

    Returns:
        The width; 1 also where that is too much already.
    """
    most, width = share * operations(other, size), 1
    with torch.random.fork_rng(devices=[]):  # what is only counted must not change what is trained
        while operations(make(width=width + 1).eval(), size) <= most:
            width += 1
    return width
