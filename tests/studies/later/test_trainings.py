"""Which pictures and how many steps each training gets; nothing is trained here."""

from types import SimpleNamespace

import pytest
import yaml

from colorkit.course import networks
from colorkit.course.networks import Course
from colorkit.models.colornet_variants import ResidualColorNet, ToldColorNet
from colorkit.studies.later.trainings import NAMES, Trainings
from colorkit.system.errors import ColorkitError
from colorkit.training import trainer

PROFILE = {
    "name": "tiny",
    "data": {"source": "scenes", "what": "scenes", "size": 32, "stored": 36}
    | {"train": 5, "val": 2, "test": 1},
    "model": {"width": 0.125, "global_size": 32},
    "networks": {"first": {"classes": ["lawn", "house"]}, "second": {"classes": ["sky", "pond"]}},
}
LATER = {"classes": ["lawn", "house"], "gray": ["sky"], "colors": ["pond"], "epochs": 2}
LATER |= {"channels": 2, "discriminator_width": 2, "batch_size": 5, "seeds": 2}


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Every training by name, as `fit` would have made it: its module and what it is called."""
    monkeypatch.setattr(networks, "working_folder", lambda: tmp_path)
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(PROFILE | {"later": LATER}))
    found = {}

    def note(folder, module, about):
        found[about["name"]] = SimpleNamespace(module=module, folder=folder, about=about)
        return SimpleNamespace(folder=folder, model=lambda: module.model)

    study = Trainings(Course(str(tmp_path / "tiny.yaml")))
    with trainer.replaced(note):
        for name in NAMES:
            study.train(name)
        with pytest.raises(ColorkitError, match="no training 'hue'; choose among unpaired"):
            study.train("hue")
    return found


def test_no_truth_of_gray_classes_is_seen_where_none_should_be(made):
    unpaired, borrowed = made["later-unpaired"].module, made["later-borrowed-pairs"].module
    assert unpaired.train_set.classes == ["sky", "pond"]
    assert unpaired.val_set.classes == borrowed.train_set.classes == borrowed.val_set.classes
    assert borrowed.train_set.classes == ["pond"] and unpaired.recipe.gray_classes == 1
    assert made["later-own-pairs"].module.train_set.classes == ["sky"]


def test_what_is_compared_takes_as_many_steps(made):
    steps = {
        name: each.module.recipe.epochs * (len(each.module.train_set) // 5)
        for name, each in made.items()
    }
    assert steps["later-unpaired"] == steps["later-borrowed-pairs"] == steps["later-own-pairs"] == 4
    spaces = [steps[f"later-{name}"] for name in ("lab", "rgb", "ycbcr", "oklab")]
    assert len(set(spaces + [steps[f"later-{n}"] for n in ("plain", "residual", "judged")])) == 1


def test_each_stage_of_growing_is_named_by_the_one_before(made):
    first, second, third = (made[f"later-grown-{side}"] for side in (8, 16, 32))
    assert [each.module.recipe.shrink for each in (first, second, third)] == [4, 2, 1]
    assert [each.module.model.settings()["depth"] for each in (first, second, third)] == [1, 2, 3]
    assert second.about["identity"]["data"][0].endswith(f"from {first.folder.name}")
    assert third.about["identity"]["data"][0].endswith(f"from {second.folder.name}")


def test_networks_are_those_of_their_names(made):
    assert isinstance(made["later-residual"].module.model, ResidualColorNet)
    assert isinstance(made["later-told"].module.model, ToldColorNet)
    assert made["later-rgb"].module.model.settings()["out_channels"] == 3
    assert hasattr(made["later-judged"].module, "discriminator")
