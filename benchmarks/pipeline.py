"""The data path: from files to batches, and whether it stays as quick for many images."""

import contextlib
import dataclasses
import functools
import itertools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import torch
from PIL import Image
from skimage.color import rgb2gray, rgb2lab
from torch.utils.data import DataLoader

from benchmarks.baseline import PlainImages
from benchmarks.timing import (
    alternate,
    growth_rows,
    in_turns,
    ladder,
    median_ratio,
    row,
)
from colorkit.data.batches import cut, loader, prepare
from colorkit.data.cache import Cache, open_cache
from colorkit.data.collection import ImageSet
from colorkit.data.folders import Entry
from colorkit.data.scenes import render
from colorkit.imaging.color import decolorize, rgb_to_lab
from colorkit.system.process_settings import memory_kept

SIDE, STORED, COUNT = 224, 256, 128
GROWTH = (1_000, 10_000, 100_000)
_TABLE = "one table of all colors instead"
_SMALL = 64  # side of the images that growth is measured with: 1.2 GB of them fit every disk


@memory_kept
def data() -> dict:
    """Batches on one core: ours from the cache, the plain ones from JPEG every time."""
    entries = photographs(1)
    plain = DataLoader(PlainImages([e.path for e in entries], SIDE), 32, shuffle=True)
    with _one_thread(), tempfile.TemporaryDirectory() as folder:
        images = image_set(open_cache(entries, STORED, folder))
        works = {"ours": lambda: epoch(images, SIDE), "plain": lambda: [None for _ in plain]}
        times = alternate(works, 15)
    ratio = median_ratio(times["plain"], times["ours"])
    found = row(
        f"data path after the first epoch, {SIDE} × {SIDE}, one core",
        "images/s",
        COUNT / statistics.median(times["ours"]),
        "≥ 10 × plain",
        baseline=COUNT / statistics.median(times["plain"]),
        ratio=ratio,
        met=ratio >= 10,
    )
    return {"rows": [found]}


def first_epoch() -> dict:
    """Building the cache beside decoding alone: the processor's time, of all threads together.

    In a process of its own and on one core, where no thread slows another down.
    """
    return _in_process("first-epoch")


def _first_epoch() -> dict:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows = []
    for side, scale, times in ((1024, 4, 1), (256, 1, 8)):
        # What a data set takes once, however small, must not count as if each image took it.
        entries = [
            dataclasses.replace(entry, name=f"{k}-{entry.name}")
            for k in range(times)
            for entry in photographs(scale)
        ]
        with tempfile.TemporaryDirectory() as folder:
            works = {
                "ours": functools.partial(open_cache, entries, STORED, folder),
                "removal": lambda f=folder: [shutil.rmtree(p) for p in Path(f).glob("*/")],
                "decoder": lambda e=entries: [_decode(x.path) for x in e],
            }
            times = alternate(works, 5, time.process_time)
        ratio = statistics.median(
            a / b for a, b in zip(times["ours"], times["decoder"], strict=True)
        )
        rows.append(
            row(
                f"first epoch, JPEG of {side} × {side} to squares of {STORED}, one core",
                "images/s",
                len(entries) / statistics.median(times["ours"]),
                "within 20 % of the decoder alone",
                baseline=len(entries) / statistics.median(times["decoder"]),
                ratio=1 / ratio,
                met=ratio <= 1.2,
                note=f"{len(entries):,} images; the plain column: Pillow decoding alone",
            )
        )
    return {"rows": rows}


