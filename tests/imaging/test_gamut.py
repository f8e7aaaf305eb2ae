"""Colors outside sRGB moved in, against a search through all shares of their chroma."""

import numpy as np
import pytest
import torch

from colorkit.imaging import gamut
from colorkit.imaging.color import lab_to_rgb, rgb_to_lab
from colorkit.imaging.gamut import to_gamut


def drawn(count: int = 60):
    generator = torch.Generator().manual_seed(0)
    L = 5 + 90 * torch.rand(1, 1, 1, count, generator=generator, dtype=torch.float64)
    ab = 240 * torch.rand(1, 2, 1, count, generator=generator, dtype=torch.float64) - 120
    return L, ab


def inside(L, ab, noise=0.0) -> torch.Tensor:
    rgb = lab_to_rgb(torch.cat((L, ab), dim=1), clip=False)
    return ((rgb >= -noise) & (rgb <= 1 + noise)).all(dim=1)[0, 0]


def test_lightness_and_hue_stay_and_as_much_chroma_as_there_is():
    L, ab = drawn()
    outside = ~inside(L, ab)
    assert 20 < outside.sum() < 60
    lab = rgb_to_lab(to_gamut(L, ab))
    assert (lab[:, :1] - L).abs().max() < 0.05
    shares = np.linspace(0, 1, 2049)
    most = shares[torch.stack([inside(L, share * ab) for share in shares]).long().sum(dim=0) - 1]
    kept = (lab[0, 1:, 0].norm(dim=0) / ab[0, :, 0].norm(dim=0)).numpy()
    gap = (most - kept)[outside.numpy()]
    assert gap.min() > -1e-3 and gap.max() < 1 / 256 + 1e-3 and gap.max() > 1 / 512
    turned = torch.atan2(lab[0, 2, 0], lab[0, 1, 0]) - torch.atan2(ab[0, 1, 0], ab[0, 0, 0])
    assert torch.sin(turned)[kept > 0.05].abs().max() < 0.01
    torch.testing.assert_close(lab[:, 1:, :, ~outside], ab[..., ~outside], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("over", "moved"), [(0.9e-4, False), (1.2e-4, True)])
@pytest.mark.parametrize("end", [0, 1])
def test_rounding_is_no_color_outside(over, moved, end):
    rgb = torch.full((1, 3, 1, 1), 0.5, dtype=torch.float64)
    rgb[0, 1] = end + over if end else -over
    assert gamut._outside(rgb).item() == moved
