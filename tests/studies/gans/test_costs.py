"""Costs of networks."""

import torch

from colorkit.models.colornet import parameter_count
from colorkit.models.unet import UNet
from colorkit.studies.gans.costs import costs, operations, widest


def test_multiplications_of_a_convolution():
    network = torch.nn.Conv2d(1, 2, 3, padding=1).requires_grad_(False)  # as a teacher is
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


def test_the_widest_that_does_no_more_than_a_share_of_anothers_work():
    def make(width):
        return torch.nn.Conv2d(1, width, 3, padding=1)  # 9 multiplications a channel and pixel

    other = make(20)
    before = torch.get_rng_state()
    assert [widest(make, other, share) for share in (0.5, 0.49, 1.0)] == [10, 9, 20]
    assert widest(make, other, 0.01) == 1  # none does less
    assert torch.equal(torch.get_rng_state(), before)
    assert operations(make(7), 8) == 7 * 9 * 64
