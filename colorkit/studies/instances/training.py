"""The three stages of Su, Chu & Huang (CVPR 2020): whole pictures, boxes, and weighing the two.

Loss and order are those of their code: Huber's loss with its corner at one Lab unit, summed over a*
and b*, times ten; Adam, whose rate falls to zero over the last third of the steps. In the third
stage only the stacks that weigh and the last block of the decoder learn, and batch normalization
stays as it is. Two faults of theirs are not repeated: an image without a box is a whole picture,
and no batch is left out.
"""

from typing import Annotated, NamedTuple

import torch
import torch.nn.functional as F
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from colorkit.data.batches import Batch, mix_seed, places_of, prepare
from colorkit.imaging.color import AB_RANGE, scale_ab
from colorkit.models.prediction import Prediction, predict
from colorkit.models.windows import cut_out, present
from colorkit.studies.instances.boxed import cropped
from colorkit.training.colorizer import Colorizer
from colorkit.training.losses import JointLoss, chroma_target
from colorkit.training.recipe import STRICT, Recipe

CORNER = 1 / AB_RANGE  # one Lab unit, of chroma in [−1, 1]
CONSTANT = 2 / 3  # of the steps, before the rate falls


@dataclass(frozen=True, config=STRICT)
class InstanceRecipe(Recipe):
    """How one of the three stages is trained.

    Attributes:
        boxes: how the boxes were found; empty where there are none.
        crop: side of the squares that boxes are scaled to, in pixels.
        full, things: the trainings that the third stage joins, by name.
    """

    boxes: str = ""
    crop: Annotated[int, Field(ge=8, multiple_of=8)] = 64
    full: str = ""
    things: str = ""


class BoxedBatch(NamedTuple):
    """A `colorkit.data.batches.Batch` with boxes, (B, K, 4) in shares of its crops."""

    gray: Tensor
    lab: Tensor
    labels: Tensor
    boxes: Tensor


class WholeColorizer(Colorizer):
    """The first stage: whole pictures."""

    def on_after_batch_transfer(self, batch, dataloader_idx: int):
        """Crop and convert here, on the device; boxes, where there are any, go the same way."""
        if isinstance(batch, Batch | BoxedBatch):
            return batch
        images, labels, *boxes = batch
        made = prepare(images, labels, self.size, self.recipe.gray, self._luck(), self.share)
        if not boxes:
            return made
        # The same luck again, so that boxes are cropped as their images are.
        places = places_of(images.shape, self.size, self._luck(), self.share)
        return BoxedBatch(*made, cropped(boxes[0], places, images.shape[1], self.size))

    def _luck(self, *more: str) -> torch.Generator | None:
        """Random numbers of this step, the same in every process; None in validation."""
        if not self.trainer.training:
            return None
        place = (self.seed, self.current_epoch, self.trainer.global_step, 0, *more)
        return torch.Generator().manual_seed(mix_seed(*place))

    def configure_optimizers(self):
        """Adam, its rate constant and then falling to zero in a straight line."""
        learning = [weights for weights in self.parameters() if weights.requires_grad]
        optimizer = torch.optim.Adam(learning, lr=self.recipe.learning_rate, fused=True)
        steps = max(1, int(self.trainer.estimated_stepping_batches))

        def factor(step: int) -> float:
            return min(1.0, (1 - step / steps) / (1 - CONSTANT))

        falling = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return [optimizer], [{"scheduler": falling, "interval": "step"}]

    def _loss(self, batch: Batch | BoxedBatch):
        ab, _, scores = self._predict(batch)  # (B, 2, H, W)
        true = chroma_target(scale_ab(batch.lab[:, 1:]), ab.shape[-2:])
        color = huber(2 * ab - 1, 2 * true - 1)
        return JointLoss(10 * color, color, color.new_zeros(())), scores


def huber(found: Tensor, true: Tensor) -> Tensor:
    """Huber's loss of chroma (B, 2, H, W) in [−1, 1]: the sum of both channels, mean over pixels.

    e² / 2δ below δ, one Lab unit, and |e| − δ / 2 above it.
    """
    return F.smooth_l1_loss(found, true, reduction="none", beta=CORNER).sum(dim=1).mean()


class CropColorizer(WholeColorizer):
    """The second stage: of each picture one box, drawn at random, or all of one without boxes."""

    def on_after_batch_transfer(self, batch, dataloader_idx: int) -> Batch:
        """Prepare pictures and boxes, and cut out one box of each, the first one in validation."""
        if isinstance(batch, Batch):
            return batch
        made = super().on_after_batch_transfer(batch, dataloader_idx)
        count, luck = len(made.labels), self._luck("box")
        drawn = self.share.draw(1, count, luck)[0] if luck else torch.zeros(count)
        one = choose_one(made.boxes, drawn.to(made.boxes.device))
        owners = torch.arange(count, device=one.device)
        gray, lab = (cut_out(x, one, owners, self.recipe.crop) for x in (made.gray, made.lab))
        return Batch(gray, lab, made.labels)


def choose_one(boxes: Tensor, drawn: Tensor) -> Tensor:
    """Choose a box of each picture.

    Args:
        boxes: (B, K, 4), see `colorkit.models.windows`.
        drawn: (B,) in [0, 1); each box of a picture has as large a part of that as the others.

    Returns:
        (B, 4); all of a picture that has no box.
    """
    there = present(boxes)  # (B, K)
    order = there.int().argsort(dim=1, descending=True, stable=True)
    counts = there.sum(dim=1)
    place = (drawn * counts).long().clamp(max=boxes.shape[1] - 1)
    rows = torch.arange(len(boxes), device=boxes.device)
    found = boxes[rows, order[rows, place]]
    whole = boxes.new_tensor((0.0, 0, 1, 1))
    return torch.where((counts > 0)[:, None], found, whole)


class FusionColorizer(WholeColorizer):
    """The third stage: how much whole picture and boxes are to count."""

    def __init__(self, model, recipe: InstanceRecipe, size: int, seed: int):
        super().__init__(model, recipe, size, seed)
        model.requires_grad_(False)
        for weights in model.learning():
            weights.requires_grad_(True)

    def on_train_batch_start(self, batch, batch_index: int) -> None:
        """Leave the statistics of batch normalization as the first two stages made them."""
        self.model.eval()

    def _predict(self, batch: BoxedBatch) -> Prediction:
        return predict(self.model, batch.gray, batch.boxes)
