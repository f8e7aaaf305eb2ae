"""Twins: procedural scenes stand where a figure of record would show somebody's photographs."""

import json

import pytest
from PIL import Image

from colorkit.report.figure_files import LARGEST
from colorkit.report.notebook_figures import with_figures
from colorkit.report.notebooks import read_chapters
from colorkit.report.twins import keep_twins, read_twins
from colorkit.system.project import project_root

FIGURES = project_root() / "figures"


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    (folder / "numbers").mkdir(parents=True)
    (folder / "figures").mkdir()
    figures = []
    for id, shows in (
        ("F1", "procedural"),
        ("F2", "procedural"),
        ("F3", "plot"),
        ("F4", "procedural"),
    ):
        Image.new("RGB", (9, 9), "red").save(folder / "figures" / f"{id}.png")
        figures.append(
            {"id": id, "file": f"figures/{id}.png", "shows": shows, "alt": id, "caption": ""}
        )
    (folder / "numbers" / "01_a.json").write_text(json.dumps({"figures": figures}))
    return folder


def test_what_the_record_lacks_is_drawn(tmp_path, run):
    record = tmp_path / "figures"
    record.mkdir()
    shown = [{"id": "F1"}, {"id": "F2-house"}]  # the same, and the same on a house photograph
    (record / "01_a.json").write_text(json.dumps({"figures": shown}))
    keep_twins(run, record)
    assert [t["id"] for t in read_twins(record)["01_a"]] == ["F4"]
    assert [p.name for p in (record / "twins").iterdir()] == ["F4.png"]
    (record / "01_a.json").write_text(json.dumps({"figures": [*shown, {"id": "F4"}]}))
    keep_twins(run, record)
    assert read_twins(record) == {"01_a": []} and not list((record / "twins").iterdir())


def test_chapters_that_did_not_run_keep_theirs(tmp_path, run):
    keep_twins(run, tmp_path / "figures")
    (run / "numbers" / "01_a.json").unlink()
    keep_twins(run, tmp_path / "figures")
    assert [t["id"] for t in read_twins(tmp_path / "figures")["01_a"]] == ["F1", "F2", "F4"]
    assert len(list((tmp_path / "figures" / "twins").iterdir())) == 3


def test_without_a_run_nothing_is_written(tmp_path):
    keep_twins(tmp_path, tmp_path)
    assert read_twins(tmp_path) == {} and not list(tmp_path.iterdir())


def test_the_twins_that_are_kept_are_procedural_small_and_shown():
    twins = read_twins(FIGURES)
    files = {each["file"] for some in twins.values() for each in some}
    assert files == {f"twins/{p.name}" for p in (FIGURES / "twins").iterdir()}
    for chapter in read_chapters(project_root()):
        text = "".join(c.source for c in with_figures(_cells(), chapter, FIGURES))
        for each in twins.get(chapter.name, ()):
            assert (FIGURES / each["file"]).stat().st_size <= LARGEST
            assert each["caption"] and each["alt"]
            assert f"](../figures/{each['file']})" in text


def _cells():
    from nbformat.v4 import new_markdown_cell

    return [new_markdown_cell("# head"), new_markdown_cell("## Exercises")]
