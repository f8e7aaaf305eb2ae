"""Boxes of a person: read from JSON, or refused in one sentence that says where and why."""

import json

import numpy as np
import pytest

from colorkit.data.boxes.given import read_boxes
from colorkit.system.errors import ColorkitError

SIZES = {"boat.jpg": (100, 200), "cat.jpg": (50, 50)}


def test_pixels_become_shares_in_the_order_of_the_file(tmp_path):
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps({"boat.jpg": [[20, 25, 180, 75.5], [0, 0, 200, 100]]}))
    found = read_boxes(path, SIZES)
    assert list(found) == list(SIZES) and found["cat.jpg"].shape == (0, 4)
    np.testing.assert_allclose(found["boat.jpg"], [[0.1, 0.25, 0.9, 0.755], [0, 0, 1, 1]])


BAD = {
    "{": "is no JSON",
    "[" * 100_000: "is no JSON",
    "\x00\xff": "is no JSON",
    "[[1, 2, 3, 4]]": "holds no boxes by picture",
    '{"dog.jpg": []}': r"boxes of 'dog.jpg', which is not among the pictures \(boat.jpg, cat.jpg\)",
    '{"cat.jpg": 3}': "cat.jpg has no list of boxes",
    '{"cat.jpg": [[1, 2, 3]]}': r"box 1 of cat.jpg is \[1, 2, 3\], not four numbers",
    '{"cat.jpg": [[1, 2, 3, "4"]]}': "not four numbers",
    '{"cat.jpg": [[1, 2, 3, true]]}': "not four numbers",
    '{"cat.jpg": [[1, 2, 3, NaN]]}': "not four numbers",
    '{"cat.jpg": [[1, 2, 3, 4], [5, 5, 5, 9]]}': r"box 2 of cat.jpg is \[5, 5, 5, 9\] and has no a",
    '{"cat.jpg": [[9, 2, 3, 4]]}': "has no area",
    '{"cat.jpg": [[0, 0, 51, 50]]}': "outside of the picture, which is 50 pixels wide and 50 high",
    '{"cat.jpg": [[-1, 0, 5, 5]]}': "lies outside",
    '{"cat.jpg": [[0, 0, 1e999, 5]]}': "not four numbers",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_is_no_box_is_refused_in_one_sentence(tmp_path, text):
    path = tmp_path / "boxes.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ColorkitError, match=BAD[text]) as fault:
        read_boxes(path, SIZES)
    assert str(path) in str(fault.value) and "\n" not in str(fault.value)


def test_a_file_that_is_not_there_or_far_too_large_is_refused(tmp_path):
    with pytest.raises(ColorkitError, match="cannot be read"):
        read_boxes(tmp_path / "none.json", SIZES)
    with pytest.raises(ColorkitError, match="cannot be read"):
        read_boxes(tmp_path, SIZES)
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(20_000_000)
    with pytest.raises(ColorkitError, match="give fewer boxes"):
        read_boxes(large, SIZES)
