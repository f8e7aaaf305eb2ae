"""Files that appear under their names whole or not at all."""

import errno
import io
import json
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from colorkit.system import writing
from colorkit.system.errors import ColorkitError
from colorkit.system.writing import atomic_write, write_fault, write_json, write_text


def test_a_write_the_system_stops(tmp_path):
    resource = pytest.importorskip("resource")  # not on Windows
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(ColorkitError, match="larger than this system allows"):
            write_text(tmp_path / "a.txt", "x" * 1_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_write_leaves_nothing(tmp_path, stop):
    with pytest.raises(stop), atomic_write(tmp_path / "a.bin") as stream:
        stream.write(b"half")
        raise stop
    assert not list(tmp_path.iterdir())


def test_faults_of_other_files_keep_their_name(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "a.bin"):
        (tmp_path / "absent").read_bytes()
    with pytest.raises(ValueError, match="mode"), atomic_write(tmp_path / "a.bin", "a"):
        pass


def test_text_json_links_and_permissions(tmp_path):
    write_text(tmp_path / "real.txt", "vert\n")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    write_text(tmp_path / "link.txt", "é\n")
    assert (tmp_path / "link.txt").is_symlink() and (
        tmp_path / "real.txt"
    ).read_bytes() == b"\xc3\xa9\n"
    (tmp_path / "plain.txt").touch()
    assert (tmp_path / "real.txt").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode
    value = {"b": np.float32(0.5), "a": np.arange(3), "path": Path("x"), "none": None, "é": 1}
    write_json(tmp_path / "a.json", value)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert list(json.loads(text)) == ["b", "a", "path", "none", "é"] and "é" in text
    assert json.loads(text)["a"] == [0, 1, 2] and text.endswith("}\n")
    for bad in (float("nan"), np.float32("inf"), [np.nan]):
        with pytest.raises(ValueError, match=r"b\.json.*None"):
            write_json(tmp_path / "b.json", bad)
    with pytest.raises(TypeError):
        write_json(tmp_path / "b.json", io)
    assert not (tmp_path / "b.json").exists()


def test_what_stopped_the_writing_is_said_with_a_remedy():
    full = OSError(errno.ENOSPC, "No space left on device")
    says = "could not write a/b: no space left on the disk; free some space and run again."
    assert str(write_fault(Path("a/b"), full)) == says
    other = str(write_fault(Path("b"), OSError(errno.ENODEV, "No such device.")))
    assert other == "could not write b: No such device; check the disk or choose another folder."


@pytest.mark.parametrize(("system", "refusals", "whole"), [
    ("nt", 2, True), ("nt", 99, False), ("posix", 1, False),
])  # fmt: skip
def test_a_file_that_is_being_read_is_replaced_once_it_is_closed(
    tmp_path, monkeypatch, system, refusals, whole
):
    """Windows refuses until then; elsewhere nobody needs to wait."""
    replace, waited, tries = Path.replace, [], []

    def refuse(path, target):
        tries.append(target)
        if len(tries) <= refusals:
            fault = PermissionError(errno.EACCES, "Access is denied")
            fault.winerror = 5 if system == "nt" else None
            raise fault
        return replace(path, target)

    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        patch.setattr(writing, "os", _as_on(system))
        patch.setattr(writing.time, "sleep", waited.append)
        if whole:
            write_text(path, "new")
        else:
            with pytest.raises(ColorkitError, match=r"a\.txt: permission denied") as fault:
                write_text(path, "new")
            assert ("another program has it open" in str(fault.value)) == (system == "nt")
    assert path.read_bytes() == (b"new" if whole else b"old")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert 0 <= sum(waited) < 3 and bool(waited) == (system == "nt")


def _as_on(system: str):
    """Give the module `os` under the name of another system."""
    known = {name: getattr(os, name) for name in ("path", "fsync")}
    return SimpleNamespace(name=system, **known)
