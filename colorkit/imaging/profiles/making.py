"""Profiles made of numbers: what PNG, AVIF and HEIF say of gamma, primaries, codes of ITU-T H.273.

They become profiles of ICC, so that there is one way from a file's colors to sRGB.
"""

import struct
from functools import lru_cache

import numpy as np

from colorkit.imaging.profiles.conversion import is_srgb
from colorkit.imaging.transfer_functions import (
    HDR_WHITE,
    HLG,
    HLG_GAMMA,
    HLG_PEAK,
    PQ,
    from_hlg,
    from_pq,
    from_srgb,
)

_D50 = (0.9642, 1.0, 0.8249)
# Adaptation of the eye from one white to another, by Bradford; see ICC.1:2022, annex E.
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
# White, red, green and blue, x and y each, by their numbers in ITU-T H.273.
_D65, _OLD_RED = (0.3127, 0.3290), (0.64, 0.33)
_PRIMARIES = {
    1: (*_D65, *_OLD_RED, 0.30, 0.60, 0.15, 0.06),
    4: (0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, *_OLD_RED, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    7: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
_ADOBE_RGB = (*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}  # transfer characteristics that are a power
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
# Of PNG: a gamma so near to 1/2.2 is meant for sRGB's curve, as libpng takes it.
_PNG_GAMMA, _PNG_NEAR = 1 / 2.2, 0.05


def from_png(info: dict) -> bytes | None:
    """Give the profile that stands for PNG's chunks gAMA and cHRM; None where they say sRGB.

    Args:
        info: as Pillow gives it: `gamma`, `chromaticity`, `srgb`.
    """
    gamma, white_red_green_blue = info.get("gamma"), info.get("chromaticity")
    if "srgb" in info or not gamma or gamma <= 0:
        return None
    curve = _power(1 / gamma)
    if abs(gamma / _PNG_GAMMA - 1) <= _PNG_NEAR:
        curve = _parametric(_SRGB_CURVE)
    profile = _made(tuple(white_red_green_blue or _PRIMARIES[1]), curve)
    return None if profile is None or is_srgb(profile) else profile


def from_codes(primaries: int, transfer: int, narrow: bool = False) -> bytes | None:
    """Give the profile that stands for codes of ITU-T H.273; None where they say sRGB, or nothing.

    The curves of television are taken for sRGB's, as browsers do. What HDR shows brighter than
    diffuse white becomes white.

    Args:
        primaries, transfer: the codes.
        narrow: whether black is 16 and white 235 of 255, as in television.
    """
    signal = np.linspace(0, 1, 4096)
    if narrow:
        signal = np.clip((255 * signal - 16) / 219, 0, 1)
    if is_hdr(transfer):
        # HLG is shown as its display does; what is brighter than white is cut.
        shown = HLG_PEAK * from_hlg(signal) ** HLG_GAMMA if transfer == HLG else from_pq(signal)
        curve = _table(np.clip(shown / HDR_WHITE, 0, 1))
    elif transfer in _GAMMAS:
        gamma = _GAMMAS[transfer]
        curve = _table(signal**gamma) if narrow else _power(gamma)
    else:
        curve = _table(from_srgb(signal)) if narrow else _parametric(_SRGB_CURVE)
    profile = _made(_PRIMARIES.get(primaries, _PRIMARIES[1]), curve)
    return None if profile is None or is_srgb(profile) else profile


def is_hdr(transfer: int) -> bool:
    """Say whether a transfer characteristic of ITU-T H.273 is one of HDR."""
    return transfer in (PQ, HLG)


@lru_cache(1)
def adobe_rgb_profile() -> bytes:
    """Give the profile of Adobe RGB (1998), which cameras name in EXIF and do not embed."""
    return _made(_ADOBE_RGB, _power(563 / 256))


def _made(chromaticities: tuple[float, ...], curve: bytes) -> bytes | None:
    """Make a profile of RGB (ICC.1, version 4) from primaries and one curve.

    Args:
        chromaticities: x and y of white, red, green and blue.
        curve: an element of type curv or para.

    Returns:
        None where there is no such space.
    """
    x, y = np.array(chromaticities[::2]), np.array(chromaticities[1::2])
    if len(x) != 4 or (y <= 0).any():
        return None
    white, *primaries = np.stack([x / y, np.ones(4), (1 - x - y) / y], axis=1)
    try:
        columns = np.array(primaries).T * np.linalg.solve(np.array(primaries).T, white)
    except np.linalg.LinAlgError:
        return None
    gains = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    columns = np.linalg.solve(_BRADFORD, gains[:, None] * (_BRADFORD @ columns))
    if not np.isfinite(columns).all() or np.abs(columns).max() > 100:
        return None
    tags = [(b"desc", _text("color space of the file")), (b"cprt", _text("no copyright"))]
    tags.append((b"wtpt", _xyz(_D50)))
    for name, column in zip(b"rgb", columns.T, strict=True):
        tags += [(bytes([name]) + b"XYZ", _xyz(column)), (bytes([name]) + b"TRC", curve)]
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags:
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(">I4xI4s4s4s", start + len(body), 0x04200000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + _fixed(_D50)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _text(words: str) -> bytes:
    encoded = words.encode("utf-16-be")
    return b"mluc" + struct.pack(">4xII4sII", 1, 12, b"enUS", len(encoded), 28) + encoded


def _xyz(values) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(values)


def _fixed(values) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(float(v) * 65536) for v in values))


def _power(exponent: float) -> bytes:
    return b"para" + bytes(8) + _fixed([min(exponent, 1000.0)])


def _parametric(values) -> bytes:
    return b"para" + bytes(4) + struct.pack(">HH", 3, 0) + _fixed(values)


def _table(values: np.ndarray) -> bytes:
    codes = np.rint(values * 65535).astype(">u2")
    return b"curv" + bytes(4) + struct.pack(">I", len(codes)) + codes.tobytes()
