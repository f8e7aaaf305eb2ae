"""The sweep: its table, what is chosen from results, what is done again, what a failure stops."""

import os
import signal
import sys

import pytest
import torch

from colorkit.app import cli
from colorkit.course.networks import Course
from colorkit.imaging.metrics.perceptual import Unavailable
from colorkit.models.weights import read_card
from colorkit.studies.gans import parallel as jobs
from colorkit.studies.gans.configurations import (
    AUTOENCODERS,
    CLASSIFIER,
    GANS,
    NAMES,
    NINETEEN,
    REWEIGHTED,
    SCHEDULES,
    TABLE,
    missing,
    needs,
)
from colorkit.studies.gans.parallel import run_sweep
from colorkit.studies.gans.sweep import Sweep
from colorkit.studies.gans.training import GanColorizer
from colorkit.system.errors import ColorkitError

PROFILE = """
name: tiny
data: {source: scenes, what: procedural scenes, size: 64, stored: 64, train: 5, val: 2, test: 1}
recipe: {precision: 32-true}
networks: {vegenet: {classes: [lawn, house]}}
gans: {classes: [lawn, house], width: 2, depth: 1, discriminator_width: 2, epochs: 1, batch_size: 4,
  stages: 2, classifier_epochs: 1}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Make a project of a few scenes, and go there."""
    folder = tmp_path / "notebooks" / "profiles"
    folder.mkdir(parents=True)
    (folder / "tiny.yaml").write_text(PROFILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def scores(monkeypatch):
    """Replace trainings by given validation errors; tells which were asked for."""
    given, asked = {}, []

    def train(self, name):
        configuration = None if name == CLASSIFIER else self.configuration(name)
        if given.get(name) == "fails":
            raise RuntimeError(f"{name} blew up\non two lines")
        asked.append((name, configuration))
        return pretend(given.get(name, 0.5))

    monkeypatch.setattr(Sweep, "train", train)
    return given, asked


def pretend(error: float):
    from pathlib import Path

    import pandas as pd

    from colorkit.training.run import Run

    history = pd.DataFrame({"epoch": [1, 2], "val_color": [0.9, error], "seconds": [1.0, 1.0]})
    return Run("x", 0, Path(), history, 2)


def test_the_table_is_the_slides():
    assert len(AUTOENCODERS) == 4
    assert len(GANS) + len(REWEIGHTED) == 15
    assert len(set(NINETEEN)) == 19
    generators = {(c.skips, c.upsampling) for c in AUTOENCODERS.values()}
    assert len(generators) == 4
    rows = {(c.skips, c.upsampling, c.discriminator) for c in GANS.values()}
    assert rows == {(*g, d) for g in generators for d in ("d0", "d4", "d8")}
    assert {c.weights for c in GANS.values()} == {(20, 80)}
    assert GANS["u-learned-d8"].title == "U, learned, d8, lw=[20, 80]"
    assert AUTOENCODERS["nu-interpolated"].title == "nU, interp."
    titles = [c.title for c in (AUTOENCODERS | GANS).values()]
    assert len(set(titles)) == 16


def test_the_best_are_chosen_by_validation(project, scores):
    given, _ = scores
    given |= {"nu-learned-d4": 0.1, "u-interpolated": 0.2, "u-interpolated-d8": 0.3}
    one = Sweep(Course("tiny"))
    for name, weights in REWEIGHTED.items():
        chosen = one.configuration(name)
        assert (chosen.skips, chosen.upsampling, chosen.discriminator, chosen.weights) == (
            False,
            "transposed",
            "d4",
            weights,
        )
        assert sum(weights) == 100
    refined = one.configuration("refined")
    assert (refined.start, refined.upsampling, refined.discriminator) == (
        "u-interpolated",
        "interpolated",
        "d8",
    )
    fewer = one.configuration("fewer-autoencoder"), one.configuration("fewer-gan")
    assert [c.share for c in fewer] == [0.4, 0.4]
    assert (fewer[0].discriminator, fewer[1].discriminator) == ("", "d4")


def test_a_share_is_spread_over_the_classes(project):
    one = Sweep(Course("tiny"))
    whole, part = one.images("train"), one.images("train", 0.4)
    assert (len(whole), len(part)) == (10, 4)
    assert torch.bincount(part.labels).tolist() == [2, 2]
    assert set(part.names) < set(whole.names)


def test_one_is_trained_and_then_found(project, monkeypatch):
    first = Sweep(Course("tiny")).train("u-learned-d4")
    card = read_card(first.weights)
    assert card["settings"]["upsampling"] == "transposed"
    recipe = card["identity"]["recipe"]
    assert (recipe["discriminator"], recipe["discriminator_width"]) == ("d4", 2)
    assert card["identity"]["module"] == GanColorizer.__name__
    monkeypatch.setattr("colorkit.training.trainer.L.Trainer", None)
    again = list(run_sweep("tiny", ["u-learned-d4"]))
    assert [o.run.folder for o in again] == [first.folder]


def test_images_may_have_a_size_of_their_own(project):
    path = project / "notebooks" / "profiles" / "tiny.yaml"
    path.write_text(PROFILE.replace("gans: {", "gans: {size: 72, stored: 80, "))
    one = Sweep(Course("tiny"))
    assert one.images("val")[0][0].shape == (80, 80, 3)
    assert one.size == 72


def test_a_failure_is_told_and_the_others_go_on(project, scores):
    given, asked = scores
    given["nu-learned"] = "fails"
    outcomes = {o.name: o for o in run_sweep("tiny", ["u-learned", "nu-learned", "u-learned-d0"])}
    assert [name for name, o in outcomes.items() if o.run] == ["u-learned", "u-learned-d0"]
    assert outcomes["nu-learned"].fault == "RuntimeError: nu-learned blew up on two lines"
    assert [name for name, _ in asked] == ["u-learned", "u-learned-d0"]


def test_what_is_chosen_by_results_waits_for_all_of_them(project, scores):
    given, asked = scores
    outcomes = list(run_sweep("tiny", ["best-1-99"]))
    assert [o.name for o in outcomes] == [*GANS, "best-1-99"]
    assert not any(o.fault for o in outcomes)
    asked.clear()
    given["u-learned-d8"] = given[CLASSIFIER] = "fails"
    outcomes = {o.name: o for o in run_sweep("tiny")}
    assert set(outcomes) == {name for name in NAMES if not missing(name)}
    lost = {name: o.fault for name, o in outcomes.items() if o.fault.startswith("it needs")}
    for name in (*REWEIGHTED, "refined", "fewer-gan"):
        assert lost.pop(name) == "it needs u-learned-d8, which failed"
    for name in ("resnet", "resnet-mse", "resnet-huber", *SCHEDULES):
        assert lost.pop(name) == "it needs classifier, which failed"
    assert set(lost) == {"student", "pruned"}  # of the network that the classifier would start
    ended = set(outcomes) - {name for name, o in outcomes.items() if o.fault}
    assert {name for name, _ in asked} == ended


def test_nothing_needs_what_needs_it():
    done = set()
    while len(done) < len(NAMES):
        ready = {name for name in NAMES if set(needs(name)) <= done} - done
        assert ready
        done |= ready
    assert all(name in TABLE or name in NAMES for name in done)
    titles = [row.title for row in TABLE.values()]
    assert len(set(titles)) == len(titles)


def test_a_training_that_lacks_weights_says_so(project):
    reason = missing("resnet-lpips")
    if not reason:
        pytest.skip("the weights of LPIPS are here")
    with pytest.raises(Unavailable, match="LPIPS is absent"):
        Sweep(Course("tiny")).train("resnet-lpips")


def test_an_encoder_a_student_and_a_pruned_network_are_trained(project):
    one = Sweep(Course("tiny"))
    classifier, resnet = one.train(CLASSIFIER), one.train("resnet")
    assert read_card(resnet.weights)["identity"]["start"] == classifier.folder.name
    assert classifier.judged == "val_class"
    assert classifier.error == classifier.history["val_class"].min()
    for name in ("student", "pruned"):
        card = read_card(one.train(name).weights)
        assert card["identity"]["recipe"]["teacher"] == resnet.folder.name
        assert card["settings"]["width"] == 1
        assert card["identity"]["module"] == "Student"
    found = one.judge()(torch.rand(3, 3, 64, 64))
    assert found.shape == (3,)
    assert set(found.tolist()) <= {0, 1}


def test_an_unknown_name_is_refused_before_anything_runs(project, scores):
    with pytest.raises(ColorkitError, match="no training 'u-net'; choose among u-learned"):
        next(run_sweep("tiny", ["u-learned", "u-net"]))
    assert not scores[1]


def test_a_profile_without_a_sweep_says_so(project):
    path = project / "notebooks" / "profiles" / "tiny.yaml"
    path.write_text(PROFILE.split("gans:")[0])
    with pytest.raises(ColorkitError, match="add a section gans"):
        Sweep(Course("tiny"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("{stored: 16, ", "stored must be at least gans"),
        ("{size: 68, stored: 68, ", "64 or more and a multiple of 8, not 68"),
        ("{discriminator_rate: 0, ", "gans.discriminator_rate"),
        ("{widht: 2, ", "unknown key gans.widht"),
    ],
)
def test_a_wrong_section_is_refused_by_name(project, wrong, said):
    path = project / "notebooks" / "profiles" / "tiny.yaml"
    path.write_text(PROFILE.replace("gans: {", f"gans: {wrong}"))
    with pytest.raises(ColorkitError, match=said):
        Course("tiny")


def test_classes_that_no_network_has_are_refused(project):
    path = project / "notebooks" / "profiles" / "tiny.yaml"
    path.write_text(PROFILE.replace("gans: {classes: [lawn", "gans: {classes: [pond"))
    with pytest.raises(ColorkitError, match="has pond, which no network"):
        Course("tiny")


def test_processes_of_their_own_give_what_one_process_gives(project):
    """Two at a time; found afterwards, so that none is trained a second time."""
    names = ["nu-learned", "nu-learned-d8"]
    outcomes = {o.name: o for o in run_sweep("tiny", names, jobs=2)}
    assert set(outcomes) == set(names)
    assert not [o.fault for o in outcomes.values() if o.fault]
    one = Sweep(Course("tiny"))
    assert [one.train(name).folder for name in names] == [outcomes[n].run.folder for n in names]


def test_a_killed_process_takes_none_of_the_others_along(project, monkeypatch):
    monkeypatch.setattr(jobs, "_alone", die_or_answer)
    outcomes = {o.name: o for o in run_sweep("tiny", ["u-learned", "nu-learned"], jobs=2)}
    assert outcomes["nu-learned"].fault == f"its process ended with status {-signal.SIGKILL}"
    assert outcomes["u-learned"].fault == "answered"


def die_or_answer(course, name, gpu):
    if name == "nu-learned":
        os.kill(os.getpid(), signal.SIGKILL)
    return "answered"


def test_every_process_has_a_gpu_of_its_own(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    for count, wanted in ((0, ["", "", ""]), (1, ["", "", ""]), (2, ["0", "1", "0"])):
        monkeypatch.setattr(torch.cuda, "device_count", lambda count=count: count)
        assert [jobs._gpu(k) for k in range(3)] == wanted
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")
    assert [jobs._gpu(k) for k in range(3)] == ["5", "7", "5"]


def test_the_command_says_what_failed_and_ends_with_status_1(project, scores, monkeypatch, capsys):
    scores[0]["nu-learned"] = "fails"
    arguments = ["sweep", "--profile", "tiny", "--only", "u-learned", "nu-learned"]
    monkeypatch.setattr(sys, "argv", ["colorkit", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    told = capsys.readouterr()
    assert stop.value.code == 1
    assert told.out.splitlines()[0].startswith("u-learned          best epoch   2")
    assert told.err == "colorkit: nu-learned: RuntimeError: nu-learned blew up on two lines.\n"
