"""Jobs of which some need others: each done after those, several at a time."""

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from typing import TypeVar

from colorkit.system.processes import end_all

Result = TypeVar("Result")


def run_jobs(
    needs: Mapping[str, Collection[str]],
    work: Callable[[str], Result],
    skip: Callable[[str, list[str]], Result],
    failed: Callable[[Result], bool],
    most: int = 1,
) -> Iterator[Result]:
    """Do jobs, each after those it needs, and give what came of each as it ends.

    Where this is broken off, all that `elsewhere` has begun is ended.

    Args:
        needs: the names of the jobs, with the names of those that each needs; where several could
            go, the first goes first. Names that are none of the jobs' are not waited for.
        work: does the job of a name, in this thread if one goes at a time; if more do, each in a
            thread of its own, which may wait for a process (`colorkit.system.processes.elsewhere`).
        skip: says what comes of a job that cannot be done, for those it needs failed or were
            skipped: it is given its name and theirs.
        failed: whether what came of a job is a failure.
        most: jobs at a time.

    Raises:
        graphlib.CycleError: jobs need each other; a ValueError.
    """
    jobs = {name: [n for n in others if n in needs] for name, others in needs.items()}
    place = {name: k for k, name in enumerate(jobs)}
    order = TopologicalSorter(jobs)
    order.prepare()
    ready, running, lost = [], {}, set()

    def begin(name: str) -> Future:
        if not (broken := [n for n in jobs[name] if n in lost]) and most > 1:
            return pool.submit(work, name)
        done = Future()
        done.set_result(skip(name, broken) if broken else work(name))
        return done

    with ThreadPoolExecutor(most) as pool:
        try:
            while order.is_active():
                ready = sorted((*ready, *order.get_ready()), key=place.get)
                for name in ready[: most - len(running)]:
                    ready.remove(name)
                    running[begin(name)] = name
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name, result = running.pop(future), future.result()
                    if failed(result):
                        lost.add(name)
                    order.done(name)
                    yield result
        except BaseException:
            end_all()
            raise
