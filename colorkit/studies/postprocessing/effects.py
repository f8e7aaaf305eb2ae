"""What post-processing does to the colorizations of several trainings, image by image.

Whatever is fitted is fitted to training images, whatever is chosen is chosen on validation images;
test images are only measured.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from colorkit.course.evaluation import Predictor, batches
from colorkit.course.networks import scene_of
from colorkit.data.batches import crop
from colorkit.data.collection import ImageSet
from colorkit.data.scenes import MATERIALS
from colorkit.imaging.adjust import clahe, equalize, saturate
from colorkit.imaging.color import join, lab_to_rgb, rgb_to_lab
from colorkit.imaging.metrics.quality import (
    ciede2000,
    colorfulness,
    colorfulness_ab,
    psnr,
)
from colorkit.imaging.metrics.regions import by_region, error_map
from colorkit.studies.postprocessing.histograms import chroma_to_quantiles, equalize_channels
from colorkit.studies.postprocessing.saturation import (
    Saturation,
    SaturationCurve,
    fit_curve,
    fit_saturation,
)

FACTORS = tuple(np.arange(0, 2.6, 0.2).round(1).tolist())
PAIRS = tuple((a, b) for a in (0.5, 0.75, 1.0, 1.25, 1.5) for b in (0.5, 0.75, 1.0, 1.25, 1.5))
SOME = 0.1  # of the images: helps some, harms some
MAIN = 0.25  # of an image: a component that large is its main one
LEAST = 0.02  # of an image: less than that is no rest
_STEP = 2  # every second pixel of every second row is enough to choose a factor by
Way = Callable[[Tensor, Tensor], Tensor]  # original L*, predicted a* and b*, to sRGB


@dataclass(frozen=True)
class Pictures:
    """A split, as networks see it and as it is.

    Attributes:
        gray: (N, 1, H, W) in [0, 1]; lab: (N, 3, H, W), the truth; labels: class of each.
    """

    gray: Tensor
    lab: Tensor
    labels: list[str]

    @property
    def truth(self) -> Tensor:
        """(N, 3, H, W) sRGB."""
        return lab_to_rgb(self.lab)

    def colorized(self, predictor: Predictor) -> Tensor:
        """Predicted a*, b* (N, 2, H, W)."""
        return torch.cat([predictor(some) for some in self.gray.split(64)])


def pictures(images: ImageSet, size: int, gray: str = "weighted") -> Pictures:
    """Center crops of all images of a (small) set."""
    found = [(batch.gray, batch.lab) for batch in batches(images, size, gray)]
    planes = (torch.cat(side) for side in zip(*found, strict=True))
    return Pictures(*planes, images.class_names)


@dataclass(frozen=True)
class Fits:
    """What was fitted and chosen for the colorizations of one training.

    Attributes:
        saturation, curve: fitted to training images.
        factors: of chroma, each with its ΔE₀₀ on `everything`, `plants` and `the rest` of the
            validation images, and their PSNR.
        best, for_plants: the factors with the smallest error on everything and on plants.
        vivid: the factor that makes validation images as colorful as their originals.
        pair: the best pair of factors for a* and b*, out of `PAIRS`.
    """

    saturation: Saturation
    curve: SaturationCurve
    factors: pd.DataFrame
    best: float
    for_plants: float
    vivid: float
    pair: tuple[float, float]


def fit_all(train: tuple[Tensor, Tensor], val: tuple[Tensor, Tensor], plants: Tensor) -> Fits:
    """Fit and choose everything for one training.

    Args:
        train, val: predicted a*, b* (N, 2, H, W) and true CIELAB (N, 3, H, W) of the images.
        plants: (N, H, W) bool of the validation images.
    """
    ab, lab = train
    batched = ab.split(64), lab[:, 1:].split(64)
    saturation = fit_saturation(*batched)
    ab, lab, plants = (x[..., ::_STEP, ::_STEP] for x in (*val, plants))
    plain, truth, rows = join(lab[:, :1], ab), lab_to_rgb(lab), {}
    for factor in FACTORS:
        rgb = saturate(plain, factor)
        error = error_map(rgb, lab)
        rows[factor] = {"everything": error.mean().item()}
        rows[factor] |= by_region(error, {"plants": plants, "the rest": ~plants}).mean()
        rows[factor]["PSNR"] = psnr(rgb, truth).mean().item()
    factors = pd.DataFrame(rows).T
    pair = min(PAIRS, key=lambda pair: error_map(saturate(plain, pair), lab).mean().item())
    return Fits(
        saturation,
        fit_curve(*batched, first=saturation),
        factors,
        float(factors["everything"].idxmin()),
        float(factors["plants"].idxmin()),
        (colorfulness(truth).mean() / colorfulness(plain).mean()).item(),
        pair,
    )


def saturations(fits: Fits) -> dict[str, Way]:
    """Everything that is done to chroma by a number or a curve, by name."""
    return {
        "colorized": join,
        "best factor": lambda L, ab: saturate(join(L, ab), fits.best),
        "per channel": lambda L, ab: saturate(join(L, ab), fits.pair),
        "best for plants": lambda L, ab: saturate(join(L, ab), fits.for_plants),
        "as colorful": lambda L, ab: saturate(join(L, ab), fits.vivid),
        "gain and offset": lambda L, ab: join(L, fits.saturation.apply(ab)),
        "learned curve": lambda L, ab: join(L, fits.curve.apply(ab)),
    }


def contrasts(flat: Tensor, free: Tensor) -> dict[str, Way]:
    """Everything that is done to histograms, by name.

    Args:
        flat, free: quantiles of chroma, see `colorkit.studies.postprocessing.histograms`.
    """
    return {
        "L* equalized": lambda L, ab: equalize(join(L, ab)),
        "CLAHE": lambda L, ab: clahe(join(L, ab)),
        "RGB equalized": lambda L, ab: equalize_channels(join(L, ab)),
        "chroma equalized": lambda L, ab: join(L, chroma_to_quantiles(ab, flat)),
        "freer": lambda L, ab: join(L, chroma_to_quantiles(ab, free)),
    }


def measure_way(rgb: Tensor, lab: Tensor, regions: dict[str, Tensor] | None = None) -> pd.DataFrame:
    """Measure colorized images, one row each.

    Args:
        rgb: (N, 3, H, W) sRGB; lab: (N, 3, H, W), the truth.
        regions: (N, H, W) bool by name.

    Returns:
        `delta_e`; of the chroma `squared`, the squared error of a* and b*, and `chroma`, the mean
        distance in their plane; `m1` and `m1_gap`, its distance from the truth's; `psnr`; and ΔE₀₀
        in each region under its name, NaN where an image has too little of it.
    """
    parts = []
    for place in torch.arange(len(rgb)).split(64):  # which bounds the memory
        some = {name: mask[place] for name, mask in (regions or {}).items()}
        parts.append(_measure(rgb[place], lab[place], some))
    return pd.concat(parts, ignore_index=True)


def _measure(rgb: Tensor, lab: Tensor, regions: dict[str, Tensor]) -> pd.DataFrame:
    found = rgb_to_lab(rgb)
    error, off = ciede2000(found, lab), found[:, 1:] - lab[:, 1:]  # (N, H, W), (N, 2, H, W)
    m1 = colorfulness_ab(found[:, 1:])
    columns = {
        "delta_e": error.mean(dim=(1, 2)),
        "squared": off.square().mean(dim=(1, 2, 3)),
        "chroma": off.norm(dim=1).mean(dim=(1, 2)),
        "m1": m1,
        "m1_gap": (m1 - colorfulness_ab(lab[:, 1:])).abs(),
        "psnr": psnr(rgb, lab_to_rgb(lab)),
    }
    table = pd.DataFrame({name: values.numpy() for name, values in columns.items()})
    return pd.concat([table, by_region(error, regions, LEAST)], axis=1)


def lightness_and_chroma(rgb: Tensor) -> Tensor:
    """L* and chroma of (N, 3, H, W) sRGB: (N, 2, H, W)."""
    lab = rgb_to_lab(rgb)
    return torch.cat((lab[:, :1], lab[:, 1:].norm(dim=1, keepdim=True)), dim=1)


def by_material(images: ImageSet, stored: int, size: int, regions: dict[str, Tensor]):
    """Where rules put the pixels of each material of procedural scenes.

    Args:
        images: N scenes; stored, size: sides of their squares and of the crops.
        regions: (N, size, size) bool by name.

    Returns:
        A table of shares, a row a material: the regions, and `neither`.
    """
    planes = np.stack([scene_of(name, stored).materials for name in images.names])
    planes = torch.from_numpy(planes)[..., None].expand(-1, -1, -1, 3)
    material = (crop(planes, size)[:, 0] * 255).round().int()  # indexes into MATERIALS
    found = pd.DataFrame({name: mask.flatten().numpy() for name, mask in regions.items()})
    found["neither"] = ~found.any(axis=1)
    table = found.groupby(material.flatten().numpy()).mean()
    return table.set_axis([MATERIALS[i] for i in table.index])


def own_fit(ab: Tensor, lab: Tensor) -> Tensor:
    """ΔE₀₀ (N,) that gain and offset leave when fitted to each image's own truth: a bound.

    Args:
        ab: (N, 2, H, W) predicted; lab: (N, 3, H, W), the truth.
    """
    fitted = [
        fit_saturation(one, true[:, 1:]).apply(one)
        for one, true in zip(ab.split(1), lab.split(1), strict=True)
    ]
    return error_map(join(lab[:, :1], torch.cat(fitted)), lab).mean(dim=(1, 2))


def spreads(rgb: Tensor) -> np.ndarray:
    """Standard deviation of red, green, blue, a* and b* within each of (N, 3, H, W): (5, N)."""
    five = torch.cat((rgb, rgb_to_lab(rgb)[:, 1:]), dim=1)
    return five.flatten(2).std(dim=2).T.numpy()


def main_and_rest(plants: Tensor) -> dict[str, Tensor]:
    """Plants and the rest of those images whose main component plants are, as regions.

    Args:
        plants: (N, H, W) bool.

    Returns:
        `main` and `rest`, (N, H, W) bool; both empty where plants cover less than `MAIN` of an
        image, or leave less than `LEAST` of it.
    """
    share = plants.float().mean(dim=(1, 2), keepdim=True)
    counts = (share >= MAIN) & (share <= 1 - LEAST)
    return {"main": plants & counts, "rest": ~plants & counts}


def smaller_share(least: float) -> Callable[..., np.ndarray]:
    """A statistic of gains: the smaller of the shares helped and harmed, minus `SOME`.

    Args:
        least: gain or loss from which an image is helped or harmed.
    """

    def statistic(gains: np.ndarray, axis: int = -1) -> np.ndarray:
        shares = [(sign * gains >= least).mean(axis=axis) for sign in (1, -1)]
        return np.minimum(*shares) - SOME

    return statistic


def mended(before: np.ndarray, after: np.ndarray, share: float = 0.25) -> np.ndarray:
    """Which bad results are mended, and which made worse.

    Args:
        before, after: (S, N) ΔE₀₀ of each training on each image.
        share: of the images, those that are worst before on the mean of the trainings.

    Returns:
        (S, M) of the M worst: 1 where the error falls by 1 or more, −1 where it rises by as much.
    """
    mean = before.mean(axis=0)
    gain = (before - after)[:, mean >= np.quantile(mean, 1 - share)]
    return (gain >= 1).astype(float) - (gain <= -1)
