"""Effects read off learning curves: known on made curves, zero on the mean where all is noise."""

import numpy as np
import pytest
import torch
from torch import nn

from colorkit.models.colornet import ColorNet
from colorkit.studies.vegenet.learning_curves import (
    chroma_error,
    fall_per_epoch,
    losses,
    rise_after_best,
)
from colorkit.system.errors import ColorkitError
from colorkit.training.recipe import Recipe
from colorkit.training.trainer import fit


def test_the_best_epoch_is_that_of_the_other_curves():
    curves = np.array([[4.0, 2.0, 1.0, 3.0], [4.0, 1.0, 2.0, 3.0], [4.0, 1.0, 4.0, 1.5]])
    # Others of the first: (2, 6, 4.5) after the first epoch; of the second (3, 5, 4.5); of the
    # third (3, 3, 6), of which the earlier is taken.
    np.testing.assert_allclose(rise_after_best(curves), [50.0, 200.0, 50.0])
    for one in (curves[:1], curves[:, :1]):
        with pytest.raises(ValueError, match="give two"):
            rise_after_best(one)


def test_noise_about_one_level_neither_rises_nor_falls():
    noise = 1 + 0.05 * np.random.default_rng(0).normal(size=(2000, 3, 20))
    rises = np.concatenate([rise_after_best(curves) for curves in noise])
    falls = np.concatenate([fall_per_epoch(curves) for curves in noise])
    assert abs(rises.mean()) < 0.4  # four of its standard errors; last minus minimum is 9
    assert abs(falls.mean()) < 0.02


def test_a_curve_that_falls_to_its_end_has_fallen_since_the_epoch_before():
    curves = np.array([5.0, 4.0, 3.0, 2.0, 1.0]) * np.array([[1.0], [1.1]])
    np.testing.assert_allclose(rise_after_best(curves), [-50, -50])


def test_the_slope_is_that_of_a_line_in_percent_of_its_mean():
    line = np.array([[9.0, 1.1, 1.0, 0.9], [9.0, 5.0, 5.0, 5.0]])
    np.testing.assert_allclose(fall_per_epoch(line), [10, 0], atol=1e-12)
    np.testing.assert_allclose(fall_per_epoch(line[:, 1:], since=1), [10, 0], atol=1e-12)
    with pytest.raises(ColorkitError, match="have 4 in all; train for 5 epochs or more"):
        fall_per_epoch(line, since=4)


def test_the_error_of_weights_is_the_one_in_their_history(tiny, tmp_path):
    def train(epochs):
        recipe = Recipe(epochs=epochs, batch_size=4, precision="32-true")
        sets = (tiny.subset(["lawn", "sky"], split) for split in ("train", "val"))
        options = {"size": 16, "seed": 3, "folder": tmp_path, "data": "patches"}
        model = lambda: ColorNet(2, width=0.125, global_size=32)  # noqa: E731
        return fit("net", model, recipe, *sets, fingerprint=tiny.fingerprint, **options)

    run, short, val = train(2), train(1), tiny.subset(["lawn", "sky"], "val")
    assert chroma_error(run.model(), val, 16) == pytest.approx(run.error, rel=1e-5)
    # The first epoch does not know how many follow.
    assert short.history["val_color"].iloc[0] == run.history["val_color"].iloc[0]
    np.testing.assert_array_equal(losses([run, run])[1], run.history["val_color"])


def test_the_error_counts_every_image_once(tiny):
    class Gray(nn.Module):
        def forward(self, gray):
            return torch.full((len(gray), 2, 8, 8), 0.5), None

    test = tiny.subset(["lawn", "sky"], "test")
    parts = [chroma_error(Gray(), test.take([k]), 16) for k in range(6)]
    assert chroma_error(Gray(), test, 16) == pytest.approx(np.mean(parts), rel=1e-5)
