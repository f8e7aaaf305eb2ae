"""Windows neither renames, replaces nor deletes what somebody has open; here as if it were so.

What writes is tried twice in one folder: once onto nothing, once onto what the first time left.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from test_disk import WRITERS, box, source  # noqa: F401

from colorkit.models.unet import UNet
from colorkit.models.weights import load_weights, save_weights

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what is open")


def open_files() -> set[Path]:
    """Name the files that this process has open or mapped."""
    found = set()
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208
        try:
            found.add(Path(os.readlink(f"/proc/self/fd/{number}")))  # noqa: PTH115
        except OSError:  # that of the listing itself
            continue
    lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape")
    named = (line.split(maxsplit=5)[5] for line in lines.splitlines() if "/" in line)
    return found | {Path(name) for name in named}


@pytest.fixture
def as_on_windows(monkeypatch):
    """Refuse to move or delete what is open; count what was moved or deleted."""
    done = []

    def refuse(change):
        def checked(*paths, dir_fd=None, **options):
            for path in paths:
                start = os.readlink(f"/proc/self/fd/{dir_fd}") if dir_fd is not None else ""  # noqa: PTH115
                real = Path(os.path.realpath(os.path.join(start, os.fspath(path))))  # noqa: PTH118
                held = [file for file in open_files() if real in (file, *file.parents)]
                if held:
                    raise PermissionError(13, "The process cannot access the file", str(real))
            done.append(paths)
            more = {"dir_fd": dir_fd} if dir_fd is not None else {}
            return change(*paths, **more, **options)

        return checked

    for name in ("replace", "rename", "unlink", "remove"):
        monkeypatch.setattr(os, name, refuse(getattr(os, name)))
    return done


def test_what_is_open_is_refused(tmp_path, as_on_windows):
    path, folder = tmp_path / "a.npy", tmp_path / "folder"
    folder.mkdir()
    np.save(path, np.arange(4000.0))
    np.save(folder / "b.npy", np.arange(4000.0))
    with path.open("rb"), pytest.raises(PermissionError):
        path.unlink()
    mapped = np.load(folder / "b.npy", mmap_mode="r")
    with pytest.raises(PermissionError):
        path.replace(folder / "b.npy")
    with pytest.raises(PermissionError):
        folder.rename(tmp_path / "other")
    del mapped
    path.replace(folder / "b.npy")
    folder.rename(tmp_path / "other")
    assert len(as_on_windows) == 2


@pytest.mark.parametrize("kind", [kind for kind in WRITERS if kind not in ("report", "training")])
def test_nothing_is_open_when_it_is_moved(kind, tmp_path, source, serve, as_on_windows):  # noqa: F811
    writer = WRITERS[kind][0]
    for _ in range(2):
        writer(tmp_path, source, serve)
    assert as_on_windows, "nothing was written"


def test_weights_in_use_are_replaced(tmp_path, as_on_windows):
    path = save_weights(tmp_path / "net.safetensors", UNet(1, 2, 8, 3))
    network, _ = load_weights(path)
    save_weights(path, network)
    assert len(as_on_windows) == 2
