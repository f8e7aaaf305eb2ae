"""TIFF's directories: entries of a tag, a type, a count, and a value or its place.

TIFF files and EXIF blocks are made of them. A library that turns values into texts and numbers, and
back, loses what it does not understand: names in Latin-1 or UTF-8, tags of unknown types, makers'
notes that point to places within the block. Here values stay the bytes they are.
"""

import io
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
SIZES |= {16: 8, 17: 8, 18: 8}  # bytes by type, the last three of BigTIFF
EXIF, GPS, INTEROPERABILITY = 34665, 34853, 40965  # tags that point to other directories
_LONGEST = 1 << 26  # bytes of a value
MOST = 4096  # entries of a directory, and directories of a file


@dataclass(frozen=True)
class Entry:
    """An entry of a directory.

    Attributes:
        tag, kind, count: as stored; `kind` is a key of `SIZES`.
        data: the bytes of its value, in the order of the file.
        place: where they stand.
    """

    tag: int
    kind: int
    count: int
    data: bytes
    place: int

    def numbers(self, order: str) -> tuple[int, ...]:
        """Its integers; none if it holds others. `order` is "<" or ">"."""
        code = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}.get(self.kind)
        return struct.unpack(f"{order}{self.count}{code}", self.data) if code else ()


class Directories:
    """A TIFF file or an EXIF block, classic or BigTIFF, opened for its directories.

    Raises:
        ValueError: it begins as neither.
    """

    def __init__(self, stream: BinaryIO):
        self.stream = stream
        self.length = stream.seek(0, io.SEEK_END)
        head = self._read(0, 16)
        self.order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        version = struct.unpack(f"{self.order}H", head[2:4])[0] if self.order else 0
        if version not in (42, 43):
            raise ValueError("this is no TIFF structure")
        self.big = version == 43
        self.first = struct.unpack_from(
            self.order + ("Q" if self.big else "I"), head, 4 + 4 * self.big
        )[0]

    def read(self, at: int) -> tuple[list[Entry], int]:
        """Give the entries of the directory at a place, and where the next one is (0: nowhere).

        Entries whose values lie outside the file are left out.

        Raises:
            ValueError: there is no directory.
        """
        word, count_code, size = ("Q", "Q", 20) if self.big else ("I", "H", 12)
        start = at + struct.calcsize(count_code)
        count = self._unpack(count_code, self._read(at, start - at))
        if count > MOST:
            raise ValueError(f"a directory of {count} entries")
        table = self._read(start, count * size)
        entries = []
        for k in range(count):
            tag, kind, number = struct.unpack_from(f"{self.order}HH{word}", table, k * size)
            bytes_, inline = SIZES.get(kind, 0) * number, size - 4 - struct.calcsize(word)
            place = start + k * size + size - inline
            if bytes_ > inline:
                place = struct.unpack_from(self.order + word, table, k * size + size - inline)[0]
            if kind in SIZES and bytes_ <= _LONGEST and place + bytes_ <= self.length:
                data = self._read(place, bytes_)
                entries.append(Entry(tag, kind, number, data, place))
        following = 0
        with suppress(ValueError):  # the last directory of a block that is a little short
            following = self._unpack(word, self._read(start + count * size, struct.calcsize(word)))
        return entries, following

    def child(self, entries: list[Entry], tag: int) -> list[Entry]:
        """Give the entries of the directory that an entry points to; none if it is damaged."""
        for entry in entries:
            if entry.tag == tag and (places := entry.numbers(self.order)):
                with suppress(ValueError, struct.error):
                    return self.read(places[0])[0]
        return []

    def _unpack(self, code: str, data: bytes) -> int:
        return struct.unpack(self.order + code, data)[0]

    def _read(self, at: int, count: int) -> bytes:
        self.stream.seek(at)
        data = self.stream.read(count)
        if len(data) < count and at:
            raise ValueError("a directory outside the file")
        return data.ljust(count, b"\0")


def build(order: str, entries: list[Entry], inner: dict[int, list[Entry]]) -> bytes:
    """Make a block of entries taken from elsewhere.

    Args:
        order: "<" or ">", that of the entries' data.
        entries: of the first directory.
        inner: by the tag that is to point to it, the entries of another directory. One for
            `INTEROPERABILITY` hangs on that for `EXIF`.
    """
    body = bytearray({"<": b"II*\0", ">": b"MM\0*"}[order] + bytes(4))
    inner = {tag: list(found) for tag, found in inner.items() if found}
    for tag, owner in ((INTEROPERABILITY, inner.get(EXIF)), (GPS, entries), (EXIF, entries)):
        if owner is None:
            continue
        owner[:] = [e for e in owner if e.tag != tag]  # where it pointed to before
        if tag in inner:
            at = append_directory(body, order, inner[tag])
            owner.append(Entry(tag, 4, 1, struct.pack(f"{order}I", at), 0))
    struct.pack_into(f"{order}I", body, 4, append_directory(body, order, entries))
    return bytes(body)


def append_directory(body: bytearray, order: str, entries: list[Entry]) -> int:
    """Write a directory behind a TIFF structure; give the place where it begins."""
    entries = sorted({entry.tag: entry for entry in entries}.values(), key=lambda e: e.tag)
    body += bytes(len(body) % 2)
    at = len(body)
    table = bytearray(struct.pack(f"{order}H", len(entries)))
    place = at + 2 + 12 * len(entries) + 4
    values = bytearray()
    for entry in entries:
        table += struct.pack(f"{order}HHI", entry.tag, entry.kind, entry.count)
        if len(entry.data) <= 4:
            table += entry.data.ljust(4, b"\0")
        else:
            table += struct.pack(f"{order}I", place + len(values))
            values += entry.data + bytes(len(entry.data) % 2)
    body += table + bytes(4) + values
    return at


def reordered(entry: Entry, order: str, wanted: str) -> Entry:
    """Give an entry with its numbers in another byte order."""
    width = {5: 4, 10: 4}.get(entry.kind, SIZES[entry.kind])
    data = entry.data
    if order != wanted and width > 1:
        data = b"".join(data[k : k + width][::-1] for k in range(0, len(data), width))
    return Entry(entry.tag, entry.kind, entry.count, data, 0)
