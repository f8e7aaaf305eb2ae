"""The book: executed notebooks and their numbers become one HTML report that opens from disk.

The sources under `report/` are templates (Jinja). They are filled in beside copies of the notebooks
in a tree of their own, where only what changed is written, so that Sphinx reads again only that.
"""

import io
import json
import re
import shutil
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path, PurePosixPath

import jinja2
import nbformat

from colorkit.course.claims import with_interval
from colorkit.report.errata import computed
from colorkit.report.ledger import judge_chapters, ledger, mark, shown, typeset
from colorkit.report.speed import plots, speeds
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.writing import atomic_write

_PAGES = (
    "index.md",
    "ledger.md",
    "errata.md",
    "record.md",
    "speed.md",
    "trust.md",
    "page.md",
    "bibliography.md",
)
_NOT_STATIC = {"application/vnd.jupyter.widget-view+json", "application/javascript"}


def build_html(run: Path, out: Path, *, sources: Path, record: Path) -> Path:
    """Build the report of one run.

    Args:
        run: folder `…/runs/<profile>` with `notebooks/`, `numbers/`, `environment.json` and, where
            chapters failed, `failed.json`; `stills/` of the page, if made. The tree given to
            Sphinx is made beside `runs`.
        out: folder the HTML is written to.
        sources: the book's own sources: settings, templates, bibliography.
        record: folder with the numbers (JSON) and figures of record; it may be empty.

    Returns:
        The path of `index.html`.

    Raises:
        ColorkitError: a file of the run is missing or unreadable, or Sphinx had something to say.
    """
    facts = _read_json(run / "environment.json")
    facts["duration"] = duration(facts["seconds"])
    failed = _read_json(run / "failed.json") if (run / "failed.json").exists() else {}
    chapters = _chapters(run, failed)
    numbers = {}
    for chapter in chapters:
        path = run / "numbers" / f"{chapter['name']}.json"
        if not chapter["failed"] and path.exists():
            numbers[chapter["name"]] = _read_json(path)

    tree = _Tree(run.parent.parent / "source")
    records = _records(record, {c["name"]: c["title"] for c in chapters}, tree)
    measured, trust = speeds(record), record / "trust.json"
    for name, drawn in plots(measured).items():
        tree.write(f"figures/{name}", drawn)
    stills = _stills(run / "stills", tree)
    listed = ledger(numbers, chapters)
    context = {
        "facts": facts,
        "stills": stills,
        "speeds": measured,
        "trust": _read_json(trust) if trust.exists() else None,
        "chapters": chapters,
        "broken": [c for c in chapters if c["failed"]],
        "data": ", ".join(sorted({n["data"] for n in numbers.values() if n.get("data")})),
        "procedural": any("procedural" in n.get("data", "") for n in numbers.values()),
        "records": records,
        "told": {claim["id"]: claim for claim in listed["claims"]},
        "pages": {chapter["name"]: chapter for chapter in chapters},
        "computed": computed(),
        **listed,
    }
    for path in sorted(p for p in sources.rglob("*") if p.is_file()):
        name = path.relative_to(sources)
        if not {"_build", "__pycache__"} & set(name.parts) and path.name not in _PAGES:
            tree.write(str(name), path.read_bytes())
    templates = _templates(sources)
    for page in _PAGES:
        if {"record.md": records, "page.md": stills}.get(page, True):
            tree.write(page, templates.get_template(page).render(context))
    files = {c["name"]: c["file"] for c in chapters}
    for chapter in chapters:
        if chapter["failed"]:
            page = templates.get_template("_templates/failed.md")
            tree.write(chapter["file"], page.render(context, chapter=chapter))
        else:
            tree.write(chapter["file"], _clean_notebook(chapter["notebook"], files))
    tree.write("build.json", json.dumps(facts, indent=1))
    doctrees = tree.folder.parent / "doctrees"
    if tree.remove_others():  # Sphinx never deletes the pages of sources that are gone
        shutil.rmtree(out, ignore_errors=True)
        shutil.rmtree(doctrees, ignore_errors=True)
    _run_sphinx(tree.folder, out, doctrees)
    return out / "index.html"


