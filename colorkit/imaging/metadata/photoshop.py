"""Photoshop's resources, among which captions and keywords by the rules of the IPTC stand."""

import struct
from collections.abc import Iterator
from contextlib import suppress

# Of Photoshop's resources those that tell of the photograph: captions and their checksum, whether
# it is protected, and where to read more. Others describe the old pixels and how to print them.
_IIM, _KEPT = 0x0404, {0x0404, 0x0425, 0x040A, 0x040B}


def iim(resources: bytes) -> bytes:
    """Give the captions and keywords of the IPTC that are among Photoshop's resources."""
    return next((data for number, _, data in _resources(resources) if number == _IIM), b"")


def _as_resources(captions: bytes) -> bytes:
    """Put captions and keywords of the IPTC into one of Photoshop's resources."""
    return (
        b"8BIM\x04\x04\0\0"
        + struct.pack(">I", len(captions))
        + captions
        + b"\0" * (len(captions) % 2)
    )


def _resources(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Give number, all bytes, and content of each of Photoshop's resources."""
    at = 0
    while data[at : at + 4] in (b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR"):
        number, named = struct.unpack_from(">HB", data, at + 4)
        start = at + 6 + (named + 2) // 2 * 2
        length = struct.unpack_from(">I", data, start)[0]
        end = start + 4 + length + length % 2
        if start + 4 + length > len(data):
            return
        yield number, data[at:end].ljust(end - at, b"\0"), data[start + 4 : start + 4 + length]
        at = end


def captions_of(data: bytes) -> bytes:
    """Keep of Photoshop's resources, or of captions alone, what tells of the photograph."""
    if data[:1] == b"\x1c":
        return _as_resources(data)
    if data[3:4] == b"\x1c":  # written as numbers in another order of bytes
        return _as_resources(b"".join(data[k : k + 4][::-1] for k in range(0, len(data), 4)))
    kept = b""
    with suppress(struct.error):
        for number, whole, _ in _resources(data):
            kept += whole if number in _KEPT else b""
    return kept
