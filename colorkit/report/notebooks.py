"""The numbered notebooks as they stand: reading them, and keeping the facts they are checked by.

Committed notebooks hold no outputs but those of cells tagged `keep_output`: short facts (shapes,
counts, class lists) that nbval compares with what a run prints.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.writing import write_text

KEEP = "keep_output"
RECORD = "record"  # cells of links to figures of record, which take no part in a run


@dataclass(frozen=True)
class ChapterSource:
    """A chapter as it stands in `notebooks/`.

    Attributes:
        name: such as `02_vegenet`.
        title: its first heading.
        needs: chapters whose failure makes this one pointless.
        parameters: names its parameters cell defines.
        cells: hash of its cells' sources.
        thumbnail: the figure that stands for it, by its id; empty for its first one.
        asks: what its header says it asks, in Markdown.
    """

    name: str
    path: Path
    title: str
    needs: tuple[str, ...]
    parameters: frozenset[str]
    cells: str
    thumbnail: str = ""
    asks: str = ""


def read_chapters(root: Path) -> list[ChapterSource]:
    """Read the numbered notebooks, in order.

    Raises:
        ColorkitError: a notebook that cannot be parsed or has no parameters cell.
    """
    chapters = []
    for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        try:
            notebook = nbformat.read(path, as_version=4)
        except (nbformat.reader.NotJSONError, nbformat.ValidationError, OSError) as error:
            raise ColorkitError(f"{path} is not a notebook: {one_line(error)[:200]}") from error
        tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
        if len(tagged) != 1:
            raise ColorkitError(f"{path} needs exactly one cell tagged `parameters`; tag it")
        lines = [line.split("=")[0].split(":")[0] for line in tagged[0].source.splitlines()]
        headings = [c.source for c in notebook.cells if c.cell_type == "markdown"]
        title = next(h for h in headings if h.startswith("# ")).splitlines()[0][2:]
        chapters.append(
            ChapterSource(
                path.stem,
                path,
                title,
                tuple(notebook.metadata.get("colorkit", {}).get("needs", ())),
                frozenset(n.strip() for n in lines if n.strip().isidentifier()),
                digest([[c.cell_type, c.source] for c in notebook.cells if not is_record(c)]),
                notebook.metadata.get("colorkit", {}).get("thumbnail", ""),
                asked(headings[0]),
            )
        )
    return chapters


def is_record(cell) -> bool:
    """Whether a cell shows figures of record, see `colorkit.report.notebook_figures`."""
    return RECORD in cell.metadata.get("tags", [])


def asked(header: str) -> str:
    """The words of a header between **Asks** and what comes after, on one line."""
    found = re.search(r"\*\*Asks\*\*(.*?)(\*\*|\Z)", header, re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def choose(chapters: list[ChapterSource], only: list[str]) -> list[ChapterSource]:
    """Keep the chapters whose names start with one of `only`; all when it is empty.

    Raises:
        ColorkitError: one of `only` matches nothing.
    """
    for start in only:
        if not any(c.name.startswith(start) for c in chapters):
            known = ", ".join(c.name for c in chapters)
            raise ColorkitError(f"no chapter {start!r}; the chapters are {known}")
    return [c for c in chapters if not only or c.name.startswith(tuple(only))]


def keep_facts(chapter: ChapterSource, executed: Path) -> None:
    """Copy the outputs of the checked cells from an executed notebook; drop all others.

    Args:
        chapter: the notebook in `notebooks/`.
        executed: the same notebook after a `smoke` run.

    Raises:
        ColorkitError: the two do not have the same cells.
    """
    notebook = nbformat.read(chapter.path, as_version=4)
    done = nbformat.read(executed, as_version=4)
    injected = "injected-parameters"
    ran = [c for c in done.cells if not is_record(c) and injected not in c.metadata.get("tags", [])]
    own = [cell for cell in notebook.cells if not is_record(cell)]
    if [c.source for c in ran] != [c.source for c in own]:
        raise ColorkitError(f"{executed} is not a run of {chapter.path}; run the report again")
    for cell, made in zip(own, ran, strict=True):
        if cell.cell_type != "code":
            continue
        kept = KEEP in cell.metadata.get("tags", [])
        cell.execution_count = 1 if kept else None  # nbval checks only cells that have run
        cell.outputs = _joined(made.outputs) if kept else []
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = None
    write_text(chapter.path, nbformat.writes(notebook) + "\n")


def _joined(outputs: list) -> list:
    """Join what a kernel sent of one stream in pieces, which is not the same from run to run."""
    joined = []
    for output in outputs:
        before = joined[-1] if joined else {}
        if output.output_type == "stream" and before.get("name") == output.name:
            before.text += output.text
        else:
            joined.append(output)
    return joined


def digest(value) -> str:
    """A short name for any JSON-able value."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


if __name__ == "__main__":
    from colorkit.system.project import project_root

    for source in read_chapters(project_root()):
        run = project_root() / "report" / "_build" / "runs" / "smoke" / "notebooks"
        keep_facts(source, run / f"{source.name}.ipynb")
