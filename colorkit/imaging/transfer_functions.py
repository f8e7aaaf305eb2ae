"""From code values to light and back: the curves of sRGB and of high dynamic range.

ITU-T H.273 numbers them, and so do files and films: `PQ` and `HLG` are those of high dynamic range.
"""

import numpy as np

PQ, HLG = 16, 18  # ITU-T H.273's numbers
HDR_WHITE = 203.0  # cd/m² of a sheet of paper in HDR (ITU-R BT.2408), which becomes sRGB's white
HLG_PEAK = 1000.0  # cd/m² of HLG's brightest light on the display it is defined for
HLG_GAMMA = 1.2  # of that display: it shows light from the scene to this power
LEVELS = 65535  # of light, beyond 0, in `SRGB_BYTES`
_M1, _M2, _C1, _C2, _C3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073


def from_srgb(code: np.ndarray) -> np.ndarray:
    """Light in [0, 1] of a code of sRGB in [0, 1]: IEC 61966-2-1."""
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


def to_srgb(light: np.ndarray) -> np.ndarray:
    """Code of sRGB in [0, 1] of light in [0, 1]."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def from_pq(code: np.ndarray | float) -> np.ndarray:
    """PQ's code in [0, 1] to cd/m²: SMPTE ST 2084."""
    power = np.asarray(code) ** (1 / _M2)
    return 10_000 * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)


def to_pq(light: np.ndarray | float) -> np.ndarray:
    """cd/m² to PQ's code in [0, 1]."""
    power = (np.asarray(light) / 10_000) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


def from_hlg(code: np.ndarray) -> np.ndarray:
    """HLG's code in [0, 1] to the scene's light in [0, 1]: ITU-R BT.2100."""
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - _C) / _A) + _B) / 12)


# sRGB of 8 bits by steps of light.
SRGB_BYTES = np.rint(255 * to_srgb(np.linspace(0, 1, LEVELS + 1))).astype(np.uint8)
