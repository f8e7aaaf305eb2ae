"""The chapters' shape: every reader finds the same things in the same places."""

import nbformat
import pytest

from colorkit.course.claims import CLAIMS
from colorkit.report.notebooks import KEEP, keep_facts, read_chapters
from colorkit.system.project import project_root

CHAPTERS = read_chapters(project_root())


def tags(cell):
    return cell.metadata.get("tags", [])


@pytest.fixture(params=CHAPTERS, ids=[c.name for c in CHAPTERS])
def chapter(request):
    return request.param


@pytest.fixture
def cells(chapter):
    return nbformat.read(chapter.path, as_version=4).cells


def test_header_says_what_it_asks_follows_needs_and_takes(cells):
    header = cells[0].source
    assert header.startswith("# ")
    for word in ("**Asks**", "**Follows**", "**Needs**", "**Takes**"):
        assert word in header


def test_parameters_are_the_same_everywhere(chapter):
    assert {"profile", "seed", "data"} <= chapter.parameters


def test_cells_are_short_and_few(cells):
    code = [c for c in cells if c.cell_type == "code"]
    assert len(cells) <= 60
    assert sum(len(c.source.splitlines()) for c in code) < 300
    assert max(len(c.source.splitlines()) for c in cells) <= 34


def test_only_checked_cells_hold_outputs(cells):
    for cell in (c for c in cells if c.cell_type == "code"):
        assert cell.execution_count == (1 if KEEP in tags(cell) else None), "run `make facts`"
        if KEEP in tags(cell):
            assert "nbval-check-output" in tags(cell)
            assert cell.outputs, "run `make facts`"
            assert all(o.output_type == "stream" for o in cell.outputs)
        else:
            assert not cell.outputs, "run nbstripout"


def test_ends_with_claims_and_exercises(cells):
    assert any("chapter.finish()" in c.source for c in cells)
    assert cells[-1].source.startswith("## Exercises")


def test_asserts_that_its_own_code_equals_the_library(cells):
    source = "\n".join(c.source for c in cells if c.cell_type == "code")
    assert "assert_close" in source or "assert torch.equal" in source


def test_needs_are_earlier_chapters(chapter):
    assert all(need < chapter.name for need in chapter.needs)
    assert set(chapter.needs) <= {c.name for c in CHAPTERS}


def test_the_chapters_record_their_claims():
    source = "\n".join(c.path.read_text() for c in CHAPTERS)
    report = [f"R{k}" for k in range(1, 28)]
    for claim in [*report, "L1", "L2", "L3", "L4", "H7"]:
        assert claim in CLAIMS
        assert f'\\"{claim}\\"' in source


def test_facts_are_copied_from_a_run_of_the_same_cells_only(tmp_path):
    source = CHAPTERS[0]
    copy = tmp_path / source.path.name
    copy.write_text(source.path.read_text())
    other = nbformat.read(copy, as_version=4)
    other.cells[-1].source += " changed"
    executed = tmp_path / "executed.ipynb"
    nbformat.write(other, executed)
    from dataclasses import replace

    from colorkit.system.errors import ColorkitError

    with pytest.raises(ColorkitError, match="not a run of"):
        keep_facts(replace(source, path=copy), executed)
    before = copy.read_text()
    keep_facts(replace(source, path=copy), source.path)
    assert nbformat.reads(copy.read_text(), 4) == nbformat.reads(before, 4)
