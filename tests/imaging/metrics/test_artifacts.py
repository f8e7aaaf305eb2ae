"""Spilled colors and blue stains, against NumPy and SciPy and on painted images."""

import math

import numpy as np
import pytest
import skimage.color
import skimage.data
import torch
from scipy import ndimage
from skimage.transform import resize

from colorkit.imaging.color import lab_to_rgb, rgb_to_lab
from colorkit.imaging.metrics.artifacts import _quantile, blue_stains, spill, spill_ab


@pytest.fixture(scope="module")
def photographs() -> torch.Tensor:
    """Four photographs of 72 × 96 pixels, (4, 3, 72, 96)."""
    names = ("astronaut", "coffee", "chelsea", "rocket")
    pixels = [resize(getattr(skimage.data, name)(), (72, 96), anti_aliasing=True) for name in names]
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float()


def image(L, a, b) -> torch.Tensor:
    """One image (1, 3, H, W) of three Lab planes that broadcast."""
    planes = np.broadcast_arrays(*(np.asarray(x, dtype=np.float32) for x in (L, a, b)))
    return lab_to_rgb(torch.from_numpy(np.stack(planes))[None])


def columns(width: int = 64) -> np.ndarray:
    return np.mgrid[0:48, 0:width][1]


def spill_by_hand(rgb: np.ndarray, guide: np.ndarray, flat=0.5, edge=0.1, least=1.0, sigma=1.0):
    """The same for one (H, W, 3) image, in float64 with SciPy."""

    def gradient(planes):
        total = 0.0
        for plane in np.moveaxis(planes, -1, 0):
            smooth = ndimage.gaussian_filter(plane, sigma, mode="nearest") if sigma else plane
            total = total + sum(g**2 for g in np.gradient(smooth))
        return np.sqrt(total)

    steepness = gradient(skimage.color.rgb2lab(guide)[..., :1])
    change = gradient(skimage.color.rgb2lab(rgb)[..., 1:])
    high = max(np.quantile(steepness, 1 - edge, method="inverted_cdf"), least)
    low = min(np.quantile(steepness, flat, method="inverted_cdf"), high / 2)
    on_flat, on_edge = change[steepness <= low].mean(), change[steepness >= high].mean()
    return on_flat / on_edge, on_flat, on_edge


# Spill


@pytest.mark.parametrize(
    "options", [{}, {"sigma": 0.0}, {"flat": 0.3, "edge": 0.2}, {"sigma": 2.5, "least": 3.0}]
)
def test_spill_equals_scipy(photographs, options):
    found = spill(photographs, photographs.flip(3), **options)
    pixels = photographs.double().permute(0, 2, 3, 1).numpy()
    for k, rgb in enumerate(pixels):
        expected = spill_by_hand(rgb, rgb[:, ::-1], **options)
        assert [float(x[k]) for x in found] == pytest.approx(expected, rel=2e-3)


