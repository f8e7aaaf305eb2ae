"""Archives unpacked whole, and hostile ones not at all."""

import io
import os
import tarfile
import zipfile
from types import SimpleNamespace

import pytest

from colorkit.data.download import archives as room
from colorkit.data.download.archives import gigabytes, unpack
from colorkit.system.errors import ColorkitError


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


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
def test_how_much_may_come_out(tmp_path, monkeypatch, make):
    """A file takes a block of the disk beside its bytes."""
    archive = make(tmp_path / "a", {"a": bytes(1000), "b": bytes(500)})
    most = 1000 + 500 + 2 * 4096
    says = f"unpacks to more than {gigabytes(most - 1)}, or than the disk has left"
    assert says in refused(archive, tmp_path / "out", max_bytes=most - 1)
    monkeypatch.setattr(room, "RATIO", 10)
    monkeypatch.setattr(room, "FREE", most - 1 - 10 * archive.stat().st_size)
    assert says in refused(archive, tmp_path / "out")
    monkeypatch.setattr(room, "FREE", most - 10 * archive.stat().st_size)
    assert names(unpack(archive, tmp_path / "out", max_bytes=most)) == {"a", "b"}


def test_a_zip_with_a_comment_and_one_that_lost_members(tmp_path):
    archive = make_zip(tmp_path / "a", {"a": b"1", "b": b"2"})
    with zipfile.ZipFile(archive, "a") as opened:
        opened.comment = b"as published"
    assert names(unpack(archive, tmp_path / "out")) == {"a", "b"}
    content = bytearray(archive.read_bytes())
    content[content.rindex(b"PK\5\6") + 10] += 1  # how many members it has
    archive.write_bytes(content)
    assert "its directory is damaged" in refused(archive, tmp_path / "other")


@pytest.mark.parametrize(("size", "taken"), [(1 << 20, True), ((1 << 20) + 1, False)])
def test_long_headers_do_not_fill_the_memory(tmp_path, size, taken):
    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": "x" * (size - len(f"{size} comment=\n"))}
    with tarfile.open(tmp_path / "a", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    if taken:
        assert names(unpack(tmp_path / "a", tmp_path / "out")) == {"a"}
    else:
        assert "a header would fill the memory" in refused(tmp_path / "a", tmp_path / "out")


def test_sizes_are_said_as_a_person_would():
    sizes = (1_540_000, 99_940_000, 100_000_000, 2_340_000_000)
    assert list(map(gigabytes, sizes)) == ["1.5 MB", "99.9 MB", "0.1 GB", "2.3 GB"]


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
