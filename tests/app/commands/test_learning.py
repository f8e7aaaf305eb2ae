"""The course's commands: what they pass on, what they print, and with which status they end."""

import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from colorkit.app.commands import learning
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch):
    monkeypatch.chdir(project_root())


def run_of(error: float, seconds: float = 0.0):
    history = pd.DataFrame({"seconds": [seconds, 1.6]})
    return SimpleNamespace(best_epoch=7, error=error, weights="runs/w", history=history)


@pytest.mark.parametrize(("state", "kept"), [("ran", True), ("current", True), ("failed", False)])
def test_only_a_whole_report_is_kept_as_the_record(monkeypatch, command, state, kept):
    asked, record = [], []
    outcome = SimpleNamespace(state=state)
    monkeypatch.setattr(
        "colorkit.report.build.run_report", lambda *given: asked.append(given) or [outcome]
    )
    monkeypatch.setattr("colorkit.report.record.keep_record", lambda *given: record.append(given))
    words = ["report", "--only", "01", "02", "--profile", "photos", "--data", "d", "--jobs", "3"]
    assert command(*words, "--seed", "4", "--record")[0] == (not kept)
    assert asked == [("photos", ["01", "02"], "d", 4, 3)]
    assert record == [("photos", "d")] * kept
    assert command("report")[0] == (not kept) and len(record) == kept
    assert asked[1] == ("smoke", [], "", 0, 0)


@pytest.mark.parametrize("rank", ["0", "1"])
def test_a_training_is_told_by_the_first_process(monkeypatch, command, rank):
    made = []

    class Course:
        def __init__(self, *given):
            made.append(given)

        def train(self, network, loggers):
            made.append((network, loggers))
            return run_of(0.012345)

    monkeypatch.setattr("colorkit.course.networks.Course", Course)
    monkeypatch.setenv("RANK", rank)
    status, out, _ = command("train", "vegenet", "--devices", "2", "--num-nodes", "3")
    assert status == 0 and made == [("smoke", 0, "", 2, 3), ("vegenet", None)]
    told = "vegenet: best epoch 7, validation chroma loss 0.01235\nweights in runs/w\n"
    assert out == (told if rank == "0" else "")


def test_a_logger_that_is_not_installed_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ColorkitError, match="Weights & Biases is not installed; run `pip install"):
        learning._wandb("project", "vegenet")


def test_trainings_of_a_sweep_are_told_one_by_one(monkeypatch, command):
    asked = []
    outcomes = [
        SimpleNamespace(name="u-plain", fault="", run=run_of(0.5, 2.0)),
        SimpleNamespace(name="u-gan", fault="it diverged.", run=None),
    ]
    monkeypatch.setattr(
        "colorkit.studies.gans.parallel.run_sweep",
        lambda *given: asked.append(given) or outcomes[: len(given[1]) + 1],
    )
    status, out, err = command("sweep", "--only", "u-plain", "--jobs", "2")
    assert (status, err) == (1, "colorkit: u-gan: it diverged.\n")
    assert out == "u-plain            best epoch   7, validation loss 0.50000, 4 s\n"
    assert command("sweep")[0] == 0
    assert asked == [("smoke", ["u-plain"], "", 0, 2), ("smoke", [], "", 0, 0)]
    assert "unexpected u-plain; name trainings with --only" in command("sweep", "u-plain")[2]


def test_where_a_model_was_put_is_told(monkeypatch, command):
    monkeypatch.setattr(
        "colorkit.studies.comparison.pretraining.pretrain", lambda *given: "/".join(given)
    )
    assert command("pretrain", "vivid", "--data", "photos") == (0, "wrote vivid/photos\n", "")
