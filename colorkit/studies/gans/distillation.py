"""Small networks from large ones: learning from a teacher's colors, and cutting channels away.

Hinton, Vinyals, Dean, "Distilling the knowledge in a neural network" (arXiv:1503.02531) soften a
classifier's scores. Chroma is no distribution over classes: here the student is trained on the
teacher's chroma itself, which leaves out what nobody can tell from the gray, and on the truth.
"""

from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import nn

from colorkit.data.batches import Batch
from colorkit.models.prediction import predict
from colorkit.models.unet import UNet
from colorkit.studies.gans.training import UNetColorizer, UNetRecipe, reconstruction_loss
from colorkit.training.recipe import STRICT


@dataclass(frozen=True, config=STRICT)
class StudentRecipe(UNetRecipe):
    """How a student is trained.

    Attributes:
        teacher: the training it learns from; names this one.
        truth: weight of the truth; the teacher's is what it falls short of 1.
    """

    teacher: str = ""
    truth: Annotated[float, Field(ge=0, le=1)] = 0.5


class Student(UNetColorizer):
    """A network that reconstructs the truth and what another network makes of the same gray.

    Args:
        teacher: gives chroma for gray; never changed.
    """

    def __init__(self, model, recipe: StudentRecipe, size: int, seed: int, *, teacher: nn.Module):
        super().__init__(model, recipe, size, seed)
        # In a tuple it is no part of this module: neither trained nor stored in checkpoints.
        self._teacher = (teacher.eval().requires_grad_(False),)

    def _loss(self, batch: Batch):
        found, true = self._planes(batch)
        with torch.no_grad():
            ab, *_ = predict(self._teacher[0].to(self.device), batch.gray)
        ab = F.interpolate(ab, found.shape[2:], mode="bilinear", align_corners=False)
        plain, share = reconstruction_loss(found, true, self.recipe), self.recipe.truth
        taught = F.l1_loss(found[:, 1:], 2 * ab - 1)
        return plain._replace(total=share * plain.total + (1 - share) * taught), None


def pruned(network: UNet, width: int) -> UNet:
    """Cut a U-Net down to fewer channels: those whose filters have the largest L1 norms stay.

    Channels that are added or concatenated go together; torch-pruning finds which (Fang et al.,
    "DepGraph", CVPR 2023). Every layer loses the same share, so the result is a narrower U-Net.

    Args:
        network: of any width; left as it is.
        width: channels of the first level of the result.

    Raises:
        ValueError: the width is not smaller than the network's.
    """
    import copy

    import torch_pruning

    settings = network.settings()
    if not 1 <= width < settings["width"]:
        raise ValueError(f"width must be below the network's {settings['width']}; got {width}")
    cut = copy.deepcopy(network).eval()
    side = 2 ** (settings["depth"] + 1)
    torch_pruning.pruner.BasePruner(
        cut,
        torch.zeros(1, settings["in_channels"], side, side),
        torch_pruning.importance.GroupMagnitudeImportance(p=1),
        pruning_ratio=1 - width / settings["width"],
        ignored_layers=[cut.last[0]],
    ).step()
    narrow = UNet(**settings | {"width": width})
    narrow.load_state_dict(cut.state_dict())
    return narrow
