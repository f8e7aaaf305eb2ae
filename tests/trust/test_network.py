"""Downloads from a server that does everything wrong, and all commands without any network."""

import contextlib
import hashlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import numpy as np
import pytest
from made_box import make_box
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image
from typer.main import get_command

from colorkit.app import cli
from colorkit.data.curation import flickr
from colorkit.data.download import fetch as room
from colorkit.data.download.fetch import FIRST_USE, fetch
from colorkit.models import pretrained
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root

CONTENT = np.random.default_rng(0).bytes(400_000)
HASH = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
PAGE = b"<!DOCTYPE html><html><title>This file has moved</title></html>"


class Server(BaseHTTPRequestHandler):
    """Misbehaves as the first part of the path says; what it is given counts the requests.

    With a number behind it, as in `500-2`, only so often, then it gives the file.
    """

    asked: list[str]
    other: str  # address of another server
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        kind, _, times = self.path.strip("/").split("/")[0].partition("-")
        self.asked.append(f"{self.path} {self.headers.get('Range', '')}")
        self.close_connection = True
        again = sum(line.startswith(self.path + " ") for line in self.asked)
        if times and again > int(times):
            kind = "good"
        with contextlib.suppress(OSError):  # who has seen enough hangs up
            getattr(self, kind, self.status)(kind)

    def begin(self, status: int, length: int | str | None, **headers) -> None:
        self.send_response(status)
        self.send_header("Connection", "close")
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.flush()

    def good(self, _, body: bytes = CONTENT) -> None:
        start = int((re.findall(r"bytes=(\d+)-", self.headers.get("Range", "")) or [0])[0])
        if start >= len(body):
            self.begin(416, 0)
            return
        span = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if start else {}
        self.begin(206 if start else 200, len(body) - start, **span)
        self.wfile.write(body[start:])

    def status(self, kind: str) -> None:
        self.begin(int(kind), 0)

    def silent(self, _) -> None:
        time.sleep(5)

    def stalls(self, _) -> None:
        self.begin(200, len(CONTENT))
        self.wfile.write(CONTENT[:100_000])
        self.wfile.flush()
        time.sleep(5)

    def dripheaders(self, _) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for k in range(200):
            self.wfile.write(b"X-%d: more\r\n" % k)
            self.wfile.flush()
            time.sleep(0.05)

    def cuts(self, _) -> None:
        start = int((re.findall(r"bytes=(\d+)-", self.headers.get("Range", "")) or [0])[0])
        self.begin(206 if start else 200, len(CONTENT) - start)
        self.wfile.write(CONTENT[start : start + 150_000])

    def misranged(self, _) -> None:
        """Answers a range with another one."""
        ranged = "Range" in self.headers and len(self.asked) == 2
        self.begin(206 if ranged else 200, len(CONTENT))
        self.wfile.write(CONTENT[: 150_000 if len(self.asked) == 1 else None])

    def page(self, _) -> None:
        self.good(_, PAGE)

    def drippage(self, _) -> None:
        self.begin(200, len(PAGE))
        for k in range(len(PAGE)):
            self.wfile.write(PAGE[k : k + 1])
            self.wfile.flush()

    def other_file(self, _) -> None:
        self.good(_, CONTENT[::-1])

    wrong = other_file

    def short(self, _) -> None:
        self.begin(200, len(CONTENT) - 1000)
        self.wfile.write(CONTENT)

    def long(self, _) -> None:
        self.begin(200, len(CONTENT) + 1000)
        self.wfile.write(CONTENT)

    def lengthless(self, _) -> None:
        self.begin(200, None)
        self.wfile.write(CONTENT)

    def nolength(self, _) -> None:
        self.begin(200, "many")
        self.wfile.write(CONTENT)

    def negative(self, _) -> None:
        self.begin(200, -5)
        self.wfile.write(CONTENT)

    def chunks(self, _) -> None:
        self.begin(200, None, Transfer_Encoding="chunked")
        for start in range(0, len(CONTENT), 100_000):
            part = CONTENT[start : start + 100_000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def badchunks(self, _) -> None:
        self.begin(200, None, Transfer_Encoding="chunked")
        self.wfile.write(b"zz\r\n" + CONTENT)

    def squeezed(self, _) -> None:
        self.begin(200, len(CONTENT), Content_Encoding="gzip")
        self.wfile.write(CONTENT)

    def elsewhere(self, _) -> None:
        self.begin(302, 0, Location=f"{self.other}/good/a.bin")

    def astray(self, _) -> None:
        self.begin(302, 0, Location=f"{self.other}/wrong/a.bin")

    def circle(self, _) -> None:
        self.begin(302, 0, Location=self.path)

    def tofile(self, _) -> None:
        self.begin(302, 0, Location="file:///etc/passwd")

    def tonowhere(self, _) -> None:
        self.begin(301, 0, Location="http://[not an address/")

    def garbage(self, _) -> None:
        self.wfile.write(b"\0\xff this is no HTTP\r\n\r\n" + CONTENT)

    def headers_only(self, _) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n" + CONTENT)

    manyheaders = headers_only

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch, serve):
    monkeypatch.setattr(room, "PAUSE", 0.01)
    monkeypatch.setattr(room, "SILENCE", 0.5)
    monkeypatch.setattr(room, "ANSWER", 1.0)
    monkeypatch.setattr(room, "CHUNK", 1 << 14)
    other = type("Other", (Server,), {"asked": []})
    handler = type("Fresh", (Server,), {"asked": [], "other": serve(other)})
    handler.url = serve(handler)
    return handler


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


