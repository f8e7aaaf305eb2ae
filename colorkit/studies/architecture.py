"""The architecture drawn from the network itself: no box is typed, all are measured."""

from dataclasses import dataclass

import matplotlib as mpl
import torch
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from colorkit.course.figures import COLORS, STYLE
from colorkit.models.colornet import ColorNet, parameter_count


@dataclass(frozen=True)
class Part:
    """One part as a forward pass saw it: shapes without the batch, and trainable parameters."""

    name: str
    shapes: tuple[tuple[int, ...], ...]  # of its output, in the order of its calls
    parameters: int


def measure_parts(model: ColorNet, height: int, width: int) -> list[Part]:
    """Run one image through a ColorNet and note what each part gives out.

    Args:
        model: the network; put in evaluation mode.
        height, width: of the image.
    """
    shapes: dict[str, list[tuple[int, ...]]] = {name: [] for name in model.parts()}

    def note(name):
        return lambda module, inputs, output: shapes[name].append(tuple(output.shape[1:]))

    # The global branch is several modules; its last one gives the branch's vector.
    last = dict(model.parts())
    last["global features"] = model.global_fuse
    hooks = [part.register_forward_hook(note(name)) for name, part in last.items()]
    try:
        with torch.inference_mode():
            model.eval()(torch.zeros(1, 1, height, width))
    finally:
        for hook in hooks:
            hook.remove()
    return [
        Part(name, tuple(shapes[name]), parameter_count(part))
        for name, part in model.parts().items()
    ]


# Where each part stands: (x, y) of its box on a grid of columns and rows.
_PLACES = {
    "low-level features": (1, 0.5),
    "mid-level features": (2, 1),
    "global features": (2, 0),
    "fusion": (3, 0.5),
    "colorization": (4, 0.5),
    "classifier": (3, -0.35),
}
_ARROWS = (
    ("low-level features", "mid-level features"),
    ("low-level features", "global features"),
    ("mid-level features", "fusion"),
    ("global features", "fusion"),
    ("fusion", "colorization"),
    ("global features", "classifier"),
)
_KINDS = {"global features": 1, "classifier": 1, "colorization": 2}


def architecture_figure(model: ColorNet, height: int = 224, width: int = 224) -> Figure:
    """Draw a ColorNet's parts with their output shapes and parameters (figure R-F1)."""
    parts = {part.name: part for part in measure_parts(model, height, width)}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.5, 4.2))
        ax = figure.subplots()
    ax.set(xlim=(0.05, 5.35), ylim=(-0.62, 1.35))
    ax.axis("off")
    _box(ax, (0.3, 0.5), f"gray\n1 × {height} × {width}", COLORS[6], 0.42)
    _arrow(ax, (0.52, 0.5), (0.62, 0.5))
    for name, part in parts.items():
        shapes = " and\n".join(" × ".join(map(str, shape)) for shape in part.shapes)
        text = f"{name}\n{shapes}\n{part.parameters:,} parameters"
        _box(ax, _PLACES[name], text, COLORS[_KINDS.get(name, 0)], 0.74)
    for start, end in _ARROWS:
        if start in parts and end in parts:
            (x0, y0), (x1, y1) = _PLACES[start], _PLACES[end]
            _arrow(ax, (x0 + 0.38, y0), (x1 - 0.38, y1))
    _arrow(ax, (4.38, 0.5), (4.72, 0.5))
    c, h, w = parts["colorization"].shapes[0]
    _box(ax, (4.98, 0.5), f"a*, b*\n{c} × {h} × {w}", COLORS[6], 0.5)
    return figure


def _box(ax, center, text, color, width) -> None:
    x, y = center
    corner = (x - width / 2, y - 0.19)
    ax.add_patch(
        FancyBboxPatch(corner, width, 0.38, boxstyle="round,pad=0.015", fc=color + "22", ec=color)
    )
    ax.text(x, y, text, ha="center", va="center", fontsize=7.5)


def _arrow(ax, start, end) -> None:
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=10, color="#444444"))
