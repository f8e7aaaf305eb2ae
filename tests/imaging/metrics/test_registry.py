"""The list of measures, and the mean that several of them take."""

import numpy as np
import pytest
import torch

from colorkit.imaging.metrics.registry import TABLES, Metric, checked, masked_mean, metric


@pytest.fixture
def added(monkeypatch):
    """Add a measure as a reader would, and take it away again."""
    monkeypatch.setattr("colorkit.imaging.metrics.registry.METRICS", {})

    def darkness(rgb):
        return 1 - rgb.mean(dim=(1, 2, 3))

    from colorkit.imaging.metrics import registry

    assert metric("Darkness", "%", better="lower", inputs=1)(darkness) is darkness
    return registry.METRICS["darkness"]


def test_a_new_measure_stands_in_every_table(added):
    assert added.tables == set(TABLES) and (added.inputs, added.min_side) == (1, 1)
    assert added.function(torch.zeros(2, 3, 4, 4)).tolist() == [1, 1]


def test_headings_say_the_unit_once(added):
    assert added.heading == "Darkness (%)"
    known = Metric("ΔE₀₀", "ΔE₀₀", "lower", added.function, 2, 1, frozenset())
    assert known.heading == "ΔE₀₀"
    assert Metric("SSIM", "", "higher", added.function, 2, 1, frozenset()).heading == "SSIM"


def test_a_table_that_is_none_is_refused():
    with pytest.raises(ValueError, match="no table 'chapters'; there are chapter, "):
        metric("x", better="lower", tables=["chapters"])


def test_checked_gives_float32_and_says_what_it_got():
    half, double = torch.rand(1, 3, 4, 5).half(), torch.rand(1, 3, 4, 5).double()
    assert checked(half)[0].dtype == torch.float32 and checked(double)[0].dtype == torch.float64
    assert checked(torch.full((1, 3, 2, 2), 1.0005))  # rounding of a conversion
    for wrong in (torch.full((1, 3, 2, 2), 1.002), torch.full((1, 3, 2, 2), -0.002)):
        with pytest.raises(ValueError, match=r"sRGB must lie in \[0, 1\]"):
            checked(wrong)
    with pytest.raises(ValueError, match="4 pixels on a side"):
        checked(torch.rand(1, 3, 3, 9), min_side=4)
    assert checked(torch.rand(1, 3, 4, 9), min_side=4)
    assert checked(torch.rand(1, 1, 4, 9), channels=(3, 1))


def test_masked_mean_equals_a_loop():
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(4, 6, 5, generator=generator)
    mask = torch.rand(4, 6, 5, generator=generator) < 0.4
    expected = [v[m].numpy().astype(float).mean() for v, m in zip(values, mask, strict=True)]
    np.testing.assert_allclose(masked_mean(values, mask), expected, rtol=1e-5)


def test_masked_mean_of_nothing_is_nan_and_looks_at_nothing_else():
    values = torch.tensor([[[1.0, float("nan")]], [[3.0, 5.0]]])
    mask = torch.tensor([[[True, False]], [[False, False]]])
    assert masked_mean(values, mask)[0] == 1
    assert masked_mean(values, mask)[1].isnan()


def test_masked_mean_names_what_it_got():
    with pytest.raises(ValueError, match=r"\(2, 3, 4\) and torch.bool \(2, 4, 3\)"):
        masked_mean(torch.zeros(2, 3, 4), torch.zeros(2, 4, 3, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"torch\.float32"):
        masked_mean(torch.zeros(2, 3, 4), torch.zeros(2, 3, 4))
