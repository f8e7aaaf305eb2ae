"""Growing: what is put inside, what it costs, and smaller pictures."""

from types import SimpleNamespace

import pytest
import torch

from colorkit.data.batches import Batch
from colorkit.imaging.color import rgb_to_lab, scale_ab
from colorkit.studies.later.painting import (
    PaintingColorizer,
    PaintingRecipe,
    grown,
    make_unet,
    stages,
)


@pytest.mark.parametrize("space", ["lab", "rgb"])
def test_a_fresh_network_paints_the_middle_of_every_channel(space):
    found = make_unet(4, 3, space)(torch.rand(2, 1, 16, 16))
    assert found.shape == (2, 3 if space == "rgb" else 2, 16, 16)
    torch.testing.assert_close(found, torch.full_like(found, 0.5))


def test_a_trained_network_becomes_the_inside_of_a_larger_one():
    torch.manual_seed(0)
    small = make_unet(8, 2).eval()
    large = grown(small, 4).eval()
    planes = torch.rand(1, 8, 8, 8)

    def inside(network, first):
        """The planes that the levels below the first make of planes of 8 channels."""
        kept = [planes]
        for down in network.down[first:]:
            kept.append(down(kept[-1]))
        x = kept.pop()
        ways = zip(network.up, network.join, strict=True)
        for up, join in list(ways)[: len(kept)]:
            x = join(torch.cat((up(x), kept.pop()), dim=1))
        return x

    with torch.no_grad():
        torch.testing.assert_close(inside(large, 1), inside(small, 0))
    assert large.settings() == small.settings() | {"width": 4, "depth": 3}
    assert make_unet(4, 3).state_dict().keys() == large.state_dict().keys()
    with pytest.raises(ValueError, match="must have width 6; got 8"):
        grown(small, 3)


def test_each_stage_costs_a_third():
    work = {(2, 4): 100, (1, 2): 300, (0, 1): 900}
    found = stages(12, lambda *stage: work[stage])
    assert found == ((2, 4, 36), (1, 2, 12), (0, 1, 4))
    assert sum(epochs * work[left, by] for left, by, epochs in found) == 12 * 900
    assert [epochs for *_, epochs in stages(1, lambda *stage: work[stage])] == [3, 1, 1]


@pytest.fixture
def colorizer():
    def make(**settings):
        recipe = PaintingRecipe(**settings)
        found = PaintingColorizer(make_unet(4, 2, recipe.space), recipe, 16, 0)
        found._trainer = SimpleNamespace(training=False, world_size=1, global_rank=0)
        return found

    return make


def test_pictures_are_averaged_down_once(colorizer):
    pixels = torch.randint(0, 256, (2, 16, 16, 3), dtype=torch.uint8)
    raw = pixels, torch.zeros(2, dtype=torch.int64)
    whole = colorizer().on_after_batch_transfer(raw, 0)
    small = colorizer(shrink=4)
    batch = small.on_after_batch_transfer(raw, 0)
    assert batch.gray.shape == (2, 1, 4, 4) and batch.lab.shape == (2, 3, 4, 4)
    torch.testing.assert_close(batch.lab.mean(dim=(2, 3)), whole.lab.mean(dim=(2, 3)))
    assert small.on_after_batch_transfer(batch, 0) is batch


@pytest.mark.parametrize("space", ["lab", "rgb", "oklab"])
def test_the_loss_is_the_absolute_error_in_the_space(colorizer, space):
    rgb = torch.rand(2, 3, 16, 16)
    batch = Batch(torch.rand(2, 1, 16, 16), rgb_to_lab(rgb), torch.zeros(2))
    loss, _ = colorizer(space=space)._loss(batch)
    true = {"lab": scale_ab(batch.lab[:, 1:]), "rgb": rgb}.get(space)
    if true is not None:  # a fresh network paints one half everywhere
        torch.testing.assert_close(loss.total, 2 * (true - 0.5).abs().mean(), rtol=1e-3, atol=1e-4)
    assert 0 < loss.total < 1
