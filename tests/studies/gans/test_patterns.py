"""Patterns of chroma that networks of several working sizes recover."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from colorkit.course.evaluation import Constant, batches, evaluate, mean_chroma
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import scale_ab
from colorkit.studies.gans import patterns
from colorkit.studies.gans.configurations import PATTERNS
from colorkit.studies.gans.patterns import AtSize, measure_patterns, recovered_patterns

SIDE = 16


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Let pictures of 16 pixels stand for such of 32, so that the shortest waves are 2 pixels."""
    monkeypatch.setattr(patterns, "LARGEST", 2 * SIDE)


@pytest.fixture
def images(tiny) -> ImageSet:
    return tiny.subset(["lawn", "sky"], "test")


class Knows(torch.nn.Module):
    """Paints the truth of some images, as far as the size that it is shown holds it."""

    def __init__(self, images):
        super().__init__()
        self.ab, self.seen = next(iter(batches(images, SIDE))).lab[:, 1:], None

    def forward(self, gray):
        self.seen = tuple(gray.shape[2:])
        return scale_ab(F.adaptive_avg_pool2d(self.ab, self.seen))


def test_gray_recovers_nothing_and_the_truth_everything(images):
    nothing = recovered_patterns(Constant(), images, SIDE)
    assert nothing.shape == (len(images), len(patterns.OCTAVES))
    np.testing.assert_allclose(nothing[np.isfinite(nothing)], 0, atol=1e-6)
    everything = recovered_patterns(AtSize(Knows(images), SIDE), images, SIDE)
    np.testing.assert_allclose(everything[np.isfinite(everything)], 1, atol=1e-4)


def test_what_misses_by_far_counts_as_minus_one(images):
    def noise(gray):
        generator = torch.Generator().manual_seed(0)
        return 1e5 * torch.rand(len(gray), 2, SIDE, SIDE, generator=generator)

    far = recovered_patterns(noise, images, SIDE)[:, :3]  # of the coarsest there are few waves
    assert far.min() == far.max() == -1


def test_a_network_sees_its_own_size_and_loses_what_is_smaller(images):
    half = AtSize(Knows(images), SIDE // 4)
    gray = next(iter(batches(images, SIDE))).gray
    assert half(gray).shape == (len(images), 2, SIDE, SIDE)
    assert half.model.seen == (SIDE // 4, SIDE // 4)
    octaves = recovered_patterns(half, images, SIDE).mean(axis=0)
    assert octaves[patterns.SMALL_PATTERNS] < 0.5 < octaves[3]  # of 16 to 32 pixels


def test_all_trainings_are_measured_on_the_same_pictures(images):
    """A stand-in for a sweep: two trainings of each row, the first of which knows the truth."""
    sides = dict(zip(PATTERNS, (SIDE // 4, SIDE // 2, SIDE), strict=True))
    sides["at-32"] = sides.pop("at-224")
    networks = [Knows(images), torch.nn.Module()]
    networks[1].forward = lambda gray: torch.full((len(gray), 2, *gray.shape[2:]), 0.5)
    runs = [SimpleNamespace(model=lambda network=network: network) for network in networks]
    sweep = SimpleNamespace(
        side=sides.get, images=lambda split, side: images, repeats=lambda row: runs
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patterns, "PATTERNS", sides)
        found = measure_patterns(sweep)
    assert list(found.shares) == list(sides)
    assert found.shares["at-64"].shape == (2, len(images), 5)
    knows, gray = found.shares["at-32"]
    assert np.nanmin(knows) > 0.999
    np.testing.assert_allclose(gray[np.isfinite(gray)], 0, atol=1e-5)
    assert found.errors.shape == (2, len(images))
    np.testing.assert_allclose(found.errors[1], found.gray, atol=1e-3)
    average = evaluate(mean_chroma(images, SIDE), images, SIDE, measured=("delta_e",))
    np.testing.assert_allclose(found.mean, average["delta_e"])
    assert found.labels == [images.classes[k] for k in images.labels]
