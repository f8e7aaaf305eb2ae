"""The depthwise convolution: PyTorch's values and gradients, in every geometry and type."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.grad import conv2d_input, conv2d_weight

from colorkit.models import depthwise_loops
from colorkit.models.depthwise import Depthwise


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize(("side", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2)])
@pytest.mark.parametrize("shape", [(3, 7, 9, 12), (2, 16, 4, 4), (1, 5, 2, 1)])
def test_values_and_gradients_are_those_of_a_convolution(shape, side, stride, layout, threads):
    torch.manual_seed(side + stride)
    count = torch.get_num_threads()
    torch.set_num_threads(threads)
    channels = shape[1]
    layer = Depthwise(channels, channels, side, stride, side // 2, groups=channels, bias=False)
    x = torch.randn(shape).to(memory_format=layout).requires_grad_()
    given = torch.randn_like(layer(x))
    expected = F.conv2d(x, layer.weight, None, stride, side // 2, groups=channels)
    torch.testing.assert_close(layer(x), expected)
    found = torch.autograd.grad(layer(x), (x, layer.weight), given)
    torch.set_num_threads(count)
    true = torch.autograd.grad(expected, (x, layer.weight), given)
    for one, other in zip(found, true, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_a_loss_that_is_no_number_is_not_hidden():
    layer = Depthwise(4, 4, 3, padding=1, groups=4, bias=False)
    x = torch.rand(1, 4, 5, 5, requires_grad=True)
    (layer(x).sum() * float("nan")).backward()
    assert layer.weight.grad.isnan().all()


def test_the_first_layer_needs_no_gradient_of_the_image():
    layer = Depthwise(4, 4, 3, 2, padding=1, groups=4, bias=False)
    layer(torch.rand(2, 4, 6, 6)).sum().backward()
    assert layer.weight.grad.abs().sum() > 0


def test_frozen_filters_hand_the_gradient_on():
    layer = Depthwise(4, 4, 3, padding=1, groups=4, bias=False).requires_grad_(False)
    x = torch.rand(1, 4, 6, 6, requires_grad=True)
    layer(x).sum().backward()
    plain = nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False)
    plain.load_state_dict(layer.state_dict())
    (expected,) = torch.autograd.grad(plain(x).sum(), x)
    torch.testing.assert_close(x.grad, expected)


def test_single_precision_under_autocast_gives_the_same_type_and_nearly_the_same():
    layer = Depthwise(4, 4, 3, padding=1, groups=4, bias=False)
    x = torch.rand(1, 4, 8, 8)
    plain = layer(x)
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(x.bfloat16())
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), plain, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize(("side", "stride"), [(1, 1), (2, 1), (3, 1), (3, 2), (4, 3), (5, 2)])
@pytest.mark.parametrize("size", [(7, 9), (9, 6), (5, 5)])
def test_loops_overwrite_their_output_with_pytorchs_gradients(size, side, stride, padding):
    torch.manual_seed(side)
    x, weight = torch.randn(2, 3, *size), torch.randn(3, 1, side, side)
    grad = torch.randn_like(F.conv2d(x, weight, None, stride, padding, groups=3))
    where = {"stride": stride, "padding": padding, "groups": 3}
    rows, given = (each.permute(0, 2, 3, 1).contiguous().numpy() for each in (x, grad))
    filters = weight[:, 0].permute(1, 2, 0).contiguous().numpy()
    found = np.full_like(rows, 9)
    depthwise_loops.to_input(given, filters, stride, padding, found)
    true = conv2d_input(x.shape, weight, grad, **where).permute(0, 2, 3, 1)
    np.testing.assert_allclose(found, true, atol=1e-5)
    found = np.full((2, side, side, 3), 9, np.float32)
    depthwise_loops.to_weight(rows, given, stride, padding, found)
    for one, single, part in zip(found, x, grad, strict=True):
        true = conv2d_weight(single[None], weight.shape, part[None], **where)
        np.testing.assert_allclose(one, true[:, 0].permute(1, 2, 0), atol=1e-5)
