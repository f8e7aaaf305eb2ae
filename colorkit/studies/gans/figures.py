"""Figures of the chapters about U-Nets, conditional GANs and small networks."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from colorkit.course.evaluation import Predictor, batches
from colorkit.course.figures import COLORS, DASHES, new_figure
from colorkit.data.collection import ImageSet
from colorkit.studies.gans.patterns import OCTAVES

BINS = 36  # of hue, ten degrees each


def hues_of(predictor: Predictor | None, images: ImageSet, size: int) -> np.ndarray:
    """How much chroma has which hue.

    Args:
        predictor: gray (B, 1, H, W) in [0, 1] to a*, b*; None for the originals.
        images: center-cropped to `size`.

    Returns:
        (BINS,): the chroma of the pixels of each hue, divided by the number of all pixels, so that
        the sum is the mean chroma.
    """
    total, count = np.zeros(BINS), 0
    for batch in batches(images, size):
        ab = batch.lab[:, 1:] if predictor is None else predictor(batch.gray)
        a, b = ab.unbind(1)
        hue = torch.atan2(b, a).rad2deg() % 360
        weights = torch.hypot(a, b).flatten().numpy()
        total += np.histogram(hue.flatten().numpy(), BINS, (0, 360), weights=weights)[0]
        count += hue.numel()
    return total / count


def hue_histograms(predictors: dict[str, Predictor | None], images: ImageSet, size: int) -> Figure:
    """Draw `hues_of` of several predictors side by side, each to a scale of its own."""
    figure, axes = new_figure(10, 2.6, columns=len(predictors))
    for ax, (label, predictor) in zip(axes, predictors.items(), strict=True):
        share = hues_of(predictor, images, size)
        edges = np.arange(BINS) * 360 / BINS
        ax.bar(edges, share, width=360 / BINS, align="edge", color=COLORS[0])
        ax.set(title=label, xlabel="hue (°)", ylim=(0, None), xticks=[0, 90, 180, 270, 360])
    axes[0].set_ylabel("mean chroma in each 10°")
    return figure


def time_and_quality(
    curves: dict[str, tuple[Sequence[float], Sequence[float]]], gray: float
) -> Figure:
    """Draw color errors against times.

    Args:
        curves: milliseconds an image and ΔE₀₀ of networks of several sizes, by the legend's name.
        gray: the ΔE₀₀ of painting nothing.
    """
    figure, ax = new_figure()
    for k, (label, (times, errors)) in enumerate(curves.items()):
        style = {"color": COLORS[k], "linestyle": DASHES[k], "marker": "os^"[k % 3]}
        ax.plot(times, errors, label=label, **style)
    ax.axhline(gray, color="black", lw=0.8, label="gray")
    ax.set(xscale="log", xlabel="milliseconds an image", ylabel="ΔE₀₀ on test images, mean")
    ax.xaxis.set_major_formatter(ScalarFormatter())  # 6, not 6 × 10⁰
    ax.xaxis.set_minor_formatter(ScalarFormatter())
    ax.legend(fontsize=8)
    return figure


def pattern_curves(shares: dict[str, np.ndarray]) -> Figure:
    """Draw the share of the chroma that is recovered against the size of its patterns.

    Args:
        shares: (S, N, octaves), see `colorkit.studies.gans.patterns`, by the legend's name.
    """
    figure, ax = new_figure()
    for k, (label, share) in enumerate(shares.items()):
        style = {"color": COLORS[k], "linestyle": DASHES[k], "marker": "o"}
        median = np.nanmedian(share, axis=1).mean(axis=0)
        ax.plot(range(len(OCTAVES)), median, label=label, **style)
    ax.axhline(0, color="black", lw=0.8)
    ax.set_xticks(range(len(OCTAVES)), OCTAVES)
    ax.set(xlabel="size of the pattern (pixels of 224)", ylabel="share recovered, median")
    ax.legend()
    return figure
