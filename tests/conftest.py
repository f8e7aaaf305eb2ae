"""Fixtures shared by the tests of data, batches and inference: tiny, colorful, made in memory."""

import os
import shutil
import signal
import sys
import threading
import zlib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from made_pairs import picture, write_pair

from colorkit.app import cli
from colorkit.course.networks import scene_entries
from colorkit.data.collection import Collection, collect

# What is started in the background is deaf to Ctrl-C, and so would be the programs started here.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):  # and by `nohup` to a closed terminal
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
# Tiny networks spend more time waking threads than multiplying.
torch.set_num_threads(1)


def _paint(entry, size: int) -> np.ndarray:
    """Paint 4 × 4 patches of random colors: cheap, colorful, and no two names look alike."""
    rng = np.random.default_rng(zlib.crc32(entry.name.encode()))
    patches = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    each = -(-size // 4)
    return patches.repeat(each, axis=0).repeat(each, axis=1)[:size, :size].copy()


@pytest.fixture(scope="session")
def paint():
    """Give the cheap reader: (entry, size) to a (size, size, 3) uint8 image."""
    return _paint


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Collection:
    """Collect two classes of 24-pixel images: 5 training, 2 validation, 3 test images each."""
    entries = scene_entries(["lawn", "sky"], {"train": 5, "val": 2, "test": 3})
    folder = tmp_path_factory.mktemp("tiny")
    return collect(entries, 24, folder, source="patches", reader=_paint, recipe="patches")


@pytest.fixture
def root(tmp_path) -> Path:
    """Lay out two classes of six pairs as the near-infrared data set does."""
    for i in range(12):
        write_pair(tmp_path / "set", f"{('field', 'water')[i % 2]}/{i:04d}", picture(i))
    return tmp_path / "set"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Find a browser; where there is none tests skip, but fail where they may not (`CI`)."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        reason = f"no browser: none of {', '.join(names)} is installed"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return path


@pytest.fixture
def server(serve, tmp_path):
    """Serve a folder on loopback; gives the folder and its address."""
    folder = tmp_path / "served"
    folder.mkdir()
    return folder, serve(partial(SimpleHTTPRequestHandler, directory=str(folder)))


@pytest.fixture
def serve(monkeypatch):
    """Give a server on loopback: a request handler's class in, its address out."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    started = []

    def start(handler) -> str:
        service = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        service.daemon_threads = True
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        started.append((service, thread))
        return f"http://127.0.0.1:{service.server_port}"

    yield start
    for service, thread in started:
        service.shutdown()
        service.server_close()
        thread.join()


@pytest.fixture
def command(monkeypatch, capsys):
    """Type a command: its status, what it printed, and what it printed as an error."""

    def run(*words) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["colorkit", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return stop.value.code, captured.out, captured.err

    return run
