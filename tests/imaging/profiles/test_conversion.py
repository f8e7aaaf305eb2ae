"""Profiles are judged by their colors, and applied before anything is cut to 8 bits."""

import io
import struct

import made_files as made
import numpy as np
import pytest
import tifffile
from odd_images import png, tiff
from PIL import Image, ImageCms

from colorkit.imaging.images import read_image
from colorkit.imaging.metadata.photograph import read_metadata
from colorkit.imaging.profiles.conversion import (
    convert,
    convert_deep,
    fits,
    is_srgb,
    srgb_profile,
)
from colorkit.imaging.profiles.making import adobe_rgb_profile, from_codes

LINEAR = made.profile("sRGB IEC61966-2.1", made.power(1.0))  # not what it is called
RAMP = np.arange(256) / 255


def far(a, b) -> float:
    return np.abs(np.asarray(a, float) - np.asarray(b, float)).max()


def photograph(dark: float = 1.0) -> np.ndarray:
    """Codes of sRGB in [0, 1], (64, 256, 3), gray."""
    return np.broadcast_to(np.linspace(0, dark, 256)[None, :, None], (64, 256, 3))


def test_profiles_are_judged_by_their_colors():
    assert is_srgb(srgb_profile())
    assert is_srgb(made.profile("nothing in particular", made.srgb_curve()))
    assert not is_srgb(LINEAR)
    assert not is_srgb(made.profile("sRGB", made.power(2.2)))
    assert not is_srgb(adobe_rgb_profile())
    assert not is_srgb(made.profile("sRGB", made.srgb_curve(), b"GRAY"))
    assert not is_srgb(b"sRGB" * 100)
    assert fits(LINEAR, "L") and fits(LINEAR, "RGB") and not fits(LINEAR, "CMYK")
    assert not fits(made.profile("g", made.power(1), b"GRAY"), "RGB")
    assert not fits(LINEAR[:200], "RGB")


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif", "gif", "bmp"])
def test_a_profile_is_applied_and_not_kept_where_it_is_untrue(tmp_path, ending):
    stored = np.rint(made.linear(photograph()) * 255).astype(np.uint8)
    path = tmp_path / f"p.{ending}"
    options = {"quality": 100, "lossless": True} if ending in ("jpg", "webp") else {}
    Image.fromarray(stored).save(path, icc_profile=LINEAR, **options)
    data = path.read_bytes()
    if ending == "gif":
        at = 13 + (3 << ((data[10] & 7) + 1)) * (data[10] >> 7)  # behind the palette
        parts = (LINEAR[k : k + 255] for k in range(0, len(LINEAR), 255))
        blocks = b"".join(bytes([len(part)]) + part for part in parts)
        path.write_bytes(data[:at] + b"\x21\xff\x0bICCRGBG1012" + blocks + b"\0" + data[at:])
    if ending == "bmp":  # a header of version 5, the profile behind the pixels
        pixels = data[54:]
        head = struct.pack("<IiiHHIIiiII", 124, 256, 64, 1, 24, 0, len(pixels), 0, 0, 0, 0)
        head += (
            bytes(16)
            + b"DEBM"
            + bytes(48)
            + struct.pack("<IIII", 0, 124 + len(pixels), len(LINEAR), 0)
        )
        path.write_bytes(b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + 124) + head + pixels + LINEAR)
    got = read_image(path)
    want = photograph() * 255
    # One step of light is 13 codes near black.
    assert far(got[:, 32:], want[:, 32:]) <= (9 if ending == "jpg" else 5)
    assert read_metadata(path).icc_profile == srgb_profile()


def test_a_profile_of_srgb_is_kept_as_it_is(tmp_path):
    own = made.profile("my own", made.srgb_curve())
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "p.png", icc_profile=own)
    assert read_metadata(tmp_path / "p.png").icc_profile == own
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "p.png")
    assert read_metadata(tmp_path / "p.png").icc_profile is None


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
def test_gray_profiles(tmp_path, gamma):
    """Of 8 bits and of 16; LittleCMS alone is 10 of 255 off with the first."""
    profile = made.profile("gray", made.power(gamma), b"GRAY")
    codes = np.arange(256, dtype=np.uint8)[None].repeat(8, axis=0)
    Image.fromarray(codes).save(tmp_path / "p.png", icc_profile=profile)
    light = RAMP**gamma
    want = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055) * 255
    assert far(read_image(tmp_path / "p.png")[0, :, 0], want) <= 1.5
    kept = read_metadata(tmp_path / "p.png")
    assert (kept.icc_profile, kept.notes) == (srgb_profile(), ())  # pixels are color now
    Image.fromarray(codes).save(tmp_path / "p.jpg", icc_profile=profile)
    assert read_metadata(tmp_path / "p.jpg").notes == ()
    tifffile.imwrite(tmp_path / "p.tif", codes.astype(np.uint16) * 257, iccprofile=profile)
    assert far(read_image(tmp_path / "p.tif")[0, :, 0], want) <= 0.6


