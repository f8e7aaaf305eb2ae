"""Toys of the chapter on ColorMamba: a row that is scanned, four ways over a plane, hues' seam."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure

from colorkit.course.figures import COLORS, DASHES, new_figure
from colorkit.imaging.hue import disk_hue, hue_disk
from colorkit.models.selective_scan import selective_scan, unroll


def scan_row(u: Sequence[float], delta: Sequence[float], fade: float) -> np.ndarray:
    """Scan one row of one channel with one number kept, which is written to and read as it is.

    Args:
        u: (L,) what is read; delta: (L,) how much each token counts.
        fade: A, negative.

    Returns:
        (L,) what is kept after each token.
    """
    u, delta = (torch.tensor(x, dtype=torch.float32).view(-1, 1, 1, 1) for x in (u, delta))
    one = torch.ones_like(u)
    return selective_scan(u, delta, torch.full((1, 1, 1), fade), one, one).flatten().numpy()


def scanned_rows(u: Sequence[float], rows: dict[str, Sequence[float]], fade: float) -> Figure:
    """Draw a row and what is kept of it along the way, for several choices of Δ.

    Args:
        u: (L,) the row.
        rows: Δ of every token, by title.
        fade: see `scan_row`.
    """
    figure, axes = new_figure(8.5, 2.8, columns=2)
    axes[0].bar(range(len(u)), u, color="0.7")
    axes[0].set(xlabel="token", title="the row, and Δ of its tokens")
    other = axes[0].twinx()
    for k, (title, delta) in enumerate(rows.items()):
        style = {"color": COLORS[k], "ls": DASHES[k]}
        other.plot(delta, marker="o", ms=3, **style)
        axes[1].plot(scan_row(u, delta, fade), marker="o", ms=3, label=title, **style)
    other.set(ylabel="Δ", ylim=(0, None))
    axes[1].set(xlabel="token", title="what is kept, h")
    axes[1].legend(fontsize=8)
    return figure


def four_ways(height: int, width: int) -> Figure:
    """Draw the order in which each of the four ways visits a plane."""
    figure, axes = new_figure(8.5, 2.4, columns=4)
    ways = unroll(torch.arange(height * width).view(1, 1, height, width))[:, :, 0, 0].T
    names = ("by rows", "by columns", "rows, reversed", "columns, reversed")
    for ax, way, name in zip(axes, ways.numpy(), names, strict=True):
        rows, columns = np.divmod(way, width)
        ax.plot(columns, rows, color=COLORS[0], lw=1)
        for step, (x, y) in enumerate(zip(columns, rows, strict=True)):
            ax.text(x, y, step + 1, ha="center", va="center", fontsize=8, bbox=_DISK)
        ax.set(title=name, xlim=(-0.6, width - 0.4), ylim=(height - 0.4, -0.6), aspect="equal")
        ax.axis("off")
    return figure


def hue_seam(first: float, second: float) -> Figure:
    """Draw two hues, and their means on the line of hues and in the disk.

    Args:
        first, second: in degrees, of full saturation.
    """
    figure, (line, disk) = new_figure(8.5, 2.8, columns=2)
    hues = np.linspace(0, 1, 361)
    line.imshow(_colors(hues)[None], extent=(0, 360, 0, 1), aspect="auto")
    mean = (first + second) / 2
    for place, mark in ((first, "v"), (second, "v"), (mean, "*")):
        line.plot(place, 1.25, mark, color=_colors(np.array([place / 360]))[0], mec="black", ms=11)
    line.set(ylim=(0, 1.6), yticks=[], xlabel="hue (°)", title="on a line: mean ★ of neighbors ▼")
    radius = np.linspace(0, 1, 40)
    angle, far = np.meshgrid(2 * np.pi * hues, radius)
    shades = hsv_to_rgb(np.stack((angle / (2 * np.pi), far, np.ones_like(far)), axis=-1))
    x, y = far * np.cos(angle), far * np.sin(angle)
    disk.scatter(x, y, c=shades.reshape(-1, 3), s=5)
    hsv = torch.tensor([[first / 360, second / 360], [1.0, 1.0], [1.0, 1.0]]).view(1, 3, 1, 2)
    points = hue_disk(hsv)
    center = points.mean(dim=-1, keepdim=True)
    for point, mark in ((points[..., :1], "v"), (points[..., 1:], "v"), (center, "*")):
        color = _colors(disk_hue(point).flatten().numpy())[0]
        disk.plot(*point[0, :2, 0, 0], mark, color=color, mec="black", ms=11)
    disk.set(aspect="equal", title="in a disk")
    disk.axis("off")
    return figure


def _colors(hues: np.ndarray) -> np.ndarray:
    return hsv_to_rgb(np.stack((hues % 1, np.ones_like(hues), np.ones_like(hues)), axis=-1))


_DISK = {"boxstyle": "circle,pad=0.15", "fc": "white", "ec": "0.5"}
