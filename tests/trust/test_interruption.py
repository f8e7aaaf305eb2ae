"""Killed at any moment, and started again: nothing lost, nothing half, nothing done twice."""

import itertools
import json
import os
import random
import re
import shutil
import signal
import time
from pathlib import Path

import made_chapters
import nbformat
import pandas as pd
import psutil
import pytest
import stoppable
import torch
from half_files import half_files
from made_box import make_box
from made_videos import picture
from PIL import Image

from colorkit.models.weights import load_weights
from colorkit.report import build as report
from colorkit.system.project import project_root

PATIENCE = 300  # seconds, of a machine that does much else
OFTEN = ("early", "gan")  # killed most often: one with all that a stop has to remember, one of two


class Stage:
    """Runs of one job, each in a folder of its own beside one that nobody stops."""

    def __init__(self, folder: Path, job, *arguments, prepare=lambda folder: None):
        self.folder, self.job, self.arguments, self.prepare = folder, job, arguments, prepare
        started = time.monotonic()
        self.whole = self.run("whole")
        self.seconds = time.monotonic() - started
        self.passed = json.loads((folder / "whole.json").read_text())

    def run(self, name: str, last=None, after: float | None = None) -> Path:
        """Run to the end; or until a moment or so many seconds have passed, and then a kill."""
        folder, log = self.folder / name, self.folder / f"{name}.log"
        if not folder.exists():
            folder.mkdir()
            self.prepare(folder)
        process = stoppable.begin(self.job, folder, *self.arguments, last=last, log=log)
        process.join(PATIENCE if after is None else after)
        if last or after is not None:
            process.kill()
            process.join()
            assert process.exitcode in (0, -signal.SIGKILL), log.read_text()
        assert last or after is not None or process.exitcode == 0, log.read_text()
        return folder

    def moments(self, count: int, seed: int):
        """Draw moments of every kind, and seconds, in turn."""
        generator = random.Random(seed)
        kinds = sorted(kind for kind, number in self.passed.items() if number)
        for k in range(count):
            kind = [*kinds, "seconds"][(seed + k) % (len(kinds) + 1)]
            if kind == "seconds":
                yield {"after": generator.uniform(0, self.seconds)}
            else:
                yield {"last": (kind, generator.randint(1, self.passed[kind]))}


def seen(folder: Path) -> dict[str, bytes]:
    """Every file that is not hidden, with its content."""
    found = (p for p in sorted(folder.rglob("*")) if p.is_file())
    names = {p: p.relative_to(folder) for p in found}
    shown = {p: n for p, n in names.items() if not any(part[0] == "." for part in n.parts)}
    return {n.as_posix(): p.read_bytes() for p, n in shown.items()}


def lines(folder: Path) -> list[str]:
    """What has been done in a folder, one line each."""
    return (folder / "done").read_text().splitlines() if (folder / "done").exists() else []


def same_training(one: Path, other: Path) -> bool:
    """Compare weights, every bit, and the history but for seconds."""
    runs = [next((folder / "runs").glob("*/run.json")).parent for folder in (one, other)]
    tables = [pd.read_csv(run / "history.csv").drop(columns="seconds") for run in runs]
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    states = [load_weights(run / "weights.safetensors")[0].state_dict() for run in runs]
    files = [sorted(p.name for p in run.iterdir() if p.is_file()) for run in runs]
    assert runs[0].name == runs[1].name and files[0] == files[1]
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


@pytest.mark.parametrize(
    ("way", "few", "many"),
    [(way, int(way in OFTEN), 20 if way in OFTEN else 5) for way in stoppable.WAYS],
)
def test_a_training_that_was_killed_ends_bit_for_bit_as_one_that_was_not(
    way, few, many, tmp_path, amount, tally
):
    if not amount(few, many):
        pytest.skip("one of those that `make trust` tries")
    stage = Stage(tmp_path, stoppable.train, way)
    table = pd.read_csv(next(stage.whole.glob("runs/*/history.csv")))
    recipe = stoppable.WAYS[way][0]
    assert (len(table) < recipe.epochs) == bool(recipe.patience)
    for k, moment in enumerate(stage.moments(amount(few, many), list(stoppable.WAYS).index(way))):
        killed = stage.run(f"killed-{k}", **moment)
        assert half_files(killed) == []
        same = same_training(stage.run(killed.name), stage.whole)
        tally("trainings killed and resumed", survived=same, lost=not same)
        shutil.rmtree(killed)


def test_early_stopping_is_over_when_it_was_over(tmp_path, amount, tally):
    stage = Stage(tmp_path, stoppable.train, "early")
    # The weights of the best epoch, the table and the record are the last three writes.
    for k in range(amount(1, 3)):
        killed = stage.run(f"killed-{k}", last=("write", stage.passed["write"] - k))
        assert not list(killed.glob("runs/*/run.json"))
        same = same_training(stage.run(killed.name), stage.whole)
        tally("trainings killed and resumed", survived=same, lost=not same)


