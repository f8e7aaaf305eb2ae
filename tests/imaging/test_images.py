"""Every kind of image file people have, and every fault one can have."""

import errno
import io
import os
import random
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, ImageCms, features

from colorkit.imaging.decoding.jpegs import read_plain_jpeg
from colorkit.imaging.images import MAX_PIXELS, read_image, resize_crop, write_image
from colorkit.imaging.metadata.insert import Kept
from colorkit.system.errors import ColorkitError

HEIGHT, WIDTH = 24, 40


@pytest.fixture(scope="module")
def rgb() -> np.ndarray:
    """Draw a smooth color picture without symmetry, so that every turn and flip shows."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    picture = np.stack([x * 255 / (WIDTH - 1), y * 255 / (HEIGHT - 1), 128 + 60 * np.sin(x / 9)])
    return np.rint(picture).astype(np.uint8).transpose(1, 2, 0).copy()


@pytest.fixture
def gray(rgb) -> np.ndarray:
    return rgb[..., 0] // 2 + rgb[..., 1] // 2


def far(a: np.ndarray, b: np.ndarray) -> int:
    """Largest difference of two images, which must agree in shape."""
    assert a.shape == b.shape
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def gray_as_rgb(gray: np.ndarray) -> np.ndarray:
    return np.repeat(gray[..., None], 3, axis=2)


def over_white(color: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    a = alpha[..., None] / 255
    return np.rint(color * a + 255 * (1 - a))


def png16(values: np.ndarray, color_type: int, transparent: tuple[int, ...] = ()) -> bytes:
    """Encode a 16-bit PNG, which Pillow writes only for gray."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    height, width = values.shape[:2]
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0))
    if transparent:
        header += chunk(b"tRNS", struct.pack(f">{len(transparent)}H", *transparent))
    return (
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    )


# Kinds of files that are read right


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.TIFF", "a.ppm"])
def test_lossless_formats_are_exact(tmp_path, rgb, name):
    Image.fromarray(rgb).save(tmp_path / name)
    got = read_image(tmp_path / name)
    assert got.dtype == np.uint8 and got.flags.writeable and got.flags.c_contiguous
    assert np.array_equal(got, rgb)


needs_avif = pytest.mark.skipif(not features.check("avif"), reason="Pillow built without AVIF")


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.webp", "a.jp2", pytest.param("a.avif", marks=needs_avif), "a.gif"]
)
def test_lossy_formats_are_close(tmp_path, rgb, name):
    Image.fromarray(rgb).save(tmp_path / name, quality=95)
    assert np.abs(read_image(tmp_path / name).astype(int) - rgb).mean() < 4


def test_gray_and_bilevel(tmp_path, gray):
    Image.fromarray(gray).save(tmp_path / "gray.png")
    assert np.array_equal(read_image(tmp_path / "gray.png"), gray_as_rgb(gray))
    Image.fromarray(gray > 100).save(tmp_path / "one.png")
    assert np.array_equal(
        read_image(tmp_path / "one.png"), gray_as_rgb((gray > 100) * np.uint8(255))
    )
    Image.fromarray(gray > 100).save(tmp_path / "fax.tif", compression="group4")
    assert np.array_equal(
        read_image(tmp_path / "fax.tif"), gray_as_rgb((gray > 100) * np.uint8(255))
    )


def test_alpha_is_composited_over_white(tmp_path, rgb, gray):
    alpha = np.broadcast_to(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, WIDTH))
    Image.fromarray(np.dstack([rgb, alpha])).save(tmp_path / "rgba.png")
    assert far(read_image(tmp_path / "rgba.png"), over_white(rgb, alpha)) <= 1
    Image.fromarray(np.dstack([gray, alpha])).save(tmp_path / "la.png")
    assert far(read_image(tmp_path / "la.png"), over_white(gray_as_rgb(gray), alpha)) <= 1


def test_palette_and_its_transparent_color(tmp_path):
    image = Image.new("P", (4, 2), 1)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((0, 0), 0)
    image.save(tmp_path / "plain.png")
    image.save(tmp_path / "clear.png", transparency=0)
    image.save(tmp_path / "clear.gif", transparency=0)
    assert read_image(tmp_path / "plain.png")[0, 0].tolist() == [10, 20, 30]
    for name in ("clear.png", "clear.gif"):
        got = read_image(tmp_path / name)
        assert got[0, 0].tolist() == [255, 255, 255] and got[1, 3].tolist() == [200, 100, 50]


