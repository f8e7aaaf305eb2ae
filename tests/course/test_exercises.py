"""Every exercise has a solution that runs, and the check that a student sees is one of its own."""

import ast
import importlib.util
import inspect
import re
import sys

import nbformat
import pytest

from colorkit.course import exercises
from colorkit.report.notebooks import read_chapters
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root

CHAPTERS = {chapter.name: chapter for chapter in read_chapters(project_root())}
FOLDER = project_root() / "notebooks" / "solutions"
CHECK = re.compile(r"\*Check:\*\s+`assert ([^`]+)`")


def texts(name):
    """The exercises of a chapter by number, as the notebook has them."""
    source = nbformat.read(CHAPTERS[name].path, as_version=4).cells[-1].source
    parts = re.split(r"^(\d+)\. ", source.split("\n\nEach *check*")[0], flags=re.M)
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


def solutions(name):
    """The module of a chapter's solutions, read once."""
    spec = importlib.util.spec_from_file_location(f"solutions_{name}", FOLDER / f"{name}.py")
    if spec.name not in sys.modules:
        sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[spec.name])
    return sys.modules[spec.name]


EACH = [(name, number) for name in CHAPTERS for number in texts(name)]


def test_every_chapter_has_solutions_and_no_other_has():
    assert {path.stem for path in FOLDER.glob("*.py")} == set(CHAPTERS)


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_exercise_is_solved_in_whole_sentences(name):
    found = exercises.solved(solutions(name))
    assert list(found) == list(texts(name)) == list(range(1, len(found) + 1))
    for function in found.values():
        answer = inspect.getdoc(function)
        assert answer.splitlines()[0].endswith((".", ":"))
        assert answer.endswith(".") and len(answer.split()) >= 15


@pytest.mark.parametrize(("name", "number"), EACH)
def test_the_check_that_is_printed_is_asserted_by_the_solution(name, number):
    (check,) = CHECK.findall(texts(name)[number])
    wanted = ast.unparse(ast.parse(check, mode="eval"))
    assert wanted in exercises.checks(exercises.solved(solutions(name))[number])


@pytest.mark.parametrize(("name", "number"), EACH)
def test_a_solution_passes_its_own_checks_and_tells_numbers(name, number):
    told = exercises.solved(solutions(name))[number]()
    assert told and all(isinstance(what, str) for what in told)


def test_answers_are_told_by_number(monkeypatch, capsys):
    module = solutions("01_architecture")
    monkeypatch.setattr(sys, "argv", ["01_architecture.py", "2"])
    exercises.tell(module)
    told = capsys.readouterr().out
    assert told.startswith("Exercise 2. Only the first fully connected layer")
    assert "parameters fewer: 17301504" in told and "Exercise 1" not in told
    monkeypatch.setattr(sys, "argv", ["01_architecture.py", "9"])
    with pytest.raises(ColorkitError, match="no exercise '9' here; the exercises are 1, 2, 3"):
        exercises.tell(module)
