"""The runner: chapters through papermill, each after those it needs, several at a time.

A chapter whose cells, data and library did not change is not run again.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from colorkit.report.notebooks import ChapterSource, digest
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.processes import elsewhere
from colorkit.system.schedule import run_jobs
from colorkit.system.writing import REMEDIES, write_fault, write_json

BAD = ("failed", "skipped")
_MOST = 4  # chapters at a time: a kernel takes some 1.5 GB


@dataclass
class ChapterResult:
    """What became of a chapter: `ran`, `current` (nothing changed), `failed` or `skipped`."""

    name: str
    state: str
    seconds: float = 0.0
    reason: str = ""


def share_cores(jobs: int) -> tuple[int, int]:
    """Chapters at a time, and threads for each.

    Two processes of one thread do more than one of two threads, most of whose steps are too small
    to share. A GPU is not shared: two networks may not fit its memory.
    """
    import torch

    cores = torch.get_num_threads()  # what the system, or OMP_NUM_THREADS, gives to a process
    jobs = jobs or (1 if torch.cuda.is_available() else min(cores, _MOST))
    return jobs, max(1, cores // jobs)


def run_chapters(
    chosen, base, values, run, root, jobs: int, threads: int
) -> Iterator[ChapterResult]:
    """Run chapters, several at a time if so wished, each after those before it that it needs."""
    chapters = {chapter.name: chapter for chapter in chosen}
    execute = _execute if jobs == 1 else partial(_execute_elsewhere, threads)

    def skip(name: str, broken: list[str]) -> ChapterResult:
        return ChapterResult(name, "skipped", reason=f"needs {', '.join(broken)}")

    yield from run_jobs(
        {name: [n for n in chapter.needs if n < name] for name, chapter in chapters.items()},
        lambda name: _run_chapter(chapters[name], base, values, run, root, execute),
        skip,
        lambda result: result.state in BAD,
        jobs,
    )


def is_current(chapter: ChapterSource, base: str, run: Path) -> bool:
    """Whether nothing that a chapter depends on changed since it ran."""
    stamp = _stamp(chapter, run)
    if not (_final(chapter, run).exists() and stamp.exists()):
        return False
    return json.loads(stamp.read_text(encoding="utf-8"))["key"] == _key(chapter, base)


def _key(chapter: ChapterSource, base: str) -> str:
    return digest([base, chapter.cells, chapter.needs])


def _final(chapter: ChapterSource, run: Path) -> Path:
    return run / "notebooks" / f"{chapter.name}.ipynb"


def _stamp(chapter: ChapterSource, run: Path) -> Path:
    return run / "state" / f"{chapter.name}.json"


def _run_chapter(chapter, base, values, run: Path, root: Path, execute) -> ChapterResult:
    if is_current(chapter, base, run):
        return ChapterResult(chapter.name, "current")
    final, stamp = _final(chapter, run), _stamp(chapter, run)
    started = time.monotonic()
    stamp.unlink(missing_ok=True)
    reason = execute(chapter, values, final, root)
    seconds = time.monotonic() - started
    if reason:
        return ChapterResult(chapter.name, "failed", seconds, reason)
    write_json(stamp, {"key": _key(chapter, base), "seconds": round(seconds, 1)})
    return ChapterResult(chapter.name, "ran", seconds)


def _execute_elsewhere(threads: int, *arguments) -> str:
    """Run one notebook from a process of its own, with so many threads for its kernel."""
    try:
        return elsewhere(_execute_alone, threads, *arguments)
    except ColorkitError as error:
        return str(error)


def _execute_alone(threads: int, *arguments) -> str:
    os.environ["OMP_NUM_THREADS"] = str(threads)
    try:
        return _execute(*arguments)
    except ColorkitError as error:
        return str(error)


def _execute(chapter: ChapterSource, values: dict, final: Path, root: Path) -> str:
    """Run one notebook; the result appears under its name only if every cell succeeded.

    Returns:
        Why it failed, in one line; empty when it did not.
    """
    import papermill
    import zmq
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    working = final.parent / "unfinished" / final.name
    working.parent.mkdir(parents=True, exist_ok=True)
    options = {
        "kernel_name": "python3",  # the interpreter this runs in
        "cwd": str(root),
        "progress_bar": False,
        # What a kernel says of itself when it is ended by Ctrl-C; cells' faults come otherwise.
        "extra_arguments": ["--IPKernelApp.log_level=CRITICAL"],
        "start_timeout": 180,
        "execution_timeout": 1200 if values["profile"] == "smoke" else None,
    }
    before = os.environ.get("COLORKIT_PROGRESS")
    os.environ["COLORKIT_PROGRESS"] = "plain"
    try:
        # Sockets in the file system: works without any network, and nobody else can listen in.
        # Windows has none; there kernels take ports of this machine alone, and have a key.
        with TemporaryDirectory(prefix="colorkit-") as sockets:
            manager = {"transport": "ipc", "ip": f"{sockets}/kernel"} if zmq.has("ipc") else {}
            options["config"] = Config({"KernelManager": manager})
            papermill.execute_notebook(str(chapter.path), str(working), values, **options)
    except papermill.PapermillExecutionError as error:
        return f"cell {error.cell_index}: {error.ename}: {one_line(error.evalue)[:300]}"
    except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
        return f"{type(error).__name__}: {one_line(error)[:300]}"
    except OSError as error:  # of papermill's own writing
        if error.errno not in REMEDIES:
            raise
        raise write_fault(working, error) from error
    finally:
        if before is None:
            del os.environ["COLORKIT_PROGRESS"]
        else:
            os.environ["COLORKIT_PROGRESS"] = before
    working.replace(final)
    return ""