def test_transparent_level_of_gray_png(tmp_path, gray):
    level = int(gray[3, 5])
    Image.fromarray(gray).save(tmp_path / "a.png", transparency=level)
    expected = np.where(gray == level, 255, gray)
    assert np.array_equal(read_image(tmp_path / "a.png"), gray_as_rgb(expected))


@pytest.mark.parametrize("frames", ["a.gif", "a.webp", "a.png", "a.tif"])
def test_first_of_several_frames(tmp_path, frames):
    red, blue = Image.new("RGB", (8, 8), (255, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 255))
    red.save(tmp_path / frames, save_all=True, append_images=[blue], **{"lossless": True})
    assert far(read_image(tmp_path / frames), np.full((8, 8, 3), (255, 0, 0))) <= 3


@pytest.mark.parametrize("color_type, channels", [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_16_bit_png(tmp_path, rgb, color_type, channels):
    random_bits = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, channels))
    high = np.concatenate([rgb, rgb[..., :1]], axis=2)[..., :channels].astype(np.uint16)
    (tmp_path / "a.png").write_bytes(png16(high * 256 + random_bits, color_type))
    color = high[..., :3] if channels > 2 else np.repeat(high[..., :1], 3, axis=2)
    expected = over_white(color, high[..., -1]) if channels in (2, 4) else color
    assert far(read_image(tmp_path / "a.png"), expected) <= 1


def test_16_bit_png_with_a_transparent_color(tmp_path, rgb):
    wide = rgb.astype(np.uint16) * 257
    (tmp_path / "rgb.png").write_bytes(png16(wide, 2, tuple(wide[2, 3])))
    (tmp_path / "gray.png").write_bytes(png16(wide[..., 0], 0, (wide[2, 3, 0],)))
    for name in ("rgb.png", "gray.png"):
        got = read_image(tmp_path / name)
        assert got[2, 3].tolist() == [255, 255, 255] and got[2, 5, 0] == rgb[2, 5, 0]


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("kind", ["u2", "u4", "i2", "f2", "f4", "f8"])
def test_wide_tiff(tmp_path, rgb, gray, kind, compression):
    scale = {"u2": 257, "u4": 257 * 65537, "i2": 128, "f2": 1 / 255, "f4": 1 / 255, "f8": 1 / 255}
    for name, values in (("rgb.tif", rgb), ("gray.tif", gray)):
        wide = np.rint(values * 1.0 * scale[kind]) if kind[0] != "f" else values / 255
        photometric = "rgb" if name == "rgb.tif" else "minisblack"
        wide = wide.astype(kind)
        tifffile.imwrite(tmp_path / name, wide, photometric=photometric, compression=compression)
        expected = values if values.ndim == 3 else gray_as_rgb(values)
        assert far(read_image(tmp_path / name), expected) <= (1 if kind == "f2" else 0)


