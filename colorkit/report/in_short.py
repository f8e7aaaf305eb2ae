"""What a chapter found, in plain words: at its head all of it, and with each part its own sentence.

The sentences are made when the book is, of the record's numbers as of this run's, see
`colorkit.course.plain_words`.
"""

import re
from html import escape

from colorkit.course.claims import UNDECIDED, Finding
from colorkit.course.plain_words import plain_words
from colorkit.report.tables import folded, minus, source_label, with_spreads

_STRESSED = re.compile(
    r"(?<!\w)\*(\w[^*]*)\*"
)  # as Markdown reads it: the star of a* begins nothing
_MOST = 6  # sentences at the head of a chapter; more are folded


def sentence_html(found: Finding, verdict: str) -> str:
    """Say what a finding means, with `±` for its interval.

    Args:
        found: the finding.
        verdict: within its claim.
    """
    text = minus(with_spreads(escape(plain_words(found, verdict), quote=False)))
    return _STRESSED.sub(r"<em>\1</em>", text)


def in_short_html(verdicts: list[tuple[Finding, str]]) -> str:
    """List what photographs have decided of a chapter's claims, and count what they have not.

    Args:
        verdicts: the findings of record with their verdicts within their claims.
    """
    if not verdicts:
        return ""
    lines = [
        f'<li>{sentence_html(found, verdict)} <a class="claim-id" '
        f'href="ledger.html#claim-{found.id}">{found.id}</a></li>'
        for found, verdict in verdicts
        if verdict != UNDECIDED and found.value is not None
    ]
    undecided = len(verdicts) - len(lines)
    rest = ""
    if undecided:
        parts = "one part" if undecided == 1 else f"{undecided} parts"
        what = f"{parts} of what is claimed" if lines else "what is claimed"
        rest = f"<p>Photographs have not decided {what} here.</p>"
    shown = f"<ul>{''.join(lines[:_MOST])}</ul>" if lines else ""
    more = lines[_MOST:]
    if more:
        shown += folded(f"{len(more)} more", f"<ul>{''.join(more)}</ul>", "listing")
    return f'<div class="in-short"><p><b>In short</b> {source_label(True)}</p>{shown}{rest}</div>'
