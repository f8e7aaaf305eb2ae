"""A tiny training as a program, so that Lightning can start it several times over.

`python shared_training.py FOLDER DEVICES WAY [EPOCH]` trains; in EPOCH the last process dies.
"""

import os
import signal
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch.callbacks import Callback

from colorkit.app.commands import say
from colorkit.course.networks import scene_entries
from colorkit.data.collection import collect
from colorkit.models.colornet import ColorNet
from colorkit.studies.nir.training import NirColorizer, NirRecipe
from colorkit.system.errors import ColorkitError
from colorkit.training import trainer as training
from colorkit.training.colorizer import Colorizer
from colorkit.training.recipe import Recipe

# Every image draws its own gray, crop or filter, which must not depend on the process it is given
# to. By name: the recipe, what is trained, how many images choose the best epoch: 9 leave a
# remainder too small for two processes.
COMMON = {"epochs": 3, "batch_size": 8, "precision": "32-true"}
WAYS = {
    "gray": (Recipe(**COMMON, gray="random"), Colorizer, 9),
    "nir": (NirRecipe(**COMMON, structure="gradient"), NirColorizer, 8),
}
torch.set_num_threads(1)


def paint(entry, size):
    """Blocks of random colors, another picture for every name."""
    rng = np.random.default_rng(zlib.crc32(entry.name.encode()))
    blocks = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return blocks.repeat(size // 6, axis=0).repeat(size // 6, axis=1)


def run(folder: Path, devices: int = 1, way: str = "gray"):
    """19 training images: two whole batches."""
    entries = scene_entries(["lawn", "sky"], {"train": 10, "val": 5, "test": 1})[:-1]
    found = collect(entries, 36, folder / "cache", source="blocks", reader=paint, recipe="blocks")
    val = found.subset(["lawn", "sky"], "val")
    recipe, module, count = WAYS[way]
    return training.fit(
        "tiny",
        lambda: ColorNet(2, width=0.125, global_size=32),
        recipe,
        found.subset(["lawn", "sky"], "train"),
        val.take(range(count)),
        size=32,
        seed=0,
        folder=folder,
        data="blocks",
        fingerprint=found.fingerprint,
        devices=devices,
        module=module,
    )


class Die(Callback):
    """What a machine that fails does to its process."""

    def __init__(self, epoch: int, how: signal.Signals | None = None):
        self.epoch, self.how = epoch, how or signal.SIGKILL

    def on_train_batch_end(self, trainer, *_):
        """End the last process within the epoch."""
        last = trainer.global_rank == trainer.world_size - 1
        if trainer.current_epoch == self.epoch - 1 and last:
            os.kill(os.getpid(), self.how)


class StopAfter(Callback):
    """Stop as Ctrl-C does, when so many epochs have ended."""

    def __init__(self, epochs: int):
        self.epochs = epochs

    def on_train_epoch_start(self, trainer, module):
        """Raise as Python does."""
        if trainer.current_epoch == self.epochs:
            raise KeyboardInterrupt


def with_callback(callback: Callback):
    """Give what makes trainers that have one callback more."""
    make = training.L.Trainer
    return lambda **options: make(**options | {"callbacks": [*options["callbacks"], callback]})


def main() -> None:
    """Train; end as the command line ends."""
    folder, devices, way, *epoch = sys.argv[1:]
    if epoch:
        training.L.Trainer = with_callback(Die(int(epoch[0])))
    try:
        run(Path(folder), int(devices), way)
    except ColorkitError as error:
        say(str(error))
        sys.exit(2)


if __name__ == "__main__":
    main()
