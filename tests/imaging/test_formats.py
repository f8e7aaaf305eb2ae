"""Formats of telephones and archives: read where a package reads them, one sentence where not."""

import io
import struct
import sys

import made_files as made
import numpy as np
import pytest
from PIL import Image, features

from colorkit.imaging.decoding import decoders
from colorkit.imaging.images import encode_image, read_image
from colorkit.imaging.infrared import read_header
from colorkit.imaging.metadata.extract import embedded
from colorkit.imaging.metadata.photograph import read_metadata
from colorkit.imaging.metadata.tiff_directories import Directories
from colorkit.imaging.profiles.conversion import srgb_profile
from colorkit.imaging.profiles.making import adobe_rgb_profile
from colorkit.system.errors import ColorkitError

y, x = np.mgrid[0:64, 0:96]
RGB = np.stack([x * 2, y * 3, 200 - x], axis=2).clip(0, 255).astype(np.uint8)
WORDS = "© 1938 Müller, Łódź".encode()
XMP = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><dc:rights>© Müller</dc:rights></x:xmpmeta>".encode()
EXIF = made.exif([made.text(315, WORDS)], gps=[made.text(1, "N")])


def save(path, image: Image.Image, **options) -> None:
    """Write HEIC, JPEG XL or AVIF at its best quality."""
    package = {".heic": "pillow_heif", ".heif": "pillow_heif", ".jxl": "pillow_jxl"}
    if package_name := package.get(path.suffix):
        module = pytest.importorskip(package_name)
        if package_name == "pillow_heif":
            module.register_heif_opener()
        else:
            options["lossless"] = True
    elif not features.check("avif"):
        pytest.skip("Pillow built without AVIF")
    if path.suffix != ".jxl":
        options |= {"quality": 100}
    image.save(path, **options)


ENDINGS = ["heic", "heif", "jxl", "avif"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_pixels_and_what_is_said_of_them(tmp_path, ending):
    path = tmp_path / f"p.{ending}"
    save(path, Image.fromarray(RGB), exif=b"Exif\0\0" + EXIF, xmp=XMP)
    got = read_image(path)
    assert np.abs(got.astype(int) - RGB).mean() < 3
    assert read_header(path)[:2] == (96, 64)
    kept = read_metadata(path)
    assert kept.notes == ()
    found = embedded(io.BytesIO(encode_image("b.png", got, kept=kept)))
    block = Directories(io.BytesIO(found.exif))
    entries = block.read(block.first)[0]
    assert next(e.data for e in entries if e.tag == 315) == WORDS + b"\0"
    assert block.child(entries, 34853)[0].data == b"N\0"
    assert found.xmp == XMP


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_profile_is_applied(tmp_path, ending):
    green = Image.new("RGB", (64, 64), (60, 200, 60))
    if ending == "jxl":
        pytest.skip("its encoder takes no profile; linear gray stands for it below")
    path = tmp_path / f"p.{ending}"
    save(path, green, icc_profile=adobe_rgb_profile())
    green.save(tmp_path / "q.png", icc_profile=adobe_rgb_profile())
    difference = read_image(path).astype(int) - read_image(tmp_path / "q.png")
    assert np.abs(difference).max() <= 4
    assert read_metadata(path).icc_profile == srgb_profile()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_turn_is_applied_once(tmp_path, ending):
    """These formats note it a second time, in boxes of their own."""
    path = tmp_path / f"p.{ending}"
    turned = made.exif([made.short(274, 6), made.text(271, "M")])
    save(path, Image.fromarray(RGB), exif=b"Exif\0\0" + turned)
    got = read_image(path)
    assert got.shape == (96, 64, 3)
    assert np.abs(got.astype(int) - np.rot90(RGB, -1)).mean() < 3
    kept = read_metadata(path)
    (tmp_path / "b.png").write_bytes(encode_image("b.png", got, kept=kept))
    assert np.array_equal(read_image(tmp_path / "b.png"), got)


def test_gray_of_16_bits_in_jpeg_xl(tmp_path):
    pytest.importorskip("pillow_jxl")
    codes = np.linspace(0, 1, 96)[None].repeat(64, axis=0)
    values = np.rint(made.linear(codes) * 65535).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "p.jxl", lossless=True)  # which says linear light
    assert np.abs(read_image(tmp_path / "p.jxl")[..., 0] - codes * 255).max() <= 1


@pytest.mark.parametrize(
    ("name", "head", "says"),
    [
        ("p.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIF"),
        ("p.heif", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIF"),
        ("p.jxl", b"\xff\x0a" + bytes(10), "JPEG XL"),
        ("p.jxl", b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    ],
)
def test_without_its_package_one_sentence_says_what_to_install(
    tmp_path, monkeypatch, name, head, says
):
    monkeypatch.setattr(decoders, "_loaded", set())
    for package in ("pillow_heif", "pillow_jxl"):
        monkeypatch.setitem(sys.modules, package, None)
    path = tmp_path / name
    path.write_bytes(head + bytes(200))
    with pytest.raises(
        ColorkitError, match=rf"{says}.*pip install 'colorkit\[formats\]'.*\.$"
    ) as fault:
        read_image(path)
    assert str(path) in str(fault.value)
    with pytest.raises(ColorkitError, match="pip install"):
        read_header(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_damaged_files_are_one_sentence(tmp_path, ending):
    path = tmp_path / f"p.{ending}"
    save(path, Image.fromarray(RGB))
    whole = path.read_bytes()
    for data in (whole[: len(whole) // 2], whole[:40], whole[:30] + bytes(400)):
        path.write_bytes(data)
        with pytest.raises(ColorkitError, match=r"damaged|no image") as fault:
            read_image(path)
        assert "\n" not in str(fault.value)


def test_avif_is_not_taken_for_heif(tmp_path, monkeypatch):
    """Both may begin with the same brand, `mif1`."""
    if not features.check("avif"):
        pytest.skip("Pillow built without AVIF")
    Image.fromarray(RGB).save(tmp_path / "p.avif", quality=100)
    data = (tmp_path / "p.avif").read_bytes()
    length = struct.unpack(">I", data[:4])[0]
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setattr(decoders, "_loaded", set())
    brands = data[16:length]
    assert b"avif" in brands
    (tmp_path / "p.avif").write_bytes(data[:8] + b"mif1" + data[12:])
    assert read_image(tmp_path / "p.avif").shape == RGB.shape


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_packed_in_jpeg_xl_is_named(tmp_path, packed):
    long = made.exif([made.text(315, WORDS * 20)])
    options = {"exif": long, "xmp": XMP, "compress_metadata": packed, "use_container": True}
    save(tmp_path / "p.jxl", Image.fromarray(RGB), **options)
    kept = read_metadata(tmp_path / "p.jxl")
    if packed:
        assert kept.notes == ("its EXIF and XMP, packed by Brotli, cannot be read here",)
    else:
        assert kept.notes == () and WORDS in kept.exif
