"""Boxes: which are kept and in which order, where they are moved, and those of true things."""

import numpy as np
import pytest

from colorkit.data import boxes
from colorkit.data.boxes import choose, contrast, fitting, moved, of_things, overlaps, padded
from colorkit.data.scenes import render

SOME = np.array([[0.1, 0.1, 0.5, 0.5], [0.5, 0.5, 0.9, 0.9], [0.12, 0.1, 0.5, 0.5]], np.float32)


def test_small_large_and_slender_boxes_do_not_fit():
    given = [[0, 0, 0.1, 0.1], [0, 0, 0.9, 0.9], [0, 0, 1, 0.1], [0, 0, 0.3, 0.3]]
    assert fitting(np.array(given), (50, 50)).tolist() == [False, False, False, True]
    # On a picture four times as wide as high, pixels tell what is slender.
    assert fitting(np.array([[0, 0, 0.3, 0.3]]), (10, 60)).tolist() == [False]


def test_overlap_is_what_both_share_of_what_either_covers():
    grid = np.zeros((3, 100, 100), bool)
    for plane, (left, top, right, bottom) in zip(
        grid, np.rint(SOME * 100).astype(int), strict=True
    ):
        plane[top:bottom, left:right] = True
    wanted = [(grid[0] & g).sum() / (grid[0] | g).sum() for g in grid]
    np.testing.assert_allclose(overlaps(SOME[0], SOME), wanted, atol=1e-6)


def test_the_best_of_those_of_one_thing_is_kept_whatever_the_order():
    scores = np.array([1.0, 0.5, 2.0])
    wanted = SOME[[2, 1]]
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        np.testing.assert_array_equal(choose(SOME[order], scores[order], 8), wanted)
        np.testing.assert_array_equal(
            choose(SOME[order], np.ones(3), 8), choose(SOME, np.ones(3), 8)
        )
    assert len(choose(SOME, scores, 1)) == 1


def test_contrast_is_that_of_the_means_inside_and_around():
    gray = np.random.default_rng(0).random((40, 60))
    gray[10:20, 15:30] += 2
    box = np.array([[15 / 60, 10 / 40, 30 / 60, 20 / 40], [0.5, 0.6, 1.0, 1.0]])
    inside = gray[10:20, 15:30].mean()
    ring = gray[8:22, 11:34].copy()  # wider by a quarter of 15 and of 10, rounded
    ring[2:12, 4:19] = np.nan
    found = contrast(gray, box)
    assert found[0] == pytest.approx(abs(inside - np.nanmean(ring)))
    assert found[0] > 10 * found[1]


def test_moved_boxes_keep_their_sizes_and_stay_inside():
    found = moved(SOME, 3)
    np.testing.assert_allclose(found[:, 2:] - found[:, :2], SOME[:, 2:] - SOME[:, :2], atol=1e-6)
    assert found.min() >= 0 and found.max() <= 1 and np.abs(found - SOME).max() > 0.05
    np.testing.assert_array_equal(found, moved(SOME, 3))
    assert moved(boxes.NONE, 0).shape == (0, 4)


def test_true_things_have_tight_boxes_the_largest_first():
    things = np.zeros((40, 80), np.uint16)
    things[5:15, 10:30], things[20:38, 40:70], things[0, 0] = 7, 2, 9  # the last one is too small
    wanted = [[40 / 80, 20 / 40, 70 / 80, 38 / 40], [10 / 80, 5 / 40, 30 / 80, 15 / 40]]
    np.testing.assert_allclose(of_things(things, 8), wanted)
    assert len(of_things(things, 1)) == 1 and of_things(np.zeros((8, 8), int), 3).shape == (0, 4)


def test_every_box_of_a_scene_holds_its_thing():
    scene = render("house", 3, 64)
    found = of_things(scene.things, 8)
    assert len(found) >= 2
    for box in np.rint(found * 64).astype(int):
        left, top, right, bottom = box
        inside = scene.things[top:bottom, left:right]
        edges = (inside[0], inside[-1], inside[:, 0], inside[:, -1])
        assert any(all((edge == n).any() for edge in edges) for n in np.unique(inside) if n)


def test_padding_gives_each_picture_as_many_rows():
    found = padded([SOME, boxes.NONE, SOME[:1]], 2)
    assert found.shape == (3, 2, 4) and found.dtype == np.float32
    np.testing.assert_array_equal(found[0], SOME[:2])
    assert not found[1].any() and not found[2, 1].any()
