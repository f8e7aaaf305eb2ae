"""Costs of networks, and the spectrum of what they color."""

import math

import numpy as np
import pytest
import torch

from colorkit.imaging.metrics.frequency import octaves, recovered
from colorkit.models.colornet import parameter_count
from colorkit.models.unet import UNet
from colorkit.studies.gans.costs import costs


def test_multiplications_of_a_convolution():
    network = torch.nn.Conv2d(1, 2, 3, padding=1)
    found = costs(network, 20, attempts=3)
    assert found.multiply_adds == 2 * 9 * 20 * 20
    assert found.parameters == 20
    assert found.megabytes == 40 / 1e6
    assert found.milliseconds.shape == (3,)
    assert (found.milliseconds > 0).all()


def test_a_quarter_of_the_width_is_about_a_sixteenth_of_the_work():
    wide, narrow = (costs(UNet(width=w, depth=3).eval(), 32, 1) for w in (16, 4))
    assert 12 < wide.multiply_adds / narrow.multiply_adds < 16
    assert wide.parameters == parameter_count(UNet(width=16, depth=3))


def wave(length: float, side: int = 64) -> torch.Tensor:
    """A plane of one wavelength, of mean square 1/2."""
    x = torch.arange(side).float()
    return torch.cos(2 * math.pi * x / length).expand(1, 1, side, side)


@pytest.mark.parametrize(("length", "place"), [(4, 0), (5, 0), (8, 1), (20, 2), (32, 3), (64, 4)])
def test_a_wave_lies_in_its_octave(length, place):
    # A wave that does not fit the picture a whole number of times reaches into its neighbors.
    found = octaves(wave(length, 60 if length in (5, 20) else 64))[0]
    assert found.argmax() == place
    assert found.sum() == pytest.approx(0.5, rel=1e-4)
    assert found[place] == pytest.approx(0.5, rel=1e-4)


def test_finer_waves_and_the_mean_are_left_out():
    assert octaves(wave(2) + 3).abs().max() < 1e-9
    with pytest.raises(ValueError, match="2 pixels or more"):
        octaves(wave(4), shortest=1)


def test_octaves_add_up_over_channels():
    planes = torch.rand(2, 3, 32, 32)
    each = sum(octaves(planes[:, k : k + 1]) for k in range(3))
    torch.testing.assert_close(octaves(planes), each)


def test_what_is_recovered():
    true = torch.cat((wave(16) + wave(4), wave(32)), dim=1)
    there = [0, 2, 3]
    torch.testing.assert_close(recovered(true, true)[:, there], torch.ones(1, 3))
    assert recovered(true, true)[:, [1, 4]].isnan().all()
    gray = recovered(torch.zeros_like(true), true)[:, there]
    np.testing.assert_allclose(gray, 0, atol=1e-5)
    blurred = torch.cat((wave(16), wave(32)), dim=1)  # the small pattern is lost
    shares = recovered(blurred, true)[0]
    assert shares[0] == pytest.approx(0, abs=1e-5)
    assert shares[2] == pytest.approx(1, abs=1e-5)