def test_gray_pixels_under_a_profile_of_color(tmp_path):
    codes = np.rint(made.linear(RAMP) * 255).astype(np.uint8)[None].repeat(8, axis=0)
    Image.fromarray(codes).save(tmp_path / "p.png", icc_profile=LINEAR)
    assert far(read_image(tmp_path / "p.png")[0, 32:, 0], RAMP[32:] * 255) <= 5
    ours = np.arange(256, dtype=np.uint8)[None].repeat(8, axis=0)
    Image.fromarray(ours).save(tmp_path / "p.png", icc_profile=srgb_profile())
    assert np.array_equal(read_image(tmp_path / "p.png")[..., 0], ours)


def wide_files(values: np.ndarray, profile: bytes) -> dict[str, bytes]:
    """A gray ramp in [0, 1] in every container of 16 bits and more that holds a profile."""
    wide = np.rint(values * 65535).astype(np.uint16)
    gray, rgb = wide[..., 0], {"photometric": "rgb", "iccprofile": profile}
    alpha = np.concatenate([wide, np.full_like(wide[..., :1], 65535)], axis=2)
    packed = (b"iCCP", b"p\0\0" + __import__("zlib").compress(profile))
    stream = io.BytesIO()
    Image.fromarray(gray).save(stream, "TIFF", compression="tiff_lzw", icc_profile=profile)
    return {
        "rgb.tif": tiff(wide, **rgb),
        "planes.tif": tiff(wide.transpose(2, 0, 1), planarconfig="separate", **rgb),
        "zip-big-endian.tif": tiff(wide, byteorder=">", compression="zlib", predictor=True, **rgb),
        "big.tif": tiff(wide, bigtiff=True, **rgb),
        "alpha.tif": tiff(alpha, extrasamples=["unassalpha"], **rgb),
        "float.tif": tiff(values.astype(np.float32), **rgb),
        "32-bit.tif": tiff(np.rint(values * (2**32 - 1)).astype(np.uint32), **rgb),
        "gray.tif": tiff(gray, photometric="minisblack", iccprofile=profile),
        "white-is-zero.tif": tiff(65535 - gray, photometric="miniswhite", iccprofile=profile),
        "lzw.tif": stream.getvalue(),
        "rgb.png": png(wide, 2, chunks=(packed,)),
        "interlaced.png": png(wide, 2, interlaced=True, chunks=(packed,)),
        "rgba.png": png(alpha, 6, chunks=(packed,)),
        "gray.png": png(gray, 0, chunks=(packed,)),
        "gray-alpha.png": png(alpha[..., 2:], 4, chunks=(packed,)),
    }


@pytest.mark.parametrize("name", sorted(wide_files(photograph(0.1), LINEAR)))
def test_dark_levels_of_linear_scans_survive(tmp_path, name):
    want = photograph(0.12) * 255
    path = tmp_path / name
    path.write_bytes(wide_files(made.linear(photograph(0.12)), LINEAR)[name])
    got = read_image(path)
    assert got.shape == want.shape
    assert far(got, want) <= 1
    assert len(np.unique(got)) == 32
    assert read_metadata(path).icc_profile == srgb_profile()


def test_sixteen_bits_of_lzw_color(tmp_path):
    """What tifffile leaves to a package that is not required, Pillow decodes twice."""
    wide = np.rint(made.linear(photograph(0.12)) * 65535).astype(np.uint16)
    stream = io.BytesIO(tiff(wide, photometric="rgb", iccprofile=LINEAR, compression="zlib"))
    packed = bytearray(stream.getvalue())
    image = Image.open(io.BytesIO(bytes(packed)))
    assert image.tile[0].args[0].startswith("RGB;16")
    from colorkit.imaging.decoding.deep_reading import _twice

    found = _twice(io.BytesIO(bytes(packed)), tmp_path / "p.tif", 10**6)
    assert np.array_equal(found.color, wide)
    big = tiff(wide, photometric="rgb", byteorder=">")
    assert np.array_equal(_twice(io.BytesIO(big), tmp_path / "p.tif", 10**6).color, wide)


def test_files_of_srgb_in_16_bits_give_their_upper_bytes(tmp_path):
    noise = np.random.default_rng(0).integers(0, 65536, (16, 16, 3)).astype(np.uint16)
    for profile in (None, srgb_profile()):
        tifffile.imwrite(tmp_path / "p.tif", noise, photometric="rgb", iccprofile=profile)
        assert np.array_equal(read_image(tmp_path / "p.tif"), noise >> 8)


@pytest.mark.parametrize("profile", [adobe_rgb_profile(), from_codes(9, 8), from_codes(12, 13)])
def test_deep_conversion_agrees_with_littlecms(profile):
    codes = np.random.default_rng(0).integers(0, 256, (50, 50, 3), dtype=np.uint8)
    deep = convert_deep((codes / 255).astype(np.float32), "RGB", profile)
    assert far(deep, convert(Image.fromarray(codes), profile)) <= 1


