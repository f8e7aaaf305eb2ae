"""SIGTERM and SIGHUP stop a program as Ctrl-C does, and nothing half written stays."""

import os
import signal
import subprocess
import sys
import time
from threading import Thread

import pytest

from colorkit.system.errors import ColorkitError
from colorkit.system.processes import elsewhere, end_all
from colorkit.system.stops import obeyed
from colorkit.system.writing import atomic_write

pty = pytest.importorskip("pty", exc_type=ImportError)  # nor has Windows its signals
SIGNALS = [signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def usual():
    """What is started in the background may be deaf to SIGHUP."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_what_ctrl_c_is_and_what_is_written_goes(number, tmp_path):
    with obeyed() as stops:
        assert stops.status == 130
        with pytest.raises(KeyboardInterrupt), atomic_write(tmp_path / "a") as file:
            file.write(b"half")
            signal.raise_signal(number)
    assert (stops.told, stops.status) == (number, 128 + number)
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(number) is signal.SIG_DFL


def test_the_next_signal_does_not_disturb_the_cleaning_up():
    with obeyed() as stops:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGHUP)
        for number in SIGNALS:
            signal.raise_signal(number)
    assert stops.told == signal.SIGHUP


def test_what_is_ignored_or_handled_stays_so():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    heard = []
    signal.signal(signal.SIGTERM, lambda *_: heard.append(True))
    with obeyed() as stops:
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGTERM)
    assert (stops.told, heard) == (None, [True])


def test_another_thread_changes_nothing():
    found = []

    def work():
        with obeyed():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.SIG_DFL]


def hold(folder):
    with atomic_write(folder / "a") as file:
        file.write(b"half")
        (folder / "begun").touch()
        time.sleep(600)


def test_processes_that_are_ended_clean_up_first(tmp_path):
    faults = []

    def work():
        try:
            elsewhere(hold, tmp_path)
        except ColorkitError as fault:
            faults.append(str(fault))

    thread = Thread(target=work)
    thread.start()
    end = time.monotonic() + 60
    while not (tmp_path / "begun").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert len(list(tmp_path.glob(".*.part"))) == 1
    end_all()
    thread.join(60)
    assert faults == ["its process ended with status 143"]
    assert [path.name for path in tmp_path.iterdir()] == ["begun"]


def test_a_closed_terminal_leaves_nothing_and_no_fault(tmp_path):
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from colorkit.system.stops import obeyed\n"
        "from colorkit.system.writing import atomic_write\n"
        "folder = Path(sys.argv[1])\n"
        "with obeyed() as stops:\n"
        "    try:\n"
        "        with atomic_write(folder / 'a') as file:\n"
        "            (folder / 'begun').touch()\n"
        "            time.sleep(600)\n"
        "    except KeyboardInterrupt:\n"
        "        print('stopped', flush=True)\n"  # nobody is there to read it
        "        (folder / 'clean').touch()\n"
        "sys.exit(stops.status)\n"
    )
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-c", program, str(tmp_path)]
    process = subprocess.Popen(
        arguments, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    end = time.monotonic() + 60
    while not (tmp_path / "begun").exists() and time.monotonic() < end:
        time.sleep(0.05)
    os.close(ours)  # the terminal is gone, and says so to whoever leads its session
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 129
    assert {path.name for path in tmp_path.iterdir()} == {"begun", "clean"}
