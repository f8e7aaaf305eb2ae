"""Training on pairs of near infrared and color: recipe, loss, and what a batch goes through."""

from collections.abc import Callable
from typing import Annotated, Literal, NamedTuple

import torch
import torch.nn.functional as F
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from colorkit.data.augment import expose, zoom
from colorkit.data.batches import ALL, NirBatch, Share, mix_seed, prepare_nir
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import rgb_to_lab, scale_ab, scale_L, unscale_ab, unscale_L
from colorkit.imaging.metrics.quality import ssim
from colorkit.models.prediction import Prediction, as_luminance, predict
from colorkit.training.colorizer import Colorizer, one_cycle
from colorkit.training.losses import angle, chroma_target, distortion
from colorkit.training.recipe import STRICT, Recipe

Weight = Annotated[float, Field(ge=0)]


@dataclass(frozen=True, config=STRICT)
class NirRecipe(Recipe):
    """How a network is trained on pairs.

    Attributes:
        luminance: weight of the squared error of L*, scaled to [0, 1].
        chroma: weight of those of a* and of b*; as in the report, all three weigh the same.
        structure: what else L* is held to: its `gradient`, its `ssim`, or nothing.
        structure_weight: of that term.
        fidelity: weight of the distortion of the whole picture (`colorkit.training.losses`), in
            parts a dB; above 0 it takes the place of the squared errors of the channels. Where near
            infrared stands in for the luminance, the picture is judged with the true one, or the
            network would mend brightness with false colors.
        angle: weight of the angle between colors as painted, in parts a degree, beside fidelity.
        cycle: let the learning rate rise and fall once, see
            `colorkit.training.colorizer.one_cycle`.
        encoder_rate: with `cycle`, the encoder's learning rate as a share of the recipe's.
        loading: `lab` scales each channel by its own range; `bytes` divides L*, a*, b* by 255, as
            if all were channels of an 8-bit image: the mistake of the report's section 6.2.
        augment: see `colorkit.course.profile.Nir`.
    """

    luminance: Weight = 1.0
    chroma: Weight = 1.0
    structure: Literal["none", "gradient", "ssim"] = "none"
    structure_weight: Weight = 0.5
    fidelity: Weight = 0.0
    angle: Weight = 0.0
    cycle: bool = False
    encoder_rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    loading: Literal["lab", "bytes"] = "lab"
    augment: bool = False


class NirLoss(NamedTuple):
    """The parts of the loss: `total` is minimized, `color` chooses the best epoch."""

    total: Tensor
    color: Tensor
    classification: Tensor
    L: Tensor
    a: Tensor
    b: Tensor
    structure: Tensor


def nir_loss(L, ab, scores, batch: NirBatch, recipe: NirRecipe) -> NirLoss:
    """Squared error of each channel, plus structure of L* and the classification, weighted.

    Args:
        L: (B, 1, h, w) in [0, 1], or None where near infrared stands in for it.
        ab: (B, 2, h, w) in [0, 1].
        scores: (B, classes), or None.
        batch: the truth; it is brought to the planes' sizes by averaging areas.
        recipe: the weights.
    """
    scaled = torch.cat((scale_L(batch.lab[:, :1]), scale_ab(batch.lab[:, 1:])), dim=1)
    true = batch.lab / 255 if recipe.loading == "bytes" else scaled
    a, b = (ab - chroma_target(true[:, 1:], ab.shape[-2:])).square().mean(dim=(0, 2, 3))
    light = structure = classification = ab.new_zeros(())
    if L is not None:
        target = chroma_target(true[:, :1], L.shape[-2:])
        light = (L - target).square().mean()
        if recipe.structure == "gradient":
            steps = zip(differences(L), differences(target), strict=True)
            structure = sum((found - wanted).abs().mean() for found, wanted in steps)
        elif recipe.structure == "ssim":
            structure = 1 - ssim(L, target).mean()
    if scores is not None:
        classification = F.cross_entropy(scores.float(), batch.labels)
    color = recipe.luminance * light + recipe.chroma * (a + b)
    if recipe.fidelity:
        whole = F.interpolate(ab, batch.lab.shape[-2:], mode="bilinear", align_corners=False)
        shown = as_luminance(batch.nir) if L is None else unscale_L(L)
        judged = batch.lab[:, :1] if L is None else shown
        painted, found = (torch.cat((x, unscale_ab(whole)), dim=1) for x in (shown, judged))
        color = recipe.fidelity * distortion(found, batch.lab).mean()
        color = color + recipe.angle * angle(painted, batch.lab).mean()
    total = color + recipe.structure_weight * structure + recipe.alpha * classification
    return NirLoss(total, color, classification, light, a, b, structure)


