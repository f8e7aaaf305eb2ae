"""Boxes by ISO/IEC 14496-12, and what is no picture, in every way to store it."""

import io
import struct

import pytest

from colorkit.imaging.metadata.boxes import boxes, exif_in, heif_items

LONG = struct.Struct(">I4sQ")
EXIF, XML = b"\0\0\0\6Exif\0\0II*\0 a block", b"<x:xmpmeta/>"


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def walk(data: bytes, *limits) -> list[tuple[bytes, bytes]]:
    return [(kind, data[a:b]) for kind, a, b in boxes(io.BytesIO(data), *limits)]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (box(b"ftyp", b"heic") + box(b"free"), [(b"ftyp", b"heic"), (b"free", b"")]),
        (LONG.pack(1, b"mdat", 19) + b"abc" + box(b"free"), [(b"mdat", b"abc"), (b"free", b"")]),
        (LONG.pack(1, b"mdat", 16) + box(b"free"), [(b"mdat", b""), (b"free", b"")]),
        (LONG.pack(1, b"mdat", 15) + box(b"free"), []),
        (struct.pack(">I4s", 0, b"mdat") + b"to the end", [(b"mdat", b"to the end")]),
        (struct.pack(">I4s", 99, b"mdat") + b"cut off", [(b"mdat", b"cut off")]),
        (box(b"ftyp", b"x") + struct.pack(">I4s", 7, b"lies") + box(b"free"), [(b"ftyp", b"x")]),
        (box(b"ftyp") + b"\0\0\0\x08fre", [(b"ftyp", b"")]),
        (b"", []),
    ],
)  # fmt: skip
def test_lengths_of_boxes(data, found):
    assert walk(data) == found


def test_boxes_between_two_places():
    data = box(b"skip") + box(b"jp2h", box(b"ihdr", b"12") + box(b"colr", b"34")) + box(b"mdat")
    (_, start, stop) = list(boxes(io.BytesIO(data)))[1]
    assert walk(data, start, stop) == [(b"ihdr", b"12"), (b"colr", b"34")]
    assert walk(data, start, stop - 1) == [(b"ihdr", b"12"), (b"colr", b"3")]
    assert walk(data, start)[2:] == [(b"mdat", b"")]


def info(number: int, kind: bytes, version: int = 2, words: bytes = b"its name\0") -> bytes:
    """An `infe` box; behind the name of an item of kind `mime` stands that of its content."""
    head = struct.pack(">I" + ("I" if version == 3 else "H"), version << 24, number)
    return box(b"infe", head + struct.pack(">H4s", 7, kind) + words)


def infos(*entries: bytes, version: int = 0) -> bytes:
    count = struct.pack(">I" + ("I" if version else "H"), version << 24, len(entries))
    return box(b"iinf", count + b"".join(entries))


def places(version: int, sizes: tuple[int, int, int, int], *items) -> bytes:
    """An `iloc` box of items (number, method, base, parts), its sizes those of its numbers."""
    offset, length, base, index = sizes
    wide = 4 if version == 2 else 2
    body = struct.pack(">IBB", version << 24, offset << 4 | length, base << 4 | index)
    body += len(items).to_bytes(wide, "big")
    for number, method, start, parts in items:
        body += number.to_bytes(wide, "big")
        body += (0xFFF0 | method).to_bytes(2, "big") if version else b""
        body += b"\x12\x34" + start.to_bytes(base, "big") + len(parts).to_bytes(2, "big")
        for place, count in parts:
            body += b"\xee" * (index if version else 0)
            body += place.to_bytes(offset, "big") + count.to_bytes(length, "big")
    return box(b"iloc", body)


def heif(*inside: bytes) -> bytes:
    return box(b"ftyp", b"heic") + box(b"meta", bytes(4) + b"".join(inside))


def items(data: bytes) -> list[tuple[bytes, bytes]]:
    return list(heif_items(io.BytesIO(data)))


