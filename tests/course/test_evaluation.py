"""Colorizing and measuring: lightness is kept, every image has its row, constants are exact."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage import color as sk

from colorkit.course import evaluation as inference
from colorkit.course.evaluation import (
    Constant,
    Trained,
    colorize_pixels,
    colorize_set,
    evaluate,
    join,
    mean_chroma,
    predict_ab,
    trivial_errors,
)
from colorkit.imaging.color import rgb_to_lab, unscale_ab
from colorkit.imaging.metrics.tables import METRICS, listed
from colorkit.models.colornet import ColorNet

SIZE = 16


@pytest.fixture(scope="module")
def model() -> ColorNet:
    torch.manual_seed(0)
    return ColorNet(2, width=0.125, global_size=32).eval()


@pytest.fixture(scope="module")
def images(tiny):
    return tiny.subset(["lawn", "sky"], "test")


def centers(images) -> np.ndarray:
    """The set's center crops as (N, SIZE, SIZE, 3) in [0, 1], cut by hand."""
    pixels = images.__getitems__(range(len(images)))[0].numpy()
    start = (pixels.shape[1] - SIZE) // 2
    return pixels[:, start : start + SIZE, start : start + SIZE] / 255


@pytest.mark.parametrize(("height", "width"), [(32, 32), (17, 40), (1, 1), (64, 24)])
def test_chroma_comes_back_at_the_images_size_in_lab_units(model, height, width):
    gray = torch.rand(2, 1, height, width)
    ab = predict_ab(model, gray)
    assert ab.shape == (2, 2, height, width) and ab.dtype == torch.float32
    with torch.no_grad():
        half = unscale_ab(model(gray)[0])
    expected = F.interpolate(half, (height, width), mode="bilinear", align_corners=False)
    assert torch.allclose(ab, expected, atol=1e-4)
    assert ab.abs().max() <= 110
    assert torch.equal(Trained(model)(gray), ab)


def test_prediction_keeps_no_graph(model):
    assert not predict_ab(model, torch.rand(1, 1, 32, 32)).requires_grad


def test_constant_gray_has_no_chroma_and_keeps_lightness():
    rgb = torch.rand(3, 3, 6, 7)
    lab = rgb_to_lab(rgb)
    ab = Constant()(rgb[:, :1])
    assert ab.shape == (3, 2, 6, 7) and not ab.any()
    gray = rgb_to_lab(join(lab[:, :1], ab))
    assert (gray[:, :1] - lab[:, :1]).abs().max() < 1e-2
    assert gray[:, 1:].abs().max() < 1e-2


def test_constant_color_is_the_same_everywhere():
    ab = Constant(12.0, -7.5)(torch.rand(2, 1, 3, 5))
    assert ab.shape == (2, 2, 3, 5)
    assert (ab[:, 0] == 12).all() and (ab[:, 1] == -7.5).all()


def test_joining_true_chroma_gives_the_image_back():
    rgb = torch.rand(2, 3, 5, 4)
    lab = rgb_to_lab(rgb)
    assert (join(lab[:, :1], lab[:, 1:]) - rgb).abs().max() < 1 / 255


def test_joining_keeps_the_original_lightness():
    L = torch.linspace(25, 75, 64).view(1, 1, 8, 8)
    ab = torch.rand(1, 2, 8, 8, generator=torch.Generator().manual_seed(0)) * 30 - 15
    joined = join(L, ab)
    assert float(joined.min()) > 0 and float(joined.max()) < 1  # inside the gamut
    assert (
        np.abs(sk.rgb2lab(joined[0].permute(1, 2, 0).numpy())[..., 0] - L[0, 0].numpy()).max()
        < 1e-2
    )


@pytest.mark.parametrize("gray", ["weighted", "green"])
def test_colorized_sets_have_gray_prediction_and_truth(images, gray):
    grays, predicted, true = colorize_set(Constant(), images, SIZE, gray)
    assert grays.shape == (6, 1, SIZE, SIZE)
    assert predicted.shape == true.shape == (6, 3, SIZE, SIZE)
    expected = centers(images)
    assert np.abs(true.permute(0, 2, 3, 1).numpy() - expected).max() < 1 / 255
    reference = sk.rgb2gray(expected) if gray == "weighted" else expected[..., 1]
    assert np.abs(grays[:, 0].numpy() - reference).max() < 1e-5
    neutral = predicted.amax(dim=1) - predicted.amin(dim=1)
    assert neutral.max() < 1e-3


def test_the_predictor_gets_the_gray_that_is_returned(images):
    seen = []

    def predictor(gray):
        seen.append(gray)
        return Constant()(gray)

    grays, _, _ = colorize_set(predictor, images, SIZE, "red")
    assert torch.equal(torch.cat(seen), grays)


def test_a_few_pixels_are_colorized_as_the_set_is(images, model):
    network = Trained(model)
    pixels, _ = images.__getitems__([1, 4])
    few = colorize_pixels(network, pixels, SIZE)
    whole = colorize_set(network, images, SIZE)
    for a, b in zip(few, whole, strict=True):
        assert torch.allclose(a, b[[1, 4]], atol=1e-4)


