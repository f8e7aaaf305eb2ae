"""What is added to ColorNet starts at nothing, and then reaches what it was added for."""

import pytest
import torch

from colorkit.models.colornet import ColorNet
from colorkit.models.colornet_variants import TOLD, ResidualColorNet, ToldColorNet

SETTINGS = {"width": 0.125, "global_size": 32}
GRAY = torch.rand(2, 1, 48, 40, generator=torch.Generator().manual_seed(0))


def make(kind):
    torch.manual_seed(3)
    return kind(3, **SETTINGS).eval()


@pytest.mark.parametrize("kind", [ResidualColorNet, ToldColorNet])
def test_a_fresh_one_computes_what_colornet_of_the_same_seed_does(kind):
    with torch.no_grad():
        for one, other in zip(make(kind)(GRAY), make(ColorNet)(GRAY), strict=True):
            assert torch.equal(one, other)
        if kind is ToldColorNet:
            told = torch.rand(2, TOLD)
            assert torch.equal(make(kind)(GRAY, told)[0], make(ColorNet)(GRAY)[0])


def test_shortcuts_carry_what_is_finer_than_an_eighth_of_the_side():
    network = make(ResidualColorNet)
    fine = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).repeat(24, 20)[None, None]  # a wave of two pixels
    with torch.no_grad():
        network.at_half.weight.normal_()
        ab = network(fine)[0]
        network.at_half.weight.zero_()
        network.at_quarter.weight.normal_()
        other = network(fine)[0]
    plain = make(ColorNet)(fine)[0]
    assert not torch.allclose(ab, plain) and not torch.allclose(other, plain)


def test_what_is_told_is_told_of_every_place_and_nothing_is_nothing():
    network = make(ToldColorNet)
    with torch.no_grad():
        network.told[2].weight.normal_()
        told = network(GRAY, torch.rand(2, TOLD))[0]
        untold = network(GRAY)[0]
        assert torch.equal(network(GRAY, torch.zeros(2, TOLD))[0], untold)
    changed = (told - untold).abs().amax(dim=(0, 1)) > 0
    assert changed.float().mean() > 0.9
    with pytest.raises(ValueError, match=rf"told must have shape \(2, {TOLD}\); got \(2, 3\)"):
        network(GRAY, torch.zeros(2, 3))


def test_what_is_told_is_added_to_what_the_global_branch_says():
    network = make(ColorNet)
    with torch.no_grad():
        low = network.low(GRAY)  # sides that are multiples of 8 need no padding
        mid, _, vector = network.fused(GRAY, low)
        said = network.global_fuse(vector)
        _, silenced, _ = network.fused(GRAY, low, -said)
        torch.testing.assert_close(silenced, network.fusion(mid, torch.zeros_like(said)))
