"""Plain words: a sentence for every verdict that a part can have, with its effect in it."""

import re
from dataclasses import replace

import pytest

from colorkit.course.claims import (
    NEGLIGIBLE,
    NOT_SUPPORTED,
    UNDECIDED,
    VERDICTS,
    Finding,
    exact_finding,
    known_claims,
)
from colorkit.course.plain_words import effect_text, plain_words, sentences

PARTS = [
    pytest.param(id, name, part, id=f"{id} {name}")
    for id, claim in known_claims().items()
    for name, part in claim.parts.items()
]
IMPOSSIBLE = {
    "more": set(),
    "changes": {NOT_SUPPORTED},  # an effect of either sign supports it
    "same": {NEGLIGIBLE},
    "at most": {NEGLIGIBLE},
}
FOUND = Finding(
    *("R9", "dull", "mColorNet", "", "", "dB", "more", 0.1, 0.25, 0.2, 0.5, ((0.1, 4.0),)),
    *(3, "seeds", 20, 0, "photographs", "supported"),
)


def possible(part) -> set[str]:
    if part.over == "exact":
        return set(VERDICTS) - {NEGLIGIBLE, UNDECIDED}
    return set(VERDICTS) - IMPOSSIBLE[part.says]


@pytest.mark.parametrize(("id", "name", "part"), PARTS)
def test_every_verdict_that_a_part_can_have_is_said(id, name, part):
    means = sentences()[id][name]
    assert set(means) == possible(part)
    assert len(set(means.values())) == len(means)  # two verdicts are never said alike
    for verdict, sentence in means.items():
        places = re.findall(r"\{(.*?)\}", sentence)
        assert set(places) <= {"", "less", "percent", "percent_less", "variant"}
        assert len([p for p in places if p != "variant"]) <= 1
        turned = any("less" in place for place in places)
        assert not turned or verdict == NOT_SUPPORTED  # the other sign is of the contrary alone
        assert sentence.endswith(".")


def test_no_sentence_is_of_an_unknown_part():
    assert {id: set(parts) for id, parts in sentences().items()} == {
        id: set(claim.parts) for id, claim in known_claims().items()
    }


@pytest.mark.parametrize(
    ("factor", "unit", "text"),
    [
        (1, "", "0.250 [0.200, 0.500] dB"),
        (-1, "", "-0.250 [-0.500, -0.200] dB"),
        (100, "%", "25 [20, 50] %"),
    ],
)
def test_an_effect_is_turned_and_taken_in_percent(factor, unit, text):
    digits = re.compile(r"(\.\d*?)0+\b")
    found, wanted = (digits.sub(r"\1", x) for x in (effect_text(FOUND, factor, unit), text))
    assert found == wanted


def test_an_effect_without_an_interval_stays_a_number():
    alone = replace(FOUND, low=None, high=None)
    assert effect_text(alone, -1) == "-0.25 dB"
    assert effect_text(exact_finding("R1", "table", 1, 5, "counts")) == "1 exception"


def test_what_a_finding_means_is_said_of_either_verdict():
    assert "25 [20, 50] % of their colorfulness is missing" in plain_words(FOUND)
    assert plain_words(FOUND, UNDECIDED).startswith("Whether mColorNet is duller")
    assert plain_words(replace(FOUND, value=None)) == ""
