"""What files say beside their pixels is in the results as the bytes it was written in."""

import io
import struct
import zlib
from pathlib import Path

import made_files as made
import numpy as np
import pytest
import tifffile
from odd_images import png
from PIL import Image

from colorkit.imaging.images import encode_image, read_image
from colorkit.imaging.metadata.extract import embedded
from colorkit.imaging.metadata.insert import Kept
from colorkit.imaging.metadata.photograph import read_metadata
from colorkit.imaging.metadata.photoshop import iim
from colorkit.imaging.metadata.tiff_directories import Directories

RGB = np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8)
UTF8, LATIN1 = "© 1938 Müller, Łódź".encode(), "José Ångström".encode("latin-1")
NOTE = b"MakerNote\0" + bytes(range(256))
XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:rights>© Müller</dc:rights></x:xmpmeta>'.encode()
CAPTION = made.iim((120, "Straße in Łódź".encode()), (25, b"street"), (25, LATIN1), (116, UTF8))
DIGEST = made.resource(0x0425, bytes(range(16)))
PHOTOSHOP = made.resource(0x03ED, bytes(16)) + made.resource(0x0404, CAPTION) + DIGEST
KEPT_RESOURCES = made.resource(0x0404, CAPTION) + DIGEST
ENDINGS = ["jpg", "png", "webp", "tif"]


def block(order: str = "<", more=()) -> bytes:
    return made.exif(
        [
            made.text(270, UTF8),
            made.text(315, LATIN1),
            made.ratio(282, 600, 1, order),
            made.ratio(283, 600, 1, order),
            made.short(296, 2, order),
            (65000, 12, 1, struct.pack(f"{order}d", 0.1)),
            (65001, 7, 5, b"\0\1\2\3\4"),
            *more,
        ],
        details=[(0x927C, 7, len(NOTE), NOTE), (0x9286, 7, 12, b"UNICODE\0" + b"\0A\0B")],
        gps=[made.text(1, "N"), (2, 5, 3, struct.pack(f"{order}6I", 48, 1, 8, 1, 14, 1))],
        order=order,
    )


def written(ending: str, order: str = "<", xmp: bytes = XMP, captions: bytes = PHOTOSHOP) -> bytes:
    """A file with everything its format holds."""
    exif = block(order)
    stream = io.BytesIO()
    image = Image.fromarray(RGB)
    if ending == "jpg":
        image.save(stream, "JPEG", quality=95, dpi=(600, 600))
        data, at = stream.getvalue(), 20
        segments = made.with_segments(
            b"\xff\xd8",
            (0xE1, b"Exif\0\0" + exif),
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp),
            (0xED, b"Photoshop 3.0\0" + captions),
            (0xFE, UTF8),
            (0xFE, LATIN1),
        )[2:]
        return data[:at] + segments + data[at:]
    if ending == "png":
        hexed = b"\niptc\n%8d\n%s\n" % (len(captions), captions.hex().encode())
        return png(
            RGB, 2, 8,
            chunks=(
                (b"pHYs", struct.pack(">IIB", 23622, 23622, 1)),
                (b"eXIf", exif),
                (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp),
                (b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(hexed)),
                (b"tEXt", b"Author\0" + LATIN1),
                (b"iTXt", b"Description\0\0\0de\0Beschreibung\0" + UTF8),
                (b"zTXt", b"Comment\0\0" + zlib.compress(b"a long story")),
            ),
        )  # fmt: skip
    if ending == "webp":
        image.save(stream, "WEBP", lossless=True, exif=exif, xmp=xmp)
        return stream.getvalue()
    kept = embedded(io.BytesIO(written("png", order, xmp, captions)))
    return encode_image("a.tif", RGB, kept=Kept(kept.exif, None, kept.xmp, (), kept.iptc))


def result(tmp_path: Path, data: bytes, ending: str, target: str) -> tuple[bytes, object]:
    """What a copy of a file becomes."""
    path = tmp_path / f"source.{ending}"
    path.write_bytes(data)
    kept = read_metadata(path)
    return encode_image(f"result.{target}", read_image(path), kept=kept), kept


