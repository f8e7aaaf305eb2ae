"""Pixels of more than 8 bits, as a file stores them.

Pillow gives color of 16 bits in 8; so TIFF is read by tifffile, and where that lacks a compression,
and for PNG, Pillow decodes twice: once for the upper bytes and once for the lower ones.
"""

import lzma
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from colorkit.imaging.decoding.decoders import TIFF_MAGIC, check_size, mute
from colorkit.imaging.decoding.pages import main_page, with_first
from colorkit.imaging.metadata.extract import PNG_MAGIC

_SAMPLES = 8  # channels of a pixel, above which it is no photograph
# By TIFF's numbers of compressions, those that tifffile unpacks whatever size comes out.
_UNPACKERS = dict.fromkeys((8, 32946, 50013), zlib.decompressobj) | {34925: lzma.LZMADecompressor}
_CIELAB, _ICCLAB = 8, 9  # photometric interpretations
_PACKED = {"I;12": 12}  # bits of Pillow's raw modes that it does not scale up


@dataclass
class Samples:
    """Pixels as a file stores them.

    Attributes:
        color: (H, W, channels) of the file's type, white the largest, of LAB float in [0, 1].
        mode: L, RGB, CMYK or LAB.
        alpha: (H, W) of the same type, or None.
        multiplied: whether color already is multiplied by alpha.
        bits: of an integer type, those that are used.
        profile: of the file, or None.
        orientation: as EXIF counts, yet to be applied.
        inverted: whether the file has white as zero, which `color` no longer has.
    """

    color: np.ndarray
    mode: str
    alpha: np.ndarray | None = None
    multiplied: bool = False
    bits: int = 0
    profile: bytes | None = None
    orientation: int = 1
    inverted: bool = False

    def eight(self) -> np.ndarray:
        """Bring the colors to 8 bits, by the rules of `colorkit.imaging.images.read_image`."""
        return eight_bits(self.color, self.bits)

    def unit(self) -> np.ndarray:
        """Bring the colors to float32 in [0, 1]."""
        return unit(self.color, self.bits)

    def upright(self) -> "Samples":
        """Apply the orientation."""
        if self.orientation not in range(2, 9):
            return self
        sideways, mirrored, turned = _TURNS[self.orientation]

        def turn(values: np.ndarray) -> np.ndarray:
            values = values.swapaxes(0, 1) if sideways else values
            return values[:: -1 if turned else 1, :: -1 if mirrored else 1]

        alpha = None if self.alpha is None else turn(self.alpha)
        rest = (alpha, self.multiplied, self.bits, self.profile, 1, self.inverted)
        return Samples(turn(self.color), self.mode, *rest)


# By orientation: whether rows become columns, whether columns and rows are then reversed.
_TURNS = {
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}


def read_samples(stream: BinaryIO, path: Path, max_pixels: int) -> Samples | None:
    """Read gray, color, CMYK or Lab of more than 8 bits; of TIFF the main picture.

    Returns:
        None for 8 bits and fewer, and for all that Pillow alone can read.

    Raises:
        ColorkitError: the image is too large, or a raw file.
        Exception: whatever the decoders trip over.
    """
    stream.seek(0)
    head = stream.read(8)
    stream.seek(0)
    if head.startswith(TIFF_MAGIC):
        page = main_page(stream, path)
        stream = stream if page is None else with_first(stream, page)
        stream.seek(0)
        found = _read_tiff(stream, path, max_pixels)
        try:
            stream.seek(0)
            with mute:
                return found or _twice(stream, path, max_pixels)
        except UnidentifiedImageError:  # big-endian BigTIFF, unusual channels
            stream.seek(0)
            if (found := _read_tiff(stream, path, max_pixels, least=8)) is None:
                raise
            return found
    if head == PNG_MAGIC:
        return _twice(stream, path, max_pixels)
    if head[:2] == b"P6":
        return _read_ppm(stream, path, max_pixels)
    return _twice(stream, path, max_pixels)


def gray_samples(image: Image.Image) -> Samples:
    """Take samples from an image of Pillow's modes I;16, I and F."""
    values, clear = np.asarray(image), image.info.get("transparency")
    if image.mode == "I":
        # Pillow's 32-bit mode: here always 16-bit numbers, of a PNM file.
        values = np.clip(values, 0, 65535).astype(np.uint16)
    alpha = None
    if isinstance(clear, int):
        full = 1 if values.dtype.kind == "f" else np.iinfo(values.dtype).max
        alpha = np.where(values == clear, 0, full).astype(values.dtype)
    return Samples(values[..., None], "L", alpha, profile=image.info.get("icc_profile"))


