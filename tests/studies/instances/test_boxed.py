"""Boxes beside images: kept once found, and cropped and mirrored as their images are."""

from types import SimpleNamespace

import numpy as np
import torch

from colorkit.data.batches import cut, places_of
from colorkit.data.collection import ImageSet
from colorkit.studies.instances.boxed import BoxedSet, covered, cropped, with_boxes


def some_images(count: int = 4, side: int = 40) -> tuple[ImageSet, np.ndarray]:
    """Black images with one white rectangle each; and the rectangles."""
    rng, boxes = np.random.default_rng(0), np.zeros((count, 4), int)
    pixels = np.zeros((count, side, side, 3), np.uint8)
    for image, box in zip(pixels, boxes, strict=True):
        left, top = rng.integers(0, side - 16, 2)
        box[:] = left, top, left + rng.integers(8, 16), top + rng.integers(8, 16)
        image[box[1] : box[3], box[0] : box[2]] = 255
    names = [f"image-{k}" for k in range(count)]
    cache = SimpleNamespace(names=names, labels=["a"] * count, images=pixels)
    return ImageSet(cache, np.arange(count), ["a"]), boxes / side


def test_boxes_come_with_their_images_in_any_order():
    images, boxes = some_images()
    found = BoxedSet(images, boxes[:, None].astype(np.float32))
    pixels, labels, own = found.take([2, 0]).__getitems__([1, 0])
    assert torch.equal(pixels, images.__getitems__([0, 2])[0]) and labels.tolist() == [0, 0]
    torch.testing.assert_close(own[:, 0], torch.tensor(boxes[[0, 2]]).float())
    assert len(found.evenly(2)) == 2 and len(found.evenly(2).boxes) == 2
    assert not hasattr(images, "boxes")


def test_boxes_are_found_once(tmp_path):
    images, boxes = some_images()
    asked = []

    def find(name, rgb):
        asked.append(name)
        rows, columns = np.nonzero(rgb[..., 0])
        corners = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        return np.array([corners]) / 40

    first = with_boxes(images, "white", find, 3, tmp_path)
    assert asked == images.names and first.boxes.shape == (4, 3, 4)
    np.testing.assert_allclose(first.boxes[:, 0], boxes, atol=1e-6)
    assert torch.equal(with_boxes(images, "white", find, 3, tmp_path).boxes, first.boxes)
    assert len(asked) == 4
    with_boxes(images.take([1]), "white", find, 3, tmp_path)  # other images are others' boxes
    with_boxes(images, "other", find, 3, tmp_path)
    assert len(asked) == 9


def test_boxes_lie_on_the_same_things_after_cropping_and_mirroring():
    images, boxes = some_images(8)
    pixels = images.__getitems__(range(8))[0]
    for seed in range(5):
        generators = [torch.Generator().manual_seed(seed) for _ in range(2)]
        crops = cut(pixels, 32, generators[0])
        places = places_of(pixels.shape, 32, generators[1])
        assert any(flip for *_, flip in places)
        found = cropped(torch.tensor(boxes).float()[:, None], places, 40, 32)
        kept = found[:, 0, 2] > 0
        assert kept.any()
        inside = covered(found, 32)
        assert torch.equal(inside[kept], crops[kept, 0] > 0)
        # The others have lost more than half of their pixels.
        whole = (pixels[~kept, ..., 0] > 0).sum(dim=(1, 2))
        assert ((crops[~kept, 0] > 0).sum(dim=(1, 2)) < 0.5 * whole).all()


def test_no_box_covers_nothing():
    assert not covered(torch.zeros(2, 3, 4), 8).any()
    assert covered(torch.tensor([[[0.0, 0, 1, 1], [0, 0, 0, 0]]]), 8).all()
