"""Unpacking an archive without surprises.

Archives are opened by nobody's rules but ours: a member may only be a folder or a plain file below
the target. `tarfile`'s data filter (not in every Python 3.11) and `zipfile` differ on links, and
neither limits sizes; one loop for both kinds is shorter than a rule for each.
"""

import lzma
import os
import shutil
import stat
import struct
import tarfile
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.writing import write_fault

CHUNK = 1 << 20  # bytes copied at a time
RATIO, FREE = 100, 100_000_000  # what comes out, beyond the first bytes, is at most so many times
_BLOCK = 4096  # bytes that a file or a folder takes on the disk at least
_LONG = 1 << 20  # bytes of a member's name and the like, which tarfile reads at once
_NAMES = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_NAMES += (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)


def unpack(
    archive: str | Path,
    folder: str | Path,
    *,
    max_bytes: int = 64 << 30,
    max_files: int = 5_000_000,
) -> Path:
    """Unpack a zip or tar archive (plain, gz, bz2, xz) into a folder, all of it or nothing.

    Args:
        archive: The file.
        folder: Where its members go; made if need be. What is there already is never touched.
        max_bytes: Refuse archives that unpack to more, or to more than `RATIO` times their own size
            and `FREE`: a few kilobytes can claim terabytes.
        max_files: Refuse archives of more members.

    Returns:
        The folder.

    Raises:
        ColorkitError: The archive is damaged or no archive, holds a link, a device, a member
            outside its folder or one name twice, is too large, or would overwrite something.
    """
    archive, folder = Path(archive), Path(folder)
    working = folder / f".unpacking-{uuid.uuid4().hex[:12]}"
    try:
        working.mkdir(parents=True)
    except OSError as error:
        raise write_fault(folder, error) from error
    try:
        _extract(archive, working, max_bytes, max_files)
        for entry in working.iterdir():
            if (folder / entry.name).exists():
                raise ColorkitError(
                    f"{folder / entry.name} is there already; remove it, or unpack elsewhere."
                )
        for entry in working.iterdir():
            entry.rename(folder / entry.name)
    except OSError as error:
        if error.filename is not None and Path(error.filename) == archive:
            raise ColorkitError(
                f"{archive}: {one_line(error.strerror)}; check the path."
            ) from error
        raise write_fault(folder, error) from error
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return folder


def _extract(archive: Path, working: Path, max_bytes: int, max_files: int) -> None:
    """Copy the members one by one, each checked before its first byte is written."""
    most = min(max_bytes, FREE + RATIO * archive.stat().st_size)
    left, count = min(most, shutil.disk_usage(working).free), 0
    too_large = ColorkitError(
        f"{archive}: unpacks to more than {gigabytes(most)}, or than the disk has left; free some "
        "space, give a larger max_bytes, or unpack it by hand."
    )
    # What the decompressors raise over damaged data; zipfile adds RuntimeError for passwords.
    damage = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError)
    try:
        for name, size, open_member in _members(archive):
            count += 1
            if count > max_files:
                raise ColorkitError(f"{archive}: more than {max_files:,} members; give max_files.")
            target = working / _inside(archive, name)
            left -= _BLOCK
            if (size or 0) > left:
                raise too_large
            if size is None:
                target.mkdir(parents=True, exist_ok=True)
                continue
            if target.exists():
                raise _refusal(archive, name, "is there twice")
            target.parent.mkdir(parents=True, exist_ok=True)
            with open_member() as source, target.open("wb") as stream:
                # Count what comes, not what the header promises.
                while chunk := source.read(CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise too_large
                    stream.write(chunk)
    except (*damage, RuntimeError, NotImplementedError, ValueError) as error:
        raise ColorkitError(
            f"{archive}: damaged, or no archive that can be unpacked ({one_line(error)}); "
            "remove it and download it again."
        ) from error
    except OSError as error:  # gzip and bz2 report damaged data as an OSError without a number
        if error.errno is not None:
            raise
        raise ColorkitError(
            f"{archive}: damaged ({one_line(error)}); remove it and download it again."
        ) from error


class _Member(tarfile.TarInfo):
    """A tar file's member; `tarfile` alone takes a damaged header for the archive's end."""

    @classmethod
    def frombuf(cls, *header):
        try:
            member = super().frombuf(*header)
        except tarfile.EOFHeaderError:  # the block of zeros that ends every archive
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"cut off, or a header is damaged: {error}") from error
        if member.type == tarfile.GNUTYPE_SPARSE or (member.type in _NAMES and member.size > _LONG):
            raise tarfile.ReadError("a header would fill the memory")
        return member


def _members(archive: Path) -> Iterator[tuple[str, int | None, Callable[[], IO[bytes]]]]:
    """Give name, size as it says (None for a folder), and a way to read each member."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            # zipfile may lose members over a damaged directory; the archive's last record, before
            # its comment, counts them (modulo 65,536; or it holds 65,535 and another one does).
            opened.fp.seek(-22 - len(opened.comment), os.SEEK_END)
            (listed,) = struct.unpack("<10xH10x", opened.fp.read(22))
            if listed not in (len(opened.infolist()) & 0xFFFF, 0xFFFF):
                raise zipfile.BadZipFile("its directory is damaged")
            for info in opened.infolist():
                # The upper half holds Unix permissions, and with them the type, if made on Unix.
                kind = stat.S_IFMT(info.external_attr >> 16)
                if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                    raise _refusal(archive, info.filename, "is a link or a device")
                size = None if info.is_dir() else info.file_size
                yield info.filename, size, lambda info=info: opened.open(info)
    else:
        with tarfile.open(archive, "r:*", tarinfo=_Member) as opened:
            for info in opened:
                if not (info.isfile() or info.isdir()):
                    raise _refusal(archive, info.name, "is a link or a device")
                size = info.size if info.isfile() else None
                yield info.name, size, lambda info=info: opened.extractfile(info)
            # The checksum of a compressed stream stands after the last member: read up to it.
            while opened.fileobj.read(CHUNK):
                pass


def _inside(archive: Path, name: str) -> PurePosixPath:
    """Check that a member's name stays below the target on every system."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name.split("/")[0] or "\0" in name:
        raise _refusal(archive, name, "leads out of the folder")
    return path


def _refusal(archive: Path, name: str, why: str) -> ColorkitError:
    return ColorkitError(
        f"{archive}: the member {name!r} {why}, which no data set needs; get it from its source."
    )


def gigabytes(count: int) -> str:
    """Say a number of bytes as a person would."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
