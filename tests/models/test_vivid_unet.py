"""The network of the expected chroma: hues of the mean, strength of the expectation."""

import pytest
import torch

from colorkit.models.efficientnet import EfficientUNet
from colorkit.models.vivid_unet import MOST, VividUNet, raise_chroma
from colorkit.models.weights import load_weights, save_weights, transfer


def opinionated(network):
    """Give fresh layers, which say gray, opinions of their own."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for layer in (network.last, *([network.chroma[-1]] if hasattr(network, "chroma") else [])):
            layer.weight.copy_(0.05 * torch.randn(layer.weight.shape, generator=generator))
    return network.eval()


@pytest.fixture(scope="module")
def gray():
    return torch.rand(2, 1, 40, 56, generator=torch.Generator().manual_seed(0))


def test_a_red_and_a_blue_coat_have_the_hue_of_their_mean_and_their_own_chroma():
    coats = torch.tensor([[0.3, 0.1], [0.1, -0.3]])
    mean, expected = coats.mean(dim=0).view(1, 2, 1, 1), coats.norm(dim=1).mean().view(1, 1, 1, 1)
    raised = raise_chroma(mean, expected, 1.0).flatten()
    assert raised.norm() == pytest.approx(coats.norm(dim=1).mean())
    torch.testing.assert_close(raised / raised.norm(), (mean / mean.norm()).flatten())
    half = raise_chroma(mean, expected, 0.5).flatten().norm()
    assert half == pytest.approx((mean.norm() * expected).sqrt().item())
    torch.testing.assert_close(raise_chroma(mean, expected, 0.0), mean)


def test_a_sure_color_stays_and_gray_gets_no_chance_color():
    mean = torch.tensor([[0.2, 0.0], [0.0, 0.0], [1e-6, 0.0]]).view(3, 2, 1, 1)
    expected = torch.tensor([0.15, 0.3, 0.3]).view(3, 1, 1, 1)
    sure, none, chance = raise_chroma(mean, expected, 1.0)
    torch.testing.assert_close(sure, mean[0])
    assert not none.any() and chance.norm() <= MOST * 1e-6


def test_the_mean_is_that_of_the_network_it_begins_with(tmp_path, gray):
    torch.manual_seed(0)
    plain = opinionated(EfficientUNet(3))
    path = save_weights(tmp_path / "plain.safetensors", plain)
    vivid = VividUNet()
    transfer(vivid, path)
    opinionated_chroma = opinionated(VividUNet()).chroma
    vivid.chroma.load_state_dict(opinionated_chroma.state_dict())
    vivid.eval()
    with torch.no_grad():
        wanted = plain(gray)[0]
        found, scores = vivid.at(0.0)(gray)
        strong = vivid(gray)[0]
    torch.testing.assert_close(found, wanted)
    assert scores is None and (strong - wanted).abs().max() > 1e-3
    assert ((strong - 0.5).norm(dim=1) - (wanted - 0.5).norm(dim=1)).min() > -1e-6


def test_another_vividness_shares_weights_and_is_kept_in_the_file(tmp_path):
    network = opinionated(VividUNet(0.7))
    other = network.at(1.2)
    assert (network.vividness, other.vividness) == (0.7, 1.2)
    assert other.last.weight is network.last.weight
    loaded, card = load_weights(save_weights(tmp_path / "x.safetensors", other))
    assert loaded.vividness == 1.2 and card["settings"] == {"vividness": 1.2}


@pytest.mark.parametrize("wrong", [-0.1, float("nan"), float("inf")])
def test_a_vividness_is_a_number_of_at_least_none(wrong):
    with pytest.raises(ValueError, match="vividness must be 0 or more"):
        VividUNet(wrong)
    with pytest.raises(ValueError, match="vividness must be 0 or more"):
        VividUNet().at(wrong)
