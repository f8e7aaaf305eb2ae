"""The report: what is run, what is not run again, and what a failure leaves behind."""

import json
import shutil

import nbformat
import numpy as np
import pytest
import torch
from made_chapters import PROFILE, write_chapter
from PIL import Image

from colorkit.report import build as report
from colorkit.report import plan, runner
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    (tmp_path / "notebooks" / "profiles" / "smoke.yaml").write_text(PROFILE)
    ignored = shutil.ignore_patterns("_build", "__pycache__")
    shutil.copytree(project_root() / "report", tmp_path / "report", ignore=ignored)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def without_book(monkeypatch):
    monkeypatch.setattr(report, "_build_book", lambda run, root: None)


@pytest.fixture
def without_kernel(monkeypatch, without_book):
    """Run chapters in this process, without the seconds that a kernel takes to start."""

    def execute(chapter, values, final, root) -> str:
        notebook, scope = nbformat.read(chapter.path, 4), dict(values)
        try:
            for cell in notebook.cells[2:]:
                exec(cell.source, scope)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        final.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, final)
        return ""

    monkeypatch.setattr(runner, "_execute", execute)


def states(outcomes):
    return {o.name: o.state for o in outcomes}


def test_runs_builds_and_then_redoes_only_what_changed(project, capsys):
    write_chapter(project, "01_first", code="assert seed == 7; print(seed)")
    write_chapter(project, "02_second", needs=["01_first"])
    outcomes = report.run_report(seed=7)
    assert states(outcomes) == {"01_first": "ran", "02_second": "ran"}
    assert all(0 < outcome.seconds < 600 for outcome in outcomes)
    assert "2 chapters in" in capsys.readouterr().out
    page = project / "report" / "_build" / "html" / "index.html"
    built = page.stat().st_mtime_ns
    run = project / "report" / "_build" / "runs" / "smoke"
    environment = json.loads((run / "environment.json").read_text())
    assert states(report.run_report(seed=7)) == {"01_first": "current", "02_second": "current"}
    assert page.stat().st_mtime_ns == built
    assert json.loads((run / "environment.json").read_text()) == environment
    cells = nbformat.read(run / "notebooks" / "01_first.ipynb", 4).cells
    assert cells[-1]["outputs"][-1]["text"] == "7\n"
    assert (environment["profile"], environment["seed"]) == ("smoke", 7)
    assert (environment["commit"], environment["dirty"]) == ("unknown", False)  # no clone
    assert "torch" in environment["versions"] and 0 < environment["seconds"] < 600


def test_a_failure_stops_what_depends_on_it_and_nothing_else(project, without_kernel, capsys):
    write_chapter(project, "01_first", code="raise ValueError('no color')")
    write_chapter(project, "02_second", needs=["01_first"])
    write_chapter(project, "03_third", needs=["02_second"])
    write_chapter(project, "04_fourth")
    outcomes = report.run_report()
    expected = {"01_first": "failed", "02_second": "skipped", "03_third": "skipped"}
    assert states(outcomes) == {**expected, "04_fourth": "ran"}
    run = project / "report" / "_build" / "runs" / "smoke"
    bad = json.loads((run / "failed.json").read_text())
    assert bad == {
        "01_first": "ValueError: no color",
        "02_second": "needs 01_first",
        "03_third": "needs 02_second",
    }
    assert "s: 1 ran, 1 failed, 2 skipped" in capsys.readouterr().out
    write_chapter(project, "01_first")
    assert states(report.run_report())["01_first"] == "ran"


def test_what_changed_is_run_again(project, without_kernel, capsys):
    write_chapter(project, "01_first")
    write_chapter(project, "02_second", needs=["01_first"])
    assert set(states(report.run_report()).values()) == {"ran"}
    write_chapter(project, "02_second", code="print('changed')", needs=["01_first"])
    assert states(report.run_report()) == {"01_first": "current", "02_second": "ran"}
    assert states(report.run_report(seed=7)) == {"01_first": "ran", "02_second": "ran"}
    assert states(report.run_report(only=["02"], seed=7)) == {"02_second": "current"}
    with pytest.raises(ColorkitError, match="no chapter '07'; the chapters are 01_first"):
        report.run_report(only=["07"])
    profile = project / "notebooks" / "profiles" / "smoke.yaml"
    profile.write_text(PROFILE + "seeds: 2\n")
    assert states(report.run_report(only=["01"], seed=7)) == {"01_first": "ran"}


def test_a_notebook_without_the_parameters_is_refused_before_any_runs(project, without_kernel):
    write_chapter(project, "01_first", parameters='profile = "smoke"\nseed = 0')
    with pytest.raises(ColorkitError, match="no parameter data"):
        report.run_report()
    (project / "notebooks" / "02_broken.ipynb").write_text("{")
    with pytest.raises(ColorkitError, match="not a notebook"):
        report.run_report()


