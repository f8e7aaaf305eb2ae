"""Makes files by their formats' own rules: EXIF blocks, profiles, chunks and segments."""

import struct
import zlib

import numpy as np

D50 = (0.9642, 1.0, 0.8249)
SRGB_COLUMNS = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))


def exif(tags, details=(), gps=(), interoperability=(), thumbnail=b"", order="<") -> bytes:
    """An EXIF block of raw entries (tag, type, count, bytes), without the head that JPEG adds."""
    body = bytearray({"<": b"II*\0", ">": b"MM\0*"}[order] + bytes(4))

    def directory(entries, following=0) -> int:
        body.extend(bytes(len(body) % 2))
        at, entries = len(body), sorted(entries)
        place, values = at + 2 + 12 * len(entries) + 4, b""
        body.extend(struct.pack(f"{order}H", len(entries)))
        for tag, kind, count, value in entries:
            row = value.ljust(4, b"\0")
            if len(value) > 4:
                row = struct.pack(f"{order}I", place + len(values))
                values += value + bytes(len(value) % 2)
            body.extend(struct.pack(f"{order}HHI", tag, kind, count) + row)
        body.extend(struct.pack(f"{order}I", following) + values)
        return at

    def pointer(tag, entries):
        return [(tag, 4, 1, struct.pack(f"{order}I", directory(entries)))] if entries else []

    details = [*details, *pointer(40965, interoperability)]
    tags = [*tags, *pointer(34665, details), *pointer(34853, gps)]
    following = 0
    if thumbnail:
        start = len(body)
        body.extend(thumbnail)
        pair = [(513, 4, 1, struct.pack(f"{order}I", start))]
        following = directory([*pair, (514, 4, 1, struct.pack(f"{order}I", len(thumbnail)))])
    first = directory(tags, following)
    struct.pack_into(f"{order}I", body, 4, first)
    return bytes(body)


def text(tag: int, words: str | bytes):
    """An entry of text, in UTF-8 if it is no bytes."""
    data = (words.encode() if isinstance(words, str) else words) + b"\0"
    return tag, 2, len(data), data


def short(tag: int, value: int, order: str = "<"):
    return tag, 3, 1, struct.pack(f"{order}H", value)


def ratio(tag: int, over: int, under: int = 1, order: str = "<"):
    return tag, 5, 1, struct.pack(f"{order}II", over, under)


def linear(encoded: np.ndarray) -> np.ndarray:
    """Light of sRGB's codes, both in [0, 1]."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def power(exponent: float) -> bytes:
    """A curve of an ICC profile."""
    return b"para" + bytes(8) + _fixed([exponent])


def srgb_curve() -> bytes:
    values = _fixed([2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045])
    return b"para" + bytes(4) + struct.pack(">HH", 3, 0) + values


def table(values: np.ndarray) -> bytes:
    codes = np.rint(values * 65535).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", len(codes)) + codes.tobytes()


def profile(name: str, curve: bytes, space: bytes = b"RGB ", columns=SRGB_COLUMNS) -> bytes:
    """An ICC profile of gray or of RGB."""
    words = name.encode("utf-16-be")
    described = b"mluc" + struct.pack(">4xII4sII", 1, 12, b"enUS", len(words), 28) + words
    tags = [(b"desc", described), (b"cprt", described)]
    tags.append((b"wtpt", b"XYZ " + bytes(4) + _fixed(D50)))
    if space == b"GRAY":
        tags.append((b"kTRC", curve))
    else:
        for letter, column in zip((b"r", b"g", b"b"), columns, strict=True):
            tags.append((letter + b"XYZ", b"XYZ " + bytes(4) + _fixed(column)))
            tags.append((letter + b"TRC", curve))
    rows, body, start = b"", b"", 132 + 12 * len(tags)
    for tag, data in tags:
        rows += tag + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4xI4s4s4s", start + len(body), 0x04200000, b"mntr", space, b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + _fixed(D50)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + rows + body


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", len(data), name) + data + struct.pack(">I", zlib.crc32(name + data))


def with_chunks(png: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """Put chunks behind a PNG's header."""
    return png[:33] + b"".join(chunk(*each) for each in chunks) + png[33:]


def with_segments(jpeg: bytes, *segments: tuple[int, bytes]) -> bytes:
    """Put segments behind the beginning of a JPEG."""
    made = (bytes((255, m)) + struct.pack(">H", len(d) + 2) + d for m, d in segments)
    return jpeg[:2] + b"".join(made) + jpeg[2:]


def resource(number: int, data: bytes) -> bytes:
    """One of Photoshop's resources."""
    padded = data + bytes(len(data) % 2)
    return b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + padded


def iim(*datasets: tuple[int, bytes]) -> bytes:
    """Captions and keywords of the IPTC: numbers of record 2, and bytes."""
    return b"".join(b"\x1c\x02" + struct.pack(">BH", n, len(d)) + d for n, d in datasets)


def _fixed(values) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(float(v) * 65536) for v in values))
