"""Which of a file's pictures is the photograph.

TIFF files, and cameras' raw files, which are TIFF as well, often begin with a thumbnail; further
pictures hang on their directories.
"""

import io
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from colorkit.imaging.metadata.tiff_directories import MOST, Directories
from colorkit.system.errors import ColorkitError

_SMALL = 640  # pixels of the longer side of a picture that may be an unmarked thumbnail
_ALIKE = 0.03  # how far the shape of a thumbnail may be off
_SENSOR = (32803, 34892)  # photometric interpretations: colors in a mosaic, and linear ones
_RAW_MAGIC = (b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"FUJIFILM", b"FOVb", b"\0MRM")


@dataclass(frozen=True)
class Page:
    """A picture of a TIFF file.

    Attributes:
        at: where its directory stands.
        number: how many pictures stand before it among those that are no thumbnails.
        pictures: how many pictures there are that are neither thumbnails nor masks.
    """

    at: int
    number: int = 0
    pictures: int = 1


@dataclass(frozen=True)
class _Found:
    at: int
    width: int
    height: int
    reduced: bool
    mask: bool
    sensor: bool


def main_page(stream: BinaryIO, path: Path | str = "the file") -> Page | None:
    """Choose the photograph of a TIFF file: the first picture that is no thumbnail.

    Looked at are all pages and what hangs on them (SubIFDs). A thumbnail says so, or is at most 640
    pixels long while another picture of the same shape has at least twice its width and height.

    Returns:
        None if the file is no TIFF, or its directories are damaged.

    Raises:
        ColorkitError: it is a camera's raw file, of which only a preview can be read.
    """
    try:
        tiff = Directories(stream)
        found = _pages(tiff)
    except (ValueError, struct.error, IndexError):
        return None
    stream.seek(0)
    head = stream.read(12)
    pictures = [page for page in found if not page.mask and not page.sensor]
    whole = [page for page in pictures if not page.reduced]
    sensors = [page.width for page in found if page.sensor]
    # Half the width: a developed picture may lack the sensor's border, or be a little smaller.
    if head[8:10] == b"CR" or (sensors and all(2 * p.width < max(sensors) for p in whole)):
        raise raw_fault(path, max(pictures, key=lambda page: page.width, default=None))
    if not pictures:
        return None
    if not whole:
        largest = max(pictures, key=lambda page: page.width * page.height)
        return Page(largest.at)
    whole = [page for page in whole if not any(_shrunk(page, other) for other in whole)]
    return Page(whole[0].at, 0, len(whole))


def raw_fault(path: Path | str, preview: _Found | None = None) -> ColorkitError:
    """Say that a file is what a camera's sensor saw, and what to do."""
    says = f"of which only a preview of {preview.width}×{preview.height} pixels" if preview else ""
    return ColorkitError(
        f"{path}: this is a camera's raw file, {says or 'which'} can{'' if says else 'not'} be "
        "read; develop it in a raw converter and give the JPEG or TIFF that makes."
    )


def is_raw(head: bytes) -> bool:
    """Say whether a file begins as raw files do that are no TIFF."""
    return head.startswith(_RAW_MAGIC) or head[4:12] == b"ftypcrx "


def with_first(stream: BinaryIO, page: Page) -> BinaryIO:
    """Give a TIFF file as one that begins with a page, for readers that know only the first one."""
    tiff = Directories(stream)
    if page.at == tiff.first:
        stream.seek(0)
        return stream
    stream.seek(0)
    data = bytearray(stream.read())
    struct.pack_into(tiff.order + ("Q" if tiff.big else "I"), data, 8 if tiff.big else 4, page.at)
    return io.BytesIO(data)


def _pages(tiff: Directories) -> list[_Found]:
    """Give all pictures, each before what hangs on it."""
    found, seen, waiting = [], set(), [tiff.first]
    while waiting and len(seen) < MOST:
        at = waiting.pop(0)
        if at in seen or at == 0:
            continue
        seen.add(at)
        try:
            entries, following = tiff.read(at)
        except (ValueError, struct.error):
            if not found:
                raise
            continue
        numbers = {entry.tag: entry.numbers(tiff.order) for entry in entries}

        def one(tag: int, default: int = 0, numbers=numbers) -> int:
            return (numbers.get(tag) or (default,))[0]

        kind, old = one(254), one(255)
        found.append(
            _Found(at, one(256), one(257), bool(kind & 1) or old == 2, bool(kind & 4),
                   one(262) in _SENSOR)
        )  # fmt: skip
        # The next page comes behind what hangs on this one, but before what hangs on that.
        waiting = [*numbers.get(330, ()), following, *waiting]
    with suppress(IndexError):
        if not found[0].width:
            return []
    return [page for page in found if page.width and page.height]


def _shrunk(page: _Found, other: _Found) -> bool:
    """Say whether a picture looks like an unmarked thumbnail of another."""
    if max(page.width, page.height) > _SMALL:
        return False
    if other.width < 2 * page.width or other.height < 2 * page.height:
        return False
    return abs(other.width / other.height * page.height / page.width - 1) <= _ALIKE
