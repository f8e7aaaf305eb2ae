"""Shards of 1,000 to 100,000 images: throughput and memory of reading them end to end.

The large sets are cheap variations of a few hundred procedural scenes, small, as JPEG. Times are
those of the processor, on one core.
"""

import contextlib
import functools
import io
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import numpy as np
import psutil
import torch
from PIL import Image

from benchmarks.timing import growth_rows, in_turns, row
from colorkit.data.scenes import render
from colorkit.data.shards.tar_files import Shards, write_shards
from colorkit.report.speed import KINDS
from colorkit.system.project import project_root

CLASSES = ["castle", "lawn", "pond", "sky"]
COUNTS, _TURNS = (1_000, 10_000, 100_000), 30  # of small images; turns of the smallest count
_SCENES, _DISTINCT = 100, 2_000  # rendered, and with their variations; the rest are copies


def shards() -> dict:
    """Times of small and large sets in turn; memory, each in a process of its own."""
    with contextlib.ExitStack() as stack:
        streams = {count: _batches(_written(72, count, stack)) for count in COUNTS}
        small = in_turns(streams, _TURNS, COUNTS[0])
        large = in_turns({256: _batches(_written(256, 2_000, stack))}, 4, 1_000)[256]
    memory = [_in_process(count) for count in COUNTS]
    ends, where = (COUNTS[0], COUNTS[-1]), "reading shards beyond the start"
    rate = 1e6 / large
    return {
        "rows": [
            *growth_rows("shards", where, ends, list(small.values()), memory),
            row("shards of JPEG, 256 × 256, decoded, one core", "images/s", rate, "", met=None),
        ],
        "tables": places(rate),
        "series": [
            {
                "id": "shards",
                "caption": "Microseconds of one core an image, read from shards of 72 × 72 JPEG.",
                "x": "images",
                "y": "µs an image",
                "lines": {"colorkit": [[c, t] for c, t in small.items()]},
            }
        ],
    }


def places(reading: float, images: int = 1_803_460) -> list[dict]:
    """Places365-Standard on paper, from measured rates of training and of reading.

    Args:
        reading: images a second that one core reads from shards and decodes.
        images: of an epoch.
    """
    rates = {}
    for kind, title in KINDS.items():
        rows = _kept(kind).get("training", {}).get("rows", [])
        rates[f"{title}, measured"] = rows[0]["ours"] if rows else None
    rates["P100 of 2016, published"] = 50.0
    lines = []
    for name, rate in rates.items():
        if rate is None:
            lines.append([name, *["not measured"] * 4])
            continue
        for count in (1, 8, 64):
            needed = count * rate
            hours = images / needed / 3600
            lines.append([f"{count} × {name}", needed, needed / reading, hours, 11 * hours / 24])
    caption = (
        f"Places365 on paper: {images:,} images from shards, if exchanging gradients cost nothing; "
        f"cores beside the processors at the {reading:,.0f} images a second that one reads here"
    )
    columns = ["processors", "images/s", "cores that decode", "hours an epoch", "days, 11 epochs"]
    return [{"id": "places365", "caption": caption, "columns": columns, "rows": lines}]


def _kept(kind: str) -> dict:
    """What was measured on a kind of machine, by part."""
    path = project_root() / "figures" / f"bench-{kind}.json"
    return json.loads(path.read_text(encoding="utf-8"))["parts"] if path.exists() else {}


def _in_process(count: int) -> float:
    command = [sys.executable, "-m", "benchmarks.streaming", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _written(side: int, count: int, stack: contextlib.ExitStack) -> Shards:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    return Shards(write_shards(_images(side, count), folder, CLASSES, side))


def _batches(shards: Shards) -> Iterator[int]:
    """Epoch after epoch; the number of images of each batch."""
    loader = shards.loader(32, 0)
    for epoch in itertools.count():
        loader.dataset.set_epoch(epoch)
        for _, labels in loader:
            yield len(labels)


def _memory(count: int) -> float:
    """Megabytes that an epoch, or 20,000 images of it, takes beyond the first batches.

    In a process of its own.
    """
    torch.set_num_threads(1)
    with contextlib.ExitStack() as stack:
        stream, peak = _batches(_written(72, count, stack)), 0
        for _ in range(10):
            next(stream)  # what a first batch imports is no memory of the data
        before = psutil.Process().memory_info().rss
        for k in range(min(count, 20_000) // 32):
            next(stream)
            if k % 20 == 0:
                peak = max(peak, psutil.Process().memory_info().rss)
    return max(0, peak - before) / 1e6


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
    print(json.dumps(_memory(int(sys.argv[1]))))
