"""Old photographs' grays: each choice does what it is called, and none leaves the range."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from colorkit.data.aging import CHOICES, age, blurred, draw, old_print
from colorkit.data.batches import ALL, Share

# Mixture, exposure, contrast, black, white, blur, grain, vignette: of a film like the eye.
PLAIN = [0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]


@pytest.fixture
def rgb() -> torch.Tensor:
    return torch.rand(3, 3, 12, 16, generator=torch.Generator().manual_seed(0))


def aged(rgb, grain=None, **changed) -> torch.Tensor:
    """Age with everything plain but for some choices, by their places."""
    choices = list(PLAIN)
    for place, value in changed.items():
        choices[int(place[1:])] = value
    drawn = torch.tensor(choices).view(-1, 1).expand(CHOICES, len(rgb))
    still = torch.zeros(len(rgb), 1, *rgb.shape[2:])
    return age(rgb, drawn, still if grain is None else grain)


def test_a_plain_film_adds_light_with_equal_weights(rgb):
    value = rgb.double().numpy()
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    wanted = light.mean(axis=1, keepdims=True) ** (1 / 2.2)
    np.testing.assert_allclose(aged(rgb), wanted, atol=1e-4)


def test_a_film_that_is_blind_to_red_sees_none_of_it(rgb):
    other = rgb.clone()
    other[:, 0] = 1 - other[:, 0]
    blind = {"_0": 1 - 1e-9, "_1": 0.3, "_2": 0.3}  # −log of nearly 1 is nearly nothing
    torch.testing.assert_close(aged(rgb, **blind), aged(other, **blind), atol=2e-3, rtol=0)
    assert (aged(rgb) - aged(other)).abs().max() > 0.05


def test_exposure_contrast_and_fading_change_the_tones(rgb):
    plain = aged(rgb)
    assert (aged(rgb, _3=1.0) >= plain).all() and aged(rgb, _3=1.0).mean() > plain.mean() + 0.05
    assert aged(rgb, _4=1.0).std() > plain.std() > aged(rgb, _4=0.0).std()
    faded = aged(rgb, _5=1.0, _6=1.0)
    torch.testing.assert_close(faded, 0.25 + 0.5 * plain, atol=1e-5, rtol=0)


def test_corners_are_darker_and_the_middle_is_not():
    found = aged(torch.full((1, 3, 33, 33), 0.8), _9=1.0)[0, 0]
    assert found[16, 16] == pytest.approx(aged(torch.full((1, 3, 1, 1), 0.8)).item(), abs=1e-3)
    assert found[0, 0] == pytest.approx(0.6 * found[16, 16].item(), rel=1e-3)


def test_grain_is_added_as_strongly_as_drawn(rgb):
    noise = torch.randn(3, 1, 12, 16, generator=torch.Generator().manual_seed(1))
    middle = torch.full_like(rgb, 0.5)
    found = aged(middle, noise, _8=1.0) - aged(middle)
    torch.testing.assert_close(found, 0.06 * noise, atol=1e-5, rtol=0)


def test_blur_is_a_gaussians(rgb):
    sigma = torch.tensor([0.0, 0.6, 1.0])
    found = blurred(rgb[:, :1], sigma)
    for k, each in enumerate(sigma.tolist()):
        wanted = gaussian_filter(rgb[k, 0].numpy(), each, mode="nearest", radius=3)
        np.testing.assert_allclose(found[k, 0], wanted, atol=1e-5)


def test_every_choice_gives_a_gray_in_its_range(rgb):
    generator = torch.Generator().manual_seed(2)
    for corner in (0.0, 1 - 1e-7, None):
        drawn = torch.rand(CHOICES, 3, generator=generator)
        drawn = drawn if corner is None else torch.full_like(drawn, corner)
        found = age(rgb, drawn, 9 * torch.randn(3, 1, 12, 16, generator=generator))
        assert found.shape == (3, 1, 12, 16) and found.isfinite().all()
        assert found.min() >= 0 and found.max() <= 1


def test_processes_draw_their_own_images_part():
    whole = draw(4, 8, ALL, torch.Generator().manual_seed(3))
    for rank in range(2):
        part = draw(2, 8, Share(rank, 2), torch.Generator().manual_seed(3))
        torch.testing.assert_close(part[0], whole[0][:, rank::2])
        torch.testing.assert_close(part[1], whole[1][rank::2])


def test_an_old_print_is_gray_scratched_and_always_the_same():
    rgb = np.full((40, 60, 3), (90, 140, 60), np.uint8)
    prints = {name: old_print(rgb, name) for name in "abcdefgh"}
    assert all((p[..., :1] == p).all() and p.shape == rgb.shape for p in prints.values())
    assert (old_print(rgb, "a") == prints["a"]).all()
    assert len({p.tobytes() for p in prints.values()}) == len(prints)
    assert len({round(float(p.mean())) for p in prints.values()}) > 4
