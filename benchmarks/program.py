"""The program as a whole: how soon it starts, how long the smoke report takes."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.timing import row
from colorkit.system.project import project_root


def imports() -> dict:
    """`import colorkit` in a new interpreter, less the interpreter's own start."""
    spent = {}
    for name, code in {"ours": "import colorkit", "nothing": "pass"}.items():
        spent[name] = statistics.median(_python(code) for _ in range(7))
    taken = max(0.0, spent["ours"] - spent["nothing"])
    return {"rows": [row("import colorkit", "s", taken, "≤ 0.3 s", met=taken <= 0.3)]}


def report() -> dict:
    """The smoke report of a fresh copy of the project, and again with nothing changed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "colorkit"
        _copy(project_root(), copy)
        program = "from colorkit.app.cli import main; main()"
        command = [sys.executable, "-c", program, "report", "--profile", "smoke"]
        environment = os.environ | {"PYTHONPATH": str(copy)}
        spent = []
        for _ in range(2):
            started = time.perf_counter()
            subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True)
            spent.append(time.perf_counter() - started)
    first, again = spent
    return {
        "rows": [
            row("whole smoke report", "s", first, "≤ 480 s on 2 cores", met=first <= 480),
            row("the same with nothing changed", "s", again, "≤ 10 s", met=again <= 10),
        ]
    }


def _python(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def _copy(root: Path, target: Path) -> None:
    """The project without what it made: caches, trainings, builds, environments."""
    made = shutil.ignore_patterns(".*", "_build", "runs", "cache", "__pycache__")
    shutil.copytree(root, target, ignore=made)