def test_deep_conversion_through_tables():
    """A profile without curves is asked for at the corners of a simplex."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    codes = np.random.default_rng(0).integers(60, 190, (20, 20, 3), dtype=np.uint8)
    image = Image.merge("LAB", [Image.fromarray(codes[..., k].copy()) for k in range(3)])
    exact = np.asarray(convert(image, lab))
    deep = convert_deep((codes / 255).astype(np.float32), "LAB", lab)
    assert np.array_equal(deep, exact)
    between = convert_deep(((codes + 0.5) / 255).astype(np.float32), "LAB", lab)
    further = convert_deep(((codes + 1) / 255).astype(np.float32), "LAB", lab)
    low, high = np.minimum(deep, further).astype(int), np.maximum(deep, further).astype(int)
    assert ((between >= low - 4) & (between <= high + 4)).all()


def test_lab_tiffs(tmp_path):
    """L* 53, a* 80, b* 67 is sRGB's red; of 8 and 16 bits, with signs and without."""
    red = (53.24, 80.09, 67.20)
    for bits, steps, full in ((8, 1, 255), (16, 256, 65535)):
        code = [round(red[0] / 100 * full), round(red[1] * steps), round(red[2] * steps)]
        values = np.full((8, 8, 3), code, f"u{bits // 8}")
        tifffile.imwrite(tmp_path / "p.tif", values, photometric=8)
        assert far(read_image(tmp_path / "p.tif")[0, 0], (255, 0, 0)) <= 12, bits
        full = 255 if bits == 8 else 65280
        code = [round(red[0] / 100 * full), *(round((v + 128) * steps) for v in red[1:])]
        tifffile.imwrite(tmp_path / "p.tif", np.full((8, 8, 3), code, values.dtype), photometric=9)
        assert far(read_image(tmp_path / "p.tif")[0, 0], (255, 0, 0)) <= 12, bits


def test_a_profile_that_does_not_fit_is_ignored_and_said(tmp_path):
    color = np.full((8, 8, 3), (10, 100, 200), np.uint8)
    gray = made.profile("gray", made.power(1.0), b"GRAY")
    for profile in (gray, b"no profile", LINEAR[:200]):
        Image.fromarray(color).save(tmp_path / "p.png", icc_profile=profile)
        assert np.array_equal(read_image(tmp_path / "p.png"), color)
        kept = read_metadata(tmp_path / "p.png")
        assert any("profile" in note for note in kept.notes)
        assert kept.icc_profile == srgb_profile()


def test_cmyk_through_its_profile(tmp_path):
    """Of 8 and of 16 bits the same, and not what bare inks would give."""
    profile = cmyk_profile()
    inks = np.zeros((8, 8, 4), np.uint8)
    inks[..., 3] = 128
    Image.frombytes("CMYK", (8, 8), inks.tobytes()).save(
        tmp_path / "p.jpg", quality=100, icc_profile=profile
    )
    Image.frombytes("CMYK", (8, 8), inks.tobytes()).save(tmp_path / "p.tif", icc_profile=profile)
    tifffile.imwrite(
        tmp_path / "q.tif",
        inks.astype(np.uint16) * 257,
        photometric="separated",
        iccprofile=profile,
    )
    bare = read_image(tmp_path / "p.tif")
    for name in ("p.jpg", "p.tif", "q.tif"):
        assert far(read_image(tmp_path / name), bare) <= 2
        assert far(read_image(tmp_path / name), np.full((8, 8, 3), 144)) <= 2  # L* 60; bare, 127
        assert read_metadata(tmp_path / name).icc_profile == srgb_profile()


def cmyk_profile() -> bytes:
    """A printer's profile of tables with two points a side; black ink alone is L* 20."""
    points = []
    for index in range(16):
        inks = [index >> 3 & 1, index >> 2 & 1, index >> 1 & 1, index & 1]
        light = 100 - 80 * inks[3] - 13 * sum(inks[:3]) * (1 - inks[3])
        points += [round(light / 100 * 65280), 32768, 32768]
    straight = struct.pack(">2H", 0, 65535)
    body = b"mft2" + bytes(4) + bytes((4, 3, 2, 0))
    body += struct.pack(">9i", *(65536 * (k in (0, 4, 8)) for k in range(9))) + struct.pack(
        ">HH", 2, 2
    )
    body += straight * 4 + struct.pack(f">{len(points)}H", *points) + straight * 3
    words = "inks".encode("utf-16-be")
    text = b"mluc" + struct.pack(">4xII4sII", 1, 12, b"enUS", len(words), 28) + words
    white = b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in made.D50))
    tags = [(b"desc", text), (b"cprt", text), (b"wtpt", white), (b"A2B0", body), (b"A2B1", body)]
    rows, data, start = b"", b"", 132 + 12 * len(tags)
    for name, content in tags:
        rows += name + struct.pack(">II", start + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    head = struct.pack(">I4xI4s4s4s", start + len(data), 0x04200000, b"prtr", b"CMYK", b"Lab ")
    head += bytes(12) + b"acsp" + bytes(28) + white[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + rows + data
