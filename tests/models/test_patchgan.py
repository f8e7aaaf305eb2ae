"""PatchGANs: which answer sees what, and that nothing but the weights decides it."""

import copy

import pytest
import torch
from torch import nn

from colorkit.models.colornet import parameter_count
from colorkit.models.patchgan import DISCRIMINATORS, PatchGAN, apart, together


def small(**settings) -> PatchGAN:
    torch.manual_seed(0)
    net = PatchGAN(**({"width": 4} | settings))
    for p in net.parameters():  # the first weights are so small that answers hardly differ
        p.data.mul_(20)
    return net


def pictures(count: int = 2, side: int = 64) -> torch.Tensor:
    return 2 * torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(1)) - 1


@pytest.mark.parametrize("side", [64, 128])
def test_all_three_give_maps_of_one_size(side):
    maps = [small(tiles=tiles)(pictures(2, side)) for tiles in DISCRIMINATORS.values()]
    assert {m.shape for m in maps} == {(2, 1, side // 8, side // 8)}


def test_cutting_apart_is_slicing_and_can_be_undone():
    x = torch.arange(2 * 3 * 8 * 12.0).reshape(2, 3, 8, 12)
    pieces = apart(x, 4)
    k = 0
    for image in x:
        for row in range(4):
            for column in range(4):
                here = image[:, 2 * row : 2 * row + 2, 3 * column : 3 * column + 3]
                assert torch.equal(pieces[k], here)
                k += 1
    assert torch.equal(together(pieces, 4), x)


@pytest.mark.parametrize("tiles", [4, 8])
def test_answers_for_a_tile_are_those_for_it_alone(tiles):
    net, whole = small(tiles=tiles), pictures(1)
    alone = copy.deepcopy(net)
    alone.tiles = 1
    side, answer = 64 // tiles, 8 // tiles
    with torch.no_grad():
        map_ = net(whole)
        piece = alone(whole[..., side : 2 * side, 2 * side : 3 * side])
    found = map_[..., answer : 2 * answer, 2 * answer : 3 * answer]
    torch.testing.assert_close(found, piece)


def test_answers_over_the_whole_picture_see_beyond_a_tile():
    changed = pictures(1)
    changed[..., :16, :16] = 0
    for tiles, beyond in ((4, False), (1, True)):
        with torch.no_grad():
            net = small(tiles=tiles, spectral=True).eval()  # a norm would reach everywhere
            difference = (net(pictures(1)) - net(changed)).abs()
        assert difference[..., :2, :2].max() > 0
        difference[..., :2, :2] = 0
        assert bool(difference.max() > 0) is beyond


@pytest.mark.parametrize("spectral", [False, True])
def test_an_answer_does_not_depend_on_the_other_pictures_or_the_mode(spectral):
    net, x = small(tiles=4, spectral=spectral).eval(), pictures()
    before = {n: t.clone() for n, t in net.state_dict().items()}
    with torch.no_grad():
        alone = net(x[:1])
        torch.testing.assert_close(net(x)[:1], alone)
        assert all(torch.equal(before[n], t) for n, t in net.state_dict().items())
        if not spectral:
            torch.testing.assert_close(net.train()(x)[:1], alone)
    assert not [n for n, _ in small().named_buffers()]


def test_spectral_normalization_bounds_every_layer():
    net, x = small(spectral=True, width=8), pictures()
    with torch.no_grad():
        for _ in range(60):  # each call in training improves the estimate
            net(x)
    for layer in net.layers:
        if isinstance(layer, nn.Conv2d):
            largest = torch.linalg.matrix_norm(layer.weight.detach().flatten(1), ord=2)
            assert abs(largest.item() - 1) < 0.02
        assert not isinstance(layer, nn.GroupNorm)


def test_parameters_of_the_papers_width():
    """Three halving levels, one that does not, and the answers; the tiles add none."""
    convolutions = 3 * 64 * 16 + 64 * 128 * 16 + 128 * 256 * 16 + 256 * 512 * 9 + 512 * 9
    biases, norms = 64 + 128 + 256 + 512 + 1, 2 * (128 + 256 + 512)
    for tiles in DISCRIMINATORS.values():
        assert parameter_count(PatchGAN(tiles=tiles)) == convolutions + biases + norms


def test_it_learns_to_tell_blue_from_yellow():
    net = PatchGAN(width=8, tiles=4)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    x = pictures(8, 32)
    x[:4, 2], x[4:, 2] = -0.3, 0.3
    wanted = (torch.arange(8) < 4).float().view(8, 1, 1, 1)
    for _ in range(40):
        answers = net(x)
        loss = nn.functional.binary_cross_entropy_with_logits(answers, wanted.expand_as(answers))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert ((net(x) > 0) == (wanted > 0)).float().mean() > 0.95


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"width": 0}, "width"), ({"tiles": 2.5}, "tiles"), ({"depth": 0}, "dep")],
)
def test_a_wrong_setting_is_named(settings, said):
    with pytest.raises(ValueError, match=said):
        PatchGAN(**settings)


@pytest.mark.parametrize("shape", [(2, 2, 64, 64), (3, 64, 64), (2, 3, 60, 64), (2, 3, 32, 32)])
def test_another_shape_is_refused_with_what_was_received(shape):
    with pytest.raises(ValueError, match="64 or more"):
        small(tiles=8)(torch.zeros(shape))
