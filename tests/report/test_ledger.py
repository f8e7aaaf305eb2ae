"""The ledger: verdicts, effects, margins and counts, of the record and of the run."""

from dataclasses import asdict

import pytest
from bs4 import BeautifulSoup

from colorkit.course import claims, judgement
from colorkit.course.claims import Claim, Part, exact_finding, finding
from colorkit.course.estimates import Estimate
from colorkit.report import ledger
from colorkit.report.ledger import (
    DOCUMENTS,
    effect,
    effect_html,
    judge_chapters,
    ledger_html,
    margin,
    mark_html,
    surprising,
    typeset,
)

PARTS = {
    "R1": {"": Part("exceptions", over="exact")},
    "R2": {"a": Part("color error", 0.5, unit="ΔE", over="images"), "b": Part("seconds", 1.0)},
    "Z1": {"": Part("a|b & c", 0.5, "same", over="images")},
}


KNOWN = {id: Claim(f"{id} <holds>", parts) for id, parts in PARTS.items()} | {"C9": Claim("C9")}


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    for module in (claims, judgement, ledger):
        monkeypatch.setattr(module, "known_claims", lambda: KNOWN)


def found(id, part, value, error, why="", variant="", trainings=0):
    errors = ((error, 1e6),) if error else ()
    estimate = Estimate(value, errors, images=120, trainings=trainings)
    return finding(id, part, estimate, of="images", data="scenes", why=why, variant=variant)


with pytest.MonkeyPatch.context() as patch:
    patch.setattr(claims, "known_claims", lambda: KNOWN)
    EXACT, BROKEN = (exact_finding("R1", "", count, 22, "layers") for count in (0, 3))
    LARGE, SMALL = found("R2", "a", 2.0, 0.1), found("R2", "a", 0.9, 0.42, variant="b*")
    SLOW, NOISE = (found("R2", "b", v, e, trainings=3) for v, e in ((-3.0, 0.1), (0.1, 2.0)))
    SAME = found("Z1", "", 0.01, 0.1, "the network has learned <little>")


def kept(*findings) -> dict:
    return {"claims": [asdict(each) for each in findings]}


def text(html: str) -> str:
    return BeautifulSoup(html, "html.parser").get_text()


@pytest.mark.parametrize(
    ("one", "says", "least"),
    [
        (EXACT, "0 exceptions", "none"),
        (BROKEN, "3 exceptions", "none"),
        (LARGE, "2.00 [1.80,\u00a02.20] ΔE", "0.5 ΔE"),
        (SLOW, "−3.00 [−3.20,\u00a0−2.80]", "1"),
        (SAME, "0.01 [−0.19,\u00a00.21]", "same: 0.5"),
    ],
)
def test_effects_and_margins_are_typeset(one, says, least):
    assert (effect(one), margin(one)) == (says, least)
    plus = {"2.00": "2.00 ± 0.20 ΔE", "−3.00": "−3.00 ± 0.20", "0.01": "0.01 ± 0.20"}
    assert text(effect_html(one)) == plus.get(says.split(" ")[0], says)


def test_minus_signs_stand_before_digits_alone():
    assert typeset("-1 [-2, 3] a-b, -c") == "−1 [−2,\u00a03] a-b,\u00a0-c"


@pytest.mark.parametrize(
    ("verdict", "sign"),
    [
        ("supported", "✔"),
        ("not supported", "✘"),
        ("negligible", "≈"),
        ("undecided", "?"),
        ("not measured", "–"),
        ("anything", "–"),
    ],
)
def test_verdicts_have_a_sign(verdict, sign):
    mark = BeautifulSoup(mark_html(verdict), "html.parser").span
    assert mark["class"] == ["verdict", verdict.replace(" ", "-")]
    assert mark.text == f"{sign}\u00a0{verdict}"


def test_claims_that_do_not_hold_surprise_most():
    judged = judge_chapters([kept(EXACT, SLOW), kept(SAME)]).values()
    assert [each.id for each in surprising(judged, 9)] == ["R2", "R1"]  # Z1 is undecided
    assert [each.id for each in surprising(judged, 1)] == ["R2"]


