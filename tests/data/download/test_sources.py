"""Published data sets, from a loopback server: checked, unpacked, and on which terms."""

import dataclasses
import hashlib
import io
import tarfile
import zipfile
from http.server import BaseHTTPRequestHandler

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import Places365

from colorkit.data.download import fetch as room
from colorkit.data.download.sources import RGBNIR, SETS, Source, download, print_tenths
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
    assert RGBNIR.file == "nirscene1.zip" and RGBNIR.known_hash is None
    assert RGBNIR.url.startswith("http") and "cvpr11" in RGBNIR.url


def test_download_unpack_list_and_remember(server, tmp_path):
    (content,) = download(server.source, tmp_path)
    assert content == tmp_path / "nirscene1"
    assert [p.name for p in list_pairs(content, strict=True).pairs] == [
        "country/0000",
        "water/0000",
    ]
    record = tmp_path / "nirscene1.zip.sha256"
    assert record.read_text() == f"{SUM}  nirscene1.zip\n"  # as `sha256sum -c` reads it
    assert names(tmp_path) == {"nirscene1", "nirscene1.zip", record.name}
    (tmp_path / "nirscene1.zip").unlink()
    assert download(server.source, tmp_path) == [content] and server.asked == 1


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
    known = Source(server.source.url, f"sha256:{SUM}")
    assert download(known, tmp_path)[0].is_dir()
    assert names(tmp_path) == {"nirscene1", "nirscene1.zip"}  # nothing to remember
    other = Source(server.source.url, "sha256:" + "0" * 64)
    assert "checksum differs" in refused(other, tmp_path / "b")


def test_a_file_put_there_by_hand_is_used_and_remembered(tmp_path):
    (tmp_path / "nirscene1.zip").write_bytes(CONTENT)
    (content,) = download(Source("http://127.0.0.1:9/nirscene1.zip"), tmp_path)
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
    assert download(server.source, tmp_path)[0].is_dir()


def test_a_cut_transfer_goes_on(server, tmp_path):
    server.cuts = 2
    assert len(list_pairs(*download(server.source, tmp_path)).pairs) == 2
    assert server.asked == 3 and SUM in (tmp_path / "nirscene1.zip.sha256").read_text()


def test_a_transfer_cut_too_often_is_refused_and_goes_on_in_the_next_run(server, tmp_path):
    server.cuts = 2
    assert "cut off" in refused(server.source, tmp_path, retries=1)
    assert names(tmp_path) == {".nirscene1.zip.part"}
    assert download(server.source, tmp_path)[0].is_dir()
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


# The command, and sets of several archives


def tar(**content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as opened:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            opened.addfile(member, io.BytesIO(data))
    return packed.getvalue()


@pytest.fixture
def places(monkeypatch, serve):
    """Serve a Places365 of a few bytes, and give what was asked for."""
    monkeypatch.setattr(room, "PAUSE", 0.01)
    lists = {name: name.encode() for name, _ in SETS["places365"].sources[0].gives}
    bodies = {
        "filelist_places365-standard.tar": tar(**lists, other=b"unread"),
        "val_256.tar": tar(**{"val_256/a.jpg": b"a"}),
        "train_256_places365standard.tar": tar(**{"data_256/b/ballroom/b.jpg": b"b" * 4000}),
    }
    asked = []

    class Archives(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path[1:])
            body = bodies[self.path[1:]]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    url = serve(Archives)
    local = [
        Source(f"{url}/{s.file}", f"md5:{hashlib.md5(bodies[s.file]).hexdigest()}", s.gives)
        for s in SETS["places365"].sources
    ]
    changed = dataclasses.replace(SETS["places365"], sources=tuple(local))
    monkeypatch.setitem(SETS, "places365", changed)
    return asked


def test_the_checksums_and_folders_are_those_that_torchvision_reads():
    lists, val, train = SETS["places365"].sources
    known = [Places365._DEVKIT_META["standard"]]
    known += [Places365._IMAGES_META[split, True] for split in ("val", "train-standard")]
    assert [(s.file, s.known_hash) for s in (lists, val, train)] == [
        (file, f"md5:{md5}") for file, md5 in known
    ]
    assert all(s.url == Places365._BASE_URL + s.file for s in (lists, val, train))
    files = {Places365._CATEGORIES_META[0]}
    files |= {Places365._FILE_LIST_META[split][0] for split in ("val", "train-standard")}
    assert {name for _, name in lists.gives} == files


def test_the_command_says_the_terms_first_and_fetches(places, command, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    status, out, error = command("data", "fetch", "places365")
    assert status == 0
    assert "Research and education only" in out.splitlines()[1]
    assert "val_256.tar: 0.0 MB of 0.0 MB\n" in error
    root = tmp_path / "data" / "places365"
    assert (root / "data_256_standard/b/ballroom/b.jpg").read_bytes() == b"b" * 4000
    assert (root / "val_256/a.jpg").is_file() and not (root / "other").exists()
    assert (root / "places365_val.txt").read_text() == "places365_val.txt"
    assert not list(root.glob(".*"))
    assert len(places) == 3
    # What is there is not asked for again, not even if its archive is gone.
    (root / "val_256.tar").unlink()
    assert command("data", "fetch", "places365", "-o", root)[0] == 0 and len(places) == 3
    (root / "val_256/a.jpg").unlink()
    (root / "val_256").rmdir()
    assert command("data", "fetch", "places365", "-o", root)[0] == 0
    assert places[3:] == ["val_256.tar"]


def test_fetched_pairs_are_found_below_the_folder_that_was_named(
    server, command, monkeypatch, tmp_path
):
    local = dataclasses.replace(SETS["rgb-nir"], sources=(server.source,))
    monkeypatch.setitem(SETS, "rgb-nir", local)
    assert command("data", "fetch", "rgb-nir", "-o", tmp_path / "rgbnir")[0] == 0
    pairs = list_pairs(tmp_path / "rgbnir", strict=True).pairs
    assert [pair.name for pair in pairs] == ["country/0000", "water/0000"]


def test_the_terms_are_said_even_if_nothing_comes(monkeypatch, command, tmp_path):
    refused = Source("http://127.0.0.1:9/nirscene1.zip")
    changed = dataclasses.replace(SETS["rgb-nir"], sources=(refused,))
    monkeypatch.setitem(SETS, "rgb-nir", changed)
    monkeypatch.setattr(room, "PAUSE", 0.01)
    status, out, error = command("data", "fetch", "rgb-nir", "-o", tmp_path / "new")
    assert (status, error.count("\n")) == (2, 1)
    assert f"put it at {tmp_path / 'new' / 'nirscene1.zip'}" in error
    assert "Brown and S. Süsstrunk" in out and SETS["rgb-nir"].page in out


def test_an_unknown_set_is_refused_and_the_known_ones_named(command):
    status, out, error = command("data", "fetch", "imagenet")
    assert (status, out) == (2, "")
    assert error == (
        "colorkit: no data set 'imagenet' can be fetched; choose rgb-nir or places365.\n"
    )


def test_an_archive_of_something_else_is_refused(server, tmp_path):
    other = Source(server.source.url, None, (("elsewhere", "nirscene1"),))
    assert "has no elsewhere" in refused(other, tmp_path)
    assert names(tmp_path) == set()


def test_progress_is_told_in_tenths(capsys):
    tell = print_tenths("a.zip")
    for done in range(0, 1001, 5):
        tell(done * 1_000_000, 1_000_000_000)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11 and lines[5] == "a.zip: 0.5 GB of 1.0 GB"
