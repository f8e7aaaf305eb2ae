"""What the page of errata computes, against known values."""

import numpy as np
import pytest
import torch

from colorkit.imaging.metrics.quality import colorfulness_rgb
from colorkit.report.errata import absolute_colorfulness, computed


def test_numbers_are_those_of_the_course():
    found = computed()
    assert (found["signed"], found["absolute"]) == ("38.6", "29.0")
    assert (found["black"], found["ours"]) == ("45", "0")
    assert (found["largest_a"], found["largest_b"]) == ("98", "108")
    assert (found["side"], found["half"]) == ("224", "112")


def test_absolute_and_signed_agree_where_no_difference_is_negative():
    rng = np.random.default_rng(0)
    red, green = 0.5 + 0.5 * rng.random((8, 8)), 0.5 * rng.random((8, 8))
    rgb = torch.from_numpy(np.stack([red, green, np.zeros((8, 8))])[None]).float()
    assert absolute_colorfulness(rgb) == pytest.approx(colorfulness_rgb(rgb).item(), rel=1e-4)
