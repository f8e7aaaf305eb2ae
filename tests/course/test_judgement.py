"""One verdict a claim: the worst of its parts, after Holm's correction."""

import math
from dataclasses import replace

import pytest
import scipy.stats

from colorkit.course.claims import (
    NEGLIGIBLE,
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    Finding,
    verdict,
)
from colorkit.course.estimates import Estimate
from colorkit.course.judgement import by_chance, error_needed, judge, totals

FREEDOM = 200.0


def found(value, error=1.0, margin=0.1, says="more", id="R3", part="a", why="") -> Finding:
    """Give a finding of a normal effect."""
    estimate = Estimate(value, ((error, FREEDOM),), 201)
    low, high = estimate.interval()
    judged = UNDECIDED if why else verdict(low, high, margin, says)
    numbers = (value, low, high, estimate.errors, 201, "images", 0, 0, "scenes", judged, why)
    return Finding(id, part, "", "Text.", "measure", "", says, margin, *numbers)


def test_the_error_needed_is_students_p_value():
    for value in (2.1, -3.0, 5.5):
        expected = 2 * scipy.stats.t.sf(abs(value), FREEDOM)
        assert error_needed(found(value)) == pytest.approx(expected, rel=1e-6)
    inside = found(0.0, error=0.04)
    assert inside.verdict == NEGLIGIBLE
    assert error_needed(inside) == pytest.approx(2 * scipy.stats.t.sf(2.5, FREEDOM), rel=1e-6)
    assert error_needed(found(1.0)) == 1.0  # undecided
    assert error_needed(found(9.0, why="too little")) == 1.0


def test_an_exact_finding_takes_no_chance():
    exact = replace(found(0.0), margin=None, errors=(), low=None, high=None, verdict=SUPPORTED)
    assert error_needed(exact) == 0.0
    assert judge([exact])["R3"].verdict == SUPPORTED


def test_parts_share_one_chance_of_error():
    """One part passes at 4 %; it counts only where the other passes at 2.5 %."""
    at = lambda p: found(scipy.stats.t.isf(p / 2, FREEDOM))  # noqa: E731
    assert judge([at(0.04)])["R3"].verdict == SUPPORTED
    both = judge([at(0.04), at(0.02)])["R3"]
    assert (both.verdict, both.corrected) == (SUPPORTED, (SUPPORTED, SUPPORTED))
    lost = judge([at(0.04), at(0.03)])["R3"]
    assert (lost.verdict, lost.corrected) == (UNDECIDED, (UNDECIDED, UNDECIDED))
    three = judge([at(0.049), at(0.026), at(0.01)])["R3"]
    assert three.corrected == (UNDECIDED, UNDECIDED, SUPPORTED)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((9, 9, 9), SUPPORTED),
        ((9, 1, 9), UNDECIDED),
        ((9, 0, 9), NEGLIGIBLE),
        ((0, 1, 9), NEGLIGIBLE),
        ((-9, 0, 1), NOT_SUPPORTED),
    ],
)
def test_a_claim_is_as_good_as_its_worst_part(values, expected):
    parts = [found(v, error=0.01 if v == 0 else 1.0, part=str(k)) for k, v in enumerate(values)]
    judged = judge(parts)["R3"]
    assert judged.verdict == expected
    assert judged.deciding.verdict == expected
    assert judged.findings == tuple(parts)


def test_claims_are_judged_apart_in_the_order_of_the_documents():
    judged = judge([found(9.0, id="H1"), found(1.0, id="R2"), found(-9.0, id="P3")])
    assert {id: each.verdict for id, each in judged.items()} == {
        "R2": UNDECIDED,
        "P3": NOT_SUPPORTED,
        "H1": SUPPORTED,
    }
    assert list(judged) == ["R2", "P3", "H1"]
    assert totals(judged.values()) == {
        SUPPORTED: 1,
        NOT_SUPPORTED: 1,
        NEGLIGIBLE: 0,
        UNDECIDED: 1,
    }


def test_luck_alone_decides_one_part_in_twenty():
    some = [found(1.0)] * 30 + [found(9.0, why="too little")] * 5
    some += [replace(found(math.nan), errors=())] * 5
    assert by_chance(some) == pytest.approx(1.5)
