"""What can be shown of Windows elsewhere: nothing of POSIX is needed, old consoles are no fault.

Not shown here: another system's own locks on files, drive letters, and packages built for it.
"""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from PIL import Image
from windows_like import CONSOLES, FUNCTIONS, MODULES, PAGES, SIGNALS

from colorkit.system.project import project_root

SOURCES = sorted((project_root() / "colorkit").rglob("*.py"))


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> dict:
    """Give what came of commands in a process that lacks what Windows lacks."""
    folder = tmp_path_factory.mktemp("photographs")
    noise = Image.effect_noise((40, 30), 90)
    noise.save(folder / "Łódź 日本.png")
    noise.convert("RGB").save(folder / "Ω│.gif")
    (folder / "kaputt—ß.png").write_bytes(b"no image")
    program = Path(__file__).with_name("windows_like.py")
    words = [sys.executable, str(program), str(folder)]
    ran = subprocess.run(words, capture_output=True, encoding="utf-8", cwd=project_root())
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1]) | {"out": folder / "out"}


def test_every_module_is_imported_without_posix(done):
    assert done["imported"] >= len([p for p in SOURCES if p.name != "__init__.py"])


def test_photographs_are_colorized_and_odd_names_told(done):
    names = {path.name for path in done["out"].iterdir()}
    assert names == {"Łódź 日本.png", "Ω│.png"}
    runs = [run for run in done["typed"] if run["words"][0] == "colorize" and len(run["words"]) > 2]
    assert [run["console"] for run in runs] == [*CONSOLES]
    for run in runs:
        assert run["status"] == 1 and "2 colorized into" in run["stdout"], run
        assert run["stderr"].count("\n") == 1 and "this is no image" in run["stderr"], run
        assert run["stdout"].count("it is gray") == 2, run
    assert "kaputt\\u2014ß.png" in runs[0]["stderr"]  # as far as its letters go


def test_every_page_is_printed_and_every_fault_is_one_sentence(done):
    statuses = {tuple(run["words"]): run["status"] for run in done["typed"]}
    assert {statuses[page, "--help"] for page in PAGES} == {0} == {statuses["models",]}
    for run in done["typed"]:
        assert run["status"] in (0, 1, 2) and "Traceback" not in run["stderr"], run
        if run["status"] == 2:
            assert run["stderr"].count("\n") == 1 and run["stderr"].startswith("colorkit: ")
        elif run["words"][-1] == "--help":
            assert "Usage" in run["stdout"] and not run["stderr"], run


def test_nothing_of_posix_is_named_without_asking_for_it():
    """Also where the process above did not come by."""
    guarded = {("process_settings.py", "sysconf")}  # of glibc, which is asked for first
    absent = {*FUNCTIONS.split(), *SIGNALS.split(), "sysconf", "tzset"}
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.value.id in ("os", "signal", "time") and node.attr in absent:
                    found.add((path.name, node.attr))
            elif isinstance(node, ast.Import):
                found |= {(path.name, a.name) for a in node.names if a.name in MODULES}
            elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
                found.add((path.name, node.module))
    assert found == guarded


def test_texts_are_read_and_written_as_utf_8():
    """Else as the system prefers: there, umlauts become two letters each."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                given = {keyword.arg for keyword in node.keywords}
                if name in ("read_text", "write_text") and isinstance(node.func, ast.Attribute):
                    assert "encoding" in given, f"{path}, line {node.lineno}"
                if name in ("run", "Popen") and given & {"text", "universal_newlines"}:
                    assert "encoding" in given, f"{path}, line {node.lineno}"


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_lock_holds_the_same_for_windows_as_for_linux(python):
    text = (project_root() / "requirements.lock").read_text(encoding="utf-8")
    wanted = [Requirement(line.rstrip(" \\")) for line in text.splitlines() if line[:1].isalnum()]

    def chosen(system: str, name: str, platform: str, machine: str) -> dict[str, str]:
        here = {"sys_platform": system, "os_name": name, "platform_system": platform}
        here |= {"python_version": python, "python_full_version": f"{python}.0"}
        here |= {"platform_machine": machine}
        found = [each for each in wanted if not each.marker or each.marker.evaluate(here)]
        assert len({each.name for each in found}) == len(found)
        return {each.name: str(each.specifier) for each in found}

    linux = chosen("linux", "posix", "Linux", "x86_64")
    windows = chosen("win32", "nt", "Windows", "AMD64")
    assert {"colorama", "pywinpty", "torch", "numpy", "pyzmq"} <= set(windows)
    shared = set(linux) & set(windows)
    assert {name: linux[name] for name in shared} == {name: windows[name] for name in shared}
    posix = {"pexpect", "ptyprocess", "terminado", "uvloop", "triton"}
    assert all(
        name in posix or name.startswith(("nvidia-", "cuda-")) for name in set(linux) - shared
    )


def test_the_two_commands_have_one_definition(tmp_path):
    """`make` and PowerShell run the same program, which says what it knows."""
    root = project_root()
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    readme = (root / "README.md").read_text(encoding="utf-8")
    for name in ("report", "test"):
        assert f"\n\t@$(PYTHON) make.py {name}\n" in makefile
        assert f"\npython make.py {name}\n" in readme
    environment = os.environ | {"PROFILE": "no such profile"}
    words = [sys.executable, str(root / "make.py")]
    told = subprocess.run(words, capture_output=True, encoding="utf-8", cwd=tmp_path)
    assert told.returncode == 1 and "python make.py install" in told.stderr
    if (root / ".venv" / "installed").exists():
        given = [*words, "report", "--only", "77"]
        ran = subprocess.run(
            given, capture_output=True, encoding="utf-8", cwd=tmp_path, env=environment
        )
        assert ran.returncode == 2 and "no profile 'no such profile'" in ran.stderr
