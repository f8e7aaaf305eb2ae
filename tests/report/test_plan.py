"""The plan of a report: every chapter that trains is in it, and the sums are right."""

import re

import pytest
import yaml

from colorkit.course import networks
from colorkit.report import plan
from colorkit.report.notebooks import read_chapters
from colorkit.system.project import project_root
from colorkit.training.plan import Planned

TINY = {
    "name": "tiny",
    "data": {"source": "scenes", "what": "scenes", "size": 32, "stored": 36}
    | {"train": 6, "val": 3, "test": 1},
    "recipe": {"epochs": 2, "batch_size": 4, "precision": "32-true"},
    "model": {"width": 0.125, "global_size": 32},
    "seeds": 2,
    "networks": {
        name: {"classes": classes, "start": start}
        for name, classes, start in (
            ("vegenet", ["lawn", "house"], ""),
            ("outnet", ["sky", "pond"], "vegenet"),
            ("mcolornet", ["bar", "palace", "bridge", "castle"], "outnet"),
        )
    },
    "superclasses": {"epochs": 1, "least": 2},
    "ablations": {"epochs": 1, "few": 2, "long": 2, "least": 2},
    "later": {"classes": ["lawn", "house"], "gray": ["sky"], "colors": ["pond"]}
    | {"channels": 2, "discriminator_width": 2, "batch_size": 4, "epochs": 2},
}


@pytest.fixture
def tiny(tmp_path, monkeypatch) -> str:
    """The path of a profile, whose trainings go to a folder of their own."""
    monkeypatch.setattr(networks, "working_folder", lambda: tmp_path)
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    return str(tmp_path / "tiny.yaml")


@pytest.fixture
def planned(tiny):
    return plan.plan_report(tiny)


def _begin(name):
    return re.sub(r"-s\d+-\w+$", "", name)


def test_the_plan_has_all_trainings_of_a_profile_once(planned, tmp_path, capsys):
    names = [each.name for some in planned.values() for each in some]
    assert len(set(names)) == len(names)
    begun = {chapter: {_begin(n.name) for n in some} for chapter, some in planned.items()}
    assert begun["02_vegenet"] >= {"vegenet", "outnet"}
    assert begun["03_outnet"] == {"outnet-scratch"}
    assert begun["04_mcolornet"] == {"mcolornet"}
    assert "vegenet-random-gray" in begun["07_decolorization"]
    assert "vegenet-ablation-paper" in begun["08_ablations"]
    assert "vegenet-all-classes" in begun["09_superclasses"]
    # Once for their own chapter, and once with the warm-up of the chapter on colorfulness.
    assert len([n for n in names if n.startswith("mcolornet-s")]) == 2 * TINY["seeds"]
    assert len(planned["04_mcolornet"]) == TINY["seeds"]
    assert not list(tmp_path.glob("runs/**/weights.safetensors"))
    assert begun["19_later"] >= {"later-unpaired", "later-grown-8", "later-grown-32", "later-told"}
    assert planned["10_nir"] == planned["13_gans"] == []  # this profile has neither
    assert planned["11_luminance"] == planned["17_cocolor"] == planned["18_colormamba"] == []


def test_every_chapter_that_trains_for_itself_is_planned():
    known = {chapter.name: chapter for chapter in read_chapters(project_root())}
    assert set(plan.CHAPTERS) <= set(known)
    for name, chapter in known.items():
        source = chapter.path.read_text(encoding="utf-8")
        trains = any(call in source for call in ("trainings.train(", ".repeats(", "study.train("))
        assert not trains or name in plan.CHAPTERS, name


def test_a_plan_is_printed_with_its_sums(capsys):
    some = [Planned("a-s0-1", 100, 3, 1.25), Planned("b-s0-2", 20, 3, 60.0)]
    plan.print_plan({"02_vegenet": some, "03_outnet": [], "04_mcolornet": some[:1]})
    lines = capsys.readouterr().out.splitlines()
    assert "a-s0-1" in lines[0] and "100 images x   3      1.2 min" in lines[0]
    assert any(line.split() == ["02_vegenet", "2", "trainings", "61.2", "min"] for line in lines)
    assert not any("03_outnet" in line for line in lines)
    assert any(line.split()[:5] == ["all", "3", "trainings", "62.5", "min,"] for line in lines)


def test_some_chapters_are_foretold_by_their_sums(tiny, monkeypatch, capsys):
    assert list(plan.plan_report(tiny, only=["03", "04_m"])) == ["03_outnet", "04_mcolornet"]
    monkeypatch.setattr(plan, "elsewhere", lambda work, *arguments: work(*arguments))
    plan.foretell(tiny, "", 0, ["02_vegenet"], 2)
    begun, chapter, whole, *_, last = capsys.readouterr().out.splitlines()
    assert begun == "How long it will take:" and "2 chapters will run at a time" in last
    assert chapter.startswith("02_vegenet") and whole.startswith("all")
    assert chapter.split()[1] == whole.split()[1]  # of a chapter alone


def test_what_cannot_be_foretold_is_said_and_stops_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(plan, "elsewhere", lambda work, *arguments: work(*arguments))
    plan.foretell(str(tmp_path / "none.yaml"), "", 0, [], 1)
    assert "that cannot be told: " in capsys.readouterr().out
