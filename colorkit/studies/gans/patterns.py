"""How small the patterns are that a network of a given working size colors."""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from colorkit.course.evaluation import (
    Predictor,
    batches,
    evaluate,
    predict_ab,
    trivial_errors,
)
from colorkit.data.collection import ImageSet
from colorkit.imaging.metrics.frequency import recovered
from colorkit.studies.gans.configurations import LARGEST, PATTERNS
from colorkit.studies.gans.sweep import Sweep

OCTAVES = ("4–8", "8–16", "16–32", "32–64", "over 64")  # wavelengths in pixels of `LARGEST`
SMALL_PATTERNS = 1  # the octave that is judged: the finest is half noise of the camera


class AtSize:
    """A network at a working size: gray is brought to it, and its chroma back.

    Args:
        model: gray to chroma.
        side: of the pictures that it is shown.
    """

    def __init__(self, model: torch.nn.Module, side: int):
        self.model, self.side = model, side

    def __call__(self, gray: Tensor) -> Tensor:
        """Predict a*, b* (B, 2, H, W) in Lab units of gray (B, 1, H, W)."""
        size = (self.side, self.side)
        shown = F.interpolate(gray, size, mode="bilinear", antialias=True)
        return F.interpolate(predict_ab(self.model, shown), gray.shape[2:], mode="bilinear")


def recovered_patterns(predictor: Predictor, images: ImageSet, size: int) -> np.ndarray:
    """Share of the true chroma's energy that is recovered, octave by octave.

    Args:
        predictor: gray (B, 1, H, W) in [0, 1] to a*, b*.
        images: center-cropped to `size`, which stands for `LARGEST` pixels.

    Returns:
        (N, len(OCTAVES)) between −1 and 1: where a picture has almost no chroma of an octave, a
        prediction can miss by a thousand times what there is. NaN where it has none at all.
    """
    shares = []
    for batch in batches(images, size):
        options = {"shortest": 4 * size / LARGEST, "count": len(OCTAVES)}
        shares.append(recovered(predictor(batch.gray), batch.lab[:, 1:], **options))
    return torch.cat(shares).clamp(-1, 1).numpy()


class Patterns(NamedTuple):
    """What networks of several working sizes do on the same pictures of the largest size.

    shares: (S, N, len(OCTAVES)) by row of `PATTERNS`, see `recovered_patterns`.
    errors: (S, N) ΔE₀₀ of the network of the largest size; gray, mean: (N,) of painting one color.
    labels: class of each picture.
    """

    shares: dict[str, np.ndarray]
    errors: np.ndarray
    gray: np.ndarray
    mean: np.ndarray
    labels: list[str]


def measure_patterns(sweep: Sweep, most: int = 300) -> Patterns:
    """Measure all trainings of `PATTERNS` on the test images, on at most `most` of them."""
    largest = f"at-{LARGEST}"
    size = sweep.side(largest)
    images = sweep.images("test", side=size).evenly(most)
    painters = {
        row: [AtSize(run.model(), sweep.side(row)) for run in sweep.repeats(row)]
        for row in PATTERNS
    }
    shares = {
        row: np.stack([recovered_patterns(painter, images, size) for painter in each])
        for row, each in painters.items()
    }
    tables = [evaluate(p, images, size, measured=("delta_e",)) for p in painters[largest]]
    errors = np.stack([table["delta_e"] for table in tables])
    trivial = trivial_errors(images, sweep.images("train", side=size), size)
    return Patterns(shares, errors, **trivial, labels=images.class_names)
