"""The architecture drawn from the network itself: no box is typed, all are measured."""

from dataclasses import dataclass

import torch
from matplotlib.figure import Figure

from colorkit.course.diagrams import Box, diagram
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


# Where the middle of each part's box stands, in columns and rows, and what kind of part it is.
_PLACES = {
    "low-level features": (1.0, 0.0, "layers"),
    "mid-level features": (2.0, 0.8, "layers"),
    "global features": (2.0, -0.8, "light"),
    "fusion": (3.0, 0.0, "layers"),
    "colorization": (4.0, 0.0, "color"),
    "classifier": (3.0, -0.8, "light"),
}
_ARROWS = (
    ("gray", "low-level features"),
    ("low-level features", "mid-level features"),
    ("low-level features", "global features"),
    ("mid-level features", "fusion"),
    ("global features", "fusion"),
    ("fusion", "colorization"),
    ("global features", "classifier"),
    ("colorization", "a*, b*"),
)


def architecture_figure(model: ColorNet, height: int = 224, width: int = 224) -> Figure:
    """Draw a ColorNet's parts with their output shapes and parameters (figure R-F1)."""
    boxes = {"gray": Box(f"gray\n1 × {height} × {width}", 0.1, 0, "data", 0.7)}
    for part in measure_parts(model, height, width):
        shapes = " and ".join(" × ".join(map(str, shape)) for shape in part.shapes)
        text = f"{part.name}\n{shapes}\n{part.parameters:,} parameters"
        boxes[part.name] = Box(text, *_PLACES[part.name], 0.86)
        if part.name == "colorization":
            colors = f"a*, b*\n{shapes}"
    boxes["a*, b*"] = Box(colors, 4.9, 0, "data", 0.7)
    arrows = [(start, end) for start, end in _ARROWS if start in boxes and end in boxes]
    return diagram(boxes, arrows, column=1.65, row=1.1)
