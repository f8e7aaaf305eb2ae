"""The ledger: every claim of the documents with its verdict, as the report and the README show it.

Findings come from the JSON that chapters leave beside their figures; the verdict of a claim is
formed from all of them by `colorkit.course.judgement`.
"""

import re
from collections.abc import Iterable
from html import escape

from colorkit.course.claims import (
    NEGLIGIBLE,
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    Finding,
    known_claims,
    read_finding,
)
from colorkit.course.judgement import Judgement, by_chance, judge
from colorkit.course.plain_words import effect_text
from colorkit.report.in_short import sentence_html
from colorkit.report.tables import box, value_html

DOCUMENTS = {
    "R": "French report",
    "P": "French poster",
    "C": "Russian report",
    "H": "Romanian slides",
    "L": "English slides",
    "Z": "Zhang et al. 2017",
    "N": "works read, ideas left for later",
}
MISSING = "not measured"
# A document's claim that does not hold surprises more than one that does.
_SURPRISING = (NOT_SUPPORTED, NEGLIGIBLE, SUPPORTED)
_MOST_SURPRISING = 6
_MARKS = {SUPPORTED: "✔", NOT_SUPPORTED: "✘", NEGLIGIBLE: "≈", UNDECIDED: "?", MISSING: "–"}


def judge_chapters(numbers: Iterable[dict]) -> dict[str, Judgement]:
    """Judge the findings of chapters together.

    Args:
        numbers: what each chapter left, with its findings under `claims`.

    Raises:
        ColorkitError: a finding was written by another version.
    """
    return judge(read_finding(kept) for found in numbers for kept in found.get("claims", ()))


def surprising(judged: Iterable[Judgement], most: int) -> list[Judgement]:
    """The decided claims that surprise most, at most so many."""
    decided = [each for each in judged if each.verdict in _SURPRISING]
    return sorted(decided, key=lambda each: _SURPRISING.index(each.verdict))[:most]


def ledger(
    numbers: dict[str, dict], records: dict[str, dict], chapters: list[dict], known=None
) -> dict:
    """What the page of the ledger shows.

    Args:
        numbers: what each chapter left in this run, by its name.
        records: the same of the record.
        chapters: of the report, each with `name`, `title` and `file`.
        known: ids of the claims to show; all by default.

    Returns:
        `rows`: a dict a claim, with `record` and `run`, see `_side`, and `parts`; `surprising`:
        the ids of the record's most surprising claims; `counts`: how
        many claims have each verdict, of `record` and `run`; `tested`: how many parts of this run
        were tested by an interval, and `chance`: how many of them luck alone would decide.
    """
    sides = {"record": judge_chapters(records.values()), "run": judge_chapters(numbers.values())}
    rows = []
    for id, claim in known_claims().items():
        if known is not None and id not in known:
            continue
        judged = {name: side.get(id) for name, side in sides.items()}
        places = [
            chapter
            for chapter in chapters
            for found in (numbers.get(chapter["name"]), records.get(chapter["name"]))
            if any(c["id"] == id for c in (found or {}).get("claims", ()))
        ]
        rows.append(
            {
                "id": id,
                "text": claim.text,
                "document": DOCUMENTS[id[0]],
                "chapters": list({c["name"]: c for c in places}.values()),
                "parts": _parts(judged),
                **{name: _side(each) for name, each in judged.items()},
            }
        )
    findings = [found for each in sides["run"].values() for found in each.findings]
    counts = {name: _counts(row[name]["verdict"] for row in rows) for name in sides}
    return {
        "rows": rows,
        "surprising": [each.id for each in surprising(sides["record"].values(), _MOST_SURPRISING)],
        "counts": counts,
        "tested": sum(1 for found in findings if found.errors and not found.why),
        "chance": f"{by_chance(findings):.1f}",
    }


def _counts(verdicts: Iterable[str]) -> dict[str, int]:
    verdicts = list(verdicts)
    return {verdict: verdicts.count(verdict) for verdict in _MARKS if verdict in verdicts}


def _side(judged: Judgement | None) -> dict:
    """The verdict of a claim, the effect that decided it and what that means, as HTML."""
    if judged is None:
        return {"verdict": MISSING, "mark": mark_html(MISSING), "effect": "–", "plain": ""}
    said = sentence_html(judged.deciding, judged.verdict)
    return {
        "verdict": judged.verdict,
        "mark": mark_html(judged.verdict),
        "effect": effect_html(judged.deciding),
        "plain": "" if judged.verdict == UNDECIDED else said,
    }


