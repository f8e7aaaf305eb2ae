"""The ladder that every network of the registry climbs; single files hold what is particular."""

import copy
import json
from dataclasses import dataclass, field
from functools import cache
from inspect import signature

import pytest
import torch
from torchvision.models.resnet import BasicBlock

from colorkit.models import pretrained
from colorkit.models.colornet_variants import TOLD
from colorkit.models.encoder_unet import EncoderUNet
from colorkit.models.folding import quick
from colorkit.models.prediction import predict
from colorkit.models.registry import NETWORKS
from colorkit.models.weights import load_weights, save_weights


@dataclass(frozen=True)
class Case:
    """A small network, and what it takes and gives.

    Attributes:
        name: of the registry.
        settings: of the network, but for `num_classes`, which are 3 where there are any.
        ab, L: parts of the image's side that chroma and luminance have; 0 for none.
        channels, smallest: of the images it takes.
        more: channels of the planes it takes beside the image; 0 for none.
        idle: the beginning of the names of parts that only training uses; empty for none.
        told: numbers it takes beside the image; 0 for none.
        boxes: how many boxes it takes beside the image.
    """

    name: str
    settings: dict = field(default_factory=dict, hash=False)
    ab: int = 2
    L: int = 0
    channels: int = 1
    smallest: int = 1
    more: int = 0
    idle: str = ""
    told: int = 0
    boxes: int = 0

    def __str__(self):
        return "-".join((self.name, *(f"{k}={v}" for k, v in self.settings.items())))

    @cache  # noqa: B019 (there are few)
    def build(self):
        """Make the network with random weights where fresh ones are zero, and statistics."""
        return self.used(self.fresh())

    def fresh(self):
        """Make the network."""
        torch.manual_seed(0)
        network = NETWORKS[self.name]
        classes = {"num_classes": 3} if "num_classes" in signature(network).parameters else {}
        return network(**classes | self.settings)

    def used(self, network):
        """Give a network opinions of its own, as a training does."""
        generator = torch.Generator().manual_seed(5)
        with torch.no_grad():
            for weights in network.parameters():
                if weights.ndim > 1 and not weights.any():
                    weights.normal_(std=0.05, generator=generator)
            for module in network.modules():
                if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                    module.momentum = 0.6  # statistics as after some steps
            network.train()(*self.images(4, 48, 40))
        return network.eval()

    def images(self, count: int, height: int, width: int) -> tuple[torch.Tensor, ...]:
        """What the network takes: images, some darker, and planes beside them."""
        generator, shape = torch.Generator().manual_seed(1), (height, width)
        light = torch.linspace(0.4, 1, count).view(-1, 1, 1, 1)
        kinds = [self.channels, *([self.more] if self.more else [])]
        planes = [light * torch.rand(count, c, *shape, generator=generator) for c in kinds]
        if self.boxes:
            corners = torch.rand(count, self.boxes, 2, 2, generator=generator).sort(dim=2).values
            planes.append(corners.flatten(2))
        numbers = [torch.rand(count, self.told, generator=generator)] if self.told else []
        return *planes, *numbers

    def run(self, network, images) -> list[torch.Tensor]:
        """All that it gives: chroma, luminance, scores, as many of them as there are."""
        with torch.no_grad():
            return self.parts(network, images)

    def parts(self, network, images) -> list[torch.Tensor]:
        """As `run`, with gradients."""
        if not self.ab:
            return [network(*images)]
        return [part for part in predict(network, *images) if part is not None]


