"""How alike two grays are: against SciPy and NumPy, and on images where nothing varies."""

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr, spearmanr

from colorkit.course.evaluation import Constant, Trained, evaluate
from colorkit.course.scales import Scale
from colorkit.data.batches import crop
from colorkit.imaging.color import DECOLORIZATIONS, decolorize, rgb_to_lab
from colorkit.imaging.metrics.quality import delta_e
from colorkit.models.colornet import ColorNet
from colorkit.studies.decolorization import (
    PAIRS,
    between_trainings,
    channel_correlations,
    compare_grays,
    correlation,
    gray_distance,
    matched,
    measure_grays,
    rank_products,
    trainings,
)

SIZE = 16


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def rgb() -> torch.Tensor:
    """Five images whose channels share more and more of their pattern."""
    common, own = random(5, 1, 9, 7, seed=1), random(5, 3, 9, 7, seed=2)
    share = torch.linspace(0, 0.9, 5).view(5, 1, 1, 1)
    return share * common + (1 - share) * own


def test_correlations_equal_scipys_for_every_pair(rgb):
    ours = channel_correlations(rgb)
    assert ours.shape == (5, 3) and ours.dtype == torch.float64
    index = {"red": 0, "green": 1, "blue": 2}
    for image, row in zip(rgb.double().numpy(), ours.tolist(), strict=True):
        for (first, second), value in zip(PAIRS, row, strict=True):
            expected = pearsonr(image[index[first]].ravel(), image[index[second]].ravel())
            assert value == pytest.approx(expected.statistic, abs=1e-10)


def test_correlation_is_blind_to_brightness_and_contrast_not_to_the_sign():
    gray = random(4, 1, 8, 8)
    assert torch.allclose(correlation(gray, 0.3 * gray + 0.5), torch.ones(4).double(), atol=1e-6)
    assert torch.allclose(correlation(gray, 1 - gray), -torch.ones(4).double(), atol=1e-6)
    assert correlation(gray, gray).max() <= 1


def test_correlation_of_a_large_bright_image_keeps_its_digits():
    gray, noise = (random(1, 1, 300, 300, seed=s) for s in (3, 4))
    x, y = 0.99 + 0.001 * gray, 0.99 + 0.001 * noise
    expected = pearsonr(x.double().numpy().ravel(), y.double().numpy().ravel()).statistic
    assert correlation(x, y).item() == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("level", [0.0, 1.0, 0.1, 0.7, 1 / 3])
def test_one_colored_images_have_no_correlation_and_spoil_no_other(level):
    rgb = random(3, 3, 10, 10)
    rgb[1] = level
    ours = channel_correlations(rgb)
    assert ours[1].isnan().all()
    assert ours[[0, 2]].isfinite().all()
    rgb[1, 0] = random(10, 10)  # red varies now, green and blue still do not
    assert channel_correlations(rgb)[1].isnan().all()


def test_one_colored_but_not_gray_images_have_no_correlation_either():
    color = torch.tensor([0.2, 0.5, 0.8]).view(1, 3, 1, 1).expand(1, 3, 6, 6)
    assert channel_correlations(color).isnan().all()


def test_a_single_differing_pixel_is_enough_for_a_correlation():
    rgb = torch.full((1, 3, 40, 40), 0.5)
    rgb[0, :, 7, 9] += 1 / 255
    assert torch.allclose(channel_correlations(rgb), torch.ones(1, 3).double(), atol=1e-6)


def test_distance_equals_numpys_and_is_zero_only_for_the_same():
    x, y = random(3, 1, 6, 5, seed=5), random(3, 1, 6, 5, seed=6)
    expected = np.abs(x.numpy() - y.numpy()).mean(axis=(1, 2, 3))
    assert np.allclose(gray_distance(x, y).numpy(), expected, atol=1e-6)
    assert torch.equal(gray_distance(x, y), gray_distance(y, x))
    assert torch.equal(gray_distance(x, x), torch.zeros(3))
    assert gray_distance(torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4)).item() == 1


def test_matched_gray_has_the_references_mean_and_contrast_and_its_own_forms():
    gray, reference = random(4, 1, 12, 12, seed=7), 0.2 + 0.1 * random(4, 1, 12, 12, seed=8)
    ours = matched(gray, reference)
    assert torch.allclose(ours.mean(dim=(1, 2, 3)), reference.mean(dim=(1, 2, 3)), atol=1e-6)
    assert torch.allclose(
        ours.flatten(1).std(1, correction=0), reference.flatten(1).std(1, correction=0), atol=1e-6
    )
    assert torch.allclose(correlation(ours, gray), torch.ones(4).double(), atol=1e-6)


