"""The runner: what is run, what is not run again, and what a failure leaves behind."""

import json
import shutil

import nbformat
import numpy as np
import pytest
import torch
from made_chapters import PROFILE, write_chapter

from colorkit.report import build as report
from colorkit.report import runner
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


def states(outcomes):
    return {o.name: o.state for o in outcomes}


def test_runs_builds_and_then_redoes_only_what_changed(project):
    write_chapter(project, "01_first")
    write_chapter(project, "02_second", needs=["01_first"])
    assert states(report.run_report()) == {"01_first": "ran", "02_second": "ran"}
    page = project / "report" / "_build" / "html" / "index.html"
    built = page.stat().st_mtime_ns
    assert states(report.run_report()) == {"01_first": "current", "02_second": "current"}
    assert page.stat().st_mtime_ns == built
    write_chapter(project, "02_second", code="print('changed')", needs=["01_first"])
    assert states(report.run_report()) == {"01_first": "current", "02_second": "ran"}
    run = project / "report" / "_build" / "runs" / "smoke"
    environment = json.loads((run / "environment.json").read_text())
    assert environment["profile"] == "smoke"
    assert "torch" in environment["versions"]


def test_a_failure_stops_what_depends_on_it_and_nothing_else(project, without_book, capsys):
    write_chapter(project, "01_first", code="raise ValueError('no color')")
    write_chapter(project, "02_second", needs=["01_first"])
    write_chapter(project, "03_third", needs=["02_second"])
    write_chapter(project, "04_fourth")
    outcomes = report.run_report()
    expected = {"01_first": "failed", "02_second": "skipped", "03_third": "skipped"}
    assert states(outcomes) == {**expected, "04_fourth": "ran"}
    assert "ValueError: no color" in outcomes[0].reason
    notebooks = project / "report" / "_build" / "runs" / "smoke" / "notebooks"
    assert not (notebooks / "01_first.ipynb").exists()
    assert (notebooks / "unfinished" / "01_first.ipynb").exists()
    assert "s: 1 ran, 1 failed, 2 skipped" in capsys.readouterr().out
    write_chapter(project, "01_first")
    assert states(report.run_report())["01_first"] == "ran"


def test_seed_and_profile_reach_the_notebook_and_make_it_run_again(project, without_book):
    write_chapter(project, "01_first", code="assert seed in (0, 7); print(seed)")
    report.run_report()
    assert states(report.run_report(seed=7)) == {"01_first": "ran"}
    path = project / "report" / "_build" / "runs" / "smoke" / "notebooks" / "01_first.ipynb"
    outputs = [o for c in nbformat.read(path, 4).cells for o in c.get("outputs", [])]
    assert outputs[-1]["text"] == "7\n"


def test_only_chooses_by_the_start_of_the_name(project, without_book):
    write_chapter(project, "01_first")
    write_chapter(project, "02_second")
    assert states(report.run_report(only=["02"])) == {"02_second": "ran"}
    with pytest.raises(ColorkitError, match="no chapter '07'; the chapters are 01_first"):
        report.run_report(only=["07"])


def test_a_notebook_without_the_parameters_is_refused_before_any_runs(project, without_book):
    write_chapter(project, "01_first", parameters='profile = "smoke"\nseed = 0')
    with pytest.raises(ColorkitError, match="no parameter data"):
        report.run_report()
    (project / "notebooks" / "02_broken.ipynb").write_text("{")
    with pytest.raises(ColorkitError, match="not a notebook"):
        report.run_report()


def test_a_removed_chapter_disappears_from_the_run(project, without_book):
    write_chapter(project, "01_first")
    write_chapter(project, "02_second")
    report.run_report()
    (project / "notebooks" / "02_second.ipynb").unlink()
    report.run_report()
    run = project / "report" / "_build" / "runs" / "smoke"
    assert not list(run.rglob("02_second*"))


def test_an_interrupted_chapter_leaves_no_finished_notebook(project, without_book, monkeypatch):
    import papermill

    write_chapter(project, "01_first")
    write_chapter(project, "02_second")
    run = papermill.execute_notebook

    def stop_at_second(source, *rest, **options):
        if "02_second" in source:
            raise KeyboardInterrupt
        return run(source, *rest, **options)

    monkeypatch.setattr(papermill, "execute_notebook", stop_at_second)
    with pytest.raises(KeyboardInterrupt):
        report.run_report()
    monkeypatch.setattr(papermill, "execute_notebook", run)
    assert states(report.run_report()) == {"01_first": "current", "02_second": "ran"}


def test_a_changed_near_infrared_file_makes_the_run_stale(tmp_path):
    from colorkit.course.profile import Data, Network, Nir, Profile
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


def test_two_at_a_time_each_after_those_it_needs(project, without_book):
    note = """
import os, time
from pathlib import Path
with open("times", "a") as file:
    file.write(f"{NAME} begins\\n")
time.sleep(1 if NAME == "01_first" else 0)
with open("times", "a") as file:
    file.write(f"{NAME} ends with {os.environ['OMP_NUM_THREADS']}\\n")
"""
    write_chapter(project, "01_first", code=note)
    write_chapter(project, "02_second", code=note, needs=["01_first"])
    write_chapter(project, "03_third", code=note)
    write_chapter(
        project, "04_fourth", code=note, needs=["05_fifth"]
    )  # a later one: not waited for
    outcomes = report.run_report(jobs=2)
    assert [(o.name, o.state) for o in outcomes] == [
        (name, "ran") for name in ("01_first", "02_second", "03_third", "04_fourth")
    ]
    times = (project / "times").read_text().splitlines()
    threads = max(1, torch.get_num_threads() // 2)
    place = {line: k for k, line in enumerate(times)}
    ends = {name: place[f"{name} ends with {threads}"] for name in states(outcomes)}
    assert ends["01_first"] < place["02_second begins"]
    assert place["03_third begins"] < ends["01_first"]
    environment = project / "report" / "_build" / "runs" / "smoke" / "environment.json"
    assert json.loads(environment.read_text())["threads"] == threads


def test_a_failure_among_several_is_told_and_the_others_run(project, without_book):
    write_chapter(project, "01_first", code="raise ValueError('no color')")
    write_chapter(project, "02_second", needs=["01_first"])
    write_chapter(project, "03_third", code="import os; os.kill(os.getppid(), 9)")
    write_chapter(project, "04_fourth")
    outcomes = report.run_report(jobs=2)
    wanted = {
        "01_first": "failed",
        "02_second": "skipped",
        "03_third": "failed",
        "04_fourth": "ran",
    }
    assert states(outcomes) == wanted
    assert "ValueError: no color" in outcomes[0].reason
    assert outcomes[2].reason == "its process ended with status -9"
    write_chapter(project, "03_third")
    assert states(report.run_report(jobs=2))["03_third"] == "ran"


def test_as_many_at_a_time_as_there_are_cores(monkeypatch):
    for cores, wanted in ((1, (1, 1)), (2, (2, 1)), (16, (4, 4))):
        monkeypatch.setattr(torch, "get_num_threads", lambda cores=cores: cores)
        assert runner.share_cores(0) == wanted
    assert runner.share_cores(1) == (1, 16)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert runner.share_cores(0) == (1, 16)
