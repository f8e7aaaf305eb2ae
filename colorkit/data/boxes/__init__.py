"""Where the things in a picture may be: boxes from gray alone, from a person, or from the truth.

A box is (left, top, right, bottom) in shares of the picture's width and height; boxes of a picture
are float32 (N, 4), the most promising first.
"""

import numpy as np

LEAST, MOST = 0.02, 0.6  # shares of the picture: smaller boxes show a few pixels, larger ones all
SLENDER = 4.0  # longer ones, such as a horizon's, would be squeezed beyond recognition
SAME = 0.5  # intersection over union from which two boxes are of one thing
NONE = np.zeros((0, 4), np.float32)


def fitting(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Tell which boxes (N, 4) of a picture of (height, width) may be those of things; (N,) bool."""
    wide, high = (boxes[:, 2:] - boxes[:, :2]).T * np.array([[size[1]], [size[0]]])
    share = wide * high / (size[0] * size[1])
    longer, shorter = np.maximum(wide, high), np.minimum(wide, high)
    return (share >= LEAST) & (share <= MOST) & (longer <= SLENDER * shorter)


def overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Intersection over union of one box (4,) with others (N, 4); (N,) in [0, 1]."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(box[2:] - box[:2])
    return shared / np.maximum(areas - shared, 1e-12)


def choose(boxes: np.ndarray, scores: np.ndarray, most: int) -> np.ndarray:
    """Keep the best boxes, and of those of one thing the best alone (non-maximum suppression).

    Args:
        boxes: (N, 4); scores: (N,), larger is better. Equal scores are told apart by the boxes'
            own numbers, so that the order they come in has no influence.
        most: how many to keep.
    """
    kept: list[np.ndarray] = []
    for k in np.lexsort((*boxes.T, -scores)):
        if len(kept) == most:
            break
        if not kept or overlaps(boxes[k], np.array(kept)).max() < SAME:
            kept.append(boxes[k])
    return np.array(kept, np.float32).reshape(-1, 4)


def contrast(gray: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """How much the gray inside of boxes differs from that around them.

    Around is a frame as wide as a quarter of the box's sides.

    Args:
        gray: (H, W) float.
        boxes: (N, 4).

    Returns:
        (N,) absolute differences of the means, in the unit of `gray`.
    """
    height, width = gray.shape
    sums = np.pad(gray.astype(np.float64), ((1, 0), (1, 0))).cumsum(0).cumsum(1)

    def total(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scaled = np.rint(corners * np.array([width, height, width, height])).astype(int)
        left, right = (np.clip(scaled[:, k], 0, width) for k in (0, 2))
        top, bottom = (np.clip(scaled[:, k], 0, height) for k in (1, 3))
        inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        return inside, (bottom - top) * (right - left)

    frame = np.tile((boxes[:, 2:] - boxes[:, :2]) / 4, 2) * np.array([-1, -1, 1, 1])
    inner, pixels = total(boxes)
    outer, all_pixels = total(boxes + frame)
    around = (outer - inner) / np.maximum(all_pixels - pixels, 1)
    return np.abs(inner / np.maximum(pixels, 1) - around)


def moved(boxes: np.ndarray, seed: int) -> np.ndarray:
    """Give boxes of the same sizes at random places, for comparison; (N, 4)."""
    sides = boxes[:, 2:] - boxes[:, :2]
    corners = np.random.default_rng(seed).random(sides.shape) * (1 - sides)
    return np.concatenate((corners, corners + sides), axis=1).astype(np.float32)


def of_things(things: np.ndarray, most: int) -> np.ndarray:
    """Give the boxes of true things, the largest first.

    Args:
        things: (H, W) whole numbers, see `colorkit.data.scenes.Scene`.
        most: how many to keep.
    """
    height, width = things.shape
    boxes, shares = [], []
    for number in np.unique(things[things > 0]):
        rows, columns = np.nonzero(things == number)
        corners = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        boxes.append(np.array(corners) / (width, height, width, height))
        shares.append(len(rows) / things.size)
    if not boxes:
        return NONE
    boxes, shares = np.array(boxes, np.float32), np.array(shares)
    seen = fitting(boxes, things.shape) & (shares >= LEAST / 2)  # a thin thing fills half its box
    order = np.lexsort((*boxes[seen].T, -shares[seen]))
    return boxes[seen][order][:most]


def padded(boxes: list[np.ndarray], most: int) -> np.ndarray:
    """Stack boxes of several pictures, zeros where there are fewer: (B, most, 4)."""
    stacked = np.zeros((len(boxes), most, 4), np.float32)
    for row, own in zip(stacked, boxes, strict=True):
        row[: len(own[:most])] = own[:most]
    return stacked
