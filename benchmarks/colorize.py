"""Colorizing as people do it: a cold start, large photographs, a folder of them, films.

Each has a process of its own, as it has at home, and because the peak of a process's memory never
falls. The photographs and the films are a house photograph enlarged, with noise, so that JPEG and
H.264 have work to do. Beside each stands what cannot be done without: decoding and encoding alone.
"""

import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.timing import alternate, row, seconds

SIZES = {"1 megapixel": (1155, 866), "12 megapixels": (4000, 3000), "50 megapixels": (8160, 6120)}
FILMS = {"1080p": (1920, 1080), "720p": (1280, 720)}
FOLDER, FRAMES, RATE = 100, 48, 24
_COLORKIT = "from colorkit.app.cli import main; main()"
_UNAVOIDABLE = "beside it: decoding and encoding alone"


def colorizing() -> dict:
    """The table of targets: seconds, photographs and frames a second, memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what, size in SIZES.items():
            photograph(folder / f"{what}.jpg", size)
        rows = [_cold(folder), *_large(folder), _folder(folder)]
        for what, size in FILMS.items():
            rows.append(_film(what, film(folder / f"{what}.mp4", size)))
    return {"rows": rows}


def photograph(path: Path, size: tuple[int, int]) -> None:
    """Write a JPEG of (width, height)."""
    from PIL import Image

    Image.fromarray(_picture(size)).save(path, quality=92)


def film(path: Path, size: tuple[int, int], frames: int = FRAMES) -> Path:
    """Write a gray film of (width, height), through which a camera pans over a photograph."""
    import av
    import numpy as np

    width, height = size
    wall = _picture((width + 4 * frames, height + 2 * frames)).mean(axis=2, keepdims=True)
    wall = np.repeat(wall.astype(np.uint8), 3, axis=2)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", RATE, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for k in range(frames):
            seen = np.ascontiguousarray(wall[2 * k :, 4 * k :][:height, :width])
            out.mux(stream.encode(av.VideoFrame.from_ndarray(seen, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def _picture(size: tuple[int, int]):
    import numpy as np
    from PIL import Image
    from skimage import data

    pixels = np.asarray(Image.fromarray(data.coffee()).resize(size)).astype(np.int16)
    pixels += np.random.default_rng(0).integers(-6, 7, (*pixels.shape[:2], 1), dtype=np.int16)
    return pixels.clip(0, 255).astype(np.uint8)


def _cold(folder: Path) -> dict:
    """The command, from its call to the colored file of one megapixel."""
    source = folder / "1 megapixel.jpg"
    works = {
        "ours": lambda: _python(_COLORKIT, "colorize", source, "-o", folder / "colored.jpg"),
        "alone": lambda: _python("import torch"),
    }
    ours, alone = (min(spent) for spent in alternate(works, 3).values())
    told = {"baseline": alone, "ratio": alone / ours, "note": "beside it: importing PyTorch alone"}
    what = "colorizing 1 megapixel from a cold start"
    return row(what, "s", ours, "≤ 1.6 s", met=ours <= 1.6, **told)


def _large(folder: Path) -> list[dict]:
    rows = []
    for what in ("12 megapixels", "50 megapixels"):
        found = _in_process("large", folder / f"{what}.jpg")
        ours, alone = found["ours"], found["alone"]
        goal = {"target": "≤ 1.0 s", "met": ours <= 1} if what.startswith("12") else {"target": ""}
        told = {"baseline": alone, "ratio": alone / ours, "note": _UNAVOIDABLE}
        rows.append(row(f"colorizing {what}, file to file", "s", ours, **goal, **told))
        memory = found["memory"] / 1e6
        rows.append(row(f"memory of colorizing {what}, at its peak", "MB", memory, ""))
    return rows


def _folder(folder: Path) -> dict:
    """The command on a folder of photographs of 2 megapixels, from its call to its end."""
    source = folder / "album"
    source.mkdir()
    photograph(source / "0.jpg", (1600, 1200))
    written = (source / "0.jpg").read_bytes()
    for k in range(1, FOLDER):
        (source / f"{k}.jpg").write_bytes(written)
    words = ("colorize", source, "-o", folder / "out")
    ours = FOLDER / seconds(lambda: _python(_COLORKIT, *words))
    alone = FOLDER / _in_process("album", source)["alone"]
    what = f"a folder of {FOLDER} photographs of 2 megapixels, start to end"
    told = {"baseline": alone, "ratio": ours / alone, "note": _UNAVOIDABLE}
    return row(what, "images/s", ours, "", **told)


def _film(what: str, path: Path) -> dict:
    found = _in_process("film", path)
    ours, alone = (FRAMES / found[name] for name in ("ours", "alone"))
    goal = {"target": "≥ 6", "met": ours >= 6} if what == "1080p" else {"target": ""}
    told = {"baseline": alone, "ratio": ours / alone, "note": _UNAVOIDABLE}
    return row(f"a film of {what}, default model", "frames/s", ours, **goal, **told)


def large(path: Path) -> dict:
    """Seconds of a photograph from file to file, and of decoding and encoding it."""
    from colorkit import colorize
    from colorkit.imaging.images import read_image, write_image

    target = path.with_name("result.jpg")
    works = {
        "ours": lambda: write_image(target, colorize(path)),
        "alone": lambda: write_image(target, read_image(path)),
    }
    return _in_turn(works, 3) | {"memory": _peak()}


def album(folder: Path) -> dict:
    """Seconds of decoding and encoding the photographs of a folder."""
    from colorkit.imaging.images import read_image, write_image

    def alone():
        for path in folder.glob("*.jpg"):
            write_image(folder.with_name("result.jpg"), read_image(path))

    return {"alone": seconds(alone)}


def whole_film(path: Path) -> dict:
    """Seconds of colorizing a film, and of decoding and encoding it."""
    from colorkit import colorize_video
    from colorkit.imaging.images import MAX_PIXELS
    from colorkit.imaging.videos.reading import Reader
    from colorkit.imaging.videos.writing import Writer

    target = path.with_name("result.mp4")

    def alone():
        with (
            Reader(path, MAX_PIXELS) as reader,
            target.open("w+b") as file,
            Writer(file, "mp4", reader) as writer,
        ):
            for packet in reader.packets():
                for picture in reader.pictures(packet):
                    writer.write(picture)

    return _in_turn({"ours": lambda: colorize_video(path, target), "alone": alone}, 2)


def _in_turn(works: dict[str, Callable], turns: int) -> dict[str, float]:
    """Median seconds of works in turn."""
    return {name: statistics.median(spent) for name, spent in alternate(works, turns).items()}


def _peak() -> int:
    """The most memory that this process has had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux lets a child inherit what `getrusage` says of its parent
        return 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # of a Mac, in bytes


_ALONE = {"large": large, "album": album, "film": whole_film}


def _python(code: str, *words: str | Path) -> None:
    command = [sys.executable, "-c", code, *map(str, words)]
    subprocess.run(command, check=True, capture_output=True)


def _in_process(what: str, path: Path) -> dict:
    command = [sys.executable, "-m", "benchmarks.colorize", what, str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    print(json.dumps(_ALONE[sys.argv[1]](Path(sys.argv[2]))))
