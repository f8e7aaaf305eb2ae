"""Which directory of a TIFF file is the photograph, by their numbers alone."""

import io
import struct

import pytest

from colorkit.imaging.decoding.pages import Page, is_raw, main_page, with_first
from colorkit.system.errors import ColorkitError


def hang(width, height, *below, kind=0, old=None, seen=2):
    """A picture, by the numbers of its directory alone, and what hangs on it."""
    tags = {254: kind, 255: old, 256: width, 257: height, 262: seen}
    return {tag: n for tag, n in tags.items() if n is not None}, below


def directories(*pictures, order="<", head=b"", big=False) -> tuple[bytes, list[int]]:
    """A TIFF file of directories without pixels; and where they stand, each before its SubIFDs."""
    word, number, kind = ("Q", "Q", 16) if big else ("I", "H", 4)
    size = struct.calcsize(word)
    body, places = bytearray(max(16, 8 + len(head))), []
    body[: 4 + 4 * big] = struct.pack(f"{order}2sH", b"II" if order == "<" else b"MM", 42 + big) + (
        struct.pack(f"{order}HH", 8, 0) if big else b""
    )
    body[8 : 8 + len(head)] = head or body[8:8]

    def write(row, slot: int) -> None:
        for tags, below in row:
            struct.pack_into(order + word, body, slot, len(body))
            places.append(len(body))
            rows = [*sorted(tags.items()), *([(330, below)] if below else [])]
            body.extend(struct.pack(order + number, len(rows)))
            slots, slot = [], 0
            for tag, value in rows:
                count = 1 if tag != 330 else len(value)
                body.extend(struct.pack(f"{order}HH{word}", tag, kind, count))
                slots = [len(body)] if tag == 330 else slots
                body.extend(struct.pack(order + word, 0 if tag == 330 else value))
            slot = len(body)
            body.extend(bytes(size))
            if len(below) > 1:
                struct.pack_into(order + word, body, slots[0], len(body))
                slots = [len(body) + size * k for k in range(len(below))]
                body.extend(bytes(size * len(below)))
            for each, where in zip(below, slots, strict=False):
                write([each], where)

    write(pictures, 8 if big else 4)
    return bytes(body), places


@pytest.mark.parametrize(
    ("pictures", "chosen", "count"),
    [
        ([hang(640, 480), hang(1280, 960)], 1, 1),
        ([hang(641, 480), hang(1282, 960)], 0, 2),  # longer than a thumbnail
        ([hang(480, 641), hang(960, 1282)], 0, 2),
        ([hang(640, 480), hang(1279, 960)], 0, 2),  # less than twice as wide, or as high
        ([hang(640, 480), hang(1280, 959)], 0, 2),
        ([hang(100, 100), hang(1029, 1000)], 1, 1),  # 3 % of another shape
        ([hang(100, 100), hang(1031, 1000)], 0, 2),
        ([hang(100, 100), hang(971, 1000)], 1, 1),
        ([hang(100, 100), hang(969, 1000)], 0, 2),
        ([hang(60, 40, kind=1), hang(90, 70), hang(90, 70)], 1, 2),
        ([hang(60, 40, old=2), hang(90, 70)], 1, 1),
        ([hang(60, 40, old=1), hang(90, 70)], 0, 2),
        ([hang(60, 40, kind=2), hang(90, 70)], 0, 2),  # a page of several
        ([hang(60, 40, kind=4), hang(90, 70)], 1, 1),  # a mask
        ([hang(60, 40, kind=5), hang(90, 70, kind=1)], 1, 1),
        ([hang(60, 40, kind=1), hang(50, 50, kind=1), hang(70, 30, kind=1)], 1, 1),
        ([hang(60, 40, hang(90, 70)), hang(80, 80)], 0, 3),
        ([hang(60, 40, hang(90, 70), kind=1), hang(80, 80)], 1, 2),
        ([hang(60, 40, hang(90, 70, hang(50, 9)), hang(70, 70), kind=1), hang(9, 80)], 1, 4),
        ([hang(60, 40, seen=32803), hang(30, 40)], 1, 1),  # half of the sensor's width
        ([hang(60, 40, seen=34892), hang(30, 40)], 1, 1),
        ([hang(60, 40), hang(0, 40), hang(60, 0)], 0, 1),
    ],
)
@pytest.mark.parametrize(("order", "big"), [("<", False), (">", True)])
def test_the_first_that_is_no_thumbnail(pictures, chosen, count, order, big):
    data, places = directories(*pictures, order=order, big=big)
    found = main_page(io.BytesIO(data))
    assert found == Page(places[chosen], 0, count)
    first = with_first(io.BytesIO(data), found).read()
    assert len(first) == len(data)
    again, _ = directories(*pictures, order=order, big=big)
    at = 8 if big else 4
    assert int.from_bytes(first[at : 2 * at], "little" if order == "<" else "big") == found.at
    assert first[:at] + first[2 * at :] == again[:at] + again[2 * at :]


@pytest.mark.parametrize(
    ("pictures", "head", "says"),
    [
        ([hang(60, 40, seen=32803), hang(29, 40)], b"", "preview of 29×40 pixels can be read"),
        ([hang(60, 40, seen=34892), hang(29, 40)], b"", "preview of 29×40 pixels can be read"),
        ([hang(60, 40, seen=32803), hang(29, 40, kind=1), hang(9, 40)], b"", "of 29×40 pixels"),
        ([hang(60, 40, seen=32803)], b"", "raw file, which cannot be read"),
        ([hang(60, 40)], b"CR\2\0", "preview of 60×40 pixels"),
    ],
)
def test_raw_files_by_their_sensors(pictures, head, says):
    data, _ = directories(*pictures, head=head)
    with pytest.raises(ColorkitError, match=f"^a.dng: .*{says}"):
        main_page(io.BytesIO(data), "a.dng")


def test_what_is_no_tiff_or_has_no_pictures():
    data, places = directories(hang(60, 40), hang(50, 40))
    for none in (
        b"",
        b"\x89PNG" * 9,
        data[: places[0] + 2],
        directories(hang(0, 40), hang(9, 9))[0],
    ):
        assert main_page(io.BytesIO(none)) is None
    assert main_page(io.BytesIO(directories(hang(60, 40, kind=4))[0])) is None
    # Damage behind the first picture costs only what stands there.
    assert main_page(io.BytesIO(data[: places[1]])) == Page(places[0])


def test_raw_files_that_are_no_tiff():
    heads = b"IIU\0 IIRO IIRS MMOR FUJIFILM FOVb \0MRM".split(b" ")
    assert all(is_raw(head + b"anything") for head in heads)
    assert is_raw(b"\0\0\0\x18ftypcrx \0\0") and not is_raw(b"\0\0\0\x18ftypheic\0\0")
    assert not any(
        is_raw(head) for head in (b"II*\0\x08\0\0\0", b"\xff\xd8\xff\xe0", b"", b"xIIRO")
    )
