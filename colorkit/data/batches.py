"""From decoded images to tensors on the device, a batch at a time.

The loader hands over uint8 squares; cropping, flipping and the conversion to Lab happen afterwards
on the device the network runs on, for the whole batch together. On a GPU that takes the work off
the CPU; on a CPU it replaces a Python loop over images by a few vectorized calls.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, Sampler

from colorkit.data.collection import ImageSet
from colorkit.imaging.color import (
    DECOLORIZATIONS,
    bytes_to_gray,
    bytes_to_lab,
    decolorize,
    rgb_to_lab,
)


class Batch(NamedTuple):
    """What a network is trained on or measured with.

    gray: (B, 1, H, W) in [0, 1], the network's input.
    lab: (B, 3, H, W), the truth.
    labels: (B,) int64 scene classes.
    """

    gray: Tensor
    lab: Tensor
    labels: Tensor


class NirBatch(NamedTuple):
    """What a network that colors near-infrared pictures is trained on or measured with.

    nir: (B, 1, H, W) in [0, 1], the network's input.
    lab: (B, 3, H, W), the color truth of the same pixels.
    labels: (B,) int64 scene classes.
    """

    nir: Tensor
    lab: Tensor
    labels: Tensor


class EpochShuffle(Sampler[int]):
    """A new order each epoch, a function of seed and epoch alone.

    A resumed training therefore sees the images in the order it would have seen them.
    """

    def __init__(self, count: int, seed: int):
        self.count, self.seed, self.epoch = count, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; Lightning calls it."""
        self.epoch = epoch

    def __iter__(self):
        generator = torch.Generator().manual_seed(mix_seed(self.seed, self.epoch))
        return iter(torch.randperm(self.count, generator=generator).tolist())

    def __len__(self) -> int:
        return self.count


def mix_seed(*parts: int) -> int:
    """One 63-bit seed from several small integers (a hash: neighbors must not be alike)."""
    import hashlib

    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


class Share(NamedTuple):
    """One process of several: image k of a batch goes to process k modulo `of`."""

    rank: int = 0
    of: int = 1

    def slice(self) -> slice:
        """Select one process's part of anything that has an entry for each image."""
        return slice(self.rank, None, self.of)

    def draw(self, rows: int, count: int, generator: torch.Generator) -> Tensor:
        """Numbers (rows, count), uniform in [0, 1), for the `count` images of one process.

        Every process draws those of the whole batch: an image's do not depend on where it is.
        """
        return torch.rand((rows, count * self.of), generator=generator)[:, self.slice()]


ALL = Share()


class SharedBatches(BatchSampler):
    """Batches of one order for all processes, each of which takes its share of every batch."""

    def __init__(self, order, batch_size: int, drop_last: bool, share: Share):
        super().__init__(order, batch_size, drop_last)
        self.share = share

    def __iter__(self):
        held: list[int] = []
        for batch in super().__iter__():
            if held and len(batch) < self.share.of:  # too few for all: they join the one before
                held += batch
                break
            if held:
                yield held[self.share.slice()]
            held = batch
        if held:
            yield held[self.share.slice()]

    def __len__(self) -> int:
        count, rest = divmod(len(self.sampler), self.batch_size)
        joins = self.drop_last or rest == 0 or (count and rest < self.share.of)
        return count if joins else count + 1


