"""Intervals over images, pairs and seeds, and the rank correlation's, against SciPy."""

import math

import numpy as np
import pytest
import scipy.stats
import torch
from scipy.stats import spearmanr

from colorkit.imaging.metrics.intervals import (
    bootstrap_interval,
    rank_correlation,
    seed_interval,
)


@pytest.fixture(scope="module")
def scores() -> np.ndarray:
    return np.random.default_rng(3).gamma(2, 1.5, 60)


@pytest.mark.parametrize("statistic", [np.mean, np.median])
def test_bootstrap_is_scipys(scores, statistic):
    got = bootstrap_interval(scores, statistic, level=0.9, resamples=500, seed=4)
    random = np.random.default_rng(4)
    options = {"confidence_level": 0.9, "n_resamples": 500, "method": "percentile"}
    expected = scipy.stats.bootstrap((scores,), statistic, **options, rng=random)
    assert np.allclose(got, expected.confidence_interval)


def test_bootstrap_in_portions_covers_the_mean(scores):
    many = np.tile(scores, 500)  # 30,000 values: the draws come in portions
    low, high = bootstrap_interval(many, resamples=200)
    error = many.std() / math.sqrt(len(many))
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.2) and low < many.mean() < high
    assert bootstrap_interval(scores) == bootstrap_interval(torch.tensor(scores))


def test_missing_and_too_few_values():
    low, high = interval = bootstrap_interval([1, 2, math.nan, 3])
    assert (interval.n, interval.left_out) == (3, 1) and 1 <= low < high <= 3
    for values in ([], [1.0], [math.nan, 2], [1, math.inf, 2]):
        for function in (bootstrap_interval, seed_interval):
            assert all(math.isnan(end) for end in function(values))
    assert bootstrap_interval([0.5] * 9) == (0.5, 0.5)


def test_seed_interval_is_scipys():
    values = [22.1, 22.6, 21.9]
    expected = scipy.stats.t.interval(0.95, 2, np.mean(values), scipy.stats.sem(values))
    assert np.allclose(seed_interval(values), expected)


def test_rank_correlation_equals_scipys_ties_included():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 6, 60), rng.random(60)
    y = y + 0.2 * x
    rho, (low, high), n = rank_correlation(x, y)
    assert rho == pytest.approx(spearmanr(x, y).statistic) and n == 60
    assert low < rho < high
    assert rank_correlation(x, y) == rank_correlation(x, y)
    draws = []
    for _ in range(600):
        rows = rng.integers(60, size=60)
        draws.append(spearmanr(x[rows], y[rows]).statistic)
    assert np.allclose((low, high), np.quantile(draws, [0.025, 0.975]), atol=0.06)


def test_several_numbers_of_an_image_are_ranked_together_and_drawn_together():
    rng = np.random.default_rng(1)
    image = rng.random((40, 1))
    x = image + 0.001 * rng.random((40, 5))  # five copies of one number an image
    y = image + 0.5 * rng.random((40, 1)) + 0.001 * rng.random((40, 5))
    rho, (low, high), n = rank_correlation(x, y)
    assert rho == pytest.approx(spearmanr(x.ravel(), y.ravel()).statistic) and n == 40
    one = rank_correlation(x[:, 0], y[:, 0])[1]
    assert high - low > 0.7 * (one[1] - one[0])  # copies tell nothing new
    apart = rank_correlation(x.ravel(), y.ravel())[1]
    assert high - low > 1.5 * (apart[1] - apart[0])


def test_images_without_a_number_are_left_out_and_too_few_have_no_correlation():
    x, y = np.arange(10.0), np.arange(10.0) ** 2
    x[3] = np.nan
    rho, _, n = rank_correlation(x, y)
    assert (rho, n) == (pytest.approx(1), 9)
    for a, b in (([1, 2], [3, 4]), (np.ones(9), np.arange(9)), ([], []), ([np.nan] * 5, range(5))):
        rho, interval, _ = rank_correlation(a, b)
        assert np.isnan([rho, *interval]).all()
    with pytest.raises(ValueError, match=r"pairs, received \(3,\) and \(4,\)"):
        rank_correlation(range(3), range(4))
