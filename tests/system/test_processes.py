"""Processes of their own: what they give, how they end, and that none outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from colorkit.system.errors import ColorkitError
from colorkit.system.processes import elsewhere, end_all

PARENT = """
import os, sys, threading
from colorkit.system.processes import elsewhere
from test_processes import sleep_long
if __name__ == "__main__":
    elsewhere(sleep_long, sys.argv[1])
"""


def add(a, b):
    return a + b, os.getpid(), str(Path.cwd())


def die(number):
    os.kill(os.getpid(), number)


def sleep_long(path):
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)


def test_gives_what_the_work_gives_from_the_same_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found, process, folder = elsewhere(add, 1, 2)
    assert found == 3 and process != os.getpid() and folder == str(tmp_path.resolve())


def test_an_end_without_an_answer_is_said():
    with pytest.raises(ColorkitError, match=f"ended with status {-signal.SIGKILL}"):
        elsewhere(die, signal.SIGKILL)


def wait_for(condition, seconds: float = 20.0):
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_none_outlives_a_parent_that_is_killed(tmp_path, number):
    (tmp_path / "parent.py").write_text(PARENT)
    mark = tmp_path / "pid"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, str(tmp_path / "parent.py"), str(mark)]
    with subprocess.Popen(command, env=environment) as parent:
        child = int(wait_for(lambda: mark.exists() and mark.read_text()))
        assert psutil.pid_exists(child)
        parent.send_signal(number)
        parent.wait()
    gone = wait_for(
        lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie"
    )
    assert gone


def test_ending_all_ends_those_at_work(tmp_path):
    from threading import Thread

    faults = []

    def work():
        try:
            elsewhere(sleep_long, str(tmp_path / "pid"))
        except ColorkitError as fault:
            faults.append(str(fault))

    thread = Thread(target=work)
    thread.start()
    assert wait_for((tmp_path / "pid").exists)
    end_all()
    thread.join(20)
    assert faults == [f"its process ended with status {128 + signal.SIGTERM}"]
