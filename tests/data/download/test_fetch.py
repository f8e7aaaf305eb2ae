"""Downloads from a server on this machine that misbehaves on request."""

import contextlib
import hashlib
import re
import time
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace

import pytest

from colorkit.data.download import fetch as room
from colorkit.data.download.fetch import fetch
from colorkit.system.errors import ColorkitError

CONTENT = bytes(range(256)) * 12_000  # 3 MB
HASH = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
PAUSE = room.PAUSE


class Handler(BaseHTTPRequestHandler):
    """Answers by path; `asked` remembers the path and range of every request.

    A number is a status, given once.
    """

    asked: list[tuple[str, str | None]]
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        offer, kind = self.headers.get("Range"), self.path.strip("/").split("/")[0]
        first = all(path != self.path for path, _ in self.asked)
        self.asked.append((self.path, offer))
        if kind.isdigit() and first:
            return self.send_error(int(kind))
        body, start = CONTENT, 0
        if kind == "moved":
            body = b"\n<!DOCTYPE html><title>We have moved</title>"
        if offer and kind != "rangeless":
            start = int(re.fullmatch(r"bytes=(\d+)-", offer)[1])
            if start >= len(body):
                return self.send_error(416)
        self.send_response(206 if start else 200)
        if kind != "endless":
            self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        if kind == "always-cut" or (kind in ("cut", "rangeless") and first):
            body = body[: start + 1_000_000]
        with contextlib.suppress(ConnectionError):  # the client hangs up when it has seen enough
            if kind == "endless":
                for _ in range(200):
                    self.wfile.write(bytes(100_000))
                    time.sleep(0.05)
            self.wfile.write(body[start:])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch, serve):
    monkeypatch.setattr(room, "PAUSE", 0.01)
    handler = type("Fresh", (Handler,), {"asked": []})
    handler.url = serve(handler)
    return handler


def fault(url: str, folder, known_hash: str = HASH, **options) -> str:
    with pytest.raises(ColorkitError) as caught:
        fetch(url, known_hash, folder, **options)
    message = str(caught.value)
    assert url in message and str(folder) in message and "by hand" in message
    assert "\n" not in message
    return message


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_a_good_file_is_fetched_once(server, tmp_path, algorithm):
    known, told = f"{algorithm}:{hashlib.new(algorithm, CONTENT).hexdigest()}", []
    for _ in range(2):
        got = fetch(
            f"{server.url}/good/a%20set.zip?version=2",
            known,
            tmp_path / "data",
            progress=lambda done, total: told.append((done, total)),
        )
        assert got == tmp_path / "data" / "a set.zip" and got.read_bytes() == CONTENT
    assert len(server.asked) == 1 and names(tmp_path / "data") == {"a set.zip"}
    assert told[0][0] <= room.CHUNK and told == sorted(told)
    percents = [100 * done // len(CONTENT) for done, _ in told]
    assert percents[-1] == 100 and len(set(percents)) == len(percents)
    assert {total for _, total in told} == {len(CONTENT)}
    (tmp_path / "plain").touch()
    assert got.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_file_put_there_by_hand_needs_no_network(tmp_path):
    (tmp_path / "b.bin").write_bytes(CONTENT)
    assert fetch("http://127.0.0.1:9/a.bin", HASH, tmp_path, name="b.bin") == tmp_path / "b.bin"


def test_wrong_checksum(server, tmp_path):
    assert "checksum" in fault(f"{server.url}/good/a.bin", tmp_path, "sha256:" + "0" * 64)
    assert len(server.asked) == 1 and not names(tmp_path)


def test_missing_and_moved(server, tmp_path):
    assert "404" in fault(f"{server.url}/404/a.bin", tmp_path)
    assert "web page" in fault(f"{server.url}/moved/a.bin", tmp_path)
    assert len(server.asked) == 2 and not names(tmp_path)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server, tmp_path, status):
    assert fetch(f"{server.url}/{status}/a.bin", HASH, tmp_path).read_bytes() == CONTENT
    assert len(server.asked) == 2


