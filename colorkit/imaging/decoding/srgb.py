"""Decoded pixels of any mode, depth and color space, turned into uint8 (H, W, 3) sRGB.

The rules are those of `colorkit.imaging.images.read_image`: upright, over white, from the space
that the file says, and only then 8 bits.
"""

from contextlib import suppress

import numpy as np
from PIL import ExifTags, Image, ImageOps

from colorkit.imaging.decoding.deep_samples import Samples, eight_bits, gray_samples, unit
from colorkit.imaging.profiles.conversion import convert, convert_deep, fits, is_srgb, lab_profile


def from_pillow(image: Image.Image, profile: bytes | None) -> np.ndarray:
    """Turn a Pillow image of any mode into uint8 (H, W, 3) sRGB, by the rules of `read_image`.

    Args:
        image: the image, loaded or not.
        profile: an ICC profile of its colors, or None for sRGB.
    """
    image = _upright(image)
    if image.mode == "F" or image.mode.startswith("I"):
        samples = gray_samples(image)
        samples.profile = profile
        return from_samples(samples)
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    if "transparency" in image.info:
        levels = image.info["transparency"]
        if isinstance(levels, tuple) and max(levels) > 255:  # of a PNG read from 16 bits
            image.info["transparency"] = tuple(level >> 8 for level in levels)
        image = image.convert("LA" if image.mode == "L" else "RGBA")
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA", "PA") else None
    if image.mode in ("1", "L", "LA"):
        color = image.convert("L")
    else:
        color = image if image.mode == "CMYK" else _rgb(image)
    return _over_white(_through_profile(color, profile), alpha)


def from_samples(samples: Samples) -> np.ndarray:
    """Bring upright samples to uint8 (H, W, 3) sRGB, by the rules of `read_image`."""
    profile, mode = samples.profile, samples.mode
    alpha = None if samples.alpha is None else unit(samples.alpha)
    if mode == "LAB":
        color = Image.fromarray(convert_deep(samples.unit(), mode, lab_profile()))
    elif profile and fits(profile, mode) and not is_srgb(profile):
        values = samples.unit()
        if samples.multiplied:
            values = values / np.maximum(alpha, 1e-6)[..., None]
        color = Image.fromarray(convert_deep(np.clip(values, 0, 1), mode, profile))
    else:
        color = _image(samples.eight(), mode, alpha if samples.multiplied else None)
    if alpha is not None:
        alpha = Image.fromarray(eight_bits(samples.alpha))
    return _over_white(color, alpha)


def _image(values: np.ndarray, mode: str, multiplied: np.ndarray | None) -> Image.Image:
    """Make an image of RGB of 8 bits in `mode`; divide by alpha where it was multiplied by that."""
    if multiplied is not None:
        bands = [*np.moveaxis(values, 2, 0), eight_bits(multiplied)]
        whole = np.ascontiguousarray(np.stack(bands, axis=2))
        return _rgb(
            Image.frombytes(f"{mode}a", values.shape[1::-1], whole.tobytes()).convert(f"{mode}A")
        )
    return _rgb(Image.frombytes(mode, values.shape[1::-1], np.ascontiguousarray(values).tobytes()))


def _over_white(color: Image.Image, alpha: Image.Image | None) -> np.ndarray:
    if alpha is not None:
        color = Image.composite(color, Image.new("RGB", color.size, "white"), alpha)
    return np.array(color)


def _upright(image: Image.Image) -> Image.Image:
    """Apply the orientation the camera noted; a broken EXIF block costs no image."""
    with suppress(Exception):
        info = {key: image.info[key] for key in ("transparency",) if key in image.info}
        if not info and image.getexif().get(ExifTags.Base.Orientation, 1) == 1:
            return image  # which `exif_transpose` would copy
        image = ImageOps.exif_transpose(image)
        image.info.update(info)
    return image


def _through_profile(color: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert L, RGB or CMYK to sRGB, by the profile if it can be used."""
    if profile:
        with suppress(Exception):  # a broken profile, or one for another number of channels
            return convert(color, profile)
    return _rgb(color)


def _rgb(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGB" else image.convert("RGB")  # which always copies
