"""Downloads from a server on this machine that misbehaves on request, and hostile archives."""

import contextlib
import hashlib
import io
import os
import re
import tarfile
import time
import zipfile
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace

import pytest

from colorkit.data.download import fetch as room
from colorkit.data.download.fetch import fetch, unpack
from colorkit.system.errors import ColorkitError

CONTENT = bytes(range(256)) * 12_000  # 3 MB
HASH = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Answers by path; `asked` remembers the path and range of every request."""

    asked: list[tuple[str, str | None]]
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        offer, kind = self.headers.get("Range"), self.path.strip("/").split("/")[0]
        first = all(path != self.path for path, _ in self.asked)
        self.asked.append((self.path, offer))
        if kind == "missing":
            return self.send_error(404)
        if kind == "busy" and first:
            return self.send_error(503)
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
    assert told[-1] == (len(CONTENT), len(CONTENT)) and len(told) <= 101
    (tmp_path / "plain").touch()
    assert got.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_file_put_there_by_hand_needs_no_network(tmp_path):
    (tmp_path / "b.bin").write_bytes(CONTENT)
    assert fetch("http://127.0.0.1:9/a.bin", HASH, tmp_path, name="b.bin") == tmp_path / "b.bin"


def test_wrong_checksum(server, tmp_path):
    assert "checksum" in fault(f"{server.url}/good/a.bin", tmp_path, "sha256:" + "0" * 64)
    assert len(server.asked) == 1 and not names(tmp_path)


def test_missing_and_moved(server, tmp_path):
    assert "404" in fault(f"{server.url}/missing/a.bin", tmp_path)
    assert "web page" in fault(f"{server.url}/moved/a.bin", tmp_path)
    assert len(server.asked) == 2 and not names(tmp_path)


def test_a_busy_server_is_asked_again(server, tmp_path):
    assert fetch(f"{server.url}/busy/a.bin", HASH, tmp_path).read_bytes() == CONTENT


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
    fetch(f"{server.url}/good/a.bin", HASH, tmp_path)
    assert names(tmp_path) == {"a.bin"} and server.asked[-1][1] == f"bytes={size}-"


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
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    assert "the disk has" in fault(f"{server.url}/good/a.bin", tmp_path)
    assert not names(tmp_path)


def test_senseless_arguments(tmp_path):
    for known in (None, "", "crc:12", "0" * 64):
        with pytest.raises(ValueError, match="known_hash"):
            fetch("http://127.0.0.1:9/a.bin", known, tmp_path)
    for url, name in (("http://127.0.0.1:9/", None), ("http://127.0.0.1:9/a", "../a")):
        with pytest.raises(ValueError, match="plain file name"):
            fetch(url, HASH, tmp_path, name=name)


# Unpacking


def make_zip(path, members: dict[str, bytes], **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = options.get("mode", 0) << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path


def make_tar(path, members: dict[str, bytes], kind=tarfile.REGTYPE, compression="gz"):
    with tarfile.open(path, f"w:{compression}") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd" if kind != tarfile.REGTYPE else ""
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(content))
    return path


MAKERS = [make_zip, make_tar]


def refused(archive, folder, **options) -> str:
    with pytest.raises(ColorkitError) as caught:
        unpack(archive, folder, **options)
    assert not names(folder) and "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("make", MAKERS)
def test_unpack(tmp_path, make):
    archive = make(tmp_path / "a", {"set/a/1.txt": b"one", "set/2.txt": b"two"})
    folder = unpack(archive, tmp_path / "out" / "deep")
    assert folder == tmp_path / "out" / "deep" and names(folder) == {"set"}
    assert (folder / "set/a/1.txt").read_bytes() == b"one"
    with pytest.raises(ColorkitError, match="there already"):
        unpack(archive, folder)
    assert names(folder) == {"set"} and (folder / "set/2.txt").read_bytes() == b"two"
    unpack(make(tmp_path / "b", {"other/3.txt": b"three"}), folder)
    assert names(folder) == {"set", "other"}


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_kinds_of_tar(tmp_path, compression):
    archive = make_tar(tmp_path / "a.tar", {"a.txt": b"one"}, compression=compression)
    with tarfile.open(tmp_path / "b.tar", f"w:{compression}") as packed:
        (tmp_path / "empty").mkdir()
        packed.add(tmp_path / "empty", "empty")
    assert (unpack(archive, tmp_path / "out") / "a.txt").read_bytes() == b"one"
    assert (unpack(tmp_path / "b.tar", tmp_path / "out") / "empty").is_dir()


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/a", "..\\a", "C:\\a", "C:/a"])
def test_members_that_leave_the_folder(tmp_path, make, name):
    archive = make(tmp_path / "a", {"good.txt": b"1", name: b"2"})
    assert "leads out" in refused(archive, tmp_path / "in" / "out")
    assert names(tmp_path) == {"a", "in"} and names(tmp_path / "in") == {"out"}


def test_links_and_devices(tmp_path):
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        archive = make_tar(tmp_path / "a", {"good": b"", "link": b""}, kind=kind)
        assert "link or a device" in refused(archive, tmp_path / "out")
    archive = make_zip(tmp_path / "b", {"link": b"/etc/passwd"}, mode=0o120777)
    assert "link or a device" in refused(archive, tmp_path / "out")


@pytest.mark.parametrize("make", MAKERS)
def test_bombs(tmp_path, make):
    archive = make(tmp_path / "a", {"zeros": bytes(30_000_000)})
    assert archive.stat().st_size < 100_000
    assert "max_bytes" in refused(archive, tmp_path / "out", max_bytes=10_000_000)
    archive = make(tmp_path / "b", {str(i): b"" for i in range(50)})
    assert "max_files" in refused(archive, tmp_path / "out", max_files=49)
    assert len(names(unpack(archive, tmp_path / "out", max_files=50))) == 50


@pytest.mark.parametrize("make", MAKERS)
def test_damaged_archives(tmp_path, make):
    archive = make(tmp_path / "a", {"noise": os.urandom(300_000)})
    whole = archive.read_bytes()
    for damaged in (whole[:100_000], whole[:150_000] + bytes(50) + whole[150_050:], b"", b"text"):
        archive.write_bytes(damaged)
        assert "damaged" in refused(archive, tmp_path / "out")
    assert "no_such" in refused(tmp_path / "no_such", tmp_path / "out")
    assert "check the path" in refused(tmp_path, tmp_path / "out")


def test_a_full_disk_while_unpacking(tmp_path, monkeypatch):
    archive = make_zip(tmp_path / "a", {"a": bytes(1000)})
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=999))
    assert "free some space" in refused(archive, tmp_path / "out")
