"""Scans of few grays, and what becomes of them."""

import numpy as np
import pytest
from skimage import data

from colorkit.imaging.contrast_stretching import narrow_range, stretch


def flattened(low: float, high: float) -> np.ndarray:
    gray = np.rint(low + data.camera() / 255.0 * (high - low)).astype(np.uint8)
    return np.repeat(gray[..., None], 3, axis=2)


def test_the_range_of_a_flat_scan_is_found_and_stretched():
    flat = flattened(80, 118)
    low, high = narrow_range(flat)
    assert 79 < low < 90 and 110 < high < 119
    full = stretch(flat, low, high)
    assert (full == full[..., :1]).all() and full.dtype == np.uint8
    # A step of the scan is nearly 7 grays of the result.
    assert np.percentile(full, 1) == pytest.approx(10, abs=7)
    assert np.percentile(full, 99) == pytest.approx(245, abs=7)
    correlated = np.corrcoef(full[..., 0].ravel(), flat[..., 0].ravel())[0, 1]
    assert correlated > 0.995  # nothing but the ends is bent


@pytest.mark.parametrize("ends", [(0, 255), (40, 200), (0, 60), (180, 255), (100, 108)])
def test_full_dark_light_and_empty_pictures_have_none(ends):
    assert narrow_range(flattened(*ends)) is None


def test_colors_are_taken_away():
    flat = flattened(80, 118)
    tinted = np.clip(flat.astype(int) + np.array([20, 0, -20]), 0, 255).astype(np.uint8)
    full = stretch(tinted, 80, 118)
    assert (full == full[..., :1]).all()


def test_the_lid_of_the_scanner_does_not_count():
    flat = flattened(80, 118)
    flat[:10] = 255
    flat[:, :10] = 0
    assert narrow_range(flat) is not None


@pytest.mark.parametrize("shape", [(1, 1), (2, 50), (9, 1)])
def test_any_size(shape):
    assert narrow_range(np.full((*shape, 3), 100, np.uint8)) is None