# What a file's server does wrong any day is in `tests/data/download`; this is worse.
COMES = {  # by the kind of server: how often it is asked until all has come
    "silent-1": 2,
    "dripheaders-1": 2,
    "stalls-1": 2,
    "cuts-2": 3,
    "misranged": 3,
    "lengthless": 1,
    "negative": 1,
    "chunks": 1,
    "elsewhere": 1,
    "squeezed": 1,
    "long-1": 3,  # what has come is the whole; that is found out by asking for the rest
}


@pytest.mark.parametrize("kind", COMES)
def test_what_comes_in_the_end_is_whole(kind, server, tmp_path, tally):
    told = []
    path = fetch(
        f"{server.url}/{kind}/a.bin", HASH, tmp_path, progress=lambda done, total: told.append(done)
    )
    assert path.read_bytes() == CONTENT and names(tmp_path) == {"a.bin"}
    assert len(server.asked) == COMES[kind] and told
    tally("downloads from a faulty server", survived=1)


REFUSED = {  # by the kind of server: what the sentence says, how often it is asked
    "403": ("403", 1),
    "500": ("500", 3),
    "silent": ("nothing came for", 3),
    "stalls": ("nothing came for", 3),
    "dripheaders": ("no whole answer within 1 seconds", 3),
    "drippage": ("web page instead of the file", 1),
    "short": ("checksum differs", 1),
    "nolength": ("invalid", 1),
    "badchunks": ("", 3),
    "astray": ("checksum differs", 1),
    "circle": ("redirects", 31),
    "tofile": ("", 1),
    "tonowhere": ("", 1),
    "garbage": ("", 3),
    "manyheaders": ("", 3),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_does_not_come_is_said(kind, server, tmp_path, tally):
    url, folder = f"{server.url}/{kind}/a.bin", tmp_path / "data"
    says, asked = REFUSED[kind]
    start = time.monotonic()
    with pytest.raises(ColorkitError) as caught:
        fetch(url, HASH, folder, retries=2, time_limit=4)
    message = str(caught.value)
    assert time.monotonic() - start < 15
    assert url in message and says in message and "\n" not in message
    assert f"by hand and put it at {folder / 'a.bin'}" in message
    assert len(server.asked) == asked
    assert names(folder) <= {".a.bin.part"}  # nothing under the final name
    assert names(tmp_path) == {"data"}
    # The next run, from a server that is well again, is not misled by what is there.
    fetch(f"{server.url}/good/a.bin", HASH, folder)
    assert (folder / "a.bin").read_bytes() == CONTENT and names(folder) == {"a.bin"}
    (folder / "a.bin").unlink()
    # And by hand, as the sentence says.
    (folder / "a.bin").write_bytes(CONTENT)
    before = len(server.asked)
    assert fetch(url, HASH, folder) == folder / "a.bin" and len(server.asked) == before
    tally("downloads from a faulty server", refused=1)


def test_the_first_use_trusts_no_page_and_no_part(server, tmp_path, tally):
    """Without a known checksum, what is not whole or no file at all is refused all the same."""
    for kind in ("page", "drippage", "cuts", "stalls", "404", "circle", "badchunks", "garbage"):
        with pytest.raises(ColorkitError, match="by hand"):
            fetch(f"{server.url}/{kind}/a.bin", FIRST_USE, tmp_path / kind, retries=0)
        assert names(tmp_path / kind) <= {".a.bin.part"}
        tally("downloads from a faulty server", refused=1)


def test_a_server_that_cuts_off_at_random_places(tmp_path, serve, monkeypatch, tally, amount):
    """However often it breaks: what comes in the end is the file, and nothing came twice."""
    monkeypatch.setattr(room, "PAUSE", 0.0)
    dice = np.random.default_rng(0)

    class Breaks(Server):
        asked, sent = [], 0

        def do_GET(self):
            start = int((re.findall(r"bytes=(\d+)-", self.headers.get("Range", "")) or [0])[0])
            self.close_connection = True
            self.begin(206 if start else 200, len(CONTENT) - start)
            part = CONTENT[start : start + int(dice.integers(1, 200_000))]
            type(self).sent += len(part)
            with contextlib.suppress(OSError):
                self.wfile.write(part)

    url = serve(Breaks)
    for k in range(amount(5, 100)):
        folder, Breaks.sent = tmp_path / str(k), 0
        for _ in range(200):
            with contextlib.suppress(ColorkitError):
                fetch(f"{url}/a.bin", HASH, folder, retries=int(dice.integers(3)))
                break
        assert (folder / "a.bin").read_bytes() == CONTENT
        assert names(folder) == {"a.bin"} and Breaks.sent == len(CONTENT)
        tally("downloads from a faulty server", survived=1)


# Without any network

BLOCK = """
import socket
connect, lookup = socket.socket.connect, socket.getaddrinfo
near = ("127.0.0.1", "::1", "localhost", "", None)
tried = {tried!r}

def only_here(self, address):
    if self.family != socket.AF_UNIX and address[0] not in near:
        print(address, file=open(tried, "a"))
        raise OSError(101, "Network is unreachable")
    return connect(self, address)

def no_names(host, *rest, **options):
    if (host.decode() if isinstance(host, bytes) else host) not in near:
        print(host, file=open(tried, "a"))
        raise socket.gaierror(-3, "Temporary failure in name resolution")
    return lookup(host, *rest, **options)

socket.socket.connect, socket.getaddrinfo = only_here, no_names
"""


@pytest.fixture
def offline(monkeypatch, tmp_path_factory) -> Path:
    """Let nothing leave the machine, from here and from programs started here.

    What was tried stands in the file that is given. Nothing of earlier downloads is to be found.
    """
    empty = tmp_path_factory.mktemp("empty")
    tried = empty / "tried"
    tried.touch()
    block = BLOCK.format(tried=str(tried))
    (empty / "sitecustomize.py").write_text(block)  # Python programs execute it as they start
    monkeypatch.setattr(socket.socket, "connect", socket.socket.connect)  # to be put back
    monkeypatch.setattr(socket, "getaddrinfo", socket.getaddrinfo)
    exec(block, {})
    monkeypatch.setenv("PYTHONPATH", str(empty))
    for name in ("TORCH_HOME", "XDG_CACHE_HOME", "HF_HOME", "SKIMAGE_DATADIR"):
        monkeypatch.setenv(name, str(empty))
    monkeypatch.setenv(flickr.KEY, "a key")
    for module, name in ((room, "PAUSE"), (flickr, "PAUSE"), (flickr, "INTERVAL")):
        monkeypatch.setattr(module, name, 0.01)
    return tried


PROFILE = """
name: smoke
data: {source: scenes, what: procedural scenes, size: 64, stored: 72, train: 6, val: 2, test: 2}
model: {width: 0.05, global_size: 64}
recipe: {epochs: 1, batch_size: 4}
networks: {vegenet: {classes: [lawn, house]}}
gans: {classes: [lawn, house], width: 4, depth: 2, stages: 2, discriminator_width: 4, epochs: 1,
       classifier_epochs: 1, imagenet: true}
"""


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A clone with one chapter and a tiny profile, photographs, and a box of models never trained.

    The working folder is in it.
    """
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    (tmp_path / "notebooks" / "profiles" / "smoke.yaml").write_text(PROFILE)
    parameters = new_code_cell('profile = "smoke"\nseed = 0\ndata = ""')
    parameters.metadata["tags"] = ["parameters"]
    lpips = new_code_cell(
        "from colorkit.imaging.metrics.perceptual import lpips_missing\nassert lpips_missing()"
    )
    chapter = new_notebook(cells=[new_markdown_cell("# One"), parameters, lpips])
    kernel = {"name": "python3", "display_name": "x", "language": "python"}
    chapter.metadata |= {"colorkit": {"needs": []}, "kernelspec": kernel}
    for k, cell in enumerate(chapter.cells):
        cell["id"] = f"cell-{k}"
    nbformat.write(chapter, tmp_path / "notebooks" / "01_one.ipynb")
    ignored = shutil.ignore_patterns("_build", "__pycache__")
    shutil.copy(project_root() / "pyproject.toml", tmp_path)
    shutil.copytree(project_root() / "report", tmp_path / "report", ignore=ignored)
    for k in range(8):
        noise = np.random.default_rng(k).integers(0, 256, (9, 12, 3), dtype=np.uint8)
        large = Image.fromarray(noise).resize((192, 144), Image.Resampling.NEAREST)
        folder = tmp_path / "photos" / "garden"
        folder.mkdir(parents=True, exist_ok=True)
        large.save(folder / f"{k}.png")
    (tmp_path / "box").mkdir()
    make_box(tmp_path / "box")
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "box")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# By what is typed, the file that must be there afterwards.
WORKS = {
    "colorize photos -o out --compare": "out/garden/0.png",
    "models": "",
    "check": "",  # what it finds missing, it says
    "export box/colornet.safetensors a.onnx": "a.onnx",
    "shards photos -o shards --size 64": "shards/000000.tar",
    "data build photos/garden -o set": "set/manifest.jsonl",
    "train vegenet": "runs/smoke",
    "sweep --only u-learned": "runs/smoke",
    "report": "report/_build/html/index.html",
}
SLOW = ("report", "export", "sweep")
# By what is typed, what the one sentence says.
SAYS = {
    "data build -o found --flickr garden": "could not be reached",
    "data fetch rgb-nir -o found": "could not download",
    "sweep --only classifier": "could not download",
    "pretrain faithful --data nowhere": "nowhere",  # wants photographs, no network
}
APART = {"app"}  # tried below, for it does not end


def commands() -> set[str]:
    """List the command line's commands."""
    found = set()
    for name, command in get_command(cli.app).commands.items():
        found |= {f"{name} {below}" for below in getattr(command, "commands", {})} or {name}
    return found


def test_no_command_is_left_out():
    typed = {" ".join(words.split()[: 2 if words[:5] == "data " else 1]) for words in WORKS | SAYS}
    assert typed | APART == commands()


@pytest.mark.parametrize("words", WORKS)
def test_what_works_without_a_network(words, offline, project, command, tally, amount):
    if words.split()[0] in amount(SLOW, ()):
        pytest.skip("takes long; make trust does it")
    status, _, errors = command(*words.split())
    assert status == 0 or words == "check", errors
    assert "download" not in errors and "Traceback" not in errors
    assert (project / WORKS[words]).exists()
    assert offline.read_text() == ""  # nothing even tried
    tally("commands without a network", survived=1)


@pytest.mark.parametrize("words", SAYS)
def test_what_needs_a_network_says_so(words, offline, project, command, tally):
    status, _, errors = command(*words.split())
    lines = [line for line in errors.splitlines() if line.startswith("colorkit: ")]
    assert status in (1, 2) and SAYS[words] in lines[-1], errors
    assert len(lines) == 1 and "Traceback" not in errors
    assert ("by hand and put it at" in errors) == ("could not download" in errors)
    tally("commands without a network", refused=1)


def test_the_page_without_a_network(offline, project, tally):
    """It is served from this machine, and asks no other."""
    program = "from colorkit.app.cli import main; main()"
    words = [sys.executable, "-c", program, "app", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip()
            process.stdout.readline()  # which comes before it listens
            until = time.monotonic() + 60
            while time.monotonic() < until:
                with contextlib.suppress(URLError), urlopen(address, timeout=60) as reply:
                    assert (reply.status, b"<html" in reply.read()) == (200, True)
                    break
                time.sleep(0.1)
            else:
                pytest.fail("nobody listens")
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        finally:
            process.kill()
    assert offline.read_text() == ""
    tally("commands without a network", survived=1)
