"""Pixels as a file stores them, of any type, and the rules by which they become 8 bits."""

from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass
class Samples:
    """Pixels as a file stores them.

    Attributes:
        color: (H, W, channels) of the file's type, white the largest, of LAB float in [0, 1].
        mode: L, RGB, CMYK or LAB.
        alpha: (H, W) of the same type, or None.
        multiplied: whether color already is multiplied by alpha.
        bits: of an integer type, those that are used.
        profile: of the file, or None.
        orientation: as EXIF counts, yet to be applied.
        inverted: whether the file has white as zero, which `color` no longer has.
    """

    color: np.ndarray
    mode: str
    alpha: np.ndarray | None = None
    multiplied: bool = False
    bits: int = 0
    profile: bytes | None = None
    orientation: int = 1
    inverted: bool = False

    def eight(self) -> np.ndarray:
        """Bring the colors to 8 bits, by the rules of `colorkit.imaging.images.read_image`."""
        return eight_bits(self.color, self.bits)

    def unit(self) -> np.ndarray:
        """Bring the colors to float32 in [0, 1]."""
        return unit(self.color, self.bits)

    def upright(self) -> "Samples":
        """Apply the orientation."""
        if self.orientation not in range(2, 9):
            return self
        sideways, mirrored, turned = _TURNS[self.orientation]

        def turn(values: np.ndarray) -> np.ndarray:
            values = values.swapaxes(0, 1) if sideways else values
            return values[:: -1 if turned else 1, :: -1 if mirrored else 1]

        alpha = None if self.alpha is None else turn(self.alpha)
        rest = (alpha, self.multiplied, self.bits, self.profile, 1, self.inverted)
        return Samples(turn(self.color), self.mode, *rest)


# By orientation: whether rows become columns, whether columns and rows are then reversed.
_TURNS = {
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}


def gray_samples(image: Image.Image) -> Samples:
    """Take samples from an image of Pillow's modes I;16, I and F."""
    values, clear = np.asarray(image), image.info.get("transparency")
    if image.mode == "I":
        # Pillow's 32-bit mode: here always 16-bit numbers, of a PNM file.
        values = np.clip(values, 0, 65535).astype(np.uint16)
    alpha = None
    if isinstance(clear, int):
        full = 1 if values.dtype.kind == "f" else np.iinfo(values.dtype).max
        alpha = np.where(values == clear, 0, full).astype(values.dtype)
    return Samples(values[..., None], "L", alpha, profile=image.info.get("icc_profile"))


def eight_bits(values: np.ndarray, bits: int = 0) -> np.ndarray:
    """Bring numbers of any type to uint8, by the rules of `colorkit.imaging.images.read_image`.

    Args:
        values: of any shape.
        bits: of an unsigned type, those that are used; 0 for all.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind == "u":
        # The upper byte, as Pillow takes it for 16-bit color PNG: one file, one reading.
        return (values >> ((bits or 8 * values.dtype.itemsize) - 8)).astype(np.uint8)
    if values.dtype.kind == "i":
        shift = 8 * values.dtype.itemsize - 9
        positive = np.maximum(values, 0)
        return (positive >> shift if shift > 0 else positive.astype(np.uint8) << 1).astype(np.uint8)
    return np.rint(unit(values) * 255).astype(np.uint8)


def unit(values: np.ndarray, bits: int = 0) -> np.ndarray:
    """Bring numbers of any type to float32 in [0, 1], by the same rules."""
    if values.dtype.kind in "ui":
        white = 2**bits - 1 if bits else np.iinfo(values.dtype).max
        return np.clip(values / np.float32(white), 0, 1).astype(np.float32)
    values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=np.inf, neginf=0.0)
    finite = values[np.isfinite(values)]
    return np.clip(values / max(float(finite.max(initial=0.0)), 1.0), 0.0, 1.0)


def raw_mode(image: Image.Image) -> str:
    """Say how Pillow is going to unpack an image's samples: "RGB;16B" and the like."""
    if not image.tile:
        return ""
    args = image.tile[0].args
    return str(args[0] if isinstance(args, tuple) and args else args or "")


def is_deep(image: Image.Image) -> bool:
    """Say whether an image that Pillow opened has more than 8 bits a sample in its file."""
    if image.mode.startswith(("I", "F")) or ";16" in raw_mode(image):
        return True
    args = image.tile[0].args if image.format == "PPM" and image.tile else ""
    return isinstance(args, tuple) and isinstance(args[-1], int) and args[-1] > 255
