"""The chapters' shape: every reader finds the same things in the same places."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from colorkit.course.claims import known_claims
from colorkit.report.notebooks import KEEP, choose, is_record, keep_facts, read_chapters
from colorkit.system.errors import ColorkitError
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
    own = [c for c in cells if not is_record(c)]
    assert len(own) <= 60
    assert sum(len(c.source.splitlines()) for c in code) < 300
    assert max(len(c.source.splitlines()) for c in own) <= 34


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
    for claim in known_claims():
        assert f'\\"{claim}\\"' in source


def cell(source, *outputs, tags=()):
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


PRINTED = new_output("stream", name="stdout", text="3\n")
RESULT = new_output("execute_result", {"text/plain": "3"}, execution_count=7)


def save(path, *cells, **metadata):
    path.parent.mkdir(exist_ok=True)
    texts = map(new_markdown_cell, ("No title\n# no title", "# First things\n\n# Second"))
    nbformat.write(new_notebook(cells=[*texts, *cells], metadata=metadata), path)
    return path


@pytest.fixture
def own(tmp_path):
    """A chapter of two parameters, one fact and one figure."""
    parameters = cell("profile: str = 'smoke'\nseed=0\n# no = 1", tags=["parameters"])
    cells = parameters, cell("fact = 3", tags=[KEEP]), cell("figure = 3", PRINTED)
    save(tmp_path / "notebooks" / "02_own.ipynb", *cells, colorkit={"needs": ["01_first"]})
    save(tmp_path / "notebooks" / "draft.ipynb")  # no chapter
    return tmp_path


def test_a_chapter_is_read_with_title_needs_and_parameters(own):
    (found,) = read_chapters(own)
    assert (found.name, found.title, found.needs) == ("02_own", "First things", ("01_first",))
    assert found.parameters == {"profile", "seed"} and len(found.cells) == 16
    save(own / "notebooks" / "01_first.ipynb", cell("x = 1", tags=["parameters"]))
    first, second = read_chapters(own)
    assert first.name == "01_first" and second == found and first.cells != second.cells
    assert choose([first, second], []) == [first, second]
    assert choose([first, second], ["02"]) == [second]
    with pytest.raises(ColorkitError, match="no chapter '3'; the chapters are 01_first, 02_own"):
        choose([first, second], ["01", "3"])
    save(
        own / "notebooks" / "03_two.ipynb", *(cell(f"x = {k}", tags=["parameters"]) for k in (1, 2))
    )
    with pytest.raises(ColorkitError, match=r"03_two.* needs exactly one cell"):
        read_chapters(own)


def test_facts_are_copied_from_a_run_of_the_same_cells_only(own):
    (chapter,) = read_chapters(own)
    ran = nbformat.read(chapter.path, 4).cells[2:]
    pieces = [new_output("stream", name="stdout", text=text) for text in ("3", "\n")]
    ran[1].outputs, ran[1].execution_count = [*pieces, RESULT], 2
    injected = cell("profile = 'smoke'", tags=["injected-parameters"])
    executed = save(own / "executed.ipynb", ran[0], injected, *ran[1:])
    keep_facts(chapter, executed)
    assert chapter.path.read_text().endswith("}\n")
    *_, fact, figure = nbformat.read(chapter.path, 4).cells
    assert (fact.execution_count, figure.execution_count, figure.outputs) == (1, None, [])
    printed, result = fact.outputs
    assert printed == PRINTED and result == RESULT | {"execution_count": None}
    (again,) = read_chapters(own)
    assert again == chapter
    save(own / "executed.ipynb", *ran[:2], cell("figure = 4"))
    with pytest.raises(ColorkitError, match="not a run of"):
        keep_facts(chapter, own / "executed.ipynb")
