"""Tables of the book: a line a row, an interval as `±`, its exact ends in a tooltip.

Numbers reach the book as text such as `10.1 [9.5, 10.7] ΔE₀₀` or as plain numbers. A cell shows the
value and how far the interval reaches from it; the JSON beside the book keeps both ends.
"""

import re
from dataclasses import dataclass
from html import escape

from bs4 import BeautifulSoup

_NUMBER = r"[-−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
_INTERVAL = re.compile(rf"({_NUMBER})\s\[({_NUMBER}),\s({_NUMBER})\](?:\s(.+))?")
_WITHIN = re.compile(rf"{_NUMBER}\s\[{_NUMBER},\s{_NUMBER}\]")
_PLAIN = re.compile(rf"({_NUMBER})\s?(%|[^\d\s].{{0,24}})?")
_LONG = 12  # rows; a longer table is folded, so that it does not push the text away


@dataclass(frozen=True)
class Table:
    """A table as chapters keep it.

    Attributes:
        caption: what stands below it.
        columns: headings; the first column names the rows.
        rows: cells, text or numbers.
    """

    caption: str
    columns: list
    rows: list


def read_table(html: str) -> Table:
    """Read the `<table>` that `Chapter.table` showed."""
    table = BeautifulSoup(html, "html.parser").find("table")
    lines = _grid(table)
    caption = table.caption.get_text(" ", strip=True) if table.caption else ""
    # Names of the index stand in a line of their own, below the other headings.
    heads = len(table.thead("tr")) if table.thead else 1
    columns = [next(filter(None, names), "") for names in zip(*lines[:heads], strict=True)]
    rows = lines[heads:]
    return Table(caption, columns, rows)


def _grid(table) -> list[list[str]]:
    """Give the texts of all cells; one that spans rows or columns stands in each of them."""
    grid: list[list[str | None]] = []
    lines = table("tr")
    for y, line in enumerate(lines):
        while len(grid) < len(lines):
            grid.append([])
        for cell in line.find_all(["th", "td"]):
            x = next((x for x, text in enumerate(grid[y]) if text is None), len(grid[y]))
            for dy in range(int(cell.get("rowspan", 1))):
                for dx in range(int(cell.get("colspan", 1))):
                    row = grid[min(y + dy, len(grid) - 1)]
                    row += [None] * (x + dx + 1 - len(row))
                    row[x + dx] = cell.get_text(" ", strip=True)
    width = max(map(len, grid))
    return [[text or "" for text in row] + [""] * (width - len(row)) for row in grid]


def table_html(table: Table, label: str = "", *, sortable: bool = False, fold: bool = True) -> str:
    """Write a table.

    Args:
        table: what it shows.
        label: HTML put before the caption, such as `source_label` gives.
        sortable: let the script of the book order it by any column.
        fold: fold a long one, or put it in the page as it is.

    Returns:
        HTML without an empty line, as Markdown asks for.
    """
    named = [str(c) if str(c) != "index" else "" for c in table.columns]
    kinds = ["" if k == 0 else _kind(row[k] for row in table.rows) for k in range(len(named))]
    heads = "".join(_head(name, kind, sortable) for name, kind in zip(named, kinds, strict=True))
    body = "".join(_row(list(row), kinds) for row in table.rows)
    caption = f"{label} {escape(table.caption)}".strip()
    html = f'<table class="values{" sortable" if sortable else ""}">'
    html += f"<caption>{caption}</caption>" if caption else ""
    html += f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    html = box(html, table.caption or "table")
    if fold and len(table.rows) > _LONG:
        return folded(f"{caption} <small>({len(table.rows)} rows)</small>", html, "listing")
    return html


def box(html: str, name: str) -> str:
    """Put a table into a box that scrolls where a table is wider than the page."""
    label = escape(" ".join(name.split())[:120], quote=True)
    return f'<div class="scrolling" role="region" tabindex="0" aria-label="{label}">{html}</div>'


def folded(summary: str, html: str, kind: str) -> str:
    """Fold HTML under a line that opens it, without a script."""
    return f'<details class="fold {kind}"><summary>{summary}</summary>{html}</details>'


def source_label(record: bool) -> str:
    """Say whether a result is of record, on photographs, or of the run the book was made from."""
    kind, text = ("of-record", "Photographs") if record else ("of-run", "This run")
    return f'<span class="source {kind}">{text}</span>'


def value_html(value) -> str:
    """Write one value: a number, text, or text with an interval, which becomes `±`."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return escape(str(value))
    if isinstance(value, int | float):
        # A column of counts beside one of measures is kept as floats.
        value = int(value) if float(value).is_integer() else value
        return minus(f"{value:,}".replace(",", " ") if isinstance(value, int) else f"{value:.4g}")
    text = value.replace("\u00a0", " ").strip()
    found = _INTERVAL.fullmatch(text)
    if not found:
        return escape(minus(text) if _PLAIN.fullmatch(text) else text)
    middle, low, high, unit = found.groups()
    title = f"95 % interval from {minus(low)} to {minus(high)}"
    spread = _spread(middle, low, high)
    unit = f" {escape(unit)}" if unit else ""
    return (
        f'<span class="value" title="{title}">{minus(middle)}'
        f' <span class="spread">{spread}</span>{unit}</span>'
    )


def with_spreads(text: str) -> str:
    """Write every interval in a sentence as `±`."""
    return _WITHIN.sub(lambda found: value_html(found[0]), text)


def _spread(middle: str, low: str, high: str) -> str:
    """`± 0.4`, or `−0.2 +0.9` where the interval reaches much farther to one side."""
    digits = max(len(x.partition(".")[2]) for x in (middle, low, high))
    value, first, last = (float(x.replace("−", "-")) for x in (middle, low, high))
    below, above = value - first, last - value
    if abs(above - below) <= 0.25 * (last - first) + 1.5 * 10.0**-digits:
        half = (last - first) / 2
        # Half a unit is not rounded away: an interval is never shown narrower than it is.
        return f"± {round(half + 10.0 ** -(digits + 3), digits):.{digits}f}"
    return f"−{max(below, 0):.{digits}f} +{max(above, 0):.{digits}f}"


def minus(text: str) -> str:
    """Give negative numbers a minus sign, and nought none."""
    text = re.sub(
        r"(?<![\w.])[-−](?=0(?:\.0+)?(?![\d.]))", "", text
    )  # nothing is less than nothing
    return re.sub(r"(?<![\w.])-(?=\d)", "−", text)


def _kind(cells) -> str:
    """`number` if every filled cell of a column is one; they stand at the right."""
    filled = [c for c in cells if c not in (None, "", "–")]
    numbers = all(
        not isinstance(c, str) or _INTERVAL.fullmatch(c) or _PLAIN.fullmatch(c) for c in filled
    )
    return "number" if filled and numbers else ""


def _head(name: str, kind: str, sortable: bool) -> str:
    if not name and not sortable:
        return "<td></td>"  # an empty heading names nothing, to a screen reader either
    return f'<th scope="col" class="{kind}">{escape(name.replace("_", " ") or "name")}</th>'


def _row(row: list, kinds: list[str]) -> str:
    cells = [f'<th scope="row">{escape(str(row[0]).replace("_", " "))}</th>']
    for value, kind in zip(row[1:], kinds[1:], strict=True):
        cells.append(f'<td class="{kind}">{value_html(value)}</td>')
    return f"<tr>{''.join(cells)}</tr>"
