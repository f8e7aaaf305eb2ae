"""What an eye and a near-infrared camera make of a substance."""

import numpy as np
import pytest
import torch

from colorkit.data.scenes.materials import SUBSTANCES
from colorkit.data.scenes.spectra import Light
from colorkit.imaging.color import rgb_to_lab
from colorkit.studies.nir.spectra import as_seen, draw


def test_a_leaf_is_dark_and_green_in_light_and_bright_in_near_infrared():
    leaf = as_seen(["leaf"]).loc["leaf"]
    assert leaf["a*"] < -10 < 10 < leaf["b*"]
    assert leaf["L*"] < 45 and leaf["near infrared as L*"] > 70


def test_substances_look_as_the_scenes_renderer_paints_them():
    """By the renderer's own linear sRGB and its infrared, in direct daylight of 6504 K."""
    noon = Light(6504.0, 0.0, 0.0)
    names = ["leaf", "grass"]
    seen = as_seen(names)
    for name in names:
        *rgb, infrared = noon.see(SUBSTANCES[name][1]).sum(axis=0)
        linear = np.array(rgb)
        encoded = np.where(
            linear > 0.0031308, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055, 12.92 * linear
        )
        lab = rgb_to_lab(torch.tensor(encoded, dtype=torch.float32).view(1, 3, 1, 1)).flatten()
        assert seen.loc[name, ["L*", "a*", "b*"]].to_numpy() == pytest.approx(lab.numpy(), abs=1)
        y = infrared  # a gray of this reflectance
        assert seen.loc[name, "near infrared as L*"] == pytest.approx(116 * y ** (1 / 3) - 16)


def test_the_bands_and_each_spectrum_are_drawn():
    (ax,) = draw(["leaf", "brick"]).axes
    assert [line.get_label() for line in ax.lines] == ["leaf", "brick"]
    assert len(ax.collections) == 2
