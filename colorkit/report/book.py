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
from html import escape
from pathlib import Path

import jinja2
import nbformat
import yaml

from colorkit.report import pages
from colorkit.report.both import Found, read_found
from colorkit.report.changes import read_changes
from colorkit.report.chapter_page import chapter_page, record_html
from colorkit.report.errata import computed
from colorkit.report.ledger import ledger, ledger_html, mark_html
from colorkit.report.pictures import FOLDER, Pictures
from colorkit.report.speed import plots, speeds
from colorkit.report.tables import source_label, table_html
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.project import project_root
from colorkit.system.writing import atomic_write

# Pages that the first page places itself; any other stands beside the chapters.
_KNOWN = {"index", "ledger", "comparison", "models", "speed", "trust", "glossary", "data"}
_KNOWN |= {"teachers", "page", "bibliography"}
# What gain is drawn against: the axis, and whether it grows by factors.
_AXES = {
    "milliseconds": ("milliseconds an image, on one processor", True),
    "ratio": ("colorfulness ÷ that of the photographs", False),
}


def build_html(run: Path, out: Path, *, sources: Path, record: Path) -> Path:
    """Build the report of one run.

    Args:
        run: folder `…/runs/<profile>` with `notebooks/`, `numbers/`, `environment.json` and, where
            chapters failed, `failed.json`; `stills/` of the page, if made. The tree given to
            Sphinx is made beside `runs`.
        out: folder the HTML is written to.
        sources: the book's own sources: settings, templates, bibliography. Every Markdown file at
            its top is a page.
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
    runs, records = {}, {}
    for chapter in chapters:
        name, kept = chapter["name"], run / "numbers" / f"{chapter['name']}.json"
        numbers = _read_json(kept) if kept.exists() and not chapter["failed"] else None
        runs[name] = read_found(numbers, run)
        kept = record / f"{name}.json"
        records[name] = read_found(_read_json(kept) if kept.exists() else None, record)

    tree = _Tree(run.parent.parent / "source")
    pictures = Pictures(tree)
    context = _context(run, record, chapters, runs, records, tree, pictures)
    words = sources / "glossary.yaml"
    own = {p.stem for p in sources.glob("*.md")} - _KNOWN
    context |= {"facts": facts, "others": sorted(own)}
    context["glossary"] = yaml.safe_load(words.read_text(encoding="utf-8"))
    context |= {"computed": computed(), "told": {row["id"]: row for row in context["rows"]}}
    context["pages"] = {chapter["name"]: chapter for chapter in chapters}
    for path in sorted(p for p in sources.rglob("*") if p.is_file()):
        name = path.relative_to(sources)
        page = len(name.parts) == 1 and path.suffix == ".md"
        if not {"_build", "__pycache__"} & set(name.parts) and not page:
            tree.write(str(name), path.read_bytes())
    templates = _templates(sources)
    for page in sorted(p.name for p in sources.glob("*.md")):
        if page != "page.md" or context["stills"]:
            tree.write(page, templates.get_template(page).render(context))
    files = {c["name"]: c["file"] for c in chapters}
    for chapter in chapters:
        found = {"record": records[chapter["name"]], "pictures": pictures}
        if chapter["failed"]:
            page = templates.get_template("_templates/failed.md")
            kept = record_html(**found)
            tree.write(chapter["file"], page.render(context, chapter=chapter, record=kept))
        else:
            found |= {"run": runs[chapter["name"]], "files": files}
            tree.write(chapter["file"], chapter_page(chapter["notebook"], **found))
    tree.write("build.json", json.dumps(facts, indent=1))
    doctrees = tree.folder.parent / "doctrees"
    if tree.remove_others():  # Sphinx never deletes the pages of sources that are gone
        shutil.rmtree(out, ignore_errors=True)
        shutil.rmtree(doctrees, ignore_errors=True)
    _run_sphinx(tree.folder, out, doctrees)
    return out / "index.html"


def _context(run, record, chapters, runs, records, tree, pictures) -> dict:
    """What the pages around the chapters are filled in with."""
    measured, trust = speeds(record), record / "trust.json"
    for name, drawn in plots(measured).items():
        tree.write(f"figures/{name}", drawn)
    stills = _stills(run / "stills", tree)
    seconds = {p.stem: _read_json(p).get("seconds") for p in sorted((run / "state").glob("*.json"))}
    compared = {
        source: pages.comparison(found["15_comparison"], source == "record")
        for source, found in (("record", records), ("run", runs))
        if "15_comparison" in found
    }
    for source, found in compared.items():
        for name, axis in _AXES.items():
            if drawn := found and pages.pareto(found["rows"], name, *axis):
                found[name] = pictures.drawing(f"pareto-{source}-{name}", drawn)
    present = {name: found.facts for name, found in runs.items() if found.facts}
    kept = {name: found.facts for name, found in records.items() if found.facts}
    claims = ledger(present, kept, chapters)
    solutions = sorted(p.name for p in (project_root() / "notebooks").glob("*solutions*"))
    about = project_root() / "data" / "README.md"
    return {
        "stills": stills,
        "speeds": measured,
        "trust": _read_json(trust) if trust.exists() else None,
        "chapters": chapters,
        "broken": [c for c in chapters if c["failed"]],
        "data": ", ".join(sorted({n["data"] for n in present.values() if n.get("data")})),
        "procedural": any("procedural" in n.get("data", "") for n in present.values()),
        "recorded": sorted({n["setting"]["size"] for n in kept.values() if n.get("setting")}),
        "cards": pages.gallery(chapters, record, pictures),
        "front": pages.front(record, pictures),
        "compared": compared,
        "models": pages.models(stills),
        "teaching": pages.teaching(chapters, records, runs, seconds),
        "exercises": solutions,
        "images": {
            source: table_html(found.tables["images"], source_label(source == "record"))
            for source, each in (("record", records), ("run", runs))
            for found in [each.get("02_vegenet", Found())]
            if "images" in found.tables
        },
        "about_data": about.read_text(encoding="utf-8") if about.exists() else "",
        "ledger_table": ledger_html(claims["rows"]),
        "changes": read_changes(record),
        **claims,
    }


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

    def keep(self, name: str) -> bool:
        """Tell whether a file is there, and keep it: its name changes with its content."""
        path = self.folder / name
        if path.exists():
            self.names.add(path)
        return path.exists()

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


def _stills(folder: Path, tree: _Tree) -> dict | None:
    """The stills of the page, copied into the tree; None if the run made none."""
    listed = folder / "stills.json"
    found = _read_json(listed) if listed.exists() else None
    for still in found["stills"] if found else ():
        tree.write(f"figures/{still['file']}", (folder / still["file"]).read_bytes())
    for still in found.get("models", {}).values() if found else ():
        tree.write(f"{FOLDER}/{still['file']}", (folder / still["file"]).read_bytes())
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
        "mark": mark_html,
        "md_html": lambda text: escape(re.sub(r"[*`]", "", str(text))),
        "sentence": lambda t: t[:1].upper() + t[1:].rstrip(".") + ".",
        "plain": _plain,
    }
    return templates


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
