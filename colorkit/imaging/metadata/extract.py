"""What a file holds beside its pixels, taken out of it as the bytes it was written in.

JPEG keeps it in segments, PNG and WebP in chunks, TIFF in directories, JPEG 2000 in boxes. Of the
other formats Pillow tells.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from colorkit.imaging.decoding.pages import main_page
from colorkit.imaging.metadata.boxes import boxes, exif_in, heif_items
from colorkit.imaging.metadata.exif import (
    IPTC,
    LAYOUT,
    PHOTOSHOP,
    UNIT,
    X_RESOLUTION,
    XMP,
    Y_RESOLUTION,
)
from colorkit.imaging.metadata.photoshop import captions_of
from colorkit.imaging.metadata.tiff_directories import (
    EXIF,
    GPS,
    INTEROPERABILITY,
    Directories,
    Entry,
    build,
)

PNG_MAGIC, JPEG_MAGIC = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
XMP_HEAD, MORE_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
PHOTOSHOP_HEAD, XMP_KEYWORD = b"Photoshop 3.0\0", b"XML:com.adobe.xmp"
_LONGEST = 1 << 26  # bytes of a chunk, and of a text that is unpacked
_LONGEST_XMP = 1 << 22
_UUIDS = {
    b"JpgTiffExif->JP2": "exif",
    bytes.fromhex("be7acfcb97a942e89c71999491e3afac"): "xmp",
    bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"): "iptc",
}


class Text(NamedTuple):
    """A comment, or a text under a keyword; `chunk` is its type and content in a PNG."""

    keyword: bytes
    text: bytes
    chunk: tuple[bytes, bytes] | None = None


class Resolution(NamedTuple):
    """Pixels an inch along x and y, or without a unit how these relate."""

    x: float
    y: float
    inch: bool = True


@dataclass
class Embedded:
    """What a file holds beside its pixels.

    Attributes:
        exif: a block that begins as TIFF does.
        xmp: a packet; `more_xmp` are JPEG's segments for what does not fit into one.
        iptc: Photoshop's resources, captions and keywords by the rules of the IPTC among them.
        texts: comments of JPEG and GIF, texts of PNG.
        resolution: as the file says, outside of its EXIF block if it can.
        gain_map: whether there is one, to brighten the picture on other displays.
        packed: what is there, but packed in a way that is not read here.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    more_xmp: list[bytes] = field(default_factory=list)
    iptc: bytes = b""
    texts: list[Text] = field(default_factory=list)
    resolution: Resolution | None = None
    gain_map: bool = False
    packed: tuple[str, ...] = ()


def embedded(stream: BinaryIO) -> Embedded:
    """Take out what can be found; what is damaged counts as not there."""
    stream.seek(0)
    head = stream.read(12)
    found = Embedded()
    for begins, read in (
        (head.startswith(JPEG_MAGIC), _from_jpeg),
        (head.startswith(PNG_MAGIC), _from_png),
        (head[:4] == b"RIFF" and head[8:] == b"WEBP", _from_webp),
        (head[:2] in (b"II", b"MM"), _from_tiff),
        (head[4:8] == b"jP  ", _from_jp2),
        (head[4:8] == b"ftyp", _from_heif),
        (head[4:8] == b"JXL ", _from_jxl),
    ):
        if begins:
            with suppress(ValueError, struct.error, IndexError, zlib.error):
                read(stream, found)
    if found.xmp is not None and len(found.xmp) > _LONGEST_XMP:
        found.xmp = None
    if found.exif is not None:
        found.exif = found.exif.removeprefix(b"Exif\0\0") or None
    if found.resolution is None and found.exif:
        with suppress(ValueError, struct.error):
            block = Directories(io.BytesIO(found.exif))
            first = block.read(block.first)[0]
            found.resolution = _of_directory({e.tag: e for e in first}, block.order)
    return found


