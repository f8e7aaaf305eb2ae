"""The U-Net on EfficientNet-Lite: its blocks, its size, a rate of its encoder's own."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from colorkit.models.colornet import parameter_count
from colorkit.models.efficientnet import CHANNELS, Block, EfficientUNet
from colorkit.models.encoder_unet import _channels
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.training.colorizer import one_cycle
from colorkit.training.faithful import FaithfulRecipe


def test_a_fresh_network_predicts_gray():
    with torch.no_grad():
        assert (EfficientUNet(3).eval()(torch.rand(2, 1, 33, 47))[0] == 0.5).all()


def test_the_channels_are_those_of_the_planes():
    assert _channels(EfficientUNet().encoder) == list(CHANNELS)


def test_fewer_parameters_than_a_resnet18():
    assert parameter_count(EfficientUNet()) < 0.5 * parameter_count(ResNetUNet())


def test_only_equal_shapes_are_added():
    x = torch.rand(1, 8, 6, 6)
    same, other = Block(8, 8, 3, 1, 6).eval(), Block(8, 12, 3, 2, 6).eval()
    with torch.no_grad():
        torch.testing.assert_close(same(x), x + same.layers(x))
        assert other(x).shape == (1, 12, 3, 3)


def test_the_encoder_learns_at_its_share_of_the_rate():
    network = EfficientUNet()
    module = nn.Module()
    module.model = network
    module.recipe = FaithfulRecipe(learning_rate=1e-3)
    module.trainer = SimpleNamespace(estimated_stepping_batches=20)
    (optimizer,), (schedule,) = one_cycle(module, slower={"encoder": 0.2})
    rest, encoder = optimizer.param_groups
    assert encoder["lr"] == pytest.approx(0.2 * rest["lr"])
    assert schedule["scheduler"].base_lrs[1] == pytest.approx(
        0.2 * schedule["scheduler"].base_lrs[0]
    )
    count = sum(w.numel() for group in (rest, encoder) for w in group["params"])
    assert count == sum(w.numel() for w in network.parameters())
    assert {id(w) for w in encoder["params"]} == {id(w) for w in network.encoder.parameters()}


def test_the_rate_rises_for_a_seventh_of_the_steps_and_falls_to_nothing():
    module = nn.Module()
    module.model = nn.Linear(2, 2)
    module.recipe = FaithfulRecipe(learning_rate=1e-3)
    module.trainer = SimpleNamespace(estimated_stepping_batches=100)
    (optimizer,), (schedule,) = one_cycle(module)
    rates = [optimizer.param_groups[0]["lr"]]
    for _ in range(99):
        optimizer.step()
        schedule["scheduler"].step()
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates.index(max(rates)) == 14 and max(rates) == pytest.approx(1e-3)
    assert rates[0] < 1e-3 / 20 and rates[-1] < 1e-3 / 1e4
