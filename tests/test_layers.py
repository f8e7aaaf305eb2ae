"""The house: which folder may import which, and whose the studies are."""

import ast
from pathlib import Path

import pytest

import colorkit

PACKAGE = Path(colorkit.__file__).parent
NOTEBOOKS = PACKAGE.parent / "notebooks"
# From the top down. Folders of one line do not import each other.
LAYERS = (
    ("app",),
    ("report",),
    ("studies",),
    ("course",),
    ("inference", "training"),
    ("data", "models"),
    ("imaging",),
    ("system",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Name every module of colorkit that a file imports anywhere, in functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == "colorkit"}


def upward(folder: str, imported: str) -> bool:
    """Whether a folder may not import a module: of a layer above, or a neighbor."""
    other = imported.split(".")[1]
    return other != folder and LEVEL[other] <= LEVEL[folder]


def test_every_folder_has_its_layer():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == set(LEVEL)
    assert [path.name for path in PACKAGE.glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("folder", LEVEL)
def test_a_folder_says_what_it_holds_in_one_sentence_and_imports_nothing(folder):
    tree = ast.parse((PACKAGE / folder / "__init__.py").read_text(encoding="utf-8"))
    (statement,) = tree.body
    said = ast.get_docstring(tree)
    assert isinstance(statement, ast.Expr) and said.endswith(".") and "\n" not in said
    assert said in (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", LEVEL)
def test_imports_run_down(folder):
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in (PACKAGE / folder).rglob("*.py")
        for name in sorted(imports(path))
        if upward(folder, name)
    ]
    assert wrong == []


def test_no_module_imports_itself_by_a_detour():
    names = {
        ".".join(("colorkit", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
            ".__init__"
        ): path
        for path in MODULES
    }
    graph = {
        name: {n if n in names else n.rpartition(".")[0] for n in imports(path)} & set(names)
        for name, path in names.items()
        if name != "colorkit"
    }
    import graphlib

    # Functions' own imports are counted: a circle that works by luck is a circle.
    list(graphlib.TopologicalSorter(graph).static_order())


def test_each_study_belongs_to_a_chapter():
    chapters = {path.stem.partition("_")[2] for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")}
    studies = {path.stem for path in (PACKAGE / "studies").iterdir()} - {"__init__", "__pycache__"}
    assert studies and studies <= chapters


def test_an_upward_import_would_be_seen():
    assert upward("data", "colorkit.models.unet") and upward("inference", "colorkit.training.run")
    assert upward("imaging", "colorkit.data.cache") and not upward("app", "colorkit.system.errors")
    assert not upward("imaging", "colorkit.imaging.color")
