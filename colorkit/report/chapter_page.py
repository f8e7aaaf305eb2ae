"""A chapter's page: its executed notebook, with what a page cannot use taken out or folded.

Results of record stand before those of the run, see `colorkit.report.both`. Code, logs, listings
and long tables are folded; figures lie beside the page.
"""

import re
from html import escape
from pathlib import PurePosixPath

import nbformat

from colorkit.report import both
from colorkit.report.both import Found
from colorkit.report.notebooks import is_record
from colorkit.report.pictures import Pictures, read_figures, without_data
from colorkit.report.tables import Table, folded, read_table, source_label, table_html
from colorkit.system.project import without_paths

_NOT_STATIC = {"application/vnd.jupyter.widget-view+json", "application/javascript"}
# What a training or the reading of images says as it goes on, a line each time.
_LOG = re.compile(r"epoch \d+/\d+|images: \d+ of \d+")
_LONG = 12  # lines of output; longer listings are folded
_SETTING = re.compile(r"\*Profile \*\*.*?\*\*, seed \d+, on .*\*")
_END = "## Exercises"
_CONTENTS = (
    "```{contents} On this page\n:local:\n:depth: 1\n:backlinks: none\n:class: this-page\n```"
)


def chapter_page(
    notebook, *, files: dict[str, str], record: Found, run: Found, pictures: Pictures
) -> str:
    """Write the notebook that Sphinx reads.

    Args:
        notebook: as papermill left it; it is changed.
        files: the file in the tree of each chapter; links to any other local file become text.
        record, run: what the chapter found on photographs, and in this run.
        pictures: where its figures are kept.
    """
    page = _Page(record, run, pictures)
    # The figures of record, which a notebook shows on a code host, stand at their places here.
    cells = [c for c in notebook.cells if not (is_record(c) or "injected-parameters" in _tags(c))]
    kept = []
    for cell in _joined(cells):
        if cell.cell_type == "markdown":
            cell.source = clean_markdown(cell.source, files)
            if cell.source.startswith(_END):
                kept += page.rest()
        elif cell.cell_type == "code":
            cell.outputs = [o for output in _streams(cell.outputs) for o in page.output(output)]
        # Without papermill's times an unchanged chapter stays the same file after another run.
        tags = [*_tags(cell), *(["hide-input"] if cell.cell_type == "code" else [])]
        cell.metadata = {"tags": tags, "mystnb": cell.metadata.get("mystnb", {})}
        if cell.source.strip() or cell.get("outputs"):
            kept.append(cell)
        if len(kept) == 1:
            kept.append(_raw(both.setting_html(record, run)))
            kept.append(nbformat.v4.new_markdown_cell(_CONTENTS))
    notebook.cells = [*kept, *page.rest()]
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    known = {"kernelspec", "language_info"} & set(notebook.metadata)
    notebook.metadata = {key: notebook.metadata[key] for key in sorted(known)}
    return nbformat.writes(notebook)


def record_html(record: Found, pictures: Pictures) -> str:
    """Everything the record has of a chapter, for one that did not run to its end."""
    page = _Page(record, Found(), pictures)
    return "\n".join([*page.leftover(), *page.numbers()]) if record.facts else ""


