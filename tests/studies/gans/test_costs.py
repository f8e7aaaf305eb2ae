"""Costs of networks."""

import torch

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
