"""Data sets that are downloaded as one archive.

Where a publisher gives no checksum, the first download is trusted and its SHA-256 kept beside it;
from then on nothing else is accepted under that name. That does not show that the first copy was
the publisher's, only that every later one is the same: whoever knows the true checksum gives it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from colorkit.data.download.fetch import FIRST_USE, fetch, unpack
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.writing import write_text


@dataclass(frozen=True)
class Source:
    """An archive and where it comes from.

    url: its published address.
    sha256: its checksum in hexadecimal, or None: the first download is trusted.
    """

    url: str
    sha256: str | None = None

    @property
    def file(self) -> str:
        """Name of the archive."""
        return PurePosixPath(urlsplit(self.url).path).name


# The address printed with the CVPR 2011 paper; no checksum was ever published.
RGBNIR = Source("http://ivrlwww.epfl.ch/supplementary_material/cvpr11/nirscene1.zip")


def download(source: Source, folder: str | Path, **options) -> Path:
    """Download and unpack a data set, unless it is there.

    In `folder` are then the archive, the record `<archive>.sha256` of its first download, and a
    folder named like the archive with its content, which appears only when all is unpacked. An
    archive put there by hand is used; the network is asked only for what is missing.

    Args:
        source: what to get, such as `RGBNIR`.
        folder: where data sets lie.
        **options: `retries`, `time_limit`, `progress` of `colorkit.data.download.fetch.fetch`.

    Returns:
        The folder of the content, for instance for `colorkit.data.pairs.folds.list_pairs`.

    Raises:
        ColorkitError: it cannot be had, is another file than before or than expected, or is no
            archive that may be unpacked (damaged, members outside its folder, …).
    """
    folder = Path(folder)
    content = folder / source.file.split(".")[0]
    if content.is_dir():
        return content
    archive, record = folder / source.file, folder / f"{source.file}.sha256"
    known = source.sha256 or _recorded(record)
    brought = archive.exists()
    try:
        fetch(source.url, f"sha256:{known}" if known else FIRST_USE, folder, **options)
    except ColorkitError as error:
        if source.sha256 or not known or "checksum differs" not in str(error):
            raise
        raise ColorkitError(
            f"{source.url} now gives another file than the first download, whose checksum is in "
            f"{record}; remove that record only if the publisher says the archive has changed"
        ) from error
    working = folder / f".{content.name}.unpacking"
    try:
        if working.exists():
            _remove(working)
        unpack(archive, working)
    except ColorkitError:
        if not known and not brought:
            archive.unlink()  # never trusted: the next run asks the server again
        raise
    else:
        if not known:
            write_text(record, f"{_sha256(archive)}  {archive.name}\n")
        working.rename(content)
    finally:
        _remove(working)
    return content


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _recorded(record: Path) -> str | None:
    """Checksum of the first download; None before it."""
    if not record.exists():
        return None
    word = record.read_text().split(" ")[0].strip()
    if len(word) != 64 or set(word) - set("0123456789abcdef"):
        raise ColorkitError(
            f"{record} holds no SHA-256 checksum ({one_line(word)[:20]!r}); remove it to trust the "
            "next download, or put the right one there"
        )
    return word


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