def test_each_pause_is_twice_the_last_and_none_passes_the_time_limit(server, tmp_path, monkeypatch):
    slept, now = [], [1000.0]

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(room, "PAUSE", PAUSE)
    monkeypatch.setattr(room, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: now[0]))
    for limit, wanted in ((8.0, [1.0, 2.0, 4.0]), (6.9, [1.0, 2.0])):
        folder = tmp_path / str(limit)
        slept.clear()
        if limit == 8:
            fetch(f"{server.url}/always-cut/a.bin", HASH, folder, time_limit=limit)
        else:
            assert "cut off" in fault(f"{server.url}/always-cut/a.bin", folder, time_limit=limit)
        assert slept == wanted


def test_how_long_a_server_may_be_silent(server, tmp_path, monkeypatch):
    import requests

    told, get = [], requests.get
    monkeypatch.setattr(room, "within", lambda seconds, ask: told.append(seconds) or ask())
    monkeypatch.setattr(requests, "get", lambda *a, **o: told.append(o["timeout"]) or get(*a, **o))
    fetch(f"{server.url}/good/a.bin", HASH, tmp_path)
    assert told == [60.0, 30.0]


@pytest.mark.parametrize("kind", ["cut", "rangeless"])
def test_a_cut_download_goes_on(server, tmp_path, kind):
    assert fetch(f"{server.url}/{kind}/a.bin", HASH, tmp_path).read_bytes() == CONTENT
    (_, first), (_, second) = server.asked
    assert first is None and 900_000 < int(second[6:-1]) <= 1_000_000
    assert names(tmp_path) == {"a.bin"}


def test_a_download_goes_on_in_the_next_run(server, tmp_path):
    assert "cut off" in fault(f"{server.url}/always-cut/a.bin", tmp_path, retries=0)
    assert names(tmp_path) == {".a.bin.part"}
    assert "cut off" in fault(f"{server.url}/always-cut/a.bin", tmp_path, retries=0)
    size = (tmp_path / ".a.bin.part").stat().st_size
    assert 1_800_000 < size <= 2_000_000
    told = []
    fetch(f"{server.url}/good/a.bin", HASH, tmp_path, progress=lambda *now: told.append(now))
    assert names(tmp_path) == {"a.bin"} and server.asked[-1][1] == f"bytes={size}-"
    assert size < told[0][0] <= size + room.CHUNK and {total for _, total in told} == {len(CONTENT)}


@pytest.mark.parametrize("stale", [b"older", CONTENT + b"longer"])
def test_a_stale_beginning_is_thrown_away(server, tmp_path, stale):
    (tmp_path / ".a.bin.part").write_bytes(stale)
    assert fetch(f"{server.url}/good/a.bin", HASH, tmp_path).read_bytes() == CONTENT


def test_no_server(server, tmp_path, monkeypatch):
    assert "no connection" in fault("http://127.0.0.1:9/a.bin", tmp_path, retries=1)
    assert "could not download" in fault("nowhere://a/a.bin", tmp_path)


def test_time_limit_and_full_disk(server, tmp_path, monkeypatch):
    start = time.monotonic()
    assert "time limit" in fault(f"{server.url}/endless/a.bin", tmp_path, time_limit=0.3)
    assert time.monotonic() - start < 5
    (tmp_path / ".a.bin.part").unlink()
    free = [len(CONTENT) - 1]
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=free[0]))
    says = "it needs 3.1 MB and the disk has 3.1 MB"
    assert says in fault(f"{server.url}/good/a.bin", tmp_path) and not names(tmp_path)
    free[0] += 1
    assert fetch(f"{server.url}/good/a.bin", HASH, tmp_path).exists()


def test_senseless_arguments(tmp_path):
    for known in (None, "", "crc:12", "0" * 64):
        with pytest.raises(ValueError, match="known_hash"):
            fetch("http://127.0.0.1:9/a.bin", known, tmp_path)
    for url, name in (("http://127.0.0.1:9/", None), ("http://127.0.0.1:9/a", "../a")):
        with pytest.raises(ValueError, match="plain file name"):
            fetch(url, HASH, tmp_path, name=name)
