"""One verdict a claim, over all that was measured of it.

The rule: a claim holds as far as all its parts hold. One part that is *not supported* makes the
claim not supported; otherwise one that is *negligible* makes it negligible; otherwise one that is
*undecided* leaves it undecided; only where all parts are supported the claim is. Each part is
another chance to be fooled by luck, so the parts of a claim share one chance of error of 5 %, by
Holm's correction ("A simple sequentially rejective multiple test procedure", Scandinavian Journal
of Statistics 6, 1979). A part that only passes alone is undecided within its claim.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from colorkit.course.claims import (
    NEGLIGIBLE,
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    VERDICTS,
    Finding,
    known_claims,
    verdict,
)

ERROR = 0.05  # the chance of a wrong verdict that a claim may take
_WORST = (NOT_SUPPORTED, NEGLIGIBLE, UNDECIDED, SUPPORTED)


@dataclass(frozen=True)
class Judgement:
    """What is to be thought of a claim.

    Attributes:
        id, text: of the claim.
        verdict: of the whole claim.
        deciding: the finding that gave it.
        findings: all of them, as measured.
        corrected: the verdict of each within the claim.
    """

    id: str
    text: str
    verdict: str
    deciding: Finding
    findings: tuple[Finding, ...]
    corrected: tuple[str, ...]


def judge(findings: Iterable[Finding]) -> dict[str, Judgement]:
    """Judge every claim that was measured, by id, in the order of the documents."""
    by_id: dict[str, list[Finding]] = {}
    for found in findings:
        by_id.setdefault(found.id, []).append(found)
    return {id: _judge(by_id[id]) for id in known_claims() if id in by_id}


def totals(judged: Iterable[Judgement]) -> dict[str, int]:
    """How many claims have each verdict."""
    counts = Counter(each.verdict for each in judged)
    return {name: counts[name] for name in VERDICTS}


def by_chance(findings: Iterable[Finding]) -> float:
    """How many parts luck alone would have decided, had no effect been there at all."""
    return ERROR * sum(1 for f in findings if f.errors and not f.why)


def error_needed(found: Finding) -> float:
    """The smallest chance of error at which a finding keeps its verdict; 1 if it has none."""
    if found.verdict == UNDECIDED:
        return 1.0
    if found.margin is None:
        return 0.0  # it is exact
    estimate = found.estimate

    def kept(power: float) -> bool:
        interval = estimate.interval(1 - 10**power)
        return verdict(*interval, found.margin, found.says) == found.verdict

    low, high = -15.0, math.log10(ERROR)  # powers of ten
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if kept(middle) else (middle, high)
    return 10**high


def _judge(findings: list[Finding]) -> Judgement:
    needed = [error_needed(found) for found in findings]
    order = sorted(range(len(findings)), key=lambda k: needed[k])
    corrected = [UNDECIDED] * len(findings)
    for rank, k in enumerate(order):
        level = ERROR / (len(findings) - rank)
        if needed[k] > level:
            break
        corrected[k] = findings[k].verdict
    worst = min(range(len(findings)), key=lambda k: (_WORST.index(corrected[k]), -needed[k]))
    first = findings[0]
    return Judgement(
        first.id, first.text, corrected[worst], findings[worst], tuple(findings), tuple(corrected)
    )
