"""Running one chapter, and sharing the cores among several; see `test_build` for whole runs."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import papermill
import pytest
import torch
import zmq

from colorkit.report import runner
from colorkit.system.errors import ColorkitError


def test_as_many_at_a_time_as_there_are_cores(monkeypatch):
    for cores, wanted in ((1, (1, 1)), (2, (2, 1)), (16, (4, 4))):
        monkeypatch.setattr(torch, "get_num_threads", lambda cores=cores: cores)
        assert runner.share_cores(0) == wanted
    assert runner.share_cores(1) == (1, 16)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert runner.share_cores(0) == (1, 16)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a chapter by a stand-in for papermill: its result, and the options it was given."""

    def start(execute, profile="smoke"):
        given = {}

        def stand_in(source, working, values, **options):
            given.update(options, progress=os.environ["COLORKIT_PROGRESS"])
            execute(working)

        monkeypatch.setattr(papermill, "execute_notebook", stand_in)
        chapter = SimpleNamespace(path=tmp_path / "01_first.ipynb", name="01_first")
        final = tmp_path / "run" / "01_first.ipynb"
        return runner._execute(chapter, {"profile": profile}, final, tmp_path), given, final

    return start


def write(working):
    Path(working).write_text("done")


@pytest.mark.parametrize("before", [None, "live"])
def test_a_chapter_has_its_name_when_it_ran_to_its_end(run, tmp_path, monkeypatch, before):
    monkeypatch.delenv("COLORKIT_PROGRESS", raising=False)
    if before:
        monkeypatch.setenv("COLORKIT_PROGRESS", before)
    reason, given, final = run(write)
    assert (reason, final.read_text()) == ("", "done")
    assert list(tmp_path.rglob("*.ipynb")) == [final]
    assert os.environ.get("COLORKIT_PROGRESS") == before and given["progress"] == "plain"
    assert (given["execution_timeout"], given["start_timeout"]) == (1200, 180)
    assert (given["cwd"], given["kernel_name"]) == (str(tmp_path), "python3")
    assert run(write, "photos")[1]["execution_timeout"] is None


def test_kernels_take_ports_only_where_sockets_have_no_names(run, monkeypatch):
    assert run(write)[1]["config"].KernelManager.transport == "ipc"
    monkeypatch.setattr(zmq, "has", lambda what: what != "ipc")  # as on Windows
    assert not {"transport", "ip"} & set(run(write)[1]["config"].KernelManager)


def test_why_a_chapter_failed_is_one_line(run):
    def cell(_):
        raise papermill.PapermillExecutionError(4, 4, "x", "ValueError", "no\ncolor", [])

    def kernel(_):
        raise RuntimeError("Kernel died before replying.\nsee the log")

    def disk(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    def bug(_):
        raise OSError(errno.ENOENT, "No such file")

    reason, _, final = run(cell)
    assert reason == "cell 4: ValueError: no color" and not final.exists()
    assert run(kernel)[0] == "RuntimeError: Kernel died before replying. see the log"
    with pytest.raises(ColorkitError, match=r"unfinished/01_first\.ipynb: no space left"):
        run(disk)
    with pytest.raises(OSError, match="No such file"):
        run(bug)
