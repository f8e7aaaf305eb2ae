"""Small runs of every kind that a kill can end, each in a process of its own.

A run passes countable moments: *steps* of what it does (an optimizer's step, a picture decoded, a
cell of a chapter), and *writes*, when the temporary file holds half of what it should. `begin`
starts a run that kills itself at one of them; no clean-up of any kind follows a SIGKILL.
"""

import json
import multiprocessing
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from made_box import make_box
from shared_training import COMMON, paint, with_callback

from colorkit.app import cli
from colorkit.course.networks import scene_entries
from colorkit.data import cache as caches
from colorkit.data.collection import collect
from colorkit.data.curation import curate, gather
from colorkit.data.folders import list_images
from colorkit.data.shards import packing
from colorkit.data.shards.tar_files import Shards, write_shards
from colorkit.inference import files as photographs
from colorkit.models import pretrained
from colorkit.models.colornet import ColorNet
from colorkit.models.hintnet import HintUNet
from colorkit.models.unet import UNet
from colorkit.report import build as report
from colorkit.report import runner
from colorkit.studies.gans.training import GanColorizer, GanRecipe
from colorkit.studies.hints.training import HintsColorizer, HintsRecipe
from colorkit.studies.nir.training import NirColorizer, NirRecipe
from colorkit.system.writing import write_text
from colorkit.training import trainer as training
from colorkit.training.colorizer import Colorizer
from colorkit.training.recipe import Recipe

CLASSES = ["lawn", "sky"]
SETTINGS = {"width": 0.125, "global_size": 32}
# By name: the recipe, what trains, and the network. Together they hold all that a training has
# to remember: the order, crops, drawn grays, filters and hints, dropout, early stopping, the
# learning rate's cycle, two optimizers, spectral normalization's vectors, the shards' epoch.
WAYS = {
    "early": (
        Recipe(**COMMON | {"epochs": 9, "learning_rate": 0.02}, patience=2),
        Colorizer,
        lambda: ColorNet(2, **SETTINGS, dropout=0.5),
    ),
    "gray": (Recipe(**COMMON, gray="random"), Colorizer, lambda: ColorNet(2, **SETTINGS)),
    "gan": (
        GanRecipe(**COMMON, discriminator_width=4, spectral=True, schedule="alternating-steps"),
        GanColorizer,
        lambda: UNet(1, 2, 4, 2),
    ),
    "hints": (HintsRecipe(**COMMON), HintsColorizer, lambda: HintUNet(2)),
    "nir": (
        NirRecipe(**COMMON, structure="gradient", cycle=True),
        NirColorizer,
        lambda: ColorNet(2, **SETTINGS),
    ),
    "shards": (Recipe(**COMMON), Colorizer, lambda: ColorNet(2, **SETTINGS)),
}


