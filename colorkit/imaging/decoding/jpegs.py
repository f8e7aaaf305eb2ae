"""JPEG and PNG files read quickly, or though their end is missing."""

import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from colorkit.imaging.decoding.decoders import check_size
from colorkit.imaging.metadata.extract import PNG_MAGIC

_LONGEST = 1 << 28  # bytes of a JPEG that are read at once
_SCAN, _END = b"\xff\xda", b"\xff\xd9"  # before the pixels stands what is said of them
_MORE = (b"Exif", b"ICC_PROFILE", b"Orientation")  # the last one of XMP
_COLORS = {"Gray": "GRAY", "CMYK": "CMYK", "YCCK": "CMYK"}  # how simplejpeg calls what it gives
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))
_PASSES += ((0, 1, 1, 2),)  # of an interlaced PNG: first column and row, and the steps
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by PNG's color type


def read_plain_jpeg(
    stream: BinaryIO, path: Path, max_pixels: int, min_side: int | None
) -> np.ndarray | None:
    """Read a JPEG that holds sRGB pixels and nothing else, in half of Pillow's time.

    Both stand on libjpeg-turbo, and their pixels are the same; but here they are written where they
    stay, and Pillow copies them three times.

    Returns:
        uint8 (H, W, 3), or None where Pillow is to decide: gray and CMYK, a profile or turn to be
        applied, decoding at a smaller size, and whatever is damaged.
    """
    import simplejpeg

    data = stream.read(_LONGEST)
    head = data[: data.find(_SCAN)]
    if len(data) == _LONGEST or any(mark in head for mark in _MORE):
        return None
    try:
        height, width, colors, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return None
    check_size(path, (width, height), max_pixels)
    if colors != "YCbCr" or (min_side and min(height, width) >= 2 * min_side):
        return None
    try:
        return simplejpeg.decode_jpeg(data)
    except ValueError:
        return None


def lacks_end(data: bytes) -> bool:
    """Say whether no end marker stands behind a JPEG's pixels."""
    return _END not in data[data.rfind(_SCAN) :]


def with_end(data: bytes) -> bytes | None:
    """Add the end marker that a JPEG lacks, if every pixel of it decodes in full.

    Returns:
        None if it has one, or lacks more. A progressive file of which only early scans are there
        decodes without a fault; so its scans are counted.
    """
    import simplejpeg

    if not lacks_end(data) or not _all_scans(data):
        return None
    whole = data.removesuffix(b"\xff") + _END
    try:
        colors = simplejpeg.decode_jpeg_header(whole)[2]
        simplejpeg.decode_jpeg(whole, _COLORS.get(colors, "RGB"))
    except ValueError:
        return None
    return whole


def made_whole(data: bytes) -> bytes | None:
    """Fill up a JPEG or PNG that is cut off, so that what is there can be decoded.

    What is missing becomes gray in a JPEG and black in a PNG, as far as their coding goes.
    """
    if data.startswith(b"\xff\xd8") and _SCAN in data:
        return data.removesuffix(b"\xff") + _END
    return _filled_png(data) if data.startswith(PNG_MAGIC) else None


def png_lacks_end(stream: BinaryIO) -> bool:
    """Say whether a PNG ends before its last chunk."""
    stream.seek(max(0, stream.seek(0, 2) - (1 << 16)))
    return b"IEND" not in stream.read()


def _all_scans(data: bytes) -> bool:
    """Say whether each coefficient of each component has a scan that gives its last bit."""
    components: dict[int, list[int]] = {}
    at = 2
    while (at := data.find(b"\xff", at)) >= 0 and at + 4 <= len(data):
        marker = data[at + 1]
        if marker in (0, 0xFF) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        segment = data[at + 4 : at + 2 + struct.unpack_from(">H", data, at + 2)[0]]
        try:
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                components = {segment[6 + 3 * k]: [99] * 64 for k in range(segment[5])}
            elif marker == 0xDA:
                count = segment[0]
                first, last, bits = segment[1 + 2 * count : 4 + 2 * count]
                for k in range(count):
                    own = components[segment[1 + 2 * k]]
                    own[first : last + 1] = [bits & 15] * (last + 1 - first)
        except (IndexError, KeyError, ValueError):
            return False
        at += 4 + len(segment)
    return bool(components) and all(not any(own) for own in components.values())


def png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that a PNG says it has; None if it is none."""
    whole = len(data) >= 33 and data.startswith(PNG_MAGIC)
    return struct.unpack_from(">II", data, 16) if whole else None


def _filled_png(data: bytes) -> bytes | None:
    """Fill up the pixels of a PNG with zeros."""
    if len(data) < 33:
        return None
    width, height, bits, kind, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    sizes = [(width, height)]
    if interlaced:
        sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in _PASSES]
    bits *= _CHANNELS.get(kind, 1)
    length = sum((1 + (w * bits + 7) // 8) * h for w, h in sizes if w > 0 and h > 0)
    at, packed, before = 33, b"", b""
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        if name == b"IDAT":
            packed += data[at + 8 : at + 8 + size]
        elif not packed and at + 12 + size <= len(data):
            before += data[at : at + 12 + size]
        at += 12 + size
    pixels, unpacker = bytearray(), zlib.decompressobj()
    try:
        # In small parts: what is damaged costs no more than its own part.
        for start in range(0, len(packed), 256):
            pixels += unpacker.decompress(packed[start : start + 256], length - len(pixels) + 1)
            if len(pixels) >= length:
                break
    except zlib.error:
        pass
    if not pixels:
        return None
    filled = zlib.compress(bytes(pixels[:length]).ljust(length, b"\0"), 1)
    return data[:33] + before + png_chunk(b"IDAT", filled) + png_chunk(b"IEND", b"")


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Give a PNG's chunk with its length and checksum."""
    check = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + check
