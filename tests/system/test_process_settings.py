"""Settings of the whole process, while threads need them."""

import platform
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from colorkit.system.process_settings import Shared


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


FAULTS = """
import ctypes, resource
from colorkit.system.process_settings import memory_kept

library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]

def faults(size=64 << 20):  # pages that the system must give for so many bytes
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    memory = library.malloc(size)
    ctypes.memset(memory, 1, size)
    library.free(memory)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def advised(size=64 << 20):  # whether the middle of so many bytes would come in huge pages
    memory, inside = library.malloc(size), False
    for line in open("/proc/self/smaps"):
        first, *rest = line.split()
        if "-" in first:
            start, end = (int(x, 16) for x in first.split("-"))
            inside = start <= memory + size // 2 < end
        if inside and first == "VmFlags:":
            library.free(memory)
            return int("hg" in rest)

with memory_kept:
    print(faults(), faults(), advised())
print(faults(), faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_memory_is_kept_within_and_given_back_after():
    # In a process of its own: others' memory has holes that are used first.
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True
    )
    first, kept, advised, *after = map(int, done.stdout.split())
    assert min(first, *after) > 4 * kept + 4
    assert advised or not Path("/sys/kernel/mm/transparent_hugepage").exists()