def test_of_photographs_the_chapters_that_are_due_are_foretold(
    project, without_kernel, monkeypatch
):
    foretold = []
    monkeypatch.setattr(plan, "foretell", lambda *arguments: foretold.append(arguments))
    write_chapter(project, "01_first")
    write_chapter(project, "02_second")
    report.run_report(jobs=1)
    assert foretold == []  # procedural scenes take minutes
    own = PROFILE.replace("source: scenes", "source: folders, root: photographs")
    for name in ("lawn", "house"):
        (project / "photographs" / "train" / name).mkdir(parents=True)
        Image.new("RGB", (32, 32), "red").save(project / f"photographs/train/{name}/1.png")
    (project / "notebooks" / "profiles" / "smoke.yaml").write_text(own)
    report.run_report(only=["02"], jobs=1)
    report.run_report(jobs=1)
    report.run_report(jobs=1)
    assert [names for *_, names, _ in foretold] == [["02_second"], ["01_first"]]


def test_a_removed_chapter_disappears_from_the_run(project, without_kernel):
    write_chapter(project, "01_first")
    write_chapter(project, "02_second")
    report.run_report()
    run = project / "report" / "_build" / "runs" / "smoke"
    assert len(list(run.rglob("02_second*"))) == 3
    (project / "notebooks" / "02_second.ipynb").unlink()
    report.run_report()
    assert not list(run.rglob("02_second*")) and len(list(run.rglob("01_first*"))) == 3


def test_an_interrupted_chapter_leaves_no_finished_notebook(project, without_kernel, monkeypatch):
    write_chapter(project, "01_first")
    write_chapter(project, "02_second", code="raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        report.run_report()
    write_chapter(project, "02_second")
    assert states(report.run_report()) == {"01_first": "current", "02_second": "ran"}


def test_a_changed_near_infrared_file_makes_the_run_stale(tmp_path):
    from colorkit.course.profile import Data, Network, Profile
    from colorkit.course.scales import Nir
    from colorkit.data.folders import list_images
    from colorkit.imaging.images import write_image

    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    for name in ("park/1.png", "sky/1.png", "pairs/field/0001_rgb.png", "pairs/field/0001_nir.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_image(tmp_path / name, pixels)
    assert len(list_images(tmp_path)) == 4
    profile = Profile(
        "own",
        Data("folders", "squares", 8, 8, root=str(tmp_path)),
        {"n": Network(["park", "sky"])},
        nir=Nir("pairs", root="pairs"),
    )
    before = report._listing(profile)
    assert report._listing(profile) == before
    write_image(tmp_path / "pairs/field/0001_nir.png", pixels + 90)
    assert report._listing(profile) != before


def test_two_at_a_time_each_after_those_it_needs_whatever_becomes_of_the_others(
    project, without_book
):
    note = """
import os, time
with open("times", "a") as file:
    file.write(f"{NAME} begins\\n")
began = time.monotonic()
while NAME == "01_first" and time.monotonic() - began < 30:
    if "03_third begins" in open("times").read():
        break
    time.sleep(0.05)
if NAME == "03_third":
    os.kill(os.getppid(), 9)
with open("times", "a") as file:
    file.write(f"{NAME} ends with {os.environ['OMP_NUM_THREADS']}\\n")
assert NAME != "05_fifth", "no color"
"""
    needs = {"02_second": ["01_first"], "04_fourth": ["03_third"]}
    needs["05_fifth"] = ["06_sixth"]  # a later one: not waited for
    for name in ("01_first", "02_second", "03_third", "04_fourth", "05_fifth"):
        write_chapter(project, name, code=note, needs=needs.get(name, []))
    outcomes = report.run_report(jobs=2)
    assert [(outcome.name, outcome.state, outcome.reason) for outcome in outcomes] == [
        ("01_first", "ran", ""),
        ("02_second", "ran", ""),
        ("03_third", "failed", "its process ended with status -9"),
        ("04_fourth", "skipped", "needs 03_third"),
        ("05_fifth", "failed", "cell 4: AssertionError: no color"),
    ]
    times = (project / "times").read_text().splitlines()
    place = {line: k for k, line in enumerate(times)}
    threads = max(1, torch.get_num_threads() // 2)
    end = place[f"01_first ends with {threads}"]
    assert place["03_third begins"] < end < place["02_second begins"]
    run = project / "report" / "_build" / "runs" / "smoke"
    assert {path.stem for path in run.glob("notebooks/*.ipynb")} == {"01_first", "02_second"}
    assert (run / "notebooks" / "unfinished" / "05_fifth.ipynb").exists()
    assert json.loads((run / "environment.json").read_text())["threads"] == threads


def test_a_folder_that_may_not_be_written_to_is_said_before_any_chapter(project, monkeypatch):
    """As another user's clone."""
    write_chapter(project, "01_first", code="open('ran', 'w')")
    monkeypatch.setattr("colorkit.system.writing.os.access", lambda path, mode: False)
    with pytest.raises(ColorkitError, match=r"could not write .*runs/smoke: permission denied"):
        report.run_report()
    assert not (project / "ran").exists() and not (project / "report" / "_build").exists()


def test_the_commit_is_told_where_there_is_one(tmp_path):
    assert report._git(tmp_path, "rev-parse", "HEAD") == ""
    report._git(tmp_path, "init", "--quiet")
    assert report._git(tmp_path, "rev-parse", "--is-inside-work-tree") == "true"
