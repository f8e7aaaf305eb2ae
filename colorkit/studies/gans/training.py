"""U-Nets trained to reconstruct chroma, alone or against a discriminator.

The order of an adversarial step is that of the Russian report, section 9.2: (1) the discriminator
judges the true and the generated picture, its two losses are averaged; (2) it takes its step;
(3) it is frozen; (4) it judges the generated picture as if that were true, and the weighted sum of
this loss and the reconstruction is (5) the generator's step; (6) it is thawed.

After Isola et al. (CVPR 2017); least squares after Mao et al. (ICCV 2017); two learning rates after
Heusel et al. (NeurIPS 2017); one-sided label smoothing after Salimans et al. (NeurIPS 2016).
"""

from contextlib import contextmanager
from typing import Annotated, Literal, NamedTuple

import torch
import torch.nn.functional as F
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from colorkit.data.batches import Batch
from colorkit.imaging.color import AB_RANGE, scale_ab, scale_L
from colorkit.models.patchgan import DISCRIMINATORS, PatchGAN
from colorkit.studies.gans.perceptual import perceptual_loss
from colorkit.training.colorizer import Colorizer
from colorkit.training.losses import chroma_target
from colorkit.training.recipe import STRICT, Count, Recipe

ADVERSARIAL = {"bce": F.binary_cross_entropy_with_logits, "lsgan": F.mse_loss}
RECONSTRUCTIONS = {"l1": F.l1_loss, "mse": F.mse_loss, "huber": F.huber_loss}
Schedule = Literal["joint", "alternating-steps", "pretrained"]
COLLAPSED = 0.05  # a spread below this share of the truth's: every picture gets one color
Weight = Annotated[float, Field(ge=0)]


@dataclass(frozen=True, config=STRICT)
class UNetRecipe(Recipe):
    """How a U-Net is trained as an autoencoder.

    Attributes:
        reconstruction: `l1`, `mse` or `huber`, of chroma in [−1, 1].
        huber_delta: where `huber` turns from squared to absolute, in Lab units; at 110, the whole
            range, it is half of `mse`.
        perceptual: weight of LPIPS (Zhang et al., CVPR 2018) beside it; needs its weights.
    """

    reconstruction: Literal["l1", "mse", "huber"] = "l1"
    huber_delta: Annotated[float, Field(gt=0)] = AB_RANGE
    perceptual: Weight = 0.0


@dataclass(frozen=True, config=STRICT)
class GanRecipe(UNetRecipe):
    """How a U-Net is trained against a discriminator.

    Attributes:
        adversarial: `bce`, cross-entropy of true and generated, or `lsgan`, least squares.
        weights: of the adversarial loss and of the reconstruction; the slides' lw.
        schedule: `joint` lets the discriminator play in every step, `alternating-steps` in every
            second one, `pretrained` in the second half of the epochs; in the others the generator
            reconstructs.
        discriminator: `d0`, `d4` or `d8`, see `colorkit.models.patchgan`.
        discriminator_width: channels of its first level.
        discriminator_rate: its learning rate; the generator's is `learning_rate`.
        momentum: Adam's β₁ of both.
        first: which of the two steps first with a batch.
        average: take the mean of the discriminator's two losses, which halves its pace; or the sum.
        smoothing: what the label of true pictures falls short of 1.
        spectral: spectral normalization of the discriminator.
    """

    adversarial: Literal["bce", "lsgan"] = "bce"
    weights: tuple[Weight, Weight] = (20.0, 80.0)
    schedule: Schedule = "joint"
    discriminator: Literal["d0", "d4", "d8"] = "d0"
    discriminator_width: Count = 64
    discriminator_rate: Annotated[float, Field(gt=0)] = 2e-4
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.5
    first: Literal["discriminator", "generator"] = "discriminator"
    average: bool = True
    smoothing: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    spectral: bool = False


class UNetLoss(NamedTuple):
    """`total` is minimized, `color` chooses the best epoch; see `spread`."""

    total: Tensor
    color: Tensor
    classification: Tensor
    spread: Tensor
    adversarial: Tensor


