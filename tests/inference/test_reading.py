"""An image that Pillow opened is what its file is."""

import zlib

import made_files as made
import numpy as np
import pytest
from odd_images import png, tiff
from PIL import Image

from colorkit.imaging.images import read_image
from colorkit.inference.reading import as_rgb, near_infrared

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
