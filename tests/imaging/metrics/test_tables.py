"""What a table lists, and the values that it shows."""

import math

import pytest
import torch

from colorkit.imaging.metrics.tables import METRICS, TABLES, listed, measure

FIRST = ["mse", "psnr", "ssim", "absolute_error", "angular_error", "delta_e", "hue_error"]


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        ("chapter", ["psnr", "delta_e", "hue_error"]),
        ("summary", ["psnr", "ssim", "absolute_error", "delta_e"]),
        ("compare", ["psnr", "ssim", "delta_e", "hue_error"]),
        ("infrared", ["psnr", "ssim", "absolute_error", "angular_error", "delta_e"]),
        ("gallery", ["mse", "psnr", "ssim", "absolute_error", "delta_e"]),
    ],
)
def test_the_tables_of_the_course_list_what_they_always_did(table, wanted):
    """Of the measures it began with, in the order of the file; a new one stands where it says."""
    assert [name for name in listed(table) if name in FIRST] == wanted


def test_every_table_has_a_measure_and_every_measure_a_table_that_exists():
    assert set(listed("gallery")) >= {"sepia", "lpips"} and "colorfulness" in listed("chapter")
    assert set(TABLES) == {table for metric in METRICS.values() for table in metric.tables}


def test_an_unknown_table_is_named():
    with pytest.raises(ValueError, match="no table 'front'"):
        listed("front")


def test_measures_of_one_image_are_taken_of_the_truth_too():
    gray, red = torch.full((2, 3, 16, 16), 0.5), torch.zeros(2, 3, 16, 16)
    red[:, 0] = 0.8
    values, absent = measure(gray, red, ["colorfulness", "mse"])
    assert list(values) == ["colorfulness", "colorfulness_true", "mse"] and absent == {}
    assert values["colorfulness"].max() < 0.01 and values["colorfulness_true"].min() > 20
    assert values["mse"].tolist() == pytest.approx([(0.3**2 + 2 * 0.5**2) / 3] * 2)


@pytest.mark.parametrize("side", [10, 11])
def test_what_an_image_is_too_small_for_is_absent_with_the_reason(side):
    values, absent = measure(torch.rand(1, 3, side, 40), torch.rand(1, 3, side, 40), ["ssim"])
    assert (set(values), set(absent)) == (({"ssim"}, set()) if side == 11 else (set(), {"ssim"}))
    if side < 11:
        assert "11 pixels" in absent["ssim"]
    else:
        assert math.isfinite(values["ssim"].item())
