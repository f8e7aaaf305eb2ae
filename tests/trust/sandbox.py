"""A process that tries what may crash, hang or eat memory, and the word on what became of it.

Some decoders are C, which no `except` holds. So files are tried in another process, with a bound on
its memory and on its time; if it dies, is late or takes more, the attempt counts as lost.
"""

import contextlib
import multiprocessing
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

resource = pytest.importorskip("resource", exc_type=ImportError)  # Windows sets no such limits

SURVIVED, REFUSED, LOST = "survived", "refused", "lost"
Verdict = tuple[str, str]  # one of these, and the sentence or what went wrong


class Sandbox:
    """Tries one thing after another in a process of its own.

    Args:
        work: called there with the arguments of `try_`; gives a verdict. Of a module that can be
            imported.
        prepare: called there first, with nothing; loads what would be charged to the first attempt.
        memory: bytes that an attempt may take beyond what the process has after that.
        seconds: that an attempt may last.
    """

    def __init__(
        self,
        work: Callable[..., Verdict],
        prepare: Callable[[], object],
        memory: int,
        seconds: float,
    ):
        self._start = (work, prepare, memory)
        self._seconds, self._process = seconds, None

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *error) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None

    def try_(self, *arguments) -> Verdict:
        """Try once."""
        if self._process is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs, *self._start), daemon=True)
            self._process.start()
            theirs.close()
            assert self._pipe.poll(120) and self._pipe.recv() == "ready"
        self._pipe.send(arguments)
        try:
            if self._pipe.poll(self._seconds):
                return self._pipe.recv()
            fault = f"no end after {self._seconds:.0f} seconds"
        except EOFError:
            self._process.join()
            fault = f"the process ended with status {self._process.exitcode}"
        self.__exit__()
        return LOST, fault


def _serve(pipe, work: Callable[..., Verdict], prepare: Callable[[], object], memory: int) -> None:
    """Answer until the other end is closed."""
    prepare()
    # Addresses are not memory: reading so many bytes of a short file reserves them all. They are
    # bounded far above, so that what would take the machine's memory fails before it does.
    limit = _bytes("VmSize") + 8 * memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    at_rest = _bytes("VmRSS")
    pipe.send("ready")
    with contextlib.suppress(EOFError):
        while True:
            arguments = pipe.recv()
            Path("/proc/self/clear_refs").write_text("5")  # forget the largest size so far
            try:
                verdict = work(*arguments)
            except BaseException:
                verdict = LOST, traceback.format_exc()
            if (taken := _bytes("VmHWM") - at_rest) > memory:
                verdict = LOST, f"{taken:,} bytes of memory; {verdict}"
            pipe.send(verdict)


def _bytes(name: str) -> int:
    """Read a figure of this process's memory."""
    return 1024 * int(re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())[1])


@contextlib.contextmanager
def heard():
    """Keep what is written to the standard streams, by C libraries too: a list, filled at the end.

    It is `[output, errors]`.
    """
    texts: list[str] = []
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        streams = ((sys.stdout, 1, out), (sys.stderr, 2, error))
        kept = [os.dup(number) for _, number, _ in streams]
        try:
            for stream, number, file in streams:
                stream.flush()
                os.dup2(file.fileno(), number)
            yield texts
        finally:
            for (stream, number, file), old in zip(streams, kept, strict=True):
                stream.flush()
                os.dup2(old, number)
                os.close(old)
                file.seek(0)
                texts.append(file.read().decode(errors="surrogateescape"))


def typed(*words: str) -> tuple[int, str, str]:
    """Type a command of `colorkit`: its status, what it printed, and what as an error."""
    from colorkit.app import cli

    before, sys.argv = sys.argv, ["colorkit", *words]
    try:
        with heard() as texts:
            try:
                cli.main()
            except SystemExit as stop:
                status = stop.code
    finally:
        sys.argv = before
    return status, *texts
