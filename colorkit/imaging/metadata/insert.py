"""What a file says beside its pixels, written into a file that was just encoded.

Encoders are given pixels alone. What goes with them is put in as the bytes it was found in: JPEG's
segments, chunks of PNG and WebP, and TIFF's directory, written anew behind an EXIF block that keeps
its place, for makers' notes point to places within it.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from colorkit.imaging.decoding.jpegs import png_chunk
from colorkit.imaging.metadata.exif import (
    IPTC,
    PHOTOSHOP,
    UNIT,
    X_RESOLUTION,
    XMP,
    Y_RESOLUTION,
    corrected,
    open_block,
    shortened,
)
from colorkit.imaging.metadata.extract import (
    PHOTOSHOP_HEAD,
    XMP_HEAD,
    XMP_KEYWORD,
    Resolution,
    Text,
)
from colorkit.imaging.metadata.photoshop import iim
from colorkit.imaging.metadata.tiff_directories import (
    Directories,
    Entry,
    append_directory,
    build,
    reordered,
)

# Formats that are written, by the endings of their files in lower case.
FORMATS = dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG")
FORMATS |= {".png": "PNG", ".webp": "WEBP", ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF"}
_SEGMENT = 65533  # bytes of a JPEG's segment, less its length
_RAW_PROFILE = b"Raw profile type iptc"  # how ImageMagick and ExifTool keep captions in PNG
_STRIPS = 273


@dataclass(frozen=True)
class Kept:
    """What a colorized copy says beside its pixels.

    Attributes:
        exif: a block; what an upright copy in sRGB makes untrue is taken out of it.
        icc_profile: a profile of sRGB, or None.
        xmp: a packet; `more_xmp` are JPEG's segments for what does not fit into one.
        iptc: Photoshop's resources that hold captions and keywords.
        texts: comments, and texts of PNG.
        resolution: pixels an inch.
    """

    exif: bytes | None = None
    icc_profile: bytes | None = None
    xmp: bytes | None = None
    more_xmp: tuple[bytes, ...] = ()
    iptc: bytes = b""
    texts: tuple[Text, ...] = ()
    resolution: Resolution | None = None

    def missing_in(self, path: str | Path) -> tuple[str, ...]:
        """Say what the format of a file of that name cannot hold of this: a sentence, or none."""
        kind = FORMATS.get(Path(path).suffix.lower(), "")
        jpeg = kind == "JPEG"
        lost = {
            "its EXIF": self.exif and kind == "BMP",
            "its longest EXIF tags": jpeg and len(self.exif or b"") + 6 > _SEGMENT,
            "its XMP": self.xmp
            and (kind == "BMP" or (jpeg and len(self.xmp) + len(XMP_HEAD) > _SEGMENT)),
            "part of its XMP": self.more_xmp and kind not in ("JPEG", "BMP"),
            "its captions (IPTC)": self.iptc and kind in ("WEBP", "BMP"),
            "its comments": self.texts and kind in ("WEBP", "BMP", "TIFF"),
            "its longest comment": jpeg and any(len(t.text) > _SEGMENT - 80 for t in self.texts),
        }
        said = [what for what, is_lost in lost.items() if is_lost]
        return (f"{kind} cannot hold {' and '.join(said)}",) if said else ()


def embed(data: bytes, kind: str, kept: Kept) -> bytes:
    """Put what is kept into a file.

    Args:
        data: as Pillow encoded it.
        kind: JPEG, PNG, TIFF, WEBP or BMP.
        kept: what to put in; what the format cannot hold is left out, see `Kept.missing_in`.
    """
    exif = corrected(kept.exif) if kept.exif else None
    return _INTO[kind](data, kept, exif)


def _into_jpeg(data: bytes, kept: Kept, exif: bytes | None) -> bytes:
    whole = bytearray(data)
    if kept.resolution is not None and whole[6:11] == b"JFIF\0":
        whole[13:18] = _density(kept.resolution)
    at = 4 + struct.unpack_from(">H", whole, 4)[0]  # behind JFIF's segment
    if exif and len(exif) + 6 > _SEGMENT:
        exif = shortened(exif, _SEGMENT - 6)
    segments = [(0xE1, b"Exif\0\0" + exif)] if exif else []
    if kept.xmp:
        segments.append((0xE1, XMP_HEAD + kept.xmp))
        segments += [(0xE1, segment) for segment in kept.more_xmp]
    room = _SEGMENT - len(PHOTOSHOP_HEAD)
    segments += [
        (0xED, PHOTOSHOP_HEAD + kept.iptc[k : k + room]) for k in range(0, len(kept.iptc), room)
    ]
    for text in kept.texts:
        title = b"" if text.keyword == b"Comment" else text.keyword + b": "
        segments.append((0xFE, title + text.text))
    between = b"".join(
        bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content
        for marker, content in segments
        if len(content) <= _SEGMENT
    )
    return bytes(whole[:at]) + between + bytes(whole[at:])


def _density(resolution: Resolution) -> bytes:
    """Unit and two whole numbers, in the unit that needs less rounding."""
    units = {1: 1.0, 2: 2.54} if resolution.inch else {0: 1.0}
    tried = []
    for unit, factor in units.items():
        exact = [value / factor for value in resolution[:2]]
        whole = [min(max(round(value), 1), 65535) for value in exact]
        off = max(abs(a * factor - b) for a, b in zip(whole, resolution[:2], strict=True))
        tried.append((off, struct.pack(">BHH", unit, *whole)))
    return min(tried)[1]


def _into_png(data: bytes, kept: Kept, exif: bytes | None) -> bytes:
    chunks = []
    if kept.resolution is not None:
        x, y, inch = kept.resolution
        numbers = [min(max(round(v / 0.0254 if inch else v), 1), 2**31 - 1) for v in (x, y)]
        chunks.append((b"pHYs", struct.pack(">IIB", *numbers, inch)))
    if exif:
        chunks.append((b"eXIf", exif))
    if kept.xmp:
        chunks.append((b"iTXt", XMP_KEYWORD + b"\0\0\0\0\0" + kept.xmp))
    if kept.iptc:
        digits = kept.iptc.hex().encode()
        lines = b"\n".join(digits[k : k + 72] for k in range(0, len(digits), 72))
        text = b"\niptc\n%8d\n%s\n" % (len(kept.iptc), lines)
        chunks.append((b"zTXt", _RAW_PROFILE + b"\0\0" + zlib.compress(text)))
    chunks += [text.chunk or _text_chunk(text) for text in kept.texts]
    # Behind the header, and a profile that Pillow wrote there.
    return data[:33] + b"".join(png_chunk(*chunk) for chunk in chunks) + data[33:]


def _text_chunk(text: Text) -> tuple[bytes, bytes]:
    content = text.text.replace(b"\0", b"\n")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:  # Latin-1, as tEXt has it
        return b"tEXt", text.keyword + b"\0" + content
    if content.isascii():
        return b"tEXt", text.keyword + b"\0" + content
    return b"iTXt", text.keyword + b"\0\0\0\0\0" + content


def _into_webp(data: bytes, kept: Kept, exif: bytes | None) -> bytes:
    if kept.resolution is not None and kept.resolution.inch and not _tells_resolution(exif):
        exif = _with_resolution(exif, kept.resolution)
    if not (exif or kept.xmp):
        return data
    chunks = data[12:]
    if chunks[:4] != b"VP8X":
        width, height = _webp_size(chunks)
        sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        chunks = b"VP8X" + struct.pack("<II", 10, 0) + sizes + chunks
    flags = chunks[8] | 8 * bool(exif) | 4 * bool(kept.xmp)
    chunks = chunks[:8] + bytes([flags]) + chunks[9:]
    for name, content in ((b"EXIF", exif), (b"XMP ", kept.xmp)):
        if content:
            chunks += name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _webp_size(chunks: bytes) -> tuple[int, int]:
    if chunks[:4] == b"VP8 ":
        width, height = struct.unpack_from("<HH", chunks, 14)
        return width & 0x3FFF, height & 0x3FFF
    bits = struct.unpack_from("<I", chunks, 9)[0]
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _into_tiff(data: bytes, kept: Kept, exif: bytes | None) -> bytes:
    """Put Pillow's file behind the EXIF block, and one directory for both behind that."""
    if not (exif or kept.xmp or kept.iptc or kept.resolution):
        return data
    pillow = Directories(io.BytesIO(data))
    body = bytearray(exif or build(pillow.order, [], {}))
    block = open_block(bytes(body))
    body += bytes(len(body) % 2)
    shift = len(body)
    body += data
    entries = {}
    for entry in block.read(block.first)[0] if exif else []:
        entries[entry.tag] = entry
    if kept.resolution is not None and not _tells_resolution(exif):
        entries |= {e.tag: e for e in _resolution_entries(kept.resolution, block.order)}
    for entry in pillow.read(pillow.first)[0]:
        if entry.tag == _STRIPS:
            places = [place + shift for place in entry.numbers(pillow.order)]
            packed = struct.pack(f"{pillow.order}{len(places)}I", *places)
            entry = Entry(_STRIPS, 4, len(places), packed, 0)
        entries[entry.tag] = reordered(entry, pillow.order, block.order)
    captions = iim(kept.iptc)
    for tag, kind, content in ((XMP, 1, kept.xmp), (IPTC, 7, captions), (PHOTOSHOP, 7, kept.iptc)):
        if content:
            entries[tag] = Entry(tag, kind, len(content), content, 0)
    at = append_directory(body, block.order, list(entries.values()))
    struct.pack_into(f"{block.order}I", body, 4, at)
    return bytes(body)


