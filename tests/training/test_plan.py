"""A plan names exactly the trainings that would be made, and makes none."""

import pytest
from shared_training import COMMON, paint

from colorkit.course.networks import scene_entries
from colorkit.data.collection import collect
from colorkit.models.colornet import ColorNet
from colorkit.training import trainer
from colorkit.training.plan import planning
from colorkit.training.recipe import Recipe

RECIPE = Recipe(**COMMON)


@pytest.fixture
def fit(tmp_path):
    entries = scene_entries(["lawn", "sky"], {"train": 12, "val": 4, "test": 1})
    found = collect(entries, 36, tmp_path / "cache", source="blocks", reader=paint, recipe="blocks")

    def run(name, recipe=RECIPE, **options):
        sets = (found.subset(["lawn", "sky"], split) for split in ("train", "val"))
        network = lambda: ColorNet(2, width=0.125, global_size=32)  # noqa: E731
        facts = {"data": "blocks", "fingerprint": found.fingerprint, "folder": tmp_path / "runs"}
        return trainer.fit(name, network, recipe, *sets, size=32, seed=3, **facts, **options)

    return run


def both(fit):
    """A training, and one that starts from it."""
    first = fit("first")
    return [first, fit("second", Recipe(**COMMON, learning_rate=0.01), start=first.weights)]


def test_the_names_are_those_of_the_trainings_themselves(fit, tmp_path):
    with planning() as plan:
        stand_ins = both(fit)
        both(fit)  # asked for again, listed once
    assert not (tmp_path / "runs").exists()
    assert not stand_ins[0].weights.exists()
    assert [(each.images, each.epochs) for each in plan.trainings] == [(24, 3)] * 2
    assert all(each.minutes > 0 for each in plan.trainings)
    assert [run.folder.name for run in both(fit)] == [each.name for each in plan.trainings]


def test_what_is_done_is_not_planned(fit):
    done = fit("first", Recipe(**COMMON | {"epochs": 1}))
    with planning() as plan:
        assert fit("first", Recipe(**COMMON | {"epochs": 1})).folder == done.folder
        longer = fit("first")
    assert [each.name for each in plan.trainings] == [longer.folder.name]
    assert fit("first", Recipe(**COMMON | {"epochs": 1})).history.shape[0] == 1


def test_minutes_grow_with_epochs_and_like_trainings_are_timed_once(fit, monkeypatch):
    timed = []
    with planning() as plan:
        original = plan._time
        monkeypatch.setattr(plan, "_time", lambda *a: timed.append(a) or original(*a))
        for epochs in (1, 10):
            fit(f"of {epochs}", Recipe(**COMMON | {"epochs": epochs}))
    short, long = (each.minutes for each in plan.trainings)
    assert long == pytest.approx(10 * short)
    assert len(plan._seconds) == 1 and len(timed) == 2