def test_a_training_goes_on_where_its_folder_was_moved_to(tmp_path, amount, tally):
    stage = Stage(tmp_path, stoppable.train, "gan")
    for k in range(amount(1, 3)):
        killed = stage.run(f"killed-{k}", last=("step", 3 + 2 * k))
        killed = killed.rename(tmp_path / f"moved-{k}")
        assert same_training(stage.run(killed.name), stage.whole)
        tally("trainings killed, moved and resumed", survived=1)


def test_a_cache_that_was_killed_is_completed(tmp_path, amount, tally):
    stage = Stage(tmp_path, stoppable.decode)
    expected = seen(stage.whole / "cache")
    for k, moment in enumerate(stage.moments(amount(3, 20), 0)):
        killed = stage.run(f"killed-{k}", **moment)
        finished = next(killed.glob("cache/*/progress.json"), None)
        done = json.loads(finished.read_text())["done"] if finished else 0
        if set(expected) <= set(seen(killed / "cache")):
            done = 40  # it was quicker than the kill
        before = lines(killed)
        assert seen(stage.run(killed.name) / "cache") == expected
        assert len(lines(killed)) - len(before) == 40 - done
        tally("caches killed and completed", survived=1)


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Twelve photographs to build data of, and to colorize."""
    folder = tmp_path_factory.mktemp("source") / "lakes"
    for seed in range(12):
        path = folder / f"{'deep' if seed % 2 else 'high'}/{seed}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(seed, 96, 120)).save(path, quality=95)
    return folder


def test_a_data_set_that_was_killed_is_completed(photos, tmp_path, amount, tally):
    stage = Stage(tmp_path, stoppable.build, photos)
    expected = seen(stage.whole / "set")
    assert len(expected) == 13
    for k, moment in enumerate(stage.moments(amount(3, 20), 1)):
        killed = stage.run(f"killed-{k}", **moment)
        assert half_files(killed / "set") == []
        resumed = stage.run(killed.name)
        assert seen(resumed / "set") == expected
        read = lines(resumed)
        assert len(set(read)) == 12 and len(read) <= 13  # the one at which it died
        tally("data sets killed and completed", survived=1)


def test_shards_that_were_killed_are_completed(photos, tmp_path, amount, tally):
    stage = Stage(tmp_path, stoppable.pack, photos)
    expected = seen(stage.whole / "packed")
    for k, moment in enumerate(stage.moments(amount(2, 20), 2)):
        killed = stage.run(f"killed-{k}", **moment)
        assert set(seen(killed / "packed")) <= {*expected, "plan.json"}
        assert seen(stage.run(killed.name) / "packed") == expected
        tally("shards killed and completed", survived=1)


def test_a_folder_that_is_colorized_again_is_complete(photos, tmp_path, amount, tally):
    (tmp_path / "box").mkdir()
    make_box(tmp_path / "box")
    stage = Stage(tmp_path, stoppable.colorize, photos)
    expected = seen(stage.whole / "out")
    assert len(expected) == 12
    for k, moment in enumerate(stage.moments(amount(2, 20), 0)):
        killed = seen(stage.run(f"killed-{k}", **moment) / "out")
        assert all(expected[name] == data for name, data in killed.items())
        assert seen(stage.run(f"killed-{k}") / "out") == expected
        tally("folders of photographs killed and colorized", survived=1)


def lay_out(folder: Path) -> None:
    """Make a project of two chapters, each of which leaves a line when it runs."""
    (folder / "notebooks" / "profiles").mkdir(parents=True)
    (folder / "notebooks" / "profiles" / "smoke.yaml").write_text(made_chapters.PROFILE)
    for name in ("01_first", "02_second"):
        note = f"with open({str(folder / 'done')!r}, 'a') as f: f.write('{name}\\n')"
        needs = ["01_first"] if name == "02_second" else []
        made_chapters.write_chapter(folder, name, code=note, needs=needs)


def test_a_report_that_was_killed_is_completed(tmp_path, amount, tally):
    stage = Stage(tmp_path, stoppable.run_report, prepare=lay_out)
    for k, moment in enumerate(stage.moments(amount(1, 20), 0)):
        killed = stage.run(f"killed-{k}", **moment)
        run = killed / "report" / "_build" / "runs" / "smoke"
        assert half_files(run) == []
        for path in run.glob("notebooks/*.ipynb"):
            cells = [c for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
            assert all(cell.execution_count for cell in cells)
        finished = {path.stem for path in run.glob("state/*.json")}
        before = lines(killed)
        stage.run(killed.name)
        missing = [name for name in ("01_first", "02_second") if name not in finished]
        assert lines(killed)[len(before) :] == missing
        assert {path.stem for path in run.glob("state/*.json")} == {"01_first", "02_second"}
        assert set(seen(run)) == set(seen(stage.whole / "report" / "_build" / "runs" / "smoke"))
        limit = time.monotonic() + PATIENCE
        while any(str(killed) in each for each in kernels()):  # they look for their parent
            assert time.monotonic() < limit, "a chapter goes on without its runner"
            time.sleep(0.2)
        tally("reports killed and completed", survived=1)


def kernels() -> list[str]:
    """Give the folders in which chapters are being run."""
    found = []
    for process in psutil.process_iter():
        try:
            if "ipykernel_launcher" in process.cmdline():
                found.append(process.cwd())
        except psutil.Error:
            continue
    return found


LONG = """
name: smoke
data: {source: scenes, what: procedural scenes, size: 64, stored: 64, train: 6, val: 2, test: 2}
model: {width: 0.125, global_size: 32}
recipe: {epochs: 500, batch_size: 4}
networks: {vegenet: {classes: [lawn, house]}}
gans: {classes: [lawn, house], width: 4, depth: 3, epochs: 500, batch_size: 4}
"""
STOPPED = r"colorkit: stopped; .*the same command (goes on where it was|starts over)\."
COMMANDS = {
    "train": ["train", "vegenet"],
    "report": ["report"],
    "report, two at a time": ["report", "--jobs", "2"],
    "sweep": ["sweep", "--only", "u-learned"],
    "sweep, two at a time": ["sweep", "--only", "u-learned", "--only", "cgan", "--jobs", "2"],
    "colorize": ["colorize", "lakes", "-o", "out"],
    "data build": ["data", "build", "lakes", "-o", "set", "--side", "80", "--min-side", "64"],
    "shards": ["shards", "lakes", "-o", "packed", "--size", "64"],
}


FEW = {("train", "SIGINT"), ("data build", "SIGINT"), ("train", "SIGTERM"), ("colorize", "SIGHUP")}


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("name", COMMANDS)
def test_being_stopped_is_quiet_and_says_how_to_go_on(
    name, number, photos, tmp_path, amount, tally
):
    number = signal.Signals[number]
    if not amount((name, number.name) in FEW, True):
        pytest.skip("one of those that `make trust` tries")
    (tmp_path / "box").mkdir()
    make_box(tmp_path / "box")
    generator, longest, stopped, tries = random.Random(name), 2.0, 0, itertools.count()
    while stopped < amount(1, 8):
        k = next(tries)
        folder, log = tmp_path / str(k), tmp_path / f"{k}.log"
        folder.mkdir()
        lay_out(folder)
        (folder / "notebooks" / "profiles" / "smoke.yaml").write_text(LONG)
        for copy in range(40):  # enough to do
            shutil.copytree(photos, folder / "lakes" / str(copy))
        process = stoppable.begin(stoppable.command, folder, *COMMANDS[name], log=log)
        limit = time.monotonic() + PATIENCE
        while not log.with_suffix(".begun").exists():
            assert time.monotonic() < limit, "the command does not begin"
            time.sleep(0.01)
        time.sleep(generator.uniform(0.05, longest))
        if process.is_alive():
            os.kill(process.pid, number)
        process.join(PATIENCE)
        said = log.read_text()
        assert process.exitcode in (0, 128 + number) and "Traceback" not in said, said
        if process.exitcode == 128 + number:
            line = said.rstrip().splitlines()[-1]
            assert re.fullmatch(STOPPED, line)
            stopped += 1
        else:  # it was done by then, on a fast machine
            longest /= 2
            assert longest > 0.1, "nothing is there to be stopped"
        assert half_files(folder) == [] and not list(folder.glob("kernel-*"))
        assert not list(folder.rglob("*.part"))
        tally(f"commands stopped by {number.name}", survived=1)


def test_a_page_of_the_book_that_was_half_written_is_written_again(tmp_path, monkeypatch, tally):
    shutil.copytree(
        project_root() / "report",
        tmp_path / "report",
        ignore=shutil.ignore_patterns("_build", "__pycache__"),
    )
    built, out = [], tmp_path / "report" / "_build" / "html"
    run = tmp_path / "report" / "_build" / "runs" / "smoke"
    run.mkdir(parents=True)
    for name in ("environment.json", "failed.json"):
        (run / name).write_text("{}")

    def build(run, out, **_):
        built.append(sorted(p.name for p in out.glob("*")))
        out.mkdir(parents=True, exist_ok=True)
        (out / "index.html").write_text("<html>")
        if len(built) == 2:
            raise KeyboardInterrupt
        (out / "index.html").write_text("<html></html>")

    monkeypatch.setattr("colorkit.report.book.build_html", build)
    monkeypatch.setattr("colorkit.report.stills.make_stills", lambda folder: None)
    report._build_book(run, tmp_path)
    before = (run / "failed.json").read_text()
    (run / "failed.json").write_text('{"a": "chapter"}')
    with pytest.raises(KeyboardInterrupt):
        report._build_book(run, tmp_path)
    (run / "failed.json").write_text(
        before
    )  # as another profile, whose book was the last whole one
    report._build_book(run, tmp_path)
    assert built == [[], ["index.html"], []]  # Sphinx trusts pages it finds, so it finds none
    assert (out / "index.html").read_text() == "<html></html>"
    report._build_book(run, tmp_path)
    assert len(built) == 3
    tally("reports killed and completed", survived=1)