def test_matching_undoes_a_change_of_brightness_and_contrast():
    reference = random(3, 1, 9, 9)
    changed = 0.3 * reference + 0.6
    assert gray_distance(changed, reference).min() > 0.05
    assert torch.allclose(matched(changed, reference), reference, atol=1e-5)
    assert torch.allclose(matched(reference, reference), reference, atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.1, 1.0])
def test_matching_a_gray_of_one_level_shifts_it(level):
    flat, reference = torch.full((2, 1, 8, 8), level), random(2, 1, 8, 8)
    ours = matched(flat, reference)
    assert torch.allclose(ours, reference.mean(dim=(1, 2, 3), keepdim=True).expand_as(ours))
    back = matched(reference, flat)
    assert torch.allclose(back, flat, atol=1e-6)


@pytest.mark.parametrize("function", [correlation, gray_distance, matched])
@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 5), r"agree.*\(1, 1, 4, 4\).*4, 5\)"),
        (torch.zeros(2, 1, 4, 4), torch.zeros(1, 1, 4, 4), "agree"),
        (torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4), r"received torch.float32 \(1, 3"),
        (torch.zeros(4, 4), torch.zeros(4, 4), r"received torch.float32 \(4, 4\)"),
        (torch.zeros(1, 1, 4, 4).byte(), torch.zeros(1, 1, 4, 4), "received torch.uint8"),
    ],
)
def test_what_is_no_pair_of_grays_is_refused(function, x, y, message):
    with pytest.raises(ValueError, match=message):
        function(x, y)


@pytest.mark.parametrize("rgb", [torch.zeros(1, 1, 4, 4), torch.zeros(3, 4, 4)])
def test_channels_of_what_is_no_color_image_are_refused(rgb):
    with pytest.raises(ValueError, match=r"rgb must be float \(B, 3, H, W\), received"):
        channel_correlations(rgb)


def test_bytes_are_refused():
    with pytest.raises(ValueError, match=r"received torch\.uint8"):
        channel_correlations(torch.zeros(1, 3, 4, 4, dtype=torch.uint8))


def test_gradient_of_the_correlation_is_that_of_finite_differences():
    x = random(1, 1, 3, 4, seed=9).double().requires_grad_()
    y = random(1, 1, 3, 4, seed=10).double()
    assert torch.autograd.gradcheck(lambda gray: correlation(gray, y), (x,))
    assert torch.autograd.gradcheck(lambda gray: matched(gray, y), (x,))


@pytest.fixture(scope="module")
def images(tiny):
    return tiny.subset(["lawn", "sky"], "test")


def network(seed: int) -> Trained:
    torch.manual_seed(seed)
    return Trained(ColorNet(2, width=0.125, global_size=32).eval())


@pytest.mark.parametrize("way", DECOLORIZATIONS)
def test_what_a_network_makes_of_each_gray_equals_evaluate(images, way):
    ours = measure_grays(network(0), images, SIZE)
    names = ("psnr", "delta_e", "colorfulness")
    expected = evaluate(network(0), images, SIZE, way, names)
    assert len(ours) == len(images)
    for name in names:
        assert np.allclose(ours[name, way], expected[name], rtol=1e-5)
    true_b = crop(images.__getitems__(range(len(images)))[0], SIZE)
    true_b = rgb_to_lab(true_b)[:, 2].mean(dim=(1, 2)).numpy()
    assert np.allclose(ours["b", way] - true_b, expected["b_bias"], atol=1e-3)


def test_a_gray_prediction_is_the_same_from_every_gray_but_for_its_own_lightness(images):
    ours = measure_grays(Constant(), images, SIZE)
    rgb = crop(images.__getitems__(range(len(images)))[0], SIZE)
    chroma = rgb_to_lab(rgb)[:, 1:].norm(dim=1).mean(dim=(1, 2)).numpy()
    for way in DECOLORIZATIONS:
        assert np.allclose(ours["to_weighted", way], 0, atol=1e-6)
        assert np.allclose(ours["ab_error", way], chroma, rtol=1e-5)
        assert np.allclose(ours["delta_e", way], ours["delta_e", "weighted"])
        shown = decolorize(rgb, way).expand(-1, 3, -1, -1)
        if way != "lab":  # shown as it is, a gray is its own colorization by gray
            expected = delta_e(shown, rgb).numpy()
            assert np.allclose(ours["own_lightness", way], expected, atol=0.01)
    # L* itself is the original's lightness. Shown on a tint: the hue of a gray is rounding noise,
    # and ΔE looks at it.
    tinted = measure_grays(Constant(8.0, 6.0), images, SIZE)
    assert np.allclose(tinted["own_lightness", "lab"], tinted["delta_e", "lab"], atol=2e-4)


