"""Time and memory of colorizing photographs of 1, 12 and 50 megapixels, and of a cold start.

Each size has a process of its own, because the peak of a process's memory never falls: start-up is
until the first megapixel is colorized, with all imports; then the photograph is colorized three
times from file to array, once before that uncounted, and written once. The photographs are a house
photograph enlarged, with noise, so that JPEG has work to do. Threads: OMP_NUM_THREADS.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = {"1 megapixel": (1155, 866), "12 megapixels": (4000, 3000), "50 megapixels": (8160, 6120)}


def photograph(path: Path, size: tuple[int, int]) -> None:
    import numpy as np
    from PIL import Image
    from skimage import data

    pixels = np.asarray(Image.fromarray(data.coffee()).resize(size)).astype(np.int16)
    pixels += np.random.default_rng(0).integers(-6, 7, (*pixels.shape[:2], 1), dtype=np.int16)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=92)


def measure(small: str, path: str, *model: str) -> dict:
    """Run in a process of its own."""
    import resource

    started = time.perf_counter()
    from colorkit import colorize

    colorize(small, *model)
    times = {"start": [time.perf_counter() - started]}
    from colorkit.imaging.images import write_image

    for _ in range(4):
        started = time.perf_counter()
        result = colorize(path, *model)
        times.setdefault("colorize", []).append(time.perf_counter() - started)
    started = time.perf_counter()
    write_image(Path(path).with_name("result.jpg"), result)
    times["write"] = [time.perf_counter() - started]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if on_mac() else 1024)
    return times | {"memory": memory}


def on_mac() -> bool:
    return sys.platform == "darwin"  # its ru_maxrss is in bytes, not in KiB


def main(*model: str) -> None:
    print(f"{'':14} {'start s':>8} {'colorize s':>11} {'write s':>8} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder, "small.jpg")
        photograph(small, SIZES["1 megapixel"])
        for name, size in SIZES.items():
            path = Path(folder, f"{size[0]}.jpg")
            photograph(path, size)
            command = [sys.executable, __file__, "--measure", str(small), str(path), *model]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found = json.loads(told)
            times = [found["start"][0], statistics.median(found["colorize"][1:]), found["write"][0]]
            start, colorize, write = times
            memory = found["memory"] / 1e6
            print(f"{name:14} {start:8.2f} {colorize:11.2f} {write:8.2f} {memory:8.0f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(*sys.argv[2:])))
    else:
        main(*sys.argv[1:])
