"""What a chapter found, twice: of record, on photographs, and in the run the book is made from.

A reader of a quick run on procedural scenes reads about photographs all the same: wherever the
record has the same figure, table, number or part of a claim, it comes first.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path

from colorkit.course.claims import Finding, read_finding, with_interval
from colorkit.course.judgement import judge
from colorkit.report.in_short import in_short_html, sentence_html
from colorkit.report.ledger import MISSING, effect_html, ledger, ledger_html, margin, mark_html
from colorkit.report.pictures import Shown
from colorkit.report.tables import (
    Table,
    box,
    folded,
    source_label,
    table_html,
    value_html,
    with_spreads,
)


@dataclass
class Found:
    """The results of one chapter, by what it calls them; empty where there are none.

    Attributes:
        facts: the JSON of the chapter.
        tables: by id; figures: by id, their PNG in memory.
        numbers: by name; findings: by claim, part and variant, in order.
    """

    facts: dict = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    figures: dict[str, Shown] = field(default_factory=dict)
    numbers: dict[str, dict] = field(default_factory=dict)
    findings: dict[tuple, Finding] = field(default_factory=dict)

    @property
    def data(self) -> str:
        """On what it was measured."""
        return self.facts.get("data", "")

    @cached_property
    def verdicts(self) -> dict[tuple, str]:
        """The verdict of each finding within its claim, see `colorkit.course.judgement`."""
        return {
            (found.id, found.part, found.variant): verdict
            for each in judge(self.findings.values()).values()
            for found, verdict in zip(each.findings, each.corrected, strict=True)
        }


def read_found(facts: dict | None, folder: Path) -> Found:
    """Read what a chapter left.

    Args:
        facts: its JSON, or None.
        folder: where its figures lie; one that is not there is left out.
    """
    if not facts:
        return Found()
    figures = {}
    for each in facts.get("figures", ()):
        path = folder / each["file"]
        path = path if path.exists() else folder / Path(each["file"]).name
        if path.exists():
            figures[each["id"]] = Shown(each["id"], each["alt"], each["caption"], path.read_bytes())
    findings = [read_finding(kept) for kept in facts.get("claims", ())]
    tables = facts.get("tables") or {}
    return Found(
        facts,
        {id: Table(t["caption"], t["columns"], t["rows"]) for id, t in tables.items()},
        figures,
        {n["name"]: n for n in facts.get("numbers", ())},
        {(f.id, f.part, f.variant): f for f in findings},
    )


def pair_html(record: str, run: str, what: str) -> str:
    """Put a result of record before that of this run, which is folded below it."""
    if not record:
        return run
    return record + folded(f"{source_label(False)} {what}", run, "this-run")


def claim_html(name: tuple, record: Found, run: Found) -> str:
    """Write a part of a claim as a card: what it says, then a line of each source."""
    found = run.findings.get(name) or record.findings[name]
    sides = [(source, each) for source, each in ((True, record), (False, run)) if each.facts]
    lines = [
        _finding_row(source, each.findings.get(name), each.verdicts.get(name, ""))
        for source, each in sides
    ]
    said = "".join(
        f"<p>{source_label(source)} {sentence}</p>"
        for source, each in sides
        if name in each.findings
        and (sentence := sentence_html(each.findings[name], each.verdicts[name]))
    )
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("on", "effect", "measured on", "verdict")
    )
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    asked = f"; margin {escape(margin(found))}" if found.margin is not None else ""
    return (
        f'<div class="claim"><p><b>{escape(found.name)}</b> {escape(found.text)} '
        f'<span class="measure">Effect: {escape(found.measure)}{asked}</span></p>'
        f"{said}{box(table, f'Claim {found.name}')}</div>"
    )


def _finding_row(record: bool, found: Finding | None, verdict: str) -> str:
    head = f'<th scope="row">{source_label(record)}</th>'
    if found is None:
        return f"<tr>{head}<td>–</td><td>–</td><td>{mark_html(MISSING)}</td></tr>"
    alone = f"{found.verdict} if it stood alone" if verdict != found.verdict else ""
    why = f" <small>{escape(found.why or alone)}</small>" if found.why or alone else ""
    return (
        f'<tr>{head}<td class="number">{effect_html(found)}</td><td>{escape(found.counted)}</td>'
        f"<td>{mark_html(verdict)}{why}</td></tr>"
    )


def claims_html(record: Found, run: Found) -> str:
    """The claims of a chapter, as far as it measures them, in the ledger's table."""
    name = run.facts.get("chapter") or record.facts["chapter"]
    ids = {key[0] for key in (*record.findings, *run.findings)}
    found = ledger(
        {name: run.facts} if run.facts else {},
        {name: record.facts} if record.facts else {},
        [],
        known=ids,
    )
    sources = [s for s, each in (("record", record), ("run", run)) if each.facts]
    return ledger_html(found["rows"], sources)


