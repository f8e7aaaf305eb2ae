"""What a study says of verdicts fits them: `Chapter.meaning` would pass over a key that is none."""

import re

import pytest

from colorkit.course.claims import VERDICTS, known_claims
from colorkit.studies import ablations, decolorization
from colorkit.studies.comparison import color_judge, portraits
from colorkit.studies.gans import effects as gans
from colorkit.studies.hints import measures as hints
from colorkit.studies.instances import study as instances
from colorkit.studies.postprocessing import effects as postprocessing

KEYS = {verdict.replace(" ", "_") for verdict in VERDICTS}
PARTS = {
    "R14": postprocessing.MEANS,
    "R15": postprocessing.MEANS,
    "R31": postprocessing.MEANS,
    "R17": decolorization.MEANS,
    "R26": ablations.MEANS,
    "L1": ablations.MEANS,
    "L2": ablations.MEANS,
    "L3": ablations.MEANS,
    "L4": ablations.MEANS,
    "P1": gans.MEANS,
    "C6": gans.MEANS,
    "Z1": hints.MEANS,
    "Z2": hints.MEANS,
    "Z3": hints.MEANS,
    "N1": instances.MEANS,
    "N2": instances.MEANS,
    "N3": instances.MEANS,
    "H2": dict.fromkeys(("chroma", "features"), color_judge.MEANS),
    "H6": {"gain": portraits.MEANS},
}
SAID = [
    pytest.param(part, means[name], id=f"{id} {name}")
    for id, means in PARTS.items()
    for name, part in known_claims()[id].parts.items()
    if name in means
]


@pytest.mark.parametrize(("part", "sentences"), SAID)
def test_sentences_are_of_verdicts_and_hold_the_effect_once(part, sentences):
    impossible = {"negligible"} if part.says in ("at most", "same") else set()
    assert {"supported", "undecided"} <= set(sentences) <= KEYS - impossible
    for verdict, sentence in sentences.items():
        held = re.findall(r"\{.*?\}", sentence)
        assert held == ["{}"] or (held == ["{less}"] and verdict == "not_supported")
        assert sentence.endswith(".") and sentence.format("1", less="1").count("1") == 1


def test_every_sentence_belongs_to_a_part():
    for means in (postprocessing, decolorization, ablations, gans, hints, instances):
        owners = [id for id, each in PARTS.items() if each is means.MEANS]
        parts = {name for id in owners for name in known_claims()[id].parts}
        assert set(means.MEANS) <= parts
