"""How a network is trained: the settings, checked, from which a training takes its name."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

STRICT = ConfigDict(extra="forbid", strict=True)
Count = Annotated[int, Field(ge=1)]
CountOrZero = Annotated[int, Field(ge=0)]  # 0 means none or no limit
Gray = Literal["red", "green", "blue", "mean", "weighted", "lab", "random"]


@dataclass(frozen=True, config=STRICT)
class Recipe:
    """How a colorizer is trained.

    Attributes:
        epochs: passes over the training images.
        batch_size: images a step.
        learning_rate: of the optimizer.
        warmup: steps over which the learning rate rises to that, evenly; 0 begins with it.
        optimizer: `adam` (the reports) or `adadelta` (the paper).
        alpha: weight of the classification loss.
        reduction: of the color loss, see `colorkit.training.losses.color_loss`.
        beta: weight of the colorfulness loss; 0 leaves it out.
        delta: its form, see `colorkit.training.losses.colorfulness_gap`.
        keep_shares: the colorfulness loss leaves the classification its share, see
            `colorkit.training.losses.joint_loss`; without, as the report printed it.
        gray: decolorization the network is fed; `weighted` is what the reports used, `random`
            draws one for every image of every step.
        patience: epochs without a better validation color loss before stopping; 0 never stops.
        precision: `32-true`, `bf16-mixed`, or `auto` (bf16 where the processor multiplies it).
    """

    epochs: Count = 32
    batch_size: Count = 32
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    warmup: CountOrZero = 0
    optimizer: Literal["adam", "adadelta"] = "adam"
    alpha: Annotated[float, Field(ge=0)] = 1 / 300
    reduction: Literal["mean", "sum"] = "mean"
    beta: Annotated[float, Field(ge=0)] = 0.0
    delta: Literal["difference", "ratio"] = "difference"
    keep_shares: bool = False
    gray: Gray = "weighted"
    patience: CountOrZero = 0
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
