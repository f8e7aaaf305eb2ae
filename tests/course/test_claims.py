"""The registry of claims and the rule that turns a measurement into a verdict."""

import math

import numpy as np
import pytest

from colorkit.course import claims
from colorkit.course.claims import (
    NEGLIGIBLE,
    NO_LUCK,
    NOT_SUPPORTED,
    ONE_TRAINING,
    SUPPORTED,
    TOO_LITTLE,
    UNDECIDED,
    Claim,
    Finding,
    Part,
    exact_finding,
    finding,
    known_claims,
    read_claims,
    read_finding,
    verdict,
    with_interval,
)
from colorkit.course.estimates import Estimate, estimate
from colorkit.system.errors import ColorkitError

NAN = math.nan
SMALL = {
    "R6": Claim(
        "OutNet still colors plants.",
        {
            "better": Part("ΔE saved", 0.5, unit="ΔE₀₀"),
            "pictures": Part("ΔE of pictures", 0.5, over="images"),
            "counted": Part("exceptions", over="exact"),
        },
    )
}


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(claims, "known_claims", lambda: SMALL)


def test_every_claim_of_the_documents_is_there():
    """Each document's are numbered without a gap; those of works read by their chapters' tens."""
    least = {"R": 32, "P": 3, "C": 6, "H": 7, "L": 4, "Z": 3, "N": 3, "N1": 5, "N2": 7, "N3": 8}
    known, numbers = known_claims(), {}
    for id in known:
        letter = id[:2] if id.startswith("N") and len(id) > 2 else id[0]
        numbers.setdefault(letter, []).append(int(id.removeprefix(letter)))
    assert list(numbers) == list(least)
    for letter, found in numbers.items():
        assert found == list(range(1, len(found) + 1)) and len(found) >= least[letter]
    assert all(c.text.endswith(".") and not c.text[0].islower() for c in known.values())
    assert len({c.text for c in known.values()}) == len(known)


def test_every_claim_says_beforehand_what_is_measured():
    for id, claim in known_claims().items():
        assert claim.parts, id
        for name, part in claim.parts.items():
            assert part.measure and not part.measure.endswith("."), (id, name)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 0.6, SUPPORTED),
        (-0.6, -0.1, NOT_SUPPORTED),
        (-0.1, 0.6, UNDECIDED),
        (0.0, 0.6, UNDECIDED),
        (-0.1, 0.1, NEGLIGIBLE),
        (0.1, 0.4, NEGLIGIBLE),  # clear of zero, and still of no size
        (-0.4, -0.1, NEGLIGIBLE),
        (0.1, 0.5, SUPPORTED),  # an interval that reaches the margin does not lie within it
        (NAN, NAN, UNDECIDED),
        (-math.inf, math.inf, UNDECIDED),
    ],
)
def test_an_interval_and_a_margin_give_four_verdicts(low, high, expected):
    assert verdict(low, high, 0.5) == expected
    either = SUPPORTED if expected == NOT_SUPPORTED else expected
    assert verdict(low, high, 0.5, "changes") == either


@pytest.mark.parametrize(
    ("low", "high", "same", "at_most"),
    [
        (-0.4, 0.4, SUPPORTED, SUPPORTED),
        (0.6, 0.9, NOT_SUPPORTED, NOT_SUPPORTED),
        (-0.9, -0.6, NOT_SUPPORTED, SUPPORTED),
        (0.1, 0.9, UNDECIDED, UNDECIDED),
        (-0.9, 0.1, UNDECIDED, SUPPORTED),
        (NAN, NAN, UNDECIDED, UNDECIDED),
    ],
)
def test_claims_of_no_difference_ask_for_an_interval_within_the_margin(low, high, same, at_most):
    assert verdict(low, high, 0.5, "same") == same
    assert verdict(low, high, 0.5, "at most") == at_most


def find(values, part="better", **options):
    of = "seeds" if np.ndim(values) == 2 else "images"
    options = {"of": of, "data": "procedural scenes"} | options
    return finding("R6", part, estimate(values, of=of), **options)


