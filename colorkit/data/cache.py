"""Images decoded once: one memory-mapped array of small squares, and what was measured on the way.

Decoding a JPEG costs more than everything else the data path does, so it happens once. The cache is
a folder with `images.npy` (N, S, S, C) uint8, read through the page cache and never loaded whole,
`stats.npz` and `index.json`. It is built in chunks under a working name; a run that is stopped
continues after the last finished chunk, and the final name appears only when all is there.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
import xxhash
from filelock import FileLock

from colorkit.data.folders import Entry
from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.images import read_image, resize_crop
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.writing import write_fault, write_json

CHUNK = 512  # images decoded between two records of progress
THUMBNAIL = 16  # side of the thumbnails that near-duplicates are found with
_PROGRESS = "progress.json"  # how much of a cache is done; gone when all is
_FORMAT = 2  # raise when the files' content changes, so that old caches are not read

Reader = Callable[[Entry, int], np.ndarray]


@dataclass(frozen=True)
class Cache:
    """Decoded images and their listing.

    Attributes:
        images: (N, S, S, C) uint8, memory-mapped: sRGB, or sRGB and near infrared (C = 4); rows of
            unreadable files are zero.
        labels, splits, names: class, given split (or None) and name of each row.
        thumbnails: (N, 768) float32 color thumbnails.
        colorless: (N,) bool, gray and nearly gray images.
        faults: what was wrong with each file that could not be read, by row.
        folder: where the cache lies.
        digest: names its content: listing and pixels. The folder's name, quicker to find, depends
            on the files' times, which a copy of the same photographs does not share.
    """

    images: np.ndarray
    labels: list[str]
    splits: list[str | None]
    names: list[str]
    thumbnails: np.ndarray
    colorless: np.ndarray
    faults: dict[int, str]
    folder: Path
    digest: str


def read_entry(entry: Entry, size: int) -> np.ndarray:
    """Read one photograph as a (size, size, 3) uint8 square: shorter side resized, center kept."""
    return resize_crop(read_image(entry.path, min_side=size), size)


def open_cache(
    entries: Sequence[Entry],
    size: int,
    folder: str | Path,
    reader: Reader = read_entry,
    recipe: str = "photographs",
    progress: Callable[[int, int], None] | None = None,
    channels: int = 3,
) -> Cache:
    """Open the cache of these entries, building it first if it is not there.

    Args:
        entries: the images, in the order of the rows.
        size: side S of the stored squares in pixels.
        folder: the caches' folder; each cache has its own folder below, named by its content.
        reader: turns an entry into a (size, size, C) uint8 array, or raises ColorkitError.
        recipe: names the reader and its version; part of the cache's name.
        progress: called with (images done, images in all).
        channels: C; the first three are sRGB.

    Raises:
        ColorkitError: no file could be read, or the disk is full.
    """
    listing = [[e.name, e.label, e.split, *_stamp(e)] for e in entries]
    content = [_FORMAT, recipe, size, listing] + ([channels] if channels != 3 else [])
    key = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
    final = Path(folder) / key
    if not (final / "index.json").exists():
        final.parent.mkdir(parents=True, exist_ok=True)
        # Of several processes of one training, one builds and the others wait.
        with FileLock(final.with_name(f".{key}.lock")):
            if not (final / "index.json").exists():
                working = final.with_name(f"{key}.partial")
                shape = (len(entries), size, size, channels)
                try:
                    _build(entries, shape, working, reader, progress or (lambda done, total: None))
                    shutil.rmtree(final, ignore_errors=True)
                    working.rename(final)
                    (final / _PROGRESS).unlink()
                except OSError as error:
                    raise write_fault(final, error) from error
    index = json.loads((final / "index.json").read_text(encoding="utf-8"))
    stats = np.load(final / "stats.npz", allow_pickle=False)
    return Cache(
        images=np.load(final / "images.npy", mmap_mode="r", allow_pickle=False),
        labels=[e.label for e in entries],
        splits=[e.split for e in entries],
        names=[e.name for e in entries],
        thumbnails=stats["thumbnails"],
        colorless=stats["colorless"],
        faults={int(row): fault for row, fault in index["faults"].items()},
        folder=final,
        digest=index["digest"],
    )


def _stamp(entry: Entry) -> tuple:
    """Size and time of each file: a photograph that is exchanged is decoded again."""
    try:
        found = [path.stat() for path in entry.files]
    except OSError:  # procedural scenes have no file; missing ones are reported when read
        return ()
    return tuple(number for status in found for number in (status.st_size, status.st_mtime_ns))


def _build(entries, shape: tuple[int, ...], working: Path, reader: Reader, progress) -> None:
    working.mkdir(parents=True, exist_ok=True)
    record = working / _PROGRESS
    done, faults, target = 0, {}, working / "images.npy"
    if record.exists() and target.exists():
        state = json.loads(record.read_text(encoding="utf-8"))
        done, faults = state["done"], state["faults"]
    _require_space(working, 0 if done else int(np.prod(shape)))
    decode = partial(_try, reader, size=shape[1])
    blank = np.zeros(shape[1:], dtype=np.uint8)
    # Written as a file: a mapping would ask the system for every page.
    with (
        ThreadPoolExecutor(max_workers=torch.get_num_threads()) as pool,
        target.open("r+b" if done else "w+b") as file,
    ):
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|u1", "fortran_order": False, "shape": shape}
        )
        file.seek(done * blank.nbytes, os.SEEK_CUR)
        decoding = pool.map(decode, entries[done : done + CHUNK])
        while done < len(entries):
            # The next chunk is decoded while this one goes to the disk.
            decoded, start = decoding, done
            done = min(done + CHUNK, len(entries))
            decoding = pool.map(decode, entries[done : done + CHUNK])
            for row, image in enumerate(decoded, start):
                if isinstance(image, str):
                    faults[str(row)] = image
                file.write(blank if isinstance(image, str) else np.ascontiguousarray(image))
            file.flush()
            os.fsync(file.fileno())
            write_json(record, {"done": done, "faults": faults})
            progress(done, len(entries))
    if len(faults) == len(entries):
        shutil.rmtree(working)
        raise ColorkitError(
            f"none of {len(entries)} images could be read; {next(iter(faults.values()))}"
        )
    images = np.load(target, mmap_mode="r", allow_pickle=False)
    thumbnails, colorless = measure_images(images)
    with (working / "stats.npz").open("wb") as file:
        np.savez(file, thumbnails=thumbnails, colorless=colorless)
    listing = [[e.name, e.label, e.split] for e in entries]
    index = {"faults": faults, "names": [e.name for e in entries]}
    write_json(working / "index.json", index | {"digest": _digest(listing, images)})


def _digest(listing: list, images: np.ndarray) -> str:
    # It names, and guards nothing: so the quick kind of hash, for gigabytes follow.
    found = xxhash.xxh3_128(json.dumps([listing, images.shape]).encode())
    for start in range(0, len(images), CHUNK):
        found.update(images[start : start + CHUNK])
    return found.hexdigest()[:16]


def _try(reader: Reader, entry: Entry, size: int) -> np.ndarray | str:
    try:
        return reader(entry, size)
    except ColorkitError as error:
        return one_line(error)


def _require_space(folder: Path, need: int) -> None:
    """Refuse before the work of decoding, not when the disk is full."""
    free = shutil.disk_usage(folder).free
    if need > free:
        raise ColorkitError(
            f"{folder} needs {need / 1e9:.1f} GB for decoded images and has {free / 1e9:.1f} GB; "
            "free some space or choose smaller images in the profile"
        )


def measure_images(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Thumbnails (N, 768) of (N, S, S, C) uint8, and whether each image is (nearly) colorless.

    Colorless: fewer than 5 % of the pixels have a chroma above 8 (Lab units), below which a
    photograph reads as gray with a cast.
    """
    thumbnails, colorless = [], []
    for start in range(0, len(images), 32):
        rgb = _shrink(images[start : start + 32, ..., :3], THUMBNAIL * 2)
        _, a, b = rgb_to_lab(rgb).unbind(1)
        colorless.append((a.hypot(b) > 8).float().mean(dim=(1, 2)) < 0.05)
        small = torch.nn.functional.avg_pool2d(rgb, 2)
        thumbnails.append(small.flatten(1).half())
    return torch.cat(thumbnails).numpy().astype(np.float32), torch.cat(colorless).numpy()


def _shrink(images: np.ndarray, side: int) -> torch.Tensor:
    """Average (B, S, S, 3) uint8 images over blocks: (B, 3, side, side) in [0, 1]."""
    count, size = images.shape[:2]
    if size % side:
        rgb = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2) / 255
        return torch.nn.functional.adaptive_avg_pool2d(rgb, side)
    # Sums of rows, then of columns, fit 16 and 32 bits: eight times as fast as floating point.
    step = size // side
    rows = images.reshape(count, side, step, size * 3).sum(axis=2, dtype=np.uint16)
    columns = rows.reshape(count, side, size, 3)
    blocks = np.add.reduceat(columns, np.arange(0, size, step), axis=2, dtype=np.uint32)
    return torch.from_numpy(blocks.astype(np.float32)).permute(0, 3, 1, 2) / (255 * step * step)
