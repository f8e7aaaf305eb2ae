"""Boxes that may hold things, found without a trained detector.

Both ways are given the gray picture alone, as a colorizer is. Neither says how sure it is of a box:
boxes are ranked by how much they differ from what lies around them.
"""

import numpy as np

from colorkit.data.boxes import NONE, choose, contrast, fitting
from colorkit.system.errors import ColorkitError

WAYS = ("segments", "selective")


def propose(rgb: np.ndarray, way: str = "segments", most: int = 8) -> np.ndarray:
    """Find boxes in a picture, of which only the gray is looked at.

    Args:
        rgb: uint8 (H, W, 3).
        way: `segments` (Felzenszwalb & Huttenlocher 2004) or `selective` (search: Uijlings et al.
            2013), which needs OpenCV.
        most: how many to keep.

    Returns:
        (N, 4), see `colorkit.data.boxes`.

    Raises:
        ColorkitError: the way needs what is not installed.
        ValueError: there is no such way.
    """
    from colorkit.imaging.color import bytes_to_gray

    if way not in WAYS:
        raise ValueError(f"no way {way!r} to find boxes; choose one of {', '.join(WAYS)}")
    gray = bytes_to_gray([np.ascontiguousarray(rgb)])[0, 0].numpy()  # (H, W) in [0, 1]
    found = _segments(gray) if way == "segments" else _selective(gray)
    found = found[fitting(found, gray.shape)]
    return choose(found, contrast(gray, found), most) if len(found) else NONE


def _segments(gray: np.ndarray) -> np.ndarray:
    """Boxes of areas of one gray; their edges may have any shape (IJCV 59(2), 2004)."""
    from skimage.segmentation import felzenszwalb

    least = max(4, int(0.004 * gray.size))
    labels = felzenszwalb(gray, scale=200, sigma=0.8, min_size=least, channel_axis=None)
    height, width = gray.shape
    boxes = []
    for number in range(labels.max() + 1):
        rows, columns = np.nonzero(labels == number)
        boxes.append((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    return np.array(boxes, np.float32) / np.array((width, height, width, height), np.float32)


def selective_missing() -> str:
    """Why there is no selective search on this machine; empty where there is."""
    try:
        _opencv()
    except ColorkitError as reason:
        return str(reason)
    return ""


def _opencv():
    """OpenCV's module of segmentation, which its plain package lacks."""
    try:
        from cv2.ximgproc import segmentation
    except ImportError as error:
        raise ColorkitError(
            "selective search needs OpenCV with its contributed modules, which is not installed; "
            "run `pip install 'colorkit[boxes]'` or take segments"
        ) from error
    return segmentation


def _selective(gray: np.ndarray) -> np.ndarray:
    """Boxes of areas joined step by step with those most like them (IJCV 104(2), 2013).

    OpenCV gives them in random order, which no seed fixes; the set is always the same.
    """
    search = _opencv().createSelectiveSearchSegmentation()
    search.setBaseImage(np.repeat(np.rint(255 * gray).astype(np.uint8)[..., None], 3, axis=2))
    search.switchToSelectiveSearchFast()
    found = np.unique(search.process(), axis=0).astype(np.float32)  # left, top, width, height
    if not len(found):
        return NONE
    height, width = gray.shape
    corners = np.concatenate((found[:, :2], found[:, :2] + found[:, 2:]), axis=1)
    return corners / np.array((width, height, width, height), np.float32)
