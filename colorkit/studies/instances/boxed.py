"""Images with boxes: found once and kept, handed over with the images, and cropped like them."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from colorkit.data.boxes import padded
from colorkit.data.collection import ImageSet
from colorkit.models.windows import pixel_windows
from colorkit.system.writing import atomic_write

LEFT = 0.5  # of a box's area: what is less inside of a crop is no box of it

Finder = Callable[[str, np.ndarray], np.ndarray]


class BoxedSet(ImageSet):
    """Images that are handed over with their boxes.

    Args:
        images: without.
        boxes: (N, K, 4) in shares of the stored squares, zeros where there are fewer.
    """

    def __init__(self, images: ImageSet, boxes: np.ndarray):
        self.__dict__.update(images.__dict__)
        self.boxes = torch.as_tensor(boxes)

    def __getitems__(self, indexes: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
        """(B, S, S, 3) uint8 images, (B,) labels and (B, K, 4) boxes."""
        return *super().__getitems__(indexes), self.boxes[torch.as_tensor(np.asarray(indexes))]

    def take(self, indexes) -> "BoxedSet":
        """A subset by position."""
        other = super().take(indexes)
        other.boxes = self.boxes[torch.as_tensor(np.asarray(indexes, dtype=np.int64))]
        return other


def with_boxes(images: ImageSet, kind: str, find: Finder, most: int, folder: Path) -> BoxedSet:
    """Find the boxes of every image, or read those that were found before.

    Args:
        images: of which boxes are wanted.
        kind: how they are found, in a word that is part of their file's name.
        find: called with an image's name and its uint8 (S, S, 3); gives (N, 4), see
            `colorkit.data.boxes`.
        most: boxes of an image.
        folder: where they are kept.
    """
    digest = hashlib.sha256(json.dumps(images.names).encode()).hexdigest()[:12]
    path = Path(folder) / f"boxes-{kind}-{most}-{digest}.npy"
    if not path.exists():
        found = []
        for k, name in enumerate(images.names):
            pixels = ImageSet.__getitems__(images, [k])[0][0].numpy()
            found.append(find(name, pixels))
        with atomic_write(path) as stream:
            np.save(stream, padded(found, most))
    return BoxedSet(images, np.load(path, allow_pickle=False))


def cropped(boxes: Tensor, places: list[tuple[int, int, bool]], stored: int, size: int) -> Tensor:
    """Follow boxes into the crops that are cut out of their images.

    Args:
        boxes: (B, K, 4) in shares of the stored squares.
        places: top, left and whether mirrored of each crop, see
            `colorkit.data.batches.places_of`.
        stored, size: sides of squares and crops in pixels.

    Returns:
        (B, K, 4) in shares of the crops; zeros for boxes of which too little is left.
    """
    corners = boxes.new_tensor([(left, top, left, top) for top, left, _ in places])[:, None]
    moved = (boxes * stored - corners) / size
    mirrored = torch.tensor([flip for _, _, flip in places], device=boxes.device)[:, None]
    left, top, right, bottom = moved.clamp(0, 1).unbind(-1)
    left, right = torch.where(mirrored, 1 - right, left), torch.where(mirrored, 1 - left, right)
    inside = torch.stack((left, top, right, bottom), dim=-1)
    kept = _areas(inside) >= LEFT * _areas(moved)
    return inside * kept[..., None]


def _areas(boxes: Tensor) -> Tensor:
    left, top, right, bottom = boxes.unbind(-1)
    return (right - left) * (bottom - top)


def covered(boxes: Tensor, size: int) -> Tensor:
    """Tell which pixels of squares lie in any of their boxes: (B, K, 4) to (B, size, size) bool."""
    count, most = boxes.shape[:2]
    present = _areas(boxes).flatten() > 0
    left, top, right, bottom = pixel_windows(boxes.flatten(0, 1), (size, size))[..., None].unbind(1)
    at = torch.arange(size, device=boxes.device)
    across, down = (left <= at) & (at < right), (top <= at) & (at < bottom)
    inside = down[:, :, None] & across[:, None, :] & present[:, None, None]
    return inside.view(count, most, size, size).any(dim=1)
