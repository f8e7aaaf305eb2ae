"""Pixels of every mode become sRGB over white, upright, from the space that the file says."""

import made_files as made
import numpy as np
import pytest
from PIL import ExifTags, Image
from skimage.color import lab2xyz

from colorkit.imaging.decoding.deep_samples import Samples
from colorkit.imaging.decoding.srgb import from_pillow, from_samples

DICE = np.random.default_rng(0)
RGB, GRAY, ALPHA = (DICE.integers(0, 256, shape, np.uint8) for shape in ((4, 6, 3), (4, 6), (4, 6)))
ALPHA[0, 0], ALPHA[3, 5] = 0, 255
THRICE = np.repeat(GRAY[..., None], 3, axis=2)
SWAPPED = made.profile("swapped", made.srgb_curve(), columns=made.SRGB_COLUMNS[::-1])
LIGHT, LIGHT_GRAY = (made.profile("light", made.power(1.0), s) for s in (b"RGB ", b"GRAY"))


def to_srgb(image: Image.Image) -> np.ndarray:
    return from_pillow(image, image.info.get("icc_profile"))


def over_white(color: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255
    return color * share + 255 * (1 - share)


def encoded(light: np.ndarray) -> np.ndarray:
    """Codes 0–255 of light in [0, 1]."""
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def far(found: np.ndarray, true: np.ndarray) -> float:
    assert found.dtype == np.uint8 and found.shape == true.shape
    return np.abs(found - true.astype(float)).max()


RGBA, LA = Image.fromarray(np.dstack([RGB, ALPHA])), Image.fromarray(np.dstack([GRAY, ALPHA]), "LA")
INKS = DICE.integers(0, 256, (4, 6, 4), np.uint8)
DARKENED = (255 - INKS[..., :3]) * (1 - INKS[..., 3:] / 255)
PALETTE = Image.fromarray(RGB).quantize(24)
COLORS = np.asarray(PALETTE.convert("RGB"))


@pytest.mark.parametrize(
    ("image", "true", "allowed"),
    [
        (Image.fromarray(RGB), RGB, 0),
        (Image.fromarray(GRAY), THRICE, 0),
        (Image.fromarray(GRAY > 99), np.where(THRICE > 99, 255, 0), 0),
        (PALETTE, COLORS, 0),
        (RGBA, over_white(RGB, ALPHA), 1),
        (LA, over_white(THRICE, ALPHA), 1),
        (RGBA.convert("RGBa"), over_white(RGB, ALPHA), 2),
        (LA.convert("La"), over_white(THRICE, ALPHA), 2),
        (Image.fromarray(INKS, "CMYK"), DARKENED, 1),
        (Image.fromarray(RGB).convert("YCbCr"), RGB, 3),
        (Image.fromarray(GRAY.astype(np.uint16) * 257), THRICE, 0),
        (Image.fromarray(GRAY.astype(np.int32) * 257), THRICE, 0),
        (Image.fromarray(GRAY / np.float32(255)), THRICE, 0),
    ],
)
def test_every_mode(image, true, allowed):
    assert far(to_srgb(image), np.asarray(true)) <= allowed


@pytest.mark.parametrize(
    ("levels", "clear"),
    [
        ((3, 2, 1), (3, 2, 1)),
        ((255, 2, 1), (255, 2, 1)),
        ((256, 2, 1), (1, 0, 0)),  # of 16 bits a sample
        ((3 * 256, 2 * 256 + 9, 256), (3, 2, 1)),
    ],
)
def test_one_color_that_is_clear(levels, clear):
    rgb = np.array([[(3, 2, 1), (255, 2, 1), (1, 0, 0), (9, 9, 9)]], np.uint8)
    image = Image.fromarray(rgb)
    image.info["transparency"] = levels
    assert np.array_equal(to_srgb(image), np.where((rgb == clear).all(axis=2)[..., None], 255, rgb))


def test_one_gray_or_one_index_that_is_clear():
    gray = Image.fromarray(np.array([[7, 8, 9]], np.uint8))
    gray.info["transparency"] = 8
    assert to_srgb(gray)[0, :, 0].tolist() == [7, 255, 9]
    deep = Image.fromarray(np.array([[7, 8, 9]], np.uint16) * 257)
    deep.info["transparency"] = 8 * 257
    assert to_srgb(deep)[0, :, 0].tolist() == [7, 255, 9]
    image, index = PALETTE.copy(), np.asarray(PALETTE)
    image.info["transparency"] = int(index[2, 3])
    true = np.where((index == index[2, 3])[..., None], 255, COLORS)
    assert np.array_equal(to_srgb(image), true)


@pytest.mark.parametrize("clear", [False, True])
def test_upright(clear):
    image, true = Image.fromarray(RGB), np.rot90(RGB, -1).copy()
    image.getexif()[ExifTags.Base.Orientation] = 6
    if clear:
        image.info["transparency"] = tuple(int(value) for value in RGB[1, 2])
        true[2, 2] = 255  # the last column but one of the four rows, the third from above
    assert np.array_equal(to_srgb(image), true)


def test_a_broken_exif_block_costs_no_image():
    image = Image.fromarray(RGB)
    image.info["exif"] = b"Exif\0\0MM\0*" + b"\xff" * 60
    assert np.array_equal(to_srgb(image), RGB)


@pytest.mark.parametrize("profile", [b"noise" * 50, LIGHT_GRAY, None])
def test_a_profile_that_cannot_be_used_is_as_none(profile):
    assert np.array_equal(from_pillow(Image.fromarray(RGB), profile), RGB)
    assert np.array_equal(from_samples(Samples(RGB, "RGB", profile=profile)), RGB)


def test_profiles_are_applied():
    image = Image.fromarray(RGB)
    image.info["icc_profile"] = SWAPPED
    assert far(to_srgb(image), RGB[..., ::-1]) <= 1
    assert far(from_pillow(Image.fromarray(GRAY), LIGHT_GRAY), encoded(THRICE / 255)) <= 1
    assert far(from_pillow(RGBA, SWAPPED), over_white(RGB[..., ::-1], ALPHA)) <= 2
    deep = Image.fromarray(GRAY.astype(np.uint16) * 257)
    assert far(from_pillow(deep, LIGHT_GRAY), encoded(THRICE / 255)) <= 1


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("profile", [None, SWAPPED, LIGHT, b"noise" * 50])
@pytest.mark.parametrize("alpha", ["none", "plain", "multiplied"])
def test_samples(kind, profile, alpha):
    white = 1 if kind is np.float32 else np.iinfo(kind).max
    clear = None if alpha == "none" else (ALPHA / 255 * white).astype(kind)
    share = 1 if clear is None else (clear / white)[..., None]
    color = RGB / 255 * (share if alpha == "multiplied" else 1)
    stored = (color * white).round(0 if white > 1 else 9).astype(kind)
    found = from_samples(
        Samples(stored, "RGB", clear, multiplied=alpha == "multiplied", profile=profile)
    )
    true = RGB[..., ::-1] if profile == SWAPPED else RGB
    true = encoded(RGB / 255) if profile == LIGHT else true
    true = true * share + 255 * (1 - share)
    # What little is left of colors multiplied by alpha tells dark ones roughly, in 8 bits.
    rough = alpha == "multiplied" and kind is np.uint8 and profile == LIGHT
    assert far(found, true) <= (5 if rough else 2)


def test_gray_and_inks():
    assert np.array_equal(from_samples(Samples(GRAY[..., None], "L")), THRICE)
    found = from_samples(Samples(GRAY[..., None], "L", ALPHA, multiplied=True))
    assert far(found, THRICE.clip(0, ALPHA[..., None]) + 255.0 - ALPHA[..., None]) <= 2
    assert far(from_samples(Samples(INKS, "CMYK")), DARKENED) <= 1


def test_what_is_clear_shows_no_color_it_is_multiplied_by():
    """Black that is clear divides by nothing, and is white."""
    for profile in (None, LIGHT):
        black = Samples(np.zeros((1, 2, 3)), "RGB", np.zeros((1, 2)), True, profile=profile)
        assert (from_samples(black) == 255).all()


@pytest.mark.parametrize("lab", [(50, 0, 0), (53, 50, 40), (80, -20, 50), (40, 0, -40)])
def test_lab(lab):
    """Codes of 8 bits: L* of 255 to 100, a* and b* with 128 as zero, all of them under D50."""
    codes = np.array([[lab]]) * (255 / 100, 1, 1) + (0, 128, 128)
    light = lab2xyz(np.array([[lab]], float), illuminant="D50") @ np.linalg.inv(made.SRGB_COLUMNS)
    found = from_samples(Samples((codes / 255).astype(np.float32), "LAB"))
    assert far(found, encoded(light.clip(0, 1))) <= 2
