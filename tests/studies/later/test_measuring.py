"""The chapter's networks get their names, titles and spaces; fine errors are of fine waves."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from skimage.color import lab2rgb
from torch import nn

from colorkit.studies.gans.gallery import MEAN
from colorkit.studies.later import measuring
from colorkit.studies.later.measuring import TITLES, fine_error, gallery
from colorkit.studies.later.spaces import SPACES, InLab


def waves(length: float, a: float = 0, b: float = 0, light: float = 0) -> torch.Tensor:
    """SRGB (1, 3, 48, 48) of waves across, of so many pixels and of amplitudes in Lab."""
    wave = np.cos(2 * np.pi * np.arange(48) / length)
    lab = np.zeros((48, 48, 3)) + (60, 5, -3) + wave[:, None] * (light, a, b)
    return torch.from_numpy(lab2rgb(lab).astype(np.float32)).permute(2, 0, 1)[None]


FLAT = waves(6)


@pytest.mark.parametrize(
    ("length", "a", "b", "share"),
    [
        (4, 6, 0, 1),  # the finest of its octave
        (6, 6, 0, 1),
        (6, 0, -4, 1),
        (6, 4, 3, 1),
        (48 / 7, 5, 0, 1),
        (48 / 13, 5, 0, 0),
        (8, 5, 0, 0),  # the next octave's
        (16, 5, 5, 0),
    ],
)
def test_fine_errors_are_those_of_waves_of_4_to_8_pixels(length, a, b, share):
    """A wave has the root mean square of its amplitude over √2."""
    found = fine_error(waves(length, a, b), FLAT)
    assert found.shape == (1,)
    assert found.item() == pytest.approx(share * np.hypot(a, b) / np.sqrt(2), abs=0.03)


def test_fine_errors_are_of_chroma_alone_and_of_each_image():
    assert fine_error(waves(6, light=9), FLAT).item() < 0.05
    images = torch.cat([waves(6, 6), waves(6, 2), FLAT])
    assert fine_error(images, images).max() < 1e-6
    found = fine_error(images, FLAT.expand_as(images))
    assert found.tolist() == pytest.approx([6 / 2**0.5, 2 / 2**0.5, 0], abs=0.03)


def test_all_repetitions_stand_in_the_gallery_in_lab(tiny, monkeypatch):
    monkeypatch.setattr(measuring, "mean_chroma", lambda *arguments: arguments)
    space = next(iter(SPACES))
    made = {name: [nn.Identity(), nn.Identity()] for name in ("plain", space)}
    trainings = SimpleNamespace(
        size=24, repeats=lambda name: [SimpleNamespace(model=lambda m=m: m) for m in made[name]]
    )
    images, training = tiny.subset(["lawn", "sky"], "test"), tiny.subset(["lawn"], "train")
    found = gallery(None, trainings, ("plain", space), images, training, {"plain": "our own"})
    assert list(found.networks) == ["plain", "plain/1", space, f"{space}/1"]
    assert found.networks["plain/1"] is made["plain"][1]
    assert isinstance(found.networks[f"{space}/1"], InLab)
    assert found.titles == TITLES | {"plain": "our own"}
    assert TITLES["plain"] == "ColorNet" and TITLES[space] == SPACES[space].title
    assert (found.size, found.images, list(found.more)) == (24, images, ["fine"])
    # The trivial answer is the mean color of the training pictures, not of those measured.
    assert found._plain[MEAN] == (training, 24)