def tags(exif_or_tiff: bytes) -> dict:
    found = Directories(io.BytesIO(exif_or_tiff))
    entries, _ = found.read(found.first)
    inner = [*found.child(entries, 34665), *found.child(entries, 34853)]
    return {e.tag: (e.kind, e.count, e.data) for e in [*inner, *entries]} | {"order": found.order}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("target", ENDINGS)
@pytest.mark.parametrize("source", ENDINGS)
def test_everything_a_format_holds(tmp_path, source, target, order):
    data, kept = result(tmp_path, written(source, order), source, target)
    found = embedded(io.BytesIO(data))
    want = tags(block(order))
    got = tags(data if target == "tif" else found.exif)
    assert got["order"] == order
    for tag in set(want) - {34665, 34853}:
        assert got[tag] == want[tag], tag
    assert found.xmp == XMP
    if "webp" not in (source, target):
        assert found.iptc == KEPT_RESOURCES
        assert iim(found.iptc) == CAPTION
    if target != "tif" and source != "tif":
        # The note stands where it stood in the block, whatever it points to.
        assert found.exif.index(NOTE) == block(order).index(NOTE)
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.getexif().get_ifd(0x8825)[2] == (48.0, 8.0, 14.0)
        if target != "webp":
            assert [round(float(v), 1) for v in image.info["dpi"]] == [600, 600]
    lost = {("jpg", "tif"): "comments", ("png", "tif"): "comments"}.get((source, target), "")
    lost = (
        "captions (IPTC) and its comments"
        if target == "webp" and source in ("jpg", "png")
        else lost
    )
    lost = "captions" if (source, target) == ("tif", "webp") else lost
    said = kept.missing_in(f"result.{target}")
    assert bool(said) is bool(lost)
    assert lost in "".join(said)


def test_comments_and_texts(tmp_path):
    jpeg, _ = result(tmp_path, written("jpg"), "jpg", "jpg")
    assert [t.text for t in embedded(io.BytesIO(jpeg)).texts] == [UTF8, LATIN1]
    whole = written("png")
    again, _ = result(tmp_path, whole, "png", "png")
    chunks = {t.keyword: t.chunk for t in embedded(io.BytesIO(whole)).texts}
    assert {t.keyword: t.chunk for t in embedded(io.BytesIO(again)).texts} == chunks
    assert set(chunks) == {b"Author", b"Description", b"Comment"}
    across, _ = result(tmp_path, written("jpg"), "jpg", "png")
    with Image.open(io.BytesIO(across)) as image:
        image.load()
        assert image.text["Comment"] == LATIN1.decode("latin-1")  # of two the last
    assert b"Comment\0\0\0\0\0" + UTF8 in across
    back, _ = result(tmp_path, whole, "png", "jpg")
    told = [t.text for t in embedded(io.BytesIO(back)).texts]
    assert told == [b"Author: " + LATIN1, b"Description: " + UTF8, b"a long story"]
    Image.fromarray(RGB).save(tmp_path / "a.gif", comment=UTF8)
    gif = encode_image("a.png", RGB, kept=read_metadata(tmp_path / "a.gif"))
    with Image.open(io.BytesIO(gif)) as image:
        image.load()
        assert image.text["Comment"] == UTF8.decode()


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_of_other_programs(tmp_path, order):
    """Of 8 and 16 bits, with tags nobody knows, captions stored as numbers, a layout described."""
    caption = CAPTION + bytes(-len(CAPTION) % 4)
    count = len(caption) // 4
    numbers = struct.unpack(f"<{count}I", caption)  # as a library of the other order writes them
    extra = [
        (269, "s", 0, UTF8, True),
        (315, "s", 0, LATIN1, True),
        (65000, "d", 1, 0.1, True),
        (65001, "i", 2, (-1, 7), True),
        (700, "B", len(XMP), XMP, True),
        (33723, "I", count, numbers, True),
        (316, "s", 0, b"a scanner", True),
        (340, "H", 3, (0, 0, 0), True),
    ]
    for dtype, scale in ((np.uint8, 1), (np.uint16, 257)):
        tifffile.imwrite(
            tmp_path / "a.tif", RGB.astype(dtype) * dtype(scale), photometric="rgb",
            byteorder=order, resolution=(300, 300), resolutionunit=2, extratags=extra,
        )  # fmt: skip
        kept = read_metadata(tmp_path / "a.tif")
        for target in ENDINGS:
            data = encode_image(f"b.{target}", RGB, kept=kept)
            found = embedded(io.BytesIO(data))
            got = tags(data if target == "tif" else found.exif)
            assert got[269][2].rstrip(b"\0") == UTF8
            assert got[315][2].rstrip(b"\0") == LATIN1
            assert got[65000] == (12, 1, struct.pack(f"{order}d", 0.1))
            assert got[65001] == (9, 2, struct.pack(f"{order}2i", -1, 7))
            assert got[316][2] == b"a scanner\0"
            assert got[282][2] == struct.pack(f"{order}II", 300, 1)
            assert not {270, 340, 277} & set(got) or target == "tif"
            assert 270 not in got  # {"shape": …}, which tifffile writes
            assert found.xmp == XMP
            if target in ("jpg", "png", "tif"):
                assert iim(found.iptc).rstrip(b"\0") == CAPTION.rstrip(b"\0")
        assert np.array_equal(
            tifffile.imread(io.BytesIO(encode_image("b.tif", RGB, kept=kept))), RGB
        )


