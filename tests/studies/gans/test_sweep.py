"""The sweep: its table, what is chosen from results, what is done again, what a failure stops."""

import os
import signal
import sys

import pytest
import torch

from colorkit.app import cli
from colorkit.course.networks import Course
from colorkit.imaging.metrics.perceptual import Unavailable
from colorkit.models import pretrained
from colorkit.models.unet import UNet
from colorkit.models.weights import read_card
from colorkit.studies.gans import configurations
from colorkit.studies.gans import parallel as jobs
from colorkit.studies.gans.configurations import (
    AUTOENCODERS,
    BOX,
    CLASSIFIER,
    D8,
    GANS,
    NAMES,
    NINETEEN,
    REPEATED,
    REWEIGHTED,
    SCHEDULES,
    SHARES,
    TABLE,
    missing,
    needs,
    repetitions,
    split,
)
from colorkit.studies.gans.costs import operations
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
  stages: 2, classifier_epochs: 1, seeds: 2, patterns: 112}
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
        configuration = None if split(name)[0] == CLASSIFIER else self.configuration(name)
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
    given["nu-interpolated-d8"] = 0.4
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
    continued = one.configuration("continued/1")
    assert (continued.start, continued.discriminator) == ("u-interpolated", "")
    fewer = one.configuration("fewer-autoencoder"), one.configuration("fewer-gan")
    assert [c.share for c in fewer] == [0.4, 0.4]
    # Of those that are repeated: the best d8, though a d4 is better.
    assert (fewer[0].discriminator, fewer[1].discriminator) == ("", "d8")
    assert (fewer[1].skips, fewer[1].upsampling) == (True, "interpolated")


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
    every = [name for name in repetitions(NAMES, 2) if not missing(name)]
    assert set(outcomes) == set(every)
    lost = {name: o.fault for name, o in outcomes.items() if o.fault.startswith("it needs")}
    for name in (*REWEIGHTED, "refined", "fewer-gan", "refined/1", "fewer-gan/1"):
        assert lost.pop(name) == "it needs u-learned-d8, which failed"
    for name in ("resnet", "resnet-mse", "resnet-huber", "resnet-features", *SCHEDULES):
        assert lost.pop(name) == "it needs classifier, which failed"
    assert not lost  # the second classifier did not fail, nor those that it starts
    ended = set(outcomes) - {name for name, o in outcomes.items() if o.fault}
    assert {name for name, _ in asked} == ended


def test_nothing_needs_what_needs_it():
    done, every = set(), repetitions(NAMES, 3)
    assert len(set(every)) == len(every) == len(NAMES) + 2 * len(REPEATED)
    while len(done) < len(every):
        ready = {name for name in every if set(needs(name)) <= done} - done
        assert ready
        done |= ready
    titles = [row.title for row in TABLE.values()]
    assert len(set(titles)) == len(titles)


def test_a_repetition_needs_those_of_its_own_number():
    assert needs("resnet/2") == ("classifier/2",)
    assert needs("pruned") == ("u-learned",)
    assert needs("fewer-gan/1") == D8
    assert {"u-learned", "u-learned/1", "u-learned-d0"} < set(needs("refined/1"))
    assert not {"u-learned-d0", "u-learned-d0/1"} & set(needs("continued/1"))
    assert needs("student-10") == ()  # of the box's model, which needs no training


def test_repetitions_differ_in_their_seed_alone(project):
    one = Sweep(Course("tiny", seed=5))
    first, second = one.repeats("u-huber-3")
    assert (first.seed, second.seed) == (5, 6)
    cards = [read_card(run.weights)["identity"] for run in (first, second)]
    assert cards[0]["recipe"]["huber_delta"] == 3
    assert cards[0] == cards[1] | {"seed": 5}
    assert len(one.repeats("resnet-mse")) == 1  # which no claim compares
    with pytest.raises(ColorkitError, match="no colorizer"):
        one.configuration("resnet-mse/1")


