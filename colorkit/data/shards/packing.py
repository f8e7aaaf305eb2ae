"""From a listing of photographs to shards, for collections that no machine holds decoded.

Training images go into tar files. The few that choose the best epoch and those that measure stay
files, in `val/<class>` and `test/<class>` beside them, and are read as any folder of photographs.
"""

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from colorkit.data.cache import measure_images
from colorkit.data.folders import SPLITS, Entry
from colorkit.data.shards.tar_files import (
    LISTING,
    PER_SHARD,
    as_jpeg,
    count_shard,
    write_listing,
    write_shard,
)
from colorkit.imaging.images import read_image, resize_crop
from colorkit.system.errors import ColorkitError
from colorkit.system.writing import atomic_write, write_json

HELD_OUT = 100  # images a class that choose the epoch, or measure, where no folder names them
_PLAN = ".plan.json"


def pack(
    entries: Sequence[Entry],
    folder: str | Path,
    size: int = 256,
    per_shard: int = PER_SHARD,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Write photographs as shards; run again after a stop, it goes on after the last whole shard.

    Small JPEG files are kept as they are, others resized. Left out: unreadable files, and colorless
    images of the training split. Splits that folders name are kept; others are made here, seeded,
    class by class. Near-duplicates are not looked for, which takes the square of their number.

    Args:
        entries: the photographs.
        folder: where `000000.tar`, …, `val`, `test` and, last of all, `shards.json` go.
        size: side of the squares.
        per_shard: images a shard.
        seed: of the splits and of the order.
        progress: called with (shards done, shards in all).

    Returns:
        The folder.

    Raises:
        ColorkitError: the folder holds shards of other images or settings, or the disk is full.
    """
    folder, classes = Path(folder), sorted({entry.label for entry in entries})
    held = hold_out(entries, seed)
    train = [e for e in entries if e.name not in held]
    order = np.random.default_rng(seed).permutation(len(train))
    plan = [size, per_shard, seed, sorted((e.name, e.label, held.get(e.name)) for e in entries)]
    digest = hashlib.sha256(json.dumps(plan).encode()).hexdigest()[:16]
    _require_own(folder, digest)
    if (folder / LISTING).exists():
        return folder
    write_json(folder / _PLAN, {"digest": digest})
    counts, starts = [], range(0, len(train), per_shard)
    with ThreadPoolExecutor(max_workers=torch.get_num_threads()) as pool:
        for number, start in enumerate(starts):
            found = count_shard(folder, number, classes)
            if found is None:
                own = [train[k] for k in order[start : start + per_shard]]
                read = pool.map(partial(_try, size=size, color=True), own)
                images = [(data, e.label) for data, e in zip(read, own, strict=True) if data]
                found = write_shard(folder, number, images, classes)
            counts.append(found)
            progress(number + 1, len(starts))
        aside = [e for e in entries if e.name in held]
        for k, data in enumerate(pool.map(partial(_try, size=size, color=False), aside)):
            entry = aside[k]
            if data:
                path = folder / held[entry.name] / entry.label / f"{Path(entry.name).stem}-{k}.jpg"
                with atomic_write(path) as stream:
                    stream.write(data)
    left_out = len(train) - sum(map(sum, counts))
    write_listing(folder, classes, size, counts, left_out=left_out, digest=digest)
    (folder / _PLAN).unlink()
    return folder


def hold_out(entries: Sequence[Entry], seed: int, count: int = HELD_OUT) -> dict[str, str]:
    """Choose the images of validation and test: the split by name; the rest is for training.

    A class whose folders name neither gives up to `count` images, at most a tenth, to each.
    """
    chosen = {e.name: e.split for e in entries if e.split in SPLITS[1:]}
    given, split_labels = set(chosen.values()), {e.label for e in entries if e.name in chosen}
    loose: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.name not in chosen:
            loose.setdefault(entry.label, []).append(entry)

    def place(entry: Entry) -> str:
        name = f"{seed}:{entry.name}".encode("utf-8", "backslashreplace")
        return hashlib.sha256(name).hexdigest()

    for label, own in loose.items():
        own.sort(key=place)
        number, start = min(count, max(1, len(own) // 10)), 0
        for split in SPLITS[1:]:
            if label not in split_labels or split not in given:
                chosen |= {e.name: split for e in own[start : start + number]}
                start += number
    return chosen


def _require_own(folder: Path, digest: str) -> None:
    """Refuse to mix shards of two listings."""
    for name in (LISTING, _PLAN):
        if (folder / name).exists():
            known = json.loads((folder / name).read_text(encoding="utf-8")).get("digest")
            if known != digest:
                raise ColorkitError(
                    f"{folder} holds shards of other images or settings; choose another folder, or "
                    "remove it"
                )


def _try(entry: Entry, size: int, color: bool) -> bytes | None:
    """Give a photograph as a JPEG file; None if it cannot be read or, asked for color, has none."""
    try:
        data = entry.path.read_bytes()
        square = resize_crop(read_image(entry.path, min_side=size), size)
    except (OSError, ColorkitError):
        return None
    if color and measure_images(square[None])[1][0]:
        return None
    return data if _is_small(data, size) else as_jpeg(square)


def _is_small(data: bytes, size: int) -> bool:
    """Whether a file is a JPEG of this size, without turns or color profiles to be applied."""
    with Image.open(io.BytesIO(data)) as file:
        plain = file.format == "JPEG" and file.mode == "RGB" and min(file.size) == size
        return plain and not {"exif", "icc_profile"} & set(file.info)
