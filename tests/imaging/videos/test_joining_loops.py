"""Bytes joined by the compiled loops, against the passes of tensors that photographs take."""

import numpy as np
import pytest
import torch

from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.gamut import to_gamut
from colorkit.imaging.videos.joining_loops import image_to_lightness, join


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    rgb = np.random.default_rng(0).integers(0, 256, (40, 61, 3), dtype=np.uint8)
    rgb[0] = np.arange(61)[:, None] % 16  # near black, where the curves are lines
    rgb[1] = 255
    return rgb


def test_lightness_is_that_of_any_image_cut_out_or_mirrored(drawn):
    part = drawn[3:, ::-1][:, 5:]
    L = np.empty(part.shape[:2], np.float32)
    image_to_lightness(part, L)
    wanted = rgb_to_lab(torch.tensor(part.copy()).permute(2, 0, 1)[None] / 255)[0, 0]
    np.testing.assert_allclose(L, wanted, atol=5e-4)


@pytest.mark.parametrize("factor", [0.0, 0.7, 1.0, 2.5])
def test_colors_become_the_bytes_of_the_gamut(drawn, factor):
    """A search by halves may turn at another half where rounding differs, hence two."""
    lab = rgb_to_lab(torch.tensor(drawn).permute(2, 0, 1)[None] / 255)
    L, ab = lab[:, :1], factor * lab[:, 1:]
    out = np.empty_like(drawn)
    join(L[0, 0].contiguous().numpy(), ab[0].contiguous().numpy(), out)
    wanted = to_gamut(L, ab).mul(255).round()[0].permute(1, 2, 0).numpy()
    apart = np.abs(out - wanted)
    assert apart.max() <= 2 and (apart > 0).mean() < 0.02
    if factor == 1:
        assert np.abs(out.astype(int) - drawn).max() <= 1  # what went in comes back


def test_what_no_lightness_has_stays_a_byte():
    """Beyond black and white there is nothing to find: chroma goes, and bytes do not wrap."""
    L = np.array([[0, 100, 0, 100]], np.float32)
    ab = np.array([[[90, 90, 0, 0]], [[-90, 90, 0, 0]]], np.float32)
    out = np.empty((1, 4, 3), np.uint8)
    join(L, ab, out)
    assert out[0, ::2].max() <= 1 and out[0, 1::2].min() >= 254
