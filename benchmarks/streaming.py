"""Shards of 1,000 to 100,000 images: throughput and memory of reading them end to end.

The large sets are cheap variations of a few hundred procedural scenes, small, as JPEG. Times are
those of the processor, on one core.
"""

import functools
import io
import json
import subprocess
import sys
import tempfile
import time

import numpy as np
import psutil
import torch
from PIL import Image

from benchmarks.timing import growth_rows, row
from colorkit.data.scenes import render
from colorkit.data.shards import Shards, write_shards

CLASSES = ["castle", "lawn", "pond", "sky"]
SIZES = {72: (1_000, 10_000, 100_000), 256: (2_000,)}  # counts of images by their side
_SCENES, _DISTINCT = 100, 2_000  # rendered, and with their variations; the rest are copies


def shards() -> dict:
    """Each count in a process of its own."""
    found = {
        (side, count): _in_process(side, count)
        for side, counts in SIZES.items()
        for count in counts
    }
    small = [found[72, count] for count in SIZES[72]]
    time_ = [f["microseconds"] for f in small]
    memory = [f["megabytes"] for f in small]
    ends, where = (SIZES[72][0], SIZES[72][-1]), "reading shards beyond the start"
    rate = 1e6 / found[256, 2_000]["microseconds"]
    return {
        "rows": [
            *growth_rows("shards", where, ends, time_, memory),
            row("shards of JPEG, 256 × 256, decoded, one core", "images/s", rate, "", met=None),
        ],
        "tables": [_places(rate)],
        "series": [
            {
                "id": "shards",
                "caption": "Microseconds of one core an image, read from shards of 72 × 72 JPEG.",
                "x": "images",
                "y": "µs an image",
                "lines": {"colorkit": [[c, found[72, c]["microseconds"]] for c in SIZES[72]]},
            }
        ],
    }


def _places(rate: float, images: int = 1_803_460, target: float = 5_000) -> dict:
    """Places365-Standard on paper, from the measured rate of reading."""
    lines = []
    for gpus in (1, 8, 64):
        needed = gpus * target
        lines.append([gpus, needed, needed / rate, images / needed / 60])
    caption = (
        f"Places365 on paper: {images:,} images from shards, if a GPU trains the target's "
        f"{target:,.0f} images a second and gradients cost nothing; cores at the rate measured here"
    )
    columns = ["GPUs", "images/s", "cores that decode", "minutes an epoch"]
    return {"id": "places365", "caption": caption, "columns": columns, "rows": lines}


def _in_process(side: int, count: int) -> dict:
    command = [sys.executable, "-m", "benchmarks.streaming", str(side), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _read(side: int, count: int) -> dict:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        write_shards(_images(side, count), folder, CLASSES, side)
        loader = Shards(folder).loader(32, 0)
        for _, _ in zip(range(10), loader, strict=False):
            pass  # what a first batch imports is no memory of the data
        before, peak, times = psutil.Process().memory_info().rss, 0, []
        for epoch in range(3 if count <= 10_000 else 1):
            loader.dataset.set_epoch(epoch)
            started, seen = time.process_time(), 0
            for k, (_, labels) in enumerate(loader):
                seen += len(labels)
                if k % 20 == 0:
                    peak = max(peak, psutil.Process().memory_info().rss)
            times.append((time.process_time() - started) / seen)
    microseconds = 1e6 * float(np.median(times))
    return {"microseconds": microseconds, "megabytes": max(0, peak - before) / 1e6}


def _images(side: int, count: int):
    for k in range(count):
        yield _jpeg(k % _DISTINCT, side), CLASSES[k % len(CLASSES)]


@functools.cache
def _jpeg(k: int, side: int) -> bytes:
    """A scene in another light, shifted around."""
    rng = np.random.default_rng(k)
    light = np.clip(_scene(k % _SCENES, side) * rng.uniform(0.7, 1.2, 3), 0, 255)
    stream = io.BytesIO()
    image = Image.fromarray(np.roll(light.astype(np.uint8), rng.integers(side), axis=1))
    image.save(stream, "JPEG", quality=90)
    return stream.getvalue()


@functools.cache
def _scene(k: int, side: int) -> np.ndarray:
    return render(CLASSES[k % len(CLASSES)], k, side).rgb


if __name__ == "__main__":
    print(json.dumps(_read(int(sys.argv[1]), int(sys.argv[2]))))
