"""A scene classifier: the encoder of other networks, and the judge of recognizability.

Zhang, Isola, Efros, "Colorful image colorization" (ECCV 2016), section 3.2, ask whether a network
that recognizes photographs recognizes colorized ones: a measure that knows what things look like
and does not ask for the one true color. Theirs was trained on ImageNet; this one is ours.
"""

from typing import Annotated, NamedTuple

import torch
import torch.nn.functional as F
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from colorkit.data.augment import zoom
from colorkit.data.batches import mix_seed
from colorkit.imaging.color import decolorize
from colorkit.training.colorizer import Colorizer, one_cycle
from colorkit.training.losses import JointLoss
from colorkit.training.recipe import STRICT, Recipe


@dataclass(frozen=True, config=STRICT)
class SceneRecipe(Recipe):
    """How a scene classifier is trained.

    Attributes:
        grays: share of the images shown in gray: one that never saw gray could not judge it.
        smallest: smallest window the augmentation cuts, see `colorkit.data.augment.zoom`.
    """

    grays: Annotated[float, Field(ge=0, le=1)] = 0.5
    smallest: Annotated[float, Field(gt=0, le=1)] = 0.5


class SceneBatch(NamedTuple):
    """What a classifier is trained on: `rgb` (B, 3, H, W) in [0, 1], some gray, and `labels`."""

    rgb: Tensor
    labels: Tensor


class SceneTrainer(Colorizer):
    """Trains a `SceneClassifier`; validates on every image in color and in gray."""

    judged = "val_class"
    fed = "color or gray"

    def on_after_batch_transfer(self, batch, dataloader_idx: int) -> SceneBatch:
        """Zoom, flip and take colors away here, on the device."""
        if isinstance(batch, SceneBatch):
            return batch
        pixels, labels = batch
        if not self.trainer.training:
            drawn = torch.full((4, len(labels)), 0.5)
            rgb = zoom(pixels, self.size, drawn, 1.0).clamp(0, 1)
            return SceneBatch(torch.cat((rgb, gray_of(rgb))), labels.repeat(2))
        # The same numbers in every process, each of which takes those of its own images.
        place = (self.seed, self.current_epoch, self.trainer.global_step, 0)
        generator = torch.Generator().manual_seed(mix_seed(*place))
        drawn = self.share.draw(5, len(labels), generator)
        rgb = zoom(pixels, self.size, drawn[:4], self.recipe.smallest).clamp(0, 1)
        in_gray = (drawn[4] < self.recipe.grays).to(rgb.device).view(-1, 1, 1, 1)
        return SceneBatch(torch.where(in_gray, gray_of(rgb), rgb), labels)

    def configure_optimizers(self):
        """AdamW, its learning rate in one cycle over all steps."""
        return one_cycle(self)

    def _loss(self, batch: SceneBatch):
        scores = self.model(batch.rgb).float()
        loss = F.cross_entropy(scores, batch.labels)
        return JointLoss(loss, loss.new_zeros(()), loss), scores


def gray_of(rgb: Tensor) -> Tensor:
    """Three equal channels of the weighted gray: (B, 3, H, W) again."""
    return decolorize(rgb).expand_as(rgb)


class Judge:
    """Which of some scene classes a classifier takes pictures for.

    Args:
        classifier: a `SceneClassifier`.
        classes: those it was trained on, in order.
        among: those of the pictures, to choose among.

    Raises:
        ValueError: it never learned one of these.
    """

    def __init__(self, classifier: nn.Module, classes: list[str], among: list[str]):
        if unknown := set(among) - set(classes):
            raise ValueError(f"the classifier never saw {', '.join(sorted(unknown))}")
        self.classifier, self.places = classifier, [classes.index(name) for name in among]

    def __call__(self, rgb: Tensor, true: Tensor | None = None) -> Tensor:
        """Choose one of `among` for each picture.

        Args:
            rgb: (B, 3, H, W) sRGB in [0, 1].
            true: not looked at; measures of two pictures are called with it.

        Returns:
            (B,) int64, places in `among`.
        """
        with torch.inference_mode():
            return self.classifier(rgb)[:, self.places].argmax(dim=1)
