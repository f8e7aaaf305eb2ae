"""One half of a pair: how large a file is, and near infrared of any depth in 8 bits.

A color photograph may be stretched or not, its file says what white is. A near-infrared file of 16
bits does not: cameras put 10, 12 or 14 bits into it. Dividing by 65535 gives black pictures, and
stretching each picture between its own darkest and brightest pixel changes the truth that networks
are measured against. So one full scale holds for a whole data set, and is said.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from colorkit.imaging.decoding.decoders import load_reader, quiet
from colorkit.imaging.decoding.deep_reading import read_samples
from colorkit.imaging.decoding.deep_samples import Samples, is_deep
from colorkit.imaging.decoding.pages import main_page
from colorkit.imaging.images import MAX_PIXELS, read_image
from colorkit.imaging.metadata.exif import ORIENTATION
from colorkit.imaging.metadata.tiff_directories import Directories
from colorkit.system.errors import ColorkitError, one_line

DEPTHS = (8, 10, 12, 14, 16)  # bits that cameras and converters fill of a 16-bit file
_COUNTED = 256  # what floats reach if they count more than 8 bits
COLORFUL = 8  # mean distance of the channels, of 255, from which a picture is no gray one


class Header(NamedTuple):
    """Size as shown, in pixels, and whether values of more than 8 bits are stored."""

    width: int
    height: int
    wide: bool


def read_header(path: Path) -> Header:
    """Size and depth of an image, from its header where that is enough.

    Raises:
        ColorkitError: it is no image that can be read.
    """
    try:
        with quiet, path.open("rb") as stream:
            load_reader(stream.read(64), path)
            stream.seek(0)
            if (page := main_page(stream, path)) is not None:
                return _tiff_header(stream, page.at)
            stream.seek(0)
            with Image.open(stream) as image:
                width, height = image.size
                # Pillow looks for the EXIF block of a PNG behind its pixels, which it decodes for
                # that.
                early = image.format != "PNG" or "exif" in image.info
                if early and image.getexif().get(ORIENTATION, 1) > 4:
                    width, height = height, width
                return Header(width, height, is_deep(image))
    except ColorkitError:
        raise
    except Exception:  # no image
        height, width = read_image(path).shape[:2]  # which words the fault
        return Header(width, height, False)


def _tiff_header(stream: BinaryIO, at: int) -> Header:
    tiff = Directories(stream)
    numbers = {entry.tag: entry.numbers(tiff.order) for entry in tiff.read(at)[0]}
    width, height = numbers[256][0], numbers[257][0]
    if (numbers.get(ORIENTATION) or (1,))[0] > 4:
        width, height = height, width
    return Header(width, height, max(numbers.get(258) or (1,)) > 8)


def read_wide(path: Path, max_pixels: int = MAX_PIXELS) -> np.ndarray | None:
    """Gray values of a file of more than 8 bits, (H, W) uint16, upright; None for other files.

    Gray is one channel, or three that are equal but for what scanners add; they are averaged. Whole
    numbers of other types, floats above 1 among them, count where they fit into 16 bits. None are
    files of which the white is known: with white as zero, a transparent part, or floats in [0, 1],
    or a little above.

    Raises:
        ColorkitError: it cannot be read.
    """
    try:
        with quiet, path.open("rb") as stream:
            load_reader(stream.read(64), path)
            samples = read_samples(stream, path, max_pixels)
        return None if samples is None else wide_gray(samples.upright())
    except ColorkitError:
        raise
    except Exception as error:
        read_image(path, max_pixels=max_pixels)  # words most faults better
        if read_header(path).wide:
            raise ColorkitError(
                f"{path}: its 16 bits cannot be read ({one_line(error)}); convert it to PNG"
            ) from error
        return None


def wide_gray(samples: Samples) -> np.ndarray | None:
    """Give gray values as `read_wide` does, of samples."""
    values = samples.color
    if samples.mode not in ("L", "RGB") or samples.alpha is not None or samples.inverted:
        return None
    values = np.nan_to_num(np.maximum(values, 0), nan=0.0, posinf=np.inf)
    if samples.bits:
        values = values.astype(np.uint32) * 65535 // (2**samples.bits - 1)  # its white is known
    largest = values.max(initial=0)
    if largest > 65535 or (values.dtype.kind == "f" and largest < _COUNTED and _broken(values)):
        return None
    if samples.mode == "RGB":
        spread = values.max(axis=2).astype(np.float32) - values.min(axis=2)
        if spread.mean() * 255 > COLORFUL * max(float(largest), 1):
            return None
        values = values.mean(axis=2, keepdims=True, dtype=np.float64)
    return np.rint(values[..., 0]).astype(np.uint16)


def _broken(values: np.ndarray) -> bool:
    """Say whether numbers are no counts, but intensities with 1, or a little more, as white."""
    return bool(values.max(initial=0) <= 1 or (values != np.rint(values)).any())


def read_nir(path: Path, full_scale: int | None = None) -> np.ndarray:
    """Read a near-infrared image: (H, W) uint8.

    Gray files of more than 8 bits, see `read_wide`, are divided by `full_scale` (65535 if None),
    rounded, and cut at white. Everything else is read as `colorkit.imaging.images.read_image` reads
    it; three channels, as some programs store gray, are averaged.

    Raises:
        ColorkitError: it cannot be read, or is a color picture.
    """
    values = read_wide(path)
    if values is not None:
        return np.rint(np.minimum(values / (full_scale or 65535), 1) * 255).astype(np.uint8)
    rgb = read_image(path)
    if (rgb.max(axis=2) - rgb.min(axis=2)).mean() > COLORFUL:
        raise ColorkitError(
            f"{path}: this is a color picture where near infrared should be; "
            "the halves may be exchanged, so rename them, or leave the pair out"
        )
    return np.rint(rgb.mean(axis=2, dtype=np.float32)).astype(np.uint8)


def wide_scale(
    wide: Sequence[Path], total: int, full_scale: int | None = None
) -> tuple[int | None, str]:
    """Choose the white of all near-infrared files of more than 8 bits, and say so.

    Without a given one it is 2ᵇ − 1 with the fewest bits b of `DEPTHS` that hold the largest value
    in *all* the files: exposures stay comparable, and no picture is stretched by itself.

    Args:
        wide: the files that may hold gray of more than 8 bits.
        total: how many near-infrared files there are.
        full_scale: the white, if known.

    Returns:
        The white (None without such files) and a sentence.

    Raises:
        ValueError: `full_scale` is not positive.
    """
    if full_scale is not None and full_scale < 1:
        raise ValueError(f"full_scale must be positive, received {full_scale}")
    low, high, count = 65535, 0, 0
    for path in wide:
        try:
            values = read_wide(path)
        except ColorkitError:
            continue  # named when its pixels are needed
        if values is not None:
            low, high, count = min(low, int(values.min())), max(high, int(values.max())), count + 1
    if not count:
        return None, "near infrared: 8 bits, 0–255 become 0–1"
    origin = "as given"
    if full_scale is None:
        bits = next(bits for bits in DEPTHS if high < 2**bits)
        full_scale, origin = 2**bits - 1, f"{bits} bits, the fewest that hold them"
    return full_scale, (
        f"near infrared: {count} of {total} files hold more than 8 bits, with values "
        f"{min(low, high)}–{high}; all were divided by {full_scale} ({origin})"
    )