def test_what_continues_starts_where_the_refined_one_does(project):
    one = Sweep(Course("tiny"))
    start = one.train(f"{one.best(AUTOENCODERS)}/1").folder.name
    refined, continued = (
        read_card(one.train(f"{name}/1").weights)["identity"] for name in ("refined", "continued")
    )
    assert refined["start"] == continued["start"] == start
    assert (refined["module"], continued["module"]) == ("GanColorizer", "UNetColorizer")
    same = refined["recipe"].keys() & continued["recipe"].keys()
    assert {"batch_size", "epochs"} <= same
    assert all(refined["recipe"][key] == continued["recipe"][key] for key in same)


def test_three_sizes_see_the_same_pictures_in_as_many_steps(project):
    one = Sweep(Course("tiny"))
    assert [one.side(f"at-{side}") for side in (64, 128, 224)] == [32, 64, 112]
    assert one.side("u-learned") == 64
    sets = [one.images("train", side=side) for side in (32, 64, 112)]
    assert sets[0].names == sets[1].names == sets[2].names
    assert [s[0][0].shape[0] for s in sets] == [36, 64, 126]
    small, large = (read_card(one.train(f"at-{s}").weights) for s in (64, 224))
    assert (small["size"], large["size"]) == (32, 112)
    assert small["identity"]["recipe"] == large["identity"]["recipe"]


def test_a_training_that_lacks_weights_says_so(project):
    reason = missing("resnet-lpips")
    if not reason:
        pytest.skip("the weights of LPIPS are here")
    with pytest.raises(Unavailable, match="LPIPS is absent"):
        Sweep(Course("tiny")).train("resnet-lpips")


def test_an_encoder_without_weights_is_compared_with_nothing(monkeypatch):
    monkeypatch.setattr(configurations, "lite2_missing", lambda: "there are no weights")
    lacking = [name for name in NAMES if missing(name) == "there are no weights"]
    assert lacking == ["lite-fresh", "lite-imagenet", "resnet-imagenet"]


def test_an_encoder_students_and_a_pruned_network_are_trained(project):
    one = Sweep(Course("tiny"))
    classifier, resnet = one.train(CLASSIFIER), one.train("resnet")
    assert read_card(resnet.weights)["identity"]["start"] == classifier.folder.name
    assert classifier.judged == "val_class"
    assert classifier.error == classifier.history["val_class"].min()
    known = pretrained.models()[BOX]["sha256"][:12]
    for name, width in (("student-1", 2), ("pruned", 1)):  # of one level and one halving
        card = read_card(one.train(name).weights)
        assert card["identity"]["recipe"]["teacher"] == f"{BOX}-{known}"
        assert card["settings"]["width"] == width
        assert card["identity"]["module"] == "Student"
    found = one.judge()(torch.rand(3, 3, 64, 64))
    assert found.shape == (3,)
    assert set(found.tolist()) <= {0, 1}


def test_a_loss_of_features_is_named_by_its_encoder(project):
    one = Sweep(Course("tiny"))
    card = read_card(one.train("resnet-features/1").weights)
    encoder = one.train(f"{CLASSIFIER}/1").folder.name
    assert card["identity"]["recipe"]["encoder"] == card["identity"]["start"] == encoder
    assert card["identity"]["module"] == "FeatureColorizer"
    rgb = torch.rand(2, 3, 64, 64)
    assert (one.distance(CLASSIFIER)(rgb, rgb.flip(0)) > 0).all()


def test_students_do_the_shares_of_the_teachers_work_that_they_are_named_by(project):
    one, teacher = Sweep(Course("tiny")), operations(pretrained.load(BOX)[0], 64)
    for share in SHARES[1:]:  # of the smallest the narrowest network does less
        alone, taught = (
            one._network(TABLE[f"{kind}-{share}"]).eval() for kind in ("small", "student")
        )
        assert alone.settings() == taught.settings()
        wider = UNet(**alone.settings() | {"width": alone.settings()["width"] + 1}).eval()
        assert operations(alone, 64) <= share / 100 * teacher < operations(wider, 64)


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