def jpeg_segments(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Give marker and content of each segment before the pixels."""
    stream.seek(2)
    while True:
        byte = stream.read(1)
        while byte == b"\xff":
            byte = stream.read(1)
        marker = byte[0] if byte else 0xD9
        if marker in (0xDA, 0xD9):
            return
        if 0xD0 <= marker <= 0xD8 or marker in (0, 1):
            continue
        length = struct.unpack(">H", stream.read(2))[0]
        yield marker, stream.read(length - 2)


def png_chunks(stream: BinaryIO, wanted: frozenset[bytes] | None = None) -> Iterator:
    """Give type and content of each chunk, of those `wanted` alone if given; no pixels."""
    stream.seek(8)
    while len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            return
        if kind != b"IDAT" and (wanted is None or kind in wanted) and length <= _LONGEST:
            yield kind, stream.read(length)
            stream.seek(4, 1)
        else:
            stream.seek(length + 4, 1)


def _from_jpeg(stream: BinaryIO, found: Embedded) -> None:
    photoshop = b""
    for marker, data in jpeg_segments(stream):
        if marker == 0xE0 and data.startswith(b"JFIF\0") and len(data) >= 12:
            unit, x, y = struct.unpack_from(">BHH", data, 7)
            factor = 2.54 if unit == 2 else 1
            found.resolution = _resolution(x * factor, y * factor, unit in (1, 2))
        elif marker == 0xE1 and data.startswith(b"Exif\0\0"):
            found.exif = (found.exif or b"") + data[6:]
        elif marker == 0xE1 and data.startswith(XMP_HEAD):
            found.xmp = data[len(XMP_HEAD) :]
        elif marker == 0xE1 and data.startswith(MORE_XMP_HEAD):
            found.more_xmp.append(data)
        elif marker == 0xE2 and data.startswith(b"urn:iso:std:iso:ts:21496:-1"):
            found.gain_map = True
        elif marker == 0xED and data.startswith(PHOTOSHOP_HEAD):
            photoshop += data[len(PHOTOSHOP_HEAD) :]
        elif marker == 0xFE:
            found.texts.append(Text(b"Comment", data))
    found.iptc = captions_of(photoshop)
    found.gain_map |= b"hdrgm:Version" in (found.xmp or b"")


def _from_png(stream: BinaryIO, found: Embedded) -> None:
    for kind, data in png_chunks(stream):
        if kind == b"eXIf":
            found.exif = data
        elif kind == b"pHYs" and len(data) == 9:
            x, y, meters = struct.unpack(">IIB", data)
            factor = 0.0254 if meters else 1
            found.resolution = _resolution(x * factor, y * factor, bool(meters))
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            with suppress(ValueError, struct.error, IndexError, zlib.error):
                _take_text(kind, data, found)


def _take_text(kind: bytes, data: bytes, found: Embedded) -> None:
    keyword, rest = data.split(b"\0", 1)
    packed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
    if kind == b"iTXt":
        rest = rest[2:].split(b"\0", 2)[2]
    elif kind == b"zTXt":
        rest = rest[1:]
    if packed:
        unpacker = zlib.decompressobj()
        rest = unpacker.decompress(rest, _LONGEST)
        if unpacker.unconsumed_tail:
            return
    if keyword == XMP_KEYWORD:
        found.xmp = rest
    elif match := re.fullmatch(rb"Raw profile type (\w+)", keyword):
        # Of ImageMagick: a name, a count and hexadecimal digits, on lines of their own.
        content = bytes.fromhex(b"".join(rest.split()[2:]).decode("ascii"))
        if match[1] in (b"iptc", b"8bim"):
            found.iptc = found.iptc or captions_of(content.removeprefix(PHOTOSHOP_HEAD))
        elif content.startswith(XMP_HEAD) or match[1] == b"xmp":
            found.xmp = found.xmp or content.removeprefix(XMP_HEAD)
        elif match[1] in (b"exif", b"APP1"):
            found.exif = found.exif or content
    else:
        found.texts.append(Text(keyword, rest, (kind, data)))


def _from_webp(stream: BinaryIO, found: Embedded) -> None:
    at, end = 12, stream.seek(0, 2)
    while at + 8 <= end:
        stream.seek(at)
        kind, length = struct.unpack("<4sI", stream.read(8))
        if kind in (b"EXIF", b"XMP ") and length <= _LONGEST:
            setattr(found, {b"EXIF": "exif", b"XMP ": "xmp"}[kind], stream.read(length))
        at += 8 + length + length % 2


def _from_tiff(stream: BinaryIO, found: Embedded) -> None:
    tiff = Directories(stream)
    first = tiff.read(tiff.first)[0]
    page = main_page(stream)
    entries = {e.tag: e for e in first}
    if page is not None and page.at != tiff.first:
        entries |= {e.tag: e for e in tiff.read(page.at)[0]}  # what it says of itself comes first
    if XMP in entries:
        found.xmp = entries[XMP].data
    photoshop = captions_of(entries[PHOTOSHOP].data) if PHOTOSHOP in entries else b""
    found.iptc = photoshop or (captions_of(entries[IPTC].data) if IPTC in entries else b"")
    outer = list(entries.values())
    inner = {tag: tiff.child(outer, tag) for tag in (EXIF, GPS)}
    inner[INTEROPERABILITY] = tiff.child(inner[EXIF], INTEROPERABILITY)
    kept = [e for e in outer if e.tag not in LAYOUT | {EXIF, GPS}]
    inner[EXIF] = [e for e in inner[EXIF] if e.tag != INTEROPERABILITY]
    everything = [e for each in (kept, *inner.values()) for e in each]
    holdable = all(e.kind not in (16, 17, 18) for e in everything)  # by an EXIF block
    if everything and holdable:
        found.exif = build(tiff.order, kept, inner)
    found.resolution = _of_directory(entries, tiff.order)


def _from_jp2(stream: BinaryIO, found: Embedded) -> None:
    for kind, start, stop in boxes(stream):
        stream.seek(start)
        name = _UUIDS.get(stream.read(16)) if kind == b"uuid" and stop - start <= _LONGEST else None
        if name:
            data = stream.read(stop - start - 16)
            setattr(found, name, captions_of(data) if name == "iptc" else data)


def _from_heif(stream: BinaryIO, found: Embedded) -> None:
    stream.seek(0)
    head = stream.read(1 << 16)
    found.gain_map = b"tmap" in head or b"aux:hdrgainmap" in head
    for kind, data in heif_items(stream):
        if kind == b"Exif":
            found.exif = found.exif or exif_in(data)
        else:
            found.xmp = found.xmp or data


def _from_jxl(stream: BinaryIO, found: Embedded) -> None:
    for kind, start, stop in boxes(stream):
        if kind == b"brob":  # packed by Brotli, before which stands the kind of the box
            stream.seek(start)
            name = {b"Exif": "EXIF", b"xml ": "XMP"}.get(stream.read(4))
            found.packed += (name,) if name else ()
        if kind in (b"Exif", b"xml ") and stop - start <= _LONGEST:
            stream.seek(start)
            data = stream.read(stop - start)
            if kind == b"Exif":
                found.exif = exif_in(data)
            else:
                found.xmp = data


def _of_directory(entries: dict[int, Entry], order: str) -> Resolution | None:
    values = []
    for tag in (X_RESOLUTION, Y_RESOLUTION):
        if tag not in entries or entries[tag].kind != 5 or entries[tag].count != 1:
            return None
        over, under = struct.unpack(f"{order}II", entries[tag].data)
        values.append(over / under if under else 0.0)
    unit = (entries[UNIT].numbers(order) or (2,))[0] if UNIT in entries else 2
    factor = 2.54 if unit == 3 else 1
    return _resolution(values[0] * factor, values[1] * factor, unit in (2, 3))


def _resolution(x: float, y: float, inch: bool) -> Resolution | None:
    if not (x > 0 and y > 0) or (not inch and x == y):
        return None  # nothing is said
    return Resolution(x, y, inch)
