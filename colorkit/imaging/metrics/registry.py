"""The list of measures: name, unit, direction, and the tables in which each stands.

A measure stands in the list because `metric` decorates its function (in `quality`, say); from there
it comes into every table that its `tables` names: `colorkit.imaging.metrics.tables` makes them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

TABLES = {
    "chapter": "networks of the course in their own chapters",
    "evaluation": "what `colorkit.course.evaluation.evaluate` measures unless it is told otherwise",
    "gallery": "all networks of the chapters on U-Nets and GANs, image by image",
    "summary": "the same networks, one line each",
    "infrared": "ways from near infrared to color",
    "compare": "`colorkit colorize --compare`",
}


@dataclass(frozen=True)
class Metric:
    """What a table needs to know about a measure.

    Attributes:
        name: in words.
        unit: of its numbers; empty for a plain number.
        better: which way is better. For a measure of one image "higher" holds only up to the
            value of the truth.
        function: (pred, true) to (B,), or (rgb) to (B,) for a measure of one image.
        inputs: 2, or 1 for a measure of one image.
        min_side: pixels that an image must have on a side to be measured.
        tables: names of `TABLES` in which it stands.
    """

    name: str
    unit: str
    better: Literal["higher", "lower"]
    function: Callable[..., Tensor]
    inputs: int
    min_side: int
    tables: frozenset[str]

    @property
    def heading(self) -> str:
        """Name with unit, as a table shows it."""
        return (
            self.name if not self.unit or self.unit in self.name else f"{self.name} ({self.unit})"
        )


METRICS: dict[str, Metric] = {}


def metric(
    name: str,
    unit: str = "",
    *,
    better: Literal["higher", "lower"],
    inputs: int = 2,
    min_side: int = 1,
    tables: Iterable[str] = tuple(TABLES),
):
    """Put a function into `METRICS` under its own name; arguments as of `Metric`.

    A new measure stands in every table, unless it says in which.

    Raises:
        ValueError: a table that is not in `TABLES`.
    """
    tables = frozenset(tables)
    if unknown := tables - set(TABLES):
        raise ValueError(f"no table {sorted(unknown)[0]!r}; there are {', '.join(TABLES)}")

    def keep(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        METRICS[function.__name__] = Metric(name, unit, better, function, inputs, min_side, tables)
        return function

    return keep


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over the pixels of a mask, image by image.

    Args:
        values: (B, …) float.
        mask: the same shape, bool.

    Returns:
        (B,); NaN where the mask of an image is empty. What lies outside does not count, NaN
        included.

    Raises:
        ValueError: unequal shapes, or a mask that is not bool.
    """
    if values.shape != mask.shape or values.ndim < 2 or mask.dtype != torch.bool:
        raise ValueError(
            "values and mask must agree in shape, (batch, …), and the mask be bool; got "
            f"{tuple(values.shape)} and {mask.dtype} {tuple(mask.shape)}"
        )
    # where, not a product: a value outside the mask may be NaN.
    return torch.where(mask, values, 0.0).flatten(1).sum(dim=1) / mask.flatten(1).sum(dim=1)


def checked(*images: Tensor, min_side: int = 1, channels=(3,)) -> tuple[Tensor, ...]:
    """Check the images of a measure; half precision becomes float32.

    Args:
        images: (B, 3, H, W) float each, sRGB in [0, 1].
        min_side: pixels they must have on a side.
        channels: how many they may have.

    Raises:
        ValueError: another shape, type, size or range, or images of different shapes.
    """
    for image in images:
        shape, kind = tuple(image.shape), image.dtype
        shaped = len(shape) == 4 and shape[1] in channels and 0 not in shape
        if not shaped or not image.is_floating_point():
            wanted = " or ".join(f"(B, {count}, H, W)" for count in channels)
            raise ValueError(f"images must be float {wanted}, received {kind} {shape}")
        if shape != images[0].shape:
            raise ValueError(f"images must agree, received {tuple(images[0].shape)} and {shape}")
        if min(shape[2:]) < min_side:
            raise ValueError(f"images need {min_side} pixels on a side, received {shape}")
        low, high = image.detach().aminmax()
        if low < -1e-3 or high > 1 + 1e-3:
            raise ValueError(f"sRGB must lie in [0, 1], received {low:.4g} to {high:.4g}")
    return tuple(i if i.dtype == torch.float64 else i.float() for i in images)
