"""The ResNet U-Net and its near-infrared sibling: shapes, a gray beginning, parts that transfer."""

import pytest
import torch

from colorkit.imaging.color import rgb_to_lab
from colorkit.models.colornet import parameter_count
from colorkit.models.nirnet import NirResNetUNet
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.weights import load_weights, save_weights, transfer
from colorkit.system.errors import ColorkitError


def small(stages: int = 3, classes: int | None = 3) -> ResNetUNet:
    torch.manual_seed(0)
    return ResNetUNet(classes, stages=stages).eval()


def picture(height: int = 40, width: int = 48) -> torch.Tensor:
    return torch.rand(2, 1, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("stages", [2, 3, 4, 5])
@pytest.mark.parametrize("size", [(64, 32), (1, 1), (33, 47)])
def test_half_the_side_of_any_picture(stages, size):
    with torch.no_grad():
        ab, scores = small(stages)(picture(*size))
    assert ab.shape == (2, 2, *(-(-side // 2) for side in size))
    assert scores.shape == (2, 3)


def test_a_fresh_network_predicts_gray_and_learns_from_there():
    net = small().train()
    ab, _ = net(picture())
    assert (ab == 0.5).all()
    ab.square().mean().backward()
    assert net.last.weight.grad.abs().max() > 0


@pytest.mark.parametrize("encoder", ["resnet18", "resnet34", "resnet50"])
def test_the_decoder_fits_every_encoder(encoder):
    net = ResNetUNet(encoder=encoder, stages=4).eval()
    with torch.no_grad():
        ab, scores = net(picture(32, 32))
    assert ab.shape == (2, 2, 16, 16) and scores is None


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
    [({"encoder": "vgg"}, "resnet18"), ({"stages": 6}, "stages"), ({"stages": 1}, "stages")],
)
def test_settings_out_of_range_are_named(settings, named):
    with pytest.raises(ValueError, match=named):
        ResNetUNet(**settings)


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="batch, 1, H, W"):
        small()(torch.rand(1, 3, 32, 32))


def test_weights_file_keeps_the_network(tmp_path):
    net = small()
    torch.nn.init.normal_(net.last.weight)
    path = save_weights(tmp_path / "w.safetensors", net)
    again, card = load_weights(path)
    assert card["settings"] == {"num_classes": 3, "encoder": "resnet18", "stages": 3}
    with torch.no_grad():
        torch.testing.assert_close(again(picture())[0], net(picture())[0])


def test_near_infrared_begins_as_itself_without_color():
    net, nir = NirResNetUNet(stages=3).eval(), picture(33, 50)
    with torch.no_grad():
        ab, L, _ = net(nir)
    assert (ab == 0.5).all() and ab.shape == (2, 2, 17, 25)
    wanted = rgb_to_lab(nir.expand(-1, 3, -1, -1))[:, :1] / 100
    torch.testing.assert_close(L, wanted)


def test_luminance_is_a_local_gain_and_offset():
    net, nir = NirResNetUNet(stages=2).eval(), picture(32, 32)
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