class Moments:
    """Counts what a run passes, and ends it where it is told to."""

    def __init__(self):
        self.passed, self.last, self.sizes = Counter(), None, {}

    def reach(self, kind: str) -> bool:
        """Count a moment; say whether it is the last one."""
        self.passed[kind] += 1
        return self.last == (kind, self.passed[kind])

    def step(self, *_) -> None:
        """Pass a step."""
        if self.reach("step"):
            os.kill(os.getpid(), signal.SIGKILL)

    def write(self, descriptor: int) -> None:
        """Pass the end of a write, before the file has its name."""
        status = os.fstat(descriptor)
        before = self.sizes.get(status.st_ino, 0)  # of a file that grows
        if self.reach("write"):
            os.ftruncate(descriptor, (before + status.st_size) // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        _fsync(descriptor)
        self.sizes[status.st_ino] = status.st_size


MOMENTS = Moments()
_fsync = os.fsync


class Steps(Callback):
    """Tells of each step of a training, between its loss and its gradient."""

    def on_before_backward(self, *_) -> None:
        """Pass a step."""
        MOMENTS.step()


def train(folder: Path, way: str):
    """19 training images in two whole batches, 9 to choose the best epoch."""
    entries = scene_entries(CLASSES, {"train": 10, "val": 5, "test": 1})[:-1]
    found = collect(entries, 36, folder / "cache", source="blocks", reader=paint, recipe="blocks")
    recipe, module, make = WAYS[way]
    images = found.subset(CLASSES, "train")
    if way == "shards":
        pairs = [(pixels.numpy(), CLASSES[label]) for pixels, label in images]
        write_shards(pairs, folder / "shards", CLASSES, 36, per_shard=7)
        images = Shards(folder / "shards")
    training.L.Trainer = with_callback(Steps())
    return training.fit(
        way,
        make,
        recipe,
        images,
        found.subset(CLASSES, "val"),
        size=32,
        seed=0,
        folder=folder / "runs",
        data="blocks",
        fingerprint=found.fingerprint,
        module=module,
    )


def decode(folder: Path) -> None:
    """Build a cache of ten chunks; every image that is decoded leaves a line."""

    def read(entry, size):
        MOMENTS.step()
        _note(folder, entry.name)
        return paint(entry, size)

    caches.CHUNK = 4
    entries = scene_entries(CLASSES, {"train": 20})
    caches.open_cache(entries, 36, folder / "cache", reader=read, recipe="blocks")


def build(folder: Path, source: Path) -> None:
    """Build a data set; every photograph that is read leaves a line."""
    read = gather.read_image

    def noted(path, **options):
        MOMENTS.step()
        _note(folder, str(path))
        return read(path, **options)

    gather.read_image = noted
    curate.build([source], folder / "set", side=80, min_side=64)


def pack(folder: Path, source: Path) -> None:
    """Write photographs as shards."""
    read = packing.read_image

    def counted(path, **options):
        MOMENTS.step()
        return read(path, **options)

    packing.read_image = counted
    packing.pack(list_images(source), folder / "packed", 64, 4)


def colorize(folder: Path, source: Path) -> None:
    """Type the command that colorizes a folder."""
    pretrained.FOLDER = folder.parent / "box"
    if not pretrained.FOLDER.exists():
        pretrained.FOLDER.mkdir()
        make_box(pretrained.FOLDER)
    read = photographs.read_metadata

    def counted(*arguments):
        MOMENTS.step()
        return read(*arguments)

    photographs.read_metadata = counted
    sys.argv = ["colorkit", "colorize", str(source), "-o", str(folder / "out")]
    cli.main()


def run_report(folder: Path) -> None:
    """Run the chapters of the project in a folder, but build no HTML: that has its own test."""
    os.chdir(folder)
    report._build_book = lambda run, root: None
    report._library = lambda root: "the same"
    run = runner._run_chapter

    def counted(*arguments):
        MOMENTS.step()
        return run(*arguments)

    runner._run_chapter = counted
    report.run_report()


def command(folder: Path, *words: str) -> None:
    """Type a command, in a folder."""
    os.chdir(folder)
    pretrained.FOLDER = folder.parent / "box"
    sys.argv = ["colorkit", *words]
    cli.main()


def begin(job, *arguments, last: tuple[str, int] | None = None, log: Path):
    """Start a job in a process of its own, which dies at its last moment.

    Args:
        job: a function of this module, and its arguments.
        last: kind and number, counted from 1, of a moment.
        log: where what it says goes; beside it an empty file when it begins, and in
            the end, as JSON, how many moments it passed.
    """
    context = multiprocessing.get_context("forkserver")  # the libraries are imported once
    context.set_forkserver_preload([__name__])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    try:
        process = context.Process(target=_alone, args=(job.__name__, arguments, last, log))
        process.start()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return process


def _alone(job: str, arguments: tuple, last, log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    torch.set_num_threads(1)
    np.seterr(all="ignore")
    os.environ["COLORKIT_PROGRESS"] = "none"
    log.with_suffix(".begun").touch()
    MOMENTS.last, os.fsync = last, MOMENTS.write
    status = 0
    try:
        globals()[job](*arguments)
    except SystemExit as end:
        status = end.code
    write_text(log.with_suffix(".json"), json.dumps(MOMENTS.passed))
    sys.exit(status)


def _note(folder: Path, what: str) -> None:
    """Add a line, by one call of the system."""
    with (folder / "done").open("ab", buffering=0) as file:
        file.write(f"{what}\n".encode())