def planes_of(batch: Batch, ab: Tensor) -> tuple[Tensor, Tensor]:
    """What a discriminator is shown: lightness with the found chroma, and with the true one.

    Args:
        batch: the truth.
        ab: (B, 2, h, w) in [0, 1], the network's; the truth is brought to its size.

    Returns:
        (B, 3, h, w) each, in [−1, 1].
    """
    true = torch.cat((scale_L(batch.lab[:, :1]), scale_ab(batch.lab[:, 1:])), dim=1)
    true = 2 * chroma_target(true, ab.shape[-2:]) - 1
    return torch.cat((true[:, :1], 2 * ab - 1), dim=1), true


def spread(found: Tensor, true: Tensor) -> Tensor:
    """How varied a batch's chroma is, relative to the truth's: 0 if all of it is one color.

    Args:
        found, true: (B, 3, h, w), see `planes_of`.

    Returns:
        The ratio of the deviations over all pixels of all pictures; 1 is as varied as the truth.
    """
    deviations = [x[:, 1:].var(dim=(0, 2, 3), correction=0).sum().sqrt() for x in (found, true)]
    return deviations[0] / deviations[1].clamp(min=1e-3)


def adversarial_loss(answers: Tensor, label: float, kind: str = "bce") -> Tensor:
    """How far a discriminator's answers are from a label, mean over pictures and patches.

    Args:
        answers: any shape, before any sigmoid.
        label: 1 for true, 0 for generated, or between.
        kind: of `ADVERSARIAL`.
    """
    labels = torch.full_like(answers, label, dtype=torch.float32)
    return ADVERSARIAL[kind](answers.float(), labels)


def reconstruction_loss(found: Tensor, true: Tensor, recipe: UNetRecipe) -> UNetLoss:
    """The autoencoder's loss.

    Args:
        found, true: (B, 3, h, w), see `planes_of`; their lightness is the same.
        recipe: which of `RECONSTRUCTIONS`.
    """
    options = {"delta": recipe.huber_delta / AB_RANGE} if recipe.reconstruction == "huber" else {}
    color = RECONSTRUCTIONS[recipe.reconstruction](found[:, 1:], true[:, 1:], **options)
    total, none = color, color.new_zeros(())
    if recipe.perceptual:
        total = color + recipe.perceptual * perceptual_loss(found, true)
    return UNetLoss(total, color, none, spread(found.detach(), true), none)


def generator_loss(answers: Tensor, found: Tensor, true: Tensor, recipe: GanRecipe) -> UNetLoss:
    """The generator's loss: how true its planes look, and how near they are, weighted.

    Args:
        answers: the discriminator's for `found`, before any sigmoid.
        found, true: see `planes_of`.
        recipe: kind and weights.
    """
    plain = reconstruction_loss(found, true, recipe)
    fooled = adversarial_loss(answers, 1.0, recipe.adversarial)
    adversarial, reconstruction = recipe.weights
    total = adversarial * fooled + reconstruction * plain.total
    return plain._replace(total=total, adversarial=fooled)


def discriminator_loss(on_true: Tensor, on_found: Tensor, recipe: GanRecipe) -> Tensor:
    """The discriminator's loss, of its answers for true and for found planes."""
    loss = adversarial_loss(on_true, 1 - recipe.smoothing, recipe.adversarial)
    loss = loss + adversarial_loss(on_found, 0.0, recipe.adversarial)
    return loss / 2 if recipe.average else loss


def plays(recipe: GanRecipe, epoch: int, step: int) -> bool:
    """Whether the discriminator plays in a step of an epoch, both counted from 0.

    Steps alternate within an epoch: were it epochs, what a training ends on, an adversarial epoch
    or one of reconstruction alone, would hang on whether their number is odd.
    """
    if recipe.schedule == "alternating-steps":
        return step % 2 == 1
    return recipe.schedule == "joint" or epoch >= recipe.epochs / 2


@contextmanager
def frozen(network: nn.Module):
    """Let gradients pass through a network that neither gathers any nor changes its buffers."""
    training = network.training
    network.eval().requires_grad_(False)
    try:
        yield
    finally:
        network.train(training).requires_grad_(True)


