"""What was found, in plain words: `plain_words.yaml` has a sentence for each verdict on each part.

A notebook says them of its own run. The book says them of the record as well, so that a reader of
a quick run reads what photographs have shown.
"""

from functools import cache
from pathlib import Path

from colorkit.course.claims import Finding, read_registry, with_interval

_FILE = Path(__file__).with_suffix(".yaml")


@cache
def sentences() -> dict[str, dict[str, dict[str, str]]]:
    """The sentences by claim, part and verdict.

    Raises:
        ColorkitError: the file is not of this kind.
    """
    return read_registry(_FILE, dict[str, dict[str, dict[str, str]]])


def plain_words(found: Finding, verdict: str = "") -> str:
    """Say what a finding means.

    Args:
        found: the finding.
        verdict: what became of it within its claim; its own by default.

    Returns:
        A sentence with the effect and its interval; nothing of a part that was not measured.
    """
    if found.value is None:
        return ""
    means = sentences().get(found.id, {}).get(found.part, {})
    sentence = means.get(verdict or found.verdict, "")
    return sentence.format(
        effect_text(found),
        less=effect_text(found, -1),
        percent=effect_text(found, 100, "%"),
        percent_less=effect_text(found, -100, "%"),
        variant=found.variant,
    )


def effect_text(found: Finding, factor: float = 1, unit: str = "") -> str:
    """The effect with its interval and unit: `1.23 [1.10, 1.36] dB`, or `2 exceptions`.

    Args:
        found: the finding.
        factor: taken times the effect: -1 gives it the other sign.
        unit: the finding's by default.
    """
    if found.margin is None:
        return f"{found.value:g} exception{'s' if found.value != 1 else ''}"
    value, *ends = (None if x is None else factor * x for x in (found.value, found.low, found.high))
    low, high = ends if None in ends else sorted(ends)
    return with_interval(value, low, high, unit or found.unit)