@pytest.mark.parametrize(("counted", "name", "end"), [(0, b"", b"\0"), (1, b"a name", b"")])
@pytest.mark.parametrize("named", [2, 3])
@pytest.mark.parametrize(
    ("version", "sizes"),
    [
        (0, (4, 4, 0, 0)),
        (0, (4, 4, 4, 4)),
        (1, (4, 4, 0, 0)),
        (1, (8, 2, 4, 0)),
        (1, (4, 8, 8, 4)),
        (2, (4, 4, 4, 8)),
    ],
)
def test_items_are_found_however_they_are_stored(version, sizes, named, counted, name, end):
    front = box(b"mdat", b"??" + EXIF + b"??" + XML)  # in front: its places do not move
    at = front.index(EXIF)
    base = 10 if sizes[2] else 0
    halves = [(at - base, 5), (at + 5 - base, len(EXIF) - 5)]
    words = infos(
        info(1, b"hvc1", named),
        info(2, b"Exif", named),
        info(3, b"mime", named, name + b"\0application/rdf+xml" + end),
        info(4, b"mime", named, name + b"\0image/jpeg\0xml\0"),
        version=counted,
    )
    where = [
        (1, 0, base, [(at - base, 3)]),
        (2, 0, base, halves),
        (3, 0, base, [(front.index(XML) - base, len(XML))]),
        (4, 0, base, [(at - base, 3)]),
    ]
    found = items(front + heif(words, places(version, sizes, *where)))
    assert found == [(b"Exif", EXIF), (b"application/rdf+xml", XML)]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("base", [0, 4])
def test_items_that_lie_in_the_box_of_small_data(version, base):
    where = [(2, 1, 3 if base else 0, [(0 if base else 3, len(EXIF))])]
    inside = [infos(info(2, b"Exif")), box(b"idat", b"???" + EXIF)]
    for order in (1, -1):
        data = heif(*[*inside, places(version, (4, 4, base, 0), *where)][::order])
        assert items(data) == [(b"Exif", EXIF)]


def test_what_is_no_item_is_left_out():
    where = places(0, (4, 4, 0, 0), (2, 0, 0, [(4, 4)]))
    assert items(heif(infos(info(2, b"Exif")), where)) == [(b"Exif", b"ftyp")]
    assert items(heif(infos(info(2, b"Exif", version=1)), where)) == []  # another layout
    other = info(2, b"Exif").replace(b"infe", b"free")
    assert items(heif(infos(other), where)) == []
    assert items(heif(infos(info(3, b"Exif")), where)) == []
    nameless = box(b"infe", struct.pack(">IHH4s", 2 << 24, 2, 0, b"mime"))
    assert items(heif(infos(nameless), where)) == []
    assert items(heif(infos(info(2, b"Exif")))) == items(heif(where)) == []
    assert items(box(b"ftyp", b"heic")) == []


def test_a_file_cannot_ask_for_everything():
    """At most 4096 items, and as many parts of one."""
    words = infos(info(2, b"Exif"))
    many = [(2, 0, 0, [])] * 5000
    assert len(items(heif(words, places(0, (4, 4, 0, 0), *many)))) == 4096
    (found,) = items(heif(words, places(0, (4, 4, 0, 0), (2, 0, 0, [(5, 1)] * 5000))))
    assert found == (b"Exif", b"t" * 4096)
    (long,) = items(heif(words, places(0, (4, 4, 0, 0), (2, 0, 0, [(0, 2**32 - 1)]))))
    assert long[1].startswith(box(b"ftyp", b"heic"))


@pytest.mark.parametrize(
    "content",
    [
        b"II*\0 a block",
        b"MM\0* a block",
        b"\0\0\0\0MM\0* a block",
        b"\0\0\0\6Exif\0\0MM\0* a block",
    ],
)
def test_the_block_behind_its_own_offset(content):
    at = max(content.find(b"II"), content.find(b"MM"))
    assert exif_in(content) == content[at:]
