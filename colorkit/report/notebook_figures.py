"""The kept figures inside the notebooks, so that they show results where they are only read.

A code host shows a notebook without running it. Two cells of links are enough there: the picture
that stands for the chapter below its header, all others before its exercises. They take no part in
a run, and the book, which has the figures themselves, leaves them out.
"""

import json
import re
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell

from colorkit.report.notebooks import RECORD, is_record, read_chapters
from colorkit.report.twins import read_twins
from colorkit.system.writing import write_text

_MADE = "Made on photographs; a run of yours has its own above."
_DRAWN = (
    "On photographs these show pictures of data sets, which are not ours to publish. Here a "
    "program drew the scenes: they show how a figure is built, and say nothing about photographs."
)


def show_record(root: Path) -> None:
    """Write the two cells into every chapter that has figures of record, and renew them.

    Args:
        root: the project's folder, with `figures/` and `notebooks/`.
    """
    for chapter in read_chapters(root):
        text = chapter.path.read_text(encoding="utf-8")
        notebook = nbformat.reads(text, as_version=4)
        notebook.cells = with_figures(notebook.cells, chapter, root / "figures")
        new = nbformat.writes(notebook) + "\n"
        if new != text:
            write_text(chapter.path, new)


def with_figures(cells: list, chapter, record: Path) -> list:
    """Return a chapter's cells with links to its figures of record, and twins, in place of earlier.

    Args:
        cells: of the notebook; the first is its header, the last its exercises.
        chapter: a `colorkit.report.notebooks.ChapterSource`.
        record: folder of the figures, with `<chapter>.json`.
    """
    cells = [cell for cell in cells if not is_record(cell)]
    path = record / f"{chapter.name}.json"
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"] if path.exists() else []
    figures.sort(key=lambda figure: Path(figure["file"]).stem != chapter.thumbnail)
    twins, others = read_twins(record).get(chapter.name, []), []
    if figures:
        first = ["*A result of record, on photographs.*", _link(figures[0])]
        cells.insert(1, _cell("first", first))
    if figures[1:]:
        others += [f"## Figures of record\n\n{_MADE}", *map(_link, figures[1:])]
    if twins:
        others += [f"## Figures of procedural scenes\n\n{_DRAWN}", *map(_link, twins)]
    if others:
        cells.insert(len(cells) - 1, _cell("others", others))
    return cells


def _link(figure: dict) -> str:
    """A figure with its description and, below it, its caption."""
    alt = figure["alt"].replace("[", "(").replace("]", ")")
    return f"![{alt}](../figures/{figure['file']})\n\n*{_plain(figure['caption'])}*"


def _plain(caption: str) -> str:
    """A caption that may stand between asterisks; L*, a* and b* keep theirs."""
    return re.sub(r"(?<!\b[Lab])\*", "", caption).replace("*", r"\*").strip()


def _cell(name: str, parts: list[str]):
    cell = new_markdown_cell("\n\n".join(parts), metadata={"tags": [RECORD]})
    cell["id"] = f"record-{name}"
    return cell
