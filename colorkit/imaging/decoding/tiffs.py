"""TIFF of more than 8 bits, floats, Lab and signed numbers, read by tifffile."""

import lzma
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from colorkit.imaging.decoding.decoders import check_size
from colorkit.imaging.decoding.deep_samples import Samples

_CHANNELS = 8  # of a pixel, above which it is no photograph
# By TIFF's numbers of compressions, those that tifffile unpacks whatever size comes out.
_UNPACKERS = dict.fromkeys((8, 32946, 50013), zlib.decompressobj) | {34925: lzma.LZMADecompressor}
_CIELAB, _ICCLAB = 8, 9  # photometric interpretations
_FLOAT_PREDICTOR = 3


def read_tiff(
    stream: BinaryIO, path: Path, max_pixels: int, least: int = 9
) -> Samples | None:  # fmt: skip
    """Read the first page of so many bits by tifffile; None where Pillow is the better reader."""
    import tifffile  # takes as long to import as a hundred small images to read

    try:
        page = tifffile.TiffFile(stream).pages[0]
        lab = page.photometric in (_CIELAB, _ICCLAB)
        wide = max(np.ravel(page.bitspersample)) >= least or page.photometric == _ICCLAB
        wide |= page.dtype == np.int8  # which Pillow reads without signs
        if not wide or page.imagedepth != 1 or page.samplesperpixel > _CHANNELS:
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
        differences = page.predictor == _FLOAT_PREDICTOR
        values = _from_differences(page, stream) if differences else page.asarray()
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


def _from_differences(page, stream: BinaryIO) -> np.ndarray:
    """Decode floats that are stored as differences of their bytes, as Photoshop does.

    By Adobe's technical note 3 to TIFF, which tifffile leaves to a package we do not require.
    """
    unpack = {1: bytes, **dict.fromkeys((8, 32946), zlib.decompress)}.get(page.compression)
    if unpack is None or page.planarconfig != 1:
        raise ValueError("imagecodecs")
    height, width, channels = page.imagelength, page.imagewidth, page.samplesperpixel
    rows, columns = page.chunks[:2]
    across = -(-width // columns)
    size = page.dtype.itemsize
    out = np.zeros((height, width, channels), f">f{size}")
    for index, (place, count) in enumerate(
        zip(page.dataoffsets, page.databytecounts, strict=True)
    ):  # fmt: skip
        stream.seek(place)
        line = columns * channels * size
        coded = np.frombuffer(unpack(stream.read(count)), np.uint8)
        coded = coded[: coded.size // line * line].reshape(-1, columns * size, channels)
        # Rows of all first bytes, then of all second ones, the most significant first.
        planes = np.cumsum(coded, axis=1, dtype=np.uint8).reshape(len(coded), size, -1)
        part = np.ascontiguousarray(planes.swapaxes(1, 2)).view(f">f{size}")
        part = part.reshape(len(coded), columns, channels)
        top, left = index // across * rows, index % across * columns
        target = out[top : top + rows, left : left + columns]
        target[...] = part[: target.shape[0], : target.shape[1]]
    return out.astype(page.dtype)


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
    if length > max_pixels * _CHANNELS * page.dtype.itemsize:
        raise ValueError("a tile is larger than the image")
    unpacker = _UNPACKERS.get(page.compression)
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        if unpacker is None:
            break
        stream.seek(offset)
        # Twice: some programs fill up the last strip.
        if len(unpacker().decompress(stream.read(count), 2 * length + 1)) > 2 * length:
            raise ValueError("a strip unpacks to more than its part of the image")