class _Page:
    """One chapter: what of the record was shown already."""

    def __init__(self, record: Found, run: Found, pictures: Pictures):
        self.record, self.run, self.pictures = record, run, pictures
        self.shown: set[tuple[str, object]] = set()
        self.told: set[str] = set()
        self.ended = False

    def output(self, output) -> list:
        """Give an output as the page shows it, which may be several or none."""
        data = output.get("data", {})
        if _NOT_STATIC & set(data):  # widgets need a kernel; what they show has a static twin
            return []
        if output.output_type == "stream":
            return self._stream(without_paths(output.text))
        if "text/html" in data:
            return [_html(html) for html in self._from_html(data["text/html"])]
        if "text/markdown" in data:
            return self._said(without_paths(data["text/markdown"]))
        if "text/plain" in data:
            data["text/plain"] = without_paths(data["text/plain"])
        return [output]

    def _stream(self, text: str) -> list:
        lines = text.strip().splitlines()
        if not lines:
            return []
        listing = f"<pre>{escape(text.strip())}</pre>"
        if _LOG.search(text):
            # Of what is overwritten in a terminal only the last state was ever to be read.
            states = _last_states(text)
            count = _count(states.split("\n"), "line")
            return [_html(folded(f"Log ({count})", f"<pre>{escape(states)}</pre>", "log"))]
        if len(lines) > _LONG:
            return [_html(folded(f"Output ({_count(lines, 'line')})", listing, "listing"))]
        return [nbformat.v4.new_output("stream", name="stdout", text=text)]

    def _from_html(self, html: str) -> list[str]:
        if "<figure" in html:
            return [self._figure(shown) for shown in read_figures(html)]
        if "<table" in html:
            return [self._table(read_table(without_paths(html)))]
        return [without_paths(html)]

    def _figure(self, shown) -> str:
        kept = self.record.figures.get(shown.id)
        if kept and ("figure", shown.id) not in self.shown:
            self.shown.add(("figure", shown.id))
            if not shown.of_data:
                return self.pictures.figure(shown, None)
            run = self.pictures.figure(shown, False, lazy=True)
            what = f"the same figure, on {escape(self.run.data)}"
            return both.pair_html(self.pictures.figure(kept, True), run, what)
        return self.pictures.figure(shown, False if shown.of_data else None)

    def _table(self, table: Table) -> str:
        plain = without_data(table.caption)
        if plain.startswith("Claims of this chapter"):
            return self._claims()
        of_data = plain != table.caption
        id = next((id for id, t in self.run.tables.items() if t.caption == plain), None)
        kept = self.record.tables.get(id)
        table = Table(plain, table.columns, table.rows)
        run = table_html(table, source_label(False) if of_data else "")
        if not kept or ("table", id) in self.shown:
            return run
        self.shown.add(("table", id))
        if not of_data:
            return run
        found = table_html(kept, source_label(True))
        return both.pair_html(found, table_html(table, fold=False), escape(plain))

    def _claims(self) -> str:
        """The claims of the chapter by part, both sources in one line."""
        return both.claims_html(self.record, self.run)

    def _said(self, text: str) -> list:
        if _SETTING.fullmatch(text.strip()):
            return []  # it stands above the chapter
        key = both.claim_in(text, self.run)
        if key:
            self.shown.add(("claim", key))
            return [_html(both.claim_html(key, self.record, self.run))]
        output = nbformat.v4.new_output("display_data", {"text/markdown": both.said(text)})
        recorded = both.numbers_in(text, self.run, self.record, self.told)
        return [_html(recorded), output] if recorded else [output]

    def rest(self) -> list:
        """Cells for what of the record no cell of the notebook showed; once a page."""
        if self.ended:
            return []
        self.ended = True
        left, numbers = self.leftover(), self.numbers()
        cells = []
        if left:
            note = "Figures and tables of the record that this run has no counterpart to."
            text = f"## More of the record\n\n{note}"
            cells += [nbformat.v4.new_markdown_cell(text), _raw("\n".join(left))]
        if numbers:
            cells.append(_raw("\n".join(numbers)))
        return cells

    def leftover(self) -> list[str]:
        """What of the record was not shown: claims, figures, tables."""
        claims = [k for k in self.record.findings if k not in self.run.findings]
        found = [both.claim_html(k, self.record, self.run) for k in claims]
        for id, shown in self.record.figures.items():
            if ("figure", id) not in self.shown:
                found.append(self.pictures.figure(shown, True))
        for id, table in self.record.tables.items():
            if ("table", id) not in self.shown and id not in self.run.tables:
                found.append(table_html(table, source_label(True)))
        return found

    def numbers(self) -> list[str]:
        """Every number of the chapter, folded."""
        table = both.numbers_html(self.record, self.run)
        return [folded("Every number of this chapter", table, "listing")] if table else []


def clean_markdown(text: str, files: dict[str, str]) -> str:
    """Let links lead to pages of the book, and badges of other sites be their text."""

    def local(match: re.Match) -> str:
        label, target = match.groups()
        path = PurePosixPath(target)
        return f"[{label}]({files[path.stem]})" if path.stem in files else label

    text = re.sub(r"!\[([^\]]*)\]\((?:https?:)?//[^)]*\)", r"\1", text)
    return re.sub(r"(?<!!)\[([^\]]*)\]\(([\w./-]+(?:\.\w+|/))\)", local, text)


def _joined(cells: list) -> list:
    """Join code that shows nothing with the code right below it: one fold for a reader, not two."""
    joined: list = []
    for cell in cells:
        before = joined[-1] if joined else None
        silent = before is not None and before.cell_type == "code" and not before.outputs
        if cell.cell_type == "code" and silent:
            before.source = f"{before.source}\n\n{cell.source}"
            before.outputs = cell.outputs
        else:
            joined.append(cell)
    return joined


def _streams(outputs: list) -> list:
    """Join what was printed piece by piece; faults and warnings are printed too."""
    joined: list = []
    for output in outputs:
        if output.output_type == "stream" and joined and joined[-1].output_type == "stream":
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _last_states(text: str) -> str:
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.strip().split("\n"))


def _count(of: list, what: str) -> str:
    return f"{len(of)} {what}{'s' if len(of) != 1 else ''}"


def _tags(cell) -> list[str]:
    return list(cell.metadata.get("tags", []))


def _html(html: str):
    return nbformat.v4.new_output("display_data", {"text/html": html, "text/plain": "…"})


def _raw(html: str):
    return nbformat.v4.new_markdown_cell(f"````{{raw}} html\n{html}\n````")
