"""The command line: one sentence and a status for every mistake, never a traceback."""

import errno
import subprocess
import sys

import pytest

import colorkit
from colorkit.system.project import project_root


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["report", "--profile", "smoek"], "no profile 'smoek'; choose one of"),
        (["report", "--only", "77"], "no chapter '77'"),
        (["report", "extra"], "unexpected extra"),
        (["report", "--profile", "photos", "--data", "nowhere"], "is not a folder"),
        (["report", "--colour"], "No such option"),
        (["train", "nonet"], "no network 'nonet' in smoke; it has vegenet"),
        (["train", "vegenet", "--seed", "-1"], "seed"),
        (["paint"], "No such command"),
    ],
)
def test_a_mistake_gets_one_sentence_and_status_2(monkeypatch, command, arguments, says):
    monkeypatch.chdir(project_root())
    status, _, error = command(*arguments)
    assert status == 2
    assert says in error
    assert error.startswith("colorkit: ")
    assert error.count("\n") == 1
    assert "Traceback" not in error


def test_folders_that_cannot_be_trained_on(monkeypatch, command, tmp_path):
    monkeypatch.chdir(project_root())
    options = ["train", "vegenet", "--profile", "photos", "--data", str(tmp_path)]
    status, _, error = command(*options)
    assert (status, "holds no image" in error) == (2, True)
    (tmp_path / "garden").mkdir()
    (tmp_path / "garden" / "a.jpg").write_bytes(b"not an image")
    status, _, error = command(*options)
    assert (status, "has no images of class" in error) == (2, True)


def test_outside_a_clone_it_says_so(monkeypatch, command, tmp_path):
    monkeypatch.chdir(tmp_path)
    status, _, error = command("report")
    assert (status, "not inside a clone" in error) == (2, True)


def test_ctrl_c_is_quiet_and_says_how_to_go_on(monkeypatch, command):
    monkeypatch.chdir(project_root())
    monkeypatch.setattr("colorkit.report.build.run_report", _interrupt)
    status, _, error = command("report")
    assert status == 130
    assert error == "colorkit: stopped; the same command goes on where it was.\n"


def test_a_full_disk_anywhere_is_one_sentence(monkeypatch, command):
    def fill(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "report/_build/x")

    monkeypatch.chdir(project_root())
    monkeypatch.setattr("colorkit.report.build.run_report", fill)
    status, _, error = command("report")
    assert status == 2
    assert error.startswith("colorkit: could not write report/_build/x: no space left")


def _interrupt(*_):
    raise KeyboardInterrupt


def test_a_failed_chapter_gives_status_1(monkeypatch, command):
    from colorkit.report.build import ChapterResult

    monkeypatch.chdir(project_root())
    monkeypatch.setattr(
        "colorkit.report.build.run_report", lambda *_: [ChapterResult("01", "failed")]
    )
    assert command("report")[0] == 1


def test_the_version_is_told(command):
    assert command("--version") == (0, f"colorkit {colorkit.__version__}\n", "")


@pytest.mark.parametrize("group", [(), ("data",)], ids=["colorkit", "data"])
def test_a_command_by_itself_shows_its_help_as_it_is(command, group):
    status, shown, fault = command(*group)
    assert (status, fault) == (0, "")
    assert shown.split() == command(*group, "--help")[1].split() and shown.count("\n") > 5


def test_help_needs_no_torch():
    code = "import sys; sys.argv = ['colorkit', '--help']\nfrom colorkit.app import cli\n"
    code += "try: cli.main()\nexcept SystemExit: pass\nassert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0
