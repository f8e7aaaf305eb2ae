"""EXIF blocks edited in their bytes: only entries that have become untrue are touched."""

import io
import struct
from collections.abc import Collection

from colorkit.imaging.metadata.tiff_directories import (
    EXIF,
    GPS,
    INTEROPERABILITY,
    MOST,
    Directories,
    Entry,
    build,
)

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, UNIT = 274, 282, 283, 296
DESCRIPTION, XMP, IPTC, PHOTOSHOP, PROFILE = 270, 700, 33723, 34377, 34675
# Tags of the first directory that say how the old pixels were stored, from the kind of page to
# ReferenceBlackWhite; blocks that stand elsewhere in other formats; thumbnails; layers; ImageJ's
# list of planes; and all that makes a file a DNG.
LAYOUT = {254, 255, *range(256, 260), 262, 263, 264, 265, 266, 273, *range(277, 282), 284}
LAYOUT |= {*range(288, 294), 297, 301, 317, 318, 319, *range(320, 348), *range(512, 516)}
LAYOUT |= {*range(517, 522), *range(529, 533), 559, XMP, 20507, IPTC, PHOTOSHOP, PROFILE, 37724}
LAYOUT |= {50838, 50839, *range(50706, 50782), *range(50827, 50838), *range(50879, 50983)}
LAYOUT |= {*range(51008, 51201), *range(52525, 52600)}
_LAYOUTS_TOLD = (b'{"shape"', b"ImageJ=", b"<?xml version")  # ways to begin a description of planes
_COLOR_SPACE, _SRGB = 0xA001, 1
# Width, height, gamma and bits a pixel; in the directory of interoperability, width and height.
_UNTRUE = {EXIF: {0xA002, 0xA003, 0xA500, 0x9102}, INTEROPERABILITY: {0x1001, 0x1002}}


def open_block(block: bytes) -> Directories:
    """Open an EXIF block, with or without the six bytes that stand before it in JPEG."""
    return Directories(io.BytesIO(block.removeprefix(b"Exif\0\0")))


def corrected(block: bytes, sideways: bool = False) -> bytes | None:
    """Take from an EXIF block what an upright copy in sRGB makes untrue; all other bytes stay.

    Gone are the orientation, how the old pixels were stored, their width and height, gamma and
    thumbnail; the color space becomes sRGB.

    Args:
        block: with or without the six bytes that stand before it in JPEG.
        sideways: width and height were exchanged, and resolutions with them.

    Returns:
        The block, without the six bytes; None if it is damaged or nothing is left.
    """
    try:
        return _Editing(block.removeprefix(b"Exif\0\0")).corrected(sideways)
    except (ValueError, struct.error):
        return None


def is_layout(entry: Entry) -> bool:
    """Say whether an entry describes planes and sizes, as programs do for themselves."""
    return entry.tag == DESCRIPTION and (
        entry.data.startswith(_LAYOUTS_TOLD[:2])
        or (entry.data.startswith(_LAYOUTS_TOLD[2]) and b"<OME" in entry.data)
    )


def shortened(block: bytes, limit: int) -> bytes | None:
    """Leave the largest values out of a block until it is no longer than `limit` bytes."""
    found = open_block(block)
    entries, _ = found.read(found.first)
    inner = {tag: found.child(entries, tag) for tag in (EXIF, GPS)}
    inner[INTEROPERABILITY] = found.child(inner[EXIF], INTEROPERABILITY)
    while len(block) > limit:
        owner, largest = max(
            ((each, entry) for each in (entries, *inner.values()) for entry in each),
            key=lambda pair: len(pair[1].data),
            default=(None, None),
        )
        if owner is None:
            return None
        owner.remove(largest)
        block = build(found.order, list(entries), inner)
    return block


