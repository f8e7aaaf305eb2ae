"""Names of the library in prose can be imported, so that no text tells of a module that is gone."""

import ast
import re
from pathlib import Path

import colorkit

ROOT = Path(colorkit.__file__).parents[1]
KINDS = (
    "colorkit/**/*.py",
    "benchmarks/*.py",
    "notebooks/*.ipynb",
    "report/*.md",
    "*.md",
    "data/*.md",
)
NAME = re.compile(r"\bcolorkit(?:\.[A-Za-z_]\w*)+")
# Made when asked for, names of files, or of a notebook's metadata.
APART = re.compile(r"colorkit\.(colorize|colorize_video|needs)\b|.*\.(svg|json|part)$")


def defined(body: list[ast.stmt]) -> dict[str, list[ast.stmt]]:
    """Name what statements define, each with the statements inside."""
    found = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node.body
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name: [] for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {n.id: [] for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.If):
            found |= defined(node.body)
    return found


def exists(name: str) -> bool:
    """Whether a dotted name is a folder, a module, or something defined in one."""
    place, parts = ROOT / "colorkit", name.split(".")[1:]
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    file = place / "__init__.py"
    if parts and (place / f"{parts[0]}.py").is_file():
        file = place / f"{parts.pop(0)}.py"
    body = ast.parse(file.read_text(encoding="utf-8")).body
    for part in parts:
        inside = defined(body)
        if part not in inside:
            return False
        body = inside[part]
    return True


def test_names_in_prose_can_be_imported():
    wrong = []
    for path in sorted(path for kind in KINDS for path in ROOT.glob(kind)):
        for name in sorted(set(NAME.findall(path.read_text(encoding="utf-8")))):
            if not (APART.match(name) or exists(name)):
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert wrong == []


def test_a_wrong_name_would_be_seen():
    assert exists("colorkit.imaging.color.rgb_to_lab") and exists("colorkit.models.pretrained.load")
    assert not exists("colorkit.color") and not exists("colorkit.imaging.color.rgb_to_luv")
