"""The spectrum of planes whose waves are known."""

import math

import numpy as np
import pytest
import torch

from colorkit.imaging.metrics.frequency import octaves, recovered


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


def test_energy_is_that_of_the_transform_between_two_wavelengths():
    planes = torch.rand(2, 2, 12, 20, generator=torch.Generator().manual_seed(0))
    found = octaves(planes, shortest=2.0, count=3).double().numpy()
    energy = (np.abs(np.fft.fft2(planes.double().numpy())) / (12 * 20)) ** 2
    rows, columns = np.meshgrid(np.fft.fftfreq(12), np.fft.fftfreq(20), indexing="ij")
    with np.errstate(divide="ignore"):
        length = 1 / np.hypot(rows, columns)
    for k, (low, high) in enumerate(((2, 4), (4, 8), (8, np.inf))):
        band = (length >= low) & (length < high)
        wanted = energy[..., band].sum(axis=(1, 2))
        np.testing.assert_allclose(found[:, k], wanted, rtol=1e-4)
    assert octaves(planes).shape == (2, 5) and octaves(planes)[:, 0].allclose(
        octaves(planes, shortest=4.0)[:, 0]
    )


@pytest.mark.parametrize(("energy", "told"), [(0.9e-6, False), (1.2e-6, True)])
def test_of_next_to_nothing_no_share_is_told(energy, told):
    faint = wave(8) * (2 * energy) ** 0.5
    assert recovered(faint, faint)[0].isfinite().tolist() == [False, told, False, False, False]


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
