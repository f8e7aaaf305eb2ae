"""TIFF files as scanners, faxes and laboratories write them."""

import io
import lzma
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from odd_images import _one_strip, tiff
from PIL import Image

from colorkit.imaging.decoding.tiffs import read_tiff
from colorkit.imaging.images import read_image
from colorkit.system.errors import ColorkitError

G = np.random.default_rng(0).integers(0, 256, (24, 40), dtype=np.uint8)
C = np.random.default_rng(1).integers(0, 256, (24, 40, 3), dtype=np.uint8)


def read(data: bytes) -> np.ndarray:
    stream = io.BytesIO(data)
    stream.name = "a.tif"
    return read_image(stream).astype(int)


def gray(values) -> np.ndarray:
    return np.repeat(np.asarray(values, int)[..., None], 3, axis=2)


@pytest.mark.parametrize("compression", [None, "group3", "group4"])
@pytest.mark.parametrize("photometric", [0, 1])
def test_bilevel_pages_whichever_number_is_white(compression, photometric):
    stream = io.BytesIO()
    options = {} if compression is None else {"compression": compression}
    Image.fromarray(G > 100).save(stream, "TIFF", tiffinfo={262: photometric}, **options)
    assert np.array_equal(read(stream.getvalue()), gray(np.where(G > 100, 255, 0)))


@pytest.mark.parametrize(
    ("white", "stored"),
    [
        ("8 bits", 255 - G),
        ("16 bits", 65535 - G.astype(np.uint16) * 257),
        ("32 bits", 2**32 - 1 - G.astype(np.uint32) * 16843009),
        ("signed", 32767 - G.astype(np.int16) * 128),
        ("float", (1 - G / 255).astype(np.float32)),
    ],
)
def test_white_as_zero_in_every_depth(white, stored):
    assert np.abs(read(tiff(stored, photometric="miniswhite")) - gray(G)).max() <= 1, white


