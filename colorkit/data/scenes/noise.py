"""Noise that scenes are roughened with: periodic tiles by spectral synthesis, and fixed scatter."""

import zlib
from functools import lru_cache

import numpy as np

# Noise by spectral synthesis: lowest frequency (periods across the picture), exponent of the
# amplitude's fall, and how much finer the noise is along x than along y.
NOISES = {
    "cloud": (2, 1.9, 0.6),
    "rough": (3, 1.4, 1.0),
    "leaf": (9, 1.1, 1.0),
    "grain": (24, 0.6, 1.0),
    "ripple": (12, 1.0, 0.16),
    "fold": (5, 1.0, 9.0),
}


@lru_cache(maxsize=64)
def tile(kind: str, size: int) -> np.ndarray:
    """Return periodic noise (size, size), zero mean and unit deviation, alike at every size."""
    lowest, exponent, aspect = NOISES[kind]
    lowest = min(lowest, size // 4)  # a small picture cannot show fine grain
    base = 512
    frequency = np.fft.fftfreq(base, 1 / base)
    k = np.hypot(frequency[None, :] / aspect, frequency[:, None])
    amplitude = np.where(k >= lowest, np.maximum(k, lowest) ** -exponent, 0)
    amplitude *= np.exp(-((k / 200) ** 2))
    white = np.random.default_rng(zlib.crc32(kind.encode())).standard_normal((base, base))
    spectrum = np.fft.fftshift(np.fft.fft2(white) * amplitude)
    middle, shown = base // 2, min(size, base)  # smaller pictures see the lower frequencies only
    first = middle - shown // 2
    spectrum = spectrum[first : first + shown, first : first + shown]
    if size > base:
        before = size // 2 - middle
        spectrum = np.pad(spectrum, ((before, size - base - before),) * 2)
    tile = np.fft.ifft2(np.fft.ifftshift(spectrum)).real
    return np.clip(tile / tile.std(), -3, 3).astype(np.float32)


@lru_cache(maxsize=1)
def scatter() -> np.ndarray:
    """Return fixed random numbers (4, 64, 64) that cells of a pattern are looked up in."""
    return np.random.default_rng(7).random((4, 64, 64), dtype=np.float32)