class _Editing:
    """A classic block whose entries are taken out where they stand, so that no other one moves."""

    def __init__(self, block: bytes):
        self.data, self.found = bytearray(block), open_block(block)
        if self.found.big:
            raise ValueError("BigTIFF is no EXIF block")
        self.order = self.found.order
        self.used: list[tuple[int, int]] = [(0, 8)]
        self.cleared: list[tuple[int, int]] = []

    def corrected(self, sideways: bool) -> bytes | None:
        entries, following = self.found.read(self.found.first)
        layout = {e.tag for e in entries if e.tag in LAYOUT or is_layout(e)}
        details = self.found.child(entries, EXIF)
        keep = [(self.found.first, entries, {ORIENTATION, *layout})]
        for tag, inside in ((EXIF, entries), (INTEROPERABILITY, details), (GPS, entries)):
            if inner := self.found.child(inside, tag):
                at = next(e for e in inside if e.tag == tag).numbers(self.order)[0]
                keep.append((at, inner, _UNTRUE.get(tag, set())))
        for at, inside, untrue in keep:
            self.used.append((at, at + 2 + 12 * len(inside) + 4))
            self.used += [(e.place, e.place + len(e.data)) for e in inside if e.tag not in untrue]
        if sideways:
            self._exchange(entries)
        self._clear_thumbnails(following)
        left = 0
        for at, inside, untrue in keep[::-1]:
            self._retell_color(inside)
            left = self._drop(at, inside, untrue, last=at == self.found.first)
        end = len(self.data)
        for start, stop in sorted(self.cleared, key=lambda each: -each[1]):
            if stop >= end:
                end = min(end, start)
        return bytes(self.data[:end]) if left else None

    def _exchange(self, entries: list[Entry]) -> None:
        pair = [e for e in entries if e.tag in (X_RESOLUTION, Y_RESOLUTION)]
        if len(pair) == 2 and len(pair[0].data) == len(pair[1].data):
            for entry, other in (pair, pair[::-1]):
                self.data[entry.place : entry.place + len(entry.data)] = other.data

    def _clear_thumbnails(self, at: int) -> None:
        """Fill the directories behind the first, and the pictures they point to, with zeros."""
        for _ in range(MOST):
            try:
                entries, following = self.found.read(at) if at else ([], 0)
            except (ValueError, struct.error):
                return
            numbers = {e.tag: e.numbers(self.order) for e in entries}
            for start, size in ((513, 514), (273, 279)):
                for place, n in zip(numbers.get(start, ()), numbers.get(size, ()), strict=False):
                    self._clear(place, n)
            for entry in entries:
                self._clear(entry.place, len(entry.data))
            self._clear(at, 2 + 12 * len(entries) + 4)
            if not following or following == at:
                return
            at = following

    def _clear(self, start: int, count: int) -> None:
        """Fill with zeros what nothing else uses."""
        stop = min(start + count, len(self.data))
        if start < stop and not any(a < stop and start < b for a, b in self.used):
            self.data[start:stop] = bytes(stop - start)
            self.cleared.append((start, stop))

    def _drop(self, at: int, entries: list[Entry], tags: Collection[int], last: bool) -> int:
        """Take entries out of a directory, which is followed by none if `last`; count the rest."""
        count = struct.unpack_from(f"{self.order}H", self.data, at)[0]
        end = at + 2 + 12 * count
        rows = [bytes(self.data[k : k + 12]) for k in range(at + 2, end, 12)]
        rows = [row for row in rows if struct.unpack_from(f"{self.order}H", row)[0] not in tags]
        following = bytes(4) if last else bytes(self.data[end : end + 4])
        new = struct.pack(f"{self.order}H", len(rows)) + b"".join(rows) + following
        self.data[at : end + 4] = new.ljust(end + 4 - at, b"\0")
        for entry in entries:
            if entry.tag in tags and len(entry.data) > 4:
                self._clear(entry.place, len(entry.data))
        return len(rows)

    def _retell_color(self, entries: list[Entry]) -> None:
        """Say sRGB where the block says Adobe RGB or none."""
        for entry in entries:
            if entry.tag == _COLOR_SPACE and entry.kind == 3:
                struct.pack_into(f"{self.order}H", self.data, entry.place, _SRGB)
            if entry.tag == 1 and entry.data == b"R03\0":  # Adobe RGB, by the rules of cameras
                self.data[entry.place : entry.place + 4] = b"R98\0"
