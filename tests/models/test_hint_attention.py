"""Attention to hints: what a plain loop over pairs says, nothing without hints, far where alike."""

import pytest
import torch
from made_pairs import noise

from colorkit.models.hint_attention import CELL, HintAttention

HEIGHT, WIDTH, CHANNELS = 9, 13, 48


@pytest.fixture(scope="module")
def attention():
    torch.manual_seed(0)
    return HintAttention(CHANNELS).requires_grad_(False)


def hinted(*pixels):
    """A mask with so much of each (row, column, share) hinted at."""
    share = torch.zeros(1, 1, HEIGHT, WIDTH)
    for row, column, amount in pixels:
        share[..., row, column] = amount
    return share


def by_pairs(attention, features, surprise, share):
    """What one picture's every pixel believes, by a loop over heads and pixels."""
    looks = attention.look(features)[0]  # (heads · width, h, w)
    side = (HEIGHT * WIDTH) ** 0.5
    cells: dict[tuple, list] = {}
    for row, column in share[0, 0].nonzero().tolist():
        cells.setdefault((row // CELL, column // CELL), []).append((row, column))
    result = torch.zeros(2, HEIGHT, WIDTH)
    for look, reach, doubt in zip(
        looks.chunk(len(attention.log_reach)),
        attention.log_reach.exp(),
        attention.log_doubt,
        strict=True,
    ):

        def at(row, column, look=look, reach=reach):
            return torch.cat((look[:, row, column], torch.tensor([row, column]) / side / reach))

        def mean(of, pixels):
            weights = torch.stack([share[0, 0, r, c] for r, c in pixels])
            values = torch.stack([of(r, c) for r, c in pixels])
            return (weights[:, None] * values).sum(0) / weights.sum()

        keys = torch.stack([mean(at, pixels) for pixels in cells.values()])
        values = torch.stack([mean(lambda r, c: surprise[0, :, r, c], p) for p in cells.values()])
        for row in range(HEIGHT):
            for column in range(WIDTH):
                near = -(keys - at(row, column)).square().sum(1)
                belief = torch.cat((near, doubt[None])).softmax(0)[:-1]
                result[:, row, column] += belief @ values / len(attention.log_reach)
    return result


@pytest.mark.parametrize(
    "pixels",
    [
        [(4, 6, 1)],
        [(0, 0, 1), (0, 1, 0.25), (8, 12, 0.5)],
        [(r, c, 1) for r in (2, 7) for c in range(13)],
    ],
    ids=["one", "one cell, two parts", "two rows"],
)
def test_believes_what_a_loop_over_pairs_says(attention, pixels):
    features, ab, wanted = noise(1, CHANNELS, HEIGHT, WIDTH), *noise(2, 1, 2, HEIGHT, WIDTH, seed=1)
    share = hinted(*pixels)
    found = attention(features, ab, wanted, share)[0]
    torch.testing.assert_close(found, by_pairs(attention, features, wanted - ab, share))
    assert found.abs().max() > 0.01


def test_a_picture_without_hints_keeps_its_colors_whatever_others_are_told(attention):
    features, ab, wanted = (noise(2, c, HEIGHT, WIDTH, seed=c) for c in (CHANNELS, 2, 3))
    share = torch.cat((hinted(), hinted((3, 3, 1), (8, 0, 1))))
    silent, told = attention(features, ab, wanted[:, :2], share)
    assert not silent.any()
    alone = attention(features[1:], ab[1:], wanted[1:, :2], share[1:])
    torch.testing.assert_close(told, alone[0])


def test_a_hint_goes_to_what_looks_like_it_not_to_what_lies_as_near(attention):
    features = torch.zeros(1, CHANNELS, HEIGHT, WIDTH)
    features[..., 7:] = 5 * noise(1, CHANNELS, 1, 1)  # another thing, to the right
    wanted = torch.ones(1, 2, HEIGHT, WIDTH)
    change = attention(features, 0 * wanted, wanted, hinted((4, 6, 1)))[0, 0, 4]
    assert change[5] > 10 * change[7]


def test_learns_through_every_part(attention):
    trained = HintAttention(CHANNELS)
    features, ab, wanted = (noise(2, c, HEIGHT, WIDTH, seed=c) for c in (CHANNELS, 2, 3))
    features.requires_grad_(), ab.requires_grad_()
    share = torch.cat((hinted((0, 0, 1)), hinted((3, 3, 0.5), (8, 0, 1))))
    trained(features, ab, wanted[:, :2], share).square().sum().backward()
    for each in (features, ab, *trained.parameters()):
        assert each.grad.isfinite().all() and each.grad.any()