class _Tree:
    """A folder of generated files; a file keeps its time of change if its content is the same."""

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.names: set[Path] = set()

    def write(self, name: str, content: str | bytes) -> None:
        path = self.folder / name
        data = content.encode() if isinstance(content, str) else content
        self.names.add(path)
        if not (path.exists() and path.read_bytes() == data):
            with atomic_write(path) as stream:
                stream.write(data)

    def remove_others(self) -> bool:
        """Delete what an earlier build wrote and this one did not; tell whether there was any."""
        files = [p for p in self.folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
        others = set(files) - self.names
        for path in others:
            path.unlink()
        return bool(others)


def _chapters(run: Path, failed: dict[str, str]) -> list[dict]:
    """Every chapter in numeric order: its name, title, file in the tree, and why it failed."""
    paths = {p.stem: p for p in (run / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    chapters = []
    for name in sorted({*paths, *failed}):
        # A failed chapter has at most an unfinished notebook; its title is worth having.
        path = paths.get(name) or next(run.glob(f"notebooks/*/{name}.ipynb"), None)
        notebook = _read_notebook(path) if path else nbformat.v4.new_notebook()
        texts = [c.source for c in notebook.cells if c.cell_type == "markdown"]
        headings = [t.splitlines()[0][2:].strip() for t in texts if t.startswith("# ")]
        chapters.append(
            {
                "name": name,
                "title": headings[0] if headings else name.replace("_", " "),
                "file": f"{name}.md" if name in failed else f"{name}.ipynb",
                "failed": failed.get(name, ""),
                "notebook": notebook,
            }
        )
    return chapters


def _clean_notebook(notebook, files: dict[str, str]) -> str:
    """Fold the code and drop what a page cannot use.

    Args:
        notebook: as papermill left it; it is changed.
        files: the file in the tree of each chapter; links to any other local file become text.
    """
    cells = []
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            cell.source = _clean_markdown(cell.source, files)
        elif cell.cell_type == "code":
            tags = [*tags, *({"hide-input"} - set(tags))]
            # Widgets need a kernel and scripts a network; what they show has a static twin.
            cell.outputs = [
                o
                for o in cell.outputs
                if not (_NOT_STATIC & set(o.get("data", ())))
                and (o.output_type != "stream" or o.text.strip())
            ]
        # Without papermill's times an unchanged chapter stays the same file after another run.
        cell.metadata = {"tags": tags, "mystnb": cell.metadata.get("mystnb", {})}
        if cell.source.strip() or cell.get("outputs"):
            cells.append(cell)
    notebook.cells = cells
    kept = {"kernelspec", "language_info"} & set(notebook.metadata)
    notebook.metadata = {key: notebook.metadata[key] for key in sorted(kept)}
    return nbformat.writes(notebook)


def _clean_markdown(text: str, files: dict[str, str]) -> str:
    def local(match: re.Match) -> str:
        label, target = match.groups()
        path = PurePosixPath(target)
        return f"[{label}]({files[path.stem]})" if path.stem in files else label

    # Badges are images of another site: their text stays.
    text = re.sub(r"!\[([^\]]*)\]\((?:https?:)?//[^)]*\)", r"\1", text)
    return re.sub(r"(?<!!)\[([^\]]*)\]\(([\w./-]+(?:\.\w+|/))\)", local, text)


def _records(folder: Path, titles: dict[str, str], tree: _Tree) -> list[dict]:
    """The chapters of record, with those of their figures that are there copied into the tree."""
    records = []
    for path in sorted(folder.glob("*.json")):
        found = _read_json(path)
        if not isinstance(found, dict) or "chapter" not in found:
            continue
        found["title"] = found.get("title") or titles.get(found["chapter"], found["chapter"])
        kept = []
        for figure in found.get("figures", []):
            image = folder / Path(figure["file"]).name
            if image.exists():
                source = f"figures/{image.name}"
                tree.write(source, image.read_bytes())
                kept.append({**figure, "source": source})
        claims = [shown(each) for each in judge_chapters([found]).values()]
        records.append({**found, "figures": kept, "claims": claims})
    return records


def _stills(folder: Path, tree: _Tree) -> dict | None:
    """The stills of the page, copied into the tree; None if the run made none."""
    listed = folder / "stills.json"
    found = _read_json(listed) if listed.exists() else None
    for still in found["stills"] if found else ():
        tree.write(f"figures/{still['file']}", (folder / still["file"]).read_bytes())
    return found


def _templates(sources: Path) -> jinja2.Environment:
    """The environment of the pages, with the filters that turn values into safe Markdown."""
    options = {"undefined": jinja2.StrictUndefined, "keep_trailing_newline": True}
    templates = jinja2.Environment(loader=jinja2.FileSystemLoader(sources), **options)
    templates.filters |= {
        "md": lambda text: re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", str(text).replace("\n", " ")),
        "line": lambda text: " ".join(str(text).split()),
        # The first letter of a word, not the a of a* nor the b of b*.
        "capital": lambda t: (t[:1].upper() if t[1:2].isalpha() else t[:1]) + t[1:].rstrip("."),
        "counted": lambda found: found["of"].removesuffix("s" if found["n"] == 1 else ""),
        "effect": _effect,
        "mark": mark,
        "plain": _plain,
    }
    return templates


def _effect(found: dict) -> str:
    """A number's value with its interval and unit, in words."""
    return typeset(with_interval(found["value"], found["low"], found["high"], found["unit"]))


def _plain(value) -> str:
    """A value of a table or setting as short text."""
    if isinstance(value, dict):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items())
    return f"{value:.4g}" if isinstance(value, float) else "–" if value is None else str(value)


def duration(seconds: float) -> str:
    """`45 s`, `5 min 12 s` or `3 h 20 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _run_sphinx(tree: Path, out: Path, doctrees: Path) -> None:
    from sphinx.cmd.build import build_main

    options = ["-b", "html", "-q", "-N", "-W", "--keep-going", "-d", str(doctrees)]
    said = io.StringIO()
    # In this process, for half of a build by another is spent importing; `build_main` puts back
    # the directives and roles it registers, so that it can be called again.
    with warnings.catch_warnings(action="ignore"), redirect_stdout(said), redirect_stderr(said):
        status = build_main([*options, str(tree), str(out)])
    if status == 0:
        return
    # Sphinx does not repeat the warnings of pages it has read: make it read all the next time.
    shutil.rmtree(doctrees, ignore_errors=True)
    text = said.getvalue().strip() or "no reason given"
    lines = [line for line in text.splitlines() if "WARNING:" in line or "ERROR:" in line]
    first = one_line((lines or text.splitlines()[-1:])[0].replace(f"{tree}/", ""))
    raise ColorkitError(f"the HTML report was not built: {first}; correct that page")


def _read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ColorkitError(f"{path} cannot be read ({one_line(error)}); run it again") from error


def _read_notebook(path: Path):
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:  # nbformat's own errors are ValueErrors
        raise ColorkitError(f"{path} is not a notebook ({one_line(error)[:200]})") from error