@pytest.mark.parametrize("source", ["jpg", "png", "bmp", "tif", "webp"])
@pytest.mark.parametrize("target", ["jpg", "png", "bmp", "tif", "webp"])
def test_resolution(tmp_path, source, target):
    """Of pixels that are not square and of a file on its side: x and y change places."""
    image = Image.fromarray(RGB)
    exif = made.exif([made.short(274, 6), made.text(271, "M")])
    options = {"exif": exif if source == "png" else b"Exif\0\0" + exif} if source != "bmp" else {}
    if source == "tif":
        options = {"tiffinfo": {274: 6}}
    if source == "webp":
        resolution = [made.ratio(282, 1200), made.ratio(283, 600), made.short(296, 2)]
        options = {"exif": made.exif([made.short(274, 6), *resolution]), "lossless": True}
    image.save(tmp_path / f"a.{source}", dpi=(1200, 600), **options)
    kept = read_metadata(tmp_path / f"a.{source}")
    data = encode_image(f"b.{target}", read_image(tmp_path / f"a.{source}"), kept=kept)
    want = (1200, 600) if source == "bmp" else (600, 1200)
    if target == "webp":
        entries = tags(embedded(io.BytesIO(data)).exif)
        got = [struct.unpack("<II", entries[tag][2]) for tag in (282, 283)]
        assert [round(a / b) for a, b in got] == list(want)
    else:
        with Image.open(io.BytesIO(data)) as result:
            assert tuple(round(float(v)) for v in result.info["dpi"]) == want


def test_units_of_resolution(tmp_path):
    stream = io.BytesIO()
    Image.fromarray(RGB).save(stream, "JPEG")
    plain = stream.getvalue()
    for unit, x, y in ((2, 118, 118), (1, 300, 300), (0, 4, 3), (2, 3, 3)):
        density = struct.pack(">BHH", unit, x, y)
        data, _ = result(tmp_path, plain[:13] + density + plain[18:], "jpg", "jpg")
        assert data[13:18] == density
    data, _ = result(tmp_path, plain[:13] + struct.pack(">BHH", 0, 1, 1) + plain[18:], "jpg", "png")
    assert b"pHYs" not in data
    png_, _ = result(tmp_path, written("png"), "png", "png")
    assert struct.pack(">IIB", 23622, 23622, 1) in png_


@pytest.mark.parametrize("ending", ENDINGS)
def test_files_that_say_nothing_stay_what_encoders_make(tmp_path, ending):
    stream = io.BytesIO()
    Image.fromarray(RGB).save(stream, {"jpg": "JPEG", "tif": "TIFF"}.get(ending, ending.upper()))
    (tmp_path / f"a.{ending}").write_bytes(stream.getvalue())
    kept = read_metadata(tmp_path / f"a.{ending}")
    assert not kept.notes  # nothing that was not there is said to be damaged
    assert encode_image(f"a.{ending}", RGB, kept=kept) == encode_image(f"a.{ending}", RGB)


