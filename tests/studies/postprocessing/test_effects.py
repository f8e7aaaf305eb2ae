"""What counts as helped, harmed, mended and spoiled, on numbers that can be counted by hand."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from colorkit.imaging.color import lab_to_rgb
from colorkit.imaging.metrics.quality import colorfulness
from colorkit.studies.postprocessing.effects import (
    fit_all,
    main_and_rest,
    measure_way,
    mended,
    own_fit,
    saturations,
    smaller_share,
    spreads,
)


@pytest.fixture
def lab():
    """Truths of a few colors each, (3, 3, 24, 24)."""
    rng = torch.Generator().manual_seed(1)
    L = 30 + 40 * torch.rand(3, 1, 24, 24, generator=rng)
    return torch.cat((L, 6 * torch.randn(3, 2, 24, 24, generator=rng)), dim=1)


def test_the_smaller_share_counts_both_sides():
    gains = np.array([[2.0, 1.0, -1.0, 0.5], [2.0, 2.0, 2.0, 2.0]])
    assert smaller_share(1.0)(gains, axis=1) == pytest.approx([0.25 - 0.1, -0.1])


def test_bad_results_are_mended_or_spoiled_by_one_unit():
    before = np.array([[1.0, 2.0, 9.0, 10.0], [1.0, 2.0, 10.0, 9.0]])
    after = before - [[5.0, 5.0, 1.0, -1.0], [5.0, 5.0, 0.9, 2.0]]
    found = mended(before, after, 0.5)
    assert found.tolist() == [[1.0, -1.0], [0.0, 1.0]]


def test_the_main_component_is_large_and_leaves_a_rest():
    plants = torch.zeros(4, 10, 10, dtype=torch.bool)
    plants[0, :5] = True  # half
    plants[1, :2] = True  # a fifth: not the main one
    plants[2] = True  # leaves nothing
    found = main_and_rest(plants)
    assert found["main"].sum(dim=(1, 2)).tolist() == [50, 0, 0, 0]
    assert found["rest"].sum(dim=(1, 2)).tolist() == [50, 0, 0, 0]


def test_a_way_is_measured_by_difference_chroma_and_colorfulness(lab):
    gray = lab_to_rgb(torch.cat((lab[:, :1], torch.zeros_like(lab[:, 1:])), dim=1))
    regions = {"left": torch.zeros(3, 24, 24, dtype=torch.bool)}
    regions["left"][:, :, :12] = True
    table = measure_way(gray, lab, regions)
    chroma = lab[:, 1:].norm(dim=1)
    assert_close(torch.tensor(table["chroma"]), chroma.mean(dim=(1, 2)), atol=0.05, rtol=0)
    wanted = lab[:, 1:].square().mean(dim=(1, 2, 3))
    assert_close(torch.tensor(table["squared"]), wanted, atol=0.5, rtol=0)
    m1 = colorfulness(lab_to_rgb(lab)) - colorfulness(gray)
    assert_close(torch.tensor(table["m1_gap"]), m1.abs(), atol=1e-3, rtol=0)
    same = measure_way(lab_to_rgb(lab), lab, regions)
    assert same["delta_e"].max() < 0.1 and same["left"].max() < 0.1
    assert (table["left"] > 1).all()


def test_fits_find_the_factor_that_was_taken_away(lab):
    half = lab[:, 1:] / 2
    fits = fit_all((half, lab), (half, lab), torch.ones(3, 24, 24, dtype=torch.bool))
    assert fits.best == 2.0 and fits.for_plants == 2.0
    ways = {
        name: measure_way(way(lab[:, :1], half), lab) for name, way in saturations(fits).items()
    }
    error = {name: table["delta_e"].mean() for name, table in ways.items()}
    assert error["best factor"] < error["colorized"] / 4
    assert error["gain and offset"] < error["colorized"] / 4
    assert ways["as colorful"]["m1_gap"].mean() < ways["colorized"]["m1_gap"].mean() / 4
    assert own_fit(half, lab).mean() < error["colorized"] / 4


def test_spreads_are_standard_deviations_of_five_channels(lab):
    found = spreads(lab_to_rgb(lab))
    assert found.shape == (5, 3)
    chroma = found[3:].T
    assert chroma == pytest.approx(lab[:, 1:].flatten(2).std(dim=2).numpy(), rel=0.02)
