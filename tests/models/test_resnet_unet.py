"""The ResNet U-Net and its siblings: encoders that fit, a gray beginning, parts that transfer."""

from functools import partial

import pytest
import torch

from colorkit.imaging.color import rgb_to_lab
from colorkit.models.colornet import parameter_count
from colorkit.models.nirnet import NirEfficientUNet, NirResNetUNet
from colorkit.models.resnet import SceneClassifier
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.weights import save_weights, transfer
from colorkit.system.errors import ColorkitError


def small(stages: int = 3, classes: int | None = 3) -> ResNetUNet:
    torch.manual_seed(0)
    return ResNetUNet(classes, stages=stages).eval()


def picture(height: int = 40, width: int = 48) -> torch.Tensor:
    return torch.rand(2, 1, height, width, generator=torch.Generator().manual_seed(1))


def test_a_fresh_network_predicts_gray_and_learns_from_there():
    net = small().train()
    ab, _ = net(picture())
    assert (ab == 0.5).all()
    ab.square().mean().backward()
    assert net.last.weight.grad.abs().max() > 0


@pytest.mark.parametrize(
    ("encoder", "stages"), [("resnet18", 3), ("resnet18", 4), ("resnet34", 4), ("resnet50", 4)]
)
def test_the_decoder_fits_every_encoder(encoder, stages):
    net = ResNetUNet(encoder=encoder, stages=stages).eval()
    with torch.no_grad():
        ab, scores = net(picture(33, 47))
    assert ab.shape == (2, 2, 17, 24) and scores is None


def test_the_classifier_fits_the_widest_encoder():
    assert SceneClassifier(2, "resnet50")(torch.rand(2, 3, 32, 32)).shape == (2, 2)


def test_four_stages_leave_three_quarters_of_the_parameters_out():
    assert parameter_count(ResNetUNet(stages=4)) < 0.3 * parameter_count(ResNetUNet(stages=5))


def test_padding_repeats_the_edge():
    net = small(2)
    torch.nn.init.normal_(net.last.weight)
    x = picture(15, 16)
    with torch.no_grad():
        found = net(x)[0]
        whole = net(torch.cat((x, x[:, :, -1:]), dim=2))[0]
    torch.testing.assert_close(found, whole)


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"stages": 6}, "stages"), ({"stages": 1}, "stages")],
)
def test_settings_out_of_range_are_named(settings, named):
    with pytest.raises(ValueError, match=named):
        ResNetUNet(**settings)


@pytest.mark.parametrize("network", [partial(NirResNetUNet, stages=3), NirEfficientUNet])
def test_near_infrared_begins_as_itself_without_color(network):
    net, nir = network().eval(), picture(33, 50)
    with torch.no_grad():
        ab, L, _ = net(nir)
    assert (ab == 0.5).all() and ab.shape == (2, 2, 17, 25)
    wanted = rgb_to_lab(nir.expand(-1, 3, -1, -1))[:, :1] / 100
    torch.testing.assert_close(L, wanted)


@pytest.mark.parametrize("network", [partial(NirResNetUNet, stages=2), NirEfficientUNet])
def test_luminance_is_a_local_gain_and_offset(network):
    net, nir = network().eval(), picture(32, 32)
    with torch.no_grad():
        plain = net(nir)[1]
        net.light.bias.copy_(torch.tensor([-0.5, 0.25]))
        changed = net(nir)[1]
    torch.testing.assert_close(changed, 0.5 * plain + 0.25)


def test_a_shorter_near_infrared_network_takes_what_fits(tmp_path):
    photographs = small(5, classes=7)
    path = save_weights(tmp_path / "w.safetensors", photographs)
    net = NirResNetUNet(3, stages=4)
    before = {name: t.clone() for name, t in net.state_dict().items()}
    transfer(net, path)
    theirs, ours = photographs.state_dict(), net.state_dict()
    for name in ("encoder.3.0.conv1.weight", "join.2.1.weight", "up.4.weight", "skip.8.bias"):
        assert torch.equal(ours[name], theirs[name])
    for name in ("up.8.weight", "classifier.weight", "light.weight"):  # other shapes, or none
        assert torch.equal(ours[name], before[name])


def test_chroma_alone_takes_over_all_but_the_luminance(tmp_path):
    both = NirResNetUNet(2, stages=3)
    torch.nn.init.normal_(both.last.weight)
    net = small(classes=2)
    transfer(net, save_weights(tmp_path / "w.safetensors", both))
    theirs = both.state_dict()
    assert all(torch.equal(t, theirs[n]) for n, t in net.state_dict().items() if "class" not in n)


def test_another_encoder_does_not_fit(tmp_path):
    path = save_weights(tmp_path / "w.safetensors", ResNetUNet(encoder="resnet34", stages=3))
    with pytest.raises(ColorkitError, match="resnet34"):
        transfer(NirResNetUNet(stages=3), path)


@pytest.mark.parametrize("network", [ResNetUNet, SceneClassifier])
def test_an_unknown_encoder_is_refused(network):
    with pytest.raises(ValueError, match="unknown encoder 'vgg'; choose one of resnet18"):
        network(2, "vgg")


def test_an_encoder_takes_over_what_the_classifier_sees_in_gray(tmp_path):
    torch.manual_seed(0)
    classifier = SceneClassifier(5).eval()
    file = save_weights(tmp_path / "c.safetensors", classifier, classes=list("abcde"))
    network = ResNetUNet(num_classes=3, stages=3)
    before = network.last.weight.clone()
    transfer(network, file)
    gray = torch.rand(2, 1, 64, 64)
    own, theirs = 4 * gray - 2, 4 * gray.expand(-1, 3, -1, -1) - 2
    for mine, other in zip(network.eval().encoder, classifier.encoder, strict=False):
        own, theirs = mine(own), other(theirs)
        torch.testing.assert_close(own, theirs, rtol=1e-4, atol=1e-4)
    assert torch.equal(network.last.weight, before)
