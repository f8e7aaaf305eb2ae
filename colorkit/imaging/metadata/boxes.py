"""Boxes of JPEG 2000, JPEG XL, HEIF and AVIF (ISO/IEC 14496-12): what they hold but pictures."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

_LONGEST = 1 << 26  # bytes of an item
_MOST = 4096  # items


def boxes(
    stream: BinaryIO, at: int = 0, end: int | None = None
) -> Iterator[tuple[bytes, int, int]]:
    """Give type, beginning and end of the content of each box."""
    end = stream.seek(0, 2) if end is None else end
    while at + 8 <= end:
        stream.seek(at)
        length, kind = struct.unpack(">I4s", stream.read(8))
        start = at + 8
        if length == 1:
            length, start = struct.unpack(">Q", stream.read(8))[0], at + 16
        stop = min(end, at + length if length else end)
        if stop < start:
            return
        yield kind, start, stop
        at = stop


def heif_items(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Give type and content of the items of a HEIF or AVIF file that are no pictures.

    The type is that of the item, `Exif` say, or for XML what its content is said to be.
    """
    meta = next(((a, b) for kind, a, b in boxes(stream) if kind == b"meta"), None)
    if meta is None:
        return
    inside = {kind: (a, b) for kind, a, b in boxes(stream, meta[0] + 4, meta[1])}
    if not {b"iinf", b"iloc"} <= set(inside):
        return
    kinds = dict(_infos(stream, *inside[b"iinf"]))
    for number, places in _locations(stream, *inside[b"iloc"], inside.get(b"idat", (0, 0))[0]):
        kind = kinds.get(number, b"")
        if kind == b"Exif" or b"xml" in kind:
            data = b""
            for start, length in places:
                stream.seek(start)
                data += stream.read(min(length, _LONGEST))
            yield kind, data


def exif_in(content: bytes) -> bytes:
    """Give the EXIF block in an item or box, before which its own offset stands."""
    if content[:2] in (b"II", b"MM"):  # some encoders forget it
        return content
    offset = struct.unpack_from(">I", content)[0]
    return content[4 + offset :]


def _infos(stream: BinaryIO, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    stream.seek(start)
    version = stream.read(4)[0]
    for kind, at, stop in boxes(stream, start + (8 if version else 6), end):
        stream.seek(at)
        content = stream.read(min(stop - at, 4096))
        if kind != b"infe" or content[0] < 2:
            continue
        number, _, name = struct.unpack_from(">HH4s" if content[0] == 2 else ">IH4s", content, 4)
        if name == b"mime":
            texts = content[12 if content[0] == 2 else 14 :].split(b"\0")
            name = texts[1] if len(texts) > 1 else b""
        yield number, name


def _locations(
    stream: BinaryIO, start: int, end: int, idat: int
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Give the number of each item, and beginning and length of its parts in the file."""
    stream.seek(start)
    content = stream.read(min(end - start, _LONGEST))
    version, sizes = content[0], struct.unpack_from(">H", content, 4)[0]
    offset_size, length_size, base_size, index_size = (sizes >> k & 15 for k in (12, 8, 4, 0))
    wide = "I" if version == 2 else "H"
    at = 6

    def take(size: int) -> int:
        nonlocal at
        value = int.from_bytes(content[at : at + size], "big")
        at += size
        return value

    width = struct.calcsize(wide)
    for _ in range(min(take(width), _MOST)):
        number = take(width)
        method = take(2) & 15 if version else 0
        take(2)  # of another file
        base = take(base_size) + (idat if method == 1 else 0)
        places = []
        for _ in range(min(take(2), _MOST)):
            if version and index_size:
                take(index_size)
            place = take(offset_size)
            places.append((base + place, take(length_size)))
        yield number, places
