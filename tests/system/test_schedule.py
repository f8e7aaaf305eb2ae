"""Jobs that need others: their order, how many at a time, what a failure or Ctrl-C ends."""

import graphlib
import multiprocessing
import threading
import time
from pathlib import Path

import pytest

from colorkit.system.errors import ColorkitError
from colorkit.system.processes import elsewhere
from colorkit.system.schedule import run_jobs

DIAMOND = {"last": ["left", "right"], "left": ["first"], "right": ["first"], "first": ["no job"]}


def run(needs, most=1, work=lambda name: name, fails=()):
    """Give what comes of jobs: their names, or those of the failed ones they need."""

    def skip(name, broken):
        return f"{name} lacks {', '.join(broken)}"

    def failed(result):
        return result in fails or "lacks" in result

    return run_jobs(needs, work, skip, failed, most)


@pytest.mark.parametrize("most", [1, 2])
def test_each_after_those_it_needs_and_the_first_first(most):
    first, *middle, last = run(DIAMOND, most)
    assert (first, last) == ("first", "last")
    assert (middle if most == 1 else sorted(middle)) == ["left", "right"]


@pytest.mark.parametrize("most", [1, 3])
def test_what_needs_a_failure_is_skipped_and_the_rest_is_done(most):
    done = []

    def work(name):
        done.append(name)
        return name

    jobs = {"a": [], "b": ["a"], "c": [], "d": ["c", "b"], "e": ["c"], "f": ["a", "d"]}
    found = sorted(run(jobs, most, work, fails=("a",)))
    assert found == ["a", "b lacks a", "c", "d lacks b", "e", "f lacks a, d"]
    assert sorted(done) == ["a", "c", "e"]


def test_so_many_at_a_time_and_no_more():
    meeting, at_work, seen = threading.Barrier(3), [], []

    def work(name):
        at_work.append(name)
        seen.append(len(at_work))
        meeting.wait(20)  # only three together get past
        at_work.remove(name)
        return name

    assert sorted(run(dict.fromkeys("abcdef", ()), 3, work)) == list("abcdef")
    assert max(seen) == 3


def test_one_at_a_time_is_done_in_this_thread():
    threads = list(run({"a": [], "b": []}, 1, lambda name: str(threading.get_ident())))
    assert threads == [str(threading.get_ident())] * 2


def test_none_waits_longer_than_for_those_it_needs():
    slow = threading.Event()

    def work(name):
        assert name != "slow" or slow.wait(20)
        return name

    found = run({"slow": [], "quick": [], "after": ["quick"]}, 2, work)
    assert [next(found), next(found)] == ["quick", "after"]
    slow.set()
    assert list(found) == ["slow"]


def test_a_circle_is_refused_before_anything_is_done():
    with pytest.raises(graphlib.CycleError):
        next(run({"free": [], "a": ["b"], "b": ["a"]}, work=pytest.fail))


def sleep_long(path):
    Path(path).touch()
    time.sleep(600)


def test_breaking_off_ends_the_processes_and_begins_no_more(tmp_path):
    asked, ends = [], []

    def work(name):
        asked.append(name)
        if name == "stops":
            while not (tmp_path / "begun").exists():
                time.sleep(0.05)
            raise KeyboardInterrupt
        try:
            return elsewhere(sleep_long, tmp_path / "begun")
        except ColorkitError as error:
            ends.append(str(error))
            return name

    with pytest.raises(KeyboardInterrupt):
        list(run({"sleeps": [], "stops": [], "later": []}, 2, work))
    assert asked == ["sleeps", "stops"] and ends == ["its process ended with status 143"]
    assert not multiprocessing.active_children()


def test_what_may_go_at_last_goes_before_what_stands_behind_it():
    """Nothing is handed out before there is room for it, or it would be done too early."""
    started, behind, third = [], threading.Event(), threading.Event()

    def work(name):
        started.append(name)
        if name == "next":  # stands in the first one's place while the second ends
            third.set()
            behind.wait(20)
        if name == "second":
            third.wait(20)
        if name in ("early", "late", "later"):
            behind.set()
        return name

    jobs = {"first": [], "second": [], "next": ["first"], "early": ["second"]}
    assert set(run(jobs | {"late": [], "later": []}, 2, work)) == {*jobs, "late", "later"}
    assert started.index("early") < started.index("late")
