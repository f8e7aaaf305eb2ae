"""Reading pixels in the depth of their file.

Pillow gives color of 16 bits in 8; so TIFF is read by tifffile, and where that lacks a compression,
and for PNG, Pillow decodes twice: once for the upper bytes and once for the lower ones.
"""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from colorkit.imaging.decoding.decoders import TIFF_MAGIC, check_size, mute
from colorkit.imaging.decoding.deep_samples import Samples, gray_samples, raw_mode
from colorkit.imaging.decoding.netpbm import PAM_MAGIC, read_netpbm
from colorkit.imaging.decoding.pages import main_page, with_first
from colorkit.imaging.decoding.tiffs import read_tiff
from colorkit.system.errors import ColorkitError

_PACKED = {"I;12": 12}  # bits of Pillow's raw modes that it does not scale up


def read_samples(stream: BinaryIO, path: Path, max_pixels: int) -> Samples | None:
    """Read gray, color, CMYK or Lab of more than 8 bits, of TIFF the main picture; PAM of any bits.

    Returns:
        None for other files of 8 bits and fewer, and for all that Pillow alone can read.

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
        found = read_tiff(stream, path, max_pixels)
        try:
            stream.seek(0)
            with mute:
                return found or _twice(stream, path, max_pixels)
        except UnidentifiedImageError:  # big-endian BigTIFF, unusual channels
            stream.seek(0)
            if (found := read_tiff(stream, path, max_pixels, least=8)) is None:
                raise
            return found
    if head[:2] in (b"P6", PAM_MAGIC):
        return read_netpbm(stream, path, max_pixels)
    return _twice(stream, path, max_pixels)


def opened_samples(image: Image.Image, max_pixels: int) -> Samples | None:
    """Read color of 16 bits from the file of an image that Pillow opened; it decodes 8.

    Returns:
        None where it is no such image, was decoded already, or is another picture of its file than
        the main one.
    """
    stream = getattr(image, "fp", None)
    if stream is None or ";16" not in raw_mode(image):
        return None
    place, found = stream.tell(), None
    try:
        found = read_samples(stream, Path("the image"), max_pixels)
    except ColorkitError:
        raise
    except Exception:
        return None  # let Pillow try, and word the fault
    finally:
        stream.seek(place)
    same = found is not None and found.color.shape[1::-1] == image.size
    return found if same and getattr(image, "tell", int)() == 0 else None


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
