"""Figures in one style: image grids, loss curves, intervals and histograms.

Colors are those of Okabe and Ito (2008), told apart by color-blind readers; curves differ in dash
as well. Every figure is written with its alternative text, caption and what it shows, so that the
report can describe it and only pictures that are ours to publish become figures of record.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.figure import Figure

from colorkit.system.writing import atomic_write

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (3, 1)), (0, (1, 1)))
SHOWS = ("plot", "procedural", "sample", "photographs")
STYLE = {
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.titlesize": 10,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


@dataclass(frozen=True)
class SavedFigure:
    """A figure on disk.

    Attributes:
        id: of the figure in the documents, such as `R-F4`.
        file: path below the run's folder.
        alt: alternative text; caption: what a reader reads below it.
        shows: `plot`, `procedural` scenes, `sample` photographs (they ship with our dependencies),
            or `photographs` of a data set, which stay out of the figures of record.
    """

    id: str
    file: str
    alt: str
    caption: str
    shows: str


def new_figure(width: float = 8.0, height: float = 3.2, columns: int = 1):
    """A figure in the style of the report with one row of axes: (figure, axes or list of axes)."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        axes = figure.subplots(1, columns)
    return figure, axes


def image_grid(
    rows: Sequence[Sequence],
    row_labels: Sequence[str] = (),
    column_labels: Sequence[str] = (),
    side: float = 1.15,
) -> Figure:
    """Images in labeled rows and columns, nothing between them but a hair of white.

    Args:
        rows: rows of images, each (3, H, W) or (1, H, W) float tensors in [0, 1] or (H, W, 3) or
            (H, W) uint8 arrays; None leaves a place empty.
        row_labels: one a row, written at its left.
        column_labels: one a column, written above the first row.
        side: side of an image in inches.

    Raises:
        ValueError: no image, or labels that do not fit the rows.
    """
    columns = max((len(row) for row in rows), default=0)
    if not columns:
        raise ValueError("image_grid needs at least one image")
    if row_labels and len(row_labels) != len(rows):
        raise ValueError(f"{len(row_labels)} row labels for {len(rows)} rows")
    lines = [line for label in row_labels for line in label.splitlines()]
    margin = 0.11 * max(map(len, lines), default=0) * 0.72
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(columns * side + margin, len(rows) * side + 0.3))
        axes = figure.subplots(len(rows), columns, squeeze=False)
        figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0, hspace=0)
    for r, row in enumerate(rows):
        for c in range(columns):
            ax = axes[r][c]
            ax.grid(False)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
            if c < len(row) and row[c] is not None:
                pixels = to_pixels(row[c])
                ax.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            if r == 0 and c < len(column_labels):
                ax.set_title(wrap(column_labels[c]), fontsize=8, pad=3)
        if row_labels:
            axes[r][0].set_ylabel(
                row_labels[r], rotation=0, ha="right", va="center", fontsize=9, labelpad=6
            )
    return figure


def wrap(label: str, width: int = 16) -> str:
    """Break a class name such as `scenes/football_field` into lines that fit above an image."""
    import textwrap

    plain = label.rsplit("/", 1)[-1].replace("_", " ").replace("-", " ")
    return "\n".join(textwrap.wrap(plain, width))


