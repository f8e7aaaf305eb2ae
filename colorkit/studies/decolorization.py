"""The grays of one picture: how alike they are, and what a network makes of each.

A gray can differ from another in three ways: it is brighter, it has more contrast, or its forms
are others. The correlation is blind to the first two, the plain distance mixes all three, and the
distance after `matched` is what is left of it for the forms.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from colorkit.course.scales import Scale
from colorkit.data.batches import crop, loader
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import DECOLORIZATIONS, decolorize, join, lab_to_rgb, rgb_to_lab
from colorkit.imaging.metrics.quality import colorfulness, delta_e, psnr

PAIRS = (("red", "green"), ("red", "blue"), ("green", "blue"))


def trainings(scale: Scale) -> dict[str, dict]:
    """List the trainings that see other grays: arguments of `Course.repeats` by name.

    OutNet is that of chapter 3, in as many repetitions; the two VégéNets have the scale, and the
    second is given another gray for every image of every step.
    """
    vegenet = {"network": "vegenet", "scale": scale}
    return {
        "VégéNet": vegenet,
        "VégéNet, random grays": {**vegenet, "variant": "random-gray", "gray": "random"},
        "OutNet": {"network": "outnet", "scale": Scale(seeds=scale.seeds)},
    }


def correlation(x: Tensor, y: Tensor) -> Tensor:
    """Pearson correlation of two grays over the pixels of each image.

    In float64: float32 sums over the pixels of a photograph are wrong in the fifth digit.

    Args:
        x: (B, 1, H, W) float, in [0, 1].
        y: likewise, of the same shape.

    Returns:
        (B,) float64 in [−1, 1]; NaN where one of the two is of one level all over (a black image,
        say), for nothing varies with what does not vary. Means leave such images out.

    Raises:
        ValueError: the shapes differ or are not those of grays.
    """
    x, y = (plane.double().flatten(1) for plane in _grays(x, y))
    # Judged by the levels themselves: what rounding leaves of a constant's variance is not zero.
    flat = (x.amin(1) == x.amax(1)) | (y.amin(1) == y.amax(1))
    x, y = (plane - plane.mean(dim=1, keepdim=True) for plane in (x, y))
    product = (x * y).sum(dim=1)
    length = (x.square().sum(dim=1) * y.square().sum(dim=1)).sqrt()
    return torch.where(flat, torch.nan, product / length).clamp(-1, 1)


def channel_correlations(rgb: Tensor) -> Tensor:
    """Correlation of the channels of color images, pair by pair.

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1].

    Returns:
        (B, 3) float64 in the order of `PAIRS`; see `correlation` for NaN.

    Raises:
        ValueError: another shape or type.
    """
    if rgb.ndim != 4 or rgb.shape[1] != 3 or not rgb.is_floating_point():
        raise ValueError(f"rgb must be float (B, 3, H, W), received {rgb.dtype} {_shape(rgb)}")
    r, g, b = rgb.split(1, dim=1)
    return torch.stack([correlation(r, g), correlation(r, b), correlation(g, b)], dim=1)


def gray_distance(gray: Tensor, reference: Tensor) -> Tensor:
    """Mean absolute difference of two grays over the pixels of each image.

    Args:
        gray: (B, 1, H, W) float.
        reference: likewise, such as the gray a network was trained on.

    Returns:
        (B,) in [0, 1] for grays in [0, 1].

    Raises:
        ValueError: the shapes differ or are not those of grays.
    """
    gray, reference = _grays(gray, reference)
    return (gray - reference).abs().mean(dim=(1, 2, 3))


def matched(gray: Tensor, reference: Tensor) -> Tensor:
    """Shift and stretch a gray to the mean and the contrast of another, image by image.

    Contrast is the standard deviation over pixels. A gray of one level has none to stretch: it is
    shifted only.

    Args:
        gray: (B, 1, H, W) float.
        reference: likewise.

    Returns:
        (B, 1, H, W) with the reference's mean and deviation; a few pixels may leave [0, 1].

    Raises:
        ValueError: the shapes differ or are not those of grays.
    """
    gray, reference = _grays(gray, reference)
    kept = (1, 2, 3)
    mean, wanted = (x.mean(dim=kept, keepdim=True) for x in (gray, reference))
    deviation, contrast = (x.std(dim=kept, correction=0, keepdim=True) for x in (gray, reference))
    flat = gray.amin(dim=kept, keepdim=True) == gray.amax(dim=kept, keepdim=True)
    stretch = torch.where(flat, 0.0, contrast / torch.where(flat, 1.0, deviation))
    return (gray - mean) * stretch + wanted


def compare_grays(images: ImageSet, size: int) -> pd.DataFrame:
    """Compare the grays of each image of a set with its weighted mean, one row an image.

    Args:
        images: the set, center-cropped.
        size: side of the crops.

    Returns:
        Columns by a first and a second name: `pair` and `red–green`, … (`channel_correlations`);
        and for each gray but the weighted mean `correlation`, `distance`, `matched` (the distance
        after matching) and `brighter` (mean of the gray minus that of the weighted mean), all in
        units of [0, 1]; `chroma` and `mean color` (distance of the mean a*, b* from neutral).
    """
    parts = []
    for pixels, _ in loader(images, 64):
        rgb = crop(pixels, size)
        weighted = decolorize(rgb, "weighted")
        pairs = zip(PAIRS, channel_correlations(rgb).T, strict=True)
        columns = {("pair", f"{first}–{second}"): values for (first, second), values in pairs}
        columns["chroma", "mean color"] = rgb_to_lab(rgb)[:, 1:].mean(dim=(2, 3)).norm(dim=1)
        for way in DECOLORIZATIONS:
            if way != "weighted":
                gray = decolorize(rgb, way)
                columns["correlation", way] = correlation(gray, weighted)
                columns["distance", way] = gray_distance(gray, weighted)
                columns["matched", way] = gray_distance(matched(gray, weighted), weighted)
                columns["brighter", way] = (gray - weighted).mean(dim=(1, 2, 3))
        parts.append(pd.DataFrame({name: x.numpy() for name, x in columns.items()}))
    return pd.concat(parts, ignore_index=True)


def measure_grays(
    predictor: Callable[[Tensor], Tensor],
    images: ImageSet,
    size: int,
    *,
    alike: bool = False,
    reference: Callable[[Tensor], Tensor] | None = None,
) -> pd.DataFrame:
    """Measure what a network makes of each gray of each image of a set, one row an image.

    Args:
        predictor: gray (B, 1, H, W) in [0, 1] to a*, b* (B, 2, H, W).
        images: the set, center-cropped.
        size: side of the crops.
        alike: give each gray the weighted mean's brightness and contrast before it is fed.
        reference: whose result from the weighted mean `to_weighted` compares with; the predictor's
            own by default.

    Returns:
        Columns (measure, gray). The prediction is joined to the original L*, then measured against
        the truth: `delta_e`, `psnr`, `colorfulness`; against the reference's result:
        `to_weighted` (ΔE). Of the chroma alone: `ab_error`, mean distance from the truth in the
        a*b* plane, and `b`, the mean b* predicted. `own_lightness` is the ΔE against the truth when
        the chroma is joined to the lightness of the gray that was fed.
    """
    parts = []
    for pixels, _ in loader(images, 64):
        lab = rgb_to_lab(rgb := crop(pixels, size))
        truth, weighted, columns = lab_to_rgb(lab), decolorize(rgb, "weighted"), {}
        against = join(lab[:, :1], (reference or predictor)(weighted))
        for way in DECOLORIZATIONS:
            gray = decolorize(rgb, way)
            if alike:
                gray = matched(gray, weighted).clamp(0, 1)
            ab = predictor(gray)
            result = join(lab[:, :1], ab)
            columns["delta_e", way] = delta_e(result, truth)
            columns["psnr", way] = psnr(result, truth)
            columns["colorfulness", way] = colorfulness(result)
            columns["to_weighted", way] = delta_e(result, against)
            columns["ab_error", way] = (ab - lab[:, 1:]).norm(dim=1).mean(dim=(1, 2))
            columns["b", way] = ab[:, 1].mean(dim=(1, 2))
            # The gray L*/100 is a lightness already; the others are sRGB, shown as they are.
            L = 100 * gray if way == "lab" else rgb_to_lab(gray.expand(-1, 3, -1, -1))[:, :1]
            columns["own_lightness", way] = delta_e(join(L, ab), truth)
        parts.append(pd.DataFrame({name: x.numpy() for name, x in columns.items()}))
    return pd.concat(parts, ignore_index=True)


def between_trainings(
    predictors: Sequence[Callable[[Tensor], Tensor]], images: ImageSet, size: int
) -> np.ndarray:
    """How far apart the results of trainings are that differ in their seed alone.

    Args:
        predictors: S of them, gray (B, 1, H, W) in [0, 1] to a*, b* (B, 2, H, W).
        images: N, center-cropped; fed is their weighted mean.
        size: side of the crops.

    Returns:
        (S, N) ΔE of each training's result to those of the others, on the mean; NaN for a single
        one. Rows share their pairs: they are less independent than trainings are.
    """
    apart = []
    for pixels, _ in loader(images, 64):
        L = rgb_to_lab(rgb := crop(pixels, size))[:, :1]
        fed = decolorize(rgb, "weighted")
        results = [join(L, predictor(fed)) for predictor in predictors]
        found = torch.full((len(results), len(results), len(rgb)), torch.nan)
        for k, one in enumerate(results):
            for j, other in enumerate(results[:k]):
                found[k, j] = found[j, k] = delta_e(one, other)
        apart.append(found.nanmean(dim=1))
    return torch.cat(apart, dim=1).numpy()


def rank_products(x, y) -> np.ndarray:
    """Products of standardized ranks, whose mean over images is Spearman's rank correlation.

    So a rank correlation is an effect like others, with trainings in rows and images in columns.

    Args:
        x: (N,) one number an image.
        y: (S, N) one for each of S trainings on each image.

    Returns:
        (S, N); NaN for an image where one of the numbers is NaN, which is left out of the ranks,
        and everywhere in a row of equal numbers, which have no order.
    """
    from scipy.stats import rankdata

    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    kept = np.isfinite(x) & np.isfinite(y).all(axis=0)
    products = np.full(y.shape, np.nan)
    ranks = [rankdata(values[..., kept], axis=-1) for values in (x, y)]
    spreads = [r.std(axis=-1, keepdims=True) for r in ranks]
    x, y = (
        (r - r.mean(axis=-1, keepdims=True)) / np.where(spread > 0, spread, np.nan)
        for r, spread in zip(ranks, spreads, strict=True)
    )
    products[:, kept] = x * y
    return products


def _grays(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    for plane in (x, y):
        if plane.ndim != 4 or plane.shape[1] != 1 or not plane.is_floating_point():
            received = f"{plane.dtype} {_shape(plane)}"
            raise ValueError(f"a gray must be float (B, 1, H, W), received {received}")
    if x.shape != y.shape:
        raise ValueError(f"two grays must agree, received {_shape(x)} and {_shape(y)}")
    return x, y


def _shape(x: Tensor) -> tuple[int, ...]:
    return tuple(x.shape)