def test_a_finding_carries_claim_numbers_and_verdict(registry):
    values = np.array([[1.0, 1.2, 0.9], [1.1, 1.2, 1.0]])
    found = find(values, variant="plants")
    assert (found.name, found.text) == ("R6 better, plants", SMALL["R6"].text)
    assert (found.measure, found.unit, found.margin) == ("ΔE saved", "ΔE₀₀", 0.5)
    assert found.value == pytest.approx(values.mean())
    assert (found.low, found.high) == estimate(values, of="seeds").interval()
    assert (found.n, found.of, found.images) == (2, "seeds", 3)
    assert found.counted == "2 seeds × 3 images"
    assert found.verdict == SUPPORTED and found.why == ""
    assert find(-values).verdict == NOT_SUPPORTED
    assert find(values / 10).verdict == NEGLIGIBLE
    assert read_finding(found.__dict__ | {"chapter": {}}) == found
    low, high = found.estimate.interval()
    assert (low, high) == (found.low, found.high)


def test_findings_over_images_and_classes_are_counted_so(registry):
    found = finding("R6", "pictures", Estimate(1.0, ((0.1, 9.0),), 12, 0, 3), of="images", data="d")
    assert found.counted == "12 images, mean over 3 classes"
    one = Estimate(1.0, ((0.1, 9.0),), 12, 1)
    assert finding("R6", "better", one, of="seeds", data="d").counted == "1 seed × 12 images"


def test_a_reason_stands_above_the_interval(registry):
    found = find([[9.0, 9.1], [9.2, 9.0]], why=TOO_LITTLE)
    assert (found.verdict, found.why, found.low is not None) == (UNDECIDED, TOO_LITTLE, True)
    assert find([[0.3, 0.4]]).why == ONE_TRAINING and find([[0.3, 0.3], [0.3, 0.3]]).why == NO_LUCK
    lost = finding("R6", "better", Estimate(NAN), of="images", data="d", why="no portraits")
    assert (lost.value, lost.low, lost.verdict, lost.n) == (None, None, UNDECIDED, 0)


def test_trainings_are_not_compared_by_images_alone(registry):
    with pytest.raises(ColorkitError, match=r"R6 better compares trainings.* several seeds"):
        find([1.0, 2.0, 3.0])
    assert find([1.0, 1.1, 0.9], "pictures").verdict == SUPPORTED


@pytest.mark.parametrize(("exceptions", "expected"), [(0, SUPPORTED), (3, NOT_SUPPORTED)])
def test_an_exact_claim_holds_only_without_exceptions(registry, exceptions, expected):
    found = exact_finding("R6", "counted", exceptions, 22, "layers")
    assert (found.verdict, found.value, found.margin) == (expected, exceptions, None)
    assert (found.low, found.high, found.counted) == (None, None, "22 layers")
    with pytest.raises(ColorkitError, match="not exact"):
        exact_finding("R6", "better", 0, 1, "layers")
    with pytest.raises(ColorkitError, match=r"Chapter\.exact"):
        find([1.0, 2.0], "counted")


@pytest.mark.parametrize("id", ["R28", "Q1", "", "r6"])
def test_an_unknown_claim_or_part_names_the_known_ones(registry, id):
    with pytest.raises(ColorkitError, match=f"unknown claim {id!r}; the ids are R6"):
        finding(id, "better", Estimate(1.0), of="images", data="d")
    with pytest.raises(ColorkitError, match=r"R6 has no part 'worse'.*'better', 'pictures'"):
        find([1.0], "worse")


PART = "R6: {text: Plants., parts: {a: {measure: b%s}}}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PART % "", "R6 a has no margin; write one down"),
        (PART % ", margin: 0", "R6 parts a margin: .*greater than 0"),
        (PART % ", margin: 1, over: exact", "R6 a needs no margin"),
        (PART % ", margin: 1, says: maybe", "R6 parts a says: "),
        (PART % ", margin: 1, power: 2", "R6 parts a power: "),
        ("R6: {parts: {}}", "R6 text: "),
        ("R6: [", "cannot be read"),
    ],
)
def test_a_registry_that_is_not_right_is_refused_by_place(tmp_path, text, said):
    (tmp_path / "claims.yaml").write_text(text)
    with pytest.raises(ColorkitError, match=said):
        read_claims(tmp_path / "claims.yaml")


def test_a_finding_is_plain_numbers(registry):
    found = find(np.float32([[1, 2, 2], [1, 1, 2]]))
    assert isinstance(found, Finding)
    assert {type(x) for x in (found.value, found.low, found.high)} == {float}
    assert {type(x) for pair in found.errors for x in pair} == {float}
    assert type(found.n) is int


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
