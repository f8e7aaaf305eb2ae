"""An image that Pillow opened is what its file is."""

import zlib

import made_files as made
import numpy as np
import pytest
from odd_images import png, tiff
from PIL import Image

from colorkit.imaging.images import read_image
from colorkit.inference.reading import as_rgb, near_infrared
from colorkit.system.errors import ColorkitError

LINEAR = made.profile("linear", made.power(1.0))
RAMP = np.arange(256) / 255


def files(folder, depth: int):
    """Gray in linear light, in three channels, that says so by a profile, by codes, or not."""
    light = made.linear(RAMP) * (2**depth - 1)
    values = np.rint(light).astype(np.uint8 if depth == 8 else np.uint16)
    rgb = values[None, :, None].repeat(8, axis=0).repeat(3, axis=2)
    profile = (b"iCCP", b"p\0\0" + zlib.compress(LINEAR))
    for name, chunks in {
        "plain.png": (),
        "profile.png": (profile,),
        "codes.png": ((b"cICP", bytes((1, 8, 0, 1))),),
        "gamma.png": ((b"gAMA", (100_000).to_bytes(4)),),
    }.items():
        (folder / name).write_bytes(png(rgb, 2, depth, chunks=chunks))
    (folder / "plain.tif").write_bytes(tiff(rgb, photometric="rgb"))
    (folder / "profile.tif").write_bytes(tiff(rgb, photometric="rgb", iccprofile=LINEAR))
    return sorted(folder.iterdir())


@pytest.mark.parametrize("depth", [8, 16])
def test_an_opened_image_is_read_as_its_file(tmp_path, depth):
    """In its depth too, of which Pillow decodes 8 bits; and it can be used afterwards."""
    for path in files(tmp_path, depth):
        with Image.open(path) as image:
            found = as_rgb(image)
            assert np.array_equal(found, read_image(path)), path.name
            assert np.array_equal(np.asarray(image), np.asarray(Image.open(path)))
        with Image.open(path) as image:
            assert np.array_equal(near_infrared(image), near_infrared(path)), path.name
        if depth == 16 and not path.stem.startswith("plain"):
            assert np.abs(found[0, :, 0] - RAMP * 255).max() <= 1


def test_a_copy_of_an_image_is_read_as_it_is(tmp_path):
    """What was changed since its file was opened counts."""
    for path in files(tmp_path, 16):
        with Image.open(path) as image:
            image.thumbnail((64, 64))
            assert as_rgb(image).shape == (image.height, 64, 3)
            near_infrared(image)


@pytest.mark.parametrize("depth", [8, 16])
def test_near_infrared_is_turned_upright_whatever_its_depth(tmp_path, depth):
    values = np.arange(20 * 40).reshape(20, 40) * (1 if depth == 16 else 255 / 800)
    image = Image.fromarray(values.astype(np.uint16 if depth == 16 else np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    image.save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as opened:
        found = near_infrared(opened)
    assert found.shape == (40, 20, 3)
    assert np.array_equal(found, near_infrared(tmp_path / "a.png"))


def test_a_deep_image_is_measured_before_it_is_decoded(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((60, 60), np.uint16)).save(path)
    with Image.open(path) as image, pytest.raises(ColorkitError, match="60×60 pixels are more"):
        near_infrared(image, max_pixels=3599)
    path.write_bytes(path.read_bytes()[:-40])
    with Image.open(path) as image, pytest.raises(ColorkitError, match="cannot be read"):
        near_infrared(image)
