"""Diagrams say what passes through the networks that are drawn."""

import pytest
import torch
from matplotlib.patches import FancyArrowPatch
from torch import nn

from colorkit.course.diagrams import (
    Box,
    convolutions,
    diagram,
    nir_ways,
    receptive_diagram,
    receptive_fields,
    unet_diagram,
)
from colorkit.models.patchgan import PatchGAN
from colorkit.models.unet import UNet


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def arrows(figure):
    return [p for p in figure.axes[0].patches if isinstance(p, FancyArrowPatch)]


def test_a_unet_is_drawn_with_its_own_shapes_and_skips():
    written = texts(unet_diagram(UNet(1, 2, width=4, depth=2), side=32))
    assert written.count("skip") == 2
    assert "lightness\n1 × 32 × 32" in written and "chroma\n2 × 32 × 32" in written
    assert written.count("level 0\n4 × 32 × 32") == 2
    assert written.count("level 1\n8 × 16 × 16") == 2
    assert "the narrow middle\n16 × 8 × 8" in written
    without = unet_diagram(UNet(1, 2, width=4, depth=2, skips=False), side=32)
    assert "skip" not in texts(without)
    assert len(arrows(without)) == 2 + 2 * 2


def test_receptive_fields_are_those_that_gradients_find():
    network = nn.Sequential(
        nn.Conv2d(1, 1, 4, 2, 1, bias=False),
        nn.Conv2d(1, 1, 4, 2, 1, bias=False),
        nn.Conv2d(1, 1, 3, 1, 1, bias=False),
    )
    for layer in network:
        nn.init.constant_(layer.weight, 1.0)
    for count, side in enumerate(receptive_fields(convolutions(network)), 1):
        x = torch.zeros(1, 1, 64, 64, requires_grad=True)
        plane = network[:count](x)
        plane[0, 0, plane.shape[2] // 2, plane.shape[3] // 2].backward()
        assert (x.grad[0, 0] != 0).any(dim=1).sum() == side


def test_a_tile_cuts_the_growth_off():
    axes = receptive_diagram(PatchGAN(width=4), most=16).axes
    labels = [ax.get_xlabel() for ax in axes]
    assert labels[0] == "sees 4 × 4"
    assert labels[-1].endswith("has 16")


def test_the_four_ways_say_what_is_painted():
    figure = nir_ways(32)
    written = texts(figure)
    assert written.count("a*, b*\n2 × 16 × 16") == 3
    assert written.count("L*, a*, b*\n3 × 16 × 16") == 1
    assert written.count("L*\n1 × 16 × 16") == 1
    assert sum(text.startswith("way ") for text in written) == 4
    few = texts(nir_ways(32, "ab"))
    assert [text[:5] for text in few if text.startswith("way ")] == ["way a", "way b"]


@pytest.mark.parametrize(("end", "axis"), [((0, 2), 0), ((2, 0), 1)])
def test_arrows_run_from_edge_to_edge(end, axis):
    boxes = {"one": Box("one", 0, 0), "two": Box("two", *end)}
    (arrow,) = arrows(diagram(boxes, [("one", "two")]))
    start, stop = arrow._posA_posB
    assert start[axis] == stop[axis] == 0
    assert 0 < start[1 - axis] < stop[1 - axis] < 2
