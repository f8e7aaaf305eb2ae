"""Training for the lowest color error: the ResNet U-Net that colorizes photographs.

What is minimized is what is measured, the PSNR of each image, so that a dull image counts as much
as a vivid one. An auxiliary scene classification teaches the encoder what it looks at (Iizuka et
al. 2016).
"""

from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from colorkit.data.aging import age, draw
from colorkit.data.augment import zoom
from colorkit.data.batches import Batch, mix_seed, prepare
from colorkit.imaging.color import decolorize, rgb_to_lab, scale_ab, unscale_ab
from colorkit.training.colorizer import Colorizer, one_cycle
from colorkit.training.losses import JointLoss, chroma_target, colorfulness_gap, distortion
from colorkit.training.recipe import STRICT, Recipe


@dataclass(frozen=True, config=STRICT)
class FaithfulRecipe(Recipe):
    """How a network is trained for fidelity.

    Attributes:
        alpha: weight of the classification, in dB a nat.
        weight_decay: of AdamW.
        smallest: smallest window the augmentation cuts, see `colorkit.data.augment.zoom`.
        vividness: weight of the colorfulness, in dB an e-fold between the picture's M¹ and the
            truth's. Being right on average is being dull; this is what being vivid may cost.
        encoder_rate: the encoder's learning rate as a share of the recipe's: small for one that
            has learned from far more pictures than there are here.
        aged: share of the images whose gray is that of an old photograph, see
            `colorkit.data.aging`.
        unlabelled: the class of photographs without a scene label; empty for none.
    """

    epochs: Annotated[int, Field(ge=1)] = 24
    alpha: Annotated[float, Field(ge=0)] = 1.0
    weight_decay: Annotated[float, Field(ge=0)] = 0.02
    smallest: Annotated[float, Field(gt=0, le=1)] = 0.5
    vividness: Annotated[float, Field(ge=0)] = 0.0
    encoder_rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    unlabelled: str = ""
    aged: Annotated[float, Field(ge=0, le=1)] = 0.0


class FaithfulColorizer(Colorizer):
    """A colorizer that minimizes 10 · log₁₀ of each image's squared error in sRGB."""

    def on_after_batch_transfer(self, batch, dataloader_idx: int) -> Batch:
        """Zoom, flip and convert to Lab here, on the device."""
        if isinstance(batch, Batch):
            return batch
        if not self.trainer.training:
            return prepare(*batch, self.size, self.recipe.gray)
        # The same numbers in every process, each of which takes those of its own images.
        place = (self.seed, self.current_epoch, self.trainer.global_step, 0)
        generator = torch.Generator().manual_seed(mix_seed(*place))
        drawn = self.share.draw(4, len(batch[1]), generator)
        rgb = zoom(batch[0], self.size, drawn, self.recipe.smallest).clamp(0, 1)
        gray = decolorize(rgb, self.recipe.gray)
        if self.recipe.aged:
            choices, grain = draw(len(gray), self.size, self.share, generator)
            old = self.share.draw(1, len(gray), generator)[0] < self.recipe.aged  # (B,)
            if old.any():
                gray[old] = age(rgb[old], choices[:, old], grain[old].to(gray.device))
        return Batch(gray, rgb_to_lab(rgb), batch[1])

    def configure_optimizers(self):
        """AdamW, its learning rate in one cycle over all steps."""
        slower = {"encoder": self.recipe.encoder_rate} if self.recipe.encoder_rate < 1 else {}
        return one_cycle(self, self.recipe.weight_decay, slower)

    def _loss(self, batch: Batch):
        ab, _, scores = self._predict(batch)  # (B, 2, H/2, W/2), (B, classes)
        true = chroma_target(batch.lab, ab.shape[-2:])
        found = torch.cat((true[:, :1], unscale_ab(ab)), dim=1)  # the true lightness
        color = distortion(found, true).mean()
        if self.recipe.vividness:
            gap = colorfulness_gap(scale_ab(found[:, 1:]), scale_ab(true[:, 1:]), "logarithm")
            color = color + self.recipe.vividness * gap.mean()
        if scores is None:
            return JointLoss(color, color, color.new_zeros(())), None
        labels = self._labels(batch.labels)
        total = F.cross_entropy(scores.float(), labels, reduction="sum")
        classification = total / (labels >= 0).sum().clamp(min=1)  # perhaps none is known
        return JointLoss(color + self.recipe.alpha * classification, color, classification), scores

    def _labels(self, labels: Tensor) -> Tensor:
        """Leave out photographs whose scene is not known."""
        classes = self.trainer.train_dataloader.dataset.classes
        if self.recipe.unlabelled not in classes:
            return labels
        none = labels == classes.index(self.recipe.unlabelled)
        return torch.where(none, -100, labels)  # what `cross_entropy` ignores
