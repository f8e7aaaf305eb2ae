"""The trainings behind the box: each begins where another ended."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from colorkit.studies.comparison import curriculum


@pytest.fixture
def photographs(monkeypatch):
    """Note what is trained from what, in place of training."""
    trained = []

    def made(name: str, *starts: Path) -> Path:
        training = (name, {start.parent.name for start in starts if start})
        if training not in trained:  # otherwise it is found again
            trained.append(training)
        return Path(f"{trained.index(training) + 1}-{name}") / "weights.safetensors"

    def fit(name, recipe, size, start, make, module=None, *, balanced):
        assert balanced and size in (96, 128)
        return SimpleNamespace(weights=made(name, start))

    monkeypatch.setattr(curriculum, "lite2_weights", lambda folder: Path("imagenet/weights"))
    monkeypatch.setattr(curriculum, "average_weights", lambda path, files: made("mean", *files))
    return SimpleNamespace(fit=fit, root=Path("root"), trained=trained)


def test_each_training_begins_where_one_before_ended(photographs):
    curriculum.vivid(photographs)
    known = {"imagenet"}
    for k, (name, starts) in enumerate(photographs.trained):
        assert starts and starts <= known, name
        known.add(f"{k + 1}-{name}")
    names = [name for name, _ in photographs.trained]
    assert names[:7] == [
        *("faithful-lite-96", "faithful-lite", "faithful-people", "faithful-more"),
        *("faithful-long", "faithful-again", "mean"),
    ]
    assert photographs.trained[6][1] == {"5-faithful-long", "6-faithful-again"}


def test_three_networks_are_averaged_in_the_end(photographs):
    curriculum.vivid(photographs)
    *_, (last, averaged) = photographs.trained
    starts = dict(enumerate((starts for _, starts in photographs.trained), 1))
    heads = {int(folder.split("-")[0]) for folder in averaged}
    assert last == "mean" and len(averaged) == 3
    assert all("expected-chroma" in folder for folder in averaged)
    assert [starts[k] for k in sorted(heads)] == [
        {"8-faithful-bright"},
        {"9-faithful-bright"},
        {"7-mean"},
    ]


def test_hints_begin_before_what_is_only_for_looks(photographs):
    curriculum.mean_color(photographs)
    assert [name for name, _ in photographs.trained][-2:] == ["faithful-again", "mean"]


def test_the_papers_network_begins_with_nothing_and_goes_on(photographs):
    last = curriculum.colornet(photographs)
    assert photographs.trained == [("colornet", set()), ("colornet-more", {"1-colornet"})]
    assert last.parent.name == "2-colornet-more"
