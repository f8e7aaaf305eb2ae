"""Plants told from the gray picture alone."""

import pytest
import torch

from colorkit.imaging.color import decolorize
from colorkit.studies.postprocessing.plants import fit_plants

SIZE = 36


def meadow(count: int, seed: int, chroma: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Smooth gray above, restless green below; the green may be dulled at the same lightness."""
    generator = torch.Generator().manual_seed(seed)
    rgb = torch.full((count, 3, SIZE, SIZE), 0.7)
    light = 0.4 + 0.2 * torch.rand((count, 1, SIZE // 2, SIZE), generator=generator)
    green = light * torch.tensor([0.7, 1.1, 0.5]).view(1, 3, 1, 1)
    gray = decolorize(green, "weighted")
    rgb[:, :, SIZE // 2 :] = gray + chroma * (green - gray)
    return decolorize(rgb, "weighted"), rgb


@pytest.fixture(scope="module")
def pointed():
    return fit_plants(zip(*(x.split(4) for x in meadow(8, seed=0)), strict=True))


def test_plants_are_found_by_texture_and_place(pointed):
    gray, _ = meadow(4, seed=1)
    mask = pointed.mask(gray)
    assert mask.shape == (4, SIZE, SIZE)
    assert mask[:, SIZE // 2 + 4 :].float().mean() > 0.95
    assert mask[:, : SIZE // 2 - 4].float().mean() < 0.05
    assert pointed.share(gray)[:, -8:].mean() == pytest.approx(1, abs=0.2)


def test_their_color_has_no_say(pointed):
    vivid, dull = (meadow(4, seed=1, chroma=chroma)[0] for chroma in (1.0, 0.0))
    torch.testing.assert_close(pointed.share(vivid), pointed.share(dull), rtol=0, atol=1e-3)


def test_batches_and_images_beside_change_nothing(pointed):
    whole = fit_plants([meadow(8, seed=0)])
    gray, _ = meadow(9, seed=2)
    torch.testing.assert_close(whole.share(gray), pointed.share(gray), rtol=0, atol=1e-3)
    torch.testing.assert_close(pointed.share(gray)[8:], pointed.share(gray[8:]), rtol=0, atol=1e-5)