def test_a_photograph_guides_itself_unless_told_otherwise(photographs):
    for one, other in zip(spill(photographs), spill(photographs, photographs), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(spill(photographs).ratio, spill(photographs, photographs.flip(3)).ratio)


def test_spill_of_chroma_is_the_pictures_and_does_not_know_the_gamut(photographs):
    lab = rgb_to_lab(photographs)
    L, ab = lab[:, :1], lab[:, 1:]
    for one, other in zip(spill_ab(ab, L), spill(photographs), strict=True):
        torch.testing.assert_close(one, other)
    torch.testing.assert_close(spill_ab(6 * ab, L).ratio, spill_ab(ab, L).ratio)
    torch.testing.assert_close(spill_ab(6 * ab, L).flat, 6 * spill_ab(ab, L).flat)
    cut_off = spill(lab_to_rgb(torch.cat((L, 6 * ab), dim=1)), photographs)
    assert (cut_off.flat < 5 * spill_ab(ab, L).flat).all()
    with pytest.raises(ValueError, match=r"ab \(4, 2, 72, 96\) and L \(4, 1, 72, 90\)"):
        spill_ab(ab, L[..., :90])


def test_photographs_change_color_at_their_edges(photographs):
    assert (spill(photographs).ratio < 0.6).all()


def test_colors_that_spill_over_an_edge_raise_the_ratio_and_those_that_stop_there_do_not():
    x = columns()
    L = np.where(x < 32, 30, 70)
    stops = spill(image(L, np.where(x < 32, 20, -20), 0))
    spills = spill(image(L, np.where(x < 44, 20, -20), 0))  # the color ends 12 pixels too late
    assert stops.ratio < 0.01
    assert spills.ratio > 10
    assert spills.flat > 10 * stops.flat and spills.edge < stops.edge / 10


@pytest.mark.parametrize("slope", [0.25, 0.5])
def test_gradient_is_in_lab_units_a_pixel(slope):
    """A steady slope of a* and b* over a step of L*: the same everywhere but at the border."""
    x = columns()
    L = np.where(x < 32, 45, 65)
    found = spill(image(L, slope * (x - 32), -slope * (x - 32)))
    assert float(found.edge) == pytest.approx(slope * math.sqrt(2), rel=0.01)
    # Within 4 pixels of the border the Gaussian sees repeated pixels, and the slope ends.
    assert float(found.flat) == pytest.approx(slope * math.sqrt(2), rel=0.1)


def test_saturating_a_colorization_does_not_change_the_ratio(photographs):
    lab = rgb_to_lab(photographs)
    # Low chroma at middle lightness stays inside the gamut.
    plain, vivid = (
        lab_to_rgb(torch.cat((30 + 0.4 * lab[:, :1], s * lab[:, 1:]), dim=1)) for s in (0.15, 0.3)
    )
    one, two = spill(plain, photographs), spill(vivid, photographs)
    assert torch.allclose(one.ratio, two.ratio, rtol=1e-2)
    assert torch.allclose(2 * one.flat, two.flat, rtol=1e-2)


def test_each_image_by_itself_and_turned_and_mirrored(photographs):
    whole = spill(photographs).ratio
    alone = torch.cat([spill(one[None]).ratio for one in photographs])
    assert torch.allclose(whole, alone, rtol=1e-5)
    for other in (photographs.flip(2), photographs.flip(3), photographs.transpose(2, 3)):
        assert torch.allclose(spill(other).ratio, whole, rtol=1e-4)


def test_double_precision_agrees(photographs):
    single, double = spill(photographs), spill(photographs.double())
    assert double.ratio.dtype == torch.float64
    assert torch.allclose(single.ratio.double(), double.ratio, rtol=1e-3)


def test_no_ratio_without_edges_flat_pixels_or_color():
    x = columns()
    constant = spill(image(50.0 + 0 * x, 20, 20))
    assert constant.ratio.isnan() and constant.edge.isnan() and constant.flat == 0
    mist = spill(image(50 + 0.25 * np.sin(x), 10 * np.sin(x / 5), 0))  # far below 1 L* a pixel
    assert mist.ratio.isnan() and mist.edge.isnan() and mist.flat > 0
    slope = spill(image(20 + 1.2 * columns(48), 0.3 * columns(48), 0))  # even: nothing is flat
    assert slope.ratio.isnan() and slope.flat.isnan() and slope.edge > 0
    gray = spill(image(np.where(x < 32, 30, 70), 0, 0))
    assert gray.ratio.isnan() and gray.edge < 0.01 and gray.flat < 0.01


def test_an_empty_case_does_not_spoil_its_neighbors(photographs):
    batch = torch.cat((torch.full_like(photographs[:1], 0.3), photographs))
    found = spill(batch).ratio
    assert found[0].isnan() and torch.allclose(found[1:], spill(photographs).ratio)


def test_more_pixels_than_torchs_quantile_takes():
    values = (torch.arange(2**24 + 8) % 1000).float()[None]
    assert float(_quantile(values, 0.9, values.shape[1])) == 899


def test_spill_refuses_what_it_cannot_measure(photographs):
    with pytest.raises(ValueError, match=r"rgb \(4, 3, 72, 96\) and guide \(1, 3, 72, 96\)"):
        spill(photographs, photographs[:1])
    with pytest.raises(ValueError, match=r"got torch\.float32 of shape \(4, 1, 72, 96\)"):
        spill(photographs[:, :1])
    with pytest.raises(ValueError, match=r"2 pixels on a side; got 1 × 96"):
        spill(photographs[:, :, :1])
    for name, share in (("flat", 0.0), ("edge", 1.0), ("edge", math.nan)):
        with pytest.raises(ValueError, match=f"{name} must lie between 0 and 1; got {share}"):
            spill(photographs, **{name: share})


# Blue stains


def disk(radius: float, size: int = 96, center: tuple[int, int] = (40, 50)) -> np.ndarray:
    y, x = np.mgrid[0:size, 0:size]
    return (y - center[0]) ** 2 + (x - center[1]) ** 2 <= radius**2


def painted(mask, b: float, around: float = 20.0, a: float = 0.0) -> torch.Tensor:
    return image(50, a, np.where(mask, b, around))


def test_a_blue_disk_has_exactly_its_area():
    mask = disk(12)
    true = painted(mask, 20)
    assert float(blue_stains(painted(mask, -20), true)) == pytest.approx(mask.mean(), rel=1e-6)


def test_the_areas_of_two_disks_add_up_and_small_ones_do_not_count():
    big, other, small = disk(12), disk(6, center=(80, 80)), disk(3, center=(80, 20))
    true = painted(big, 20)
    found = blue_stains(painted(big | other | small, -20), true)
    assert float(found) == pytest.approx((big | other).mean(), rel=1e-6)


def test_the_smallest_area_is_half_a_percent():
    true = image(50, 0, np.full((20, 100), 20.0))  # 2,000 pixels: 10 are enough
    for count, expected in ((9, 0.0), (10, 0.005), (11, 0.0055)):
        mask = np.zeros((20, 100), dtype=bool)
        mask[3, :count] = True
        found = blue_stains(image(50, 0, np.where(mask, -20, 20)), true)
        assert float(found) == pytest.approx(expected)


def test_isolated_pixels_are_no_stain_however_many():
    dots = np.zeros((96, 96), dtype=bool)
    dots[::2, ::2] = True  # no two touch, not even at a corner
    assert float(blue_stains(painted(dots, -20), painted(dots, 20))) == 0


def test_pixels_that_touch_at_a_corner_are_one_area():
    checks = np.add.outer(np.arange(96), np.arange(96)) % 2 == 0
    found = blue_stains(painted(checks, -20), painted(checks, 20))
    assert float(found) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("predicted", "true", "stained"),
    [
        (-20, -20, False),  # blue, and so is the truth
        (-20, -10, False),  # too blue by less than 15
        (-20, -4.5, True),
        (-5.5, 20, True),
        (-4.5, 20, False),  # far less yellow than the truth, but not blue
        (20, -20, False),  # yellow where the truth is blue
    ],
)
def test_what_is_blue_and_should_not_be(predicted, true, stained):
    mask = disk(12)
    found = blue_stains(painted(mask, predicted), painted(mask, true))
    assert float(found) == pytest.approx(mask.mean() * stained)