def _parts(judged: dict[str, Judgement | None]) -> list[dict]:
    """The parts of a claim: what is measured, and what each source found."""
    parts: dict[tuple, dict] = {}
    for name, each in judged.items():
        for found, verdict in zip(
            each.findings if each else (), each.corrected if each else (), strict=True
        ):
            part = parts.setdefault(
                (found.part, found.variant),
                {
                    "name": ", ".join(filter(None, (found.part, found.variant))),
                    "measure": found.measure,
                    "margin": margin(found),
                    "found": {},
                },
            )
            note = found.why or (
                f"{found.verdict} if it stood alone" if verdict != found.verdict else ""
            )
            part["found"][name] = {
                "effect": effect_html(found),
                "counted": found.counted,
                "mark": mark_html(verdict),
                "note": note,
            }
    return list(parts.values())


def effect(found: Finding) -> str:
    """The effect of a finding with its interval and unit, typeset; an exact one has exceptions."""
    return typeset(effect_text(found))


def effect_html(found: Finding) -> str:
    """The same with `±`."""
    return value_html(effect_text(found))


def margin(found: Finding) -> str:
    """The margin of a finding with its unit; what the claim says of it, if not `more`."""
    if found.margin is None:
        return "none"
    said = "" if found.says == "more" else f"{found.says}: "
    return f"{said}{found.margin:g} {found.unit}".rstrip()


def typeset(text: str) -> str:
    """Give negative numbers a minus sign and keep an interval on one line."""
    return re.sub(r"-(?=\d)", "−", text).replace(", ", ",\u00a0")


def mark_html(verdict: str) -> str:
    """A verdict with its sign."""
    kind = verdict.replace(" ", "-")
    return f'<span class="verdict {kind}">{_MARKS.get(verdict, "–")}\u00a0{verdict}</span>'


def ledger_html(rows: list[dict], sources: Iterable[str] = ("record", "run")) -> str:
    """Write the one table of claims, which the book's script sorts and filters.

    Args:
        rows: see `ledger`.
        sources: which of `record` and `run` to show.
    """
    sources = list(sources)
    shown = {"record": "Photographs", "run": "This run"}
    heads = '<th scope="col">Claim</th><th scope="col">Statement</th>'
    for source in sources:
        heads += f'<th scope="col">{shown[source]}</th><th scope="col">Effect</th>'
    lines = []
    for row in rows:
        cells = ""
        for source in sources:
            side = row[source]
            rank = list(_MARKS).index(side["verdict"])
            cells += f'<td data-label="{shown[source]}" data-sort="{rank}">{side["mark"]}</td>'
            cells += f'<td class="number" data-label="Effect">{side["effect"]}</td>'
        found = row["record"]["plain"] if "record" in sources else ""
        said = f'<p class="found">{found}</p>' if found else ""
        filters = "".join(f' data-{source}="{row[source]["verdict"]}"' for source in sources)
        lines.append(
            f'<tr id="claim-{row["id"]}" data-document="{escape(row["document"])}"{filters}>'
            f'<th scope="row">{row["id"]}</th><td class="statement">{escape(row["text"])}{said}'
            f"{_parts_html(row, {s: shown[s] for s in sources})}</td>{cells}</tr>"
        )
    table = (
        f'<table class="values sortable ledger"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table>"
    )
    return box(table, "Claims with their verdicts")


def _parts_html(row: dict, sources: dict[str, str]) -> str:
    """How a claim is measured, folded below its statement; and where."""
    links = ", ".join(
        f'<a href="{c["name"]}.html">{escape(c["title"])}</a>' for c in row["chapters"]
    )
    if not row["parts"]:
        return ""
    items = []
    for part in row["parts"]:
        name = f"<b>{escape(part['name'])}</b> " if part["name"] else ""
        found = ""
        for source, each in part["found"].items():
            if source in sources:
                note = escape(f" ({each['note']})" if each["note"] else "")
                counted = escape(each["counted"])
                found += f"<li>{sources[source]}: {each['effect']}, {counted}, "
                found += f"{each['mark']}{note}</li>"
        asked = f" Margin: {escape(part['margin'])}." if part["margin"] != "none" else ""
        items.append(f"<li>{name}{escape(part['measure'])}.{asked}<ul>{found}</ul></li>")
    count = len(items)
    summary = f"{count} part{'s' if count > 1 else ''}<span class=hidden> of {row['id']}</span>"
    where = f"<p>{links}</p>" if links else ""
    listed = f"<ul>{''.join(items)}</ul>{where}"
    return f'<details class="parts"><summary>{summary}</summary>{listed}</details>'
