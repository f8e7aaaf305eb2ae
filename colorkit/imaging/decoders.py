"""What `images` needs beyond Pillow: plain JPEG, wide TIFF files, a size limit, and silence.

Apart from `images` because none of it is about what an image should look like: these are the
corners of the two decoders the reader stands on.
"""

import io
import logging
import lzma
import os
import warnings
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from colorkit.system.errors import ColorkitError
from colorkit.system.process_settings import Shared

JPEG_MAGIC = b"\xff\xd8\xff"
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_LONGEST = 1 << 28  # bytes of a JPEG that are read at once
_SCAN = b"\xff\xda"  # begins the pixels; what is said of them stands before it
_MORE = (b"Exif", b"ICC_PROFILE", b"Orientation")  # the last one of XMP
_SAMPLES = 8  # channels of a pixel, above which it is no photograph
# By TIFF's numbers of compressions, those that tifffile unpacks whatever size comes out.
_UNPACKERS = dict.fromkeys((8, 32946, 50013), zlib.decompressobj) | {34925: lzma.LZMADecompressor}


def check_size(path: Path | str, size: tuple[int, int], max_pixels: int) -> None:
    """Refuse an image that is larger than asked for, before it is decoded."""
    width, height = size
    if width < 1 or height < 1:
        raise ColorkitError(f"{path}: the image has no pixels ({width}×{height}); leave it out.")
    if width * height > max_pixels:
        raise ColorkitError(
            f"{path}: {width}×{height} pixels are more than the {max_pixels:,} allowed; "
            "give a larger max_pixels (--max-pixels) if the file is meant to be that large."
        )


def read_plain_jpeg(
    stream: io.BufferedReader, path: Path, max_pixels: int, min_side: int | None
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


def read_wide_tiff(stream: io.BufferedReader, path: Path, max_pixels: int) -> Image.Image | None:
    """Read a TIFF of more than 8 bits a sample, which Pillow reads only in part.

    Returns:
        The image in 8 bits, with the profile and orientation in its info, or None where Pillow is
        the better reader: 8 bits and fewer, unusual color spaces, compressions of libtiff.
    """
    import tifffile  # takes as long to import as a hundred small images to read

    try:
        page = tifffile.TiffFile(stream).pages[0]
        if max(np.ravel(page.bitspersample)) <= 8 or page.imagedepth != 1:
            return None
        if page.samplesperpixel > _SAMPLES:
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
    channels = len(mode)
    color = eight_bits(values[..., :channels])
    if photometric == kinds.MINISWHITE:
        color = 255 - color
    has_alpha = mode != "CMYK" and extras[:1] in ([1], [2]) and values.shape[2] > channels
    if has_alpha:
        alpha = eight_bits(values[..., channels : channels + 1])
        color = np.concatenate([color, alpha], axis=2)
        mode += "a" if extras[0] == 1 else "A"  # 1: color already multiplied by alpha
    height, width = color.shape[:2]
    image = Image.frombytes(mode, (width, height), np.ascontiguousarray(color).tobytes())
    for tag, key in ((34675, "icc_profile"), (274, "orientation")):
        if tag in page.tags:
            image.info[key] = page.tags[tag].value
    return image


def _check_segments(page, stream: io.BufferedReader, max_pixels: int) -> None:
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


def eight_bits(values: np.ndarray) -> np.ndarray:
    """Bring numbers of any type to uint8, by the rules of `colorkit.imaging.images.read_image`."""
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind == "u":
        # The upper byte, as Pillow takes it for 16-bit color PNG: one file, one reading.
        return (values >> (8 * values.dtype.itemsize - 8)).astype(np.uint8)
    if values.dtype.kind == "i":
        return (np.maximum(values, 0) >> (8 * values.dtype.itemsize - 9)).astype(np.uint8)
    values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=np.inf, neginf=0.0)
    finite = values[np.isfinite(values)]
    largest = max(float(finite.max(initial=0.0)), 1.0)
    return np.rint(np.clip(values / largest, 0.0, 1.0) * 255).astype(np.uint8)


@contextmanager
def _settings():
    """Silence Python's part of the decoders."""
    limit = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = None  # max_pixels decides, and can be raised
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


@contextmanager
def _no_errors():
    """Send what is written to standard error, by C too, nowhere."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


quiet = Shared(_settings)
mute = Shared(_no_errors)  # for libtiff, which prints what it finds damaged
# A filter, for setting a level empties every logger's memory: a tenth of reading a small image.
logging.getLogger("tifffile").addFilter(lambda record: not quiet.inside)
logging.getLogger("PIL").addHandler(logging.NullHandler())  # or errors go to standard error
