"""How others score: pictures stretched to their full range, and means of 28 images."""

import numpy as np
from torch import Tensor

from colorkit.data.batches import NirBatch
from colorkit.imaging.color import lab_to_rgb, rgb_to_lab

CHALLENGE = 28  # pairs that published near-infrared results are means of
_NORMAL = 1.96  # standard errors on each side of a mean that hold 95 % of what chance does
_FLAT = 1e-6  # a range below which there is nothing to stretch


def stretch(images: Tensor) -> Tensor:
    """Bring each picture's darkest value to 0 and its brightest to 1, all channels together.

    Args:
        images: (B, C, H, W) in [0, 1]. A picture of one value stays as it is.
    """
    low, high = images.amin(dim=(1, 2, 3), keepdim=True), images.amax(dim=(1, 2, 3), keepdim=True)
    flat = high - low < _FLAT
    return images.where(flat, (images - low) / (high - low).clamp(min=_FLAT))


def stretched(batch: NirBatch) -> NirBatch:
    """Stretch both halves of pairs, as ColorMamba's public test script does before it scores."""
    return batch._replace(nir=stretch(batch.nir), lab=rgb_to_lab(stretch(lab_to_rgb(batch.lab))))


def half_interval(values: np.ndarray, axis: int = -1, count: int = CHALLENGE) -> np.ndarray:
    """Half the 95 % interval that a mean of so many of these images would have.

    Args:
        values: one an image along `axis`.
        axis: of the images.
        count: how many images the mean is taken of.
    """
    return _NORMAL * np.std(values, axis=axis, ddof=1) / count**0.5


def lead(values: np.ndarray, axis: int = -1, *, published: float) -> np.ndarray:
    """How much wider `half_interval` is than a published lead of one mean over another."""
    return half_interval(values, axis) - published
