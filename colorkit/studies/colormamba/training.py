"""How ColorMamba is trained, and what is measured of hues."""

import torch
import torch.nn.functional as F
from pydantic.dataclasses import dataclass
from torch import Tensor

from colorkit.data.batches import NirBatch
from colorkit.imaging.color import lab_to_rgb
from colorkit.imaging.hue import hue_disk, hue_distance, rgb_to_hsv
from colorkit.models.colormamba import ColorMamba, as_planes
from colorkit.studies.nir.training import NirColorizer, NirLoss, NirRecipe, Weight, nir_loss
from colorkit.training.recipe import STRICT

VIVID = 0.2  # saturation from which a pixel's hue is seen
RED = 30.0  # degrees from pure red within which the seam of hues tears colors apart
_FEW = 16  # pixels below which a picture says nothing of red


@dataclass(frozen=True, config=STRICT)
class ColorMambaRecipe(NirRecipe):
    """How a ColorMamba is trained: as the other ways, and its coarse picture too.

    The paper adds, for both pictures, terms of discriminators and of an autoencoder's planes; ours
    leaves them out, so that what differs from the ways of chapter 11 is the network.

    Attributes:
        coarse: weight of the coarse picture's squared error. The paper weighs the fine picture's 20
            times as much; so does ours where that error is 0.015, since its logarithm is minimized.
    """

    coarse: Weight = 0.7


class ColorMambaColorizer(NirColorizer):
    """A ColorMamba on pairs; `val_color` is of its fine picture alone."""

    def _loss(self, batch: NirBatch):
        return colormamba_loss(self.model, batch, self.recipe), None


def colormamba_loss(model: ColorMamba, batch: NirBatch, recipe: ColorMambaRecipe) -> NirLoss:
    """Chapter 11's loss of the fine picture, and the squared error of the coarse one.

    Args:
        model: the network.
        batch: pairs.
        recipe: gives the weights.
    """
    rgb, coarse = model.colors(batch.nir)
    ab, L = as_planes(rgb)
    found = nir_loss(L, ab, None, batch, recipe)
    if coarse is None:
        return found
    true = rgb_to_hsv(lab_to_rgb(batch.lab))
    wanted = hue_disk(true) if model.hue == "disk" else true
    return found._replace(total=found.total + recipe.coarse * F.mse_loss(coarse, wanted))


def red_error(painted: Tensor, truth: Tensor) -> Tensor:
    """How far the hues of true reds are off, in degrees.

    Args:
        painted, truth: (B, 3, H, W) sRGB in [0, 1].

    Returns:
        (B,), NaN for pictures with fewer than 16 red pixels of a saturation above 0.2.
    """
    found, true = rgb_to_hsv(painted)[:, 0], rgb_to_hsv(truth)
    red = (true[:, 1] > VIVID) & (hue_distance(true[:, 0], torch.zeros(())) < RED)
    count = red.sum(dim=(1, 2))
    mean = (hue_distance(found, true[:, 0]) * red).sum(dim=(1, 2)) / count.clamp(min=1)
    return torch.where(count >= _FEW, mean, torch.full_like(mean, torch.nan))
