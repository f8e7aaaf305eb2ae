"""U-Nets that paint in another color space, or are shown smaller pictures first.

*Progressive growing* (Karras et al., ICLR 2018) trains on small pictures first and adds layers as
the pictures grow. The U-Net of `width` w and `depth` d is, without its outermost level, the one of
2 w and d − 1: so a smaller one becomes the inside of a larger one, whose outer layers are fresh.
Karras et al. fade the new layers in; ours are there at once, and the output begins gray again.
"""

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from colorkit.data.batches import Batch
from colorkit.imaging.color import scale_L
from colorkit.models.unet import UNet
from colorkit.studies.gans.training import UNetColorizer, UNetRecipe
from colorkit.studies.later.spaces import SPACES
from colorkit.training.recipe import STRICT, Count


@dataclass(frozen=True, config=STRICT)
class PaintingRecipe(UNetRecipe):
    """How such a U-Net is trained.

    Attributes:
        space: a key of `colorkit.studies.later.spaces.SPACES`.
        shrink: the crops are made so many times smaller, by averaging, before they are shown.
    """

    space: Literal["lab", "rgb", "ycbcr", "oklab"] = "lab"
    shrink: Count = 1


class PaintingColorizer(UNetColorizer):
    """A U-Net that learns the planes of a color space by their absolute error."""

    def on_after_batch_transfer(self, batch, dataloader_idx: int) -> Batch:
        """Prepare a batch, and make its pictures smaller where the recipe says so."""
        ready = isinstance(batch, Batch)
        batch = super().on_after_batch_transfer(batch, dataloader_idx)
        by = self.recipe.shrink
        if ready or by == 1:
            return batch
        gray, lab = F.avg_pool2d(batch.gray, by), F.avg_pool2d(batch.lab, by)
        return Batch(gray, lab, batch.labels)

    def _planes(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Lightness with the found and with the true planes, (B, 1 + channels, H, W) in [−1, 1]."""
        found = self.model(batch.gray).float()
        true = SPACES[self.recipe.space].planes(batch.lab)
        light = scale_L(batch.lab[:, :1])
        return tuple(2 * torch.cat((light, planes), dim=1) - 1 for planes in (found, true))


def make_unet(width: int, depth: int, space: str = "lab") -> UNet:
    """A U-Net for a color space, that begins with the middle of every channel: gray."""
    network = UNet(1, SPACES[space].channels, width=width, depth=depth)
    nn.init.zeros_(network.last[0].weight)
    return network


def grown(smaller: UNet, width: int) -> UNet:
    """Put a trained U-Net inside of one with an outer level more.

    Args:
        smaller: of twice the `width`; it is not changed.
        width: channels of the first level of the larger one.

    Raises:
        ValueError: the smaller one is not of twice the width.
    """
    settings = smaller.settings()
    if settings["width"] != 2 * width:
        raise ValueError(f"the inside must have width {2 * width}; got {settings['width']}")
    larger = UNet(**settings | {"width": width, "depth": settings["depth"] + 1})
    nn.init.zeros_(larger.last[0].weight)
    inside = {}
    for name, weights in smaller.state_dict().items():
        part, _, rest = name.partition(".")
        number, _, layer = rest.partition(".")
        if part == "down":  # the outermost level of both ways is new
            inside[f"down.{int(number) + 1}.{layer}"] = weights
        elif part in ("up", "join"):
            inside[name] = weights
    larger.load_state_dict({**larger.state_dict(), **inside})
    return larger


def stages(epochs: int, operations: Callable[[int, int], int]) -> tuple[tuple[int, int, int], ...]:
    """Say how long to train at a quarter, at half and at the whole of the size, for equal work.

    Each stage gets a third of the work of so many epochs at the whole size, but at least one epoch.

    Args:
        epochs: of the training at one size.
        operations: multiply-adds for one picture, of a network that lacks so many outer levels and
            sees pictures so many times smaller.

    Returns:
        (levels that are lacking, times smaller, epochs) of each stage.
    """
    share = epochs * operations(0, 1) / 3
    parts = ((2, 4), (1, 2), (0, 1))
    return tuple((left, by, max(1, round(share / operations(left, by)))) for left, by in parts)
