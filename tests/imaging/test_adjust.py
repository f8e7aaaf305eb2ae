"""Contrast and saturation against scikit-image, and on images without any."""

import numpy as np
import pytest
import torch
from skimage import color, exposure

from colorkit.imaging import adjust
from colorkit.imaging.adjust import clahe, equalize, saturate
from colorkit.imaging.color import rgb_to_lab


def images(count: int = 2, height: int = 33, width: int = 26, seed: int = 0) -> torch.Tensor:
    """Dull and smooth, so that equalization has something to do and little leaves the gamut."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 5, 4, generator=generator)
    size = (height, width)
    rgb = torch.nn.functional.interpolate(coarse, size, mode="bilinear", align_corners=False)
    return 0.35 + 0.3 * rgb


def by_scikit_image(rgb: torch.Tensor, change) -> np.ndarray:
    out = []
    for image in rgb.permute(0, 2, 3, 1).double().numpy():
        lab = color.rgb2lab(image)
        lab[..., 0] = 100 * change(lab[..., 0] / 100)
        out.append(color.lab2rgb(lab))
    return np.stack(out).transpose(0, 3, 1, 2)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(equalize, exposure.equalize_hist), (clahe, exposure.equalize_adapthist)],
)
@pytest.mark.filterwarnings("ignore:.*negative Z values.*")
def test_equalizations_equal_scikit_image(ours, theirs):
    rgb = images()
    # A pixel whose lightness lies on a bin's border may fall on either side in float32.
    difference = np.abs(ours(rgb).numpy() - by_scikit_image(rgb, theirs))
    assert np.quantile(difference, 0.99) < 5e-3
    assert difference.mean() < 5e-4


def test_equalize_flattens_the_histogram_of_lightness_and_keeps_ab():
    rgb = images()
    before, after = rgb_to_lab(rgb), rgb_to_lab(equalize(rgb))
    levels = after[:, 0].flatten(1).sort(dim=1).values / 100
    straight = torch.linspace(0, 1, levels.shape[1])
    assert (levels - straight).abs().mean() < 0.02
    assert (before[:, 0].flatten(1).sort(dim=1).values / 100 - straight).abs().mean() > 0.1
    middle = (after[:, 0] > 30) & (after[:, 0] < 80)  # inside the gamut whatever the chroma here
    for channel in (1, 2):
        assert (after - before)[:, channel][middle].abs().max() < 0.05


@pytest.mark.parametrize("change", [equalize, clahe])
@pytest.mark.parametrize("shape", [(2, 3, 8, 9), (1, 3, 1, 1), (1, 3, 1, 2)])
def test_images_of_one_color_are_returned_as_they_are(change, shape):
    rgb = torch.tensor([0.3, 0.6, 0.2]).view(1, 3, 1, 1).expand(shape)
    assert torch.equal(change(rgb), rgb)


@pytest.mark.parametrize("change", [equalize, clahe, lambda x: saturate(x, 3)])
@pytest.mark.parametrize("size", [(1, 2), (5, 3), (31, 64)])
def test_results_are_images(change, size):
    rgb = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    before = rgb.clone()
    out = change(rgb)
    assert out.shape == rgb.shape
    assert out.dtype == rgb.dtype
    assert out.isfinite().all()
    assert out.min() >= 0
    assert out.max() <= 1
    assert torch.equal(rgb, before)


def test_each_image_is_equalized_by_itself():
    rgb = images(3)
    for change in (equalize, clahe):
        torch.testing.assert_close(change(rgb)[1:2], change(rgb[1:2]), atol=5e-3, rtol=0)


def test_saturate_scales_chroma():
    rgb = images()
    lab = rgb_to_lab(rgb)
    torch.testing.assert_close(saturate(rgb, 1), rgb, atol=1e-4, rtol=0)
    gray = rgb_to_lab(saturate(rgb, 0))
    assert gray[:, 1:].abs().max() < 0.02
    torch.testing.assert_close(gray[:, 0], lab[:, 0], atol=1e-2, rtol=0)
    pair = rgb_to_lab(saturate(rgb, (0.5, 1.25)))
    torch.testing.assert_close(pair[:, 1], 0.5 * lab[:, 1], atol=0.02, rtol=0)
    torch.testing.assert_close(pair[:, 2], 1.25 * lab[:, 2], atol=0.02, rtol=0)


def test_saturate_has_gradients():
    rgb = images(1, 4, 4).requires_grad_()
    saturate(rgb, 1.2).sum().backward()
    assert rgb.grad.isfinite().all()
    assert rgb.grad.abs().max() > 0


@pytest.mark.parametrize("factor", [-0.1, (1, -1), (1, 2, 3), (), float("nan")])
def test_bad_factors_are_named(factor):
    with pytest.raises(ValueError, match="one number or a pair"):
        saturate(images(), factor)


@pytest.mark.parametrize("change", [equalize, clahe])
def test_bad_settings_are_named(change):
    with pytest.raises(ValueError, match="at least two bins; got 1"):
        change(images(), bins=1)
    with pytest.raises(ValueError, match=r"\(batch, 3, height, width\)"):
        change(torch.zeros(3, 8, 8))


@pytest.mark.parametrize("limit", [0, -1, 1.5, float("nan")])
def test_clip_limit_is_a_share(limit):
    with pytest.raises(ValueError, match="clip_limit"):
        clahe(images(), limit)


def test_limits_that_may_be_given_just_so(monkeypatch):
    given = []
    change = "skimage.exposure.equalize_adapthist"
    monkeypatch.setattr(change, lambda L, **options: given.append(options) or L)
    clahe(images(1))
    clahe(images(1), clip_limit=1, bins=2)
    assert given == [{"clip_limit": 0.01, "nbins": 256}, {"clip_limit": 1, "nbins": 2}]


@pytest.mark.parametrize(("step", "seen"), [(9e-6, []), (1.1e-5, [1])])
def test_a_picture_of_one_lightness_is_told_to_rounding(monkeypatch, step, seen):
    lab = torch.tensor([50.0, 50 + 100 * step]).view(1, 1, 1, 2).repeat(1, 3, 1, 1)
    monkeypatch.setattr(adjust, "rgb_to_lab", lambda rgb: lab)
    changed = []
    adjust._on_lightness(torch.rand(1, 3, 1, 2), lambda L: changed.append(1) or L, 2)
    assert changed == seen
