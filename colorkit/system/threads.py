"""Work that compiled loops share among as many threads as PyTorch has."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

import torch


def share(work: Callable[[slice], None], count: int) -> None:
    """Call `work` with equal parts of range(count), each in a thread of its own.

    Args:
        work: must not hold Python's lock for long, or its parts run one after the other.
        count: of what there is to do.
    """
    threads = torch.get_num_threads()
    bounds = [count * k // threads for k in range(threads + 1)]
    parts = [slice(first, last) for first, last in pairwise(bounds)]
    others = [_pool(threads).submit(work, part) for part in parts[1:]]
    work(parts[0])
    for other in others:
        other.result()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)
