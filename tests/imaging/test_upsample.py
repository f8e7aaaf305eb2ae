"""Chroma upsampling against NumPy, at edges, at odd sizes, and on bad input."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from colorkit.imaging.upsample import METHODS, upsample_chroma


def planes(small=(6, 5), full=(23, 17), count=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    ab = 80 * torch.rand(count, 2, *small, generator=generator, dtype=torch.float64) - 40
    L = 100 * torch.rand(count, 1, *full, generator=generator, dtype=torch.float64)
    return ab, L


def enlarge(plane: np.ndarray, size) -> np.ndarray:
    """Bilinear, pixel centers, edges repeated: one axis after the other."""
    for axis, n in enumerate(size):
        old = plane.shape[axis]
        at = (np.arange(n) + 0.5) * old / n - 0.5
        plane = np.apply_along_axis(
            lambda v, at=at: np.interp(at, np.arange(len(v)), v), axis, plane
        )
    return plane


def box(plane: np.ndarray, radius: int) -> np.ndarray:
    out = np.empty_like(plane)
    for y, x in np.ndindex(plane.shape):
        top, left = max(y - radius, 0), max(x - radius, 0)
        out[y, x] = plane[top : y + radius + 1, left : x + radius + 1].mean()
    return out


def area(plane: np.ndarray, size) -> np.ndarray:
    (H, W), (h, w) = plane.shape, size
    rows = [slice(i * H // h, -(-(i + 1) * H // h)) for i in range(h)]
    columns = [slice(j * W // w, -(-(j + 1) * W // w)) for j in range(w)]
    return np.array([[plane[r, c].mean() for c in columns] for r in rows])


def guided(ab: np.ndarray, L: np.ndarray, radius: int, eps: float, keep: bool) -> np.ndarray:
    """He & Sun's algorithm 2, one channel of one image; with what it leaves added if `keep`."""
    guide = area(L, ab.shape)
    mean_L, mean_ab = box(guide, radius), box(ab, radius)
    variance = box(guide * guide, radius) - mean_L**2
    slope = (box(guide * ab, radius) - mean_L * mean_ab) / (variance + eps)
    intercept = box(mean_ab - slope * mean_L, radius)
    slope = box(slope, radius)
    out = enlarge(slope, L.shape) * L + enlarge(intercept, L.shape)
    return out + keep * enlarge(ab - slope * guide - intercept, L.shape)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(("radius", "eps"), [(1, 64.0), (2, 4.0), (9, 1.0)])
def test_guided_equals_numpy(radius, eps, keep):
    ab, L = planes()
    ours = upsample_chroma(ab, L, "guided", radius, eps, keep).numpy()
    for image, channel in np.ndindex(2, 2):
        expected = guided(ab[image, channel].numpy(), L[image, 0].numpy(), radius, eps, keep)
        np.testing.assert_allclose(ours[image, channel], expected, atol=1e-8)


def test_bilinear_and_nearest_equal_numpy():
    ab, L = planes()
    bilinear, nearest = (upsample_chroma(ab, L, m).numpy() for m in ("bilinear", "nearest"))
    rows, columns = (((np.arange(n) + 0.5) * o / n).astype(int) for n, o in ((23, 6), (17, 5)))
    for k in np.ndindex(2, 2):
        np.testing.assert_allclose(bilinear[k], enlarge(ab[k].numpy(), (23, 17)), atol=1e-9)
        np.testing.assert_array_equal(nearest[k], ab[k].numpy()[np.ix_(rows, columns)])


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_constant_chroma_stays_exactly_constant(method, keep):
    _, L = planes()
    ab = torch.tensor([13.37, -5.123]).view(1, 2, 1, 1).expand(2, 2, 6, 5)
    out = upsample_chroma(ab, L.float(), method, keep=keep)
    assert torch.equal(out, ab[..., :1, :1].expand_as(out))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("small", "full"),
    [((1, 1), (1, 1)), ((1, 1), (7, 5)), ((3, 4), (3, 4)), ((5, 3), (97, 64)), ((1, 9), (1, 31))],
)
def test_any_size(method, small, full):
    ab, L = planes(small, full, 1)
    out = upsample_chroma(ab, L, method)
    assert out.shape == (1, 2, *full)
    assert out.isfinite().all()