def numbers_in(text: str, run: Found, record: Found, told: set[str]) -> str:
    """A line for the numbers of a sentence of this run that the record has as well.

    A sentence does not name its numbers. One is known again by its digits, with those of its
    interval; where two numbers of a chapter have the same, neither is taken. Those `told` already
    are left out, and new ones added to it.
    """
    written: dict[str, list[str]] = {}
    for name, n in run.numbers.items():
        written.setdefault(with_interval(n["value"], n["low"], n["high"]), []).append(name)
    lines = []
    for digits, names in written.items():
        known = len(names) == 1 and names[0] in record.numbers and names[0] not in told
        if known and "[" in digits and digits in text:
            told.add(names[0])
            n = record.numbers[names[0]]
            value = value_html(with_interval(n["value"], n["low"], n["high"], n["unit"]))
            lines.append(f"{escape(names[0].replace('_', ' '))} {value} ({counted(n)})")
    if not lines:
        return ""
    return f'<p class="recorded">{source_label(True)} {"; ".join(lines)}.</p>'


def said(text: str) -> str:
    """Label a sentence that holds numbers of this run; intervals become `±`."""
    plain = text.lstrip()
    if not re.search(r"\d", plain) or plain[:1] in "|>#-<`$" or "\n\n" in plain.strip():
        return text
    return f"{source_label(False)} {with_spreads(plain)}"


def counted(number: dict) -> str:
    """On how much a number was measured: `1 image`, `3 seeds`."""
    return f"{number['n']} {number['of'].removesuffix('s' if number['n'] == 1 else '')}"


def numbers_html(record: Found, run: Found) -> str:
    """Every number of a chapter, of record and of this run side by side."""
    names = dict.fromkeys([*record.numbers, *run.numbers])
    sides = [(each, each.facts) for each in (record, run)]
    heads = ["number"] + [
        head
        for source, (_, facts) in zip(("photographs", "this run"), sides, strict=True)
        if facts
        for head in (source, f"measured on, {source}")
    ]
    rows = []
    for name in names:
        row = [name]
        for each, facts in sides:
            if facts:
                n = each.numbers.get(name)
                row += (
                    [with_interval(n["value"], n["low"], n["high"], n["unit"]), counted(n)]
                    if n
                    else [None, None]
                )
        rows.append(row)
    return table_html(Table("", heads, rows), fold=False) if rows else ""


def setting_html(record: Found, run: Found) -> str:
    """Say, above a chapter, what its two kinds of results were measured on, and what was found."""
    lines = []
    for source, found in ((True, record), (False, run)):
        facts = found.facts
        if facts:
            of = facts.get("setting") or {}
            size = f", {of['size']} × {of['size']} pixels" if "size" in of else ""
            date = facts.get("environment", {}).get("date", "")
            lines.append(
                f"<p>{source_label(source)} {escape(found.data)}; profile "
                f"{escape(facts['profile'])}, seed {facts['seed']}{size}"
                f"{f'; of record, {escape(date)}' if date else ''}.</p>"
            )
    if run.facts and "procedural" in run.data:
        lines.append(
            "<p>Procedural scenes are drawn by a program: they show that the method works from end "
            "to end, and say nothing about photographs.</p>"
        )
    if run.facts and not record.facts:
        lines.append("<p>The record has no results of this chapter yet.</p>")
    verdicts = [(found, record.verdicts[key]) for key, found in record.findings.items()]
    short = in_short_html(verdicts)
    return f'<div class="sources">{"".join(lines)}</div>{short}'


def claim_in(text: str, run: Found) -> tuple | None:
    """The key of the finding that `Chapter` told in a line of its own."""
    said = re.match(r"> \*\*(.+?)\*\* ", text)
    keys = (key for key, found in run.findings.items() if said and found.name == said[1])
    return next(keys, None)