@pytest.mark.parametrize("bits", [2, 4])
def test_gray_of_few_bits(bits):
    values = G >> (8 - bits)
    data = bytearray(tiff(np.zeros((24, 40 * bits // 8), np.uint8), metadata=None))
    page = tifffile.TiffFile(io.BytesIO(bytes(data))).pages[0]
    planes = np.unpackbits(values[..., None], axis=2)[..., 8 - bits :]
    packed = np.packbits(planes.reshape(24, -1), axis=1).tobytes()
    data[page.dataoffsets[0] : page.dataoffsets[0] + len(packed)] = packed
    for tag, value in ((256, 40), (258, bits)):
        kind = "<H" if page.tags[tag].dtype == 3 else "<I"
        struct.pack_into(kind, data, page.tags[tag].valueoffset, value)
    assert np.abs(read(bytes(data)) - gray(values.astype(int) * 255 // (2**bits - 1))).max() <= 1


def test_signed_bytes():
    signed = G.astype(np.int16) - 128
    want = np.maximum(signed, 0) * 2
    assert np.array_equal(read(tiff(signed.astype(np.int8), photometric="minisblack")), gray(want))


@pytest.mark.parametrize("tile", [None, (16, 16)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("order", ["<", ">"])
def test_floats_stored_as_differences_of_their_bytes(order, channels, tile):
    """As Photoshop compresses 32 bits; the encoder is written here by Adobe's note."""
    values = (C if channels == 3 else G[..., None]) / 255
    rows, columns = tile or (10, 40)
    big = np.zeros((-(-24 // rows) * rows, -(-40 // columns) * columns, channels), ">f4")
    big[:24, :40] = values
    marked = [(65000, "H", 1, 3, True)]
    options = {"rowsperstrip": 10} if tile is None else {"tile": tile}
    plain = values.astype(np.float32) if channels == 3 else values[..., 0].astype(np.float32)
    data = bytearray(
        tiff(plain, photometric="rgb" if channels == 3 else "minisblack", metadata=None,
             byteorder=order, extratags=marked, **options)
    )  # fmt: skip
    page = tifffile.TiffFile(io.BytesIO(bytes(data))).pages[0]
    struct.pack_into(f"{order}H", data, page.tags[65000].offset, 317)
    across = -(-40 // columns)
    for index, (place, count) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
        top, left = index // across * rows, index % across * columns
        block = np.ascontiguousarray(big[top : top + rows, left : left + columns])
        block = block[: count // (columns * channels * 4)]
        planes = block.view(np.uint8).reshape(len(block), -1, 4).swapaxes(1, 2)
        planes = planes.reshape(len(block), columns * 4, channels).copy()
        planes[:, 1:] -= planes[:, :-1].copy()
        data[place : place + count] = planes.tobytes()
    assert tifffile.TiffFile(io.BytesIO(bytes(data))).pages[0].predictor == 3
    want = C.astype(int) if channels == 3 else gray(G)
    assert np.array_equal(read(bytes(data)), want)


ALPHA = G.astype(float)[..., None] / 255
OVER_WHITE = np.rint(C * ALPHA + 255 * (1 - ALPHA))


@pytest.mark.parametrize(
    ("what", "data", "want", "allowed"),
    [
        ("planes", tiff(C.transpose(2, 0, 1), photometric="rgb", planarconfig="separate"), C, 0),
        ("tiles", tiff(C, photometric="rgb", tile=(16, 16)), C, 0),
        ("predictor", tiff(C, photometric="rgb", compression="zlib", predictor=True), C, 0),
        ("BigTIFF", tiff(C, photometric="rgb", bigtiff=True), C, 0),
        ("BigTIFF, big-endian", tiff(C, photometric="rgb", bigtiff=True, byteorder=">"), C, 0),
        (
            "a channel nobody explains",
            tiff(np.dstack([C, G]), photometric="rgb", extrasamples=["unspecified"]),
            C,
            0,
        ),
        (
            "alpha",
            tiff(np.dstack([C, G]), photometric="rgb", extrasamples=["unassalpha"]),
            OVER_WHITE,
            1,
        ),
        (
            "colors multiplied by alpha",
            tiff(
                np.dstack([np.rint(C * ALPHA).astype(np.uint8), G]),
                photometric="rgb",
                extrasamples=["assocalpha"],
            ),
            OVER_WHITE,
            2,
        ),
        ("64 bits", tiff(G.astype(np.uint64) << 56, photometric="minisblack"), gray(G), 0),
    ],
)
def test_layouts(what, data, want, allowed):
    assert np.abs(read(data) - want).max() <= allowed, what


def samples(data: bytes, **more):
    return read_tiff(io.BytesIO(data), Path("a.tif"), more.pop("max_pixels", 10**6), **more)


WIDE = C.astype(np.uint16) * 257


@pytest.mark.parametrize(
    ("data", "least", "mode"),
    [
        (tiff(C, photometric="rgb"), 9, None),  # Pillow reads it
        (tiff(C, photometric="rgb"), 8, "RGB"),
        (tiff(WIDE, photometric="rgb"), 16, "RGB"),
        (tiff(WIDE, photometric="rgb"), 17, None),
        (tiff(C, photometric="icclab"), 9, "LAB"),
        (tiff(C, photometric="cielab"), 9, None),
        (tiff(C.astype(np.int8), photometric="rgb"), 9, "RGB"),
        (tiff(np.dstack([WIDE, G]), photometric="separated"), 9, "CMYK"),
        (tiff(np.dstack([WIDE] * 2 + [G] * 2).astype(np.uint16), photometric="rgb"), 9, "RGB"),
        (tiff(np.dstack([WIDE] * 3), photometric="rgb"), 9, None),  # nine channels
        (tiff(np.stack([WIDE] * 2), photometric="rgb", volumetric=True, tile=(1, 16, 16)), 9, None),
        (tiff(WIDE, photometric="ycbcr"), 9, None),
        (b"II*\0 no directory", 9, None),
    ],
)
def test_what_is_read_and_what_is_left_to_pillow(data, least, mode):
    found = samples(data, least=least)
    assert (found and found.mode) == mode


def test_what_a_file_says_of_its_samples():
    tags = [(274, "H", 1, 6, True), (34675, "B", 7, b"profile", True)]
    found = samples(tiff(WIDE, photometric="rgb", extratags=tags))
    assert (found.orientation, found.profile, found.inverted) == (6, b"profile", False)
    assert np.array_equal(found.color, WIDE) and found.alpha is None
    plain = samples(tiff(WIDE[..., 0], photometric="minisblack"))
    assert (plain.orientation, plain.profile, plain.bits) == (1, None, 0)
    assert plain.color.shape == (24, 40, 1)
    five = np.dstack([WIDE, WIDE[..., :2]])
    for kind, multiplied in ((1, True), (2, False), (0, None)):
        found = samples(tiff(five, photometric="rgb", extrasamples=(kind, 0)))
        assert np.array_equal(found.color, WIDE)
        assert multiplied is None or found.multiplied == multiplied
        assert (found.alpha is None) == (kind == 0)
        assert found.alpha is None or np.array_equal(found.alpha, WIDE[..., 0])


@pytest.mark.parametrize(
    ("stored", "color"),
    [
        (np.array([[0, 5, 65535]], np.uint16), [65535, 65530, 0]),
        (np.array([[-9, 0, 5, 32767]], np.int16), [32767, 32767, 32762, 0]),
        (np.array([[0, 0.25, 1]], np.float32), [1, 0.75, 0]),
        (np.array([[0, 0.25, 1.5]], np.float32), [1.5, 1.25, 0]),  # white is the largest there is
        (np.array([[np.nan, 0.25]], np.float32), [np.nan, 0.75]),
    ],
)
def test_white_as_zero_is_turned_around(stored, color):
    found = samples(tiff(stored, photometric="miniswhite"))
    assert found.inverted
    assert found.color[0, :, 0] == pytest.approx(color, nan_ok=True)


@pytest.mark.parametrize(
    ("photometric", "stored", "codes"),
    [
        # L* of all numbers to 100; a* and b* signed, 256 steps to a unit.
        ("cielab", np.array([65535, 0, 0], np.uint16), (255, 128, 128)),
        ("cielab", np.array([0, 0x7FFF, 0x8000], np.uint16), (0, 255, 0)),
        ("cielab", np.array([0x8000, 0x4000, 0xC000], np.uint16), (127.5, 192, 64)),
        # The same codes as ICC's profiles, of 16 bits with 0xFF00 as 100.
        ("icclab", np.array([0xFF00, 0x8000, 0x8000], np.uint16), (255, 128, 128)),
        ("icclab", np.array([65535, 0, 0x4000], np.uint16), (255, 0, 64)),
        ("icclab", np.array([255, 128, 0], np.uint8), (255, 128, 0)),
    ],
)
def test_lab_in_its_ways(photometric, stored, codes):
    found = samples(tiff(np.broadcast_to(stored, (2, 2, 3)), photometric=photometric))
    assert found.color[1, 1] * 255 == pytest.approx(codes, abs=0.01)


def test_size_and_strips_have_limits():
    gray = tiff(WIDE[..., 0], photometric="minisblack")
    assert samples(gray, max_pixels=960).color.size == 960
    with pytest.raises(ColorkitError, match="40×24 pixels are more than the 959"):
        samples(gray, max_pixels=959)
    one = np.zeros((1, 1), np.uint16)
    for side, fits in ((48, True), (64, False)):  # pixels of a tile, of which 8 × 400 are allowed
        data = tiff(one, photometric="minisblack", tile=(side, side))
        if fits:
            assert samples(data, max_pixels=400).color.shape == (1, 1, 1)
        else:
            with pytest.raises(ValueError, match="tile is larger"):
                samples(data, max_pixels=400)
    for compression, pack in ((8, zlib.compress), (34925, lzma.compress)):
        for length, fits in ((3840, True), (3841, False)):  # twice 24 × 40 × 2 bytes, and one more
            data = _one_strip(WIDE[..., 0], pack(bytes(length)), compression)
            if fits:
                assert samples(data).color.max() == 0
            else:
                with pytest.raises(ValueError, match="unpacks to more"):
                    samples(data)
