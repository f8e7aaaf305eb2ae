"""The network that takes hints: unchanged without them, hinted where they are, at odd sizes too."""

import copy

import pytest
import torch
from made_networks import shaken
from made_pairs import noise

from colorkit.models.efficientnet import EfficientUNet
from colorkit.models.hintnet import HintUNet
from colorkit.models.weights import save_weights, transfer


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return shaken(HintUNet())


@pytest.mark.parametrize("size", [(64, 32), (1, 1), (33, 47)])
def test_zeros_are_no_hints_and_any_size_goes(network, size):
    gray = noise(2, 1, *size)
    with torch.no_grad():
        silent, zeros = network(gray)[0], network(gray, torch.zeros(2, 5, *size))[0]
        marked = network(gray, noise(2, 5, *size))[0]
    assert silent.shape == (2, 2, *(-(-side // 2) for side in size))
    torch.testing.assert_close(silent, zeros)
    assert (marked - silent).abs().max() > 1e-4


def test_odd_sizes_are_hinted_where_padded_ones_are(network):
    network = copy.deepcopy(network)
    network.attention.log_doubt.data.fill_(100)  # it measures distances in sides of the picture
    gray, hints = noise(1, 1, 33, 47), noise(1, 5, 33, 47, seed=1)
    hints[..., 28:, :] = hints[..., 42:] = 0
    padded = [torch.nn.functional.pad(x, (0, 1, 0, 7), mode="replicate") for x in (gray, hints)]
    with torch.no_grad():
        torch.testing.assert_close(
            network(gray, hints)[0][..., :16, :23],
            network(*padded)[0][..., :16, :23],
        )


def test_weights_of_a_network_without_hints_give_what_they_gave(tmp_path):
    plain = shaken(EfficientUNet(3))
    path = save_weights(tmp_path / "plain.safetensors", plain)
    hinted = HintUNet(7)
    transfer(hinted, path)
    gray = noise(2, 1, 32, 40)
    with torch.no_grad():
        wanted, found = plain(gray)[0], hinted.eval()(gray)[0]
    torch.testing.assert_close(found, wanted)


def test_planes_of_another_shape_are_refused(network):
    with pytest.raises(ValueError, match="hints must have shape"):
        network(noise(1, 1, 32, 32), noise(1, 5, 16, 16))
