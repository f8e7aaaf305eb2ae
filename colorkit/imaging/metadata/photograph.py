"""What a photograph's file says beside its pixels, and what of it a colorized copy keeps.

Everything is kept, in the bytes it was written in: EXIF with tags nobody knows, XMP, captions and
keywords of the IPTC, comments, PNG's texts, the resolution. Only what has become untrue of an
upright copy in sRGB changes: orientation, sizes, thumbnails, color space, how pixels were stored. A
file that carried a profile gets one of sRGB, its own if it gives sRGB's colors, whatever it is
called; one that carried none gets none, which means sRGB as well.
"""

import io
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from colorkit.imaging.decoding.decoders import JPEG_MAGIC, TIFF_MAGIC, load_reader, mute, quiet
from colorkit.imaging.decoding.deep_reading import read_samples
from colorkit.imaging.decoding.deep_samples import is_deep, unit
from colorkit.imaging.decoding.jpegs import lacks_end, png_lacks_end, with_end
from colorkit.imaging.decoding.netpbm import PAM_MAGIC
from colorkit.imaging.decoding.pages import Page, main_page, with_first
from colorkit.imaging.metadata.exif import ORIENTATION, PROFILE, corrected, open_block
from colorkit.imaging.metadata.extract import PNG_MAGIC, Embedded, Resolution, Text, embedded
from colorkit.imaging.metadata.insert import Kept
from colorkit.imaging.metadata.tiff_directories import Directories
from colorkit.imaging.metadata.xmp import corrected_xmp, xmp_orientation
from colorkit.imaging.profiles.conversion import fits, is_srgb, srgb_profile
from colorkit.imaging.profiles.declared import file_profile, hdr_codes

_SHALLOW = 1 << 14  # of 65536: white of files that may hold 10, 12 or 14 bits in 16
_DARK = 72  # of 255: no picture of so few levels is brighter
_ALPHA = ("RGBA", "LA", "PA", "La", "RGBa")
_CLEAR = "what was transparent became white"
_DEEP = "its more than 8 bits a channel became 8"
_BITS, _EXTRA, _PHOTOMETRIC = 258, 338, 262
_MODES = {0: "L", 1: "L", 2: "RGB", 5: "CMYK"}  # by TIFF's photometric interpretation


@dataclass(frozen=True)
class Metadata(Kept):
    """What is carried over, and what a person should be told.

    Attributes:
        notes: what of the file a colorized copy does not show.
    """

    notes: tuple[str, ...] = ()


def read_metadata(path: str | Path | BinaryIO, rgb: np.ndarray | None = None) -> Metadata:
    """Read what an image file, or a stream, says beside its pixels; damaged counts as none.

    Args:
        path: the file.
        rgb: the picture as it was read, or its colorization: uint8 (H, W, 3). If it is nearly black
            because the file uses few of its bits, a note says so.
    """
    try:
        with quiet, Path(path).open("rb") if isinstance(path, str | Path) else nullcontext(
            path
        ) as stream:  # fmt: skip
            return _read(stream, rgb)
    except Exception:  # what cannot be opened is `read_image`'s to report
        return Metadata()


def _read(stream: BinaryIO, rgb: np.ndarray | None) -> Metadata:
    stream.seek(0)
    head = stream.read(64)
    notes: list[str] = []
    found = embedded(stream)
    profile = None
    with suppress(Exception):
        load_reader(head, "")
        if head.startswith(TIFF_MAGIC):
            profile = _look_at_tiff(stream, notes)
        elif head.startswith(PAM_MAGIC):
            _look_at_pam(stream, notes)
        else:
            profile = _look_at(stream, found, notes)
    if found.gain_map:
        notes.append("its gain map, which brightens it on HDR displays, was left out")
    if found.packed:
        notes.append(f"its {' and '.join(found.packed)}, packed by Brotli, cannot be read here")
    with suppress(Exception):
        _look_at_end(stream, head, notes)
    if rgb is not None and rgb.max() < _DARK:
        with suppress(Exception):
            _look_at_depth(stream, notes)
    orientation = _orientation(found.exif) or xmp_orientation(found.xmp or b"")
    sideways = orientation > 4
    resolution = found.resolution
    if resolution is not None and sideways:
        resolution = resolution._replace(x=resolution.y, y=resolution.x)
    exif = corrected(found.exif, sideways) if found.exif else None
    if found.exif and exif is None and _has_more(found.exif):
        notes.append("its EXIF block is damaged and was left out")
    return Metadata(
        exif,
        None if profile is None else profile if is_srgb(profile) else srgb_profile(),
        corrected_xmp(found.xmp) if found.xmp else None,
        tuple(found.more_xmp),
        found.iptc,
        tuple(found.texts),
        resolution,
        tuple(notes),
    )


