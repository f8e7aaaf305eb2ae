"""What all networks share: settings, what they take for images, sides filled up, silent layers."""

import numpy as np
import pytest
import torch
from torch import nn

from colorkit.models.network import Network, pad_to, require_images, silent


class Small(Network):
    def __init__(self, width: int = 3, *, deep: bool = False):
        super().__init__(width=width, deep=deep)


def test_settings_build_the_network_again_and_are_nobodys_to_change():
    network = Small(5, deep=True)
    assert list(network.settings().items()) == [("width", 5), ("deep", True)]
    network.settings()["width"] = 9
    assert Small(**network.settings()).settings() == {"width": 5, "deep": True}
    assert network.relatives == ()


@pytest.mark.parametrize(
    ("shape", "smallest", "fault"),
    [
        ((2, 3, 1, 1), None, ""),
        ((1, 3, 8, 8), 8, ""),
        ((1, 3, 7, 8), 8, r"\(batch, 3, H, W\) of at least 8 × 8 pixels; got \(1, 3, 7, 8\)"),
        ((1, 3, 8, 7), 8, "of at least 8 × 8 pixels"),
        ((1, 3, 2, 1), 2, "of at least 2 × 2 pixels"),
        ((1, 3, 0, 0), 1, ""),  # what has no pixels is the caller's to refuse
        ((1, 1, 9, 9), None, r"^light must have shape \(batch, 3, H, W\); got \(1, 1, 9, 9\)$"),
        ((3, 9, 9), None, r"got \(3, 9, 9\)"),
        ((1, 3, 9, 9, 9), None, r"got \(1, 3, 9, 9, 9\)"),
    ],
)
def test_what_is_no_batch_of_images_is_named(shape, smallest, fault):
    more = () if smallest is None else (smallest,)
    if not fault:
        assert require_images("light", torch.zeros(shape), 3, *more) is None
        return
    with pytest.raises(ValueError, match=fault):
        require_images("light", torch.zeros(shape), 3, *more)


@pytest.mark.parametrize(("height", "width"), [(4, 8), (5, 8), (4, 9), (1, 1), (7, 11)])
def test_sides_become_multiples_by_repeating_the_last_row_and_column(height, width):
    x = torch.rand(2, 3, height, width)
    found = pad_to(x, 4)
    more = ((0, 0), (0, 0), (0, -height % 4), (0, -width % 4))
    assert np.array_equal(found, np.pad(x, more, mode="edge"))
    assert (found is x) == (height % 4 == width % 4 == 0)


def test_a_silent_layer_says_nothing_and_learns():
    layer = nn.Conv2d(2, 3, 3)
    assert silent(layer) is layer
    y = layer(torch.rand(1, 2, 5, 5))
    assert not y.any()
    y.sum().backward()
    assert layer.weight.grad.all() and layer.bias.grad.all()
