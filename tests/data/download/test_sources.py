"""The archive of the pairs: trusted once, then only that one; from a loopback server."""

import hashlib
import io
import zipfile
from http.server import BaseHTTPRequestHandler

import numpy as np
import pytest
from PIL import Image

from colorkit.data.download import fetch as room
from colorkit.data.download.sources import RGBNIR, Source, download
from colorkit.data.pairs.folds import list_pairs
from colorkit.system.errors import ColorkitError


def archive(*, seed: int = 0, extra: dict[str, bytes] | None = None) -> bytes:
    """A small zip in the layout of the RGB-NIR Scene Dataset."""
    rng, packed = np.random.default_rng(seed), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as opened:
        for label in ("country", "water"):
            for half, shape in (("rgb", (60, 90, 3)), ("nir", (60, 90))):
                image = io.BytesIO()
                Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(image, "TIFF")
                opened.writestr(f"nirscene1/{label}/0000_{half}.tiff", image.getvalue())
        for name, content in (extra or {}).items():
            opened.writestr(name, content)
    return packed.getvalue()


CONTENT = archive()
SUM = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Gives `body`; cuts the first answers off, or does not say how long they are."""

    body, cuts, length, asked = CONTENT, 0, True, 0
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        cls = type(self)
        cls.asked += 1
        offer = self.headers.get("Range")
        start = int(offer[6:-1]) if offer else 0
        rest = self.body[start:]
        self.send_response(206 if start else 200)
        if self.length:
            self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if cls.cuts:
            cls.cuts -= 1
            rest = rest[: len(rest) // 2]
        self.wfile.write(rest)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch, serve):
    monkeypatch.setattr(room, "PAUSE", 0.01)
    monkeypatch.setattr(room, "CHUNK", 1024)
    handler = type("Fresh", (Handler,), {})
    handler.source = Source(f"{serve(handler)}/cvpr11/nirscene1.zip")
    return handler


def refused(source: Source, folder, **options) -> str:
    with pytest.raises(ColorkitError) as caught:
        download(source, folder, **options)
    message = str(caught.value)
    assert "\n" not in message and not (folder / "nirscene1").exists()
    return message


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_published_address_has_no_invented_checksum():
    assert RGBNIR.file == "nirscene1.zip" and RGBNIR.sha256 is None
    assert RGBNIR.url.startswith("http") and "cvpr11" in RGBNIR.url


def test_download_unpack_list_and_remember(server, tmp_path):
    content = download(server.source, tmp_path)
    assert content == tmp_path / "nirscene1"
    assert [p.name for p in list_pairs(content, strict=True).pairs] == [
        "country/0000",
        "water/0000",
    ]
    record = tmp_path / "nirscene1.zip.sha256"
    assert record.read_text() == f"{SUM}  nirscene1.zip\n"  # as `sha256sum -c` reads it
    assert names(tmp_path) == {"nirscene1", "nirscene1.zip", record.name}
    (tmp_path / "nirscene1.zip").unlink()
    assert download(server.source, tmp_path) == content and server.asked == 1


def clear(folder, *, archive: bool = True) -> None:
    import shutil

    shutil.rmtree(folder / "nirscene1")
    if archive:
        (folder / "nirscene1.zip").unlink()


def test_the_same_file_is_taken_again_and_another_one_refused(server, tmp_path):
    download(server.source, tmp_path)
    clear(tmp_path)
    download(server.source, tmp_path)
    assert server.asked == 2
    clear(tmp_path)
    server.body = archive(seed=1)
    message = refused(server.source, tmp_path)
    assert "another file than the first download" in message
    assert str(tmp_path / "nirscene1.zip.sha256") in message
    assert names(tmp_path) == {"nirscene1.zip.sha256"}


def test_an_archive_changed_on_the_disk_is_fetched_again(server, tmp_path):
    download(server.source, tmp_path)
    clear(tmp_path, archive=False)
    (tmp_path / "nirscene1.zip").write_bytes(archive(seed=2))
    download(server.source, tmp_path)
    assert (tmp_path / "nirscene1.zip").read_bytes() == CONTENT and server.asked == 2


def test_a_known_checksum_is_required_from_the_first_download_on(server, tmp_path):
    known = Source(server.source.url, SUM)
    assert download(known, tmp_path).is_dir()
    assert names(tmp_path) == {"nirscene1", "nirscene1.zip"}  # nothing to remember
    other = Source(server.source.url, "0" * 64)
    assert "checksum differs" in refused(other, tmp_path / "b")


def test_a_file_put_there_by_hand_is_used_and_remembered(tmp_path):
    (tmp_path / "nirscene1.zip").write_bytes(CONTENT)
    content = download(Source("http://127.0.0.1:9/nirscene1.zip"), tmp_path)
    assert len(list_pairs(content).pairs) == 2
    assert SUM in (tmp_path / "nirscene1.zip.sha256").read_text()


@pytest.mark.parametrize("name", ["../evil.txt", "nirscene1/../../evil.txt", "/evil.txt"])
def test_members_that_leave_the_folder_are_refused(server, tmp_path, name):
    server.body = archive(extra={name: b"evil"})
    folder = tmp_path / "data"
    assert "leads out of the folder" in refused(server.source, folder)
    assert names(folder) == set()  # neither the archive nor a record of it is kept
    assert names(tmp_path) == {"data"} and not (tmp_path.parent / "evil.txt").exists()


@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><title>moved</title>", b'<?xml version="1.0"?><html>moved</html>']
)
def test_a_web_page_is_no_archive(server, tmp_path, page):
    server.body = page
    message = refused(server.source, tmp_path)
    assert "web page instead of the file" in message or "no archive" in message
    assert names(tmp_path) == set()
    server.body = CONTENT
    assert download(server.source, tmp_path).is_dir()


def test_a_cut_transfer_goes_on(server, tmp_path):
    server.cuts = 2
    assert len(list_pairs(download(server.source, tmp_path)).pairs) == 2
    assert server.asked == 3 and SUM in (tmp_path / "nirscene1.zip.sha256").read_text()


def test_a_transfer_cut_too_often_is_refused_and_goes_on_in_the_next_run(server, tmp_path):
    server.cuts = 2
    assert "cut off" in refused(server.source, tmp_path, retries=1)
    assert names(tmp_path) == {".nirscene1.zip.part"}
    assert download(server.source, tmp_path).is_dir()
    assert SUM in (tmp_path / "nirscene1.zip.sha256").read_text()


def test_a_cut_transfer_of_unknown_length_is_never_trusted(server, tmp_path):
    server.cuts, server.length = 1, False
    assert "damaged" in refused(server.source, tmp_path)
    assert names(tmp_path) == set()
    download(server.source, tmp_path)
    assert SUM in (tmp_path / "nirscene1.zip.sha256").read_text()


def test_a_broken_archive_put_there_by_hand_is_kept_and_not_trusted(tmp_path):
    (tmp_path / "nirscene1.zip").write_bytes(CONTENT[:5000])
    assert "damaged" in refused(Source("http://127.0.0.1:9/nirscene1.zip"), tmp_path)
    assert names(tmp_path) == {"nirscene1.zip"}


def test_a_record_that_is_no_checksum_is_refused(server, tmp_path):
    (tmp_path / "nirscene1.zip.sha256").write_text("whatever\n")
    assert "holds no SHA-256 checksum" in refused(server.source, tmp_path)
    assert server.asked == 0
