"""Images for training that fit no machine: tar files, read from end to end, each by one process.

A cache of decoded squares is read at random, which wants it on a local disk. Places365's 1.8
million images would take 350 GB there, and a twentieth of that as JPEG. Shards keep the JPEG files,
about a thousand to a tar file with their labels, so that any disk, network share or web server that
can read forwards will do. WebDataset reads and shuffles them; every process and worker has shards
of its own, and decodes what it reads.
"""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader

from colorkit.data.batches import ALL, Share, mix_seed
from colorkit.imaging.images import resize_crop
from colorkit.system.errors import ColorkitError
from colorkit.system.writing import atomic_write, write_json

PER_SHARD = 1000  # images a shard: tens of megabytes, a second of reading
_SHUFFLE = 2000  # images held back at random, a second shuffle after that of the shards
LISTING = "shards.json"


def write_shards(
    images: Iterable[tuple[bytes | np.ndarray, str]],
    folder: str | Path,
    classes: list[str],
    size: int,
    per_shard: int = PER_SHARD,
) -> Path:
    """Write images as shards with a listing beside them.

    Args:
        images: JPEG files' bytes, or (H, W, 3) uint8 arrays, with their classes, in random order:
            what stands together in a shard is seen at about the same time.
        folder: where `000000.tar`, … and `shards.json` go.
        classes: class names; a label is an index into them.
        size: side of the squares that reading gives.
        per_shard: images a shard.

    Returns:
        The folder.

    Raises:
        ColorkitError: a label that is no class, or a disk that cannot be written.
    """
    left, counts = iter(images), []
    while part := list(islice(left, per_shard)):
        counts.append(write_shard(folder, len(counts), part, classes))
    return write_listing(folder, classes, size, counts)


def write_shard(
    folder: str | Path,
    number: int,
    images: Iterable[tuple[bytes | np.ndarray, str]],
    classes: list[str],
) -> list[int]:
    """Write one shard, whole or not at all, and count its images by class; see `write_shards`."""
    try:
        from webdataset import TarWriter
    except ModuleNotFoundError as error:
        raise ColorkitError(
            "webdataset is not installed; run `pip install 'colorkit[shards]'`"
        ) from error

    labels, counts = {name: i for i, name in enumerate(classes)}, [0] * len(classes)
    with atomic_write(_path(folder, number)) as stream, TarWriter(stream, mtime=0) as writer:
        for k, (image, label) in enumerate(images):
            if label not in labels:
                raise ColorkitError(
                    f"image {k} of shard {number} has label {label}, which is not among the classes"
                )
            data = image if isinstance(image, bytes) else as_jpeg(image)
            key = f"{number:06}-{k:06}"
            writer.write({"__key__": key, "jpg": data, "cls": str(labels[label])})
            counts[labels[label]] += 1
    return counts


def count_shard(folder: str | Path, number: int, classes: list[str]) -> list[int] | None:
    """Count the images of a shard by class; None where it is not written yet."""
    if not _path(folder, number).is_file():
        return None
    counts = [0] * len(classes)
    with tarfile.open(_path(folder, number)) as found:
        for member in found:
            if member.name.endswith(".cls"):
                counts[int(found.extractfile(member).read())] += 1
    return counts


def write_listing(
    folder: str | Path, classes: list[str], size: int, counts: list[list[int]], **more
) -> Path:
    """Write the listing, which means that all shards are whole.

    Args:
        folder: of the shards.
        classes: class names.
        size: side of the squares that reading gives.
        counts: images by class of each shard.
        **more: whatever else is to be known of them.
    """
    listing = {"classes": list(classes), "size": size, "counts": counts}
    write_json(Path(folder) / LISTING, listing | more)
    return Path(folder)


def _path(folder: str | Path, number: int) -> Path:
    return Path(folder) / f"{number:06}.tar"


