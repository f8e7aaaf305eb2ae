"""The photograph is found among thumbnails, pages and what hangs on them."""

import io

import made_files as made
import numpy as np
import pytest
import tifffile
from odd_images import png
from PIL import Image, features

from colorkit.imaging.images import read_image
from colorkit.imaging.infrared import read_header
from colorkit.imaging.metadata.photograph import read_metadata
from colorkit.system.errors import ColorkitError

BIG = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
SMALL = np.full((30, 40, 3), 7, np.uint8)
DNG = (50706, 1, 4, bytes((1, 4, 0, 0)), True)


def pages(path, *written, big=False, order="<"):
    """Write pages: (values, options) each; `subifds` of tifffile hang the next ones on a page."""
    with tifffile.TiffWriter(path, bigtiff=big, byteorder=order) as writer:
        for values, options in written:
            writer.write(values, metadata=None, **{"photometric": "rgb", **options})
    return path


@pytest.mark.parametrize("depth", [1, 257])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("where", ["next page", "SubIFD", "second SubIFD", "unmarked"])
def test_a_thumbnail_in_front(tmp_path, where, order, big, depth):
    kind = np.uint16 if depth > 1 else np.uint8
    small, whole = SMALL.astype(kind) * depth, BIG.astype(kind) * depth
    marked = {"subfiletype": 1}
    written = {
        "next page": [(small, marked), (whole, {})],
        "SubIFD": [(small, {**marked, "subifds": 1, "extratags": [DNG]}), (whole, {})],
        "second SubIFD": [(small, {**marked, "subifds": 2}), (small, marked), (whole, {})],
        "unmarked": [(small, {}), (whole, {})],
    }[where]
    path = pages(tmp_path / "p.tif", *written, big=big, order=order)
    assert np.array_equal(read_image(path), BIG)
    assert read_header(path)[:2] == (120, 90)
    assert not any("pages" in note for note in read_metadata(path).notes)


def test_a_compressed_page_behind_a_thumbnail(tmp_path):
    """Pillow reads some compressions alone, by the place where the directory stands."""
    stream = io.BytesIO()
    marked = Image.fromarray(SMALL)
    marked.save(
        stream,
        "TIFF",
        compression="tiff_lzw",
        save_all=True,
        append_images=[Image.fromarray(BIG)],
        tiffinfo={254: 0},
    )
    (tmp_path / "p.tif").write_bytes(stream.getvalue())
    assert np.array_equal(read_image(tmp_path / "p.tif"), BIG)


def test_what_hangs_on_the_photograph_is_not_taken_for_it(tmp_path):
    pyramid = pages(
        tmp_path / "p.tif", (BIG, {"subifds": 2}), (BIG[::2, ::2], {"subfiletype": 1}),
        (BIG[::4, ::4], {"subfiletype": 1}),
    )  # fmt: skip
    assert np.array_equal(read_image(pyramid), BIG)
    assert read_metadata(pyramid).notes == ()
    mask = pages(
        tmp_path / "m.tif",
        (np.zeros((90, 120), bool), {"subfiletype": 4, "photometric": "minisblack"}),
        (BIG, {}),
    )
    assert np.array_equal(read_image(mask), BIG)
    previews = pages(tmp_path / "t.tif", (SMALL, {"subfiletype": 1}), (BIG, {"subfiletype": 1}))
    assert np.array_equal(read_image(previews), BIG)


def test_several_pages_are_the_first_and_said(tmp_path):
    path = pages(tmp_path / "p.tif", (BIG, {}), (255 - BIG, {}), (BIG[:50], {}))
    assert np.array_equal(read_image(path), BIG)
    assert read_metadata(path).notes == ("the first of its 3 pages was colorized",)
    album = pages(tmp_path / "a.tif", (BIG[:60], {}), (np.vstack([BIG] * 3), {}))
    assert np.array_equal(read_image(album), BIG[:60])  # of another shape: no thumbnail of it
    circle = bytearray((tmp_path / "p.tif").read_bytes())
    assert read_image(tmp_path / "p.tif").shape == BIG.shape and circle


def test_directories_in_a_circle(tmp_path):
    data = bytearray(made.exif([made.short(256, 8), made.short(257, 8)]))
    at = int.from_bytes(data[4:8], "little")
    data[at + 2 + 24 : at + 2 + 28] = data[4:8]  # the next directory is this one
    (tmp_path / "p.tif").write_bytes(bytes(data))
    with pytest.raises(ColorkitError):
        read_image(tmp_path / "p.tif")


SENSOR = {"photometric": 32803, "subfiletype": 0}


