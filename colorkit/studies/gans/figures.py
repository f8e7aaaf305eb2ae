"""Figures of the chapters about U-Nets, conditional GANs and small networks."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter
from torch import Tensor

from colorkit.course.evaluation import Predictor, batches
from colorkit.course.figures import COLORS, DASHES, new_figure
from colorkit.data.collection import ImageSet
from colorkit.models.patchgan import DISCRIMINATORS, PatchGAN
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


def what_is_seen(picture: Tensor, place: tuple[int, int] = (6, 6)) -> list[Tensor]:
    """A picture, and for each discriminator the same darkened where one answer cannot see.

    The gradient of one answer by the picture is zero where the answer does not depend on it.
    Networks are without normalization here, whose mean over the picture sees all.

    Args:
        picture: (3, H, W) in [0, 1].
        place: row and column of the answer.
    """
    shown = [picture]
    for tiles in DISCRIMINATORS.values():
        x = torch.rand_like(picture)[None].requires_grad_()
        PatchGAN(width=8, tiles=tiles, spectral=True)(x)[0, 0][place].backward()
        reached = x.grad[0].abs().sum(dim=0) > 0
        shown.append(torch.where(reached, picture, 0.25 * picture))
    return shown


def stability_curves(histories: Mapping[str, pd.DataFrame]) -> Figure:
    """What is logged of a GAN besides its error, over epochs: losses, gradients, spread.

    Args:
        histories: of the trainings, by the name of their discriminator; see `GanColorizer`.
    """
    figure, axes = new_figure(10, 3.4, columns=3)
    columns = {
        "train_discriminator": "discriminator's loss",
        "train_generator_norm": "generator's gradient, epoch's mean",
        "val_spread": "validation spread ÷ truth's",
    }
    for ax, (column, label) in zip(axes, columns.items(), strict=True):
        for k, (name, history) in enumerate(histories.items()):
            ax.plot(history["epoch"], history[column], color=COLORS[k], ls=DASHES[k], label=name)
        ax.set(xlabel="epoch", ylabel=label)
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[0].axhline(np.log(2), color="black", lw=0.8)  # of one that cannot tell
    axes[1].set_yscale("log")
    axes[2].legend(fontsize=8)
    return figure
