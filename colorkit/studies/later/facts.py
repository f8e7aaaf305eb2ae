"""What a network may be told of a whole picture: its histogram of chroma, its mean chroma.

Zhang et al. ("Real-time user-guided image colorization", 2017, section 3.3): in training each fact
is told of a random half of the pictures, so that the network can do without.
"""

from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from colorkit.course.evaluation import batches
from colorkit.data.batches import Batch, mix_seed
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import join, lab_to_rgb, unscale_ab
from colorkit.imaging.metrics.quality import delta_e
from colorkit.models.colornet_variants import BINS
from colorkit.models.prediction import Prediction, predict
from colorkit.training.colorizer import Colorizer
from colorkit.training.recipe import STRICT, Recipe

REACH = 80.0  # Lab units: chroma beyond it counts into the outermost bins
UNIT = 50.0  # Lab units of mean chroma that are 1
KINDS = ("nothing", "mean chroma", "histogram", "both")


@dataclass(frozen=True, config=STRICT)
class ToldRecipe(Recipe):
    """How a network is trained that may be told facts.

    Attributes:
        told: share of the pictures of which a fact is told, each by itself.
    """

    told: Annotated[float, Field(ge=0, le=1)] = 0.5


def histogram(ab: Tensor) -> Tensor:
    """Shares of a picture's pixels by chroma.

    Args:
        ab: (B, 2, H, W), in Lab units.

    Returns:
        (B, BINS²), a* running slower than b*; each row sums to 1.
    """
    place = ((ab / REACH + 1) * (BINS / 2)).floor().clamp(0, BINS - 1).long()
    place = (BINS * place[:, 0] + place[:, 1]).flatten(1)  # (B, H·W)
    counts = torch.zeros(len(ab), BINS**2, device=ab.device)
    return (
        counts.scatter_add_(1, place, torch.ones_like(place, dtype=counts.dtype)) / place.shape[1]
    )


def facts(ab: Tensor, of_histogram: Tensor, of_mean: Tensor) -> Tensor:
    """What is told of pictures.

    Args:
        ab: (B, 2, H, W), in Lab units.
        of_histogram, of_mean: (B,) bool, whether that is told.

    Returns:
        (B, TOLD) for `colorkit.models.colornet_variants.ToldColorNet`. Of the shares the square
        roots are given, so that rare colors count; zeros where nothing is told.
    """
    shares, mean = histogram(ab).sqrt(), ab.norm(dim=1).mean(dim=(1, 2))[:, None] / UNIT
    parts = []
    for value, told in ((shares, of_histogram), (mean, of_mean)):
        known = told.to(ab.dtype)[:, None]
        parts += [value * known, known]
    return torch.cat(parts, dim=1)


def tell(ab: Tensor, kind: str) -> Tensor:
    """Tell one of `KINDS` of all pictures; see `facts`.

    Raises:
        ValueError: unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; choose one of {', '.join(KINDS)}")
    every = torch.ones(len(ab), dtype=torch.bool, device=ab.device)
    chroma, mean = kind in ("histogram", "both"), kind in ("mean chroma", "both")
    return facts(ab, every & chroma, every & mean)


class ToldColorizer(Colorizer):
    """Minimizes the joint loss; each fact is told of a random half of the pictures."""

    def _predict(self, batch: Batch) -> Prediction:
        count = len(batch.labels)
        place = (self.seed, self.current_epoch, self.trainer.global_step, "facts")
        if not self.trainer.training:  # alike in every epoch, so that epochs can be compared
            place = (self.seed, "facts")
        generator = torch.Generator().manual_seed(mix_seed(*place))
        drawn = (self.share.draw(2, count, generator) < self.recipe.told).to(batch.gray.device)
        return predict(self.model, batch.gray, facts(batch.lab[:, 1:], *drawn))


def errors_told(network: torch.nn.Module, images: ImageSet, size: int, kind: str) -> np.ndarray:
    """Measure a network that is told one of `KINDS` of each picture's own colors.

    Args:
        network: a `colorkit.models.colornet_variants.ToldColorNet`.
        images, size: see `colorkit.course.evaluation.evaluate`.
        kind: of `KINDS`.

    Returns:
        (N,) ΔE₀₀.
    """
    found = []
    for batch in batches(images, size):
        ab = painted(network, batch.gray, tell(batch.lab[:, 1:], kind))
        found.append(delta_e(join(batch.lab[:, :1], ab), lab_to_rgb(batch.lab)))
    return torch.cat(found).numpy()


def painted(network: torch.nn.Module, gray: Tensor, told: Tensor) -> Tensor:
    """Paint gray (B, 1, H, W) with what is told (B, TOLD): a*, b* (B, 2, H, W) in Lab units."""
    with torch.inference_mode():
        ab = unscale_ab(predict(network, gray, told).ab)
        return F.interpolate(ab, gray.shape[-2:], mode="bilinear", align_corners=False)


def lent(network: torch.nn.Module, images: ImageSet, size: int) -> dict[str, list[Tensor]]:
    """Paint a few pictures with their own histogram, and with that of the next one.

    Returns:
        Rows of (3, H, W) or (1, H, W) pictures in [0, 1], by name.
    """
    (batch,) = batches(images, size)
    own = tell(batch.lab[:, 1:], "histogram")
    told = {"untold": 0 * own, "its own": own, "the next one's": own.roll(1, dims=0)}
    rows = {"gray": list(batch.gray)}
    for name, fact in told.items():
        rows[name] = list(join(batch.lab[:, :1], painted(network, batch.gray, fact)))
    return rows | {"original": list(lab_to_rgb(batch.lab))}
