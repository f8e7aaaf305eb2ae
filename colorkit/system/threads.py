"""Work of several threads: loops that share it, and steps that follow one another."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from typing import TypeVar

import torch

T = TypeVar("T")


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


@contextmanager
def ahead(items: Iterator[T]) -> Iterator[Iterator[T]]:
    """Let another thread make the next item while the present one is worked on.

    It pays where making an item and working on it both leave cores idle. One item more is in memory
    than without. At the end of the context the other thread has stopped, so that what it reads
    from may be closed.

    Args:
        items: only the other thread asks it for items. What it raises is raised at its item.

    Returns:
        The same items.
    """
    end = object()
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, items, end)

        def made() -> Iterator[T]:
            nonlocal following
            while (item := following.result()) is not end:
                following = thread.submit(next, items, end)
                yield item

        yield made()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)
