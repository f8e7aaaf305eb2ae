"""The mean of trainings: between them, of one kind, and made once."""

import pytest
import torch

from colorkit.models.averaging import average_weights
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.unet import UNet
from colorkit.models.weights import load_weights, read_card, save_weights
from colorkit.system.errors import ColorkitError


def kept(folder, network, value: float, **card):
    with torch.no_grad():
        for weights in network.parameters():
            weights.fill_(value)
    return save_weights(folder / f"{value}.safetensors", network, classes=["a"], size=32, **card)


def test_every_weight_is_the_mean(tmp_path):
    files = [kept(tmp_path, ResNetUNet(stages=2), value, gray="mean") for value in (1.0, 2.0, 6.0)]
    path = average_weights(tmp_path / "averaged.safetensors", files)
    network, card = load_weights(path)
    assert all((weights == 3).all() for weights in network.parameters())
    assert (card["gray"], card["size"], card["classes"]) == ("mean", 32, ["a"])
    assert card["averaged"] == 3


def test_whole_numbers_are_the_firsts(tmp_path):
    first, second = ResNetUNet(stages=2), ResNetUNet(stages=2)
    name = next(n for n, t in first.state_dict().items() if not t.is_floating_point())
    first.state_dict()[name].fill_(4)
    second.state_dict()[name].fill_(9)
    files = [kept(tmp_path, first, 1.0), kept(tmp_path, second, 2.0)]
    network, _ = load_weights(average_weights(tmp_path / "averaged.safetensors", files))
    assert network.state_dict()[name] == 4


def test_equal_files_give_an_equal_mean_and_others_replace_it(tmp_path):
    files = [kept(tmp_path, ResNetUNet(stages=2), value) for value in (1.0, 2.0)]
    path = average_weights(tmp_path / "averaged.safetensors", files)
    before = path.read_bytes()
    assert average_weights(path, files).read_bytes() == before
    assert read_card(path)["name"] == "averaged"
    average_weights(path, files[1:])
    network, _ = load_weights(path)
    assert all((weights == 2).all() for weights in network.parameters())


@pytest.mark.parametrize("other", [lambda: ResNetUNet(stages=3), lambda: UNet(1, 2, width=4)])
def test_other_networks_are_refused(tmp_path, other):
    files = [kept(tmp_path, ResNetUNet(stages=2), 1.0), kept(tmp_path, other(), 2.0)]
    with pytest.raises(ColorkitError, match=r"2\.0\.safetensors holds another network"):
        average_weights(tmp_path / "averaged.safetensors", files)
    assert not (tmp_path / "averaged.safetensors").exists()
