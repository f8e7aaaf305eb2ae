"""EXIF blocks and XMP packets change where they have become untrue, and nowhere else."""

import io
import random
import struct

import made_files as made
import pytest
from PIL import Image

from colorkit.imaging.images import read_image
from colorkit.imaging.metadata.exif import corrected, open_block, shortened
from colorkit.imaging.metadata.xmp import corrected_xmp, xmp_orientation

NOTE = b"MakerNote\0" + bytes(range(200))


def block(order: str = "<", **more) -> bytes:
    number = {"<": "little", ">": "big"}[order]
    return made.exif(
        [
            made.text(270, "Café Müller, Łódź"),
            made.text(315, "Müller".encode("latin-1")),
            made.short(274, 6, order),
            made.short(259, 6, order),
            made.ratio(282, 300, 1, order),
            made.ratio(283, 600, 1, order),
            (65000, 9, 2, (-5).to_bytes(4, number, signed=True) * 2),
            (65001, 12, 1, struct.pack(f"{order}d", 0.1)),
        ],
        details=[
            made.short(0xA001, 65535, order),
            (0xA002, 4, 1, (40).to_bytes(4, number)),
            (0x927C, 7, len(NOTE), NOTE),
            made.ratio(0xA500, 22, 10, order),
        ],
        gps=[made.text(1, "N"), (2, 5, 3, struct.pack(f"{order}6I", 48, 1, 8, 1, 14, 1))],
        interoperability=[made.text(1, "R03")],
        order=order,
        **more,
    )


def read(data: bytes) -> dict[int, tuple]:
    """All entries of a block: tag to type, count and bytes, those of inner directories too."""
    found = open_block(data)
    entries, following = found.read(found.first)
    details, gps = found.child(entries, 34665), found.child(entries, 34853)
    everything = [*entries, *details, *found.child(details, 40965)]
    values = {e.tag: (e.kind, e.count, e.data) for e in everything}
    return values | {f"gps {e.tag}": (e.kind, e.count, e.data) for e in gps} | {"next": following}


@pytest.mark.parametrize("order", ["<", ">"])
def test_only_what_is_untrue_changes(order):
    whole = block(order)
    before, after = read(whole), read(corrected(whole))
    gone = {274, 259, 0xA002, 0xA500}
    assert set(before) - set(after) == gone
    assert after.pop(0xA001)[2] == struct.pack(f"{order}H", 1)
    assert after.pop(1)[2] == b"R98\0"
    pointers = {34665, 34853, 40965}
    for tag in set(after) - pointers:
        assert after[tag] == before[tag]
    # The makers' note stands where it stood: it may point to places within the block.
    assert corrected(whole).index(NOTE) == whole.index(NOTE)
    assert corrected(corrected(whole)) == corrected(whole)
    assert corrected(b"Exif\0\0" + whole) == corrected(whole)


def test_resolutions_turn_with_the_picture():
    after = read(corrected(block(), sideways=True))
    assert after[282][2] == struct.pack("<II", 600, 1)
    assert after[283][2] == struct.pack("<II", 300, 1)


def test_the_thumbnail_goes_and_what_it_shared_stays():
    picture = b"\xff\xd8" + b"thumbnail" * 50 + b"\xff\xd9"
    whole = block(thumbnail=picture)
    after = corrected(whole)
    assert picture in whole
    assert b"thumbnail" not in after
    assert read(after)["next"] == 0
    assert read(after)[270] == read(whole)[270]
    # A second directory whose values are the first one's, as some programs save bytes.
    shared = bytearray(made.exif([made.ratio(282, 300), made.text(270, "a caption")]))
    found = open_block(bytes(shared))
    place = next(e.place for e in found.read(found.first)[0] if e.tag == 282)
    second = len(shared)
    shared += struct.pack("<HHHII", 1, 282, 5, 1, place) + bytes(4)
    struct.pack_into("<I", shared, found.first + 2 + 12 * 2, second)
    assert read(corrected(bytes(shared)))[282][2] == struct.pack("<II", 300, 1)


def test_the_turn_of_a_thumbnail_is_not_the_photographs():
    whole = bytearray(made.exif([made.text(271, "Maker")]))
    found = open_block(bytes(whole))
    second = len(whole)
    whole += struct.pack("<HHHIHHI", 1, 274, 3, 1, 6, 0, 0)
    struct.pack_into("<I", whole, found.first + 2 + 12, second)
    stream = io.BytesIO()
    Image.new("L", (40, 24)).save(stream, "JPEG", exif=b"Exif\0\0" + bytes(whole))
    stream.name = "a.jpg"
    stream.seek(0)
    assert read_image(stream).shape == (24, 40, 3)
    assert read(corrected(bytes(whole)))["next"] == 0


