"""A finished training, as its folder holds it."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from colorkit.models.weights import load_weights
from colorkit.system.errors import ColorkitError


@dataclass(frozen=True)
class Run:
    """A finished training.

    Attributes:
        name: network's name, such as `vegenet`.
        seed: of initialization, order and augmentation.
        folder: where its files lie.
        history: one row an epoch: `epoch`, `seconds`, and for `train` and `val` the `_total` that
            is minimized and its parts `_color`, `_class`; `val_accuracy`. Colors are mean squared
            errors of chroma scaled to [0, 1].
        best_epoch: the epoch whose weights are kept, counted from 1.
        judged: the column of the history that was smallest then, on validation images.
    """

    name: str
    seed: int
    folder: Path
    history: pd.DataFrame
    best_epoch: int
    judged: str = "val_color"

    @property
    def error(self) -> float:
        """The best epoch's validation error, by which it was chosen."""
        return float(self.history[self.judged].min())

    @property
    def snapshots(self) -> dict[int, Path]:
        """Weights after the first epoch, a quarter, half and all of them, by epoch."""
        return {int(p.stem.split("-")[1]): p for p in sorted(self.folder.glob("epoch-*"))}

    @property
    def weights(self) -> Path:
        """The best epoch's weights file."""
        return self.folder / "weights.safetensors"

    def model(self):
        """Load the best epoch's network, in evaluation mode."""
        return load_weights(self.weights)[0]


def load_run(folder: str | Path) -> Run:
    """Read a finished training from its folder.

    Raises:
        ColorkitError: the folder holds none.
    """
    folder = Path(folder)
    if not (folder / "run.json").exists():
        raise ColorkitError(f"{folder} holds no finished training; train it first")
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    history = pd.read_csv(folder / "history.csv")
    judged = record.get("judged", "val_color")
    return Run(record["name"], record["seed"], folder, history, record["best_epoch"], judged)
