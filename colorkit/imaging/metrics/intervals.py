"""How far a mean can be trusted: intervals over images, over pairs, and over seeds.

28 images cannot rank two methods 0.3 dB apart. A table without intervals hides that, so every mean
the course prints has one.
"""

import math
from collections.abc import Callable, Iterable

import numpy as np
from torch import Tensor


class Interval(tuple):
    """A pair (low, high) that also knows how many values it rests on."""

    n: int  # values used
    left_out: int  # NaN values not used

    def __new__(cls, low: float, high: float, n: int, left_out: int) -> "Interval":
        """Make the pair."""
        self = super().__new__(cls, (float(low), float(high)))
        self.n, self.left_out = n, left_out
        return self


def bootstrap_interval(
    values: np.ndarray | Tensor | Iterable[float],
    statistic: Callable[..., np.ndarray] = np.mean,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval over images (Efron & Tibshirani 1993, chapter 13).

    The percentile method, not BCa: BCa's jackknife takes n² numbers and fails where all values
    are equal, as shares often are. Equal to `scipy.stats.bootstrap(method="percentile")`.

    Args:
        values: One number an image; NaN (not defined for that image) is left out and counted.
        statistic: Takes an array and `axis`, such as `np.mean` or `np.median`.
        level: Confidence level.
        resamples: Number of bootstrap samples.
        seed: Of the resampling: the same values give the same interval.

    Returns:
        (low, high), with attributes `n` and `left_out`; (NaN, NaN) for fewer than two values or
        where one is infinite.
    """
    values, left_out = _numbers(values)
    n = len(values)
    if n < 2 or not np.isfinite(values).all():
        return Interval(math.nan, math.nan, n, left_out)
    rng = np.random.default_rng(seed)
    rows = max(1, 2_000_000 // n)  # 16 MB of indices at a time, whatever the number of images
    draws = [
        statistic(values[rng.integers(0, n, (min(rows, resamples - done), n))], axis=1)
        for done in range(0, resamples, rows)
    ]
    low, high = np.quantile(np.concatenate(draws), [(1 - level) / 2, (1 + level) / 2])
    return Interval(low, high, n, left_out)


def seed_interval(values: Iterable[float], level: float = 0.95) -> Interval:
    """Student-t interval of the mean over a handful of trainings with different seeds.

    Too few for a bootstrap: resampling three values can only give the mean of those three.

    Returns:
        (low, high), with attributes `n` and `left_out`; (NaN, NaN) for fewer than two values.
    """
    from scipy.special import stdtrit  # Student's t quantile, without the weight of scipy.stats

    values, left_out = _numbers(values)
    n = len(values)
    if n < 2 or not np.isfinite(values).all():
        return Interval(math.nan, math.nan, n, left_out)
    reach = stdtrit(n - 1, (1 + level) / 2) * values.std(ddof=1) / math.sqrt(n)
    return Interval(values.mean() - reach, values.mean() + reach, n, left_out)


def rank_correlation(x, y, draws: int = 1000, seed: int = 0):
    """Spearman's ρ with its percentile bootstrap interval over images.

    Args:
        x: (N,) one number an image, or (N, K) several of each; an image with a NaN is left out.
        y: likewise. The K numbers of an image are ranked among all N · K, and are drawn together:
            they are no independent images.
        draws: number of bootstrap samples.
        seed: of the resampling.

    Returns:
        ρ, (low, high) at 95 %, and the number of images; NaN for fewer than three images or where
        all numbers are equal.

    Raises:
        ValueError: the shapes differ.
    """
    from scipy.stats import rankdata

    x, y = (np.asarray(values, dtype=float) for values in (x, y))
    if x.shape != y.shape:
        raise ValueError(f"x and y must be pairs, received {x.shape} and {y.shape}")
    x, y = (values[:, None] if values.ndim == 1 else values for values in (x, y))
    kept = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    x, y, n = x[kept], y[kept], int(kept.sum())
    if n < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan, (np.nan, np.nan), n
    rows = np.random.default_rng(seed).integers(n, size=(draws, n))
    rows = np.concatenate([np.arange(n)[None], rows])  # the images themselves come first
    x, y = (rankdata(values[rows].reshape(len(rows), -1), axis=1) for values in (x, y))
    x, y = (ranks - ranks.mean(axis=1, keepdims=True) for ranks in (x, y))
    with np.errstate(invalid="ignore"):  # a sample of one image drawn n times has no correlation
        rho = (x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    low, high = np.nanquantile(rho[1:], [0.025, 0.975])
    return float(rho[0]), (float(low), float(high)), n


def _array(values: np.ndarray | Tensor | Iterable[float]) -> np.ndarray:
    if isinstance(values, Tensor):
        values = values.detach().cpu().numpy()
    elif not isinstance(values, np.ndarray):
        values = list(values)
    return np.asarray(values, dtype=np.float64).ravel()


def _numbers(values: np.ndarray | Tensor | Iterable[float]) -> tuple[np.ndarray, int]:
    """Separate the numbers from the NaNs, which are only counted."""
    values = _array(values)
    missing = np.isnan(values)
    return values[~missing], int(missing.sum())