def test_a_block_that_is_damaged_or_says_nothing():
    whole = block()
    assert corrected(b"") is None
    assert corrected(b"II*\0\xff\xff\xff\xff") is None
    assert corrected(made.exif([made.short(274, 6)])) is None
    dice = random.Random(0)
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        result = corrected(bytes(damaged[: dice.choice((len(whole), dice.randrange(len(whole))))]))
        assert result is None or len(result) <= len(whole) + 4


def test_descriptions_of_planes_go_and_captions_stay():
    for words, kept in (
        ('{"shape": [90, 120]}', False),
        ("ImageJ=1.53k\nimages=3\n", False),
        ('<?xml version="1.0"?><OME xmlns="x"><Pixels SizeX="9"/></OME>', False),
        ('<?xml version="1.0"?><caption>A street</caption>', True),
        ("A street in ImageJ=town", True),
    ):
        after = corrected(made.exif([made.text(270, words), made.text(271, "Maker")]))
        assert (270 in read(after)) is kept


def test_nothing_points_to_a_directory_that_has_become_empty():
    note = (0x927C, 7, 70_000, bytes(70_000))
    image = Image.Exif()
    image.load(shortened(made.exif([made.text(271, "Maker")], [note]), 65_000))
    assert dict(image) == {271: "Maker"}


def test_shortened_leaves_out_the_longest():
    note = (0x927C, 7, 70_000, bytes(70_000))
    whole = made.exif(
        [made.text(271, "Maker")], [note, made.ratio(0x829A, 1, 60)], [made.text(1, "N")]
    )
    short = shortened(whole, 65_000)
    assert len(short) < 65_000
    values = read(short)
    assert 0x927C not in values
    assert values[271][2] == b"Maker\0"
    assert values[0x829A][2] == struct.pack("<II", 1, 60)
    assert values["gps 1"][2] == b"N\0"
    image = Image.Exif()
    image.load(short)
    assert image.get_ifd(0x8825)[1] == "N"


PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:Description tiff:Orientation="6" tiff:ImageWidth='40' exif:ColorSpace="65535"
 dc:format="image/jpeg" hdrgm:Version="1.0" photoshop:City="Łódź">
<exif:PixelXDimension>40</exif:PixelXDimension><tiff:Make>Kodak</tiff:Make>
<tiff:BitsPerSample><rdf:Seq><rdf:li>8</rdf:li></rdf:Seq></tiff:BitsPerSample>
<dc:title><rdf:Alt><rdf:li>Café tiff:Orientation 6</rdf:li></rdf:Alt></dc:title>
<xmp:Thumbnails><rdf:Alt><rdf:li>QUJD</rdf:li></rdf:Alt></xmp:Thumbnails>
</rdf:Description></x:xmpmeta><?xpacket end="w"?>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_xmp(encoding):
    after = corrected_xmp(PACKET.encode(encoding)).decode(encoding)
    assert 'tiff:Orientation="1"' in after
    assert 'exif:ColorSpace="1"' in after
    for gone in ("ImageWidth", "PixelXDimension", "BitsPerSample", "Thumbnails", "QUJD", "hdrgm"):
        assert gone not in after
    for kept in (
        'photoshop:City="Łódź"',
        "<tiff:Make>Kodak<",
        "Café tiff:Orientation 6",
        'end="w"',
    ):
        assert kept in after
    assert corrected_xmp(after.encode(encoding)).decode(encoding) == after


def test_orientation_of_xmp():
    assert xmp_orientation(PACKET.encode()) == 6
    assert xmp_orientation(b"<tiff:Orientation>8</tiff:Orientation>") == 8
    assert (
        corrected_xmp(b"<tiff:Orientation>8</tiff:Orientation>")
        == b"<tiff:Orientation>1</tiff:Orientation>"
    )
    assert xmp_orientation(b"<x/>") == 1


def test_pillow_reads_what_is_left():
    image = Image.Exif()
    image.load(corrected(block()))
    assert image[65000] == (-5, -5)
    assert image.get_ifd(34665)[0x927C] == NOTE
    stream = io.BytesIO()
    Image.new("L", (8, 8)).save(stream, "JPEG", exif=b"Exif\0\0" + corrected(block()))
    assert Image.open(stream).getexif().get_ifd(0x8825)[2] == (48.0, 8.0, 14.0)
