"""Colorizing images with a trained network, and measuring the result image by image."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from colorkit.data.batches import Batch, loader, prepare
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import join, lab_to_rgb, unscale_ab
from colorkit.imaging.metrics.tables import listed, measure
from colorkit.models.prediction import predict
from colorkit.system.process_settings import memory_kept

Predictor = Callable[[Tensor], Tensor]


def predict_ab(model: torch.nn.Module, gray: Tensor) -> Tensor:
    """Run a network on gray images and bring its chroma to their size.

    Args:
        model: takes (B, 1, H, W) in [0, 1], gives (B, 2, h, w) scaled chroma, alone or first.
        gray: (B, 1, H, W) in [0, 1].

    Returns:
        (B, 2, H, W) a*, b* in Lab units, upsampled bilinearly.
    """
    with torch.inference_mode():
        ab = unscale_ab(predict(model, gray).ab)
        return F.interpolate(ab, gray.shape[-2:], mode="bilinear", align_corners=False)


class Trained:
    """A trained network as a predictor of chroma: gray (B, 1, H, W) to ab (B, 2, H, W)."""

    def __init__(self, model: torch.nn.Module):
        self.model = model

    def __call__(self, gray: Tensor) -> Tensor:
        """Predict a*, b* in Lab units at the input's size."""
        return predict_ab(self.model, gray)


class Constant:
    """The trivial predictions: one chroma everywhere. (0, 0) is gray."""

    def __init__(self, a: float = 0.0, b: float = 0.0):
        self.ab = torch.tensor([a, b]).view(1, 2, 1, 1)

    def __call__(self, gray: Tensor) -> Tensor:
        """Return the constant a*, b* at the input's size."""
        height, width = gray.shape[-2:]
        return self.ab.to(gray.device).expand(len(gray), 2, height, width)


def mean_chroma(images: ImageSet, size: int, limit: int = 2000) -> Constant:
    """The mean chroma of (at most `limit`, evenly spread) training images, as a predictor."""
    means = [batch.lab[:, 1:].mean(dim=(2, 3)) for batch in batches(images.evenly(limit), size)]
    a, b = torch.cat(means).mean(dim=0).tolist()
    return Constant(a, b)


def trivial_errors(
    images: ImageSet, training: ImageSet, size: int, gray: str = "weighted"
) -> dict[str, np.ndarray]:
    """ΔE₀₀ of what looks at no gray at all, by name, as `Chapter.learned` takes it.

    Args:
        images: (N) on which a network is measured.
        training: those it was trained on, whose mean color is the second prediction.
        size: side of the crops.
        gray: decolorization.

    Returns:
        `gray` and `mean`, (N,) each.
    """
    predictors = {"gray": Constant(), "mean": mean_chroma(training, size)}
    tables = {n: evaluate(p, images, size, gray, ("delta_e",)) for n, p in predictors.items()}
    return {name: table["delta_e"].to_numpy() for name, table in tables.items()}


def batches(
    images: ImageSet, size: int, gray: str = "weighted", batch_size: int = 64
) -> Iterator[Batch]:
    """Center crops of a set in order, batch by batch, prepared as in training."""
    for pixels, labels in loader(images, batch_size):
        yield prepare(pixels, labels, size, gray)


def colorize_pixels(
    predictor: Predictor, images: Tensor, size: int, gray: str = "weighted"
) -> tuple[Tensor, Tensor, Tensor]:
    """Colorize a few images whole, for figures.

    Args:
        predictor: gray (B, 1, H, W) in [0, 1] to a*, b* (B, 2, H, W).
        images: (N, S, S, 3) uint8, center-cropped to `size`.
        size: side of the crops.
        gray: decolorization the predictor is fed.

    Returns:
        gray (N, 1, size, size), predicted and true (N, 3, size, size) sRGB, all in [0, 1].
    """
    batch = prepare(images, torch.zeros(len(images), dtype=torch.int64), size, gray)
    predicted = join(batch.lab[:, :1], predictor(batch.gray))
    return batch.gray, predicted, lab_to_rgb(batch.lab)


def colorize_set(
    predictor: Predictor, images: ImageSet, size: int, gray: str = "weighted"
) -> tuple[Tensor, Tensor, Tensor]:
    """`colorize_pixels` on all images of a (small) set."""
    return colorize_pixels(predictor, images.__getitems__(range(len(images)))[0], size, gray)


@memory_kept
def evaluate(
    predictor: Predictor,
    images: ImageSet,
    size: int,
    gray: str = "weighted",
    measured: Iterable[str] | None = None,
    more: dict[str, Callable[[Tensor, Tensor], Tensor]] | None = None,
) -> pd.DataFrame:
    """Measure a predictor on a set, one row an image.

    Args:
        predictor: gray (B, 1, H, W) in [0, 1] to a*, b* (B, 2, H, W).
        images: the set, center-cropped.
        size: side of the crops.
        gray: decolorization the predictor is fed.
        measured: keys of `colorkit.imaging.metrics.registry.METRICS`; those of the table
            "evaluation" by default. One that cannot be taken here, such as LPIPS without its
            weights, has no column.
        more: other measures of (predicted, true) sRGB, one number an image, by column.

    Returns:
        Columns `name`, `label`, the metrics as `colorkit.imaging.metrics.tables.measure` gives
        them, and `a_bias` and `b_bias` (mean of predicted minus true a*, b*).
    """
    tables, measured = [], list(listed("evaluation") if measured is None else measured)
    for batch in batches(images, size, gray):
        ab = predictor(batch.gray)
        predicted, true = join(batch.lab[:, :1], ab), lab_to_rgb(batch.lab)
        bias = (ab - batch.lab[:, 1:]).mean(dim=(2, 3))
        values, _ = measure(predicted, true, measured)
        columns = {name: value.tolist() for name, value in values.items()}
        for name, metric in (more or {}).items():
            columns[name] = metric(predicted, true).tolist()
        columns |= {"a_bias": bias[:, 0].tolist(), "b_bias": bias[:, 1].tolist()}
        tables.append(pd.DataFrame(columns))
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, "name", images.names)
    table.insert(1, "label", images.class_names)
    return table