CHAPTERS = [{"name": n, "title": f"{n} & more", "file": n} for n in ("01_a", "02_b", "03_c")]
RUN = {"01_a": kept(EXACT, LARGE), "02_b": kept(SMALL, NOISE, SAME)}
RECORD = {"02_b": kept(LARGE), "01_a": kept(SLOW)}


def test_the_ledger_counts_both_sides():
    page = ledger.ledger(RUN, RECORD, CHAPTERS)
    assert [row["id"] for row in page["rows"]] == ["R1", "R2", "Z1", "C9"]
    assert [row["document"] for row in page["rows"]] == [DOCUMENTS[c] for c in "RRZC"]
    assert page["counts"] == {
        "record": {"not supported": 1, "not measured": 3},
        "run": {"supported": 1, "undecided": 2, "not measured": 1},
    }
    # Exact findings have no interval, and what has a reason was not tested.
    assert (page["tested"], page["chance"]) == (3, "0.2")
    one, two, _, none = page["rows"]
    assert [c["name"] for c in two["chapters"]] == ["01_a", "02_b"]
    assert [c["name"] for c in one["chapters"]] == ["01_a"] and none["chapters"] == []
    assert one["record"] == {
        "verdict": "not measured", "mark": mark_html("not measured"), "effect": "–",
        "plain": "",
    }  # fmt: skip
    assert two["record"]["effect"] == effect_html(SLOW)  # which decided
    assert two["run"]["effect"] == effect_html(NOISE)
    parts = {part["name"]: part for part in two["parts"]}
    assert {name: list(part["found"]) for name, part in parts.items()} == {
        "a": ["record", "run"], "b": ["record", "run"], "a, b*": ["run"],
    }  # fmt: skip
    assert parts["a"]["found"]["run"]["note"] == ""
    assert parts["a, b*"]["found"]["run"]["note"] == "supported if it stood alone"
    assert parts["b"]["margin"] == "1" and none["parts"] == []
    assert [row["id"] for row in ledger.ledger(RUN, {}, [], known={"Z1"})["rows"]] == ["Z1"]


def test_the_table_of_claims():
    rows = ledger.ledger(RUN, RECORD, CHAPTERS)["rows"]
    page = BeautifulSoup(ledger_html(rows), "html.parser")
    heads = [head.text for head in page.thead("th")]
    assert heads == ["Claim", "Statement", "Photographs", "Effect", "This run", "Effect"]
    one, two, same, none = page.tbody.find_all("tr", recursive=False)
    assert (two["id"], two["data-document"]) == ("claim-R2", "French report")
    assert (two["data-record"], two["data-run"]) == ("not supported", "undecided")
    order = ["supported", "not supported", "negligible", "undecided", "not measured"]
    for line in (one, two, same, none):
        ranks = [cell["data-sort"] for cell in line.find_all("td", attrs={"data-sort": True})]
        assert ranks == [str(order.index(line[f"data-{s}"])) for s in ("record", "run")]
    assert [len(line.find_all("details")) for line in (one, two, same, none)] == [1, 1, 1, 0]
    assert one.summary.text == "1 part of R1" and two.summary.text == "3 parts of R2"
    assert [a["href"] for a in two.details("a")] == ["01_a.html", "02_b.html"]
    assert two.details("a")[0].text == "01_a & more"
    items = [item.text for item in two.details.ul.find_all("li", recursive=False)]
    (small,) = (item for item in items if item.startswith("a, b*"))
    assert small == (
        "a, b* color error. Margin: 0.5 ΔE.This run: 0.9 ± 0.8 ΔE, 120 images, ?\u00a0undecided"
        " (supported if it stood alone)"
    )
    assert "Margin" not in one.details.text and "<little>" in same.details.text
    run = BeautifulSoup(ledger_html(rows, ["run"]), "html.parser")
    assert len(run.thead("th")) == 4 and "Photographs" not in run.text
    assert run.find("tr", id="claim-R2").get("data-record") is None
