"""Batch normalization and rectification in one give what PyTorch's two layers give."""

import numpy as np
import pytest
import torch
from torch import nn

from colorkit.models import norm_relu
from colorkit.models.norm_relu import Layers

CHANNELS = 24


@pytest.fixture(autouse=True)
def always(monkeypatch):
    monkeypatch.setattr(norm_relu, "LEAST", 0)


def planes(seed: int = 0, size: int = 41, kind=torch.bfloat16) -> torch.Tensor:
    """Channels of different mean and spread, channels last; more rows than one block of sums."""
    made = torch.Generator().manual_seed(seed)
    x = torch.randn(3, CHANNELS, size, size, generator=made)
    x = (
        x * torch.linspace(0.1, 4, CHANNELS)[:, None, None]
        + torch.linspace(-3, 3, CHANNELS)[:, None, None]
    )
    return x.to(kind).to(memory_format=torch.channels_last)


def block(kind=Layers, rectifier=nn.ReLU) -> nn.Sequential:
    norm = nn.BatchNorm2d(CHANNELS)
    with torch.no_grad():
        norm.weight.copy_(torch.linspace(-1, 2, CHANNELS))  # a zero and negative ones among them
        norm.bias.copy_(torch.linspace(0.5, -0.5, CHANNELS))
    return kind(nn.Identity(), norm, rectifier(), nn.Identity())


def passes(layers, x, grad):
    """Result and gradients of x, weight and bias, in the type of x."""
    x = x.clone().requires_grad_()
    y = layers(x)
    found = torch.autograd.grad(y, (x, layers[1].weight, layers[1].bias), grad.to(y.dtype))
    return y, *found


class Low(nn.ReLU6):
    """Cuts off where many values lie."""

    def __init__(self):
        super().__init__()
        self.max_val = 0.4


@pytest.mark.parametrize("rectifier", [nn.ReLU, nn.ReLU6, Low])
@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float32])
def test_result_and_gradients_are_those_in_double_precision(kind, rectifier, monkeypatch):
    monkeypatch.setitem(norm_relu.CEILINGS, Low, 0.4)
    x, grad = planes(kind=kind), planes(1, kind=kind)
    ours = block(rectifier=rectifier)
    exact = block(nn.Sequential, rectifier).double()
    for layers, given in ((ours, x), (exact, x.double())):
        layers.found = passes(layers, given, grad)
    for found, expected in zip(ours.found, exact.found, strict=True):
        # Single precision takes another side of zero now and then, which stops a gradient or not.
        wrong = (found.double() - expected).abs() > 0.004 * expected.abs() + 1e-3 * expected.std()
        assert wrong.double().mean() < 1e-4
    assert ours.found[0].dtype == ours.found[1].dtype == kind
    assert ours.found[0].is_contiguous(memory_format=torch.channels_last)
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        found, expected = getattr(ours[1], name), getattr(exact[1], name)
        torch.testing.assert_close(found, expected.to(found.dtype), rtol=1e-5, atol=1e-6)


def test_the_compiled_passes_are_taken(monkeypatch):
    taken = []
    apply = norm_relu._NormReLU.apply
    monkeypatch.setattr(norm_relu._NormReLU, "apply", lambda *a: taken.append(1) or apply(*a))
    layers = block()
    layers(planes())
    assert taken == [1]
    assert taken == [1] and block(rectifier=nn.ReLU6)(planes()).dtype == torch.bfloat16
    assert taken == [1, 1] and taken.pop()
    for x in (planes().half(), planes().contiguous()):  # another type, another layout
        layers(x)
    layers.eval()(planes())
    monkeypatch.setattr(norm_relu, "LEAST", 1 << 20)
    layers.train()(planes())
    assert taken == [1]


def test_the_number_of_threads_changes_nothing():
    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 2, 5):
            torch.set_num_threads(count)
            found.append(passes(block(), planes(), planes(1)))
    finally:
        torch.set_num_threads(threads)
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            assert torch.equal(a, b)


def test_a_gradient_of_another_layout_is_taken():
    x, grad = planes(), planes(1)
    layers = block()
    for a, b in zip(
        passes(layers, x, grad), passes(layers, x, grad.contiguous().clone()), strict=True
    ):
        assert torch.equal(a, b)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_stays_none(value):
    x = planes()
    x[0, 3, 5, 5] = value
    y = block()(x)
    assert y[:, 3].isnan().any()
    assert y[:, :3].isfinite().all()
    grad = planes(1)
    grad[:, 3] = value
    assert not passes(block(), planes(), grad)[1].isfinite().all()


def test_weights_have_the_names_that_a_plain_sequence_gives_them():
    assert list(block().state_dict()) == list(block(nn.Sequential).state_dict())