def test_a_turn_is_noted_nowhere_any_more(tmp_path):
    turned = XMP.replace(b"<dc:rights>", b'<x tiff:Orientation="6"/><dc:rights>')
    for ending in ENDINGS:
        data = written(ending, xmp=turned)
        result_, _ = result(tmp_path, data, ending, ending)
        with Image.open(io.BytesIO(result_)) as image:
            image.load()
            assert image.getexif().get(274, 1) == 1
            assert image.size == (24, 40)
        (tmp_path / f"again.{ending}").write_bytes(result_)
        assert read_image(tmp_path / f"again.{ending}").shape == (40, 24, 3)
        assert b'tiff:Orientation="1"' in embedded(io.BytesIO(result_)).xmp


def test_what_bmp_cannot_hold_is_said(tmp_path):
    data, kept = result(tmp_path, written("jpg"), "jpg", "bmp")
    assert kept.missing_in("b.bmp") == (
        "BMP cannot hold its EXIF and its XMP and its captions (IPTC) and its comments",
    )
    assert Image.open(io.BytesIO(data)).size == (40, 24)


def test_blocks_too_long_for_jpeg(tmp_path):
    note = (0x927C, 7, 70_000, bytes(70_000))
    exif = made.exif([made.text(270, UTF8)], [note])
    xmp = b"<x:xmpmeta>" + b" " * 70_000 + b"</x:xmpmeta>"
    chunks = ((b"eXIf", exif), (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp))
    (tmp_path / "a.png").write_bytes(png(RGB, 2, 8, chunks=chunks))
    kept = read_metadata(tmp_path / "a.png")
    assert kept.missing_in("b.jpg") == ("JPEG cannot hold its longest EXIF tags and its XMP",)
    assert kept.missing_in("b.png") == ()
    found = embedded(io.BytesIO(encode_image("b.jpg", RGB, kept=kept)))
    assert tags(found.exif)[270][2] == UTF8 + b"\0"
    assert found.xmp is None
    long = made.resource(0x0404, CAPTION * 1000)  # in two segments
    assert len(long) > 65_533
    (tmp_path / "a.png").write_bytes(written("png", captions=long))
    data = encode_image("b.jpg", RGB, kept=read_metadata(tmp_path / "a.png"))
    assert embedded(io.BytesIO(data)).iptc == long


def test_more_xmp_than_one_segment_holds(tmp_path):
    more = b"http://ns.adobe.com/xmp/extension/\0" + bytes(range(200))
    data = made.with_segments(written("jpg"), (0xE1, more))
    again, kept = result(tmp_path, data, "jpg", "jpg")
    assert more in again
    assert kept.missing_in("b.jpg") == ()
    assert any("part of its XMP" in said for said in kept.missing_in("b.png"))


def test_profiles_of_imagemagick_in_png(tmp_path):
    def hexed(name: bytes, content: bytes) -> tuple[bytes, bytes]:
        text = b"\n%s\n%8d\n%s\n" % (name, len(content), content.hex().encode())
        return b"zTXt", b"Raw profile type " + name + b"\0\0" + zlib.compress(text)

    packet = b"http://ns.adobe.com/xap/1.0/\0" + XMP
    chunks = (
        hexed(b"exif", b"Exif\0\0" + block()),
        hexed(b"APP1", packet),
        hexed(b"8bim", PHOTOSHOP),
    )
    data, _ = result(tmp_path, png(RGB, 2, 8, chunks=chunks), "png", "png")
    found = embedded(io.BytesIO(data))
    assert tags(found.exif)[315][2] == LATIN1 + b"\0"
    assert (found.xmp, found.iptc) == (XMP, KEPT_RESOURCES)
    assert data.count(b"Raw profile") == 1  # captions alone; the rest has chunks of its own


def test_boxes_of_jpeg_2000(tmp_path):
    stream = io.BytesIO()
    Image.fromarray(RGB).save(stream, "JPEG2000")
    whole = stream.getvalue()
    for uuid, content in (
        (b"JpgTiffExif->JP2", block()),
        (bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), XMP),
        (bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"), CAPTION),
    ):
        whole += struct.pack(">I4s", 24 + len(content), b"uuid") + uuid + content
    data, _ = result(tmp_path, whole, "jp2", "png")
    found = embedded(io.BytesIO(data))
    assert tags(found.exif)[270][2] == UTF8 + b"\0"
    assert (found.xmp, iim(found.iptc)) == (XMP, CAPTION)


