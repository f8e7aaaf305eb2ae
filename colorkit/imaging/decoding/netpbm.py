"""Netpbm's files that Pillow does not read, or in 8 bits alone: PPM of 16 bits, and PAM."""

import re
from pathlib import Path
from typing import BinaryIO

import numpy as np

from colorkit.imaging.decoding.decoders import check_size
from colorkit.imaging.decoding.deep_samples import Samples

PAM_MAGIC = b"P7"
_HEAD = 1 << 12  # bytes in which a header ends
_PPM = re.compile(rb"P6\s+" + rb"(?:#.*\n\s*)*(\d+)\s+" * 2 + rb"(?:#.*\n\s*)*(\d+)\s")
_CHANNELS = {1: ("L", 1), 2: ("L", 1), 3: ("RGB", 3), 4: ("RGB", 3)}  # by depth; more is alpha


def read_netpbm(stream: BinaryIO, path: Path, max_pixels: int) -> Samples | None:
    """Read a file that begins with P6 or P7.

    Returns:
        None for P6 of 8 bits, which Pillow reads.

    Raises:
        ColorkitError: it is too large.
        ValueError: the header is damaged, or it is cut off.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    if head.startswith(PAM_MAGIC):
        (width, height, depth, white), at, kind = _pam(head)
    else:
        found = _PPM.match(head)
        if found is None:
            raise ValueError("its header is damaged")
        width, height, white = map(int, found.groups())
        at, depth, kind = found.end(), 3, b""
        if white <= 255:
            return None
    check_size(path, (width, height), max_pixels)
    if depth not in _CHANNELS or not 0 < white < 65536:
        raise ValueError(f"it has {depth} channels of values up to {white}")
    full, stored = (65535, ">u2") if white > 255 else (255, "u1")
    stream.seek(at)
    data = stream.read(width * height * depth * np.dtype(stored).itemsize)
    values = np.frombuffer(data, stored).reshape(height, width, depth)
    if white != full:
        values = np.rint(np.minimum(values / np.float64(white), 1) * full)
    values = values.astype(np.uint16 if white > 255 else np.uint8)
    mode, colors = ("CMYK", 4) if kind == b"CMYK" else _CHANNELS[depth]
    alpha = values[..., colors] if depth > colors else None
    return Samples(values[..., :colors], mode, alpha)


def _pam(head: bytes) -> tuple[list[int], int, bytes]:
    """Give width, height, depth and white of a PAM, where its pixels begin, and their kind."""
    text, end, _ = head.partition(b"\nENDHDR\n")
    lines = [line.split() for line in text.split(b"\n")[1:]]
    said = {line[0]: line[1] for line in lines if len(line) > 1 and not line[0].startswith(b"#")}
    names = (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
    if not end or any(not said.get(name, b"").isdigit() for name in names):
        raise ValueError("its header is damaged")
    return [int(said[name]) for name in names], len(text + end), said.get(b"TUPLTYPE", b"")
