"""Training with a distance of features beside the reconstruction."""

from pydantic.dataclasses import dataclass
from torch import Tensor

from colorkit.studies.gans.perceptual import FeatureDistance, picture_of
from colorkit.studies.gans.training import (
    UNetColorizer,
    UNetLoss,
    UNetRecipe,
    Weight,
    reconstruction_loss,
)
from colorkit.training.recipe import STRICT


@dataclass(frozen=True, config=STRICT)
class FeatureRecipe(UNetRecipe):
    """How a network is trained that also has to look right to an encoder.

    Attributes:
        encoder: what the encoder is, or the training that it comes from; names this one.
        features: weight of the distance beside the reconstruction.
    """

    encoder: str = ""
    features: Weight = 0.1


class FeatureColorizer(UNetColorizer):
    """A network that reconstructs chroma, and pictures that look alike to an encoder.

    Args:
        distance: compares pictures; never changed.
    """

    def __init__(self, model, recipe: FeatureRecipe, size: int, seed: int, *, distance):
        super().__init__(model, recipe, size, seed)
        # In a tuple it is no part of this module: neither trained nor stored in checkpoints.
        self._distance: tuple[FeatureDistance] = (distance,)

    def _objective(self, found: Tensor, true: Tensor) -> UNetLoss:
        plain = reconstruction_loss(found, true, self.recipe)
        distance = self._distance[0].to(found.device)
        apart = distance(picture_of(found), picture_of(true)).mean()
        return plain._replace(total=plain.total + self.recipe.features * apart)
