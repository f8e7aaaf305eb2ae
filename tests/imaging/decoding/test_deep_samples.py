"""Samples of every type become 8 bits and shares of white by the rules of `read_image`."""

import io

import numpy as np
import pytest
from odd_images import encoded, png
from PIL import ExifTags, Image, ImageOps

from colorkit.imaging.decoding.deep_samples import (
    Samples,
    eight_bits,
    gray_samples,
    is_deep,
    raw_mode,
    unit,
)


@pytest.mark.parametrize(
    ("kind", "bits", "stored", "found"),
    [
        ("u1", 0, [0, 7, 255], [0, 7, 255]),
        ("u2", 0, [0, 255, 256, 65279, 65280, 65535], [0, 0, 1, 254, 255, 255]),
        ("u2", 16, [256, 65535], [1, 255]),
        ("u2", 12, [15, 16, 4079, 4080, 4095], [0, 1, 254, 255, 255]),
        ("u2", 9, [1, 2, 511], [0, 1, 255]),
        ("u4", 0, [2**24 - 1, 2**24, 2**32 - 1], [0, 1, 255]),
        ("u8", 0, [2**56 - 1, 2**56, 2**64 - 1], [0, 1, 255]),
        ("i1", 0, [-128, -1, 0, 1, 126, 127], [0, 0, 0, 2, 252, 254]),
        ("i2", 0, [-32768, 127, 128, 32639, 32640, 32767], [0, 0, 1, 254, 255, 255]),
        ("i4", 0, [-1, 2**23 - 1, 2**23, 2**31 - 1], [0, 0, 1, 255]),
        ("f4", 0, [-1, 0, 0.2, 0.499 / 255, 0.501 / 255, 1], [0, 0, 51, 0, 1, 255]),
        ("f8", 0, [0, 1, 4], [0, 64, 255]),
        ("f2", 0, [np.nan, -np.inf, 0.5, np.inf], [0, 0, 128, 255]),
    ],
)
def test_eight_bits(kind, bits, stored, found):
    values, used = np.array(stored, kind), {"bits": bits} if bits else {}
    made = eight_bits(values, bits)
    assert made.dtype == np.uint8
    assert made.tolist() == found
    assert Samples(values, "L", **used).eight().tolist() == found


@pytest.mark.parametrize(
    ("kind", "bits", "stored", "found"),
    [
        ("u1", 0, [0, 51, 255], [0, 0.2, 1]),
        ("u2", 0, [0, 13107, 65535], [0, 0.2, 1]),
        ("u2", 12, [819, 4095, 4096, 65535], [0.2, 1, 1, 1]),
        ("u4", 0, [2**32 - 1, 2**30], [1, 0.25]),
        ("i1", 0, [-128, 127], [0, 1]),
        ("i2", 0, [-5, 8192, 32767], [0, 0.25, 1]),
        ("f4", 0, [-0.5, 0.25, 0.9], [0, 0.25, 0.9]),  # below white nothing is stretched
        ("f4", 0, [-9, 0.5, 1], [0, 0.5, 1]),
        ("f4", 0, [0.5, 2, 8], [0.0625, 0.25, 1]),
        ("f8", 0, [np.nan, -np.inf, 1, 2, np.inf], [0, 0, 0.5, 1, 1]),
        ("f4", 0, [np.nan, np.nan], [0, 0]),
        ("f4", 0, [np.inf, 0.5], [1, 0.5]),
        ("f4", 0, [], []),
    ],
)
def test_shares_of_white(kind, bits, stored, found):
    values, used = np.array(stored, kind), {"bits": bits} if bits else {}
    assert unit(values, bits).dtype == np.float32
    assert unit(values, bits) == pytest.approx(found, abs=1e-5)
    assert Samples(values, "L", **used).unit() == pytest.approx(found, abs=1e-5)


@pytest.mark.parametrize("orientation", range(10))
def test_upright_is_what_pillow_makes_of_the_same_number(orientation):
    rgba = np.random.default_rng(0).integers(0, 256, (3, 5, 4), np.uint8)
    color, alpha = rgba[..., :3], rgba[..., 3]
    image = Image.fromarray(rgba)
    image.getexif()[ExifTags.Base.Orientation] = orientation
    want = np.asarray(ImageOps.exif_transpose(image))
    found = Samples(color, "RGB", alpha, True, 7, b"profile", orientation, True).upright()
    assert np.array_equal(found.color, want[..., :3])
    assert np.array_equal(found.alpha, want[..., 3])
    assert (found.mode, found.multiplied, found.bits) == ("RGB", True, 7)
    assert (found.profile, found.inverted) == (b"profile", True)
    assert found.orientation == (1 if 2 <= orientation <= 8 else orientation)
    assert Samples(color, "RGB", orientation=orientation).upright().alpha is None


@pytest.mark.parametrize(
    ("mode", "stored", "found", "clear"),
    [
        ("I;16", np.array([[0, 9, 65535]], np.uint16), [0, 9, 65535], 65535),
        ("I", np.array([[-1, 9, 65535, 65536]], np.int32), [0, 9, 65535, 65535], 65535),
        ("F", np.array([[0.5, 9]], np.float32), [0.5, 9], 1),
    ],
)
def test_gray_of_pillow(mode, stored, found, clear):
    image = Image.fromarray(stored)
    assert image.mode == mode
    samples = gray_samples(image)
    assert samples.color.shape == (*stored.shape, 1)
    assert samples.color[0, :, 0].tolist() == found
    assert (samples.mode, samples.alpha, samples.profile) == ("L", None, None)
    image.info |= {"transparency": 9, "icc_profile": b"profile"}
    samples = gray_samples(image)
    assert samples.alpha[0].tolist() == [0 if value == 9 else clear for value in found]
    assert samples.alpha.dtype == samples.color.dtype
    assert samples.profile == b"profile"


GRAY = np.arange(960, dtype=np.uint16).reshape(24, 40)


@pytest.mark.parametrize(
    ("data", "raw", "deep"),
    [
        (png(GRAY, 0), "I;16B", True),
        (png(np.dstack([GRAY] * 3), 2), "RGB;16B", True),
        (png(np.dstack([GRAY] * 3) & 255, 2, 8), "RGB", False),
        (encoded(GRAY, "TIFF"), "I;16", True),
        (encoded(GRAY.astype(np.float32), "TIFF"), "F;32F", True),
        (encoded(GRAY.astype(np.int32), "TIFF"), "I;32S", True),
        (encoded(np.dstack([GRAY] * 3).astype(np.uint8), "JPEG2000"), "jp2", False),
        (b"P6 2 1 255\n" + bytes(6), "RGB", False),
        (b"P6 2 1 100\n" + bytes(6), "RGB", False),
        (b"P6 2 1 256\n" + bytes(12), "RGB", True),
        (b"P6 2 1 65535\n" + bytes(12), "RGB", True),
        (b"P5 2 1 4095\n" + bytes(4), "L", True),
    ],
)
def test_more_than_8_bits_are_known_by_how_pillow_unpacks(data, raw, deep):
    with Image.open(io.BytesIO(data)) as image:
        assert (raw_mode(image), is_deep(image)) == (raw, deep)


def test_pixels_that_are_read_already_are_unpacked_no_more():
    with Image.open(io.BytesIO(png(np.dstack([GRAY] * 3), 2))) as image:
        image.load()
        assert (raw_mode(image), is_deep(image)) == ("", False)
