"""A tiny training as a program, so that Lightning can start it several times over.

`python shared_training.py FOLDER DEVICES [EPOCH]` trains; in EPOCH the last process kills itself.
"""

import os
import signal
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch.callbacks import Callback

from colorkit import training
from colorkit.cli import _say
from colorkit.course import scene_entries
from colorkit.data.collection import collect
from colorkit.errors import ColorkitError
from colorkit.models import ColorNet
from colorkit.profiles import Recipe

# Every image draws its own gray and crop, which must not depend on the process it is given to.
RECIPE = Recipe(epochs=3, batch_size=8, precision="32-true", gray="random")
torch.set_num_threads(1)


def paint(entry, size):
    """Blocks of random colors, another picture for every name."""
    rng = np.random.default_rng(zlib.crc32(entry.name.encode()))
    blocks = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return blocks.repeat(size // 6, axis=0).repeat(size // 6, axis=1)


def run(folder: Path, devices: int = 1):
    """19 training images: two whole batches. 9 validation images: a remainder too few for two."""
    entries = scene_entries(["lawn", "sky"], {"train": 10, "val": 5, "test": 1})[:-1]
    found = collect(entries, 36, folder / "cache", source="blocks", reader=paint, recipe="blocks")
    val = found.subset(["lawn", "sky"], "val")
    return training.fit(
        "tiny",
        lambda: ColorNet(2, width=0.125, global_size=32),
        RECIPE,
        found.subset(["lawn", "sky"], "train"),
        val.take(range(9)),
        size=32,
        seed=0,
        folder=folder,
        data="blocks",
        fingerprint=found.fingerprint,
        devices=devices,
    )


class Die(Callback):
    """What a machine that fails does to its process."""

    def __init__(self, epoch: int):
        self.epoch = epoch

    def on_train_batch_end(self, trainer, *_):
        """Kill the last process within the epoch."""
        last = trainer.global_rank == trainer.world_size - 1
        if trainer.current_epoch == self.epoch - 1 and last:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Train; end as the command line ends."""
    folder, devices, *epoch = sys.argv[1:]
    if epoch:
        make = training.L.Trainer
        training.L.Trainer = lambda **options: make(
            **options | {"callbacks": [*options["callbacks"], Die(int(epoch[0]))]}
        )
    try:
        run(Path(folder), int(devices))
    except ColorkitError as error:
        _say(str(error))
        sys.exit(2)


if __name__ == "__main__":
    main()
