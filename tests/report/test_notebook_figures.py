"""Notebooks show their figures of record where they are only read."""

import json

import nbformat
import pytest

from colorkit.report.notebook_figures import show_record, with_figures
from colorkit.report.notebooks import is_record, read_chapters
from colorkit.system.project import project_root
from tests.made_chapters import write_chapter

CHAPTERS = read_chapters(project_root())


@pytest.mark.parametrize("chapter", CHAPTERS, ids=[c.name for c in CHAPTERS])
def test_the_notebooks_show_exactly_the_figures_of_record(chapter):
    text = chapter.path.read_text(encoding="utf-8")
    cells = nbformat.reads(text, as_version=4).cells
    assert with_figures(cells, chapter, project_root() / "figures") == cells
    assert len(text) < 1_500_000
    path = project_root() / "figures" / f"{chapter.name}.json"
    kept = json.loads(path.read_text(encoding="utf-8"))["figures"] if path.exists() else []
    shown = "".join(c.source for c in cells if is_record(c))
    assert all(f"](../figures/{figure['file']})" in shown for figure in kept)


def test_links_stand_below_the_header_and_before_the_exercises(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "figures").mkdir()
    for name in ("01_one", "02_two"):
        write_chapter(tmp_path, name)
    figures = [
        {"file": f"{id}.png", "alt": f"curve [{id}]", "caption": f"*The* curve {id} of a*."}
        for id in ("A", "B", "C")
    ]
    listed = tmp_path / "figures" / "01_one.json"
    listed.write_text(json.dumps({"figures": figures}))
    path = tmp_path / "notebooks" / "01_one.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["colorkit"]["thumbnail"] = "B"
    nbformat.write(notebook, path)
    before = read_chapters(tmp_path)

    show_record(tmp_path)
    cells = nbformat.read(path, as_version=4).cells
    assert [is_record(cell) for cell in cells] == [False, True, False, False, True, False]
    assert "![curve (B)](../figures/B.png)\n\n*The curve B of a\\*.*" in cells[1].source
    assert cells[4].source.index("A.png") < cells[4].source.index("C.png")
    assert read_chapters(tmp_path) == before  # no chapter is run again for its links

    kept = path.read_bytes()
    show_record(tmp_path)
    assert path.read_bytes() == kept
    listed.write_text(json.dumps({"figures": []}))
    show_record(tmp_path)
    assert not any(map(is_record, nbformat.read(path, as_version=4).cells))
    other = nbformat.read(tmp_path / "notebooks" / "02_two.ipynb", as_version=4).cells
    assert not any(map(is_record, other))