def differences(plane: Tensor) -> tuple[Tensor, Tensor]:
    """Differences of neighbors, down and to the right."""
    return plane.diff(dim=-2), plane.diff(dim=-1)


class NirColorizer(Colorizer):
    """A network that turns near infrared into chroma, and luminance if it gives one."""

    fed = "nir"

    def on_after_batch_transfer(self, batch, dataloader_idx: int) -> NirBatch:
        """Crop, flip, augment and convert to Lab here, on the device."""
        if isinstance(batch, NirBatch):
            return batch
        training = self.trainer.training
        # The same numbers in every process, each of which takes those of its own images.
        place = (self.seed, self.current_epoch, self.trainer.global_step, 0)
        # Photographs have no near infrared: it is drawn for them, in validation always the same.
        generator = torch.Generator().manual_seed(mix_seed(*place) if training else self.seed)
        if batch[0].shape[-1] == 3:
            return filtered(*batch, self.size, generator, self.share)
        if not training:
            return prepare_nir(*batch, self.size)
        prepare = augmented if self.recipe.augment else prepare_nir
        return prepare(*batch, self.size, generator, self.share)

    def configure_optimizers(self):
        """As other colorizers, or in one cycle."""
        if not self.recipe.cycle:
            return super().configure_optimizers()
        rate = self.recipe.encoder_rate
        return one_cycle(self, slower={"encoder": rate} if rate < 1 else {})

    def _predict(self, batch: NirBatch) -> Prediction:
        return predict(self.model, batch.nir)

    def _loss(self, batch: NirBatch):
        ab, L, scores = self._predict(batch)
        return nir_loss(L, ab, scores, batch, self.recipe), scores

    def _record(self, stage: str, loss: NirLoss, count: int) -> None:
        super()._record(stage, loss, count)
        for name in ("L", "a", "b", "structure"):
            self.log(f"{stage}_{name}", getattr(loss, name), **self._epoch(count))


def augmented(
    images: Tensor, labels: Tensor, size: int, generator: torch.Generator, share: Share = ALL
) -> NirBatch:
    """As `prepare_nir`, with zoom by up to 2 and other exposures and contrasts of near infrared."""
    drawn = share.draw(6, len(images), generator)
    pair = zoom(images, size, drawn[:4])
    return NirBatch(expose(pair[:, 3:], drawn[4:]), rgb_to_lab(pair[:, :3].clamp(0, 1)), labels)


# Smallest and largest weight of red, green and blue in a drawn filter.
_FILTERS = torch.tensor([[0.2, 1.0], [-0.2, 1.2], [-1.0, 0.6]])


def filtered(
    images: Tensor, labels: Tensor, size: int, generator: torch.Generator, share: Share = ALL
) -> NirBatch:
    """Photographs through filters drawn at random, in the place of near infrared, and augmented.

    A filter is a weighted sum of a photograph's channels, blue's weight mostly negative, so that
    leaves shine and skies are dark. It is scaled so that the picture's brightest pixels reach 1.
    What a network learns from it is exposure, contrast, and what a scene's colors may have been.

    Args:
        images, labels: (B, S, S, 3) uint8 and (B,).
        size: side of the result.
        generator: CPU generator.
        share: which part of a batch the images are.
    """
    drawn = share.draw(9, len(images), generator)
    rgb = zoom(images, size, drawn[:4]).clamp(0, 1)
    low, high = _FILTERS.to(rgb.device).view(3, 2, 1).unbind(1)
    weights = low + (high - low) * drawn[6:].to(rgb.device)  # (3, B)
    plane = (rgb * weights.T[..., None, None]).sum(dim=1, keepdim=True)
    bottom, top = (plane.flatten(1).quantile(q, dim=1) for q in (0.01, 0.99))
    bottom, top = (x.view(-1, 1, 1, 1) for x in (bottom, top))
    plane = ((plane - bottom) / (top - bottom).clamp(min=1e-3)).clamp(0, 1)
    return NirBatch(expose(plane, drawn[4:6]), rgb_to_lab(rgb), labels)


class NirTraining(NamedTuple):
    """One training of the chapter, before it is made: what `Course.fit` takes.

    Attributes:
        way: a key of `colorkit.studies.nir.ways.WAYS` or `FIRST`.
        name: of the training; seed: of its random numbers.
        make: builds the network.
        recipe: how it is trained.
        train, val: images.
        size: side of the crops.
        data: the images in words; fingerprint: of their collection.
        start: see `colorkit.studies.nir.ways.Way`.
    """

    way: str
    name: str
    seed: int
    make: Callable[[], torch.nn.Module]
    recipe: NirRecipe
    train: ImageSet
    val: ImageSet
    size: int
    data: str
    fingerprint: str
    start: str
