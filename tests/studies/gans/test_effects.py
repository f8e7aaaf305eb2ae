"""What discriminators, skips, upsampling, losses and schedules change, counted by relatives."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from colorkit.imaging.color import lab_to_rgb
from colorkit.studies.gans import effects
from colorkit.studies.gans.configurations import AUTOENCODERS, D8, GANS

COUNT, SEEDS = 40, 2


class Measured:
    """Stands in for a gallery: each row's error is its number, each seed adds a tenth."""

    def __init__(self):
        names = (*AUTOENCODERS, *GANS)
        picture = np.arange(COUNT) / 100
        self.values = {name: k + picture for k, name in enumerate(names)}

    def __getitem__(self, name):
        return pd.DataFrame({"error": self.values[name]})

    def over_seeds(self, name, column):
        repeated = name in AUTOENCODERS or name in D8
        return np.stack([self.values[name] + k / 10 for k in range(SEEDS if repeated else 1)])


@pytest.fixture
def gallery() -> Measured:
    return Measured()


def test_relatives_are_averaged_before_anything_is_counted(gallery):
    found = effects.pairs_by_generator(gallery, "error").difference
    assert found.shape == (4, COUNT)
    # The generators are numbered from 0, their GANs from 4 on, three after another.
    np.testing.assert_allclose(found[:, 0], [4 + 3 * k + 1 - k for k in range(4)])


def test_seeds_are_compared_one_by_one(gallery):
    gallery.values["nu-learned-d8"] = gallery.values["nu-learned-d8"] + 4
    found = effects.pairs_by_seed(gallery, "error", times=10).difference
    assert found.shape == (SEEDS, COUNT)
    expected = 10 * np.mean([4 + 3 * k + 2 - k + (4 if k == 2 else 0) for k in range(4)])
    np.testing.assert_allclose(found, expected)


def test_tails_are_the_difference_of_quantiles_on_the_same_images():
    generator = np.random.default_rng(0)
    pairs = effects.Pairs(*generator.random((2, 3, 2, COUNT)))
    places, statistic = pairs.tails(0.1)
    high = np.quantile(pairs.found, 0.9, axis=-1) - np.quantile(pairs.alone, 0.9, axis=-1)
    np.testing.assert_allclose(statistic(places, axis=1), high.mean(axis=0))
    drawn = generator.integers(0, COUNT, COUNT)
    again = effects.Pairs(pairs.found[..., drawn], pairs.alone[..., drawn])
    np.testing.assert_allclose(
        statistic(places[:, drawn], axis=1), again.tails(0.1)[1](places, axis=1)
    )


def test_what_has_several_seeds_is_compared_over_them(gallery):
    found = effects.against(gallery, "u-learned-d8", "u-learned", "error", 100)
    assert (found.value, found.trainings, found.images) == (pytest.approx(600), SEEDS, COUNT)
    alone = effects.against(gallery, "u-learned-d0", "u-learned", "error")
    assert (alone.value, alone.trainings) == (pytest.approx(4), 0)


def test_a_switch_is_averaged_over_the_other(gallery):
    for name, value in zip(AUTOENCODERS, (1, 4, 10, 17), strict=True):
        gallery.values[name] = np.full(COUNT, value)
    found = effects.switches(gallery, "error")
    assert found["skips"].shape == (SEEDS, COUNT)
    np.testing.assert_allclose(found["skips"], (10 - 1 + 17 - 4) / 2)
    np.testing.assert_allclose(found["upsampling"], (4 - 1 + 17 - 10) / 2)


@pytest.mark.parametrize(
    ("chroma", "hue", "counted"),
    [(4, 200, 1), (6, 200, 0), (20, 58, 0), (20, 62, 1), (20, 83, 1), (20, 87, 0), (20, 130, 0)],
)
def test_gray_and_yellow_but_no_leaves(chroma, hue, counted):
    angle = torch.deg2rad(torch.tensor(float(hue)))
    lab = torch.stack((torch.tensor(60.0), chroma * angle.cos(), chroma * angle.sin()))
    rgb = lab_to_rgb(lab.view(1, 3, 1, 1).expand(2, 3, 4, 4))
    assert effects.gray_or_yellow(rgb).tolist() == [counted, counted]


def run_of(*errors):
    return SimpleNamespace(history=pd.DataFrame({"val_color": errors}))


def test_a_steady_fall_does_not_jump():
    assert effects.jumps(run_of(1, 0.9, 0.81, 0.729)) == pytest.approx(0, abs=1e-9)
    up = np.log(1.1)
    assert effects.jumps(run_of(1, 1.1, 1, 1.1)) == pytest.approx(
        100 * np.std([up, -up, up]), rel=1e-9
    )


def test_the_late_error_is_that_of_the_epochs_in_which_all_schedules_play():
    assert effects.late_error(run_of(9, 9, 9, 2, 4)) == 3
    assert effects.late_error(run_of(9, 9, 2, 4)) == 3
    assert effects.late_error(run_of(7)) == 7