def to_pixels(image) -> np.ndarray:
    """Any image of the course as (H, W, 3) or (H, W) uint8."""
    if isinstance(image, torch.Tensor):
        image = image.detach().cpu()
        pixels = (image.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        return pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    return np.asarray(image)


def loss_curves(
    curves: dict[str, Sequence[tuple[Sequence[float], Sequence[float]]]],
    ylabel: str = "chroma loss (mean squared, scaled)",
) -> Figure:
    """Curves over epochs; several repetitions under one name share a color, their mean is bold.

    Args:
        curves: (epochs, values) pairs by the legend's name.
        ylabel: what is drawn, with its unit.
    """
    figure, ax = new_figure()
    for k, (name, repeats) in enumerate(curves.items()):
        style = {"color": COLORS[k % 7], "linestyle": DASHES[k % 7]}
        for x, y in repeats:
            ax.plot(x, y, alpha=0.25 if len(repeats) > 1 else 1, lw=1, **style)
        x = repeats[0][0]
        values = [np.interp(x, *repeat) for repeat in repeats]
        ax.plot(x, np.mean(values, axis=0), lw=2.2, label=name, **style)
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend()
    return figure


def interval_plot(
    rows: Sequence[tuple[str, float, float, float]], xlabel: str, zero: str = ""
) -> Figure:
    """Values with their intervals, one a row.

    Args:
        rows: (label, value, low, high), drawn from the top.
        xlabel: what is drawn, with its unit.
        zero: what the line at zero means; empty draws none.
    """
    figure, ax = new_figure(height=0.8 + 0.34 * len(rows))
    for k, (_, value, low, high) in enumerate(rows):
        ax.plot([low, high], [k, k], color=COLORS[0], lw=2)
        ax.plot([value], [k], "o", color=COLORS[1], ms=5)
    if zero:
        ax.axvline(0, color="black", lw=0.8)
        ax.annotate(zero, (0, -0.75), fontsize=8, ha="center", annotation_clip=False)
    ax.set_yticks(range(len(rows)), [row[0] for row in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(xlabel)
    return figure


def histograms(values: dict[str, np.ndarray], xlabel: str, bins: int = 60) -> Figure:
    """Outlined histograms over one another, as shares."""
    figure, ax = new_figure()
    low = min(v.min() for v in values.values())
    high = max(v.max() for v in values.values())
    edges = np.linspace(low, high, bins + 1)
    for k, (name, v) in enumerate(values.items()):
        share = np.histogram(v, edges)[0] / len(v)
        ax.stairs(share, edges, label=name, color=COLORS[k % 7], ls=DASHES[k % 7], lw=1.8)
    ax.set(xlabel=xlabel, ylabel="share")
    ax.legend()
    return figure


def histogram_row(
    values: dict[str, torch.Tensor], channels: Sequence[str], width: float = 11.0
) -> Figure:
    """Outlined histograms of several channels side by side, as shares of the pixels.

    Args:
        values: (N, C, H, W) by the legend's name.
        channels: names of the C channels.
        width: of the whole in inches. The outermost thousandths are gathered at the edges.
    """
    figure, axes = new_figure(width, 2.7, len(channels))
    axes = np.atleast_1d(axes)
    for c, (channel, ax) in enumerate(zip(channels, axes, strict=True)):
        flat = {name: v[:, c].flatten().cpu().numpy() for name, v in values.items()}
        low, high = np.quantile(np.concatenate(list(flat.values())), [0.001, 0.999])
        edges = np.linspace(low, max(high, low + 1e-6), 41)
        for k, (name, v) in enumerate(flat.items()):
            share = np.histogram(v.clip(edges[0], edges[-1]), edges)[0] / len(v)
            ax.stairs(share, edges, label=name, color=COLORS[k % 7], ls=DASHES[k % 7], lw=1.6)
        ax.set(xlabel=channel, yticks=[])
    axes[0].set_ylabel("share of pixels")
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(values)
    )
    return figure


def dendrogram(linkage: np.ndarray, labels: Sequence[str], bold: Sequence[str] = ()) -> Figure:
    """A tree of labeled leaves, drawn from the left.

    Args:
        linkage: SciPy's linkage matrix.
        labels: of the leaves.
        bold: labels to set off.
    """
    from scipy.cluster import hierarchy

    chosen = [label.replace("_", " ") for label in bold]
    figure, ax = new_figure(height=0.8 + 0.2 * len(labels))
    hierarchy.dendrogram(
        linkage,
        labels=[label.replace("_", " ") for label in labels],
        orientation="left",
        ax=ax,
        color_threshold=0,
        above_threshold_color=COLORS[0],
        leaf_font_size=8,
    )
    for text in ax.get_yticklabels():
        text.set_fontweight("bold" if text.get_text() in chosen else "normal")
    ax.grid(False)
    ax.set_xlabel("distance (standardized units)")
    return figure


def save_figure(figure: Figure, folder: Path, id: str, *, alt: str, caption: str, shows: str):
    """Write a figure as PNG under its id.

    Raises:
        ValueError: no alternative text, or an unknown kind of picture.
    """
    if not alt.strip():
        raise ValueError(f"figure {id} needs an alternative text for readers who cannot see it")
    if shows not in SHOWS:
        raise ValueError(f"figure {id} shows {shows!r}; choose one of {', '.join(SHOWS)}")
    with atomic_write(folder / "figures" / f"{id}.png") as file:
        file.write(png(figure))
    return SavedFigure(id, f"figures/{id}.png", alt, caption, shows)


def png(figure: Figure) -> bytes:
    """Render a figure; the same figure gives the same bytes on one machine."""
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(buffer, format="png", bbox_inches="tight", metadata={"Software": None})
    return buffer.getvalue()


def figure_html(picture: SavedFigure, data: bytes) -> str:
    """A `<figure>` with the image inside, its alternative text and caption.

    Written out here because notebook exporters drop the alternative text of image outputs.
    """
    code = base64.b64encode(data).decode()
    return (
        f'<figure id="{escape(picture.id)}"><img alt="{escape(picture.alt)}" '
        f'src="data:image/png;base64,{code}"><figcaption><b>{escape(picture.id)}</b> '
        f"{escape(picture.caption)}</figcaption></figure>"
    )
