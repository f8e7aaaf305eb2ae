"""One half of a pair: how large a file is, and near infrared of any depth in 8 bits.

A color photograph may be stretched or not, its file says what white is. A near-infrared file of 16
bits does not: cameras put 10, 12 or 14 bits into it. Dividing by 65535 gives black pictures, and
stretching each picture between its own darkest and brightest pixel changes the truth that networks
are measured against. So one full scale holds for a whole data set, and is said.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageOps

from colorkit.imaging.decoders import check_size, quiet
from colorkit.imaging.images import MAX_PIXELS, read_image
from colorkit.system.errors import ColorkitError, one_line

DEPTHS = (8, 10, 12, 14, 16)  # bits that cameras and converters fill of a 16-bit file
COLORFUL = 8  # mean distance of the channels, of 255, from which a picture is no gray one


class Header(NamedTuple):
    """Size as shown, in pixels, and whether gray values of more than 8 bits are stored."""

    width: int
    height: int
    wide: bool


def read_header(path: Path) -> Header:
    """Size and depth of an image, from its header where that is enough.

    Raises:
        ColorkitError: it is no image that can be read.
    """
    try:
        with quiet, Image.open(path) as image:
            width, height = image.size
            if image.format == "TIFF":  # Pillow's versions differ on which way up this size is
                width, height = image.tag_v2[256], image.tag_v2[257]
            # Pillow looks for the EXIF block of a PNG behind its pixels, which it decodes for that.
            early = image.format != "PNG" or "exif" in image.info
            if early and image.getexif().get(ExifTags.Base.Orientation, 1) > 4:
                width, height = height, width
            return Header(width, height, _is_wide(image))
    except Exception:  # 16-bit color TIFF, which Pillow does not know; or no image
        height, width = read_image(path).shape[:2]  # which words the fault
        return Header(width, height, False)


def _is_wide(image: Image.Image) -> bool:
    inverted = getattr(image, "tag_v2", {}).get(262) == 0  # TIFF with white as zero
    return image.mode.startswith("I;16") and not inverted


def read_wide(path: Path, max_pixels: int = MAX_PIXELS) -> np.ndarray | None:
    """Gray values of a file of more than 8 bits, (H, W) uint16, upright; None for other files.

    Raises:
        ColorkitError: it cannot be read.
    """
    try:
        # A stream: given a name, Pillow maps the file, and scrambles a TIFF that lies on its side.
        with quiet, path.open("rb") as stream, Image.open(stream) as image:
            if not _is_wide(image):
                return None
            check_size(path, image.size, max_pixels)
            return np.asarray(ImageOps.exif_transpose(image)).astype(np.uint16)
    except ColorkitError:
        raise
    except Exception as error:
        read_image(path, max_pixels=max_pixels)  # words most faults better
        if read_header(path).wide:
            raise ColorkitError(
                f"{path}: its 16 bits cannot be read ({one_line(error)}); convert it to PNG"
            ) from error
        return None


def read_nir(path: Path, full_scale: int | None = None) -> np.ndarray:
    """Read a near-infrared image: (H, W) uint8.

    Gray files of more than 8 bits are divided by `full_scale` (65535 if None), rounded, and cut at
    white. Everything else is read as `colorkit.imaging.images.read_image` reads it; three channels,
    as some programs store gray, are averaged.

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
        wide: the files of more than 8 bits.
        total: how many near-infrared files there are.
        full_scale: the white, if known.

    Returns:
        The white (None without such files) and a sentence.

    Raises:
        ValueError: `full_scale` is not positive.
    """
    if full_scale is not None and full_scale < 1:
        raise ValueError(f"full_scale must be positive, received {full_scale}")
    low, high = 65535, 0
    for path in wide:
        try:
            values = read_wide(path)
        except ColorkitError:
            continue  # named when its pixels are needed
        low, high = min(low, int(values.min())), max(high, int(values.max()))
    if not wide:
        return None, "near infrared: 8 bits, 0–255 become 0–1"
    origin = "as given"
    if full_scale is None:
        bits = next(bits for bits in DEPTHS if high < 2**bits)
        full_scale, origin = 2**bits - 1, f"{bits} bits, the fewest that hold them"
    return full_scale, (
        f"near infrared: {len(wide)} of {total} files hold more than 8 bits, with values "
        f"{min(low, high)}–{high}; all were divided by {full_scale} ({origin})"
    )
