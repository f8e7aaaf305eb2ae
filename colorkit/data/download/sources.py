"""The data sets that are downloaded: where they come from, on what terms, and into which folders.

Where a publisher gives no checksum, the first download is trusted and its SHA-256 kept beside it;
from then on nothing else is accepted under that name. That does not show that the first copy was
the publisher's, only that every later one is the same: whoever knows the true checksum gives it.
"""

import hashlib
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from colorkit.data.download.archives import gigabytes, unpack
from colorkit.data.download.fetch import FIRST_USE, Progress, fetch
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.writing import write_text

_DAYS = 7 * 24 * 3600.0  # seconds: 24 GB over a slow line


@dataclass(frozen=True)
class Source:
    """An archive and where it comes from.

    Attributes:
        url: its published address.
        known_hash: "sha256:…" or "md5:…" in hexadecimal, or None: the first download is trusted.
        gives: what of the archive becomes what in the folder; "." is all of it, and without any
            the folder gets one of the archive's name with all of it.
    """

    url: str
    known_hash: str | None = None
    gives: tuple[tuple[str, str], ...] = ()

    @property
    def file(self) -> str:
        """Name of the archive."""
        return PurePosixPath(urlsplit(self.url).path).name

    @property
    def moves(self) -> tuple[tuple[str, str], ...]:
        """See `gives`."""
        return self.gives or ((".", self.file.split(".")[0]),)


@dataclass(frozen=True)
class DataSet:
    """A data set of one or several archives.

    Attributes:
        title: its name and size.
        terms: what it may be used for, by its publisher.
        page: the publisher's page.
        sources: its archives.
    """

    title: str
    terms: str
    page: str
    sources: tuple[Source, ...]


# The address printed with the CVPR 2011 paper; no checksum was ever published.
RGBNIR = Source("http://ivrlwww.epfl.ch/supplementary_material/cvpr11/nirscene1.zip")

_PLACES = "http://data.csail.mit.edu/places/places365/"
_LISTS = ("categories_places365.txt", "places365_train_standard.txt", "places365_val.txt")

SETS = {
    "rgb-nir": DataSet(
        "RGB-NIR Scene Dataset: 477 pairs of color and near infrared, 1 GB and again unpacked",
        "Its page names no license. It is offered for research: cite M. Brown and S. Süsstrunk, "
        "Multispectral SIFT for Scene Category Recognition, CVPR 2011, and ask them for any other "
        "use.",
        "https://www.epfl.ch/labs/ivrl/research/downloads/rgb-nir-scene-dataset/",
        (RGBNIR,),
    ),
    # Checksums, lists and folders are those that torchvision knows and reads.
    "places365": DataSet(
        "Places365-Standard, small images: 1.8 million in 365 classes, 25 GB and again unpacked",
        "Research and education only, not for profit. The images belong to their owners. Cite "
        "B. Zhou et al., Places: A 10 Million Image Database for Scene Recognition, TPAMI 2018.",
        "http://places2.csail.mit.edu/download.html",
        (
            Source(
                f"{_PLACES}filelist_places365-standard.tar",
                "md5:35a0585fee1fa656440f3ab298f8479c",
                tuple((name, name) for name in _LISTS),
            ),
            Source(
                f"{_PLACES}val_256.tar",
                "md5:e27b17d8d44f4af9a78502beb927f808",
                (("val_256", "val_256"),),
            ),
            Source(
                f"{_PLACES}train_256_places365standard.tar",
                "md5:53ca1c756c3d1e7809517cc47c5561c5",
                (("data_256", "data_256_standard"),),
            ),
        ),
    ),
}


def find_set(name: str) -> DataSet:
    """Give the data set of a name.

    Raises:
        ColorkitError: there is none; those there are are named.
    """
    if name not in SETS:
        raise ColorkitError(f"no data set {name!r} can be fetched; choose {' or '.join(SETS)}")
    return SETS[name]


