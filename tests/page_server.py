"""Starting the page's server as a program of its own, and waiting for it."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE = 30_000  # milliseconds; only a fault takes so long


def start(command: list[str], folder: Path, **environment: str) -> subprocess.Popen:
    """Start a program of this environment that may leave its traces below a folder only."""
    for name in ("home", "tmp"):
        (folder / name).mkdir()
    places = {"HOME": folder / "home", "TMPDIR": folder / "tmp", "IPYTHONDIR": folder / "home"}
    kept = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
    return subprocess.Popen(
        [str(Path(sys.executable).with_name(command[0])), *command[1:]],
        cwd=folder,
        env=kept | {k: str(v) for k, v in places.items()} | environment,
        stdout=subprocess.PIPE,
        stderr=(folder / "log").open("w"),
        text=True,
    )


def wait_until(true, what: str) -> None:
    limit = time.monotonic() + PATIENCE / 1000
    while not true():
        assert time.monotonic() < limit, what
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        return urllib.request.urlopen(url, timeout=10).status == 200
    except OSError as error:
        return isinstance(error, urllib.error.HTTPError)


def children(process: subprocess.Popen) -> set[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return {int(number) for number in listed.read_text().split()}
