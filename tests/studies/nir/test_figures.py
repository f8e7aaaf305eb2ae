"""Figures of the near-infrared chapter: what is drawn is what was measured."""

import numpy as np
import pandas as pd
import pytest

from colorkit.studies.nir.figures import channel_losses, gain_scatter, learning_curve


def test_a_scatter_draws_every_pair_under_its_class():
    names = np.array(["water", "field", "water"])
    apart, gain = np.array([0.1, 0.2, 0.3]), np.array([1.0, -2.0, 3.0])
    (ax,) = gain_scatter(apart, gain, names).axes
    drawn = {line.get_label(): line.get_xydata().tolist() for line in ax.lines}
    assert drawn["water"] == [[0.1, 1], [0.3, 3]] and drawn["field"] == [[0.2, -2]]


def test_losses_are_means_over_trainings_of_each_channel():
    columns = [f"{part}_{channel}" for part in ("train", "val") for channel in "Lab"]
    one = pd.DataFrame({"epoch": [1, 2]} | {c: [k + 1.0, k + 2.0] for k, c in enumerate(columns)})
    other = one.assign(val_L=one["val_L"] + 4)
    (ax,) = channel_losses([one, other]).axes
    drawn = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert drawn["L*, training"] == [1, 2] and drawn["b*, training"] == [3, 4]
    assert drawn["L*, validation"] == [6, 7] and len(drawn) == 6


def test_a_learning_curve_has_a_line_a_fold_and_the_long_training_beside_its_end():
    def table(*values):
        return pd.DataFrame({"fold": [0, 0, 1], "edges": values, "delta_e": 2 * np.array(values)})

    tables, what = [table(1, 3, 5), table(2, 4, 6)], {"edges": "found", "delta_e": "error"}
    axes = learning_curve([10, 20], tables, table(7, 9, 11), what).axes
    assert [ax.get_ylabel() for ax in axes] == ["found", "error"]
    for factor, ax in zip((1, 2), axes, strict=True):
        *curves, long = (line.get_xydata() for line in ax.lines)
        wanted = [[[10, 2], [20, 3]], [[10, 5], [20, 6]]]
        assert np.array(curves) * [1, 1 / factor] == pytest.approx(np.array(wanted))
        assert (long * [1, 1 / factor]).tolist() == [[20, 8], [20, 11]]
