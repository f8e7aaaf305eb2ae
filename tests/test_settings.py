"""Settings of the whole process, while threads need them."""

import ctypes
import platform
import resource
import threading
from contextlib import contextmanager

import pytest

from colorkit.settings import Shared, memory_kept


def test_the_first_in_changes_and_the_last_out_restores():
    told = []

    @contextmanager
    def setting():
        told.append("changed")
        try:
            yield
        finally:
            told.append("restored")

    shared = Shared(setting)
    entered, leave = threading.Event(), threading.Event()

    def other():
        with shared:
            entered.set()
            leave.wait()

    thread = threading.Thread(target=other)
    with pytest.raises(ValueError), shared:
        thread.start()
        entered.wait()
        raise ValueError
    assert told == ["changed"]
    leave.set()
    thread.join()
    assert told == ["changed", "restored"]
    shared(lambda: told.append("called"))()
    assert told[2:] == ["changed", "called", "restored"]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_memory_is_kept_within_and_given_back_after():
    library = ctypes.CDLL(None)
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    library.free.argtypes = [ctypes.c_void_p]
    size = 64 << 20

    def faults() -> int:
        """Pages that the system must give for so many bytes."""
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        memory = library.malloc(size)
        ctypes.memset(memory, 1, size)
        library.free(memory)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    with memory_kept:
        faults()
        kept = faults()
    faults()
    assert faults() > 4 * kept + 4
