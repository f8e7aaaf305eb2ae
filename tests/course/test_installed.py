"""A notebook by itself: an installed colorkit is enough, in any folder and from any other."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import nbformat
import pytest

from colorkit.system.project import project_root


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The content of the wheel, in a folder of its own, as an installation puts it."""
    from hatchling.builders.wheel import WheelBuilder

    folder = tmp_path_factory.mktemp("installed")
    (wheel,) = WheelBuilder(str(project_root())).build(directory=str(folder))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_a_notebook_copied_elsewhere_runs_with_the_installed_library(installed, tmp_path):
    teacher, caller, work = tmp_path / "teacher", tmp_path / "caller", tmp_path / "work"
    teacher.mkdir()
    caller.mkdir()
    name = "01_architecture.ipynb"
    shutil.copy(project_root() / "notebooks" / name, teacher)
    words = ["-m", "papermill", str(teacher / name), str(teacher / "run.ipynb"), "-p", "seed", "3"]
    places = {"PYTHONPATH": str(installed), "COLORKIT_HOME": str(work)}
    ran = subprocess.run(
        [sys.executable, *words],
        cwd=caller,
        env=os.environ | places,
        capture_output=True,
        encoding="utf-8",
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    numbers = work / "report" / "_build" / "runs" / "smoke" / "numbers" / "01_architecture.json"
    assert json.loads(numbers.read_text(encoding="utf-8"))["seed"] == 3
    assert not list(caller.iterdir())
    assert {path.name for path in teacher.iterdir()} == {name, "run.ipynb"}
    shown = nbformat.read(teacher / "run.ipynb", as_version=4)
    texts = [
        o.data.get("text/markdown", "")
        for c in shown.cells
        for o in c.get("outputs", [])
        if "data" in o
    ]
    assert any(str(work) in text and "COLORKIT_HOME" in text for text in texts)
