"""The trainings of the sweep, one by one or several at a time, each in a process of its own.

One that fails is reported and the others go on.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from threading import Lock

import torch

from colorkit.course.networks import Course
from colorkit.studies.gans.configurations import NAMES, needs, repetitions
from colorkit.studies.gans.sweep import Sweep
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.processes import elsewhere
from colorkit.system.schedule import run_jobs
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
        names: of `Sweep.names`, with all that they need; by default all that can be done on this
            machine.
        jobs: trainings at a time, each in a process of its own: on a GPU of its own where there
            are several, else with one thread. 0 takes one for each GPU.

    Raises:
        ColorkitError: an unknown name, or a profile that has no sweep; nothing has run then.
    """
    course = (profile, seed, data)
    sweep = Sweep(Course(*course))
    known = repetitions(NAMES, sweep.seeds)
    if unknown := [name for name in names or () if name not in known]:
        raise ColorkitError(f"no training {unknown[0]!r}; choose among {', '.join(known)}")
    chosen = _with_needs(names or sweep.names(), known)
    most = min(jobs or max(1, torch.cuda.device_count()), len(chosen))
    if most > 1:
        sweep.decode()

    def skip(name: str, broken: list[str]) -> TrainingResult:
        return TrainingResult(name, fault=f"it needs {broken[0]}, which failed")

    yield from run_jobs(
        {name: needs(name) for name in chosen},
        partial(_attempt, sweep) if most == 1 else _Elsewhere(sweep, course, most),
        skip,
        lambda result: bool(result.fault),
        most,
    )


def _with_needs(names: list[str], known: list[str]) -> list[str]:
    """Those names and all that they need, in the order of those known."""
    found, more = set(), set(names)
    while more:
        found |= more
        more = {other for name in more for other in needs(name)} - found
    return [name for name in known if name in found]


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


class _Elsewhere:
    """Trains in processes of their own, and reads here what they leave."""

    def __init__(self, sweep: Sweep, course: tuple, most: int):
        self.sweep, self.course = sweep, course
        self.gpus, self.reading = SimpleQueue(), Lock()
        for k in range(most):
            self.gpus.put(_gpu(k))

    def __call__(self, name: str) -> TrainingResult:
        gpu = self.gpus.get()
        try:
            fault = elsewhere(_alone, self.course, name, gpu)
        except ColorkitError as error:
            fault = str(error)
        finally:
            self.gpus.put(gpu)
        if fault:
            return TrainingResult(name, fault=fault)
        with self.reading:
            return _attempt(self.sweep, name)


def _alone(course: tuple, name: str, gpu: str) -> str:
    """Train on one core, and on a GPU of its own where there are several."""
    torch.set_num_threads(1)
    if gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu  # CUDA reads it when it is first used, below
    return _attempt(Sweep(Course(*course)), name).fault
