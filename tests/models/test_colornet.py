"""ColorNet: its published parameter counts, and its two branches."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from colorkit.models.colornet import ColorNet, Fusion, parameter_count


def on_paper(**settings) -> ColorNet:
    """Build a full-size network without its memory: parameters have shapes but no values."""
    with torch.device("meta"):
        return ColorNet(**settings)


def small(num_classes: int | None = 3, **settings) -> ColorNet:
    torch.manual_seed(0)
    defaults = {"width": 0.125, "global_size": 32}
    return ColorNet(num_classes, **(defaults | settings)).eval()


def grays(count: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, 1, height, width, generator=torch.Generator().manual_seed(seed))


def calls(module: nn.Module) -> list[tuple[int, ...]]:
    """Note the shape of every input a module gets from now on."""
    seen: list[tuple[int, ...]] = []
    module.register_forward_hook(lambda m, inputs, output: seen.append(tuple(inputs[0].shape)))
    return seen


@torch.no_grad()
def run(model: ColorNet, gray: torch.Tensor):
    return model(gray)


@pytest.mark.parametrize(
    ("num_classes", "total"),
    [
        (None, 42_169_826),
        (9, 42_303_467),
        (10, 42_303_724),
        (205, 42_353_839),
        (365, 42_394_959),
    ],
)
def test_parameters_equal_the_published_count(num_classes, total):
    assert parameter_count(on_paper(num_classes=num_classes)) == total


def test_parameters_of_each_part():
    parts = on_paper(num_classes=205).parts()
    assert {name: parameter_count(part) for name, part in parts.items()} == {
        "low-level features": 2_287_488,
        "mid-level features": 3_539_712,
        "global features": 35_786_496,
        "fusion": 131_328,
        "colorization": 424_802,
        "classifier": 184_013,
    }


@pytest.mark.parametrize(("num_classes", "surplus"), [(None, 12_992), (10, 13_504)])
def test_batch_normalization_adds_its_scales_and_shifts(num_classes, surplus):
    paper = on_paper(num_classes=num_classes, preset="paper")
    report = on_paper(num_classes=num_classes, preset="report")
    assert parameter_count(paper) - parameter_count(report) == surplus


def test_parts_hold_every_parameter_once():
    model = small()
    in_parts = [id(p) for part in model.parts().values() for p in part.parameters()]
    assert sorted(in_parts) == sorted(id(p) for p in model.parameters())
    assert "classifier" in model.parts() and "classifier" not in small(None).parts()


def test_channels_and_strides_are_those_of_the_paper():
    layers = [m for m in on_paper(num_classes=None).modules() if isinstance(m, nn.Conv2d)]
    channels = [(m.in_channels, m.out_channels, m.stride[0], m.kernel_size[0]) for m in layers]
    assert channels == [
        (1, 64, 2, 3),
        (64, 128, 1, 3),
        (128, 128, 2, 3),
        (128, 256, 1, 3),
        (256, 256, 2, 3),
        (256, 512, 1, 3),
        (512, 512, 1, 3),
        (512, 256, 1, 3),
        (512, 512, 2, 3),
        (512, 512, 1, 3),
        (512, 512, 2, 3),
        (512, 512, 1, 3),
        (512, 256, 1, 1),
        (256, 128, 1, 3),
        (128, 64, 1, 3),
        (64, 64, 1, 3),
        (64, 32, 1, 3),
        (32, 2, 1, 3),
    ]


def test_frozen_parameters_are_not_counted():
    model = small()
    frozen = parameter_count(model.low)
    before = parameter_count(model)
    model.low.requires_grad_(False)
    assert parameter_count(model) == before - frozen


def test_paper_normalizes_after_every_hidden_layer_and_only_there():
    model = small(preset="paper")
    layers = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert len(norms) == len(layers) - 2  # the layers that give chroma and scores have none
    for block in model.modules():
        if isinstance(block, nn.Sequential) and isinstance(block[-1], nn.ReLU):
            kinds = [type(layer) for layer in block]
            assert kinds in (
                [nn.Conv2d, nn.BatchNorm2d, nn.ReLU],
                [nn.Linear, nn.BatchNorm1d, nn.ReLU],
            )
    assert isinstance(model.fusion.norm, nn.BatchNorm2d)
    assert isinstance(model.color[-2], nn.Conv2d) and isinstance(model.color[-1], nn.Sigmoid)
    assert isinstance(model.classifier[-1], nn.Linear)


def test_report_has_no_normalization():
    kinds = {type(m).__name__ for m in small().modules()}
    assert not {k for k in kinds if "Norm" in k}


def test_one_pass_of_the_shared_layers_where_the_image_has_the_global_size():
    model = small()
    seen = calls(model.low)
    run(model, grays(2, 32, 32))
    assert seen == [(2, 1, 32, 32)]


@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 40), (16, 16)])
def test_otherwise_the_shared_layers_see_the_image_and_its_small_copy(height, width):
    model = small()
    seen = calls(model.low)
    run(model, grays(2, height, width))
    assert seen == [(2, 1, height, width), (2, 1, 32, 32)]


def test_a_large_image_is_not_folded_into_batch_items():
    model = small()
    seen = calls(model.global_class)
    ab, scores = run(model, grays(1, 96, 160))
    assert seen == [(1, 64)]  # one vector an image, whatever its size
    assert ab.shape == (1, 2, 48, 80) and scores.shape == (1, 3)


def test_two_branches_equal_their_manual_composition():
    model, gray = small(preset="paper"), grays(2, 48, 72)
    ab, scores = run(model, gray)
    with torch.no_grad():
        copy = F.interpolate(gray, (32, 32), mode="bilinear", antialias=True)
        vector = model.global_class(model.global_conv(model.low(copy)))
        mid = model.mid(model.low(gray))
        whole = model.global_fuse(vector)[:, :, None, None].expand(-1, -1, *mid.shape[-2:])
        both = torch.cat((mid, whole), dim=1)
        fused = F.relu(model.fusion.norm(model.fusion.conv(both)))
        assert torch.allclose(ab, model.color(fused), atol=1e-5)
        assert torch.allclose(scores, model.classifier(vector), atol=1e-5)


@pytest.mark.parametrize("norm", [False, True])
def test_fusion_equals_concatenation_and_a_one_by_one_convolution(norm):
    torch.manual_seed(1)
    fusion = Fusion(6, 4, 5, norm).double()
    nn.init.normal_(fusion.conv.bias)
    mid = torch.randn(3, 6, 7, 2, dtype=torch.float64, requires_grad=True)
    vector = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    ours = fusion(mid, vector)
    both = torch.cat((mid, vector[:, :, None, None].expand(3, 4, 7, 2)), dim=1)
    literal = F.relu(fusion.norm(fusion.conv(both)))
    assert torch.allclose(ours, literal)
    weight = torch.randn_like(ours)
    inputs = (mid, vector, *fusion.parameters())
    gradients = torch.autograd.grad((ours * weight).sum(), inputs, retain_graph=True)
    expected = torch.autograd.grad((literal * weight).sum(), inputs)
    assert all(torch.allclose(a, b) for a, b in zip(gradients, expected, strict=True))


def test_padding_does_not_change_sizes_that_need_none():
    model = small()
    seen = calls(model.mid)
    run(model, grays(1, 33, 40))
    assert seen == [(1, 64, 5, 5)]  # 33 rows padded to 40, 40 columns as they are


def test_the_whole_image_decides_its_colors_everywhere():
    model, gray = small(), grays(1, 64, 256)
    changed = gray.clone()
    changed[..., -32:] = 0
    far = run(model, gray)[0][..., :8] - run(model, changed)[0][..., :8]
    assert far.abs().max() > 0


def test_classifier_without_hidden_units_is_one_layer():
    model = small(7, classifier_hidden=0)
    assert [type(layer) for layer in model.classifier] == [nn.Linear]
    assert parameter_count(model.classifier) == 64 * 7 + 7
    assert run(model, grays(2, 32, 32))[1].shape == (2, 7)


def test_hidden_units_scale_with_the_width():
    assert small(3, classifier_hidden=256).classifier[0][0].out_features == 32


@pytest.mark.parametrize("preset", ["paper", "report"])
def test_dropout_works_in_training_only_and_adds_no_parameter(preset):
    torch.manual_seed(0)
    plain = small(3, preset=preset).eval()
    dropped = small(3, preset=preset, dropout=0.5).eval()
    dropped.load_state_dict(plain.state_dict())  # the same names and shapes
    gray = torch.rand(2, 1, 32, 32)
    assert torch.equal(plain(gray)[0], dropped(gray)[0])
    dropped.train()
    assert not torch.equal(dropped(gray)[0], dropped(gray)[0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"preset": "siggraph"}, "preset must be paper or report; got 'siggraph'"),
        ({"num_classes": 1}, "num_classes must be None or at least 2; got 1"),
        ({"num_classes": 0}, "num_classes must be None or at least 2; got 0"),
        ({"width": 0}, r"width must lie in \(0, 4\]; got 0"),
        ({"width": -0.5}, r"width must lie in \(0, 4\]; got -0\.5"),
        ({"width": 5.0}, r"got 5\.0"),
        ({"global_size": 100}, "global_size must be a multiple of 32; got 100"),
        ({"global_size": 0}, "global_size must be a multiple of 32; got 0"),
        ({"classifier_hidden": -1}, "classifier_hidden must be 0 or more; got -1"),
        ({"dropout": -0.1}, r"dropout must lie in \[0, 1\); got -0\.1"),
        ({"dropout": 1}, r"dropout must lie in \[0, 1\); got 1"),
    ],
)
def test_bad_settings_are_refused_by_name(settings, message):
    with pytest.raises(ValueError, match=message):
        ColorNet(**settings)