def _into_bmp(data: bytes, kept: Kept, exif: bytes | None) -> bytes:
    if kept.resolution is None or not kept.resolution.inch:
        return data
    numbers = [min(max(round(v / 0.0254), 1), 2**31 - 1) for v in kept.resolution[:2]]
    return data[:38] + struct.pack("<II", *numbers) + data[46:]


def _tells_resolution(exif: bytes | None) -> bool:
    if not exif:
        return False
    block = open_block(exif)
    return any(entry.tag == X_RESOLUTION for entry in block.read(block.first)[0])


def _with_resolution(exif: bytes | None, resolution: Resolution) -> bytes:
    """Add the resolution to a block: its first directory is written anew, behind it."""
    body = bytearray(exif or b"II*\0" + bytes(4))
    block = open_block(bytes(body))
    entries = block.read(block.first)[0] if exif else []
    entries += _resolution_entries(resolution, block.order)
    struct.pack_into(f"{block.order}I", body, 4, append_directory(body, block.order, entries))
    return bytes(body)


def _resolution_entries(resolution: Resolution, order: str) -> list[Entry]:
    entries = []
    for tag, value in ((X_RESOLUTION, resolution.x), (Y_RESOLUTION, resolution.y)):
        ratio = Fraction(min(value, 1e6)).limit_denominator(4000)
        data = struct.pack(f"{order}II", ratio.numerator, ratio.denominator)
        entries.append(Entry(tag, 5, 1, data, 0))
    unit = struct.pack(f"{order}H", 2 if resolution.inch else 1)
    return [*entries, Entry(UNIT, 3, 1, unit, 0)]


_INTO = {
    "JPEG": _into_jpeg,
    "PNG": _into_png,
    "WEBP": _into_webp,
    "TIFF": _into_tiff,
    "BMP": _into_bmp,
}
