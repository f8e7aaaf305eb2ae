"""Figures of the near-infrared chapters that are drawn from tables."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colorkit.course.figures import COLORS, DASHES, new_figure

_MARKS = "os^vDP*Xp"


def gain_scatter(apart: np.ndarray, gain: np.ndarray, names: np.ndarray) -> Figure:
    """Draw what a network gains over gray against how far near infrared is from gray.

    Args:
        apart, gain: (N,) of each pair.
        names: (N,) its class.
    """
    figure, ax = new_figure(7, 3.6)
    for k, label in enumerate(np.unique(names)):
        own, mark = names == label, _MARKS[k % len(_MARKS)]
        ax.plot(apart[own], gain[own], mark, color=COLORS[k % 7], ms=5, label=label)
    ax.axhline(0, color="black", lw=0.8)
    ax.set(xlabel="mean |NIR − gray| of the picture", ylabel="gain over gray (ΔE₀₀, chroma alone)")
    figure.legend(loc="outside right center", fontsize=8)
    return figure


def channel_losses(histories: Sequence[pd.DataFrame]) -> Figure:
    """Draw the squared errors of L*, a* and b* over epochs, each the mean of several trainings."""
    figure, ax = new_figure()
    means = pd.concat(histories).groupby("epoch").mean(numeric_only=True)
    for k, channel in enumerate("Lab"):
        for part, what, width in (("train", "training", 1), ("val", "validation", 2.2)):
            style = {"color": COLORS[k], "ls": DASHES[k], "lw": width}
            ax.plot(means[f"{part}_{channel}"], label=f"{channel}*, {what}", **style)
    ax.set(xlabel="epoch", ylabel="squared error, scaled channels", yscale="log")
    figure.legend(loc="outside right center", fontsize=8)
    return figure


def learning_curve(
    pairs: Sequence[int], tables: Sequence[pd.DataFrame], long: pd.DataFrame, what: dict[str, str]
) -> Figure:
    """Draw measures against the number of training pairs, a line a fold.

    Args:
        pairs: how many each training saw, rising.
        tables: `NirStudy.measure` of them.
        long: the same of a longer training on as many pairs as the last.
        what: columns of the tables, and their axes' labels.
    """
    figure, axes = new_figure(8, 3, columns=len(what))
    for ax, (column, label) in zip(axes, what.items(), strict=True):
        *curve, last = (t.groupby("fold")[column].mean().to_numpy() for t in (*tables, long))
        ax.plot(pairs, curve, "o-", color=COLORS[0], lw=1)
        ax.plot([pairs[-1]] * len(last), last, "s", color=COLORS[1])
        ax.set(xlabel="training pairs", ylabel=label, xticks=pairs)
    handles = [axes[-1].lines[0], axes[-1].lines[-1]]
    figure.legend(handles, ["as many steps", "trained long"], loc="outside lower center", ncols=2)
    return figure
