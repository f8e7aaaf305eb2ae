"""Settings of the whole process, while threads need them."""

import os
import platform
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from colorkit.system import process_settings
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


@pytest.mark.parametrize(("block", "first"), [(5, 5), (4 + 2**-21, 5), (None, None)])
def test_half_of_the_memory_is_named_in_whole_huge_pages(monkeypatch, block, first):
    page, size, told = 2 << 20, 1_000_000 * 4096 // 2, []
    given = None if block is None else int(block * page)

    def malloc(asked):
        told.append(asked.value)
        return given

    library = SimpleNamespace(
        malloc=malloc,
        madvise=lambda where, count, what: told.append((where.value, count.value, what)),
        free=lambda where: told.append(where.value),
    )
    sizes = {"SC_PHYS_PAGES": 1_000_000, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", sizes.get)
    process_settings._huge_pages(library)
    if given is None:
        assert told == [size]
    else:
        assert told == [size, (first * page, size - 2 * page, 14), given]