def fetch_set(
    name: str, folder: str | Path, progress: Callable[[str], Progress] | None = None
) -> list[Path]:
    """Download and unpack a data set into a folder, but for what is there.

    Args:
        name: of `SETS`.
        folder: where it goes; made if need be.
        progress: gives what is called with (bytes so far, bytes in all or 0) for an archive's
            name; lines on standard error by default.

    Returns:
        What the archives gave, in the folder.

    Raises:
        ColorkitError: there is no such set; else see `download`.
    """
    tell = progress or print_tenths
    return [
        path
        for source in find_set(name).sources
        for path in download(source, folder, progress=tell(source.file), time_limit=_DAYS)
    ]


def print_tenths(file: str) -> Progress:
    """Give a function that prints each tenth of a download, for logs."""
    told = -1

    def tell(done: int, total: int) -> None:
        nonlocal told
        tenth = 10 * done // total if total else done // 1_000_000_000
        if tenth > told:
            told = tenth
            of = f" of {gigabytes(total)}" if total else ""
            print(f"{file}: {gigabytes(done)}{of}", file=sys.stderr, flush=True)

    return tell


def download(source: Source, folder: str | Path, **options) -> list[Path]:
    """Download and unpack an archive, unless what it gives is there.

    In `folder` are then the archive, the record `<archive>.sha256` of its first download if nobody
    knows its checksum, and what it gives, which appears only when all is unpacked. An archive put
    there by hand is used; the network is asked only for what is missing.

    Args:
        source: what to get, such as `RGBNIR`.
        folder: where data sets lie.
        **options: `retries`, `time_limit`, `progress` of `colorkit.data.download.fetch.fetch`.

    Returns:
        What it gives, for instance a folder for `colorkit.data.pairs.folds.list_pairs`.

    Raises:
        ColorkitError: it cannot be had, is another file than before or than expected, or is no
            archive that may be unpacked (damaged, members outside its folder, …).
    """
    folder = Path(folder)
    given = [folder / name for _, name in source.moves]
    if all(path.exists() for path in given):
        return given
    archive, record = folder / source.file, folder / f"{source.file}.sha256"
    known = source.known_hash or _recorded(record)
    brought = archive.exists()
    try:
        fetch(source.url, known or FIRST_USE, folder, **options)
    except ColorkitError as error:
        if source.known_hash or not known or "checksum differs" not in str(error):
            raise
        raise ColorkitError(
            f"{source.url} now gives another file than the first download, whose checksum is in "
            f"{record}; remove that record only if the publisher says the archive has changed"
        ) from error
    working = folder / f".{given[0].name}.unpacking"
    try:
        _remove(working)
        unpack(archive, working)
        _check(source, archive, working)
    except ColorkitError:
        _remove(working)
        if not known and not brought:
            archive.unlink()  # never trusted: the next run asks the server again
        raise
    if not known:
        write_text(record, f"{_sha256(archive)}  {archive.name}\n")
    for (inside, _), path in zip(source.moves, given, strict=True):
        if not path.exists():
            (working / inside).rename(path)
    _remove(working)
    return given


def _check(source: Source, archive: Path, working: Path) -> None:
    absent = [inside for inside, _ in source.moves if not (working / inside).exists()]
    if absent:
        raise ColorkitError(
            f"{archive}: it has no {absent[0]}, so it is another archive; get it from its source"
        )


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _recorded(record: Path) -> str | None:
    """Checksum of the first download; None before it."""
    if not record.exists():
        return None
    word = record.read_text(encoding="utf-8").split(" ")[0].strip()
    if len(word) != 64 or set(word) - set("0123456789abcdef"):
        raise ColorkitError(
            f"{record} holds no SHA-256 checksum ({one_line(word)[:20]!r}); remove it to trust the "
            "next download, or put the right one there"
        )
    return f"sha256:{word}"


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
