"""The selective scan against its definition: values, gradients, precision, sizes, bad input."""

import pytest
import torch
from torch.autograd import gradcheck

from colorkit.models.selective_scan import roll_up, selective_scan, unroll


def plain(u, delta, A, B, C):
    """The definition, number by number."""
    y = torch.zeros_like(u)
    for k in range(u.shape[1]):
        for b in range(u.shape[2]):
            for d in range(u.shape[3]):
                h = torch.zeros_like(A[k, d])
                for t in range(len(u)):
                    fade = torch.exp(delta[t, k, b, d] * A[k, d])
                    h = fade * h + delta[t, k, b, d] * B[t, k, b] * u[t, k, b, d]
                    y[t, k, b, d] = (C[t, k, b] * h).sum()
    return y


def drawn(L, K, batch, D, N, dtype=torch.float64, seed=0):
    """Random tensors of the shapes that the scan takes."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)

    u, delta = normal(L, K, batch, D), normal(L, K, batch, D).abs()
    return u, delta, -normal(K, D, N).abs(), normal(L, K, batch, N), normal(L, K, batch, N)


@pytest.mark.parametrize(
    "shape", [(1, 1, 1, 1, 1), (2, 4, 1, 3, 2), (7, 1, 2, 1, 3), (9, 2, 3, 2, 1)]
)
def test_it_is_the_definition(shape):
    given = drawn(*shape)
    torch.testing.assert_close(selective_scan(*given), plain(*given), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 2, 1, 2, 2), (5, 2, 2, 3, 2)])
def test_gradients_are_those_of_finite_differences(shape):
    given = [x.requires_grad_() for x in drawn(*shape)]
    assert gradcheck(selective_scan, given)


def test_gradients_are_those_of_the_definition():
    mine, theirs = ([x.requires_grad_() for x in drawn(11, 2, 2, 3, 4)] for _ in range(2))
    weight = torch.randn(11, 2, 2, 3, dtype=torch.float64)
    (selective_scan(*mine) * weight).sum().backward()
    (plain(*theirs) * weight).sum().backward()
    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-11, atol=1e-11)


def test_a_gradient_of_one_input_alone():
    given = list(drawn(6, 1, 2, 2, 2))
    given[2].requires_grad_()
    selective_scan(*given).sum().backward()
    assert given[2].grad.abs().max() > 0 and given[0].grad is None


def test_long_lines_stay_near_the_exact_values():
    exact = drawn(2000, 4, 1, 4, 4)
    rough = [x.float() for x in exact]
    apart = (selective_scan(*rough).double() - selective_scan(*exact)).abs()
    assert apart.max() < 1e-4 * selective_scan(*exact).abs().max()


def test_narrow_numbers_are_widened():
    given = drawn(5, 1, 1, 2, 2, torch.bfloat16)
    found = selective_scan(*given)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, selective_scan(*(x.float() for x in given)))


def test_without_steps_nothing_is_written_and_without_fading_all_is_kept():
    u, delta, A, B, C = drawn(6, 1, 1, 2, 1)
    assert not selective_scan(u, 0 * delta, A, B, C).any()
    one = torch.ones_like(B)
    kept = selective_scan(u, torch.ones_like(delta), 0 * A, one, one)
    torch.testing.assert_close(kept, u.cumsum(0))


def test_what_comes_later_changes_nothing_before():
    u, delta, A, B, C = drawn(8, 1, 1, 2, 3)
    before = selective_scan(u, delta, A, B, C)
    u[5:] += 1
    after = selective_scan(u, delta, A, B, C)
    assert torch.equal(before[:5], after[:5]) and not torch.equal(before[5:], after[5:])


@pytest.mark.parametrize(
    ("place", "change", "fault"),
    [
        (
            0,
            lambda x: x[0],
            r"u must have shape \(tokens, scans, batch, channels\); got \(1, 2, 3\)",
        ),
        (0, lambda x: x[:0], r"u must have shape"),
        (1, lambda x: x[1:], r"delta must have shape \(4, 1, 2, 3\).*got \(3, 1, 2, 3\)"),
        (2, lambda x: x[:, :2], r"A must have shape \(1, 3, 2\)"),
        (2, lambda x: x.sum(), r"A must have shape \(1, 3, 0\).*got \(\)"),
        (3, lambda x: x[..., :1], r"B must have shape \(4, 1, 2, 2\)"),
        (4, lambda x: x.long(), r"C must hold floating-point numbers; got torch.int64"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(place, change, fault):
    given = list(drawn(4, 1, 2, 3, 2))
    given[place] = change(given[place])
    with pytest.raises(ValueError, match=fault):
        selective_scan(*given)


@pytest.mark.parametrize("sides", [(1, 1), (1, 5), (4, 1), (3, 5)])
def test_four_ways_lead_over_every_pixel_and_back(sides):
    planes = torch.arange(2 * 3 * sides[0] * sides[1]).view(2, 3, *sides).double()
    ways = unroll(planes)
    assert ways.shape == (sides[0] * sides[1], 4, 2, 3)
    torch.testing.assert_close(roll_up(ways, *sides), 4 * planes)


def test_the_ways_are_rows_columns_and_both_in_reverse():
    ways = unroll(torch.arange(6).view(1, 1, 2, 3))[:, :, 0, 0].T.tolist()
    rows, columns = [0, 1, 2, 3, 4, 5], [0, 3, 1, 4, 2, 5]
    assert ways == [rows, columns, rows[::-1], columns[::-1]]


def test_mixed_precision_leaves_the_scan_its_digits():
    found = []
    for mixed in (False, True):
        given = [x.requires_grad_() for x in drawn(5, 2, 3, 4, 2, torch.float32)]
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            y = selective_scan(*given)
        y.sin().sum().backward()  # outside of it, as trainings do
        found.append([y.detach(), *(x.grad for x in given)])
    torch.testing.assert_close(*found)