def test_mean_chroma_equals_the_direct_mean(tiny):
    images = tiny.subset(["lawn", "sky"], "train")
    a, b = sk.rgb2lab(centers(images))[..., 1:].mean(axis=(0, 1, 2))
    ab = mean_chroma(images, SIZE).ab.flatten()
    assert ab.tolist() == pytest.approx([a, b], abs=1e-3)


@pytest.mark.parametrize("limit", [1, 3, 4, 5, 9, 10, 100])
def test_mean_chroma_looks_at_no_more_images_than_its_limit(tiny, monkeypatch, limit):
    images, seen = tiny.subset(["lawn", "sky"], "train"), []
    batches = inference.batches

    def noting(chosen, size):
        seen.extend(chosen.names)
        return batches(chosen, size)

    monkeypatch.setattr(inference, "batches", noting)
    mean_chroma(images, SIZE, limit)
    assert 1 <= len(seen) <= limit
    assert len(seen) > 0.4 * min(limit, len(images))
    if limit > 1:  # evenly spread: both classes are among them
        assert {name.split("/")[0] for name in seen} == {"lawn", "sky"}


def test_every_image_has_one_row_with_its_name_in_order(images, monkeypatch):
    small = inference.batches
    monkeypatch.setattr(inference, "batches", lambda i, s, g: small(i, s, g, batch_size=4))
    table = evaluate(Constant(), images, SIZE)
    assert table["name"].tolist() == images.names
    assert table["label"].tolist() == [name.split("/")[0] for name in images.names]
    assert table.index.tolist() == list(range(6))
    columns = {"name", "label", *listed("evaluation"), "colorfulness_true", "a_bias", "b_bias"}
    assert set(table.columns) == columns


def test_measurements_do_not_depend_on_the_batches(images, monkeypatch):
    one = evaluate(Constant(5, -5), images, SIZE)
    small = inference.batches
    monkeypatch.setattr(inference, "batches", lambda i, s, g: small(i, s, g, batch_size=4))
    four = evaluate(Constant(5, -5), images, SIZE)
    for column in one.columns[2:]:
        assert np.allclose(one[column], four[column], atol=1e-5, equal_nan=True)


def test_each_row_is_the_metric_of_that_image(images):
    table = evaluate(Constant(8, 3), images, SIZE)
    _, predicted, true = colorize_set(Constant(8, 3), images, SIZE)
    for name in listed("evaluation"):
        arguments = (predicted,) if name == "colorfulness" else (predicted, true)
        expected = METRICS[name].function(*arguments).numpy()
        assert np.allclose(table[name], expected, atol=1e-5, equal_nan=True), name
    assert np.allclose(table["colorfulness_true"], METRICS["colorfulness"].function(true))


def test_bias_is_prediction_minus_truth(images):
    table = evaluate(Constant(20, -10), images, SIZE, measured=("psnr",))
    lab = sk.rgb2lab(centers(images))
    assert np.allclose(table["a_bias"], 20 - lab[..., 1].mean(axis=(1, 2)), atol=1e-3)
    assert np.allclose(table["b_bias"], -10 - lab[..., 2].mean(axis=(1, 2)), atol=1e-3)
    assert list(table.columns) == ["name", "label", "psnr", "a_bias", "b_bias"]


def test_the_truth_as_prediction_has_no_error(images):
    truth = rgb_to_lab(torch.from_numpy(centers(images)).permute(0, 3, 1, 2).float())
    table = evaluate(lambda gray: truth[:, 1:], images, SIZE)
    assert table["absolute_error"].max() < 1e-6 and table["delta_e"].max() < 1e-2
    assert table["psnr"].min() > 80 and table["ssim"].min() > 0.9999
    assert np.allclose(table["colorfulness"], table["colorfulness_true"])
    assert table[["a_bias", "b_bias"]].abs().max().max() < 1e-4


def test_a_network_is_measured_like_any_predictor(images, model):
    table = evaluate(Trained(model), images, SIZE)
    assert len(table) == 6 and np.isfinite(table[["psnr", "ssim", "delta_e"]]).all().all()
    _, predicted, true = colorize_set(Trained(model), images, SIZE)
    again = METRICS["psnr"].function(predicted, true)
    assert np.allclose(table["psnr"], again, atol=1e-3)


def test_trivial_errors_are_those_of_gray_and_of_the_training_images_mean_color(tiny, images):
    training = tiny.subset(["lawn"], "train")
    found = trivial_errors(images, training, SIZE)
    assert set(found) == {"gray", "mean"}
    for name, predictor in (("gray", Constant()), ("mean", mean_chroma(training, SIZE))):
        expected = evaluate(predictor, images, SIZE, measured=["delta_e"])["delta_e"]
        assert found[name].tolist() == expected.tolist()
    assert (found["gray"] != found["mean"]).all()
