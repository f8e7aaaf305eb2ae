"""Color spaces against other implementations, and the way back to CIELAB."""

import pytest
import torch

from colorkit.imaging.color import decolorize, rgb_to_lab, unscale_ab
from colorkit.studies.later.spaces import (
    SPACES,
    InLab,
    oklab_to_rgb,
    rgb_to_oklab,
    rgb_to_ycbcr,
    ycbcr_to_rgb,
)

RGB = torch.rand(3, 3, 9, 7, generator=torch.Generator().manual_seed(0))
GRAY = torch.full((1, 3, 4, 4), 0.5)


def test_oklab_has_known_numbers():
    # White by Ottosson's own table; red as color libraries agree on it.
    for rgb, wanted in (
        ((1.0, 1.0, 1.0), (1.0, 0.0, 0.0)),
        ((1.0, 0.0, 0.0), (0.6280, 0.2249, 0.1258)),
    ):
        found = rgb_to_oklab(torch.tensor(rgb).view(1, 3, 1, 1)).flatten()
        torch.testing.assert_close(found, torch.tensor(wanted), atol=1e-3, rtol=0)


def test_oklab_is_that_of_another_implementation():
    import colour

    xyz = colour.sRGB_to_XYZ(RGB.permute(0, 2, 3, 1).double().numpy())
    wanted = torch.from_numpy(colour.XYZ_to_Oklab(xyz)).permute(0, 3, 1, 2).float()
    torch.testing.assert_close(rgb_to_oklab(RGB), wanted, atol=2e-3, rtol=0)


def test_ycbcr_is_that_of_rec_709():
    blue = rgb_to_ycbcr(torch.tensor([0.0, 0, 1]).view(1, 3, 1, 1)).flatten()
    torch.testing.assert_close(blue, torch.tensor([0.0721, 0.5, -0.0458]), atol=2e-4, rtol=0)
    torch.testing.assert_close(rgb_to_ycbcr(RGB)[:, :1], decolorize(RGB))


def test_spaces_have_their_inverse_and_gray_has_no_chroma():
    torch.testing.assert_close(ycbcr_to_rgb(rgb_to_ycbcr(RGB)), RGB)
    torch.testing.assert_close(oklab_to_rgb(rgb_to_oklab(RGB)), RGB, atol=2e-4, rtol=0)
    for convert in (rgb_to_ycbcr, rgb_to_oklab):
        assert convert(GRAY)[:, 1:].abs().max() < 1e-3


@pytest.mark.parametrize("name", SPACES)
def test_true_planes_give_the_true_chroma_back(name):
    space, lab = SPACES[name], rgb_to_lab(RGB)
    planes = space.planes(lab)
    assert planes.shape == (3, space.channels, 9, 7)
    assert planes.min() >= -1e-3 and planes.max() <= 1 + 1e-3
    torch.testing.assert_close(space.ab(planes, decolorize(RGB)), lab[:, 1:], atol=0.2, rtol=0)


@pytest.mark.parametrize("name", ["ycbcr", "oklab"])
def test_what_is_guessed_keeps_the_gray_it_was_guessed_from(name):
    gray = torch.full((1, 1, 3, 3), 0.4)
    planes = torch.full((1, 2, 3, 3), 0.5)
    planes[:, 0] += 0.04
    ab = SPACES[name].ab(planes, gray)
    neutral = SPACES[name].ab(torch.full((1, 2, 3, 3), 0.5), gray)
    assert neutral.abs().max() < 0.1 and ab.norm(dim=1).min() > 3


def test_a_network_in_a_space_gives_scaled_chroma():
    class Blue(torch.nn.Module):
        def forward(self, gray):
            return torch.tensor([0.0, 0.0, 1.0]).view(1, 3, 1, 1).expand(len(gray), 3, 2, 2)

    found = unscale_ab(InLab(Blue(), "rgb")(torch.zeros(2, 1, 2, 2)))
    blue = rgb_to_lab(torch.tensor([0.0, 0, 1]).view(1, 3, 1, 1))[0, 1:].flatten()
    torch.testing.assert_close(found[1, :, 0, 0], blue, atol=1e-3, rtol=1e-4)
