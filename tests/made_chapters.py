"""Small chapters and their profile, for tests of running them."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = 'profile = "smoke"\nseed = 0\ndata = ""'
PROFILE = """
name: smoke
data: {source: scenes, what: procedural scenes, size: 32, stored: 32}
networks: {vegenet: {classes: [lawn, house]}}
"""
# As `Chapter` does, whose libraries take longest of all that a chapter needs.
WRITES_NUMBERS = """
from colorkit.system.project import project_root
from colorkit.system.writing import write_json
write_json(project_root() / "report/_build/runs/smoke/numbers" / f"{NAME}.json",
           {"chapter": NAME, "profile": profile, "seed": seed, "data": "none", "seconds": 0.1,
            "numbers": [], "tables": {}, "claims": [], "figures": []})
"""


def write_chapter(root, name, code="", needs=(), parameters=PARAMETERS):
    parameters = new_code_cell(parameters, metadata={"tags": ["parameters"]})
    cells = [
        new_markdown_cell(f"# {name}\n\nA chapter."),
        parameters,
        new_code_cell(f"NAME = {name!r}{WRITES_NUMBERS}"),
        new_code_cell(code or "print('fine')"),
    ]
    for k, cell in enumerate(cells):
        cell["id"] = f"cell-{k}"
    notebook = new_notebook(cells=cells, metadata={"colorkit": {"needs": list(needs)}})
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    nbformat.write(notebook, root / "notebooks" / f"{name}.ipynb")
