"""The U-Net: what its two switches change, its channels, its first weights."""

import pytest
import torch
from torch import nn

from colorkit.models.colornet import parameter_count
from colorkit.models.unet import UNet


def small(**settings) -> UNet:
    torch.manual_seed(0)
    return UNet(**({"width": 4, "depth": 3} | settings)).eval()


def images(channels: int = 1, height: int = 24, width: int = 32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(2, channels, height, width, generator=generator)


def test_padding_does_not_touch_sizes_that_need_none():
    net, x = small(), images(1, 16, 16)
    with torch.no_grad():
        whole, part = net(x), net(x[..., :15, :])
        repeated = net(torch.cat((x[..., :15, :], x[..., 14:15, :]), dim=2))
    torch.testing.assert_close(part, repeated[..., :15, :])
    assert not torch.allclose(part, whole[..., :15, :])


def test_skips_carry_what_the_middle_does_not():
    """With the middle's planes set to zero, only skips tell one image from another."""
    first, second = images(), images().flip(-1)
    for skips in (True, False):
        net = small(skips=skips, norm=False)
        net.up[0] = nn.Sequential(net.up[0], Zero())
        with torch.no_grad():
            same = torch.equal(net(first), net(second))
        assert same is not skips


class Zero(nn.Module):
    def forward(self, x):
        return torch.zeros_like(x)


def test_upsampling_is_learned_or_interpolated():
    kinds = {
        kind: [type(m) for m in small(upsampling=kind).modules()]
        for kind in ("transposed", "interpolated")
    }
    assert kinds["transposed"].count(nn.ConvTranspose2d) == 3
    assert nn.Upsample not in kinds["transposed"]
    assert kinds["interpolated"].count(nn.Upsample) == 3
    assert nn.ConvTranspose2d not in kinds["interpolated"]


def test_channels_double_down_to_eight_times_the_first():
    net = small(width=4, depth=5)
    assert [block[-3].out_channels for block in (net.first, *net.down)] == [4, 8, 16, 32, 32, 32]


def test_parameters_of_a_tiny_one_counted_by_hand():
    net = small(in_channels=1, out_channels=2, width=2, depth=1, norm=False)
    first = (1 * 2 * 9 + 2) + (2 * 2 * 9 + 2)
    down = (2 * 4 * 9 + 4) + (4 * 4 * 9 + 4)
    up = 4 * 2 + 2
    join = (4 * 2 * 9 + 2) + (2 * 2 * 9 + 2)
    last = 2 * 2 + 2
    assert parameter_count(net) == first + down + up + join + last


def test_initialization_keeps_the_signals_size():
    """He's: through four levels without normalization the output neither fades nor explodes."""
    for upsampling in ("transposed", "interpolated"):
        net = small(width=16, depth=4, skips=False, upsampling=upsampling, norm=False)
        with torch.no_grad():
            before = torch.logit(net(images(1, 32, 32)), eps=1e-6)
        assert 0.01 < before.std() < 10


def test_it_learns_the_identity_through_its_skips():
    net = small(in_channels=1, out_channels=1, depth=2, width=8).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    x = images()
    losses = []
    for _ in range(60):
        loss = (net(x) - x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"width": 0}, "width"),
        ({"depth": 0}, "depth"),
        ({"in_channels": 1.5}, "in_channels"),
        ({"out_channels": 0}, "out_channels"),
        ({"upsampling": "bilinear"}, "transposed, interpolated"),
    ],
)
def test_a_wrong_setting_is_named(settings, said):
    with pytest.raises(ValueError, match=said):
        UNet(**settings)
