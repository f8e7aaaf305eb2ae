"""The chapter's trainings: what differs between kinds of boxes, and how they are measured."""

import numpy as np
import pytest
import torch

from colorkit.course.networks import Course
from colorkit.models.weights import read_card
from colorkit.studies.instances import study as studies
from colorkit.studies.instances.study import (
    LEAKING,
    NO,
    RANDOM,
    TRUE,
    InstanceStudy,
    without_boxes,
)
from colorkit.system.errors import ColorkitError

PROFILE = """
name: tiny
data: {source: scenes, what: procedural scenes, size: 32, stored: 40, train: 4, val: 2, test: 3}
recipe: {precision: 32-true}
networks: {vegenet: {classes: [castle, house]}}
instances: {classes: [castle, house], width: 1, crop: 16, most: 3, batch_size: 4, seeds: 1,
  epochs: {full: 1, crops: 1, fusion: 1}}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study of a few scenes in a project of its own."""
    root = tmp_path_factory.mktemp("project")
    folder = root / "notebooks" / "profiles"
    folder.mkdir(parents=True)
    (folder / "tiny.yaml").write_text(PROFILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        yield InstanceStudy(Course("tiny"))


def test_random_boxes_are_those_of_things_moved(study):
    true, moved = (study.boxed(kind, "train").boxes for kind in (TRUE, RANDOM))
    torch.testing.assert_close(true[..., 2:] - true[..., :2], moved[..., 2:] - moved[..., :2])
    assert (true[..., 2] > 0).any() and (true - moved).abs().max() > 0.1
    assert not study.boxed(NO, "train").boxes.any()
    assert study.kinds == [NO, RANDOM, "segments", TRUE] and study.reference == TRUE


def test_all_kinds_take_equal_steps_and_differ_in_their_boxes_alone(study):
    cards = {kind: read_card(study.train(kind).weights)["identity"] for kind in study.kinds}
    for kind in study.kinds:
        full, things = study.stages(kind)
        recipe = cards[kind]["recipe"]
        assert recipe.pop("full") == full.folder.name
        assert recipe.pop("things") == things.folder.name
        recipe.pop("boxes")
        second = read_card(things.weights)["identity"]
        first = study.stages(TRUE)[0]
        assert second["start"] == first.folder.name
        assert second["recipe"]["epochs"] == 1
        assert (things.weights == full.weights) == (kind == NO)
    assert all(card == cards[NO] for card in cards.values())
    leaking = read_card(study.train(LEAKING).weights)["identity"]
    assert leaking["settings"].pop("leak") and not cards[TRUE]["settings"].pop("leak")
    del leaking["recipe"]["full"], leaking["recipe"]["things"], leaking["recipe"]["boxes"]
    assert leaking == cards[TRUE]


def test_a_finished_training_is_read_again(study):
    run = study.train(TRUE)
    made = run.weights.stat().st_mtime_ns
    assert study.train(TRUE).weights.stat().st_mtime_ns == made
    names = [path.name for path in run.folder.parent.iterdir() if path.is_dir()]
    assert len({n for n in names if n.startswith("instances-full")}) == 1  # shared by all kinds


def test_errors_are_told_apart_inside_and_outside_of_the_things(study):
    """A painter that is right outside of the true boxes, and gray inside of them."""
    things = study.boxed(TRUE, "test")
    batch, boxes = study.centered(things.__getitems__(range(len(things))))
    grays = iter(batch.lab.split(32))

    def half_right(gray, told):
        ab = next(grays)[:, 1:].clone()
        for picture, own in zip(ab, boxes, strict=True):
            for left, top, right, bottom in np.rint(own.numpy() * 32).astype(int):
                picture[:, top:bottom, left:right] = 0
        return ab

    found = study.measure(half_right, study.boxed(NO, "test"))
    assert list(found) == ["inside", "outside", "whole"] and len(found) == 6
    assert found["outside"].max() < 0.1 < 1 < found["inside"].mean()
    gray = study.measure(without_boxes(lambda g: g.new_zeros(len(g), 2, 32, 32)), things)
    np.testing.assert_allclose(gray["inside"], found["inside"], rtol=1e-4)
    assert gray["outside"].min() > 0.1


def test_every_kind_can_be_measured(study):
    tables = [study.errors(kind) for kind in (*study.kinds, LEAKING)]
    assert all(table.shape == (6, 3) and table["whole"].notna().all() for table in tables)
    assert study.trainings() == [(kind, 0) for kind in (*study.kinds, LEAKING)]


def test_a_profile_without_the_section_says_so(tmp_path, monkeypatch):
    folder = tmp_path / "notebooks" / "profiles"
    folder.mkdir(parents=True)
    (folder / "tiny.yaml").write_text(PROFILE.split("instances:")[0])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ColorkitError, match="add a section instances to it"):
        InstanceStudy(Course("tiny"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("crop: 16", "crop: 20", r"instances\.crop: .*multiple of 8"),
        ("width: 1", "size: 48", r"instances\.stored must be at least instances\.size"),
        ("crops: 1, ", "", "instances.epochs has full, fusion; it needs full, crops and fusion"),
        ("most: 3", "detector: none.pth", r"none\.pth does not exist"),
    ],
)
def test_a_section_that_makes_no_sense_is_refused(tmp_path, monkeypatch, old, new, told):
    folder = tmp_path / "notebooks" / "profiles"
    folder.mkdir(parents=True)
    assert old in PROFILE
    (folder / "tiny.yaml").write_text(PROFILE.replace(old, new))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ColorkitError, match=told):
        InstanceStudy(Course("tiny")).detector  # noqa: B018


def test_torchvisions_detector_is_downloaded_when_a_profile_asks(tmp_path, monkeypatch):
    folder = tmp_path / "notebooks" / "profiles"
    folder.mkdir(parents=True)
    (folder / "tiny.yaml").write_text(PROFILE.replace("most: 3", "detector: torchvision"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(studies, "detector_file", lambda folder: folder / "mask-rcnn.pth")
    monkeypatch.setattr(studies, "Detector", lambda file: file)
    made = InstanceStudy(Course("tiny"))
    assert made.detector == made.course.root / "data" / "weights" / "mask-rcnn.pth"