def eight_bits(values: np.ndarray, bits: int = 0) -> np.ndarray:
    """Bring numbers of any type to uint8, by the rules of `colorkit.imaging.images.read_image`.

    Args:
        values: of any shape.
        bits: of an unsigned type, those that are used; 0 for all.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind == "u":
        # The upper byte, as Pillow takes it for 16-bit color PNG: one file, one reading.
        return (values >> ((bits or 8 * values.dtype.itemsize) - 8)).astype(np.uint8)
    if values.dtype.kind == "i":
        return (np.maximum(values, 0) >> (8 * values.dtype.itemsize - 9)).astype(np.uint8)
    return np.rint(unit(values) * 255).astype(np.uint8)


def unit(values: np.ndarray, bits: int = 0) -> np.ndarray:
    """Bring numbers of any type to float32 in [0, 1], by the same rules."""
    if values.dtype.kind in "ui":
        white = 2**bits - 1 if bits else np.iinfo(values.dtype).max
        return np.clip(values / np.float32(white), 0, 1).astype(np.float32)
    values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=np.inf, neginf=0.0)
    finite = values[np.isfinite(values)]
    return np.clip(values / max(float(finite.max(initial=0.0)), 1.0), 0.0, 1.0)


def _read_tiff(
    stream: BinaryIO, path: Path, max_pixels: int, least: int = 9
) -> Samples | None:  # fmt: skip
    """Read the first page of so many bits by tifffile; None where Pillow is the better reader."""
    import tifffile  # takes as long to import as a hundred small images to read

    try:
        page = tifffile.TiffFile(stream).pages[0]
        lab = page.photometric in (_CIELAB, _ICCLAB)
        wide = max(np.ravel(page.bitspersample)) >= least or page.photometric == _ICCLAB
        if not wide or page.imagedepth != 1 or page.samplesperpixel > _SAMPLES:
            return None
        photometric, extras = page.photometric, [int(extra) for extra in page.extrasamples]
    except Exception:
        return None  # let Pillow try, and word the fault
    kinds = tifffile.PHOTOMETRIC
    modes = {
        kinds.MINISBLACK: "L",
        kinds.MINISWHITE: "L",
        kinds.RGB: "RGB",
        kinds.SEPARATED: "CMYK",
        kinds.CIELAB: "LAB",
        kinds.ICCLAB: "LAB",
    }
    if photometric not in modes:
        return None
    mode = modes[photometric]
    check_size(path, (page.imagewidth, page.imagelength), max_pixels)
    _check_segments(page, stream, max_pixels)
    try:
        values = page.asarray()
    except ValueError as error:  # a compression tifffile leaves to a package we do not require
        if "imagecodecs" in str(error):
            return None
        raise
    if values.ndim == 2:
        values = values[..., None]
    elif page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
        values = np.moveaxis(values, 0, -1)
    color = values[..., : {"L": 1, "CMYK": 4}.get(mode, 3)]
    if lab:
        color = _lab(color, photometric)
    found = Samples(color, mode)
    if photometric == kinds.MINISWHITE:
        found.color, found.inverted = _inverted(color), True
    if mode in ("L", "RGB") and extras[:1] in ([1], [2]) and values.shape[2] > color.shape[2]:
        found.alpha, found.multiplied = values[..., color.shape[2]], extras[0] == 1
    if 34675 in page.tags:
        found.profile = bytes(page.tags[34675].value)
    if 274 in page.tags:
        found.orientation = int(page.tags[274].value)
    return found


def _inverted(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "f":
        return 1 - values if np.nanmax(values, initial=0) <= 1 else np.nanmax(values) - values
    return np.iinfo(values.dtype).max - np.maximum(values, 0)


def _lab(values: np.ndarray, photometric: int) -> np.ndarray:
    """Bring TIFF's ways to store L*, a* and b* to the codes of `lab_profile`, of 8 bits as 1.

    CIELAB has a* and b* as signed numbers, ICCLAB with half the range added; TIFF 6.0 and
    supplement 1 of Photoshop's.
    """
    steps = 1 << (8 * values.dtype.itemsize - 8)  # of a* and b* to a unit
    numbers = values.astype(np.float32)
    if photometric == _CIELAB:
        full = np.float32(np.iinfo(values.dtype).max)
        shifted = values[..., 1:].astype(f"i{values.dtype.itemsize}").astype(np.float32)
        numbers = np.concatenate([numbers[..., :1] / full * 255, shifted / steps + 128], axis=-1)
    else:
        numbers = numbers / steps
    return np.clip(numbers / 255, 0, 1)


def _check_segments(page, stream: BinaryIO, max_pixels: int) -> None:
    """Refuse strips or tiles that unpack to much more than their part of the image.

    Raises:
        ValueError: they do; a few kilobytes can unpack to gigabytes.
    """
    length = int(np.prod(page.chunks)) * page.dtype.itemsize
    if length > max_pixels * _SAMPLES * page.dtype.itemsize:
        raise ValueError("a tile is larger than the image")
    unpacker = _UNPACKERS.get(page.compression)
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        if unpacker is None:
            break
        stream.seek(offset)
        # Twice: some programs fill up the last strip.
        if len(unpacker().decompress(stream.read(count), 2 * length + 1)) > 2 * length:
            raise ValueError("a strip unpacks to more than its part of the image")


def _twice(stream: BinaryIO, path: Path, max_pixels: int) -> Samples | None:
    """Read by Pillow: gray as it is, color of 16 bits by its upper and its lower bytes."""
    image = Image.open(stream)
    raw = raw_mode(image)
    check_size(path, image.size, max_pixels)
    if image.mode == "F" or image.mode.startswith("I"):
        image.load()
        found = gray_samples(ImageOps.exif_transpose(image))
        found.bits = _PACKED.get(raw, 0)
        return found
    if ";16" not in raw or raw.split(";")[0] not in ("LA", "RGB", "RGBA", "CMYK"):
        return None
    profile, clear = image.info.get("icc_profile"), image.info.get("transparency")
    orientation = image.getexif().get(274, 1) if image.format == "PNG" else 1
    if raw.startswith("LA"):
        both = _decoded(stream, "RGBA").view(">u2")
        return Samples(both[..., :1], "L", both[..., 1], profile=profile, orientation=orientation)
    little = raw.endswith(("L", "N"))  # 16N: little-endian as well wherever we run
    pair = [_decoded(stream, raw[:-1] + order) for order in ("LB" if little else "BL")]
    values = pair[0].astype(np.uint16) << 8 | pair[1]
    mode = "RGB" if image.mode == "RGBA" else image.mode
    color = values[..., : 4 if mode == "CMYK" else 3]
    found = Samples(color, mode, profile=profile, orientation=orientation)
    if image.mode == "RGBA":
        found.alpha = values[..., 3]
    elif isinstance(clear, tuple):
        opaque = (color != np.array(clear, np.uint16)).any(axis=2)
        found.alpha = opaque.astype(np.uint16) * 65535
    return found


def _decoded(stream: BinaryIO, raw: str) -> np.ndarray:
    """Decode by Pillow, the samples unpacked by another of its raw modes."""
    stream.seek(0)
    image = Image.open(stream)
    first = image.tile[0]
    args = raw if isinstance(first.args, str) else (raw, *first.args[1:])
    image.tile = [tile._replace(args=args) for tile in image.tile]
    image.info.pop("transparency", None)
    image.load()
    return np.array(image)


def raw_mode(image: Image.Image) -> str:
    """Say how Pillow is going to unpack an image's samples: "RGB;16B" and the like."""
    if not image.tile:
        return ""
    args = image.tile[0].args
    return str(args[0] if isinstance(args, tuple) and args else args or "")


