"""Halves of groups, the spread of colors, and what an epoch costs."""

import copy

import numpy as np
import pytest
import torch

from colorkit.data.batches import NirBatch
from colorkit.models.nirnet import NirNet
from colorkit.studies.nir.costs import epoch_costs
from colorkit.studies.nir.effects import places, spread, upper, upper_half
from colorkit.studies.nir.training import NirRecipe


def test_halves_are_compared_within_groups_with_the_spread_of_their_difference():
    rng = np.random.default_rng(0)
    groups = np.array(["field"] * 9 + ["water"] * 6)
    by, values = rng.normal(size=15), rng.normal(size=(2, 15))
    values[:, 9:] += 50  # what the groups differ in
    found = upper_half(values, by, groups)
    for group, low in (("field", 5), ("water", 3)):
        own = groups == group
        order = np.argsort(by[own])
        assert set(np.flatnonzero(upper(by, groups) & own)) == set(np.flatnonzero(own)[order[low:]])
        for seed in range(2):
            a, b = values[seed, own][order[:low]], values[seed, own][order[low:]]
            assert found[seed, own].mean() == pytest.approx(b.mean() - a.mean())
            error = np.sqrt(a.var() / len(a) + b.var() / len(b))  # of a difference of two means
            assert found[seed, own].std() / np.sqrt(own.sum()) == pytest.approx(error)
    assert np.allclose(upper_half(values[0], by, groups), found[0])
    assert np.isnan(upper_half(np.ones(1), np.ones(1), np.array(["alone"]))).all()


def test_water_is_what_is_neither_sky_nor_plants_where_pictures_show_water():
    rgb = torch.full((2, 3, 32, 32), 0.5)
    rgb[:, :, :8] = torch.tensor([0.5, 0.7, 0.95]).view(3, 1, 1)  # a blue sky
    rgb[:, :, 24:] = torch.tensor([0.2, 0.5, 0.1]).view(3, 1, 1)  # grass
    found = places(rgb, np.array(["water", "street"]))
    assert found["sky"][:, :4].all() and not found["sky"][:, 12:].any()
    assert found["water"][0, 12:24].all() and not found["water"][0, 24:].any()
    assert not found["water"][1].any() and found["elsewhere"][1, 12:].all()
    assert torch.equal(sum(mask.int() for mask in found.values()), torch.ones(2, 32, 32).int())


def test_the_spread_is_taken_from_the_mean_color_of_one_network():
    chroma = torch.zeros(4, 2, 2, 2)
    chroma[0, 0], chroma[1, 0] = 3.0, -3.0  # fold 0: two colors, each 3 from their mean
    chroma[2:] = 40.0  # fold 1: one color, far from gray
    found, centers = spread(chroma, np.array([0, 0, 1, 1]))
    assert found == pytest.approx([3, 3, 0, 0], abs=1e-5)
    assert centers == pytest.approx(np.array([[0, 0], [40, 40]]))


def test_an_epoch_of_the_branch_costs_more_and_the_networks_stay_as_they_are():
    ways = ("none", "head", "branch")
    networks = {way: NirNet(3, way, width=0.125, global_size=32).eval() for way in ways}
    before = copy.deepcopy(networks["branch"].state_dict())
    batch = NirBatch(torch.rand(4, 1, 32, 32), torch.rand(4, 3, 32, 32), torch.tensor([0, 1, 2, 0]))
    table, seconds = epoch_costs(networks, batch, NirRecipe(), pictures=40, attempts=2)
    counted = table["multiply-adds"]
    assert counted["branch"] > 1.05 * counted["none"]
    assert counted["none"] < counted["head"] < 1.05 * counted["none"]
    again, _ = epoch_costs(networks, batch, NirRecipe(), pictures=80, attempts=1)
    assert again["multiply-adds"].tolist() == [2 * x for x in counted]
    assert table["parameters"]["branch"] == sum(p.numel() for p in networks["branch"].parameters())
    assert all(len(each) == 2 and (each > 0).all() for each in seconds.values())
    for name, value in networks["branch"].state_dict().items():
        assert torch.equal(value, before[name])
    assert not networks["branch"].training