def test_wide_tiff_layouts(tmp_path, rgb, gray):
    wide, alpha = rgb.astype(np.uint16) * 257, np.full((HEIGHT, WIDTH, 1), 0x8000, np.uint16)
    half = over_white(rgb, np.full((HEIGHT, WIDTH), 128))
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, wide.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    assert np.array_equal(read_image(path), rgb)
    tifffile.imwrite(path, 65535 - gray.astype(np.uint16) * 257, photometric="miniswhite")
    assert np.array_equal(read_image(path), gray_as_rgb(gray))
    rgba = np.concatenate([wide, alpha], axis=2)
    tifffile.imwrite(path, rgba, photometric="rgb", extrasamples=["unassalpha"])
    assert far(read_image(path), half) <= 1
    premultiplied = np.concatenate([wide // 2, alpha], axis=2)
    tifffile.imwrite(path, premultiplied, photometric="rgb", extrasamples=["assocalpha"])
    assert far(read_image(path), half) <= 2
    cmyk = np.zeros((HEIGHT, WIDTH, 4), np.uint16)
    cmyk[..., 0] = 65535
    tifffile.imwrite(path, cmyk, photometric="separated")
    assert read_image(path)[0, 0].tolist() == [0, 255, 255]
    for bigtiff, order in ((True, "<"), (False, ">")):
        tifffile.imwrite(path, wide, photometric="rgb", bigtiff=bigtiff, byteorder=order)
        assert np.array_equal(read_image(path), rgb)
    Image.fromarray(gray.astype(np.uint16) * 257).save(path, compression="tiff_lzw")
    assert np.array_equal(read_image(path), gray_as_rgb(gray))  # tifffile alone cannot


def test_float_tiff_rule(tmp_path):
    values = np.array([[0.0, 0.5, 1.0, np.nan, -3.0, np.inf]], np.float32)
    tifffile.imwrite(tmp_path / "unit.tif", values)
    assert read_image(tmp_path / "unit.tif")[0, :, 0].tolist() == [0, 128, 255, 0, 0, 255]
    tifffile.imwrite(tmp_path / "wide.tif", values * 4)
    assert read_image(tmp_path / "wide.tif")[0, :, 0].tolist() == [0, 128, 255, 0, 0, 255]
    tifffile.imwrite(tmp_path / "empty.tif", np.full((2, 2), np.nan, np.float32))
    assert not read_image(tmp_path / "empty.tif").any()


def test_cmyk(tmp_path, rgb):
    Image.fromarray(rgb).convert("CMYK").save(tmp_path / "cmyk.jpg", quality=98)
    assert far(read_image(tmp_path / "cmyk.jpg"), rgb) < 30
    Image.fromarray(rgb).convert("CMYK").save(tmp_path / "cmyk.tif")
    assert np.array_equal(read_image(tmp_path / "cmyk.tif"), rgb)


def test_lab_tiff(tmp_path):
    Image.new("LAB", (4, 4), (128, 128, 128)).save(tmp_path / "lab.tif")
    assert far(read_image(tmp_path / "lab.tif"), np.full((4, 4, 3), 119)) <= 1


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "wide.tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path, rgb, name, orientation):
    turns = {1: rgb, 2: rgb[:, ::-1], 3: rgb[::-1, ::-1], 4: rgb[::-1]}
    sideways = rgb.transpose(1, 0, 2)
    turns |= {5: sideways, 6: sideways[:, ::-1], 7: sideways[::-1, ::-1], 8: sideways[::-1]}
    if name == "wide.tif":
        tag = [(274, "H", 1, orientation, True)]
        tifffile.imwrite(tmp_path / name, rgb.astype(np.uint16) * 257, extratags=tag)
    else:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options = {"lossless": True} if name == "a.webp" else {"quality": 98, "subsampling": 0}
        Image.fromarray(rgb).save(tmp_path / name, exif=exif, **options)
    assert far(read_image(tmp_path / name), turns[orientation]) <= (10 if name == "a.jpg" else 0)


def test_profiles(tmp_path, rgb):
    """A file that says its numbers are Lab shows that a profile is used; noise that it is not."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    wrong_kind = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (srgb, b"no profile at all", srgb[:200], wrong_kind):
        Image.fromarray(rgb).save(tmp_path / "a.png", icc_profile=profile)
        assert np.array_equal(read_image(tmp_path / "a.png"), rgb)
        tifffile.imwrite(tmp_path / "a.tif", rgb.astype(np.uint16) * 257, iccprofile=profile)
        assert np.array_equal(read_image(tmp_path / "a.tif"), rgb)


def test_a_wide_gamut_profile_is_converted(tmp_path):
    """Swap the primaries inside an sRGB profile: red must come out as green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    entries = {}
    for i in range(struct.unpack_from(">I", profile, 128)[0]):
        entries[bytes(profile[132 + 12 * i : 136 + 12 * i])] = 132 + 12 * i
    red, green = entries[b"rXYZ"], entries[b"gXYZ"]
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    Image.new("RGB", (4, 4), (255, 0, 0)).save(tmp_path / "a.png", icc_profile=bytes(profile))
    assert far(read_image(tmp_path / "a.png"), np.full((4, 4, 3), (0, 255, 0))) <= 3


def test_draft_keeps_the_shorter_side(tmp_path):
    y, x = np.mgrid[0:400, 0:640]
    smooth = np.stack([x / 3, y / 2, (x + y) / 5], axis=-1).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=95)
    shapes = {100: (100, 160), 101: (200, 320), 50: (50, 80), 500: (400, 640)}
    for min_side, shape in shapes.items():
        assert read_image(tmp_path / "a.jpg", min_side=min_side).shape[:2] == shape
    whole = resize_crop(read_image(tmp_path / "a.jpg"), 64)
    assert far(resize_crop(read_image(tmp_path / "a.jpg", min_side=64), 64), whole) <= 4


# Faults


def fault(path, **options) -> str:
    with pytest.raises(ColorkitError) as caught:
        read_image(path, **options)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message and message.endswith(".")
    return message


@pytest.mark.parametrize(
    "options", [{"subsampling": k} for k in range(3)] + [{"progressive": True}]
)
def test_plain_jpeg_has_pillows_pixels(tmp_path, options):
    noise = np.random.default_rng(0).integers(0, 256, (41, 67, 3), dtype=np.uint8)
    path = tmp_path / "a.jpg"
    Image.fromarray(noise).save(path, quality=80, **options)
    found = read_plain_jpeg(io.BytesIO(path.read_bytes()), path, MAX_PIXELS, None)
    assert np.array_equal(found, np.asarray(Image.open(path)))
    assert np.array_equal(read_image(path), found)
    found[0] = 0  # its own memory


@pytest.mark.parametrize("kind", ["gray", "CMYK", "EXIF", "XMP", "profile", "large", "cut off"])
def test_other_jpeg_is_left_to_pillow(rgb, kind):
    image, options, least = Image.fromarray(rgb), {}, None
    if kind in ("gray", "CMYK"):
        image = image.convert("L" if kind == "gray" else "CMYK")
    elif kind == "EXIF":
        options["exif"] = image.getexif()
        options["exif"][ExifTags.Base.Orientation] = 6
    elif kind == "XMP":
        options["xmp"] = b'<x tiff:Orientation="6"/>'
    elif kind == "profile":
        options["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    elif kind == "large":
        least = HEIGHT // 2
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options)
    data = stream.getvalue()[: -HEIGHT if kind == "cut off" else None]
    assert read_plain_jpeg(io.BytesIO(data), Path("a.jpg"), MAX_PIXELS, least) is None


def test_faults_are_named(tmp_path, rgb):
    assert "no such file" in fault(tmp_path / "absent.png")
    assert "folder" in fault(tmp_path)
    (tmp_path / "empty.jpg").touch()
    assert "0 bytes" in fault(tmp_path / "empty.jpg")
    (tmp_path / "text.jpg").write_text("these are words, not pixels")
    assert "no image" in fault(tmp_path / "text.jpg")
    (tmp_path / "page.pdf").write_bytes(b"%PDF-1.7\n" + b"\0" * 99)
    assert "no image" in fault(tmp_path / "page.pdf")
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in fault(tmp_path / "pipe")
    assert "no such file" in fault(tmp_path / "nul\0byte.png")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.bmp", "a.tif", "a.gif", "w.tif"])
def test_truncated(tmp_path, rgb, name, capfd):
    if name == "w.tif":
        tifffile.imwrite(tmp_path / name, rgb.astype(np.uint16), photometric="rgb")
    else:
        noise = np.random.default_rng(0).integers(0, 256, rgb.shape, dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for share in (0.1, 0.6):
        (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
        fault(tmp_path / name)
    assert capfd.readouterr() == ("", "")


def test_size_is_checked_before_decoding(tmp_path):
    bomb = bytearray(png16(np.zeros((1, 1, 3), np.uint16), 2))
    bomb[16:24] = struct.pack(">II", 60_000, 60_000)
    bomb[29:33] = struct.pack(">I", zlib.crc32(bomb[12:29]))
    (tmp_path / "bomb.png").write_bytes(bomb)
    assert "max_pixels" in fault(tmp_path / "bomb.png")
    data = zlib.compress(bytes(9))
    damaged = struct.pack(">I", 4) + b"tEXtabcd" + bytes(4)  # its checksum is wrong
    pixels = struct.pack(">I4s", len(data), b"IDAT") + data
    pixels += struct.pack(">I", zlib.crc32(pixels[4:]))
    (tmp_path / "filled.png").write_bytes(bomb[:33] + damaged + pixels)
    assert "max_pixels" in fault(tmp_path / "filled.png", truncated=True)
    Image.new("L", (100, 100)).save(tmp_path / "a.png")
    assert "100×100" in fault(tmp_path / "a.png", max_pixels=9_999)
    assert read_image(tmp_path / "a.png", max_pixels=10_000).shape == (100, 100, 3)
    tifffile.imwrite(tmp_path / "wide.tif", np.zeros((100, 100), np.uint16))
    assert "max_pixels" in fault(tmp_path / "wide.tif", max_pixels=9_999)


def test_larger_than_pillows_own_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.new("L", (100, 100)).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").shape == (100, 100, 3)
    assert Image.MAX_IMAGE_PIXELS == 100  # and the setting is put back


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.gif", "a.bmp", "w.tif"])
def test_random_damage_gives_an_image_or_one_sentence(tmp_path, rgb, name):
    path = tmp_path / name
    if name == "w.tif":
        tifffile.imwrite(path, rgb.astype(np.uint16), photometric="rgb", compression="zlib")
    else:
        Image.fromarray(rgb).save(path)
    whole, dice = path.read_bytes(), random.Random(0)
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 12)):
            at = dice.randrange(min(len(damaged), dice.choice((60, 10**9))))
            damaged[at] = dice.randrange(256)
        path.write_bytes(damaged)
        try:
            got = read_image(path, max_pixels=10**6)
            assert got.dtype == np.uint8 and got.ndim == 3 and got.shape[2] == 3
        except ColorkitError as error:
            assert "\n" not in str(error)


def test_no_warnings_leak_from_threads(tmp_path, rgb):
    Image.fromarray(rgb).save(tmp_path / "a.tif")
    (tmp_path / "a.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:-40])
    Image.fromarray(rgb).save(tmp_path / "b.png")
    before, limit = list(warnings.filters), Image.MAX_IMAGE_PIXELS

    def work():
        for _ in range(20):
            read_image(tmp_path / "b.png")
            with pytest.raises(ColorkitError):
                read_image(tmp_path / "absent.png")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warnings.filters == before and limit == Image.MAX_IMAGE_PIXELS


# Cropping and writing


def test_resize_crop(rgb):
    wide = np.zeros((50, 101, 3), np.uint8)
    wide[:, 25:75] = 200
    assert (resize_crop(wide, 50) == 200).all()  # only cut, from a whole pixel
    assert (resize_crop(wide.transpose(1, 0, 2), 50) == 200).all()
    assert resize_crop(rgb, 7).shape == resize_crop(rgb, 99)[:7, :7].shape == (7, 7, 3)
    assert resize_crop(rgb[:1, :1], 5).shape == (5, 5, 3)
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    assert far(resize_crop(stripes, 32)[4:-4, 4:-4], np.full((24, 24, 3), 128)) <= 2  # no moiré
    for bad in (rgb / 255, rgb[..., 0], rgb[:0], None):
        with pytest.raises(ValueError, match="received"):
            resize_crop(bad, 8)
    with pytest.raises(ValueError, match="received 0"):
        resize_crop(rgb, 0)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp", "a.jpg", "a.webp", "deep/er/a.jpeg"])
def test_write_and_read_back(tmp_path, rgb, name):
    write_image(tmp_path / name, rgb, quality=98)
    exact = name in ("a.png", "a.tif", "a.bmp")
    assert far(read_image(tmp_path / name), rgb) <= (0 if exact else 24)
    assert [path.name for path in (tmp_path / name).parent.iterdir()] == [Path(name).name]


def test_written_exif_and_profile(tmp_path, rgb):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A camera"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name in ("a.jpg", "a.png", "a.webp", "a.tif"):
        write_image(tmp_path / name, rgb, kept=Kept(exif.tobytes(), srgb))
        with Image.open(tmp_path / name) as image:
            assert image.getexif().get(0x010F) == "A camera" and image.getexif().get(0x0112, 1) == 1
            assert image.info["icc_profile"] == srgb
        assert read_image(tmp_path / name).shape == rgb.shape
    write_image(tmp_path / "b.jpg", rgb, kept=Kept(b"broken"))
    assert read_image(tmp_path / "b.jpg").shape == rgb.shape


def test_write_faults(tmp_path, rgb):
    with pytest.raises(ColorkitError, match=r"a\.xyz.*\.png"):
        write_image(tmp_path / "a.xyz", rgb)
    with pytest.raises(ValueError, match="float64"):
        write_image(tmp_path / "a.png", rgb / 255)
    with pytest.raises(ColorkitError, match="another format"):
        write_image(tmp_path / "a.jpg", np.zeros((1, 70_000, 3), np.uint8))
    (tmp_path / "b.png").mkdir()
    with pytest.raises(ColorkitError, match="folder has this name"):
        write_image(tmp_path / "b.png", rgb)
    (tmp_path / "file").touch()
    with pytest.raises(ColorkitError, match="part of the path is a file"):
        write_image(tmp_path / "file" / "c.png", rgb)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.png", "file"]


def test_a_full_disk_leaves_the_old_file(tmp_path, rgb, monkeypatch):
    path = tmp_path / "a.png"
    write_image(path, rgb)
    before = path.read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ColorkitError, match="no space left on the disk; free some space"):
        write_image(path, 255 - rgb)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
