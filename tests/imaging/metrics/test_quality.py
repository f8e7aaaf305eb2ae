"""Each measure against a second implementation, and at the edges where definitions break."""

import math

import numpy as np
import pytest
import skimage.color
import skimage.data
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torchmetrics.functional.image import structural_similarity_index_measure

from colorkit.imaging.metrics import quality as metrics
from colorkit.imaging.metrics.tables import METRICS, measure


@pytest.fixture(scope="module")
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    """Three images of noise on gradients, and versions of them with errors of growing size."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:1:37j, 0:1:52j]
    base = np.stack([x, y, 1 - x])[None] * np.array([1, 0.7, 0.3]).reshape(3, 1, 1, 1)
    true = np.clip(base + rng.normal(0, 0.05, base.shape), 0, 1)
    noise = rng.normal(0, 1, base.shape) * np.array([0.02, 0.1, 0.3]).reshape(3, 1, 1, 1)
    pred = np.clip(true + noise, 0, 1)
    return torch.from_numpy(pred).float(), torch.from_numpy(true).float()


def constant(*rgb: float, size: int = 16) -> torch.Tensor:
    return torch.tensor(rgb).view(1, 3, 1, 1).expand(1, 3, size, size)


def each(pair, function) -> np.ndarray:
    """Apply a NumPy function to each pair of (H, W, 3) float64 images."""
    images = zip(*(t.double().permute(0, 2, 3, 1).numpy() for t in pair), strict=True)
    return np.array([function(pred, true) for pred, true in images])


# Against a second implementation


def test_mse_and_absolute_error(pair):
    assert np.allclose(metrics.mse(*pair), each(pair, lambda p, t: ((p - t) ** 2).mean()))
    assert np.allclose(metrics.absolute_error(*pair), each(pair, lambda p, t: abs(p - t).mean()))


def test_psnr_is_scikit_images(pair):
    expected = each(pair, lambda p, t: peak_signal_noise_ratio(t, p, data_range=1))
    assert np.allclose(metrics.psnr(*pair), expected, atol=1e-4)


def test_ssim_is_scikit_images(pair):
    def reference(p, t):
        options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        return structural_similarity(p, t, data_range=1, channel_axis=-1, **options)

    assert np.allclose(metrics.ssim(*pair), each(pair, reference), atol=1e-5)
    bordered = structural_similarity_index_measure(*pair, data_range=1.0, reduction="none")
    assert (metrics.ssim(*pair) - bordered).abs().max() > 1e-4  # why the border is cut
    small = torch.rand(1, 3, 11, 11, generator=torch.Generator().manual_seed(0))
    assert np.allclose(
        metrics.ssim(small, 1 - small), each((small, 1 - small), reference), atol=1e-5
    )


def test_angular_error_is_the_arccosine(pair):
    def reference(p, t):
        cosine = (p * t).sum(-1) / (np.linalg.norm(p, axis=-1) * np.linalg.norm(t, axis=-1))
        return np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean()

    pair = tuple(image.clamp(min=0.02) for image in pair)
    assert np.allclose(metrics.angular_error(*pair), each(pair, reference), atol=1e-3)


def test_delta_e_is_scikit_images(pair):
    def reference(p, t):
        return skimage.color.deltaE_ciede2000(*(skimage.color.rgb2lab(x) for x in (t, p))).mean()

    assert np.allclose(metrics.delta_e(*pair), each(pair, reference), atol=1e-3)


def test_hue_error_is_a_difference_of_angles(pair):
    def reference(p, t):
        p, t = skimage.color.rgb2lab(p), skimage.color.rgb2lab(t)
        a, b = (np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) for lab in (p, t))
        gap = np.abs((a - b + 180) % 360 - 180)
        gap[np.hypot(p[..., 1], p[..., 2]) < 0.5] = 90
        return gap[np.hypot(t[..., 1], t[..., 2]) > 10].mean()

    assert np.allclose(metrics.hue_error(*pair), each(pair, reference), atol=0.02)


def test_colorfulness_is_the_formula(pair):
    def m1(p, _):
        ab = skimage.color.rgb2lab(p)[..., 1:]
        return np.hypot(*ab.std((0, 1))) + 0.37 * np.hypot(*ab.mean((0, 1)))

    def m3(p, _):
        r, g, b = (p * 255).transpose(2, 0, 1)
        rg, yb = r - g, (r + g) / 2 - b
        return np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())

    assert np.allclose(metrics.colorfulness(pair[0]), each(pair, m1), atol=1e-3)
    assert np.allclose(metrics.colorfulness_rgb(pair[0]), each(pair, m3), atol=1e-3)


def test_colorfulness_is_signed():
    rocket = torch.from_numpy(skimage.data.rocket()).permute(2, 0, 1)[None] / 255
    assert metrics.colorfulness_rgb(rocket).item() == pytest.approx(38.6, abs=0.05)
    assert metrics.colorfulness_rgb(rocket, absolute=True).item() == pytest.approx(29.0, abs=0.05)


# At the edges


def test_identical_images(pair):
    _, true = pair
    values, _ = measure(true, true)
    best = {"psnr": math.inf, "ssim": 1}
    for name, metric in METRICS.items():
        if name in values and metric.inputs == 2:
            assert torch.allclose(
                values[name], torch.tensor(float(best.get(name, 0))), atol=1e-5
            ), name


def test_gray_images_are_measured_without_nan():
    gray, red = constant(0.5, 0.5, 0.5), constant(0.8, 0.2, 0.2)
    assert metrics.colorfulness(gray).item() == pytest.approx(0, abs=0.01)
    assert metrics.colorfulness_rgb(gray).item() == 0
    assert metrics.hue_error(gray, red).item() == 90
    assert metrics.hue_error(red, gray).isnan().item()
    for value in measure(gray, red)[0].values():
        assert value.isfinite().all()


def test_angles_of_black():
    black, red, green = constant(0.0, 0, 0), constant(0.5, 0, 0), constant(0, 0.9, 0)
    assert metrics.angular_error(green, red).item() == pytest.approx(90)
    assert metrics.angular_error(red / 2, red).item() == 0
    assert metrics.angular_error(black, red).item() == 90
    assert metrics.angular_error(red, black).isnan().item()
    half = torch.cat((black, red), dim=3)
    assert metrics.angular_error(torch.cat((red, green), dim=3), half).item() == pytest.approx(90)


def test_sepia():
    brown, gray = constant(0.45, 0.41, 0.37), constant(0.5, 0.5, 0.5)
    blue, orange = constant(0.2, 0.4, 0.8), constant(0.9, 0.6, 0.1)
    speck = gray.clone()
    speck[..., 0, :12] = blue[..., 0, :12]  # 12 of 256 pixels: under 5 %
    cases = [(brown, blue, True), (gray, blue, True), (speck, blue, True), (orange, blue, False)]
    cases += [(blue, blue, False), (brown, brown, False), (gray, brown, False), (blue, gray, False)]
    pred, true, expected = zip(*cases, strict=True)
    got = metrics.sepia(torch.cat(pred), torch.cat(true))
    assert got.dtype == torch.bool and got.tolist() == list(expected)
    speck[..., 1, :2] = blue[..., 0, :2]
    assert not metrics.sepia(speck, blue).item()  # 14 of 256


def planes(*colors: tuple[float, float], rest: tuple[float, float]) -> torch.Tensor:
    """Lab of 100 pixels, the first of these a* and b*; in the place of sRGB."""
    ab = torch.tensor([*colors, *[rest] * (100 - len(colors))], dtype=torch.float32)
    return torch.cat((torch.full((100, 1), 50.0), ab), dim=1).T.reshape(1, 3, 10, 10)


@pytest.mark.parametrize(
    ("found", "brown"),
    [
        (planes(*[(9, -9)] * 4, rest=(0, 0)), True),  # under a twentieth has a color
        (planes(*[(9, -9)] * 5, rest=(0, 0)), False),
        (planes(*[(3.1, 0)] * 5, rest=(3, 0)), False),  # 3 is none
        (planes(*[(3, 0)] * 5, rest=(3, 0)), True),
        (planes(*[(9, -9)] * 19, rest=(5, 9)), True),  # over four fifths are warm
        (planes(*[(9, -9)] * 20, rest=(5, 9)), False),
        (planes(rest=(7.7, 6.44)), False),  # a hue of 39.9°
        (planes(rest=(7.7, 6.48)), True),  # 40.1°
        (planes(rest=(-1.7, 9.7)), True),  # 99.9°
        (planes(rest=(-1.73, 9.7)), False),  # 100.1°
        (planes(rest=(0, 14.9)), True),
        (planes(rest=(0, 15)), False),  # too strong for sepia
    ],
)
def test_where_sepia_begins(monkeypatch, found, brown):
    monkeypatch.setattr(metrics, "rgb_to_lab", lambda rgb: rgb)
    assert metrics._brown(found).item() == brown


@pytest.mark.parametrize(
    ("found", "true", "error"),
    [
        ((0, 0.5), (10.1, 0), 90),
        ((0.5, 0.0), (10.1, 0), 0),  # a chroma that has a hue
        ((0.49, 0), (10.1, 0), 90),
        ((0.49, 0), (10, 0), None),  # the truth has none
    ],
)
def test_what_has_a_hue(monkeypatch, found, true, error):
    both = [planes(rest=each) for each in (found, true)]
    monkeypatch.setattr(metrics, "checked", lambda *images: images)
    monkeypatch.setattr(metrics, "rgb_to_lab", lambda rgb: rgb)
    got = metrics.hue_error(*both).item()
    assert math.isnan(got) if error is None else got == error


def test_rounding_beyond_white_and_black_is_taken():
    for value, refused in ((-1e-3, False), (-1.1e-3, True), (1.001, False), (1.0011, True)):
        image = torch.full((1, 3, 2, 2), value, dtype=torch.float64)
        if refused:
            with pytest.raises(ValueError, match=f"received {value:.4g} to {value:.4g}"):
                metrics.mse(image, image)
        else:
            assert metrics.mse(image, image) == 0


def test_smoothed_colorfulness_is_differentiable_at_gray_and_lower_by_little():
    ab = torch.zeros(1, 2, 3, 3, requires_grad=True)
    metrics.colorfulness_ab(ab, smooth=2.0).backward()
    assert ab.grad.abs().max() == 0
    found = torch.tensor([[3.0, -3.0], [4.0, 4.0]]).view(1, 2, 1, 2)  # deviation 3, distance 4
    assert metrics.colorfulness_ab(found).item() == pytest.approx(3 + 0.37 * 4)
    wanted = (9 + 4) ** 0.5 - 2 + 0.37 * ((16 + 4) ** 0.5 - 2)
    assert metrics.colorfulness_ab(found, smooth=2.0).item() == pytest.approx(wanted)


@pytest.mark.parametrize("name", list(METRICS))
def test_bad_input_is_named(name):
    metric = METRICS[name]
    good = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))

    def call(a, b):
        return metric.function(a) if metric.inputs == 1 else metric.function(a, b)

    for bad in (good[0], good[:, :2], good[:0], (good * 255).byte(), good * 255, good - 1):
        with pytest.raises(ValueError, match="received"):
            call(bad, bad)
    if metric.inputs == 2:
        with pytest.raises(ValueError, match="must agree"):
            call(good, good[:1])


def test_small_images_have_no_ssim():
    with pytest.raises(ValueError, match="11 pixels"):
        metrics.ssim(torch.zeros(1, 3, 10, 30), torch.zeros(1, 3, 10, 30))


def test_one_value_an_image_in_any_precision(pair):
    whole, absent = measure(*pair)
    truths = {f"{name}_true" for name, metric in METRICS.items() if metric.inputs == 1}
    assert set(whole) | set(absent) == set(METRICS) | truths and all(
        v.shape == (3,) for v in whole.values()
    )
    alone = [measure(pair[0][i : i + 1], pair[1][i : i + 1])[0] for i in range(3)]
    double, _ = measure(pair[0].double(), pair[1].double())
    half, _ = measure(pair[0].bfloat16(), pair[1].bfloat16())
    for name, value in whole.items():
        assert torch.allclose(value, torch.cat([v[name] for v in alone]), rtol=1e-4), name
        assert torch.allclose(value.double(), double[name].double(), rtol=1e-3), name
        assert half[name].dtype == torch.float32
    assert {metric.better for metric in METRICS.values()} == {"higher", "lower"}
