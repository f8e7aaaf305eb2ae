"""What people hand over, a path, an image of Pillow or an array, brought to one known form."""

from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from colorkit.imaging.decoding.decoders import check_size
from colorkit.imaging.decoding.deep_reading import opened_samples
from colorkit.imaging.decoding.deep_samples import Samples, eight_bits, gray_samples
from colorkit.imaging.decoding.srgb import from_pillow, from_samples
from colorkit.imaging.images import MAX_PIXELS, read_image
from colorkit.imaging.infrared import DEPTHS, read_wide, wide_gray
from colorkit.imaging.profiles.conversion import is_srgb
from colorkit.imaging.profiles.declared import file_profile, info_profile
from colorkit.imaging.toning import is_gray
from colorkit.system.errors import ColorkitError, one_line

Photograph = str | Path | Image.Image | np.ndarray


def as_rgb(image: Photograph, max_pixels: int = MAX_PIXELS, truncated: bool = False) -> np.ndarray:
    """Bring a path, an image of Pillow or an array to uint8 (H, W, 3) sRGB.

    Raises:
        ColorkitError: it cannot be read or is too large.
        ValueError: an array of another shape, type or range.
    """
    if isinstance(image, str | Path):
        return read_image(image, max_pixels=max_pixels, truncated=truncated)
    if not isinstance(image, Image.Image):
        image = Image.fromarray(eight_bits(_checked(image)))
    check_size("the image", image.size, max_pixels)
    with _readable():
        return _decoded(image, max_pixels)


def near_infrared(
    image: Photograph, max_pixels: int = MAX_PIXELS, truncated: bool = False
) -> np.ndarray:
    """Bring a near-infrared picture to uint8 (H, W, 3), gray.

    One channel of more than 8 bits is scaled by the fewest bits that hold its largest value.

    Raises:
        ColorkitError: it has colors; else see `as_rgb`.
    """
    values = None
    if isinstance(image, str | Path) and Path(image).is_file():
        values = read_wide(Path(image), max_pixels)
    elif isinstance(image, Image.Image) and image.mode.startswith(("I", "F")):
        check_size("the image", image.size, max_pixels)
        with _readable():
            values = wide_gray(gray_samples(ImageOps.exif_transpose(image)))
    elif isinstance(image, Image.Image) and (deep := opened_samples(image, max_pixels)):
        values = wide_gray(deep.upright())
    elif isinstance(image, np.ndarray) and image.dtype == np.uint16:
        array = _checked(image)
        if array.shape[2:] != (4,):
            layers = np.atleast_3d(array)
            values = wide_gray(Samples(layers, "L" if layers.shape[2] == 1 else "RGB"))
    if values is not None:
        bits = next(bits for bits in DEPTHS if int(values.max(initial=0)) < 2**bits)
        return as_rgb(np.minimum(values / np.float32(2**bits - 1), 1), max_pixels)
    rgb = as_rgb(image, max_pixels, truncated)
    if not is_gray(rgb):
        raise ColorkitError(
            f"{_named(image)}: this is a color picture where near infrared should be; "
            "choose another model for it"
        )
    gray = np.rint(rgb.mean(axis=2, dtype=np.float32)).astype(np.uint8)
    return np.repeat(gray[..., None], 3, axis=2)


@contextmanager
def _readable():
    """Turn whatever a decoder of Pillow trips over into a sentence; see `read_image`."""
    try:
        yield
    except Exception as error:
        raise ColorkitError(
            f"the image cannot be read ({one_line(error)}); open it anew"
        ) from error


def _decoded(image: Image.Image, max_pixels: int) -> np.ndarray:
    """Decode an image of Pillow as `read_image` decodes its file, as far as that is still open."""
    stream = getattr(image, "fp", None)
    profile = info_profile(image) if stream is None else file_profile(stream, image)
    if profile and not is_srgb(profile) and (deep := opened_samples(image, max_pixels)):
        deep.profile = profile
        return from_samples(deep.upright())
    image.load()
    return from_pillow(image, profile)


def _checked(image) -> np.ndarray:
    """Check an array and bring it to (H, W) or (H, W, 3 or 4)."""
    array = np.asarray(image)
    kind, shape = array.dtype, array.shape
    if array.ndim == 3 and shape[2] == 1:
        array = array[..., 0]
    shaped = array.ndim == 2 or (array.ndim == 3 and shape[2] in (3, 4))
    typed = kind in (np.bool_, np.uint8, np.uint16) or kind.kind == "f"
    if not (shaped and typed and array.size):
        raise ValueError(
            "an image is (H, W), (H, W, 3) or (H, W, 4) of bool, uint8, uint16 or float in [0, 1], "
            f"received {kind} {shape}"
        )
    if kind.kind == "f" and not (array.min() >= 0 and array.max() <= 1):  # NaN is refused as well
        raise ValueError("an image of floats has values from 0 to 1; divide by its white")
    return array


def _named(image: Photograph) -> str:
    return str(image) if isinstance(image, str | Path) else "the image"
