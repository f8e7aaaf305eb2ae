"""CycleGAN (Zhu, Park, Isola, Efros: ICCV 2017): colors learned without a pair of gray and color.

Two sets of pictures, gray ones and colored ones, show different things. One network paints, another
takes colors away; a discriminator of colored pictures judges what is painted, one of gray pictures
what was made gray. What holds the picture together is the way there and back: gray painted and made
gray again must be the same gray, and color made gray and painted again the same color.

Where the lightness is kept, as everywhere in this course, the first of the two circles closes by
itself. And the second one, if colors are taken away as a camera would, *is* training with pairs.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from colorkit.data.batches import Batch
from colorkit.imaging.color import scale_ab
from colorkit.models.patchgan import PatchGAN
from colorkit.models.prediction import predict
from colorkit.models.unet import UNet
from colorkit.studies.gans.training import (
    GanRecipe,
    UNetColorizer,
    UNetLoss,
    Weight,
    adversarial_loss,
    frozen,
    reconstruction_loss,
    spread,
)
from colorkit.training.recipe import STRICT, Count


@dataclass(frozen=True, config=STRICT)
class UnpairedRecipe(GanRecipe):
    """How the two networks are trained; of `GanRecipe`'s settings those of discriminators count.

    Attributes:
        cycle: weight of the two circles; 10 in the paper.
        gray_classes: so many classes, the first of the training images, give gray pictures only.
        back_channels, back_depth: of the network that takes colors away.
    """

    cycle: Weight = 10.0
    gray_classes: Count = 1
    back_channels: Count = 16
    back_depth: Count = 3


class Circles(NamedTuple):
    """What a step needs, planes in [−1, 1]: of N gray pictures and of M colored ones.

    gray: (N, 1, H, W), painted: (N, 3, H, W) and gray again: (N, 1, H, W); color: (M, 3, H, W),
    faded: (M, 1, H, W) and painted again: (M, 3, H, W).
    """

    gray: Tensor
    painted: Tensor
    gray_again: Tensor
    color: Tensor
    faded: Tensor
    painted_again: Tensor


def circle(circles: Circles) -> Tensor:
    """How far both ways there and back miss: the sum of two mean absolute errors."""
    gray = F.l1_loss(circles.gray_again, circles.gray) if len(circles.gray) else 0.0
    color = F.l1_loss(circles.painted_again, circles.color) if len(circles.color) else 0.0
    return torch.as_tensor(gray + color)


class UnpairedColorizer(UNetColorizer):
    """A painter of chroma and its opposite, each against a discriminator, with least squares.

    No truth of a gray picture is ever looked at. The best epoch is chosen by `val_color`, on
    colored pictures of the other classes, which are known.
    """

    def __init__(self, model: nn.Module, recipe: UnpairedRecipe, size: int, seed: int):
        super().__init__(model, recipe, size, seed)
        self.automatic_optimization = False
        self.back = UNet(3, 1, width=recipe.back_channels, depth=recipe.back_depth)
        width = recipe.discriminator_width
        self.judges = nn.ModuleList(PatchGAN(c, width=width) for c in (1, 3))  # gray, color
        self.to(memory_format=torch.channels_last)

    def configure_optimizers(self):
        """Adam for the two painters together, and for the two judges."""
        recipe, betas = self.recipe, (self.recipe.momentum, 0.999)
        painters = [*self.model.parameters(), *self.back.parameters()]
        return [
            torch.optim.Adam(painters, recipe.learning_rate, betas, fused=True),
            torch.optim.Adam(
                self.judges.parameters(), recipe.discriminator_rate, betas, fused=True
            ),
        ]

    def circles(self, batch: Batch) -> Circles:
        """Go both ways with a batch, of which the first classes are taken for gray pictures."""
        is_gray = batch.labels < self.recipe.gray_classes
        gray, color = (Batch(*(x[which] for x in batch)) for which in (is_gray, ~is_gray))
        light = 2 * gray.gray - 1
        painted = torch.cat((light, 2 * predict(self.model, gray.gray).ab - 1), dim=1)
        # The gray that the painter sees is the lightness of all planes: a judge must not tell
        # painted from true by which of two grays stands for lightness.
        true = 2 * torch.cat((color.gray, scale_ab(color.lab[:, 1:])), dim=1) - 1
        faded = self.back((true + 1) / 2)  # (M, 1, H, W) in [0, 1]
        again = torch.cat((2 * faded - 1, 2 * predict(self.model, faded).ab - 1), dim=1)
        gray_again = 2 * self.back((painted + 1) / 2) - 1
        return Circles(light, painted, gray_again, true, 2 * faded - 1, again)

    def training_step(self, batch: Batch, batch_index: int) -> None:
        """Let the painters step, then the judges."""
        made = self.circles(batch)
        with frozen(self.judges):
            fooled = self._judged((made.faded, made.painted), 1.0)
            back_and_forth = circle(made)
            loss = fooled + self.recipe.cycle * back_and_forth
            self._step(0, loss)
        told = self._judged((made.gray, made.color), 1.0)
        told = told + self._judged((made.faded.detach(), made.painted.detach()), 0.0)
        self._step(1, told / 2)
        self.require_finite(loss.detach(), batch_index)
        found = made.painted_again.detach()
        moved = spread(found, made.color) if len(found) else loss.new_zeros(())
        parts = (loss, back_and_forth, loss.new_zeros(()), moved, fooled)
        self._record("train", UNetLoss(*(x.detach() for x in parts)), len(batch.labels))

    def _judged(self, planes: tuple[Tensor, Tensor], label: float) -> Tensor:
        """Loss of the judges' answers, of gray and of colored planes; none of none."""
        pairs = zip(self.judges, planes, strict=True)
        losses = [adversarial_loss(judge(x), label, "lsgan") for judge, x in pairs if len(x)]
        return torch.stack(losses).sum()

    def _step(self, which: int, loss: Tensor) -> None:
        optimizer = self.optimizers()[which]
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()

    def _loss(self, batch: Batch):
        return reconstruction_loss(*self._planes(batch), self.recipe), None
