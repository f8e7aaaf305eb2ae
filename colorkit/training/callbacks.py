"""What stands around the steps of a training: checkpoints, the table of losses, progress."""

import io
import os
import signal
import sys
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping
from lightning.pytorch.plugins.io import TorchCheckpointIO

from colorkit.models.weights import save_weights
from colorkit.system.writing import atomic_write


class AtomicCheckpoints(TorchCheckpointIO):
    """Checkpoints that appear whole or not at all, also on a full disk or under a kill.

    Lightning writes to the system's temporary folder and copies, which can leave half a file.
    """

    def save_checkpoint(self, checkpoint, path, storage_options=None) -> None:
        """Write a checkpoint; raises ColorkitError when the disk is full."""
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        with atomic_write(path) as file:
            file.write(buffer.getvalue())

    def load_checkpoint(self, path, *options, **more) -> dict:
        """Read a checkpoint; where its folder was moved, the paths in it follow."""
        checkpoint, here = super().load_checkpoint(path, *options, **more), str(Path(path).parent)
        for name, state in checkpoint["callbacks"].items():
            if before := state.get("dirpath"):
                checkpoint["callbacks"][name] = _moved(state, before, here)
        return checkpoint


def _moved(value, before: str, here: str):
    """Replace the beginning of paths in a callback's state."""
    if isinstance(value, str):
        return here + value.removeprefix(before) if value.startswith(before) else value
    if isinstance(value, dict):
        return {_moved(k, before, here): _moved(v, before, here) for k, v in value.items()}
    return value


class History(Callback):
    """The table of losses, kept in the checkpoint so that a resumed training has all of it."""

    def __init__(self, label: str, progress: str, total: int):
        self.rows: list[dict] = []
        self.label, self.progress, self.total = label, progress, total
        self.started = time.monotonic()

    def on_train_epoch_start(self, trainer, module) -> None:
        """Start the epoch's clock."""
        self.started = time.monotonic()

    def on_train_epoch_end(self, trainer, module) -> None:
        """Append a row; print it when ten lines in all leave room for it."""
        metrics = {name: value.item() for name, value in trainer.callback_metrics.items()}
        epoch = trainer.current_epoch + 1
        seconds = round(time.monotonic() - self.started, 2)
        self.rows.append({"epoch": epoch, **metrics, "seconds": seconds})
        every = max(1, -(-self.total // 10))
        shown = self.progress == "plain" and trainer.is_global_zero
        if shown and (epoch % every == 0 or epoch == self.total):
            name, error = module.judged.replace("_", " "), metrics[module.judged]
            print(f"{self.label} epoch {epoch}/{self.total} {name} {error:.5f} {seconds:.1f} s")

    def state_dict(self) -> dict:
        """Lightning stores this in the checkpoint."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict) -> None:
        """Lightning restores it on resuming."""
        self.rows = list(state_dict["rows"])


class RandomState(Callback):
    """Where PyTorch's generators stand, from which dropout draws, kept in the checkpoint."""

    def __init__(self):
        self._held: dict = {}

    def state_dict(self) -> dict:
        """Lightning stores this in the checkpoint."""
        return {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}

    def load_state_dict(self, state_dict: dict) -> None:
        """Lightning restores it on resuming, before other numbers are drawn."""
        self._held = state_dict

    def on_train_epoch_start(self, trainer, module) -> None:
        """Go on from there."""
        if self._held:
            torch.set_rng_state(self._held["cpu"])
            torch.cuda.set_rng_state_all(self._held["cuda"][: torch.cuda.device_count()])
            # The iterator of the batches, made before this in an epoch that is resumed and after
            # it in every other one, draws a seed for workers.
            torch.empty((), dtype=torch.int64).random_()
            self._held = {}


class Patience(EarlyStopping):
    """Early stopping that is still stopped when resumed: Lightning would train one epoch more."""

    def on_train_start(self, trainer, module) -> None:
        """Look whether the last epoch was one too many."""
        if self.wait_count >= self.patience:
            trainer.should_stop = True


class Snapshots(Callback):
    """Weights kept along the way, so that chapters can show images as epochs pass."""

    def __init__(self, folder: Path, epochs: int):
        self.folder = folder
        self.epochs = {1, -(-epochs // 4), -(-epochs // 2), epochs}

    def on_train_epoch_end(self, trainer, module) -> None:
        """Write the weights if this is one of the epochs."""
        epoch = trainer.current_epoch + 1
        if epoch in self.epochs and trainer.is_global_zero:
            save_weights(self.folder / f"epoch-{epoch:04d}.safetensors", module.model, epoch=epoch)


def choose_progress() -> str:
    """`live` bar in Jupyter or a terminal, `plain` lines in a batch run, `none` in CI.

    The report's runner says `plain` through the environment: a bar would flood its notebooks.
    """
    chosen = os.environ.get("COLORKIT_PROGRESS")
    if chosen:
        return chosen
    if os.environ.get("CI"):
        return "none"
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return "live" if shell or sys.stderr.isatty() else "plain"


@contextmanager
def interruptible():
    """Keep Ctrl-C an exception: Lightning makes it the program's end, and is deaf to the next."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as end:
        if isinstance(end.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from end
        raise
    finally:
        if signal.getsignal(signal.SIGINT) is not before:
            signal.signal(signal.SIGINT, before)


class OwnStops(Callback):
    """Keep what SIGTERM does.

    Lightning has the processes of a training agree on the end when it comes, which takes forever
    where another one is in the middle of a step.
    """

    def __init__(self):
        self.before = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer, module) -> None:
        """Take Lightning's handler away, which it has put before ours by now."""
        if callable(self.before):
            signal.signal(signal.SIGTERM, self.before)


class Quiet(warnings.catch_warnings):
    """Silence what Lightning says about choices made on purpose here (no workers, devices)."""

    def __enter__(self):
        import logging

        result = super().__enter__()
        warnings.filterwarnings("ignore", module=r"lightning\..*")
        warnings.filterwarnings("ignore", category=FutureWarning)
        # Of the fusion's weights, used by halves: their copy is small.
        warnings.filterwarnings("ignore", message="Grad strides do not match")
        self._logger = logging.getLogger("lightning.pytorch")
        self._level = self._logger.level
        self._logger.setLevel(logging.ERROR)
        return result

    def __exit__(self, *error):
        self._logger.setLevel(self._level)
        return super().__exit__(*error)