def steps_of_epoch(count: int, batch_size: int) -> int:
    """Steps of a pass over so many training images, as `loader` gives them.

    A last batch that is not full is left out, unless it is the only one.
    """
    return max(1, count // batch_size)


def loader(
    images: ImageSet, batch_size: int, shuffle_seed: int | None = None, share: Share = ALL
) -> DataLoader:
    """Loader of (images uint8, labels) batches; shuffled each epoch when a seed is given.

    `batch_size` counts the images of all processes together.

    Without worker processes: fetching is a few reads out of the system's page cache, quicker than
    the pickling that workers would need, and notebooks on every system can run it.
    """
    shuffle = shuffle_seed is not None
    order = EpochShuffle(len(images), shuffle_seed) if shuffle else range(len(images))
    # A last batch of one image has no variance for batch normalization: left out when shuffling.
    drop_last = shuffle and len(images) > batch_size
    return DataLoader(
        images,
        batch_sampler=SharedBatches(order, batch_size, drop_last, share),
        collate_fn=_unchanged,
    )


def _unchanged(batch):
    return batch


def crop(images: Tensor, size: int, generator: torch.Generator | None = None) -> Tensor:
    """Cut squares as `cut` does: (B, C, size, size) float in [0, 1] on the images' device."""
    return _to_float(cut(images, size, generator))


def cut(
    images: Tensor, size: int, generator: torch.Generator | None = None, share: Share = ALL
) -> Tensor:
    """Cut squares out of a batch: random ones with random flips, or the centers.

    Args:
        images: (B, S, S, C) uint8.
        size: side of the squares, at most S.
        generator: CPU generator of the random crops and flips; None takes centers, unflipped.
        share: numbers are drawn for the whole batch, of which these images are one process's part.

    Returns:
        (B, C, size, size) uint8 on the images' device, in memory with the channels of a pixel
        together; of the centers, a view of `images`.

    Raises:
        ValueError: the images are smaller than `size`.
    """
    places = places_of(images.shape, size, generator, share)
    if generator is None:
        start = (images.shape[1] - size) // 2
        return images[:, start : start + size, start : start + size].permute(0, 3, 1, 2)
    squares = images.new_empty((len(images), size, size, images.shape[3]))
    # Whole rows are copied; one gather of all pixels takes seven times as long on a CPU.
    for target, image, (top, left, flip) in zip(squares, images, places, strict=True):
        square = image[top : top + size, left : left + size]
        target.copy_(square.flip(1) if flip else square)
    return squares.permute(0, 3, 1, 2)


def views(
    images: np.ndarray, size: int, generator: torch.Generator | None = None, share: Share = ALL
) -> list[np.ndarray]:
    """Cut the squares of `cut` without copying: (size, size, C) each, parts of `images`."""
    squares = []
    for image, (top, left, flip) in zip(
        images, places_of(images.shape, size, generator, share), strict=True
    ):
        square = image[top : top + size, left : left + size]
        squares.append(square[:, ::-1] if flip else square)
    return squares


def places_of(
    shape: tuple[int, ...], size: int, generator: torch.Generator | None = None, share: Share = ALL
) -> list[tuple[int, int, bool]]:
    """Top, left and whether mirrored of the square of each image; see `cut`."""
    count, side = shape[:2]
    slack = side - size
    if slack < 0:
        raise ValueError(f"cannot cut {size} × {size} out of {side} × {side} images")
    if generator is None:
        return [(slack // 2, slack // 2, False)] * count
    whole, own = count * share.of, share.slice()
    corners = torch.randint(slack + 1, (2, whole), generator=generator)[:, own].tolist()
    flips = (torch.rand(whole, generator=generator) < 0.5)[own].tolist()
    return list(zip(*corners, flips, strict=True))


def _to_float(pixels: Tensor) -> Tensor:
    """From uint8 to float in [0, 1]; rearranged while a value is still one byte."""
    return pixels.contiguous().float().div_(255)


def prepare(
    images: Tensor,
    labels: Tensor,
    size: int,
    gray: str = "weighted",
    generator: torch.Generator | None = None,
    share: Share = ALL,
) -> Batch:
    """Crop, flip, decolorize and convert a batch to Lab, on the device it lies on.

    Args:
        images, labels: (B, S, S, 3) uint8 and (B,), as the loader gives them.
        size: side of the crops.
        gray: the decolorization the network is fed (`colorkit.imaging.color.decolorize`), or
            `random`: one drawn for each image; without a generator, in measurements, that is
            `weighted`.
        generator, share: see `cut`.
    """
    if gray == "random" and generator is None:
        gray = "weighted"
    if images.device.type == "cpu" and gray != "random":
        squares = views(images.numpy(), size, generator, share)
        return Batch(bytes_to_gray(squares, gray), bytes_to_lab(squares), labels)
    pixels = cut(images, size, generator, share)
    draws = gray == "random"
    fed = _random_gray(pixels, generator, share) if draws else decolorize(pixels, gray)
    return Batch(fed, rgb_to_lab(pixels), labels)


def prepare_nir(
    images: Tensor,
    labels: Tensor,
    size: int,
    generator: torch.Generator | None = None,
    share: Share = ALL,
) -> NirBatch:
    """Crop and flip both halves of a batch of pairs together, and convert the color half to Lab.

    Args:
        images, labels: (B, S, S, 4) uint8 (sRGB and near infrared) and (B,), as the loader gives
            them.
        size: side of the crops.
        generator, share: see `cut`.

    Raises:
        ValueError: the images have no fourth channel, or are smaller than `size`.
    """
    if images.shape[-1] != 4:
        raise ValueError(f"pairs have 4 channels, received images of {tuple(images.shape)}")
    pair = cut(images, size, generator, share)
    return NirBatch(_to_float(pair[:, 3:]), rgb_to_lab(pair[:, :3]), labels)


def _random_gray(rgb: Tensor, generator: torch.Generator, share: Share = ALL) -> Tensor:
    """Decolorize each image of (B, 3, H, W) uint8 in a way of its own: (B, 1, H, W)."""
    whole = torch.randint(len(DECOLORIZATIONS), (len(rgb) * share.of,), generator=generator)
    drawn = whole[share.slice()].to(rgb.device)
    gray = rgb.new_empty((len(rgb), 1, *rgb.shape[2:]), dtype=torch.float32)
    for k in drawn.unique().tolist():
        gray[drawn == k] = decolorize(rgb[drawn == k], DECOLORIZATIONS[k])
    return gray
