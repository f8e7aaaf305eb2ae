"""Old photographs made of new ones: toned prints and negatives, as scanners give them."""

import io

import numpy as np
from PIL import Image

# Black, middle gray and white of each bath.
BATHS = {
    "sepia": ((38, 24, 14), (150, 118, 84), (246, 232, 205)),
    "cyanotype": ((10, 32, 76), (70, 120, 165), (232, 240, 238)),
    "selenium": ((26, 16, 22), (120, 104, 112), (245, 240, 240)),
}


def gray_of(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(rgb).convert("L"))


def toned(gray: np.ndarray, bath: str) -> np.ndarray:
    """(H, W) uint8 to (H, W, 3) uint8."""
    tints = np.array(BATHS[bath])
    bands = [np.interp(gray, (0, 128, 255), tints[:, k]) for k in range(3)]
    return np.rint(np.stack(bands, axis=2)).astype(np.uint8)


def jpeg(rgb: np.ndarray, quality: int = 80) -> np.ndarray:
    """What is left of a picture after JPEG, its chroma at half resolution."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=quality, subsampling="4:2:0")
    return np.asarray(Image.open(stream))


def negative(rgb: np.ndarray, mask=(0.22, 0.55, 0.85), contrast: float = 0.62) -> np.ndarray:
    """Expose, develop and scan a film: (H, W, 3) uint8 to the same.

    Args:
        rgb: the scene.
        mask: density of the clear film in red, green and blue; equal ones make a gray film.
        contrast: density by decade of light.
    """
    v = rgb / 255
    light = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    density = contrast * (np.log10(np.maximum(light, 0.004)) + 2.4)
    density = 0.08 * np.log1p(np.exp((density - 0.1) / 0.08))  # the toe
    through = 0.92 * 10 ** -(density + np.array(mask) - min(mask))
    encoded = np.where(through <= 0.0031308, 12.92 * through, 1.055 * through ** (1 / 2.4) - 0.055)
    return np.rint(255 * encoded).astype(np.uint8)
