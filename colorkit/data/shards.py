"""Images for training that fit no machine: tar files, read from end to end, each by one process.

A cache of decoded squares is read at random, which wants it on a local disk. Places365's 1.8
million images would take 350 GB there, and a twentieth of that as JPEG. Shards keep the JPEG files,
about a thousand to a tar file with their labels, so that any disk, network share or web server that
can read forwards will do. WebDataset reads and shuffles them; every process and worker has shards
of its own, and decodes what it reads.
"""

import io
import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader

from colorkit.data.batches import ALL, Share, mix_seed
from colorkit.errors import ColorkitError
from colorkit.files import write_json
from colorkit.images import read_image, resize_crop

PER_SHARD = 1000  # images a shard: tens of megabytes, a second of reading
_SHUFFLE = 2000  # images held back at random, a second shuffle after that of the shards
_LISTING = "shards.json"


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
    from webdataset import TarWriter

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    numbers, counts, writer = {name: i for i, name in enumerate(classes)}, [], None
    try:
        for k, (image, label) in enumerate(images):
            if label not in numbers:
                raise ColorkitError(f"image {k} has label {label}, which is not among the classes")
            if k % per_shard == 0:
                if writer:
                    writer.close()
                writer = TarWriter(str(folder / f"{len(counts):06}.tar"))
                counts.append(0)
            data = image if isinstance(image, bytes) else _encode(image)
            writer.write({"__key__": f"{k:09}", "jpg": data, "cls": str(numbers[label])})
            counts[-1] += 1
    finally:
        if writer:
            writer.close()
    # Last, so that a listing means that all shards are whole.
    write_json(folder / _LISTING, {"classes": list(classes), "size": size, "counts": counts})
    return folder


class Shards:
    """A folder of shards, in place of an `ImageSet`, for training.

    Attributes:
        classes: class names; a label is an index into them.
        names: of the shards with their counts; they name a training's data.

    Raises:
        ColorkitError: the folder has no listing, or a shard is missing.
    """

    def __init__(self, folder: str | Path, workers: int = 0):
        self.folder, self.workers = Path(folder), workers
        listing = self.folder / _LISTING
        if not listing.is_file():
            raise ColorkitError(f"{folder} holds no {_LISTING}; write the shards again")
        found = json.loads(listing.read_text(encoding="utf-8"))
        self.classes, self.size, self.counts = found["classes"], found["size"], found["counts"]
        self.paths = [self.folder / f"{k:06}.tar" for k in range(len(self.counts))]
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
    return resize_crop(pixels, size), int(sample["cls"])


def _stack(samples: list[tuple[np.ndarray, int]]) -> tuple[Tensor, Tensor]:
    images, labels = zip(*samples, strict=True)
    return torch.from_numpy(np.stack(images)), torch.tensor(labels)


def _encode(image: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=95, subsampling="4:4:4")
    return stream.getvalue()


def from_files(entries, size: int) -> Iterator[tuple[bytes | np.ndarray, str]]:
    """Images of a listing for `write_shards`: small JPEG files as they are, others resized."""
    for entry in entries:
        data = entry.path.read_bytes()
        try:
            with Image.open(io.BytesIO(data)) as file:
                plain = file.format == "JPEG" and file.mode == "RGB" and "exif" not in file.info
                as_is = plain and min(file.size) == size and "icc_profile" not in file.info
        except OSError:
            as_is = False
        yield (
            data if as_is else resize_crop(read_image(entry.path, min_side=size), size),
            entry.label,
        )
