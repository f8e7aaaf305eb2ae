"""Settings of the whole process, changed while at least one thread needs them."""

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ContextDecorator, contextmanager


class Shared(ContextDecorator):
    """A setting that several threads may need at once; also a decorator of functions.

    A context manager of each thread's own would restore it in the wrong order; here the first
    thread in changes it and the last one out restores it.

    Args:
        settings: makes the context manager that changes and restores.
    """

    def __init__(self, settings: Callable[[], AbstractContextManager]):
        self.lock, self.inside, self.change = threading.Lock(), 0, settings

    def __enter__(self):
        with self.lock:
            self.inside += 1
            if self.inside == 1:
                self.settings = self.change()
                self.settings.__enter__()

    def __exit__(self, *error):
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                self.settings.__exit__(None, None, None)


@contextmanager
def _memory_kept():
    # Of malloc.h: parameters, and the values they reach by themselves in a program like ours.
    trim_threshold, mmap_max, mmap_threshold = -1, -4, -3
    usual = {mmap_max: 65536, mmap_threshold: 32 << 20, trim_threshold: 64 << 20}
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(library, "mallopt"):  # another C library
        yield
        return
    library.mallopt(mmap_max, 0)
    library.mallopt(trim_threshold, -1)  # never
    _huge_pages(library)
    try:
        yield
    finally:
        for parameter, value in usual.items():
            library.mallopt(parameter, value)
        library.malloc_trim(0)


def _huge_pages(library: ctypes.CDLL) -> None:
    """Let the memory that will be asked for come in pages of 2 MB, where the system has them.

    Half of the machine's memory is named, not used: taken from the system and given back to glibc
    untouched. What is refused stays as it is.
    """
    size, page = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2, 2 << 20
    library.malloc.restype = ctypes.c_void_p
    block = library.malloc(ctypes.c_size_t(size))
    if block:
        first = -(-block // page) * page
        advice = 14  # MADV_HUGEPAGE
        library.madvise(ctypes.c_void_p(first), ctypes.c_size_t(size - 2 * page), advice)
        library.free(ctypes.c_void_p(block))


# PyTorch asks for memory anew in every layer, and the C library returns what is large to the system
# at once: then a tenth of a training step, and a fifth of colorizing a large photograph, pass in
# getting the same pages again, cleared. Within this context glibc keeps what is given back.
memory_kept = Shared(_memory_kept)
