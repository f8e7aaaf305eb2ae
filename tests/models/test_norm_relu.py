"""Batch normalization and rectification in one give what PyTorch's two layers give."""

import numpy as np
import pytest
import torch
from torch import nn

from colorkit.models import norm_relu
from colorkit.models.norm_relu import Layers
from colorkit.models.norm_relu_loops import BLOCK, kernels

CHANNELS = 24
THREE = 3  # channels of the loops tried by themselves


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


def test_a_layer_may_take_both_ways_before_one_gradient():
    layers, plain, x = block(), block(nn.Sequential), planes(kind=torch.float32)
    for each in (layers, plain):
        (each(x.contiguous()).sum() + each(x).sum()).backward()  # PyTorch's, then the compiled
    near = {"rtol": 1e-4, "atol": 1e-2}  # sums of thousands of numbers
    torch.testing.assert_close(layers[1].weight.grad, plain[1].weight.grad, **near)
    torch.testing.assert_close(layers[1].bias.grad, plain[1].bias.grad, **near)
    for name, kept in plain[1].named_buffers():
        torch.testing.assert_close(dict(layers[1].named_buffers())[name], kept)


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


def stored(values: np.ndarray, bfloat16: bool) -> np.ndarray:
    """Planes as the loops take them: float32, or the upper halves of it, rounded by PyTorch."""
    values = torch.from_numpy(np.asarray(values, np.float32))
    return values.bfloat16().view(torch.uint16).numpy() if bfloat16 else values.numpy()


def read(planes: np.ndarray) -> np.ndarray:
    if planes.dtype == np.uint16:
        planes = torch.from_numpy(planes).view(torch.bfloat16).float().numpy()
    return planes.astype(float)


def draw(rows: int, bfloat16: bool, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal((-1, 0, 40), (0.5, 1, 2), (rows, THREE))
    return stored(values, bfloat16)


SCALE, SHIFT = (np.array(v, np.float32) for v in ((1.5, -0.25, 0.5), (0.5, 1, -18)))
NEAR, MEAN = (np.array(v, np.float32) for v in ((-1, 0.25, 40), (-0.75, 0.5, 39)))


@pytest.mark.parametrize("bfloat16", [False, True])
@pytest.mark.parametrize("rows", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5])
def test_sums_of_every_block(rows, bfloat16):
    x, grad = draw(rows, bfloat16), draw(rows, bfloat16, 1)
    near, blocks = read(x) - NEAR, range(0, rows, BLOCK)
    out = np.full((len(blocks), 2, THREE), 9, np.float32)
    kernels(bfloat16).sums(x, NEAR, out)
    true = [(part.sum(0), (part**2).sum(0)) for part in (near[at : at + BLOCK] for at in blocks)]
    np.testing.assert_allclose(out, true, rtol=1e-4, atol=1e-2)
    kernels(bfloat16).gradient_sums(x, grad, SCALE, SHIFT, MEAN, 1.25, out)
    before = SCALE * read(x) + SHIFT
    given = read(grad) * ((before > 0) & (before < 1.25))
    both = np.stack([given, given * (read(x) - MEAN)], axis=1)
    true = [both[at : at + BLOCK].sum(0) for at in blocks]
    np.testing.assert_allclose(out, true, rtol=1e-4, atol=5e-2)


@pytest.mark.parametrize("bfloat16", [False, True])
@pytest.mark.parametrize("ceiling", [1.25, np.inf])
def test_rectified_planes_and_their_gradient(bfloat16, ceiling):
    x, grad, out = draw(99, bfloat16), draw(99, bfloat16, 1), draw(99, bfloat16, 2)
    tolerance = {"rtol": 0.005 if bfloat16 else 1e-5, "atol": 1e-5}
    kernels(bfloat16).rectify(x, SCALE, SHIFT, ceiling, out)
    before = SCALE * read(x) + SHIFT
    np.testing.assert_allclose(read(out), before.clip(0, ceiling), **tolerance)
    assert (before > 1.25).any() and (before < 0).any()
    slope, offset = MEAN / 9, NEAR / 7
    kernels(bfloat16).gradient(x, grad, SCALE, SHIFT, slope, offset, ceiling, out)
    given = read(grad) * ((before > 0) & (before < ceiling))
    np.testing.assert_allclose(read(out), SCALE * given + slope * read(x) + offset, **tolerance)


@pytest.mark.parametrize("bfloat16", [False, True])
def test_at_zero_and_at_the_ceiling_no_gradient_passes(bfloat16):
    """As of PyTorch's ReLU and ReLU6: the values below are exact in both types."""
    values = np.array([[-0.5], [0], [0.5], [1], [1.5], [2], [2.5]])
    x, one = stored(values, bfloat16), np.ones(1, np.float32)
    grad, out, zero = stored(np.ones((7, 1)), bfloat16), np.empty_like(x), np.zeros(1, np.float32)
    kernels(bfloat16).rectify(x, one, zero, 2, out)
    assert read(out)[:, 0].tolist() == [0, 0, 0.5, 1, 1.5, 2, 2]
    kernels(bfloat16).gradient(x, grad, one, zero, zero, zero, 2, out)
    assert read(out)[:, 0].tolist() == [0, 0, 1, 1, 1, 0, 0]
    sums = np.empty((1, 2, 1), np.float32)
    kernels(bfloat16).gradient_sums(x, grad, one, zero, zero, 2, sums)
    assert sums[0, :, 0].tolist() == [3, 3]


def test_bfloat16_is_rounded_as_pytorch_rounds():
    bits = np.random.default_rng(0).integers(0, 0x7F000000, 5000, np.uint32)
    bits[:6] = [0x3F808000, 0x3F818000, 0x3F807FFF, 0x3F808001, 0x3F80FFFF, 0]  # ties, and beside
    values = bits.view(np.float32)[:, None].copy()
    zero = np.zeros(1, np.float32)
    x, out = stored(np.ones((1, 1)), True), np.empty((1, 1), np.uint16)
    for value, want in zip(values, stored(values, True), strict=True):
        kernels(True).rectify(x, value, zero, np.inf, out)
        assert out[0] == want


@pytest.mark.parametrize("bfloat16", [False, True])
def test_loops_keep_what_is_no_number(bfloat16):
    x = stored(np.array([[np.nan], [1]]), bfloat16)
    one, zero, out = np.ones(1, np.float32), np.zeros(1, np.float32), np.empty_like(x)
    kernels(bfloat16).rectify(x, one, zero, 6, out)
    assert np.isnan(read(out)[0, 0]) and read(out)[1, 0] == 1
    sums = np.empty((1, 2, 1), np.float32)
    kernels(bfloat16).sums(x, zero, sums)
    assert np.isnan(sums).all()
