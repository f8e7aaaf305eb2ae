"""In what color space a file says that its pixels are.

The rule, for all formats: PNG's cICP comes first, as its third edition has it; then an embedded
profile, where it fits the pixels; then the codes of AVIF and HEIF, PNG's sRGB, its gAMA with cHRM,
and the Adobe RGB that cameras name in EXIF alone. Whatever says nothing is sRGB, gray as well; CMYK
is then taken as inks that only darken.
"""

import struct
from contextlib import suppress
from typing import BinaryIO

from PIL import Image

from colorkit.imaging.metadata.boxes import boxes
from colorkit.imaging.metadata.exif import open_block
from colorkit.imaging.metadata.extract import png_chunks
from colorkit.imaging.metadata.tiff_directories import EXIF, INTEROPERABILITY
from colorkit.imaging.profiles.making import adobe_rgb_profile, from_codes, from_png, is_hdr

_HEAD = 1 << 16  # bytes in which AVIF and HEIF describe their pictures
_EARLY = frozenset({b"cICP"})


def file_profile(stream: BinaryIO, image: Image.Image) -> bytes | None:
    """Give the profile of an image that Pillow opened, or one that stands for what its file says.

    Returns:
        None for sRGB.
    """
    place, profile = stream.tell(), None
    try:
        with suppress(ValueError, struct.error, IndexError):
            profile = _said(stream, image)
    finally:
        stream.seek(place)
    return profile


def info_profile(image: Image.Image) -> bytes | None:
    """Give the same of an image that Pillow opened, as far as Pillow tells."""
    return image.info.get("icc_profile") or from_png(image.info) or _adobe_rgb(image)


def hdr_codes(stream: BinaryIO) -> bool:
    """Say whether a PNG, AVIF or HEIF holds HDR."""
    with suppress(ValueError, struct.error, IndexError):
        stream.seek(0)
        png = stream.read(8) == b"\x89PNG\r\n\x1a\n"
        codes = _png_codes(stream) if png else _heif_codes(stream)
        return codes is not None and is_hdr(codes[1])
    return False


def _said(stream: BinaryIO, image: Image.Image) -> bytes | None:
    embedded = image.info.get("icc_profile")
    if image.format == "PNG":
        codes = _png_codes(stream)
        if codes is not None:
            return from_codes(*codes)
    elif image.format in ("AVIF", "HEIF") and not embedded:
        codes = _heif_codes(stream)
        return None if codes is None else from_codes(*codes)
    elif image.format == "JPEG2000":
        return embedded or _of_jp2(stream)
    elif image.format == "BMP":
        return embedded or _of_bmp(stream)
    elif image.format == "GIF":
        return embedded or _of_gif(stream)
    return info_profile(image)


def _png_codes(stream: BinaryIO) -> tuple[int, int, bool] | None:
    for _, data in png_chunks(stream, _EARLY):
        return data[0], data[1], data[3] == 0
    return None


def _heif_codes(stream: BinaryIO) -> tuple[int, int] | None:
    stream.seek(0)
    head = stream.read(_HEAD)
    at = head.find(b"colrnclx")
    return struct.unpack_from(">HH", head, at + 8) if at >= 0 else None


def _of_jp2(stream: BinaryIO) -> bytes | None:
    for outer, start, stop in boxes(stream):
        for kind, inside, end in boxes(stream, start, stop) if outer == b"jp2h" else ():
            stream.seek(inside)
            content = stream.read(end - inside) if kind == b"colr" else b""
            if content[:1] in (b"\2", b"\3"):
                return content[3:]
    return None


def _of_bmp(stream: BinaryIO) -> bytes | None:
    """The profile of a BMP whose header is of version 5."""
    stream.seek(0)
    head = stream.read(14 + 124)
    if len(head) < 138 or struct.unpack_from("<I", head, 14)[0] < 124 or head[70:74] != b"DEBM":
        return None
    start, length = struct.unpack_from("<II", head, 14 + 112)
    stream.seek(14 + start)
    return stream.read(length)


def _of_gif(stream: BinaryIO) -> bytes | None:
    stream.seek(0)
    data = stream.read(1 << 20)
    at, profile = data.find(b"\x21\xff\x0bICCRGBG1012") + 14, b""
    while at > 13 and (length := data[at]):
        profile += data[at + 1 : at + 1 + length]
        at += 1 + length
    return profile or None


def _adobe_rgb(image: Image.Image) -> bytes | None:
    """Adobe RGB where a camera's EXIF block says so, by the rules of its files (DCF 2.0)."""
    block = image.info.get("exif", b"")
    if b"R03\0" not in block:
        return None
    found = open_block(block)
    details = found.child(found.read(found.first)[0], EXIF)
    names = found.child(details, INTEROPERABILITY)
    return adobe_rgb_profile() if any(e.tag == 1 and e.data == b"R03\0" for e in names) else None