def _look_at(stream: BinaryIO, found: Embedded, notes: list[str]) -> bytes | None:
    """Ask Pillow: note what a copy does not show, and give the embedded profile."""
    stream.seek(0)
    with Image.open(stream) as image:
        # Of formats that `embedded` does not take apart.
        found.exif = found.exif or (image.info.get("exif") or b"").removeprefix(b"Exif\0\0") or None
        xmp = image.info.get("xmp")
        found.xmp = found.xmp or (xmp if isinstance(xmp, bytes) else None)
        comment = image.info.get("comment")
        if image.format == "GIF" and isinstance(comment, bytes):
            found.texts.append(Text(b"Comment", comment))
        dpi = image.info.get("dpi") if image.format in ("BMP", "DIB", "JPEG2000") else None
        if found.resolution is None and dpi:
            found.resolution = Resolution(float(dpi[0]), float(dpi[1]))
        frames = 1
        with suppress(Exception):
            frames = getattr(image, "n_frames", 1)
        if image.format == "MPO":  # a JPEG with previews, depth maps or other views behind it
            frames = _views(image)
            if frames > 1 and not found.gain_map:
                notes.append(f"the first of its {frames} pictures was colorized")
        elif frames > 1:
            which = (
                "main one of its {} pictures"
                if image.format == "HEIF"
                else "first of its {} frames"
            )
            notes.append(f"the {which.format(frames)} was colorized")
        if is_deep(image):
            notes.append(_DEEP)
        if _is_clear(image):
            notes.append(_CLEAR)
        if hdr_codes(stream):
            notes.append("it is HDR: what is brighter than diffuse white became white")
        embedded_profile = image.info.get("icc_profile")
        if embedded_profile is None and image.format in ("JPEG2000", "BMP", "GIF"):
            embedded_profile = file_profile(stream, image)
        mode = {"L": "L", "LA": "L", "1": "L", "CMYK": "CMYK"}.get(image.mode, "RGB")
        if image.mode.startswith(("I", "F")):
            mode = "L"
        _judge(embedded_profile, mode, notes)
        return embedded_profile or None


def _look_at_tiff(stream: BinaryIO, notes: list[str]) -> bytes | None:
    tiff, page = Directories(stream), main_page(stream)
    if page is None:
        return None
    entries = {e.tag: e for e in tiff.read(page.at)[0]}

    def numbers(tag: int) -> tuple[int, ...]:
        return entries[tag].numbers(tiff.order) if tag in entries else ()

    if page.pictures > 1:
        notes.append(f"the first of its {page.pictures} pages was colorized")
    if max(numbers(_BITS) or (1,)) > 8:
        notes.append(_DEEP)
    if (numbers(_EXTRA) or (0,))[0] in (1, 2) and _is_clear_tiff(stream, page):
        notes.append(_CLEAR)
    profile = entries[PROFILE].data if PROFILE in entries else None
    _judge(profile, _MODES.get((numbers(_PHOTOMETRIC) or (2,))[0], "RGB"), notes)
    return profile


def _look_at_pam(stream: BinaryIO, notes: list[str]) -> None:
    samples = read_samples(stream, Path("the file"), 10**9)
    if samples.color.dtype.itemsize > 1:
        notes.append(_DEEP)
    if samples.alpha is not None and unit(samples.alpha).min() < 1:
        notes.append(_CLEAR)


def _is_clear(image: Image.Image) -> bool:
    """Say whether any pixel is transparent; many programs write an alpha channel that is not."""
    if image.mode not in _ALPHA and "transparency" not in image.info:
        return False
    try:
        alpha = image if image.mode in _ALPHA else image.convert("RGBA")
        return alpha.getchannel("A" if "A" in alpha.mode else "a").getextrema()[0] < 255
    except Exception:  # it is cut off
        return True


def _is_clear_tiff(stream: BinaryIO, page: Page) -> bool:
    samples = read_samples(stream, Path("the file"), 10**9)
    if samples is not None:
        return samples.alpha is None or bool(unit(samples.alpha).min() < 1)
    with mute, Image.open(with_first(stream, page)) as image:
        return _is_clear(image)


def _judge(profile: bytes | None, mode: str, notes: list[str]) -> None:
    if profile and not fits(profile, mode):
        notes.append("its color profile is damaged or for other channels, and was ignored")


def _look_at_end(stream: BinaryIO, head: bytes, notes: list[str]) -> None:
    """Note what is missing of a JPEG or PNG; decoded again are only those whose end is missing."""
    stream.seek(0)
    if head.startswith(JPEG_MAGIC):
        stream.seek(-2, io.SEEK_END)
        if stream.read(2) == b"\xff\xd9":
            return
        stream.seek(0)
        data = stream.read()
        if not lacks_end(data):
            return
        whole = with_end(data) is not None
    else:
        if not head.startswith(PNG_MAGIC) or not png_lacks_end(stream):
            return
        whole = False
        with suppress(OSError, SyntaxError, ValueError), Image.open(stream) as image:
            image.load()
            whole = True
    notes.append(
        "its end marker is missing, its pixels are all there"
        if whole
        else "it is cut off: what is missing shows nothing"
    )


def _look_at_depth(stream: BinaryIO, notes: list[str]) -> None:
    """Explain a nearly black picture by bits that the file does not use."""
    samples = read_samples(stream, Path("the file"), 10**9)
    if samples is None or samples.color.dtype.kind != "u" or samples.color.dtype.itemsize != 2:
        return
    largest = int(samples.color.max(initial=0))
    if not samples.bits and 0 < largest < _SHALLOW:
        notes.append(
            f"its values end at {largest} of 65535, so it is nearly black; multiply them by "
            f"{65536 >> max(largest.bit_length(), 10)}, or for near infrared choose --model nir"
        )


def _views(image: Image.Image) -> int:
    """Count the pictures of an MPO file that are no previews."""
    kinds = [entry["Attribute"]["MPType"] for entry in image.mpinfo[0xB002]]
    return sum("Thumbnail" not in kind for kind in kinds)


def _orientation(block: bytes | None) -> int:
    """Give the orientation that an EXIF block notes, 0 if none."""
    with suppress(Exception):
        found = open_block(block or b"")
        for entry in found.read(found.first)[0]:
            if entry.tag == ORIENTATION:
                return entry.numbers(found.order)[0]
    return 0


def _has_more(block: bytes) -> bool:
    """Say whether an EXIF block says more than what a copy makes untrue, or nothing readable."""
    try:
        found = open_block(block)
        found.read(found.first)
    except Exception:
        return True
    return False
