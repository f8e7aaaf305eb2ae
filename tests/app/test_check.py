"""The check of the machine: what it sees, what it says, and its status."""

import shutil
from collections import namedtuple
from importlib import metadata

import pytest
from made_box import make_box

from colorkit.app.commands import check as checkup
from colorkit.models import pretrained
from colorkit.system.project import project_root


@pytest.fixture
def box(tmp_path, monkeypatch):
    (tmp_path / "box").mkdir()
    make_box(tmp_path / "box")
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "box")
    return tmp_path / "box"


def findings(root=None) -> dict[str, checkup.Check]:
    return {found.what: found for found in checkup.check(root)}


def test_a_whole_installation_is_ok(command, box, monkeypatch, tmp_path):
    status, out, err = command("check")
    assert status == 0 and err == ""
    assert "all that is needed is there" in out
    for what in ("Python", "torch", "device", "weights colornet", "data of smoke", "disk runs/"):
        line = next(line for line in out.splitlines() if line.startswith(what))
        assert line.endswith("OK"), line
    monkeypatch.chdir(tmp_path)  # outside a clone one can still colorize
    status, out, _ = command("check")
    assert status == 0 and "this is no clone" in out and "weights colornet" in out
    assert "data of smoke" not in out


def test_damaged_and_missing_weights(command, box):
    path = box / "colornet.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    (box / "hints.safetensors").unlink()
    status, out, _ = command("check")
    assert status == 1 and "2 needed and missing" in out
    lines = {line.split("  ")[0]: line for line in out.splitlines()}
    assert "is damaged or is not the file listed" in lines["weights colornet"]
    assert "install colorkit again" in lines["weights hints"]
    (box / "models.json").write_text("{")
    assert "is missing or damaged" in findings()["weights"].remedy


def test_versions_that_do_not_fit(monkeypatch, box):
    known = metadata.version
    versions = {"torch": "1.0.0", "onnx": "1.0"}
    monkeypatch.setattr(metadata, "version", lambda name: versions.get(name) or known(name))
    monkeypatch.setattr(checkup.platform, "python_version", lambda: "3.9.1")
    found = findings(project_root())
    assert found["torch"].remedy.startswith("needs >=2") and found["torch"].needed
    assert found["onnx"].remedy.endswith("run `pip install -e '.[export]'`")
    assert not found["onnx"].needed
    assert "install Python" in found["Python"].remedy

    def absent(name):
        if name == "lightning":
            raise metadata.PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(metadata, "version", absent)
    for root in (project_root(), None):  # a clone's own list, or that of what is installed
        assert findings(root)["lightning"].found == "not installed"
        assert findings(root)["lightning"].remedy and findings(root)["lightning"].needed


def test_a_disk_that_is_nearly_full(monkeypatch, box):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**12, 0, 10**9))
    found = findings(project_root())
    assert "free some space" in found["disk data/"].remedy and found["disk data/"].needed
    assert not found["disk report/"].remedy


def test_what_is_not_needed_spoils_nothing(monkeypatch, box):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    found = findings(project_root())
    assert found["browser"].remedy and not found["browser"].needed
    assert str(found["browser"]).endswith("optional: for the tests of the page: install chromium")
    assert not found["data of places365"].needed
