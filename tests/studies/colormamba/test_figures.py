"""Toys of the chapter on ColorMamba: what is drawn is what is computed."""

import numpy as np
import pytest

from colorkit.studies.cocolor.figures import four_ways as ways_of_cocolor
from colorkit.studies.colormamba.figures import four_ways, hue_seam, scan_row, scanned_rows


def test_a_row_is_kept_as_the_formula_says():
    u, delta, kept, h = [1.0, 0.0, 2.0], [0.5, 0.1, 1.0], [], 0.0
    for x, d in zip(u, delta, strict=True):
        h = np.exp(-2 * d) * h + d * x
        kept.append(h)
    np.testing.assert_allclose(scan_row(u, delta, -2.0), kept, rtol=1e-6)
    axes = scanned_rows(u, {"this": delta}, -2.0).axes
    np.testing.assert_allclose(axes[1].lines[0].get_ydata(), kept, rtol=1e-6)
    assert axes[2].lines[0].get_ydata().tolist() == delta


def test_each_way_visits_each_place_once():
    axes = four_ways(2, 3).axes
    drawn = [ax.lines[0].get_xydata().tolist() for ax in axes]
    assert drawn[0] == [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]]
    assert drawn[1] == [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1]]
    assert drawn[2:] == [way[::-1] for way in drawn[:2]]
    assert [t.get_text() for t in axes[3].texts] == list("123456")


def test_the_mean_of_two_reds_is_cyan_on_the_line_and_red_in_the_disk():
    line, disk = hue_seam(10, 350).axes
    *_, mean = line.lines
    assert mean.get_xdata()[0] == 180
    assert np.asarray(mean.get_color()) == pytest.approx([0, 1, 1], abs=1e-6)
    *_, center = disk.lines
    assert center.get_xdata()[0] > 0.9 and abs(center.get_ydata()[0]) < 1e-6
    assert np.asarray(center.get_color()) == pytest.approx([1, 0, 0], abs=1e-5)


def test_the_ways_of_cocolor_name_every_picture():
    texts = [text.get_text() for text in ways_of_cocolor().axes[0].texts]
    assert {"near infrared", "gray, translated", "pseudo-infrared", "color, mixed"} <= set(texts)
    assert texts.count("colorizer of gray") == texts.count("colorizer of NIR") == 2
    assert texts.count("alike") == 2
