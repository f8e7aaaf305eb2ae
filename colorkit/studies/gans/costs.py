"""What a network costs: parameters, multiplications, time, storage."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from colorkit.course.evaluation import predict_ab
from colorkit.models.colornet import parameter_count


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
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        network(gray)
    times = []
    for _ in range(attempts + 2):
        start = time.perf_counter()
        predict_ab(network, gray)
        times.append(1000 * (time.perf_counter() - start))
    count = parameter_count(network)
    multiply_adds = counted.get_total_flops() // 2
    return Costs(count, multiply_adds, np.array(times[2:]), 2 * count / 1e6)
