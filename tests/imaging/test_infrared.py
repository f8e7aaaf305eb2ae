"""Near infrared of any depth: one channel, three equal ones, whole numbers and floats."""

import io

import numpy as np
import pytest
import tifffile
from odd_images import png, tiff
from PIL import Image

from colorkit.imaging.infrared import read_header, read_nir, read_wide, wide_scale
from colorkit.inference.reading import near_infrared

GRAY = np.random.default_rng(0).integers(0, 256, (24, 40)).astype(np.uint16)
GRAY[0, 0] = 255


def files(values: np.ndarray) -> dict[str, bytes]:
    """Values (H, W) uint16, as one channel and as three equal ones, in all that hold them."""
    three = np.repeat(values[..., None], 3, axis=2)
    lzw = io.BytesIO()
    Image.fromarray(values).save(lzw, "TIFF", compression="tiff_lzw")
    big = values.astype(">u2")
    return {
        "one.tif": tiff(values, photometric="minisblack"),
        "three.tif": tiff(three, photometric="rgb"),
        "planes.tif": tiff(three.transpose(2, 0, 1), photometric="rgb", planarconfig="separate"),
        "zip.tif": tiff(three, photometric="rgb", compression="zlib", byteorder=">"),
        "lzw.tif": lzw.getvalue(),
        "32-bit.tif": tiff(values.astype(np.uint32), photometric="minisblack"),
        "float.tif": tiff(values.astype(np.float32), photometric="minisblack"),
        "three-float.tif": tiff(three.astype(np.float32), photometric="rgb"),
        "one.png": png(values, 0),
        "three.png": png(three, 2),
        "one.pgm": b"P5 40 24 65535\n" + big.tobytes(),
        "three.ppm": b"P6\n# by hand\n40 24\n65535\n" + three.astype(">u2").tobytes(),
    }


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("name", sorted(files(GRAY)))
def test_every_depth_in_every_file(tmp_path, name, bits):
    values = (GRAY / 255 * (2**bits - 1)).round().astype(np.uint16)
    path = tmp_path / name
    path.write_bytes(files(values)[name])
    assert read_header(path) == (40, 24, True)
    assert np.array_equal(read_wide(path), values)
    scale, said = wide_scale([path], 1)
    assert scale == 2**bits - 1
    assert "1 of 1 files hold more than 8 bits" in said
    assert np.abs(read_nir(path, scale).astype(int) - GRAY).max() <= 1
    assert np.abs(near_infrared(path).astype(int) - GRAY[..., None]).max() <= 1


def test_arrays_and_images_of_pillow():
    values = GRAY * 16
    three = np.repeat(values[..., None], 3, axis=2)
    for given in (values, values[..., None], three, Image.fromarray(values)):
        assert np.abs(near_infrared(given).astype(int) - GRAY[..., None]).max() <= 1
    as_float = Image.fromarray(values.astype(np.float32))
    assert np.abs(near_infrared(as_float).astype(int) - GRAY[..., None]).max() <= 1
    dark = (GRAY / 255 * 0.01).astype(np.float32)  # floats in [0, 1] are what they are
    assert near_infrared(dark).max() <= 3
    assert near_infrared(Image.fromarray(dark)).max() <= 3


def test_what_has_a_white_of_its_own(tmp_path):
    """Floats in [0, 1], white as zero, a stated maximum: nothing is guessed from the values."""
    path = tmp_path / "p.tif"
    tifffile.imwrite(path, (GRAY / 255 * 0.25).astype(np.float32))
    assert read_wide(path) is None
    assert read_nir(path).max() == 64
    tifffile.imwrite(path, 65535 - GRAY * 16, photometric="miniswhite")
    assert read_wide(path) is None
    (tmp_path / "p.pgm").write_bytes(b"P5 40 24 4095\n" + (GRAY * 16).astype(">u2").tobytes())
    assert np.abs(read_nir(tmp_path / "p.pgm").astype(int) - GRAY).max() <= 1


def test_color_of_16_bits_is_no_near_infrared(tmp_path):
    color = np.random.default_rng(1).integers(0, 4096, (24, 40, 3)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "p.tif", color, photometric="rgb")
    assert read_wide(tmp_path / "p.tif") is None
    assert wide_scale([tmp_path / "p.tif"], 1) == (
        None,
        "near infrared: 8 bits, 0–255 become 0–1",
    )
    noisy = np.repeat(GRAY[..., None] * 16, 3, axis=2)
    noisy[..., 1] += 40  # 1 % of 12 bits: what a scanner adds
    tifffile.imwrite(tmp_path / "q.tif", noisy, photometric="rgb")
    assert np.abs(read_wide(tmp_path / "q.tif") - (GRAY * 16 + 13.0)).max() <= 1


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_turned_files(tmp_path, orientation):
    values = GRAY * 256
    want = {3: values[::-1, ::-1], 6: np.rot90(values, -1), 8: np.rot90(values)}[orientation]
    for name, array, kind in (
        ("p.tif", values, "minisblack"),
        ("q.tif", np.dstack([values] * 3), "rgb"),
    ):
        tag = [(274, "H", 1, orientation, True)]
        tifffile.imwrite(tmp_path / name, array, photometric=kind, extratags=tag)
        assert np.array_equal(read_wide(tmp_path / name), want)
        assert read_header(tmp_path / name)[:2] == want.shape[::-1]


@pytest.mark.parametrize("white", [1.2, 254.5])
def test_floats_that_are_no_counts_are_measured_by_their_largest(tmp_path, white):
    """A program that resized or sharpened left values a little above 1, or between whole ones."""
    gray = GRAY.copy()
    gray[0, 0] = 255
    values = (gray / 255 * white).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack")
    for found in (near_infrared(tmp_path / "a.tif"), near_infrared(Image.fromarray(values))):
        assert np.abs(found[..., 0].astype(int) - gray).max() <= 1
    assert np.abs(read_nir(tmp_path / "a.tif").astype(int) - gray).max() <= 1
