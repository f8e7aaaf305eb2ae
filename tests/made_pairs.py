"""Pairs of color and near infrared that tests make: patches, in the layout of the data set."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from colorkit.data.batches import NirBatch
from colorkit.imaging.color import rgb_to_lab


def picture(seed: int, height: int = 40, width: int = 56) -> np.ndarray:
    """Patches of random colors: no two seeds look alike."""
    patches = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    large = patches.repeat(-(-height // 5), axis=0).repeat(-(-width // 7), axis=1)
    return large[:height, :width].copy()


def write_pair(root: Path, name: str, rgb: np.ndarray, nir=None, kind: str = "png", **options):
    """Write a pair; its near infrared is the red channel if not given."""
    path = root / f"{name}_rgb.{kind}"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path, **options)
    other = path.with_name(path.name.replace("_rgb", "_nir"))
    Image.fromarray(rgb[..., 0] if nir is None else nir).save(other, **options)
    return path, other


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    """Numbers in [0, 1) without any order."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def noise_batch(side: int, labels: list[int]) -> NirBatch:
    """A batch of as many pairs of noise as there are labels."""
    rgb, nir = noise(len(labels), 3, side, side), noise(len(labels), 1, side, side, seed=1)
    return NirBatch(nir, rgb_to_lab(rgb), torch.tensor(labels))