class Shards:
    """A folder of shards, in place of an `ImageSet`, for training.

    Args:
        folder: of the listing and the shards.
        classes: read only images of these, in this order; all of the listing's by default.
        workers: processes that decode, beside the one that trains.

    Attributes:
        classes: class names; a label is an index into them.
        size: side of the squares that reading gives.
        counts: images of these classes in each shard.
        names: of the shards with their counts; they name a training's data.

    Raises:
        ColorkitError: the folder has no listing, a shard or a class is missing.
    """

    def __init__(self, folder: str | Path, classes: list[str] | None = None, workers: int = 0):
        self.folder, self.workers = Path(folder), workers
        listing = self.folder / LISTING
        if not listing.is_file():
            raise ColorkitError(f"{folder} holds no {LISTING}; write the shards again")
        found = json.loads(listing.read_text(encoding="utf-8"))
        self.size, self.classes = found["size"], list(classes or found["classes"])
        absent = sorted(set(self.classes) - set(found["classes"]))
        if absent:
            raise ColorkitError(
                f"{folder} has no images of class {', '.join(absent)}; it has: "
                f"{', '.join(found['classes'][:40])}"
            )
        known = [found["classes"].index(name) for name in self.classes]
        self.labels = {number: label for label, number in enumerate(known)}
        self.counts = [sum(shard[number] for number in known) for shard in found["counts"]]
        self.paths = [_path(self.folder, k) for k in range(len(self.counts))]
        missing = [p.name for p in self.paths if not p.is_file()]
        if missing:
            raise ColorkitError(f"{folder} lacks {missing[0]}; copy all shards of the listing")
        self.names = [f"{p.name}:{n}" for p, n in zip(self.paths, self.counts, strict=True)]

    def __len__(self) -> int:
        return sum(self.counts)

    def loader(self, batch_size: int, seed: int | None = None, share: Share = ALL) -> DataLoader:
        """Batches as `batches.loader` gives them, of this process's own shards.

        Every process gives equally many batches: as many as the one with the fewest images fills.
        The shards are dealt out anew each epoch when a seed is given.

        Raises:
            ColorkitError: fewer shards than processes and workers.
        """
        readers = share.of * max(1, self.workers)
        if len(self.paths) < readers:
            raise ColorkitError(
                f"{self.folder} has {len(self.paths)} shards for {readers} readers; write more, "
                "smaller shards or use fewer workers"
            )
        stream = _Stream(self, batch_size // share.of, seed, share)
        return DataLoader(stream, batch_size=None, num_workers=self.workers)


class _Stream(torch.utils.data.IterableDataset):
    """One process's batches of an epoch."""

    def __init__(self, shards: Shards, batch_size: int, seed: int | None, share: Share):
        self.shards, self.batch_size, self.seed, self.share = shards, batch_size, seed, share
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, before the batches are asked for."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Batches of a process: the fewest that any process and worker can fill."""
        workers = max(1, self.shards.workers)
        readers = self.share.of * workers
        order = self._order()
        fewest = min(sum(self.shards.counts[k] for k in order[r::readers]) for r in range(readers))
        return fewest // self.batch_size * workers

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        from webdataset import WebDataset

        info = torch.utils.data.get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        # Reader r of all has every n-th shard, whichever machine it runs on.
        reader, readers = self.share.rank * workers + worker, self.share.of * workers
        own = [str(self.shards.paths[k]) for k in self._order()[reader::readers]]
        found = WebDataset(own, shardshuffle=False, nodesplitter=None, workersplitter=None)
        labels = self.shards.labels
        found = found.map(lambda s: s | {"cls": labels.get(int(s["cls"]))})
        found = found.select(lambda s: s["cls"] is not None)
        if self.seed is not None:
            found = found.shuffle(_SHUFFLE, seed=mix_seed(self.seed, self.epoch, reader))
        found = found.map(partial(_decode, size=self.shards.size))
        limit = len(self) // workers
        for k, batch in enumerate(found.batched(self.batch_size, _stack, partial=False)):
            if k == limit:
                return
            yield batch

    def _order(self) -> list[int]:
        if self.seed is None:
            return list(range(len(self.shards.paths)))
        generator = torch.Generator().manual_seed(mix_seed(self.seed, self.epoch))
        return torch.randperm(len(self.shards.paths), generator=generator).tolist()


def _decode(sample: dict, size: int) -> tuple[np.ndarray, int]:
    with Image.open(io.BytesIO(sample["jpg"])) as image:
        image.draft("RGB", (size, size))
        pixels = np.asarray(image.convert("RGB"))
    return resize_crop(pixels, size), sample["cls"]


def _stack(samples: list[tuple[np.ndarray, int]]) -> tuple[Tensor, Tensor]:
    images, labels = zip(*samples, strict=True)
    return torch.from_numpy(np.stack(images)), torch.tensor(labels)


def as_jpeg(image: np.ndarray) -> bytes:
    """Encode (H, W, 3) uint8 as a JPEG that loses next to nothing, chroma at full size."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=95, subsampling="4:4:4")
    return stream.getvalue()
