"""Diagrams of networks in one style: boxes with the shapes that really pass, and arrows.

Nothing is typed that can be measured: a network is run once, and what its parts give out is written
into the boxes. Colors say what a thing is, in every diagram alike.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib as mpl
import torch
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from torch import Tensor, nn

from colorkit.course.figures import COLORS, STYLE
from colorkit.models.nirnet import LUMINANCES, NirNet
from colorkit.models.unet import UNet

KINDS = {"data": COLORS[6], "layers": COLORS[0], "light": COLORS[4], "color": COLORS[2]}
_HEIGHT = 0.5  # of a box, where a row is 1 high


class Box(NamedTuple):
    """A box of a diagram.

    Attributes:
        text: lines, the name first.
        x, y: its middle, in columns and rows, upwards.
        kind: a key of `KINDS`.
        width: in columns.
    """

    text: str
    x: float
    y: float
    kind: str = "layers"
    width: float = 0.8


def shape_of(tensor: Tensor) -> str:
    """The shape of one picture of a batch: "2 × 64 × 64"."""
    return " × ".join(map(str, tensor.shape[1:]))


def shapes(network: nn.Module, *inputs: Tensor, parts: Mapping[str, nn.Module]) -> dict[str, str]:
    """Run a network once and note what its parts give out.

    Args:
        network: put in evaluation mode for it.
        *inputs: a batch of one.
        parts: by name.

    Returns:
        The shape of each part's last output, by name.
    """
    found: dict[str, str] = {}

    def note(name):
        return lambda module, given, output: found.__setitem__(name, shape_of(output))

    hooks = [part.register_forward_hook(note(name)) for name, part in parts.items()]
    training = network.training
    try:
        with torch.no_grad():
            network.eval()(*inputs)
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    return found


def diagram(
    boxes: Mapping[str, Box],
    arrows: Sequence[tuple[str, str] | tuple[str, str, str]],
    column: float = 1.7,
    row: float = 0.95,
) -> Figure:
    """Draw boxes and arrows.

    Args:
        boxes: by name.
        arrows: names of where each begins and ends, and what is written at it, if anything. One
            that goes along a row is straight; one within a column goes up or down.
        column, row: inches.
    """
    left = min(box.x - box.width / 2 for box in boxes.values()) - 0.1
    right = max(box.x + box.width / 2 for box in boxes.values()) + 0.1
    low, high = (f(box.y for box in boxes.values()) for f in (min, max))
    low, high = low - 0.45, high + 0.45
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(column * (right - left), row * (high - low)))
        ax = figure.subplots()
    ax.set(xlim=(left, right), ylim=(low, high))
    ax.axis("off")
    for box in boxes.values():
        color = KINDS[box.kind]
        corner = (box.x - box.width / 2, box.y - _HEIGHT / 2)
        style = "round,pad=0,rounding_size=0.06"
        ax.add_patch(
            FancyBboxPatch(corner, box.width, _HEIGHT, boxstyle=style, fc=color + "22", ec=color)
        )
        ax.text(box.x, box.y, box.text, ha="center", va="center", fontsize=8)
    for start, end, *label in arrows:
        _arrow(ax, boxes[start], boxes[end], *label)
    return figure


def _arrow(ax, start: Box, end: Box, label: str = "") -> None:
    if abs(end.x - start.x) < 0.05:
        sign = 1 if end.y > start.y else -1
        ends = (start.x, start.y + sign * _HEIGHT / 2), (end.x, end.y - sign * _HEIGHT / 2)
    else:
        sign = 1 if end.x > start.x else -1
        ends = (
            (start.x + sign * start.width / 2, start.y),
            (end.x - sign * end.width / 2, end.y),
        )
    style = {"arrowstyle": "-|>", "mutation_scale": 10, "color": "#444444", "shrinkA": 1}
    ax.add_patch(FancyArrowPatch(*ends, **style, shrinkB=1))
    if label:
        (x0, y0), (x1, y1) = ends
        beside = 0.0 if y0 == y1 else 0.1 * (1 if y1 > y0 else -1)  # clear of a slanting arrow
        place = {"ha": "center" if not beside else "left" if beside > 0 else "right"}
        above = 0.04 if y0 == y1 else -0.12
        ax.text(
            (x0 + x1) / 2 + beside,
            (y0 + y1) / 2 + above,
            label,
            va="bottom",
            fontsize=7,
            color="#444444",
            **place,
        )


def unet_diagram(network: UNet, side: int = 128) -> Figure:
    """A U-Net: its levels down at the left, up at the right, and the skips across.

    Args:
        network: any; without skips no arrows cross.
        side: of the picture.
    """
    depth = network.depth
    parts = {"down 0": network.first, "last": network.last}
    parts |= {f"down {k + 1}": layers for k, layers in enumerate(network.down)}
    parts |= {f"up {depth - 1 - k}": layers for k, layers in enumerate(network.join)}
    image = torch.zeros(1, network.in_channels, side, side)
    found = shapes(network, image, parts=parts) | {"in": shape_of(image)}
    boxes = {"in": Box(f"lightness\n{found['in']}", 0, 0, "data")}
    boxes["out"] = Box(f"chroma\n{found['last']}", 5, 0, "color")
    arrows: list[tuple] = [("in", "down 0"), ("up 0", "out")]
    for k in range(depth + 1):
        bottom = k == depth
        text = f"{'the narrow middle' if bottom else f'level {k}'}\n{found[f'down {k}']}"
        x = 2.5 if bottom else 1.1
        boxes[f"down {k}"] = Box(text, x, -k, "layers", 1.0)
        if not bottom:
            boxes[f"up {k}"] = Box(f"level {k}\n{found[f'up {k}']}", 3.9, -k, "layers", 1.0)
            if network.skips:
                arrows.append((f"down {k}", f"up {k}", "skip"))
    for k in range(depth):
        arrows.append((f"down {k}", f"down {k + 1}", "halve" if k == depth - 1 else ""))
        below = f"down {depth}" if k == depth - 1 else f"up {k + 1}"
        arrows.append((below, f"up {k}", "double" if k == depth - 1 else ""))
    return diagram(boxes, arrows, column=1.55)


def receptive_fields(layers: Sequence[tuple[int, int]]) -> list[int]:
    """How many pixels along a side an answer depends on, after each of several convolutions.

    A layer of kernel k adds k − 1 steps, and a step is as many pixels wide as all strides before
    it, multiplied.

    Args:
        layers: kernel and stride of each, from the picture on.

    Returns:
        Pixels, one number a layer.
    """
    seen, step, found = 1, 1, []
    for kernel, stride in layers:
        seen += (kernel - 1) * step
        step *= stride
        found.append(seen)
    return found


def convolutions(network: nn.Module) -> list[tuple[int, int]]:
    """Kernel and stride of a chain of square convolutions, in order."""
    found = (m for m in network.modules() if isinstance(m, nn.Conv2d))
    return [(m.kernel_size[0], m.stride[0]) for m in found]


def receptive_diagram(network: nn.Module, most: int | None = None) -> Figure:
    """Draw how the square of pixels grows that one answer sees, layer by layer.

    Args:
        network: a chain of convolutions.
        most: side of what the network is shown, which cuts the growth off.
    """
    layers = convolutions(network)
    sides = receptive_fields(layers)
    widest = min(sides[-1], most or sides[-1])
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(1.5 * len(sides), 2.1))
        axes = figure.subplots(1, len(sides))
    for ax, side, (kernel, stride) in zip(axes, sides, layers, strict=True):
        ax.set(xlim=(-widest / 2, widest / 2), ylim=(-widest / 2, widest / 2), aspect="equal")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
        ax.spines[:].set_color("#bbbbbb")
        cut = min(side, widest)
        ax.add_patch(Rectangle((-cut / 2, -cut / 2), cut, cut, fc=COLORS[0] + "44", ec=COLORS[0]))
        ax.set_title(f"{kernel} × {kernel}, stride {stride}", fontsize=8)
        ax.set_xlabel(f"sees {side} × {side}" + (f", has {most}" if side > cut else ""), fontsize=8)
    return figure


def nir_ways(size: int = 64, ways: str = "abcd") -> Figure:
    """The four ways from near infrared to color, with the shapes that pass (chapters 10 and 11).

    Args:
        size: side of the picture.
        ways: letters of those that are drawn.
    """
    given, painted = torch.zeros(1, 1, size, size), {}
    for luminance in LUMINANCES:
        network = NirNet(luminance=luminance, width=0.125, global_size=size).eval()
        with torch.no_grad():
            painted[luminance] = network(given)[:2]  # chroma, and L* or None
    ab, _ = painted["none"]
    alone, (_, L) = f"a*, b*\n{shape_of(ab)}", painted["branch"]
    whole = torch.cat(painted["head"], dim=1)
    rows = {
        "a": ("VégéNet,\ntrained on gray", alone, "the true L*\n(colors are judged)"),
        "b": ("ColorNet,\ntrained on pairs", alone, "near infrared\nas L*"),
        "c": ("ColorNet,\none head", f"L*, a*, b*\n{shape_of(whole)}", ""),
        "d": ("ColorNet,\nL* by a branch", alone, f"L*\n{shape_of(L)}"),
    }
    boxes: dict[str, Box] = {}
    arrows: list[tuple] = []
    for k, way in enumerate(ways):
        network, gives, light = rows[way]
        y = -1.25 * k
        text = f"way {way}: near infrared\n{shape_of(given)}"
        boxes[f"{way} in"] = Box(text, 0, y, "data", 1.1)
        boxes[f"{way} net"] = Box(network, 1.5, y, "layers", 1.1)
        boxes[f"{way} color"] = Box(gives, 2.85, y + (0.3 if light else 0), "color", 0.95)
        boxes[f"{way} out"] = Box("the picture", 4.15, y, "data", 0.9)
        arrows += [(f"{way} in", f"{way} net"), (f"{way} net", f"{way} color")]
        arrows.append((f"{way} color", f"{way} out"))
        if light:
            boxes[f"{way} light"] = Box(light, 2.85, y - 0.3, "light", 0.95)
            arrows.append((f"{way} light", f"{way} out"))
        if way == "d":
            arrows.append((f"{way} net", f"{way} light"))
    return diagram(boxes, arrows, column=1.75, row=0.85)
