"""Paper around a print is found where it surely is, and nowhere else."""

import numpy as np
import pytest
from skimage import data

from colorkit.imaging.borders import picture_within


def card(picture, paper=236, widths=(30, 30, 30, 30), noise=0.0) -> np.ndarray:
    """Lay a gray picture on paper: widths above, below, left and right."""
    top, bottom, left, right = widths
    whole = np.pad(picture.astype(float), ((top, bottom), (left, right)), constant_values=paper)
    whole += noise * np.random.default_rng(0).standard_normal(whole.shape)
    return np.repeat(whole.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.fixture
def picture() -> np.ndarray:
    return data.camera()[:400, :480]


@pytest.mark.parametrize("widths", [(30, 30, 30, 30), (20, 160, 60, 90), (12, 12, 300, 20)])
@pytest.mark.parametrize(("paper", "noise"), [(250, 0), (236, 3), (180, 4)])
def test_a_border_of_any_width_is_found(picture, widths, paper, noise):
    rgb = card(picture, paper, widths, noise)
    rows, columns = picture_within(rgb)
    off = max(rgb.shape[:2]) / 256 + 1  # a pixel of the small copy
    found = (rows.start, rgb.shape[0] - rows.stop, columns.start, rgb.shape[1] - columns.stop)
    assert np.abs(np.array(found) - widths).max() <= 2 * off


@pytest.mark.parametrize(
    "whole",
    [
        lambda p: card(p, widths=(0, 0, 0, 0)),
        lambda p: card(p, widths=(80, 0, 0, 0)),  # a bright sky
        lambda p: card(p, widths=(40, 40, 0, 0)),  # a sky above snow
        lambda p: card(p, paper=20),  # a lamp in the night
        lambda p: card(p, widths=(3, 3, 3, 3)),  # a line of a scanner
        lambda p: card(p[:40, :40], widths=(300, 300, 300, 300)),  # hardly a picture
        lambda p: np.full((90, 120, 3), 240, np.uint8),
        lambda p: np.full((1, 1, 3), 240, np.uint8),
    ],
)
def test_no_border_is_seen_where_none_surely_is(picture, whole):
    assert picture_within(whole(picture)) is None
