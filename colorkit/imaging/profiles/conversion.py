"""Color spaces of files: what a profile says of the pixels, and the way from it to sRGB.

A profile is judged by the colors that it gives, never by its name. All conversions are relative
colorimetric with black-point compensation, through LittleCMS.
"""

import io
from contextlib import suppress
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from colorkit.imaging.profiles.curves import Curves

_INTENT, _FLAGS = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
_SPACES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK", b"Lab ": "LAB"}
_CLOSE = 2  # of 255: how far a profile's colors may be from sRGB's to be taken for it
_STRIP = 1_000_000  # pixels converted at a time


@lru_cache(1)
def srgb_profile() -> bytes:
    """Give a profile of sRGB; the same bytes at any time of day."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # the date
    profile[84:100] = bytes(16)  # its checksum, optional
    return bytes(profile)


def mode_of(profile: bytes) -> str:
    """Give the mode of Pillow that a profile is for: L, RGB, CMYK or LAB; "" for any other."""
    return _SPACES.get(bytes(profile[16:20]), "")


@lru_cache(16)
def is_srgb(profile: bytes) -> bool:
    """Say whether pixels in sRGB look the same through this profile, whatever it is called."""
    if mode_of(profile) != "RGB":
        return False
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    with suppress(Exception):
        shown = [
            np.asarray(convert(Image.fromarray(grid), profile, intent)).astype(int)
            for intent in (_INTENT, ImageCms.Intent.PERCEPTUAL)
        ]
        return all(np.abs(each - grid).max() <= _CLOSE for each in shown)
    return False


def fits(profile: bytes, mode: str) -> bool:
    """Say whether a profile can be applied to pixels of a mode: L, RGB, CMYK or LAB.

    Gray pixels under a profile of RGB are meant as equal red, green and blue.
    """
    if mode_of(profile) not in ({"L", "RGB"} if mode == "L" else {mode}):
        return False
    with suppress(Exception):
        convert(Image.new(mode_of(profile), (1, 1)), profile)
        return True
    return False


def convert(color: Image.Image, profile: bytes, intent: int = _INTENT) -> Image.Image:
    """Bring an image of 8 bits from a profile's space to sRGB.

    Raises:
        Exception: whatever LittleCMS or Pillow trips over where the two do not fit.
    """
    if color.mode == "L" and mode_of(profile) == "RGB":
        if is_srgb(profile):
            return color.convert("RGB")  # exactly
        color = color.convert("RGB")
    exactly = ImageCms.Flags.NOOPTIMIZE if color.mode == "L" and _is_steep(profile) else 0
    return _converted(color, profile, intent, _FLAGS | exactly)


def _converted(color: Image.Image, profile: bytes, intent: int, flags: int) -> Image.Image:
    return ImageCms.profileToProfile(
        color,
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=intent,
        outputMode="RGB",
        flags=flags,
    )


@lru_cache(16)
def _is_steep(profile: bytes) -> bool:
    """Say whether LittleCMS, which draws curves of gray through 33 points, is far off with one."""
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    quick, exact = (
        np.asarray(_converted(ramp, profile, _INTENT, flags)).astype(int)
        for flags in (_FLAGS, _FLAGS | ImageCms.Flags.NOOPTIMIZE)
    )
    return bool(np.abs(quick - exact).max() > _CLOSE)


def convert_deep(values: np.ndarray, mode: str, profile: bytes) -> np.ndarray:
    """Bring pixels of more than 8 bits from a profile's space to sRGB, and only then to 8 bits.

    In 8 bits a scan in linear light would keep a handful of dark levels. Profiles that are curves
    are computed with here. Of others LittleCMS is asked, through Pillow in 8 bits, for the colors
    at the corners of the simplex around each pixel, and these are averaged.

    Args:
        values: float (H, W, channels) in [0, 1]; of LAB, what its 8 bits divided by 255 are.
        mode: L, RGB, CMYK or LAB.
        profile: one that `fits`.

    Returns:
        uint8 (H, W, 3), sRGB.
    """
    if mode == "L" and mode_of(profile) == "RGB":
        values, mode = np.repeat(values, 3, axis=2), "RGB"
    with suppress(ValueError):
        return Curves(profile).to_srgb(values)
    height, width, channels = values.shape
    out = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        part = values[top : top + rows].astype(np.float32) * 255
        corner = np.clip(np.floor(part), 0, 254).astype(np.uint8)
        rest = np.clip(part - corner, 0, 1)
        order = np.argsort(-rest, axis=2, kind="stable")
        shares = np.take_along_axis(rest, order, axis=2)
        # Of the corner, of that one step further along the channel with the most left, and so on.
        shares = -np.diff(np.concatenate([np.ones_like(rest[..., :1]), shares], axis=2), axis=2,
                          append=0)  # fmt: skip
        total = np.zeros((*part.shape[:2], 3), np.float32)
        for k in range(channels + 1):
            image = _as_image(corner, mode)
            total += shares[..., k : k + 1] * np.asarray(convert(image, profile), np.float32)
            if k < channels:
                step = np.take_along_axis(corner, order[..., k : k + 1], axis=2) + 1
                np.put_along_axis(corner, order[..., k : k + 1], step, axis=2)
        out[top : top + rows] = np.rint(total)
    return out


def _as_image(codes: np.ndarray, mode: str) -> Image.Image:
    bands = [Image.fromarray(np.ascontiguousarray(codes[..., k])) for k in range(codes.shape[2])]
    return bands[0] if mode == "L" else Image.merge(mode, bands)


def lab_profile() -> bytes:
    """Give the profile of CIELAB with the white D50, as TIFF stores it."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