class UNetColorizer(Colorizer):
    """A network of chroma alone that is trained to reconstruct it."""

    def _planes(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Planes found and true, see `planes_of`."""
        return planes_of(batch, self._predict(batch).ab)

    def _loss(self, batch: Batch):
        return self._objective(*self._planes(batch)), None

    def _objective(self, found: Tensor, true: Tensor) -> UNetLoss:
        return reconstruction_loss(found, true, self.recipe)

    def _record(self, stage: str, loss: UNetLoss, count: int) -> None:
        super()._record(stage, loss, count)
        options = self._epoch(count)
        self.log(f"{stage}_spread", loss.spread, **options)
        self.log(f"{stage}_adversarial", loss.adversarial, **options)


class GanColorizer(UNetColorizer):
    """A generator of chroma and its discriminator, which take a step each with every batch.

    Beside the columns of other trainings the history has `train_adversarial` (the generator's loss
    before the discriminator), `train_discriminator` (ln 2 with `bce` when it cannot tell),
    `train_generator_norm` and `train_discriminator_norm`, lengths of the gradients, and
    `train_spread` and `val_spread`, see `spread`.
    """

    def __init__(self, model: nn.Module, recipe: GanRecipe, size: int, seed: int):
        super().__init__(model, recipe, size, seed)
        self.automatic_optimization = False
        self.discriminator = PatchGAN(
            width=recipe.discriminator_width,
            tiles=DISCRIMINATORS[recipe.discriminator],
            spectral=recipe.spectral,
        ).to(memory_format=torch.channels_last)

    def configure_optimizers(self):
        """Adam for each of the two, with a learning rate of its own."""
        betas, recipe = (self.recipe.momentum, 0.999), self.recipe
        return [
            torch.optim.Adam(network.parameters(), rate, betas, fused=True)
            for network, rate in (
                (self.model, recipe.learning_rate),
                (self.discriminator, recipe.discriminator_rate),
            )
        ]

    def training_step(self, batch: Batch, batch_index: int) -> None:
        """Let both step; what the generator painted before its step serves for both."""
        found, true = self._planes(batch)
        judged = None
        if not plays(self.recipe, self.current_epoch, batch_index):
            loss = self.generator_step(found, true, alone=True)
        elif self.recipe.first == "discriminator":
            judged = self.discriminator_step(found, true)
            loss = self.generator_step(found, true)
        else:
            loss = self.generator_step(found, true)
            judged = self.discriminator_step(found, true)
        if judged is not None:
            self.require_finite(judged, batch_index, "discriminator's loss")
        self.require_finite(loss.total, batch_index)
        self._record("train", loss, len(batch.labels))

    def discriminator_step(self, found: Tensor, true: Tensor) -> Tensor:
        """Teach the discriminator to tell true planes from found ones; change nothing else."""
        answers = self.discriminator(true), self.discriminator(found.detach())
        loss = discriminator_loss(*answers, self.recipe)
        self._step(1, self.discriminator, loss, len(found))
        self.log("train_discriminator", loss.detach(), **self._epoch(len(found)))
        return loss

    def generator_step(self, found: Tensor, true: Tensor, alone: bool = False) -> UNetLoss:
        """Teach the generator to be taken for true and to be near the truth; change nothing else.

        Args:
            found: planes with the generator's graph behind them.
            true: the true planes.
            alone: near the truth only.
        """
        with frozen(self.discriminator):
            objective = super()._objective if alone else self._objective
            loss = objective(found, true)
            self._step(0, self.model, loss.total, len(found))
        return loss

    def _objective(self, found: Tensor, true: Tensor) -> UNetLoss:
        return generator_loss(self.discriminator(found), found, true, self.recipe)

    def _step(self, which: int, network: nn.Module, loss: Tensor, count: int) -> None:
        optimizer = self.optimizers()[which]
        optimizer.zero_grad()
        self.manual_backward(loss)
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        norm = nn.utils.get_total_norm(gradients)
        name = ("generator", "discriminator")[which]
        self.log(f"train_{name}_norm", norm, **self._epoch(count))
        optimizer.step()
