"""Each measure against a second implementation, and at the edges where definitions break."""

import hashlib
import math
from urllib.error import URLError

import numpy as np
import pytest
import skimage.color
import skimage.data
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torchmetrics.functional.image import structural_similarity_index_measure

from colorkit.imaging.metrics import perceptual
from colorkit.imaging.metrics import quality as metrics
from colorkit.imaging.metrics.perceptual import Unavailable
from colorkit.imaging.metrics.tables import METRICS, measure
from colorkit.system.errors import ColorkitError

# The test pairs of Sharma, Wu, Dalal (2005), table 1: L, a, b; L, a, b; ΔE.
SHARMA = """
50 2.6772 -79.7751 50 0 -82.7485 2.0425; 50 3.1571 -77.2803 50 0 -82.7485 2.8615
50 2.8361 -74.0200 50 0 -82.7485 3.4412; 50 -1.3802 -84.2814 50 0 -82.7485 1.0000
50 -1.1848 -84.8006 50 0 -82.7485 1.0000; 50 -0.9009 -85.5211 50 0 -82.7485 1.0000
50 0 0 50 -1 2 2.3669; 50 -1 2 50 0 0 2.3669
50 2.49 -0.001 50 -2.49 0.0009 7.1792; 50 2.49 -0.001 50 -2.49 0.0010 7.1792
50 2.49 -0.001 50 -2.49 0.0011 7.2195; 50 2.49 -0.001 50 -2.49 0.0012 7.2195
50 -0.001 2.49 50 0.0009 -2.49 4.8045; 50 -0.001 2.49 50 0.0010 -2.49 4.8045
50 -0.001 2.49 50 0.0011 -2.49 4.7461; 50 2.5 0 50 0 -2.5 4.3065
50 2.5 0 73 25 -18 27.1492; 50 2.5 0 61 -5 29 22.8977
50 2.5 0 56 -27 -3 31.9030; 50 2.5 0 58 24 15 19.4535
50 2.5 0 50 3.1736 0.5854 1.0000; 50 2.5 0 50 3.2972 0 1.0000
50 2.5 0 50 1.8634 0.5757 1.0000; 50 2.5 0 50 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""


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


@pytest.mark.parametrize("turned", [False, True])
def test_ciede2000_on_the_pairs_of_sharma(turned):
    table = np.array([row.split() for row in SHARMA.strip().replace("\n", ";").split(";")], float)
    assert table.shape == (34, 7)
    lab = [torch.from_numpy(table[:, i : i + 3].T[None, :, None]) for i in (0, 3)]
    got = metrics.ciede2000(*(lab[::-1] if turned else lab))[0, 0].numpy()
    # Pair 14's hues differ by 180° exactly: the rounding of atan2 decides which mean is taken.
    sure = np.arange(34) != 13
    assert np.abs(got - table[:, 6])[sure].max() < 1e-4
    assert min(abs(got[13] - 4.8045), abs(got[13] - 4.7461)) < 1e-4


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


# LPIPS


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Point torch's hub at an empty folder, so that no test depends on what was fetched before."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    metrics.lpips_network.cache_clear()
    yield tmp_path / "checkpoints"
    metrics.lpips_network.cache_clear()


def test_lpips_is_absent_with_its_reason(hub):
    image = torch.zeros(1, 3, 64, 64)
    with pytest.raises(Unavailable, match=r"alexnet.*fetch=True"):
        metrics.lpips(image, image)
    values, absent = measure(image, image, ["mse", "lpips"])
    assert set(values) == {"mse"} and "weights" in absent["lpips"]
    (hub / "squeezenet1_1-b8a52dc0.pth").write_bytes(b"half a file")
    with pytest.raises(Unavailable, match="damaged"):
        metrics.lpips(image, image, net="squeeze")
    assert issubclass(Unavailable, ColorkitError)
    with pytest.raises(Unavailable, match="smaller than 32"):
        metrics.lpips(image[..., :16], image[..., :16])
    with pytest.raises(ValueError, match="alex, vgg, squeeze"):
        metrics.lpips(image, image, net="resnet")


def test_lpips_that_cannot_be_fetched(hub, monkeypatch):
    import torchvision

    def offline(*_, **__):
        raise URLError("no network")

    monkeypatch.setattr(torchvision.models.AlexNet_Weights, "get_state_dict", offline)
    image = torch.zeros(1, 3, 64, 64)
    with pytest.raises(Unavailable, match="no network"):
        metrics.lpips(image, image, fetch=True)


def test_lpips_scales_its_input(hub, monkeypatch):
    """With stand-in weights in the cache, under a name that fits them, the plumbing is tested."""
    import lpips
    import torchvision

    torch.manual_seed(0)
    file = hub / "squeezenet.pth"
    torch.save(torchvision.models.squeezenet1_1(weights=None).state_dict(), file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    file = file.rename(hub / f"squeezenet1_1-{digest}.pth")
    monkeypatch.setitem(perceptual._BACKBONES, "squeeze", file.name)
    pred, true = torch.rand(2, 2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    weights = torchvision.models.SqueezeNet1_1_Weights
    monkeypatch.setattr(weights, "get_state_dict", lambda *_, **__: torch.load(file))
    got = metrics.lpips(pred, true, net="squeeze")
    reference = metrics.lpips_network("squeeze", False)
    assert isinstance(reference, lpips.LPIPS) and not reference.training
    expected = reference(pred, true, normalize=True).flatten()
    assert got.shape == (2,) and torch.allclose(got, expected, rtol=1e-5)
    assert metrics.lpips(true, true, net="squeeze").tolist() == [0, 0]