def test_results_are_compared_with_the_networks_own_or_with_anothers(images):
    first, second = network(0), network(1)
    own = measure_grays(first, images, SIZE)["to_weighted"]
    assert (own["weighted"] == 0).all() and (own["blue"] > 0).all()
    there = measure_grays(first, images, SIZE, reference=second)["to_weighted", "weighted"]
    back = measure_grays(second, images, SIZE, reference=first)["to_weighted", "weighted"]
    assert (there > 0).all() and np.allclose(there, back, rtol=1e-4)
    to_gray = measure_grays(Constant(30.0, 0.0), images, SIZE, reference=Constant())
    assert np.allclose(to_gray["to_weighted", "red"], to_gray["to_weighted", "lab"])


def test_alike_grays_are_fed_with_the_weighted_means_brightness_and_contrast(images):
    fed = []

    def predictor(gray):
        fed.append(gray)
        return Constant()(gray)

    measure_grays(predictor, images, SIZE, alike=True)
    rgb = crop(images.__getitems__(range(len(images)))[0], SIZE)
    weighted = decolorize(rgb, "weighted")
    assert torch.equal(fed[0], weighted)
    for gray, way in zip(fed[1:], DECOLORIZATIONS, strict=True):
        assert torch.equal(gray, matched(decolorize(rgb, way), weighted).clamp(0, 1))


def test_grays_of_a_set_are_compared_image_by_image_in_its_order(images):
    ours = compare_grays(images, SIZE)
    assert len(ours) == len(images)
    rgb = crop(images.__getitems__(range(len(images)))[0], SIZE)
    weighted = decolorize(rgb, "weighted")
    assert list(ours["pair"]) == ["red–green", "red–blue", "green–blue"]
    assert np.allclose(ours["pair"], channel_correlations(rgb).numpy())
    assert set(ours["distance"]) == set(DECOLORIZATIONS) - {"weighted"}
    for way in ours["distance"]:
        gray = decolorize(rgb, way)
        assert np.allclose(ours["correlation", way], correlation(gray, weighted).numpy())
        assert np.allclose(ours["distance", way], gray_distance(gray, weighted).numpy())
        expected = gray_distance(matched(gray, weighted), weighted).numpy()
        assert np.allclose(ours["matched", way], expected)
        brighter = gray.mean(dim=(1, 2, 3)) - weighted.mean(dim=(1, 2, 3))
        assert np.allclose(ours["brighter", way], brighter.numpy(), atol=1e-6)
    mean = rgb_to_lab(rgb)[:, 1:].mean(dim=(2, 3)).numpy()
    assert np.allclose(ours["chroma", "mean color"], np.hypot(*mean.T))


def test_trainings_are_apart_by_the_mean_of_their_pairs(images):
    three = [network(seed) for seed in range(3)]
    ours = between_trainings(three, images, SIZE)

    def pair(a, b):
        return measure_grays(a, images, SIZE, reference=b)["to_weighted", "weighted"].to_numpy()

    expected = [(pair(a, b) + pair(a, c)) / 2 for a, b, c in (three, three[1:] + three[:1])]
    assert ours.shape == (3, len(images))
    assert np.allclose(ours[:2], expected, rtol=1e-3)
    assert np.isnan(between_trainings(three[:1], images, SIZE)).all()


def test_the_mean_of_rank_products_is_scipys_correlation():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 8, 30).astype(float)  # with ties
    y = np.stack([x + rng.normal(0, 3, 30), rng.normal(0, 3, 30)])
    y[1, 4] = x[7] = np.nan
    ours = rank_products(x, y)
    left = np.delete(np.arange(30), [4, 7])
    assert np.isnan(ours[:, [4, 7]]).all()
    for row, values in zip(ours, y, strict=True):
        assert np.nanmean(row) == pytest.approx(spearmanr(x[left], values[left]).statistic)
    assert np.isnan(rank_products(x, np.ones((1, 30)))).all()


def test_trainings_differ_in_their_grays_alone():
    scale = Scale(epochs=3, seeds=2)
    table = trainings(scale)
    plain, random_grays = table["VégéNet"], table["VégéNet, random grays"]
    assert random_grays == plain | {"variant": "random-gray", "gray": "random"}
    assert table["OutNet"] == {"network": "outnet", "scale": Scale(seeds=2)}
