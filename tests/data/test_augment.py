"""Windows and exposures, against slicing and formulas written out."""

import pytest
import torch

from colorkit.data.augment import expose, zoom


@pytest.fixture
def images() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (3, 16, 16, 4), dtype=torch.uint8, generator=generator)


def drawn(shrink, down, right, flip) -> torch.Tensor:
    return torch.tensor([[x] * 3 for x in (shrink, down, right, flip)])


def test_the_whole_image_comes_back(images):
    found = zoom(images, 16, drawn(0.0, 0.3, 0.9, 0.9))
    torch.testing.assert_close(found, images.permute(0, 3, 1, 2) / 255)


def test_half_of_them_are_flipped(images):
    found = zoom(images, 16, drawn(0.0, 0.0, 0.0, 0.49))
    torch.testing.assert_close(found, images.permute(0, 3, 1, 2).flip(3) / 255)


@pytest.mark.parametrize("corner", [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)])
def test_the_smallest_window_in_a_corner(images, corner):
    down, right = corner
    found = zoom(images, 8, drawn(1.0, down, right, 0.5))  # of half the side, unless told otherwise
    top, left = int(8 * down), int(8 * right)
    wanted = images[:, top : top + 8, left : left + 8].permute(0, 3, 1, 2) / 255
    torch.testing.assert_close(found, wanted)


def test_a_window_of_any_size_anywhere(images):
    found = zoom(images, 12, drawn(0.5, 0.25, 0.75, 0.5))
    torch.testing.assert_close(found, images[:, 1:13, 3:15].permute(0, 3, 1, 2) / 255)
    found = zoom(images, 12, drawn(1.0, 0.25, 0.75, 0.5), smallest=0.75)
    torch.testing.assert_close(found, images[:, 1:13, 3:15].permute(0, 3, 1, 2) / 255)


def test_exposure_and_contrast():
    plane = torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(0)).clamp(min=0.01)
    same = expose(plane, torch.full((2, 3), 0.5))
    torch.testing.assert_close(same, plane)
    brighter = expose(plane, torch.tensor([[1.0] * 3, [0.5] * 3]), stops=0.5)
    torch.testing.assert_close(brighter, (plane * 2**0.5).clamp(max=1))
    bent = expose(plane, torch.tensor([[0.5] * 3, [0.0] * 3]), stops=1)
    torch.testing.assert_close(bent, plane.sqrt())
    assert expose(plane, torch.tensor([[1.0] * 3, [0.5] * 3])).equal((plane * 2**0.15).clamp(max=1))
    black = expose(torch.zeros(1, 1, 1, 1), torch.tensor([[0.5], [0.0]]), stops=1)
    assert black.item() == pytest.approx(0.01)  # the power of nothing has no gradient
