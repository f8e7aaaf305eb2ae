"""Training a network to take hints: points revealed at random, so that no person has to click.

Zhang et al. (arXiv:1705.02999), section 3.1.
"""

import math
from typing import Annotated, NamedTuple

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from colorkit.data.batches import mix_seed
from colorkit.inference.hints import UNIT, reveal
from colorkit.models.prediction import Prediction, predict
from colorkit.training.faithful import FaithfulColorizer, FaithfulRecipe
from colorkit.training.recipe import STRICT

LARGEST = 9  # side of the largest patch (Zhang et al.)
CROWD = 128  # most points of a picture
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, config=STRICT)
class HintsRecipe(FaithfulRecipe):
    """How a network is trained to take hints.

    Attributes:
        silent: share of the pictures without points.
        stop: most others' number of points is geometric, with this chance to stop (1/8).
        crowded: share of the pictures with up to `CROWD` points, any number alike.
        complete: share of the pictures with all colors given, so that given colors are kept (1 %).
        told: share of the pictures whose mean chroma is given.
    """

    silent: Share = 0.1
    stop: Annotated[float, Field(gt=0, lt=1)] = 1 / 8
    crowded: Share = 0.2
    complete: Share = 0.01
    told: Share = 0.5


def simulate(ab: Tensor, recipe: HintsRecipe, drawn: Tensor) -> Tensor:
    """Make the planes of pictures as a person might mark them.

    Half of the pictures are marked around the middle (normally distributed, a quarter of a side
    wide), where people click, the others anywhere. Sides of patches are 1 to `LARGEST`.

    Args:
        ab: (B, 2, H, W), in Lab units.
        recipe: how many points.
        drawn: (5, B), uniform in [0, 1): which kind of marking, how many points, whether around
            the middle, whether the mean chroma is told, and the seed of places and sides.

    Returns:
        (B, 5, H, W) on the device of `ab`.
    """
    columns = drawn.T.tolist()
    planes = [_simulate(each, recipe, *its) for each, its in zip(ab.cpu(), columns, strict=True)]
    return torch.stack(planes).to(ab.device)


def _simulate(ab: Tensor, recipe: HintsRecipe, kind, amount, central, told, seed) -> Tensor:
    if kind < recipe.complete:
        return torch.cat((ab / UNIT, torch.ones_like(ab[:1]), torch.zeros_like(ab)))
    kind -= recipe.complete
    if kind < recipe.silent:
        count = 0
    elif kind < recipe.silent + recipe.crowded:
        count = 1 + int(amount * CROWD)
    else:
        count = int(math.log(1 - amount) / math.log(1 - recipe.stop))  # geometric
    generator = torch.Generator().manual_seed(int(seed * 2**24))
    size = torch.tensor(ab.shape[1:])
    if central < 0.5:
        places = size / 2 + torch.randn((count, 2), generator=generator) * size / 4
    else:
        places = torch.rand((count, 2), generator=generator) * size
    places = places.long().clamp(torch.tensor(0), size - 1)
    sides = torch.randint(1, LARGEST + 1, (count, 1), generator=generator)
    return reveal(ab, torch.cat((places, sides), dim=1).tolist(), told < recipe.told)


class HintBatch(NamedTuple):
    """A `colorkit.data.batches.Batch` with hints, (B, 5, H, W)."""

    gray: Tensor
    lab: Tensor
    labels: Tensor
    hints: Tensor


class HintsColorizer(FaithfulColorizer):
    """Minimizes what `FaithfulColorizer` does, with simulated hints."""

    def on_validation_epoch_start(self) -> None:
        """Mark the validation images alike in every epoch, so that epochs can be compared."""
        self.fixed = torch.Generator().manual_seed(self.seed)

    def on_after_batch_transfer(self, batch, dataloader_idx: int) -> HintBatch:
        """Prepare a batch and mark it."""
        if isinstance(batch, HintBatch):
            return batch
        batch = super().on_after_batch_transfer(batch, dataloader_idx)
        count = len(batch.labels)
        if self.trainer.training:
            place = (self.seed, self.current_epoch, self.trainer.global_step, "hints")
            drawn = self.share.draw(5, count, torch.Generator().manual_seed(mix_seed(*place)))
        else:
            drawn = self.share.draw(5, count, self.fixed)
        return HintBatch(*batch, simulate(batch.lab[:, 1:], self.recipe, drawn))

    def _predict(self, batch: HintBatch) -> Prediction:
        return predict(self.model, batch.gray, batch.hints)