def test_constants_can_be_chosen():
    mask = disk(12)
    pred, true = painted(mask, -20), painted(mask, -10)
    assert float(blue_stains(pred, true)) == 0
    assert float(blue_stains(pred, true, drop=5)) == pytest.approx(mask.mean())
    assert float(blue_stains(pred, true, drop=5, blue=-25)) == 0
    assert float(blue_stains(pred, true, drop=5, least=0.1)) == 0


def test_nothing_and_everything():
    gray, blue = (torch.full((2, 3, 16, 16), 0.5), image(np.full((16, 16), 50), 0, -30))
    assert torch.equal(blue_stains(gray, gray), torch.zeros(2))
    assert torch.equal(blue_stains(blue, gray[:1]), torch.ones(1))


def test_stains_equal_a_search_by_hand(photographs):
    """A flood fill over the same condition, on photographs with their channels exchanged."""
    true, pred = photographs, photographs.flip(1)
    expected = []
    for p, t in zip(*(x.double().permute(0, 2, 3, 1).numpy() for x in (pred, true)), strict=True):
        b, wanted = (skimage.color.rgb2lab(x)[..., 2] for x in (p, t))
        todo = {tuple(place) for place in np.argwhere((b <= wanted - 15) & (b < -5))}
        total = 0
        while todo:
            area, border = 0, [todo.pop()]
            while border:
                y, x = border.pop()
                area += 1
                near = {(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & todo
                todo -= near
                border += near
            total += area * (area >= 0.005 * b.size)
        expected.append(total / b.size)
    found = blue_stains(pred, true)
    assert max(expected) > 0.05
    assert found.tolist() == pytest.approx(expected, abs=2e-4)


def test_stains_refuse_images_that_do_not_fit(photographs):
    with pytest.raises(ValueError, match=r"pred \(4, 3, 72, 96\) and true \(1, 3, 72, 96\)"):
        blue_stains(photographs, photographs[:1])
    whole = (photographs * 255).long()
    with pytest.raises(ValueError, match="must be a float or uint8 tensor"):
        blue_stains(whole, whole)
