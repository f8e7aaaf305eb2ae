"""Effects of the near-infrared chapters that are more than a difference of two tables."""

import numpy as np
import torch
from torch import Tensor

from colorkit.imaging.metrics.regions import region_masks


def upper(by: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Tell which pairs belong to the half of their group that has more of something.

    Args:
        by: (N,) how much each has; a median pair belongs to the lower half.
        groups: (N,) name of each pair's group.

    Returns:
        (N,) bool.
    """
    found = np.zeros(len(by), dtype=bool)
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group)
        order = own[np.argsort(by[own], kind="stable")]
        found[order[-(-len(own) // 2) :]] = True
    return found


def upper_half(values: np.ndarray, by: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Compare the pairs of a group that have more of something with those that have less.

    One number a pair. Over a group their mean is the difference of its halves' means, and their
    spread is that of this difference: like values that are averaged, they can be given an interval.
    Comparing within groups leaves out what the groups themselves differ in.

    Args:
        values: (..., N) float.
        by, groups: (N,) what tells the halves apart, see `upper`.

    Returns:
        (..., N) float, NaN in groups of one pair.
    """
    values = np.asarray(values, dtype=float)
    found = np.full_like(values, np.nan)
    more = upper(by, groups)
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group)
        low, high = own[~more[own]], own[more[own]]
        if not len(high):
            continue
        means = [values[..., part].mean(axis=-1, keepdims=True) for part in (low, high)]
        difference = means[1] - means[0]
        for part, mean, sign in zip((low, high), means, (-1, 1), strict=True):
            share = len(own) / len(part)
            found[..., part] = difference + sign * share * (values[..., part] - mean)
    return found


def places(truth: Tensor, names: np.ndarray) -> dict[str, Tensor]:
    """Mark the places in which the report saw artefacts, and all else.

    Args:
        truth: (N, 3, H, W) sRGB in [0, 1].
        names: (N,) class of each picture.

    Returns:
        (N, H, W) bool: `sky`, see `colorkit.imaging.metrics.regions.region_masks`; `water`, what is
        neither sky nor plants in pictures of class water; and `elsewhere`.
    """
    found = region_masks(truth)
    is_water = torch.from_numpy(names == "water").view(-1, 1, 1)
    water = is_water & ~found["sky"] & ~found["plants"]
    return {"sky": found["sky"], "water": water, "elsewhere": ~(found["sky"] | water)}


def spread(chroma: Tensor, folds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many colors there are: the mean distance of pixels from the one mean color of a fold.

    Args:
        chroma: (N, 2, H, W) a*, b*.
        folds: (N,) fold of each picture: those of one fold were painted by one network.

    Returns:
        The distance by picture (N,), in Lab units; and the mean color by fold (folds, 2).
    """
    found, centers = np.empty(len(chroma)), []
    for fold in np.unique(folds):
        own = torch.from_numpy(np.flatnonzero(folds == fold))
        center = chroma[own].mean(dim=(0, 2, 3))
        far = (chroma[own] - center.view(1, 2, 1, 1)).norm(dim=1)
        found[own] = far.mean(dim=(1, 2)).numpy()
        centers.append(center.numpy())
    return found, np.stack(centers)