def growth() -> dict:
    """Time an image of epochs of small and large sets in turn; memory, each in its own process."""
    with _one_thread(), contextlib.ExitStack() as stack:
        sets = {count: _stored(count, stack) for count in GROWTH}
        streams = {count: _batches(images) for count, images in sets.items()}
        time_ = list(in_turns(streams, GROWTH[-1] // GROWTH[0], GROWTH[0]).values())
    found = {count: _in_process(str(count)) for count in GROWTH}
    memory = list(found.values())
    ends, where = (GROWTH[0], GROWTH[-1]), "the data path beyond the batch"
    return {
        "rows": growth_rows("data path", where, ends, time_, memory),
        "series": [
            {
                "id": "growth-time",
                "caption": f"Microseconds an image of an epoch's data path, {_SMALL} × {_SMALL}.",
                "x": "images",
                "y": "µs an image",
                "lines": {"colorkit": [list(p) for p in zip(GROWTH, time_, strict=True)]},
            },
            {
                "id": "growth-memory",
                "caption": "Memory of a process beyond what it has after the first batch.",
                "x": "images",
                "y": "MB",
                "lines": {"colorkit": [[c, f] for c, f in found.items()]},
            },
        ],
    }


@memory_kept
def tried() -> dict:
    """The data path with one speed-up after another, and one that is not kept."""
    entries = photographs(1)
    plain = DataLoader(PlainImages([e.path for e in entries], SIDE), 32, shuffle=True)
    with _one_thread(), tempfile.TemporaryDirectory() as folder:
        images = image_set(open_cache(entries, STORED, folder))
        works = {
            "plain": lambda: [None for _ in plain],
            "decoded once": lambda: _each(images, _by_image),
            "Lab of whole batches, in torch": lambda: _each(images, _by_batch),
            "compiled for bytes": lambda: epoch(images, SIDE),
            _TABLE: lambda: _each(images, functools.partial(_by_table, _all_colors())),
        }
        times = alternate(works, 5)
    rates = {name: COUNT / statistics.median(t) for name, t in times.items()}
    lines = ladder(rates, dropped=[_TABLE])
    columns = ["variant", "images/s", "× the last kept", "× plain", "kept"]
    caption = "Data path on one core: each line adds to the last one kept"
    return {"tables": [{"id": "data", "caption": caption, "columns": columns, "rows": lines}]}


def _each(images: ImageSet, make) -> None:
    generator = torch.Generator().manual_seed(0)
    for pixels, _ in loader(images, 32, shuffle_seed=0):
        make(cut(pixels, SIDE, generator))


def _by_image(squares: torch.Tensor) -> None:
    for square in squares.permute(0, 2, 3, 1).numpy():
        rgb2lab(square), rgb2gray(square)


def _by_batch(squares: torch.Tensor) -> None:
    rgb = squares.contiguous().float().div_(255)
    decolorize(rgb), rgb_to_lab(rgb)


@functools.cache
def _all_colors() -> np.ndarray:
    """L*, a*, b* and gray of every color that three bytes can name: 268 MB."""
    colors = torch.arange(256**3, dtype=torch.int32).view(1, 1, 4096, 4096)
    rgb = torch.cat([(colors >> shift) & 255 for shift in (16, 8, 0)], dim=1).to(torch.uint8)
    gray = decolorize(rgb.float().div_(255))
    table = torch.cat((rgb_to_lab(rgb), gray), dim=1)[0].flatten(1).T.contiguous()
    return table.numpy().view(np.complex128)[:, 0]  # sixteen bytes at once


def _by_table(table: np.ndarray, squares: torch.Tensor) -> None:
    index = squares[:, 0].long()
    for channel in (1, 2):
        index.mul_(256).add_(squares[:, channel])
    np.take(table, index.numpy())


def epoch(images: ImageSet, size: int, seed: int = 0) -> None:
    """All batches of one epoch, prepared as in training."""
    generator = torch.Generator().manual_seed(seed)
    for pixels, labels in loader(images, 32, shuffle_seed=seed):
        prepare(pixels, labels, size, "weighted", generator)


def image_set(cache: Cache) -> ImageSet:
    """Every image of a cache."""
    return ImageSet(cache, np.arange(len(cache.names)), sorted(set(cache.labels)))


@functools.cache
def photographs(scale: int) -> list[Entry]:
    """Procedural scenes as JPEG files, enlarged `scale` times, with the grain of a sensor."""
    folder = Path(_folder().name) / str(scale)
    folder.mkdir()
    rng, classes, entries = np.random.default_rng(0), ("castle", "lawn", "pond", "sky"), []
    for i in range(COUNT if scale == 1 else 64):
        image = Image.fromarray(render(classes[i % 4], i, 256).rgb)
        pixels = np.asarray(image.resize((256 * scale,) * 2, Image.Resampling.BICUBIC))
        grain = rng.normal(0, 3, pixels.shape[:2])[..., None]
        path = folder / f"{i:04}.jpg"
        noisy = np.clip(pixels + grain, 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(path, quality=90)
        entries.append(Entry(path, classes[i % 4], None, path.name))
    return entries


@functools.cache
def _folder():
    return tempfile.TemporaryDirectory()


def _decode(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


class _one_thread:  # noqa: N801
    def __enter__(self):
        self.threads = torch.get_num_threads()
        torch.set_num_threads(1)

    def __exit__(self, *error):
        torch.set_num_threads(self.threads)


def _in_process(what: str):
    command = [sys.executable, "-m", "benchmarks.pipeline", what]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _stored(count: int, stack: contextlib.ExitStack) -> ImageSet:
    """So many small images of noise, in a file on the disk."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    noise = np.random.default_rng(0).integers(0, 256, (1000, _SMALL, _SMALL, 3), dtype=np.uint8)
    with (folder / "images.npy").open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, *noise.shape[1:])}
        np.lib.format.write_array_header_1_0(file, header)
        for _ in range(0, count, len(noise)):
            file.write(noise)
    cache = Cache(
        images=np.load(folder / "images.npy", mmap_mode="r"),
        labels=["a"] * count,
        splits=[None] * count,
        names=[f"{i:07}" for i in range(count)],
        thumbnails=np.zeros((0, 768), np.float32),
        colorless=np.zeros(count, bool),
        faults={},
        folder=folder,
        digest="",
    )
    return image_set(cache)


def _batches(images: ImageSet) -> Iterator[int]:
    """Epoch after epoch, prepared as in training; the number of images of each batch."""
    for seed in itertools.count():
        generator = torch.Generator().manual_seed(seed)
        for pixels, labels in loader(images, 32, shuffle_seed=seed):
            prepare(pixels, labels, _SMALL - 8, "weighted", generator)
            yield len(labels)


def _grow(count: int) -> float:
    """Megabytes that an epoch takes beyond its first batches; runs in a process of its own."""
    torch.set_num_threads(1)
    with contextlib.ExitStack() as stack:
        images = _stored(count, stack)
        epoch(images.take(range(1000)), _SMALL - 8)
        before, peak, seen = psutil.Process().memory_info().rss, 0, 0
        for k, number in enumerate(_batches(images)):
            seen += number
            if k % 100 == 0:
                peak = max(peak, psutil.Process().memory_info().rss)
            if seen >= count:
                break
    return max(0, peak - before) / 1e6


if __name__ == "__main__":
    what = sys.argv[1]
    print(json.dumps(_first_epoch() if what == "first-epoch" else _grow(int(what))))
