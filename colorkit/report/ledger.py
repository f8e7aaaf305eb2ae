"""The ledger: every claim of the documents with its verdict, as the report and the README show it.

Findings come from the JSON that chapters leave beside their figures; the verdict of a claim is
formed from all of them by `colorkit.course.judgement`.
"""

import re
from collections.abc import Iterable

from colorkit.course.claims import (
    NEGLIGIBLE,
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    Finding,
    known_claims,
    read_finding,
    with_interval,
)
from colorkit.course.judgement import Judgement, by_chance, judge, totals

DOCUMENTS = {
    "R": "French report",
    "P": "French poster",
    "C": "Russian report",
    "H": "Romanian slides",
    "L": "English slides",
    "Z": "Zhang et al. 2017",
    "N": "read or left for later",
}
MISSING = "not measured"
_MARKS = {SUPPORTED: "✔", NOT_SUPPORTED: "✘", NEGLIGIBLE: "≈", UNDECIDED: "?", MISSING: "–"}


def judge_chapters(numbers: Iterable[dict]) -> dict[str, Judgement]:
    """Judge the findings of chapters together.

    Args:
        numbers: what each chapter left, with its findings under `claims`.

    Raises:
        ColorkitError: a finding was written by another version.
    """
    return judge(read_finding(kept) for found in numbers for kept in found.get("claims", ()))


def ledger(numbers: dict[str, dict], chapters: list[dict]) -> dict:
    """What the page of the ledger shows.

    Args:
        numbers: what each chapter left, by its name.
        chapters: of the report, each with `name`, `title` and `file`.

    Returns:
        `claims`: a dict a claim, see `shown`, with the chapters that measured it; `counts`: how
        many claims have each verdict; `parts`: how many were tested by an interval, and `chance`:
        how many of them luck alone would decide; `missing`: claims without a finding, by document.
    """
    judged = judge_chapters(numbers.values())
    findings = [found for each in judged.values() for found in each.findings]
    claims = []
    for id, each in judged.items():
        places = [
            chapter
            for chapter in chapters
            if any(c["id"] == id for c in numbers.get(chapter["name"], {}).get("claims", ()))
        ]
        claims.append({**shown(each), "chapters": places})
    missing: dict[str, list] = {}
    for id, claim in known_claims().items():
        if id not in judged:
            missing.setdefault(DOCUMENTS[id[0]], []).append((id, claim.text))
    counts = totals(judged.values()) | {MISSING: sum(map(len, missing.values()))}
    return {
        "claims": claims,
        "counts": {verdict: count for verdict, count in counts.items() if count},
        "parts": sum(1 for found in findings if found.errors and not found.why),
        "chance": f"{by_chance(findings):.1f}",
        "missing": missing,
    }


def shown(judged: Judgement) -> dict:
    """A claim as pages show it: `id`, `text`, `verdict`, and its `parts`, a dict each."""
    pairs = zip(judged.findings, judged.corrected, strict=True)
    parts = [_part(found, verdict) for found, verdict in pairs]
    return {"id": judged.id, "text": judged.text, "verdict": judged.verdict, "parts": parts}


def _part(found: Finding, verdict: str) -> dict:
    """A finding as text: what, how large, which margin, on how much, and its verdict."""
    note = found.why
    if verdict != found.verdict:
        note = f"{found.verdict} if it stood alone"
    return {
        "name": ", ".join(filter(None, (found.part, found.variant))),
        "measure": found.measure,
        "effect": effect(found),
        "margin": margin(found),
        "counted": found.counted,
        "data": found.data,
        "verdict": verdict,
        "note": note,
    }


def effect(found: Finding) -> str:
    """The value of a finding with its interval and unit; an exact one has exceptions."""
    if found.margin is None:
        return f"{found.value:g} exceptions"
    return typeset(with_interval(found.value, found.low, found.high, found.unit))


def margin(found: Finding) -> str:
    """The margin of a finding with its unit; what the claim says of it, if not `more`."""
    if found.margin is None:
        return "none"
    said = "" if found.says == "more" else f"{found.says}: "
    return f"{said}{found.margin:g} {found.unit}".rstrip()


def typeset(text: str) -> str:
    """Give negative numbers a minus sign and keep an interval on one line."""
    return re.sub(r"-(?=\d)", "−", text).replace(", ", ",\u00a0")


def mark(verdict: str) -> str:
    """A verdict with its sign, in MyST's markup."""
    return f"[{_MARKS.get(verdict, '–')} {verdict}]{{.verdict .{verdict.replace(' ', '-')}}}"