def test_damaged_blocks_cost_no_picture(tmp_path):
    path = tmp_path / "a.jpg"
    stream = io.BytesIO()
    Image.fromarray(RGB).save(stream, "JPEG")
    for segments in (
        [(0xE1, b"Exif\0\0II*\0" + b"\xff" * 40)],
        [(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\xff\xff\xff\xff")],
        [(0xE1, b"http://ns.adobe.com/xap/1.0/\0\xff\xfe\0<")],
    ):
        path.write_bytes(made.with_segments(stream.getvalue(), *segments))
        kept = read_metadata(path)
        assert read_image(path).shape == RGB.shape
        assert Image.open(io.BytesIO(encode_image("b.jpg", RGB, kept=kept))).size == (40, 24)
    path.write_bytes(made.with_segments(stream.getvalue(), (0xE1, b"Exif\0\0II*\0" + b"\xff" * 40)))
    assert read_metadata(path).notes == ("its EXIF block is damaged and was left out",)


def test_a_nearly_black_picture_is_explained(tmp_path):
    shallow = (RGB[..., 0].astype(np.uint16) * 16)[..., None].repeat(3, axis=2)
    path = tmp_path / "a.tif"
    for values, kind in ((shallow, "rgb"), (shallow[..., 0], "minisblack")):
        tifffile.imwrite(path, values, photometric=kind)
        rgb = read_image(path)
        assert rgb.max() == 15
        notes = read_metadata(path, rgb).notes
        assert any(
            f"end at {shallow.max()} of 65535" in n
            and "multiply them by 16" in n
            and "--model nir" in n
            for n in notes
        )
        assert len(read_metadata(path).notes) == len(notes) - 1
    tifffile.imwrite(path, np.full((8, 8), 65535 // 8, np.uint16))
    assert any("nearly black" in n for n in read_metadata(path, read_image(path)).notes)
    tifffile.imwrite(path, RGB.astype(np.uint16) * 257, photometric="rgb")
    assert not any("nearly black" in n for n in read_metadata(path, read_image(path)).notes)
    Image.new("L", (8, 8), 3).save(tmp_path / "night.png")
    assert read_metadata(tmp_path / "night.png", read_image(tmp_path / "night.png")).notes == ()


def test_an_empty_block_is_not_called_damaged(tmp_path):
    """Some programs write a directory of no entries: nothing to keep, and nothing to say."""
    stream = io.BytesIO()
    Image.fromarray(RGB).save(stream, "JPEG")
    empty = b"Exif\0\0II*\0\x08\0\0\0" + bytes(8)
    path = tmp_path / "a.jpg"
    path.write_bytes(made.with_segments(stream.getvalue(), (0xE1, empty)))
    assert (read_metadata(path).notes, read_metadata(path).exif) == ((), None)


@pytest.mark.parametrize("lowest", [255, 254])
def test_only_a_picture_that_is_transparent_somewhere_is_said_to_be(tmp_path, lowest):
    pixels = np.dstack([RGB, np.full(RGB.shape[:2], 255, np.uint8)])
    pixels[5, 7, 3] = lowest
    image, wide = Image.fromarray(pixels), pixels.astype(np.uint16) * 257
    for ending in ("png", "webp", "tif"):
        image.save(tmp_path / f"p.{ending}")
    image.convert("LA").save(tmp_path / "gray.png")
    tifffile.imwrite(tmp_path / "deep.tif", wide, photometric="rgb", extrasamples=["unassalpha"])
    gray = np.maximum(RGB[..., 0], 1)
    key = gray[5, 7].item() if lowest < 255 else 0
    Image.fromarray(gray).save(tmp_path / "key.png", transparency=key)
    for path in sorted(tmp_path.iterdir()):
        said = "what was transparent became white" in read_metadata(path).notes
        assert said == (lowest < 255), path.name
