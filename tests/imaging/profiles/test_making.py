"""What files say of colors in numbers is read as a profile that says the same."""

import io
import struct

import made_files as made
import numpy as np
import pytest
from odd_images import png
from PIL import Image, features

from colorkit.imaging.images import read_image
from colorkit.imaging.metadata.photograph import read_metadata
from colorkit.imaging.profiles.making import adobe_rgb_profile, from_codes, from_png


def far(a, b) -> float:
    return np.abs(np.asarray(a, float) - np.asarray(b, float)).max()


def photograph() -> np.ndarray:
    """Codes of sRGB in [0, 1], (64, 256, 3), gray."""
    return np.broadcast_to(np.linspace(0, 1, 256)[None, :, None], (64, 256, 3))


def gamma_png(gamma: float | None, *more, bits: int = 8, kind: int = 0) -> bytes:
    chunks = [] if gamma is None else [(b"gAMA", struct.pack(">I", round(gamma * 100000)))]
    values = made.linear(photograph()) * (2**bits - 1)
    values = np.rint(values).astype(f"u{bits // 8}")
    return png(values if kind == 2 else values[..., 0], kind, bits, chunks=(*chunks, *more))


def test_gamma_of_png(tmp_path):
    """The rule stands in `colorkit.imaging.profiles.declared`."""
    path, plain = tmp_path / "p.png", np.rint(made.linear(photograph()) * 255)
    for bits, kind, allowed in ((8, 0, 5), (8, 2, 5), (16, 0, 1), (16, 2, 1)):
        path.write_bytes(gamma_png(1.0, bits=bits, kind=kind))
        assert far(read_image(path)[:, 32:], photograph()[:, 32:] * 255) <= allowed
        assert read_metadata(path).icc_profile is None
    srgb = (b"sRGB", b"\0")
    for data in (
        gamma_png(None),
        gamma_png(0.45455),
        gamma_png(1.0, srgb),
        gamma_png(1.0, (b"cICP", bytes((1, 13, 0, 1)))),
        gamma_png(0.0),
    ):
        path.write_bytes(data)
        assert np.array_equal(read_image(path), plain)
    path.write_bytes(gamma_png(0.45455, (b"cICP", bytes((1, 8, 0, 1)))))
    assert far(read_image(path)[:, 32:], photograph()[:, 32:] * 255) <= 5


def test_gamma_is_not_applied_to_alpha(tmp_path):
    """Nor lost where the transparent part is a palette's or one color of 16 bits."""
    codes = np.linspace(0.3, 1, 40)[None].repeat(24, axis=0)
    light = np.rint(made.linear(codes) * 255).astype(np.uint8)
    alpha, gamma = np.full_like(light, 192), (b"gAMA", struct.pack(">I", 100000))
    over = codes * 192 + 63
    gray_alpha = np.dstack([light, alpha])
    palette = (b"PLTE", np.repeat(np.arange(256, dtype=np.uint8), 3).tobytes())
    for data in (
        png(gray_alpha, 4, 8, chunks=(gamma,)),
        png(gray_alpha.astype(np.uint16) * 257, 4, chunks=(gamma,)),
        png(light, 3, 8, chunks=(gamma, palette, (b"tRNS", bytes([192]) * 256))),
    ):
        (tmp_path / "p.png").write_bytes(data)
        assert far(read_image(tmp_path / "p.png")[..., 0], over) <= 2
    wide = np.dstack([light] * 3).astype(np.uint16) * 257
    clear = (b"tRNS", struct.pack(">3H", *wide[0, 5]))
    (tmp_path / "p.png").write_bytes(png(wide, 2, chunks=(gamma, clear)))
    want = np.where(wide[..., 0] == wide[0, 5, 0], 255, codes * 255)
    assert far(read_image(tmp_path / "p.png")[..., 0], want) <= 2


