"""Proposals: from gray alone, always the same, at the things of a simple picture."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from colorkit.data.boxes import overlaps, proposals
from colorkit.data.boxes.proposals import propose, selective_missing
from colorkit.data.sample_photographs import sample_photographs
from colorkit.system.errors import ColorkitError


def two_squares() -> np.ndarray:
    rgb = np.full((80, 120, 3), 128, np.uint8)
    rgb[10:40, 10:50], rgb[45:75, 70:110] = (230, 40, 40), (30, 60, 30)
    return rgb


TRUE = np.array([[10 / 120, 10 / 80, 50 / 120, 40 / 80], [70 / 120, 45 / 80, 110 / 120, 75 / 80]])
needs_opencv = pytest.mark.skipif(bool(selective_missing()), reason="OpenCV's extra is not there")


@pytest.mark.parametrize("way", ["segments", pytest.param("selective", marks=needs_opencv)])
def test_simple_things_are_found(way):
    found = propose(two_squares(), way)
    assert found.shape[1] == 4 and found.dtype == np.float32
    for box in TRUE:
        assert overlaps(box, found).max() > 0.8
    assert (found >= 0).all() and (found <= 1).all()


@pytest.mark.parametrize("way", ["segments", pytest.param("selective", marks=needs_opencv)])
def test_only_the_gray_is_looked_at_and_the_same_is_found_again(way):
    from colorkit.inference.paint import to_gray

    rgb = sample_photographs(96)["astronaut"]
    found = propose(rgb, way)
    assert 2 <= len(found) <= 8
    np.testing.assert_array_equal(found, propose(rgb, way))
    near = propose(to_gray(rgb), way)  # another formula of gray: nearly the same picture
    assert len(near) >= 2
    shuffled = rgb.copy()
    gray = np.rint(rgb @ [0.299, 0.587, 0.114]).astype(np.uint8)
    shuffled[:] = gray[..., None]
    same = propose(shuffled, way)
    assert sum(overlaps(box, same).max() > 0.5 for box in found) >= len(found) // 2
    assert len(propose(rgb, way, most=1)) == 1


def test_an_empty_picture_has_no_boxes():
    assert propose(np.full((32, 32, 3), 90, np.uint8)).shape == (0, 4)


def test_what_opencv_gives_in_random_order_is_sorted(monkeypatch):
    """OpenCV shuffles its answer, repeats boxes, and gives corner and sides."""
    answer = np.array([[10, 10, 40, 30], [70, 45, 40, 30], [10, 10, 40, 30], [0, 0, 120, 80]])
    order = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]]

    class Search:
        def setBaseImage(self, image):
            assert image.shape == (80, 120, 3) and (image[..., 0] == image[..., 2]).all()

        def switchToSelectiveSearchFast(self): ...

        def process(self):
            return answer[order.pop()]

    module = SimpleNamespace(createSelectiveSearchSegmentation=Search)
    monkeypatch.setattr(proposals, "_opencv", lambda: module)
    first, *others = (propose(two_squares(), "selective") for _ in range(3))
    assert all(np.array_equal(first, other) for other in others)
    np.testing.assert_allclose(first[np.argsort(first[:, 0])], TRUE, atol=1e-6)


def test_without_opencv_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    monkeypatch.setitem(sys.modules, "cv2.ximgproc", None)
    with pytest.raises(ColorkitError, match=r"run `pip install 'colorkit\[boxes\]'`"):
        propose(two_squares(), "selective")
    assert "not installed" in selective_missing()
    with pytest.raises(ValueError, match="no way 'edges' to find boxes"):
        propose(two_squares(), "edges")
