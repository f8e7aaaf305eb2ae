"""An effect and how far it can be trusted: over images, over trainings, or over both together.

A network is one draw of many that the same recipe could have given, and test images are one draw of
many that could have been photographed. A claim about *trainings* has to survive both draws. Where
S trainings are measured on the same N images, both are crossed random effects: the mean's error has
a part that comes from the trainings and a part that comes from the images. Each part is estimated
from its own mean squares (Searle, Casella & McCulloch, "Variance Components", 1992, chapter 4), and
the two reaches of Student's t are added as squares (Zou & Donner, "Construction of confidence
limits about effect measures", Statistics in Medicine 27, 2008).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

CROWDED = 0.25  # of the images: where one class holds more, the mean is taken over classes
RESAMPLES = 1000  # bootstrap samples of a statistic that is no mean
Statistic = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Estimate:
    """A mean, or another statistic, with the parts of its error.

    Attributes:
        value: the estimate; NaN where nothing was measured.
        errors: standard error and degrees of freedom of each source of luck; empty where the
            values do not tell: of a single training, or where nothing varied at all.
        images: how many images it rests on; 0 where its values are one a training.
        trainings: how many trainings; 0 where it speaks of images alone.
        classes: over how many classes the mean was taken, each counting alike; 0 for a plain mean.
    """

    value: float
    errors: tuple[tuple[float, float], ...] = ()
    images: int = 0
    trainings: int = 0
    classes: int = 0

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Student's interval; (NaN, NaN) where the values do not tell."""
        from scipy.special import stdtrit  # Student's t quantile, without scipy.stats' weight

        if not self.errors or not math.isfinite(self.value):
            return math.nan, math.nan
        reaches = [stdtrit(freedom, (1 + level) / 2) * error for error, freedom in self.errors]
        reach = float(np.sqrt(np.sum(np.square(reaches))))
        return self.value - reach, self.value + reach


def estimate(
    values,
    *,
    of: str = "images",
    labels: Sequence[str] | None = None,
    clusters: Sequence | None = None,
    statistic: Statistic | None = None,
) -> Estimate:
    """Estimate an effect from what was measured.

    Args:
        values: (N,) one number an image or a training; (S, N) one for each of S trainings on each
            of N images. An image with a NaN is left out.
        of: what a number of (N,), or a row of (S, N), is of: `images`, or trainings in words, such
            as `seeds`.
        labels: (N,) class of each image. Where one class holds more than a quarter of the images,
            the mean is taken in each class first; classes of a single image are left out then.
        clusters: (N,) the training that each image of (N,) belongs to, as in cross-validation,
            where each training has images of its own.
        statistic: of the last axis, taking `axis`; the mean by default. Its error over images is
            found by resampling them, which counts luck that trainings and images share twice, and
            so errs on the wide side.

    Raises:
        ValueError: shapes that do not fit, or options that exclude each other.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim not in (1, 2) or (values.ndim == 2 and of == "images"):
        raise ValueError(f"values of shape {values.shape} are not one number each of {of}")
    found = _estimate(values, of, labels, clusters, statistic)
    return found if any(error for error, _ in found.errors) else replace(found, errors=())


def _estimate(values: np.ndarray, of, labels, clusters, statistic) -> Estimate:
    if clusters is not None:
        if values.ndim != 1 or statistic is not None or len(clusters) != len(values):
            raise ValueError("clusters are of means of values (N,), one cluster each")
        return _over_clusters(values, np.asarray(clusters))
    if labels is not None and (statistic is not None or len(labels) != values.shape[-1]):
        raise ValueError(f"labels are of means, one for each of {values.shape[-1]} images")
    kept = np.isfinite(values).all(axis=0) if values.ndim == 2 else np.isfinite(values)
    values = values[..., kept]
    by_training = values.ndim == 1 and of != "images"
    if by_training or values.shape[-1] == 0:
        return _mean(values) if by_training else Estimate(math.nan)
    of_class = _classes(None if labels is None else np.asarray(labels)[kept], values.shape[-1])
    if values.ndim == 1:
        values, single = values[None], True
    else:
        single = False
    if statistic is None:
        return _crossed(values, of_class, single)
    return _resampled(values, statistic, single)


def _mean(values: np.ndarray) -> Estimate:
    """One number a training: Student's t."""
    n = len(values)
    if n == 0:
        return Estimate(math.nan)
    errors = ((float(values.std(ddof=1)) / math.sqrt(n), n - 1.0),) if n > 1 else ()
    return Estimate(float(values.mean()), errors, trainings=n)


def _over_clusters(values: np.ndarray, clusters: np.ndarray) -> Estimate:
    kept = np.isfinite(values)
    values, clusters = values[kept], clusters[kept]
    found = _mean(np.array([values[clusters == c].mean() for c in np.unique(clusters)]))
    return Estimate(found.value, found.errors, images=len(values), trainings=found.trainings)


def _classes(labels: np.ndarray | None, count: int) -> list[np.ndarray]:
    """Places of the images of each class; of all together where no class crowds the others."""
    together = [np.arange(count)]
    if labels is None:
        return together
    names, counts = np.unique(labels, return_counts=True)
    if len(names) < 2 or counts.max() <= CROWDED * count:
        return together
    several = [np.flatnonzero(labels == name) for name in names]
    return [places for places in several if len(places) > 1] or together


def _crossed(values: np.ndarray, of_class: list[np.ndarray], single: bool) -> Estimate:
    """Mean over classes of means over their images, (S, N); the errors of rows and columns."""
    rows = np.mean([values[:, places].mean(axis=1) for places in of_class], axis=0)  # (S,)
    S, weight = len(rows), 1 / len(of_class)
    over_images, shared = 0.0, 0.0  # squared errors: all of the images', and what rows have too
    for places in of_class:
        part = values[:, places]  # (S, n)
        n = len(places)
        if n < 2:
            over_images = math.nan
            break
        columns = part.mean(axis=0)
        over_images += weight**2 * columns.var(ddof=1) / n
        if S > 1:
            left = part - part.mean(axis=1, keepdims=True) - columns + part.mean()
            shared += weight**2 * (left**2).sum() / ((S - 1) * (n - 1)) / (S * n)
    errors = []
    if S > 1:
        errors.append((float(rows.std(ddof=1)) / math.sqrt(S), S - 1.0))
    count = sum(map(len, of_class))
    if math.isfinite(over_images):
        own = max(over_images - shared, 0.0)
        errors.append((math.sqrt(own), float(count - len(of_class))))
    macro = len(of_class) if len(of_class) > 1 else 0
    told = math.isfinite(over_images) and (S > 1 or single)
    trainings = 0 if single else S
    return Estimate(float(rows.mean()), tuple(errors) if told else (), count, trainings, macro)


def _resampled(values: np.ndarray, statistic: Statistic, single: bool) -> Estimate:
    S, n = values.shape
    rows = np.asarray(statistic(values, axis=1), dtype=float)  # (S,)
    trainings = 0 if single else S
    if n < 2 or (S < 2 and not single) or not np.isfinite(rows).all():
        return Estimate(float(rows.mean()), (), n, trainings)
    rng = np.random.default_rng(0)
    draws = np.empty(RESAMPLES)
    for k in range(RESAMPLES):
        draws[k] = np.mean(statistic(values[:, rng.integers(0, n, n)], axis=1))
    errors = [(float(np.nanstd(draws, ddof=1)), n - 1.0)]
    if S > 1:
        errors.append((float(rows.std(ddof=1)) / math.sqrt(S), S - 1.0))
    return Estimate(float(rows.mean()), tuple(errors), n, trainings)