def test_primaries_of_png(tmp_path):
    numbers = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)  # of Adobe RGB
    chunks = ((b"gAMA", struct.pack(">I", 45470)), (b"cHRM", struct.pack(">8I", *numbers)))
    green = np.full((8, 8, 3), (60, 200, 60), np.uint8)
    (tmp_path / "p.png").write_bytes(png(green, 2, 8, chunks=chunks))
    stream = io.BytesIO()
    Image.fromarray(green).save(stream, "PNG", icc_profile=adobe_rgb_profile())
    (tmp_path / "q.png").write_bytes(stream.getvalue())
    assert far(read_image(tmp_path / "p.png"), read_image(tmp_path / "q.png")) <= 4
    assert far(read_image(tmp_path / "p.png")[0, 0], green[0, 0]) > 30


def test_codes_of_hdr_and_wide_gamut(tmp_path):
    gray = np.full((8, 8, 3), 148, np.uint8)  # 203 candela/m² in PQ
    (tmp_path / "p.png").write_bytes(png(gray, 2, 8, chunks=((b"cICP", bytes((9, 16, 0, 1))),)))
    assert read_image(tmp_path / "p.png").min() >= 253
    assert any("HDR" in note for note in read_metadata(tmp_path / "p.png").notes)
    # What shows 60 candela/m², 0.296 of diffuse white: the inverse of SMPTE ST 2084.
    power = (60 / 10_000) ** 0.1593017578125
    code = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    dark = np.full((8, 8, 3), round(code * 255), np.uint8)
    (tmp_path / "p.png").write_bytes(png(dark, 2, 8, chunks=((b"cICP", bytes((9, 16, 0, 1))),)))
    assert far(read_image(tmp_path / "p.png"), np.full((8, 8, 3), 148)) <= 3
    assert from_codes(1, 13) is from_codes(2, 2) is from_codes(1, 1) is None


@pytest.mark.parametrize("transfer", [1, 8, 13, 16])
def test_codes_of_narrow_range(tmp_path, transfer):
    """As of full range, with black at 16 and white at 235."""
    values = np.arange(220, dtype=np.float64)
    for name, codes, full in (
        ("full", values / 219 * 65535, 1),
        ("narrow", (values + 16) * 257, 0),
    ):
        wide = np.rint(codes).astype(np.uint16)[None, :, None].repeat(3, axis=2)
        chunk = (b"cICP", bytes((1, transfer, 0, full)))
        (tmp_path / f"{name}.png").write_bytes(png(wide, 2, chunks=(chunk,)))
    full, narrow = (read_image(tmp_path / f"{name}.png") for name in ("full", "narrow"))
    assert far(narrow, full) <= 1
    assert (narrow.min(), narrow.max()) == (0, 255)


@pytest.mark.skipif(not features.check("avif"), reason="Pillow built without AVIF")
def test_codes_of_avif(tmp_path):
    color = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    Image.fromarray(color).save(tmp_path / "p.avif", quality=100, subsampling="4:4:4")
    assert far(read_image(tmp_path / "p.avif"), color) <= 3
    data = (tmp_path / "p.avif").read_bytes()
    at = data.index(b"colrnclx") + 8
    (tmp_path / "p.avif").write_bytes(data[:at] + struct.pack(">H", 12) + data[at + 2 :])
    assert far(read_image(tmp_path / "p.avif")[0, 0], (215, 93, 31)) <= 4  # of Display P3


def test_adobe_rgb_that_exif_alone_names(tmp_path):
    block = made.exif([made.text(271, "M")], [made.short(0xA001, 65535)], (), [made.text(1, "R03")])
    color = np.full((16, 16, 3), (60, 200, 60), np.uint8)
    Image.fromarray(color).save(
        tmp_path / "p.jpg", quality=100, subsampling=0, exif=b"Exif\0\0" + block
    )
    Image.fromarray(color).save(
        tmp_path / "q.jpg", quality=100, subsampling=0, icc_profile=adobe_rgb_profile()
    )
    assert far(read_image(tmp_path / "p.jpg"), read_image(tmp_path / "q.jpg")) <= 1
    assert far(read_image(tmp_path / "p.jpg")[0, 0], color[0, 0]) > 30


def test_what_stands_for_nothing():
    assert from_png({}) is None
    assert from_png({"gamma": 1.0, "srgb": 0}) is None
    assert from_png({"gamma": 1.0, "chromaticity": (0, 0, 0, 0, 0, 0, 0, 0)}) is None
    assert (
        from_png(
            {"gamma": 1 / 2.2, "chromaticity": (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)}
        )
        is None
    )
