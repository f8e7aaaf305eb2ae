"""The trainings of the sweep, one by one or several at a time, each in a process of its own.

One that fails is reported and the others go on.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from queue import SimpleQueue

import torch

from colorkit.course.networks import Course
from colorkit.studies.gans.configurations import NAMES, missing, needs
from colorkit.studies.gans.sweep import Sweep
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.processes import elsewhere, end_all
from colorkit.training.run import Run


@dataclass(frozen=True)
class TrainingResult:
    """What became of a training: its run, or why there is none."""

    name: str
    run: Run | None = None
    fault: str = ""


def run_sweep(
    profile: str, names: list[str] | None = None, data: str = "", seed: int = 0, jobs: int = 0
) -> Iterator[TrainingResult]:
    """Train what is not trained yet, and tell each outcome as it comes.

    Args:
        profile, data, seed: see `colorkit.course.networks.Course`.
        names: of `colorkit.studies.gans.configurations.NAMES`, with all that they need; by default
            all that can be done on this machine.
        jobs: trainings at a time, each in a process of its own: on a GPU of its own where there
            are several, else with one thread. 0 takes one for each GPU.

    Raises:
        ColorkitError: an unknown name, or a profile that has no sweep; nothing has run then.
    """
    course = (profile, seed, data)
    sweep = Sweep(Course(*course))
    if unknown := [name for name in names or () if name not in NAMES]:
        raise ColorkitError(f"no training {unknown[0]!r}; choose among {', '.join(NAMES)}")
    waiting = _with_needs(names or [name for name in NAMES if not missing(name)])
    jobs, failed = jobs or max(1, torch.cuda.device_count()), {}
    while waiting:
        lost = {name: n for name in waiting for n in needs(name) if n in failed}
        for name, other in lost.items():
            failed[name] = f"it needs {other}, which failed"
            yield TrainingResult(name, fault=failed[name])
        waiting = [name for name in waiting if name not in lost]
        if lost:
            continue  # others may need these
        ready = [name for name in waiting if not set(needs(name)) & set(waiting)]
        waiting = [name for name in waiting if name not in ready]
        for outcome in _spread(sweep, course, ready, jobs):
            failed |= {outcome.name: outcome.fault} if outcome.fault else {}
            yield outcome


def _with_needs(names: list[str]) -> list[str]:
    """Those names and all that they need, in the order of the table."""
    found, more = set(), set(names)
    while more:
        found |= more
        more = {other for name in more for other in needs(name)} - found
    return [name for name in NAMES if name in found]


def _spread(sweep: Sweep, course: tuple, names: list[str], jobs: int) -> Iterator[TrainingResult]:
    """Train in this process, or so many at a time in others."""
    if jobs == 1 or len(names) < 2:
        yield from (_attempt(sweep, name) for name in names)
        return
    sweep.decode()
    places: SimpleQueue = SimpleQueue()
    for k in range(jobs):
        places.put(_gpu(k))
    with ThreadPoolExecutor(jobs) as pool:
        try:
            waiting = {pool.submit(_with_gpu, course, name, places): name for name in names}
            for done in as_completed(waiting):
                name, fault = waiting[done], done.result()
                yield TrainingResult(name, fault=fault) if fault else _attempt(sweep, name)
        except BaseException:
            end_all()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _attempt(sweep: Sweep, name: str) -> TrainingResult:
    try:
        return TrainingResult(name, sweep.train(name))
    except ColorkitError as fault:
        return TrainingResult(name, fault=str(fault))
    except Exception as fault:  # whatever it was, the others go on
        return TrainingResult(name, fault=f"{type(fault).__name__}: {one_line(fault)}")


def _gpu(k: int) -> str:
    """Name of the GPU that process k has for itself; empty where there are not several."""
    count = torch.cuda.device_count()
    if count < 2:
        return ""
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    return named[k % count] if len(named) == count else str(k % count)


def _with_gpu(course: tuple, name: str, places: SimpleQueue) -> str:
    """Train in a process of its own, and return why it failed, if it did."""
    gpu = places.get()
    try:
        return elsewhere(_alone, course, name, gpu)
    except ColorkitError as fault:
        return str(fault)
    finally:
        places.put(gpu)


def _alone(course: tuple, name: str, gpu: str) -> str:
    """Train on one core, and on a GPU of its own where there are several."""
    torch.set_num_threads(1)
    if gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu  # CUDA reads it when it is first used, below
    return _attempt(Sweep(Course(*course)), name).fault
