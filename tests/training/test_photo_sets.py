"""Which photographs are shown how often."""

from collections import Counter

import numpy as np

from colorkit.training.photo_sets import _groups, even_groups

GROUPS = ["", "a", "a", "a", "a", "b", "b", "", "c", ""]


def test_every_group_is_drawn_as_often_and_what_has_none_stays():
    found = even_groups(np.arange(10), GROUPS)
    assert Counter(GROUPS[k] for k in found) == {"": 3, "a": 2, "b": 2, "c": 2}
    counts = Counter(found.tolist())
    assert all(counts[k] == 1 for k in (0, 5, 6, 7, 9)) and counts[8] == 2
    assert {k for k in counts if GROUPS[k] == "a"} == {1, 4}  # not the first ones only


def test_without_groups_the_order_stays():
    order = np.array([2, 0, 1, 0])
    assert (even_groups(order, [""] * 3) == order).all()


def test_groups_are_read_by_the_images_names(tmp_path):
    (tmp_path / "people").mkdir()
    table = "file,age,group\ntrain/portrait/x.webp,5,one\ntest/portrait/y.webp,70,other\n"
    (tmp_path / "people" / "portraits.csv").write_text(table)
    named = {"people/train/portrait/x.webp": "one", "people/test/portrait/y.webp": "other"}
    assert _groups(tmp_path) == named and _groups(tmp_path / "people" / "none") == {}