def is_deep(image: Image.Image) -> bool:
    """Say whether an image that Pillow opened has more than 8 bits a sample in its file."""
    if image.mode.startswith(("I", "F")) or ";16" in raw_mode(image):
        return True
    args = image.tile[0].args if image.format == "PPM" and image.tile else ""
    return isinstance(args, tuple) and isinstance(args[-1], int) and args[-1] > 255


def _read_ppm(stream: BinaryIO, path: Path, max_pixels: int) -> Samples | None:
    """Read color of 16 bits that is not packed in words: Netpbm's P6."""
    head, at = stream.read(1 << 12), 2
    numbers: list[int] = []
    while len(numbers) < 3:
        while head[at : at + 1].isspace():
            at += 1
        if head[at : at + 1] == b"#":
            at = head.index(b"\n", at)
            continue
        end = at
        while head[end : end + 1].isdigit():
            end += 1
        numbers.append(int(head[at:end]))
        at = end
    width, height, white = numbers
    if white <= 255:
        return None
    check_size(path, (width, height), max_pixels)
    stream.seek(at + 1)
    values = np.frombuffer(stream.read(6 * width * height), ">u2").reshape(height, width, 3)
    if white != 65535:
        values = np.rint(np.minimum(values / np.float64(white), 1) * 65535)
    return Samples(values.astype(np.uint16), "RGB")
