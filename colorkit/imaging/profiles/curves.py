"""Profiles of one curve a channel, computed with here: pixels of 16 bits keep their dark levels.

Pillow hands LittleCMS 8 bits alone. Most profiles (of monitors, working spaces, gray) are curves
and at most a matrix, ICC.1:2022, annex F; those need no more than a table a channel.
"""

import struct

import numpy as np

from colorkit.imaging.transfer_functions import LEVELS, SRGB_BYTES

# Columns: red, green and blue of sRGB, adapted to the white D50, in XYZ (IEC 61966-2-1, ICC).
_SRGB = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)
_STRIP = 4_000_000  # pixels converted at a time


class Curves:
    """A profile of curves, and a matrix if it is one of RGB.

    Args:
        profile: its bytes.

    Raises:
        ValueError: it has tables of several dimensions, or is damaged.
    """

    def __init__(self, profile: bytes):
        try:
            tags = _tags(profile)
        except (struct.error, IndexError) as error:
            raise ValueError("the profile is damaged") from error
        names, self.in_lightness = [b"k"], profile[20:24] == b"Lab "
        if profile[16:20] == b"RGB ":
            names = [b"r", b"g", b"b"]
        if any(tag[:3] in (b"A2B", b"D2B") for tag in tags) or (
            len(names) == 3 and self.in_lightness
        ):
            raise ValueError("the profile is no curves")
        try:
            steps = np.linspace(0, 1, LEVELS + 1)
            self.tables = [_curve(tags[name + b"TRC"], steps).astype(np.float32) for name in names]
            self.matrix = np.eye(1)
            if len(names) == 3:
                columns = [struct.unpack_from(">3i", tags[name + b"XYZ"], 8) for name in names]
                self.matrix = np.linalg.solve(_SRGB, np.array(columns).T / 65536)
        except (KeyError, struct.error, IndexError) as error:
            raise ValueError("the profile lacks curves") from error
        if not all(np.isfinite(table).all() for table in self.tables):
            raise ValueError("a curve of no numbers")

    def to_srgb(self, values: np.ndarray) -> np.ndarray:
        """Convert (H, W, channels) float in [0, 1] to uint8 (H, W, 3) sRGB.

        The darkest neutral color becomes black, as black-point compensation has it.
        """
        height, width, _ = values.shape
        out = np.empty((height, width, 3), np.uint8)
        black = self._luminance([float(table[0]) for table in self.tables])
        gain = 1 / max(1 - black, 1e-6)
        matrix = (self.matrix.T * gain).astype(np.float32)
        rows = max(1, _STRIP // width)
        for top in range(0, height, rows):
            codes = np.rint(values[top : top + rows] * np.float32(LEVELS)).astype(np.uint16)
            light = [table[codes[..., k]] for k, table in enumerate(self.tables)]
            light = np.stack(light, axis=-1)
            if self.in_lightness:
                light = _of_lightness(light)
            light = np.clip(light @ matrix - np.float32(black * gain), 0, 1)
            out[top : top + rows] = SRGB_BYTES[np.rint(light * LEVELS).astype(np.uint16)]
        return out

    def _luminance(self, levels: list[float]) -> float:
        """Luminance of a color, of 1."""
        if len(levels) == 1:
            light = float(_of_lightness(np.array(levels))[0]) if self.in_lightness else levels[0]
        else:
            light = float(_SRGB[1] @ self.matrix @ levels)
        return min(max(light, 0.0), 0.18)  # LittleCMS takes no black for lighter than L* 50


def _tags(profile: bytes) -> dict[bytes, bytes]:
    count = struct.unpack_from(">I", profile, 128)[0]
    found = {}
    for k in range(min(count, 200)):
        name, start, length = struct.unpack_from(">4sII", profile, 132 + 12 * k)
        found[name] = profile[start : start + length]
    return found


def _curve(tag: bytes, x: np.ndarray) -> np.ndarray:
    """Compute a curve of type curv or para."""
    if tag[:4] == b"curv":
        count = struct.unpack_from(">I", tag, 8)[0]
        if count == 0:
            return x
        points = np.frombuffer(tag, ">u2", count, 12) if count <= len(tag) else []
        if count == 1:
            return x ** (points[0] / 256)
        if not len(points):
            raise ValueError("a curve is cut off")
        return np.interp(x, np.linspace(0, 1, count), points / 65535)
    if tag[:4] != b"para":
        raise ValueError("a curve of another type")
    kind = struct.unpack_from(">H", tag, 8)[0]
    g, *rest = (
        value / 65536 for value in struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}i", tag, 12)
    )
    a, b, c, d, e, f = (rest + [0.0] * 6)[:6] if kind else (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    with np.errstate(all="ignore"):
        power = np.maximum(a * x + b, 0) ** g
        if kind == 0:
            return power
        if kind in (1, 2):
            # Below -b/a the curve is flat; type 2 adds a number to all of it.
            return np.where(a * x + b >= 0, power, 0) + (c if kind == 2 else 0)
        return np.where(x >= d, power + (e if kind == 4 else 0), c * x + (f if kind == 4 else 0))


def _of_lightness(lightness: np.ndarray) -> np.ndarray:
    """Luminance in [0, 1] of L* divided by 100."""
    f = (lightness * 100 + 16) / 116
    return np.where(f > 6 / 29, f**3, (f - 4 / 29) * 3 * (6 / 29) ** 2).astype(np.float32)
