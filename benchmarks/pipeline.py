"""The data path: from files to batches, and whether it stays as quick for many images."""

import functools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import torch
from PIL import Image
from torch.utils.data import DataLoader

from benchmarks.baseline import PlainImages
from benchmarks.timing import alternate, growth_rows, median_ratio, row
from colorkit.data.batches import loader, prepare
from colorkit.data.cache import Cache, open_cache
from colorkit.data.collection import ImageSet
from colorkit.data.folders import Entry
from colorkit.data.scenes import render

SIDE, STORED, COUNT = 224, 256, 128
GROWTH = (1_000, 10_000, 100_000)
_SMALL = 64  # side of the images that growth is measured with: 1.2 GB of them fit every disk


def data() -> dict:
    """Batches on one core: ours from the cache, the plain ones from JPEG every time."""
    entries = photographs(1)
    plain = DataLoader(PlainImages([e.path for e in entries], SIDE), 32, shuffle=True)
    with _one_thread(), tempfile.TemporaryDirectory() as folder:
        images = image_set(open_cache(entries, STORED, folder))
        works = {"ours": lambda: epoch(images, SIDE), "plain": lambda: [None for _ in plain]}
        times = alternate(works, 5)
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
    """Building the cache beside decoding alone, on as many threads."""
    rows = []
    for name, scale, size in (("photographs of 1024 × 1024", 4, 64), ("256 × 256", 1, COUNT)):
        entries = photographs(scale)[:size]
        with _one_thread():
            times = alternate(
                {
                    "ours": functools.partial(_build, entries),
                    "decoder": lambda e=entries: [_decode(x.path) for x in e],
                },
                5,
            )
        ratio = statistics.median(
            a / b for a, b in zip(times["ours"], times["decoder"], strict=True)
        )
        rows.append(
            row(
                f"first epoch, JPEG of {name.split(' of ')[-1]} to squares of {STORED}, one core",
                "images/s",
                len(entries) / statistics.median(times["ours"]),
                "within 20 % of the decoder alone",
                baseline=len(entries) / statistics.median(times["decoder"]),
                ratio=1 / ratio,
                met=ratio <= 1.2,
            )
        )
    return {"rows": rows}


def growth() -> dict:
    """Time an image and memory of an epoch, each count in a process of its own."""
    found = {}
    for count in GROWTH:
        command = [sys.executable, "-m", "benchmarks.pipeline", str(count)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[count] = json.loads(done.stdout.splitlines()[-1])
    time = [f["microseconds"] for f in found.values()]
    memory = [f["megabytes"] for f in found.values()]
    ends, where = (GROWTH[0], GROWTH[-1]), "the data path beyond the batch"
    return {
        "rows": growth_rows("data path", where, ends, time, memory),
        "series": [
            {
                "id": "growth-time",
                "caption": f"Microseconds an image of an epoch's data path, {_SMALL} × {_SMALL}.",
                "x": "images",
                "y": "µs an image",
                "lines": {"colorkit": [[c, f["microseconds"]] for c, f in found.items()]},
            },
            {
                "id": "growth-memory",
                "caption": "Memory of the same process beyond what it has after the first batch.",
                "x": "images",
                "y": "MB",
                "lines": {"colorkit": [[c, f["megabytes"]] for c, f in found.items()]},
            },
        ],
    }


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


def _build(entries: list[Entry]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        open_cache(entries, STORED, folder)


def _decode(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


class _one_thread:  # noqa: N801
    def __enter__(self):
        self.threads = torch.get_num_threads()
        torch.set_num_threads(1)

    def __exit__(self, *error):
        torch.set_num_threads(self.threads)


def _grow(count: int) -> dict:
    """One epoch of `count` small images out of a file on disk; runs in a process of its own."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npy"
        shape = (count, _SMALL, _SMALL, 3)
        written = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
        rng = np.random.default_rng(0)
        for start in range(0, count, 1000):
            part = written[start : start + 1000]
            part[:] = rng.integers(0, 256, part.shape, dtype=np.uint8)
        written.flush()
        del written, part
        names = [f"{i:07}" for i in range(count)]
        cache = Cache(
            images=np.load(path, mmap_mode="r"),
            labels=["a"] * count,
            splits=[None] * count,
            names=names,
            thumbnails=np.zeros((0, 768), np.float32),
            colorless=np.zeros(count, bool),
            faults={},
            folder=Path(folder),
            digest="",
        )
        images = image_set(cache)
        epoch(images.take(range(1000)), _SMALL - 8)
        memory, peak, times = psutil.Process().memory_info().rss, 0, []
        for repeat in range(max(3, 10_000 // count)):
            generator = torch.Generator().manual_seed(repeat)
            started = time.process_time()  # of one thread, whatever else runs
            for k, (pixels, labels) in enumerate(loader(images, 32, shuffle_seed=repeat)):
                prepare(pixels, labels, _SMALL - 8, "weighted", generator)
                if k % 100 == 0:
                    peak = max(peak, psutil.Process().memory_info().rss)
            times.append((time.process_time() - started) / count)
    return {"microseconds": 1e6 * statistics.median(times), "megabytes": (peak - memory) / 1e6}


if __name__ == "__main__":
    print(json.dumps(_grow(int(sys.argv[1]))))
