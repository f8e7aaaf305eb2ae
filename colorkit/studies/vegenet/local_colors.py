"""What a network paints where: in regions, where it is unsure, and where a color is rare.

Regions and rarity are told from the true colors, ambiguity from those of *training* images; a
prediction never has a say in where it is measured.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from colorkit.course.evaluation import Predictor, batches
from colorkit.data.batches import Batch
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import join, lab_to_rgb, rgb_to_lab
from colorkit.imaging.metrics.regions import by_region, error_map, region_masks

COLORED = 8.0  # Lab units of chroma, as for plants: below it hue says little
VIVID = 15.0  # of a true color that a reader would miss
_HUES = 12  # bins of 30°
_LEVELS = 20  # of L*
_STEP = 5.0  # Lab units of true chroma that count as equal
_LEAST = 20  # pixels, below which an image says nothing

Unsure = Callable[[Batch, list[str]], Tensor]


def measure_regions(
    predictor: Predictor, images: ImageSet, size: int, gray: str = "weighted"
) -> pd.DataFrame:
    """Measure a predictor by region, one row an image.

    Args:
        predictor: gray (B, 1, H, W) in [0, 1] to a*, b* (B, 2, H, W).
        images: the set, center-cropped to `size`.
        gray: decolorization the predictor is fed.

    Returns:
        `label`; `plants delta_e`, `plants a` (mean a* predicted) and the same for the other regions
        of `colorkit.imaging.metrics.regions.region_masks`, NaN where an image has too little of
        one; `wrong red`, the share of the pixels, see `wrong_red`.
    """
    tables = []
    for batch in batches(images, size, gray):
        rgb = join(batch.lab[:, :1], predictor(batch.gray))
        ab, masks = rgb_to_lab(rgb)[:, 1:], region_masks(lab_to_rgb(batch.lab))
        parts = {"delta_e": error_map(rgb, batch.lab), "a": ab[:, 0]}
        columns = [by_region(v, masks).add_suffix(f" {name}") for name, v in parts.items()]
        table = pd.concat(columns, axis=1)
        table["wrong red"] = wrong_red(ab, batch.lab[:, 1:]).float().mean(dim=(1, 2)).tolist()
        tables.append(table)
    return pd.concat(tables, ignore_index=True).assign(label=images.class_names)


def wrong_red(ab: Tensor, true: Tensor) -> Tensor:
    """Mark pixels painted red, hue −30° to 50°, whose a* lies more than 10 above the truth's.

    Args:
        ab: (B, 2, H, W) predicted a*, b* in Lab units; true: likewise.

    Returns:
        (B, H, W) bool.
    """
    red = ((_hue(ab) + 30) % 360 < 80) & (_chroma(ab) >= COLORED)
    return red & (ab[:, 0] - true[:, 0] > 10)


def common_hues(images: ImageSet, size: int, share: float = 0.9) -> Tensor:
    """Find the hues that most of a class's color has.

    Args:
        images: training images, center-cropped to `size`.
        share: of a class's colored pixels.

    Returns:
        (classes, 12) bool: the fewest bins of 30°, counted from hue 0°, that hold the share. The
        class's other hues are rare: red flowers in a garden.
    """
    counts = torch.zeros(len(images.classes), _HUES)
    for batch in batches(images, size):
        ab = batch.lab[:, 1:]
        for label, bins, colored in zip(
            batch.labels, _bins(ab), _chroma(ab) >= COLORED, strict=True
        ):
            counts[label] += torch.bincount(bins[colored], minlength=_HUES)
    order = counts.argsort(dim=1, descending=True)
    ranked = counts.gather(1, order)
    before = ranked.cumsum(dim=1) - ranked  # held by the bins of more pixels
    needed = before < share * counts.sum(dim=1, keepdim=True)
    return torch.zeros_like(needed).scatter(1, order, needed)


def painted_over(
    predictor: Predictor, images: ImageSet, common: Tensor, size: int, gray: str = "weighted"
) -> pd.DataFrame:
    """What becomes of vivid colors that are rare in their class, one row an image.

    Args:
        predictor, size, gray: as of `measure_regions`.
        images: the set, whose classes are those of `common`.
        common: from `common_hues`.

    Returns:
        `label`, and the shares of such pixels that are painted in a hue `common` in the class, kept
        in a `rare` one, or left `gray`; NaN where an image has fewer than twenty.
    """
    rows = []
    for batch in batches(images, size, gray):
        ab, true = predictor(batch.gray), batch.lab[:, 1:]
        found = common[batch.labels[:, None, None], _bins(ab)]
        rare = ~common[batch.labels[:, None, None], _bins(true)] & (_chroma(true) >= VIVID)
        colored = _chroma(ab) >= COLORED / 2  # predictions are duller than truths
        for k, label in enumerate(batch.labels.tolist()):
            count = int(rare[k].sum())
            kinds = found[k] & colored[k], ~found[k] & colored[k], ~colored[k]
            shares = [(kind & rare[k]).sum().item() / max(count, 1) for kind in kinds]
            rows.append([images.classes[label], *(shares if count >= _LEAST else [np.nan] * 3)])
    return pd.DataFrame(rows, columns=["label", "common", "rare", "gray"])


def chroma_spread(images: ImageSet, size: int) -> Tensor:
    """How widely the true colors of a class scatter at each lightness.

    Args:
        images: training images, center-cropped to `size`.

    Returns:
        (classes, 20) root mean square distance, in Lab units, of the colors of a level of L* from
        their mean; 0 where the class has no pixel.
    """
    sums = torch.zeros(4, len(images.classes), _LEVELS, dtype=torch.float64)
    for batch in batches(images, size):
        a, b = batch.lab[:, 1:].double().unbind(1)
        place = batch.labels[:, None, None] * _LEVELS + _level(batch.lab)
        for total, value in zip(sums, (torch.ones_like(a), a, b, a * a + b * b), strict=True):
            total.view(-1).index_add_(0, place.flatten(), value.flatten())
    count, a, b, square = sums
    count = count.clamp(min=1)
    variance = square / count - (a / count) ** 2 - (b / count) ** 2
    return variance.clamp(min=0).sqrt().float()


def above_median(spread: Tensor) -> Unsure:
    """Call those pixels unsure whose spread exceeds the median of their image.

    Args:
        spread: from `chroma_spread`, of the classes of the images that are measured.
    """

    def unsure(batch: Batch, names: list[str]) -> Tensor:
        found = spread[batch.labels[:, None, None], _level(batch.lab)]  # (B, H, W)
        return found > found.flatten(1).median(dim=1).values[:, None, None]

    return unsure


def dullness(
    predictor: Predictor, images: ImageSet, unsure: Unsure, size: int, gray: str = "weighted"
) -> pd.DataFrame:
    """How much duller unsure pixels are painted than others *of the same true chroma*.

    Unsure pixels are often more vivid in truth, so that a ratio of predicted to true chroma would
    call even one constant color duller there. Pixels are compared within steps of 5 Lab units of
    true chroma, weighted by how many pairs a step can give; one constant color has exactly 0.

    Args:
        predictor, images, size, gray: as of `measure_regions`.
        unsure: (B, H, W) bool of a batch and the names of its images.

    Returns:
        `label` and `duller`, mean predicted chroma of the other pixels minus that of the unsure
        ones in Lab units; NaN where fewer than twenty pixels can be compared.
    """
    rows, start = [], 0
    for batch in batches(images, size, gray):
        names = images.names[start : start + len(batch.labels)]
        start += len(names)
        found, true = _chroma(predictor(batch.gray)), _chroma(batch.lab[:, 1:])
        masks = unsure(batch, names)
        for label, *image in zip(batch.labels.tolist(), found, true, masks, strict=True):
            rows.append([images.classes[label], _matched_gap(*image)])
    return pd.DataFrame(rows, columns=["label", "duller"])


def _matched_gap(found: Tensor, true: Tensor, unsure: Tensor) -> float:
    step = (true / _STEP).long().flatten()
    counts, sums = [], []
    for mask in (~unsure.flatten(), unsure.flatten()):
        values = found.flatten()[mask].double()
        counts.append(torch.bincount(step[mask], minlength=60).double())
        sums.append(torch.bincount(step[mask], values, minlength=60))
    pairs = counts[0] * counts[1] / (counts[0] + counts[1]).clamp(min=1)
    if pairs.sum() < _LEAST:
        return float("nan")
    means = [total / count.clamp(min=1) for total, count in zip(sums, counts, strict=True)]
    return float((pairs * (means[0] - means[1])).sum() / pairs.sum())


def _chroma(ab: Tensor) -> Tensor:
    return ab.norm(dim=1)


def _hue(ab: Tensor) -> Tensor:
    return torch.rad2deg(torch.atan2(ab[:, 1], ab[:, 0])) % 360


def _bins(ab: Tensor) -> Tensor:
    return (_hue(ab) * _HUES / 360).long().clamp(max=_HUES - 1)


def _level(lab: Tensor) -> Tensor:
    return (lab[:, 0] / 100 * _LEVELS).long().clamp(0, _LEVELS - 1)
