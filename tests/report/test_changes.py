"""What changed between two records is said in one line a claim, and earlier changes stay."""

from dataclasses import asdict

import pytest

from colorkit.course import claims, judgement
from colorkit.course.claims import Claim, Part, finding
from colorkit.course.estimates import Estimate
from colorkit.report import changes
from colorkit.report.changes import FILE, keep_changes, read_changes, read_record
from colorkit.system.writing import write_json

PARTS = {"a": Part("color error", 0.5, unit="ΔE", over="images")}
KNOWN = {id: Claim(f"{id} holds", PARTS) for id in ("R1", "R2", "Z1")}


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    for module in (claims, judgement, changes):
        monkeypatch.setattr(module, "known_claims", lambda: KNOWN)


def chapter(date="2026-01-02", seeds=3, data="photographs", **effects) -> dict:
    """What a chapter left that found these effects, each sure to a tenth."""
    made = (
        finding(id, "a", Estimate(value, ((0.1, 1e6),), images=9), of="images", data=data)
        for id, value in effects.items()
    )
    setting = {"size": 64, "seeds": seeds, "epochs": {"vegenet": 2 + seeds}}
    kept = [asdict(each) for each in made]
    told = {"setting": setting, "data": data, "claims": kept, "box": {}}
    return told | {"environment": {"date": date}}


def test_a_verdict_that_differs_is_named_with_what_was_done_otherwise():
    before = {"02_one": chapter(R1=2.0, R2=2.0)}
    again = {"02_one": chapter("2026-02-03", seeds=5, R1=-2.0, R2=2.1), "03_two": chapter(Z1=1.0)}
    found = changes.changes(before, again)
    assert list(found) == ["R1", "Z1"]
    assert found["R1"]["before"].startswith("supported: 2.0")
    assert found["R1"]["now"].startswith("not supported: −2.0")
    assert (
        found["R1"]["why"] == "seeds 3 → 5; epochs vegenet 5 → 7"
        and found["R1"]["date"] == "2026-02-03"
    )
    assert found["Z1"]["before"] == "not measured"
    assert found["Z1"]["why"] == "measured in its present form for the first time"
    assert changes.changes(again, again) == {}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("photographs", "made anew in the same way: the luck of trainings"),
        ("others", "other images"),
    ],
)
def test_why_a_verdict_differs(data, why):
    record, anew = {"02": chapter(R1=2.0)}, {"02": chapter(data=data, R1=-2.0)}
    assert changes.changes(record, anew)["R1"]["why"] == why


@pytest.mark.parametrize("told", [True, False])
def test_why_a_verdict_differs_by_a_section_of_the_profile(told):
    before, after = chapter(R1=2.0), chapter(R1=-2.0)
    after["setting"]["sections"] = {"gans": {"limit": 400, "epochs": {"full": 25}}}
    if told:  # records did not always tell them
        before["setting"]["sections"] = {"gans": {"limit": 150, "epochs": {"full": 10}}}
    why = changes.changes({"02": before}, {"02": after})["R1"]["why"]
    expected = "sections gans limit 150 → 400; sections gans epochs full 10 → 25"
    untold = "the record before does not tell the chapter's own scale"
    assert why == (expected if told else untold)


@pytest.mark.parametrize("told", [True, False])
def test_why_a_verdict_differs_by_a_model_of_the_box(told):
    before, after = chapter(R1=2.0), chapter(R1=-2.0) | {"box": {"hints": "5678", "vivid": "9"}}
    before["box"] = {"hints": "1234", "vivid": "9"}
    if not told:  # records did not always tell it
        del before["box"]
    why = changes.changes({"02": before}, {"02": after})["R1"]["why"]
    untold = "the record before does not tell the models in the box"
    assert why == ("another hints in the box" if told else untold)


def test_earlier_changes_stay_until_the_claim_changes_again(tmp_path):
    assert read_changes(tmp_path) == []
    first, second = {"02_one": chapter(R1=2.0)}, {"02_one": chapter(R1=2.0, R2=-2.0)}
    keep_changes(tmp_path, {}, first)
    keep_changes(tmp_path, first, second)
    assert [each["id"] for each in read_changes(tmp_path)] == ["R1", "R2"]
    keep_changes(tmp_path, second, {"02_one": chapter(R1=-2.0, R2=-2.0)})
    kept = {each["id"]: each["before"] for each in read_changes(tmp_path)}
    assert kept["R1"].startswith("supported") and kept["R2"] == "not measured"
    write_json(tmp_path / "02_one.json", second["02_one"])
    assert list(read_record(tmp_path)) == ["02_one"] and (tmp_path / FILE).exists()