COLORNET = {"width": 0.125, "global_size": 32}
UNET = {"width": 4, "depth": 3}
MAMBA = {"width": 4, "state": 2, "agents": 2}
CASES = (
    Case("ColorNet", COLORNET),
    Case("ColorNet", COLORNET | {"preset": "paper", "dropout": 0.2}),
    Case("ColorNet", COLORNET | {"classifier_hidden": 0}),
    Case("ColorNet", COLORNET | {"num_classes": None}),
    Case("NirNet", COLORNET | {"luminance": "none"}),
    Case("NirNet", COLORNET | {"luminance": "head", "num_classes": None}, L=2),
    Case("NirNet", COLORNET | {"luminance": "branch", "preset": "paper"}, L=2),
    Case("NirNet", COLORNET | {"luminance": "branch", "full": True}, L=1),
    Case("UNet", UNET, ab=1),
    Case("UNet", UNET | {"upsampling": "transposed"}, ab=1),
    Case("UNet", UNET | {"skips": False, "norm": False}, ab=1),
    Case("UNet", UNET | {"skips": False, "upsampling": "transposed", "out_channels": 3}, ab=1, L=1),
    Case("ResNetUNet", {"stages": 2}),
    Case("ResNetUNet"),
    Case("NirResNetUNet", {"stages": 3}, L=1),
    Case("NirEfficientUNet", L=1),
    Case("HintUNet", more=5),
    Case("EfficientUNet"),
    Case("VividUNet"),
    Case("CoColor", UNET, ab=1, L=1, idle="to_nir."),
    Case("ColorMamba", MAMBA, ab=1, L=1),
    Case("ColorMamba", MAMBA | {"mixer": "convolution", "hsv": False}, ab=1, L=1),
    Case("ColorMamba", MAMBA | {"border": "none", "hue": "angle"}, ab=1, L=1),
    Case("SceneClassifier", ab=0, channels=3, smallest=32),
    Case("ResidualColorNet", COLORNET),
    Case("ResidualColorNet", COLORNET | {"preset": "paper", "num_classes": None}),
    Case("ToldColorNet", COLORNET, told=TOLD),
    Case("InstanceTrunk", {"width": 2}, ab=1),
    Case("InstanceFusion", {"width": 2, "crop": 24}, ab=1, boxes=3),
    Case("InstanceFusion", {"width": 2, "crop": 16, "sites": 13, "leak": True}, ab=1, boxes=3),
)
SIDES = ((32, 32), (48, 80), (33, 47), (31, 32), (1, 1), (1, 40), (40, 7), (7, 3), (100, 9))
each = pytest.mark.parametrize("case", CASES, ids=str)
# In this order: trainings are named by them.
DEFAULTS = {
    "ColorNet": '{"num_classes": null, "width": 1.0, "preset": "report", "global_size": 224, '
    '"classifier_hidden": 256, "dropout": 0.0}',
    "NirNet": '{"num_classes": null, "width": 1.0, "preset": "report", "global_size": 224, '
    '"classifier_hidden": 256, "dropout": 0.0, "luminance": "branch", "full": false}',
    "UNet": '{"in_channels": 1, "out_channels": 2, "width": 32, "depth": 4, "skips": true, '
    '"upsampling": "interpolated", "norm": true}',
    "ResNetUNet": '{"num_classes": null, "encoder": "resnet18", "stages": 5}',
    "NirEfficientUNet": '{"num_classes": null}',
    "NirResNetUNet": '{"num_classes": null, "encoder": "resnet18", "stages": 5}',
    "HintUNet": '{"num_classes": null}',
    "EfficientUNet": '{"num_classes": null}',
    "VividUNet": '{"vividness": 1.0}',
    "ColorMamba": '{"width": 16, "state": 4, "agents": 3, "mixer": "scan", "border": "learned", '
    '"hsv": true, "hue": "disk"}',
    "CoColor": '{"width": 16, "depth": 3}',
    "SceneClassifier": '{"num_classes": 9, "encoder": "resnet18"}',
    **dict.fromkeys(
        ("ResidualColorNet", "ToldColorNet"),
        '{"num_classes": null, "width": 1.0, "preset": "report", "global_size": 224, '
        '"classifier_hidden": 256, "dropout": 0.0}',
    ),
    "InstanceTrunk": '{"width": 16}',
    "InstanceFusion": '{"width": 16, "sites": 3, "leak": false, "crop": 64}',
}


def test_every_network_climbs():
    assert {case.name for case in CASES} == set(NETWORKS) == set(DEFAULTS)


