"""A plan: the trainings that a piece of work would make, and how long they would take here.

Within `planning` nothing is trained. Each training that is not done yet is noted, a few of its
steps are timed, and a stand-in of its name takes its place, so that the trainings which start from
it can be planned as well.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import lightning as L
from lightning.pytorch.callbacks import Callback

from colorkit.data.batches import steps_of_epoch
from colorkit.models.weights import save_weights
from colorkit.system.devices import best_precision
from colorkit.system.writing import write_json, write_text
from colorkit.training import trainer
from colorkit.training.callbacks import Quiet
from colorkit.training.colorizer import Colorizer
from colorkit.training.run import Run, load_run

_TIMED = 4  # batches, the first of which pays for all that is made once


@dataclass(frozen=True)
class Planned:
    """A training to be made.

    Attributes:
        name: of its folder below `runs`, which says all that determines it.
        images: that it sees in an epoch.
        epochs: passes over them, at most.
        minutes: that it will take on this machine, by the time of a few steps.
    """

    name: str
    images: int
    epochs: int
    minutes: float


class Plan:
    """Trainings as they are asked for, in order.

    Attributes:
        trainings: those to be made.
    """

    def __init__(self, folder: Path):
        self.trainings: list[Planned] = []
        self._folder = folder
        self._seconds: dict[str, tuple[float, float]] = {}

    def __call__(self, run_folder: Path, trained: Colorizer, about: dict) -> Run:
        """Note a training and return what stands in for it."""
        folder = self._folder / run_folder.name
        if not (folder / "run.json").exists():
            step, look = self._time(trained, about["identity"])
            count, recipe = len(trained.train_set), trained.recipe
            steps = steps_of_epoch(count, recipe.batch_size)
            looks = -(-len(trained.val_set) // recipe.batch_size)
            minutes = recipe.epochs * (steps * step + looks * look) / 60
            self.trainings.append(Planned(run_folder.name, count, recipe.epochs, minutes))
            _stand_in(folder, trained, about)
        return load_run(folder)

    def _time(self, trained: Colorizer, identity: dict) -> tuple[float, float]:
        """Seconds of a step, and of a batch of validation; alike trainings are timed once."""
        recipe = {
            k: v for k, v in asdict(trained.recipe).items() if k not in ("epochs", "patience")
        }
        alike = str((identity["architecture"], identity["settings"], recipe, trained.size))
        alike += type(trained).__name__
        if alike not in self._seconds:
            clock = _Clock()
            with Quiet():
                trial = L.Trainer(
                    max_epochs=1,
                    limit_train_batches=_TIMED,
                    limit_val_batches=_TIMED,
                    accelerator="auto",
                    devices=1,
                    precision=best_precision() if recipe["precision"] == "auto" else "32-true",
                    callbacks=[clock],
                    logger=False,
                    enable_checkpointing=False,
                    enable_progress_bar=False,
                    enable_model_summary=False,
                    num_sanity_val_steps=0,
                    deterministic="warn",
                )
                trial.fit(trained)
            self._seconds[alike] = median(clock.steps[1:] or clock.steps), median(clock.looks)
        return self._seconds[alike]


class _Clock(Callback):
    """Notes how long each step, and each batch of validation, takes."""

    def __init__(self):
        self.steps, self.looks, self._since = [], [], 0.0

    def _start(self, *_) -> None:
        self._since = time.monotonic()

    def _of(self, times: list[float]) -> None:
        now = time.monotonic()
        times.append(now - self._since)
        self._since = now  # the next one pays for its batch

    on_train_epoch_start = on_validation_epoch_start = _start

    def on_train_batch_end(self, *_) -> None:
        """Note a step."""
        self._of(self.steps)

    def on_validation_batch_end(self, *_) -> None:
        """Note a batch of validation."""
        self._of(self.looks)


@contextmanager
def planning() -> Iterator[Plan]:
    """Let every training that `colorkit.training.trainer.fit` is asked for be planned instead."""
    with TemporaryDirectory(prefix="colorkit-plan-") as folder:
        plan = Plan(Path(folder))
        with trainer.replaced(plan):
            yield plan


def _stand_in(folder: Path, trained: Colorizer, about: dict) -> None:
    """Leave what a finished training leaves, with a network that has learned nothing."""
    folder.mkdir()
    identity, classes = about["identity"], trained.train_set.classes
    facts = {"classes": classes, "gray": trained.recipe.gray, "size": trained.size}
    save_weights(folder / "weights.safetensors", trained.model, name=about["name"], **facts)
    write_text(folder / "history.csv", f"epoch,seconds,{trained.judged}\n1,0,0\n")
    record = {"name": about["name"], "seed": trained.seed, "best_epoch": 1, "identity": identity}
    write_json(folder / "run.json", record | {"judged": trained.judged})
