"""The rule that turns a measurement into a verdict, fixed for all claims alike."""

import math

import pytest

from colorkit.course.claims import (
    CLAIMS,
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    finding,
    verdict,
    with_interval,
)

NAN = math.nan


def test_every_claim_of_the_documents_is_there_and_no_other():
    counts = {"R": 27, "P": 3, "C": 6, "H": 7, "L": 4, "Z": 3}
    assert list(CLAIMS) == [f"{d}{i + 1}" for d, count in counts.items() for i in range(count)]
    assert all(text.endswith(".") and not text[0].islower() for text in CLAIMS.values())
    assert len(set(CLAIMS.values())) == len(CLAIMS)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 0.5, SUPPORTED),
        (1e-12, 1e9, SUPPORTED),
        (-0.5, -0.1, NOT_SUPPORTED),
        (-0.1, 0.1, UNDECIDED),
        (0.0, 0.5, UNDECIDED),
        (-0.5, 0.0, UNDECIDED),
        (0.0, 0.0, UNDECIDED),
        (NAN, NAN, UNDECIDED),
    ],
)
def test_only_an_interval_clear_of_zero_decides(low, high, expected):
    assert verdict(low, high) == expected


def find(value, interval, id="R6", **options):
    options = {"n": 40, "of": "images", "data": "procedural scenes"} | options
    return finding(id, "ΔE saved", value, interval, **options)


def test_a_finding_carries_claim_numbers_and_verdict():
    found = find(0.3, (0.1, 0.5), unit="ΔE", part="plants")
    assert (found.id, found.text, found.part, found.unit) == ("R6", CLAIMS["R6"], "plants", "ΔE")
    assert (found.value, found.low, found.high) == (0.3, 0.1, 0.5)
    assert (found.n, found.of, found.data) == (40, "images", "procedural scenes")
    assert found.verdict == SUPPORTED
    assert find(-0.3, (-0.5, -0.1)).verdict == NOT_SUPPORTED
    assert find(0.3, (-0.1, 0.5)).verdict == UNDECIDED


def test_an_interval_that_does_not_exist_leaves_the_claim_undecided():
    found = find(0.3, (NAN, NAN), n=1)
    assert found.verdict == UNDECIDED
    assert (found.value, found.low, found.high) == (0.3, None, None)
    assert find(NAN, (NAN, NAN)).value is None


@pytest.mark.parametrize(("exceptions", "expected"), [(0, SUPPORTED), (3, NOT_SUPPORTED)])
def test_an_exact_claim_holds_only_without_exceptions(exceptions, expected):
    found = find(exceptions, None, id="R1")
    assert found.verdict == expected
    assert (found.value, found.low, found.high) == (exceptions, None, None)


def test_numbers_of_other_libraries_become_plain_ones():
    import numpy as np
    import torch

    found = find(np.float32(0.5), torch.tensor([0.25, 0.75]), n=np.int64(3))
    assert {type(x) for x in (found.value, found.low, found.high)} == {float}
    assert type(found.n) is int


@pytest.mark.parametrize("id", ["R28", "R0", "Q1", "", "r1"])
def test_an_unknown_claim_names_the_known_ones(id):
    with pytest.raises(ValueError) as fault:
        find(1.0, (0.5, 1.5), id=id)
    assert repr(id) in str(fault.value) and "R27" in str(fault.value)


@pytest.mark.parametrize(
    ("numbers", "unit", "text"),
    [
        ((1.2345, 1.1, 1.36), "dB", "1.23 [1.10, 1.36] dB"),
        ((12.345, 10.0, 15.0), "", "12.3 [10.0, 15.0]"),
        ((0.00123, 0.001, 0.0015), "", "0.00123 [0.00100, 0.00150]"),
        ((1234.5, 1000.0, 3000.0), "ms", "1234 [1000, 3000] ms"),
        ((2.0, 2.0, 2.0), "", "2.00 [2.00, 2.00]"),
        ((3.14159, None, None), "dB", "3.14 dB"),
        ((3.14159, NAN, NAN), "", "3.14"),
        ((None, None, None), "dB", "not measurable"),
        ((NAN, 0.1, 0.2), "dB", "not measurable"),
    ],
)
def test_digits_follow_the_intervals_width(numbers, unit, text):
    assert with_interval(*numbers, unit) == text