def test_same_size_changes_nothing():
    ab, L = planes((7, 6), (7, 6))
    for method in METHODS:
        torch.testing.assert_close(upsample_chroma(ab, L, method), ab)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_guided_bleeds_less_than_bilinear_over_an_edge_of_lightness(factor):
    L = torch.full((1, 1, 64, 64), 30.0)
    L[..., 27:] = 80  # not on the grid of the small plane
    true = torch.zeros(1, 2, 64, 64)
    true[:, 0, :, :27], true[:, 1, :, 27:] = -40, 50
    ab = F.adaptive_avg_pool2d(true, 64 // factor)
    errors = {method: (upsample_chroma(ab, L, method) - true).abs().mean() for method in METHODS}
    assert errors["guided"] < 0.6 * errors["bilinear"]


def test_chroma_edges_without_a_lightness_edge_are_the_bilinear_ones():
    ab, L = planes()
    flat = torch.full_like(L, 50.0)
    torch.testing.assert_close(
        upsample_chroma(ab, flat, "guided"), upsample_chroma(ab, flat, "bilinear")
    )


def test_a_linear_function_of_lightness_comes_back():
    _, L = planes((6, 6), (24, 24))
    ab = torch.cat((0.3 * L - 10, 20 - 0.2 * L), dim=1)
    out = upsample_chroma(F.avg_pool2d(ab, 4), L, "guided", eps=1e-9)
    torch.testing.assert_close(out, ab, atol=1e-6, rtol=0)


@pytest.mark.parametrize("method", METHODS)
def test_gradients(method):
    ab, L = planes((3, 2), (7, 5), 1)
    ab.requires_grad_()
    L.requires_grad_()
    assert torch.autograd.gradcheck(lambda ab, L: upsample_chroma(ab, L, method), (ab, L))


def test_inputs_are_not_changed():
    ab, L = planes()
    before = ab.clone(), L.clone()
    for method in METHODS:
        upsample_chroma(ab, L, method)
    assert torch.equal(ab, before[0])
    assert torch.equal(L, before[1])


@pytest.mark.parametrize(
    ("ab", "L", "options", "message"),
    [
        ((1, 3, 4, 4), (1, 1, 8, 8), {}, "got torch.float32 \\(1, 3, 4, 4\\)"),
        ((1, 2, 4, 4), (1, 3, 8, 8), {}, "\\(1, 3, 8, 8\\)"),
        ((2, 2, 4, 4), (1, 1, 8, 8), {}, "\\(2, 2, 4, 4\\)"),
        ((2, 4, 4), (1, 8, 8), {}, "\\(2, 4, 4\\)"),
        ((1, 2, 9, 4), (1, 1, 8, 8), {}, "larger than its lightness"),
        ((1, 2, 4, 4), (1, 1, 8, 8), {"method": "bicubic"}, "nearest, bilinear, guided"),
        ((1, 2, 4, 4), (1, 1, 8, 8), {"radius": 0}, "got 0 and 144.0"),
        ((1, 2, 4, 4), (1, 1, 8, 8), {"radius": 1.5}, "got 1.5"),
        ((1, 2, 4, 4), (1, 1, 8, 8), {"eps": 0.0}, "eps above 0"),
        ((1, 2, 4, 4), (1, 1, 8, 8), {"eps": float("nan")}, "nan"),
    ],
)
def test_bad_input_is_named(ab, L, options, message):
    with pytest.raises(ValueError, match=message):
        upsample_chroma(torch.zeros(ab), torch.zeros(L), **options)


def test_integer_planes_are_refused():
    with pytest.raises(ValueError, match=r"torch\.int64"):
        upsample_chroma(torch.zeros(1, 2, 4, 4, dtype=torch.int64), torch.zeros(1, 1, 8, 8))
