"""TIFF files as scanners, faxes and laboratories write them."""

import io
import struct

import numpy as np
import pytest
import tifffile
from odd_images import tiff
from PIL import Image

from colorkit.imaging.images import read_image

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
