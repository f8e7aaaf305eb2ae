"""The table of the course's trainings, and what is stacked of several of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from colorkit.course.networks import Course
from colorkit.course.profile import load_profile
from colorkit.course.scales import Scale
from colorkit.models.colornet import ColorNet
from colorkit.studies.vegenet import trainings as table
from colorkit.studies.vegenet.trainings import VARIANTS, stack, trainings, untrained


@pytest.fixture
def profile():
    smoke = load_profile("smoke")
    return replace(smoke, seeds=2, start_seeds=4, long=Scale(width=0.125, epochs=9, seeds=3))


def test_repetitions_are_listed_by_seed(profile):
    listed = trainings(profile, "OutNet, fresh start")
    assert [options["repeat"] for options in listed] == [0, 1]
    assert {(o["network"], o["transfer"], o["variant"]) for o in listed} == {
        ("outnet", False, "scratch")
    }
    long = trainings(profile, "VégéNet, long")
    assert [(o["repeat"], o["scale"].epochs) for o in long] == [(0, 9), (1, 9), (2, 9)]
    assert "long" in VARIANTS["VégéNet, long"]  # the table itself is left as it was


def test_more_trainings_end_after_the_first_epoch(profile):
    listed = trainings(profile, "OutNet", first_epoch=True)
    assert [o.get("epochs") for o in listed] == [None, None, 1, 1]
    fewer = trainings(replace(profile, start_seeds=0), "OutNet", first_epoch=True)
    assert fewer == trainings(profile, "OutNet")


def test_every_variant_can_be_trained(profile, monkeypatch):
    course = Course()
    course.profile = profile
    asked = []
    monkeypatch.setattr(
        Course, "train", lambda self, network, repeat, **options: asked.append((network, repeat))
    )
    for name in VARIANTS:
        table.train(course, name)
    counts = {network: sum(n == network for n, _ in asked) for network in profile.networks}
    assert counts == {"vegenet": 5, "outnet": 4, "mcolornet": 2}


def test_the_untrained_network_is_the_one_of_the_seed():
    course = Course(seed=5)
    first, again, other = (untrained(course, "vegenet", k).state_dict() for k in (1, 1, 2))
    torch.manual_seed(6)
    expected = ColorNet(10, width=0.25, global_size=64).state_dict()
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert all(torch.equal(first[key], expected[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_tables_of_several_trainings_are_stacked():
    tables = [pd.DataFrame({"x": [1, np.nan, 3]}), pd.DataFrame({"x": [4, 5, 6]})]
    np.testing.assert_array_equal(stack(tables, "x"), [[1, np.nan, 3], [4, 5, 6]])
