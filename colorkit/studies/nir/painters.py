"""From near infrared to color: networks trained on pairs, and every way measured alike.

A *painter* turns a batch of near-infrared images into color. A network is one; so are the limits
that need no network because they look at the truth. All are measured by `evaluate_pairs`.
"""

from collections.abc import Callable
from typing import Annotated, Literal, NamedTuple

import pandas as pd
import torch
import torch.nn.functional as F
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from colorkit.data.augment import expose, zoom
from colorkit.data.batches import ALL, NirBatch, Share, loader, mix_seed, prepare_nir
from colorkit.data.pairs.folds import PairSet
from colorkit.imaging.color import (
    join,
    lab_to_rgb,
    rgb_to_lab,
    scale_ab,
    scale_L,
    unscale_ab,
    unscale_L,
)
from colorkit.imaging.metrics.quality import ssim
from colorkit.imaging.metrics.tables import listed, measure
from colorkit.models.prediction import Prediction, as_luminance, predict
from colorkit.training.colorizer import Colorizer, one_cycle
from colorkit.training.losses import angle, chroma_target, distortion
from colorkit.training.recipe import STRICT, Recipe

Painter = Callable[[NirBatch], Tensor]  # to sRGB (B, 3, H, W) in [0, 1]
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
            steps = zip(_steps(L), _steps(target), strict=True)
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


def _steps(plane: Tensor) -> tuple[Tensor, Tensor]:
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
        return one_cycle(self) if self.recipe.cycle else super().configure_optimizers()

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


def paint(model: torch.nn.Module, nir: Tensor) -> Tensor:
    """Colorize near infrared of any size; a network without luminance keeps it as luminance.

    Args:
        model: ColorNet, NirNet, or UNet of one channel to three.
        nir: (B, 1, H, W) in [0, 1].

    Returns:
        (B, 3, H, W) sRGB in [0, 1].
    """
    with torch.inference_mode():
        ab, L, _ = predict(model, nir)
        L = as_luminance(nir) if L is None else _resize(unscale_L(L), nir)
        return join(L, _resize(unscale_ab(ab), nir))


def _resize(plane: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(plane, like.shape[-2:], mode="bilinear", align_corners=False)


def painter(model: torch.nn.Module) -> Painter:
    """Make a painter of a network."""
    return lambda batch: paint(model, batch.nir)


def chroma_painter(model: torch.nn.Module) -> Painter:
    """Make a painter that joins a network's chroma to the true luminance.

    What a network knows of color shows here alone: a wrong brightness counts for nothing.
    """

    def painted(batch: NirBatch) -> Tensor:
        with torch.inference_mode():
            ab = predict(model, batch.nir).ab
            return join(batch.lab[:, :1], _resize(unscale_ab(ab), batch.nir))

    return painted


def one_color(ab: Tensor, true_light: bool) -> Painter:
    """Make a painter that gives every pixel one chroma: what a network has to beat.

    Args:
        ab: (2,) a*, b*; zeros are gray.
        true_light: join it to the true luminance; else near infrared stands in for that.
    """

    def painted(batch: NirBatch) -> Tensor:
        L = batch.lab[:, :1] if true_light else as_luminance(batch.nir)
        return join(L, ab.to(L).view(1, 2, 1, 1).expand(len(L), 2, *L.shape[-2:]))

    return painted


def linear_light(batch: NirBatch) -> Tensor:
    """L* of the best linear map of near infrared to the true L*, image by image (it is oracle)."""
    x, y = as_luminance(batch.nir).flatten(1), batch.lab[:, :1].flatten(1)
    dx = x - x.mean(dim=1, keepdim=True)
    gain = (dx * y).sum(dim=1, keepdim=True) / dx.square().sum(dim=1, keepdim=True).clamp(min=1e-3)
    return (y.mean(dim=1, keepdim=True) + gain * dx).view_as(batch.nir)


def _gray(plane: Tensor) -> Tensor:
    """Chroma of a gray picture, for (B, 1, H, W)."""
    return torch.zeros_like(plane).expand(-1, 2, -1, -1)


# What no network reaches or none needs: the true image is looked at in all but the first.
LIMITS: dict[str, Painter] = {
    "near infrared itself, gray": lambda batch: batch.nir.expand(-1, 3, -1, -1),
    "near infrared as luminance, true chroma": lambda batch: join(
        as_luminance(batch.nir), batch.lab[:, 1:]
    ),
    "best linear map to luminance, gray": lambda batch: join(
        linear_light(batch).clamp(0, 100), _gray(batch.nir)
    ),
    "true luminance, no color": lambda batch: join(batch.lab[:, :1], _gray(batch.nir)),
}


def pair_batches(pairs: PairSet, size: int, batch_size: int = 64):
    """Center crops of a set in order, batch by batch."""
    for pixels, labels in loader(pairs, batch_size):
        yield prepare_nir(pixels, labels, size)


def gradient_energy(L: Tensor) -> Tensor:
    """Mean squared difference of neighboring pixels of (B, 1, H, W): (B,), small where blurred."""
    return sum(step.square().mean(dim=(1, 2, 3)) for step in _steps(L))


def found_edges(L: Tensor, true: Tensor) -> Tensor:
    """How much of the true edges is there: (B,), 1 for the truth, 0 for a flat plane or for noise.

    The slope of L's differences of neighboring pixels on the true ones, by least squares. Gradient
    energy also counts edges at the wrong places; this does not.

    Args:
        L, true: (B, 1, H, W), in any one unit.
    """
    pairs = list(zip(_steps(L), _steps(true), strict=True))
    shared = sum((found * wanted).mean(dim=(1, 2, 3)) for found, wanted in pairs)
    return shared / gradient_energy(true).clamp(min=1e-6)


def evaluate_pairs(
    painter: Painter,
    pairs: PairSet,
    size: int,
    prepare: Callable[[NirBatch], NirBatch] | None = None,
) -> pd.DataFrame:
    """Measure a painter on a set, one row a pair.

    Args:
        painter: what is measured.
        pairs: the set.
        size: side of the center crops.
        prepare: changes both halves of each batch before anything is painted or measured.

    Returns:
        `name`, `label`, the measures of the table "infrared" (`lpips` only where its weights are),
        `sharpness`, the gradient energy of L* relative to the truth's, and `edges`, see
        `found_edges`.
    """
    tables = []
    for batch in pair_batches(pairs, size):
        batch = prepare(batch) if prepare else batch
        predicted, true = painter(batch), lab_to_rgb(batch.lab)
        values, _ = measure(predicted, true, listed("infrared"))
        L, light = rgb_to_lab(predicted)[:, :1], batch.lab[:, :1]
        values["sharpness"] = gradient_energy(L) / gradient_energy(light).clamp(min=1e-6)
        values["edges"] = found_edges(L, light)
        tables.append(pd.DataFrame({name: v.cpu().numpy() for name, v in values.items()}))
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, "label", [pairs.classes[i] for i in pairs.labels.tolist()])
    table.insert(0, "name", pairs.names)
    return table
