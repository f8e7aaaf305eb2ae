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


def test_stability_tells_collapse_and_leaves_out_what_an_autoencoder_has_not():
    alone = pd.DataFrame({"val_spread": [0.5, 0.01]})
    gan = pd.DataFrame(
        {
            "val_spread": [0.5, 0.4],
            "train_discriminator": [0.7, 0.3],
            "train_adversarial": [1.0, 2.0],
            "train_generator_norm": [1.0, 3.0],
            "train_discriminator_norm": [2.0, 6.0],
        }
    )
    table = effects.stability({"U": alone, "U, d4": gan})
    assert table["collapsed"].to_dict() == {"U": "yes", "U, d4": "no"}
    assert table.loc["U, d4", "D loss, last"] == 0.3
    assert table.loc["U, d4", "discriminator's gradient, median"] == 4
    assert table.loc["U, d4", "generator's gradient, largest"] == 3
    assert np.isnan(table.loc["U", "D loss, last"])


def test_disagreements_are_ordered_by_both_and_leave_out_agreement():
    tables = {
        "auto": pd.DataFrame({"absolute_error": [0.1, 0.1, 0.1, 0.5], "color_gap": [9, 7, 3, 9]}),
        "gan": pd.DataFrame({"absolute_error": [0.4, 0.2, 0.3, 0.1], "color_gap": [1, 6, 5, 1]}),
    }
    # 0: nearer and livelier by most; 1: by less; 2: the GAN is not livelier; 3: nor is the error.
    assert effects.disagreements(tables, "auto", "gan").tolist() == [0, 1]


def test_each_gan_stands_against_its_own_generator(gallery):
    gallery.title = lambda name: name.upper()
    gallery.labels = None
    first, other = next(iter(GANS)), "best-1-99"
    gallery.values[other] = gallery.values[first] + 5
    found = effects.intervals_against_alone(gallery, [first, other], first, "error")
    base = (gallery.values[first] - gallery.values[effects.alone(first)]).mean()
    assert [row[0] for row in found] == [first.upper(), other.upper()]
    np.testing.assert_allclose([row[1] for row in found], [base, base + 5], atol=0.2)
    assert all(low <= value <= high for _, value, low, high in found)
