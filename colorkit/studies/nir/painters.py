"""From near infrared to color: networks trained on pairs, and every way measured alike.

A *painter* turns a batch of near-infrared images into color. A network is one; so are the limits
that need no network because they look at the truth. All are measured by `evaluate_pairs`.
"""

from collections.abc import Callable, Sequence

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from colorkit.data.batches import NirBatch, loader, prepare_nir
from colorkit.data.pairs.folds import PairSet
from colorkit.imaging.color import join, lab_to_rgb, rgb_to_lab, unscale_ab, unscale_L
from colorkit.imaging.metrics.tables import listed, measure
from colorkit.inference.photograph import predict_planes
from colorkit.models.prediction import as_luminance, predict
from colorkit.studies.nir.training import differences

Painter = Callable[[NirBatch], Tensor]  # to sRGB (B, 3, H, W) in [0, 1]


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


def viewer(model: torch.nn.Module, sides: Sequence[int]) -> Painter:
    """Make a painter of a network as the box shows it photographs: at several working sizes.

    Args:
        model: a network for near infrared that gives luminance.
        sides: the working sizes; see `colorkit.inference.photograph.predict_planes`.
    """
    card = {"gray": "nir", "views": list(sides)}

    def painted(batch: NirBatch) -> Tensor:
        shown = (255 * batch.nir).round().byte().expand(-1, 3, -1, -1).permute(0, 2, 3, 1)
        planes = torch.cat([predict_planes(model, card, rgb) for rgb in shown.numpy()])
        planes = _resize(planes, batch.nir)  # (B, 3, H, W)
        return join(as_luminance(batch.nir) + planes[:, :1], planes[:, 1:])

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
    return sum(step.square().mean(dim=(1, 2, 3)) for step in differences(L))


def found_edges(L: Tensor, true: Tensor) -> Tensor:
    """How much of the true edges is there: (B,), 1 for the truth, 0 for a flat plane or for noise.

    The slope of L's differences of neighboring pixels on the true ones, by least squares. Gradient
    energy also counts edges at the wrong places; this does not.

    Args:
        L, true: (B, 1, H, W), in any one unit.
    """
    pairs = list(zip(differences(L), differences(true), strict=True))
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