@each
def test_shapes_at_any_size(case):
    network = case.build()
    for sides in SIDES:
        if min(sides) < case.smallest:
            continue
        *colors, last = case.run(network, case.images(2, *sides))
        wanted = [
            (2, n, *(-(-s // by) for s in sides)) for n, by in ((2, case.ab), (1, case.L)) if by
        ]
        if network.settings().get("num_classes"):
            wanted.append((2, 3))
        assert [tuple(part.shape) for part in (*colors, last)] == wanted
        assert all(part.isfinite().all() for part in (*colors, last))
        bounded = colors[1:] if isinstance(network, EncoderUNet) else colors
        assert all(part.min() >= 0 and part.max() <= 1 for part in bounded)


@each
def test_what_are_no_such_images_is_refused_with_what_was_received(case):
    network, c = case.build(), case.channels
    shapes = [(1, c + 1, 32, 32), (c, 32, 32), (32, 32)]
    for shape in shapes + [(1, c, 40, case.smallest - 1)] * (case.smallest > 1):
        with pytest.raises(ValueError, match=rf"must have shape \(batch, {c}, H, W\)") as fault:
            network(torch.zeros(shape))
        assert str(shape) in str(fault.value)


@each
def test_an_image_gets_the_same_alone_and_in_a_batch(case):
    network, images = case.build(), case.images(3, 52, 40)
    whole = case.run(network, images)
    for i in range(3):
        alone = case.run(network, [kind[i : i + 1] for kind in images])
        for one, all_ in zip(alone, whole, strict=True):
            torch.testing.assert_close(one[0], all_[i], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(whole[0][0], whole[0][1], atol=1e-4)


@each
def test_gradients_reach_every_parameter(case):
    network = copy.deepcopy(case.build()).train()
    torch.manual_seed(2)  # of dropout
    parts = case.parts(network, case.images(4, 40, 56))
    sum(part.square().mean() for part in parts).backward()
    for name, weights in network.named_parameters():
        if case.idle and name.startswith(case.idle):
            assert weights.grad is None, name
            continue
        assert weights.grad is not None and weights.grad.isfinite().all(), name
        # Biases in front of a batch normalization change nothing.
        assert weights.ndim == 1 or weights.grad.abs().max() > 0, name


@each
def test_settings_and_seed_build_the_network_again(case):
    network = case.fresh()
    settings = network.settings()
    assert settings.items() >= case.settings.items()
    torch.manual_seed(0)
    again = type(network)(**settings)
    assert json.dumps(again.settings()) == json.dumps(settings)
    theirs, ours = again.state_dict(), network.state_dict()
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(t, ours[name]) for name, t in theirs.items())


@pytest.mark.parametrize("name", NETWORKS)
def test_settings_left_out_are_these(name):
    settings = json.loads(DEFAULTS[name])
    given = {"num_classes": 9} if settings.get("num_classes") else {}
    assert json.dumps(NETWORKS[name](**given).settings()) == DEFAULTS[name]


@pytest.mark.parametrize("name", pretrained.models())
def test_those_in_the_box_have_the_settings_of_their_cards(name):
    network, card = pretrained.load(name)
    assert type(network).__name__ == card["architecture"]
    assert json.dumps(network.settings()) == json.dumps(card["settings"])


@each
@pytest.mark.parametrize("half", [False, True])
def test_a_weights_file_keeps_the_network(case, half, tmp_path):
    network, images = case.build(), case.images(2, 40, 48)
    path = save_weights(tmp_path / "deep" / "w.safetensors", network, half=half, data="noise")
    again, card = load_weights(path)
    assert (card["architecture"], card["settings"]) == (case.name, network.settings())
    assert type(again) is type(network) and again.settings() == network.settings()
    assert card["data"] == "noise" and not again.training
    ours = network.state_dict()
    assert again.state_dict().keys() == ours.keys()
    if not half:
        assert all(torch.equal(t, ours[name]) for name, t in again.state_dict().items())
    bounds = {"rtol": 0, "atol": 2e-2} if half else {"rtol": 1e-4, "atol": 1e-5}
    for found, kept in zip(case.run(again, images), case.run(network, images), strict=True):
        torch.testing.assert_close(found, kept, **bounds)


def near(rough: torch.Tensor, wanted: torch.Tensor) -> bool:
    """Whether bfloat16, which has steps of 0.004 above a half, changed little."""
    return (rough.float() - wanted).abs().mean() < max(0.05 * wanted.std(), 0.002)


@each
def test_half_precision_gives_nearly_the_same(case):
    network, images = case.build(), case.images(2, 48, 40)
    with torch.autocast("cpu", torch.bfloat16):
        narrow = case.run(network, images)
    for found, wanted in zip(narrow, case.run(network, images), strict=True):
        assert near(found, wanted)


@each
def test_a_network_made_quick_computes_the_same(case):
    network, (image, *_) = case.build(), case.images(2, 48, 40)
    before = {name: t.clone() for name, t in network.state_dict().items()}
    folded, narrow = quick(network, torch.float32), quick(network, torch.bfloat16)
    wanted, exact, rough = (case.run(net, [image]) for net in (network, folded, narrow))
    for one, other, far in zip(wanted, exact, rough, strict=True):
        torch.testing.assert_close(other, one, rtol=1e-4, atol=1e-5)
        assert near(far, one)
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())
    left = {type(m).__name__ for m in folded.modules() if "Norm" in type(m).__name__}
    # torchvision's blocks hold theirs apart from the convolutions.
    assert not left or any(isinstance(m, BasicBlock) for m in network.modules())