@pytest.mark.parametrize("name", ["p.dng", "p.nef", "p.tif"])
def test_raw_files_say_what_to_do(tmp_path, name):
    mosaic = np.zeros((180, 240), np.uint16)
    path = pages(
        tmp_path / name,
        (SMALL, {"subfiletype": 1, "subifds": 2, "extratags": [DNG]}),
        (BIG, {"subfiletype": 1}),
        (mosaic, SENSOR),
    )
    for read in (read_image, read_header):
        with pytest.raises(ColorkitError, match=r"raw file.*120×90.*raw converter.*\.$") as fault:
            read(path)
        assert str(path) in str(fault.value)
    developed = pages(tmp_path / "d.dng", (BIG, {"subifds": 1}), (mosaic[:95, :125], SENSOR))
    assert np.array_equal(read_image(developed), BIG)


@pytest.mark.parametrize(
    "head",
    [
        b"IIU\0",
        b"IIRO\x08\0\0\0",
        b"FUJIFILMCCD-RAW ",
        b"\0\0\0\x18ftypcrx ",
        b"II*\0\x10\0\0\0CR\2\0",
    ],
)
def test_other_raw_files(tmp_path, head):
    data = head.ljust(16, b"\0")
    if head.startswith(b"II*"):
        data += made.exif([made.short(256, 8), made.short(257, 8)])[8:]
    (tmp_path / "p.raw").write_bytes(data.ljust(500, b"\0"))
    with pytest.raises(ColorkitError, match=r"raw file.*raw converter"):
        read_image(tmp_path / "p.raw")


def mpo(*pictures) -> bytes:
    stream = io.BytesIO()
    first, *others = (Image.fromarray(each) for each in pictures)
    first.save(stream, "MPO", save_all=True, append_images=others, quality=100, subsampling=0)
    return stream.getvalue()


def test_jpegs_of_several_pictures(tmp_path):
    path = tmp_path / "p.jpg"
    path.write_bytes(mpo(BIG, 255 - BIG))
    assert np.abs(read_image(path).astype(int) - BIG).mean() < 2
    assert read_metadata(path).notes == ("the first of its 2 pictures was colorized",)
    data = mpo(BIG, SMALL)
    preview = data.replace((0).to_bytes(4, "little"), (0x10001).to_bytes(4, "little"))
    assert preview != data
    entry = data.index(b"MPF\0")
    at = data.index(
        b"\x00\x00\x03\x00" if data[entry + 4 : entry + 6] == b"II" else b"\x00\x03\x00\x00", entry
    )
    kind = (0x10001).to_bytes(4, "little" if data[entry + 4 : entry + 6] == b"II" else "big")
    path.write_bytes(data[: at + 16] + kind + data[at + 20 :])
    assert read_metadata(path).notes == ()  # a camera's preview is not left out of anything


def test_gain_maps_are_said(tmp_path):
    stream = io.BytesIO()
    Image.fromarray(BIG).save(stream, "JPEG")
    plain = stream.getvalue()
    for data in (
        made.with_segments(plain, (0xE2, b"urn:iso:std:iso:ts:21496:-1\0" + bytes(4))),
        made.with_segments(
            plain, (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x hdrgm:Version='1.0'/>")
        ),
    ):
        (tmp_path / "p.jpg").write_bytes(data)
        kept = read_metadata(tmp_path / "p.jpg")
        assert any("gain map" in note for note in kept.notes)
        assert b"hdrgm" not in (kept.xmp or b"")
    (tmp_path / "p.jpg").write_bytes(plain)
    assert read_metadata(tmp_path / "p.jpg").notes == ()


@pytest.mark.skipif(not features.check("avif"), reason="Pillow built without AVIF")
def test_frames_of_avif(tmp_path):
    first, other = Image.new("RGB", (32, 32), (200, 9, 9)), Image.new("RGB", (32, 32))
    first.save(tmp_path / "p.avif", save_all=True, append_images=[other, other], quality=95)
    assert np.abs(read_image(tmp_path / "p.avif").astype(int) - (200, 9, 9)).max() < 6
    assert read_metadata(tmp_path / "p.avif").notes == ("the first of its 3 frames was colorized",)


def test_the_main_picture_of_heif(tmp_path):
    heif = pytest.importorskip("pillow_heif")
    made_file = heif.from_pillow(Image.fromarray(SMALL))
    made_file.add_from_pillow(Image.fromarray(BIG))
    made_file.save(tmp_path / "p.heic", quality=95, primary_index=1)
    assert read_image(tmp_path / "p.heic").shape == BIG.shape
    assert read_metadata(tmp_path / "p.heic").notes == (
        "the main one of its 2 pictures was colorized",
    )


def test_a_png_is_none_of_all_this(tmp_path):
    (tmp_path / "p.png").write_bytes(png(BIG, 2, 8))
    assert read_metadata(tmp_path / "p.png").notes == ()
