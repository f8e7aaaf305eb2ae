"""Histograms of images are made flat, or those of others, without changing any order."""

import pytest
import torch
from skimage.exposure import equalize_hist
from torch.testing import assert_close

from colorkit.studies.postprocessing.histograms import (
    chroma_to_quantiles,
    equalize_channels,
    flat_quantiles,
    mean_quantiles,
    to_quantiles,
)


@pytest.fixture
def values():
    return torch.rand(2, 40, 50, generator=torch.Generator().manual_seed(0)).square()


def test_each_channel_is_equalized_alone_and_an_even_one_stays(values):
    rgb = torch.stack((values, values / 3, torch.full_like(values, 0.4)), dim=1)
    found = equalize_channels(rgb)
    for image, flat in zip(rgb, found, strict=True):
        for channel in range(2):
            wanted = torch.from_numpy(equalize_hist(image[channel].numpy(), 256)).float()
            assert_close(flat[channel], wanted)
    assert_close(found[:, 2], rgb[:, 2])


def test_the_mean_of_quantiles_is_no_mixture(values):
    low, high = values[:1], values[:1] + 10
    middle = mean_quantiles([low, high])
    assert middle.shape == (101,) and (middle.diff() >= 0).all()
    wanted = torch.quantile(low.flatten(), torch.linspace(0, 1, 101)) + 5
    assert_close(middle, wanted, atol=1e-4, rtol=0)


def test_flat_quantiles_keep_the_mean(values):
    quantiles = mean_quantiles([values])
    flat = flat_quantiles(quantiles)
    assert flat[0] == 0
    assert_close(flat.diff(), flat[1].expand(100), atol=1e-5, rtol=0)
    assert flat.mean() == pytest.approx(values.mean().item(), rel=0.01)


def test_values_take_another_histogram_and_keep_their_order(values):
    wanted = torch.linspace(5, 9, 101)
    found = to_quantiles(values, wanted)
    assert found.shape == values.shape and found.dtype == values.dtype
    for before, after in zip(values.flatten(1), found.flatten(1), strict=True):
        assert (after[before.argsort()].diff() >= 0).all()
    spread = torch.quantile(found.flatten(), torch.linspace(0, 1, 101))
    assert_close(spread, wanted, atol=0.02, rtol=0)
    even = to_quantiles(torch.ones(1, 4, 4), wanted)
    assert_close(even, torch.full_like(even, 7.0))  # the middle of their ranks


def test_chroma_changes_and_hue_and_gray_do_not(values):
    angle = values * 6
    ab = torch.stack((angle.cos(), angle.sin()), dim=1) * (1 + 20 * values.flip(1)[:, None])
    ab[:, :, 0, 0] = 0
    found = chroma_to_quantiles(ab, torch.linspace(10, 30, 101))
    assert (found[:, :, 0, 0] == 0).all()
    colored = ab.norm(dim=1) > 0
    assert_close(
        torch.atan2(found[:, 1], found[:, 0])[colored],
        torch.atan2(ab[:, 1], ab[:, 0])[colored],
        atol=1e-4,
        rtol=0,
    )
    assert found.norm(dim=1)[colored].min() >= 10 and found.norm(dim=1).max() <= 30.001
