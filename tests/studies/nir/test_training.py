"""Training on pairs: the loss against numpy, and what a batch goes through."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from made_pairs import noise, noise_batch

from colorkit.data.batches import NirBatch
from colorkit.studies.nir.training import NirRecipe, augmented, nir_loss

TINY = {"width": 0.125, "global_size": 32}


@pytest.fixture
def batch() -> NirBatch:
    return noise_batch(32, [0, 1, 2, 1])


# --- loss -----------------------------------------------------------------------------------------


def test_loss_equals_numpy_written_out(batch):
    L, ab, scores = noise(4, 1, 16, 16), noise(4, 2, 16, 16, seed=3), noise(4, 3, seed=4)
    recipe = NirRecipe(luminance=2.0, chroma=3.0, structure="gradient", structure_weight=0.25)
    found = nir_loss(L, ab, scores, batch, recipe)
    true = batch.lab.double().numpy().reshape(4, 3, 16, 2, 16, 2).mean(axis=(3, 5))
    true[:, 0] /= 100
    true[:, 1:] = true[:, 1:] / 220 + 0.5
    light, red, yellow = L[:, 0].numpy(), ab[:, 0].numpy(), ab[:, 1].numpy()
    squares = [((x - true[:, c]) ** 2).mean() for c, x in enumerate((light, red, yellow))]
    steps = sum(np.abs(np.diff(light, axis=k) - np.diff(true[:, 0], axis=k)).mean() for k in (1, 2))
    odds = np.exp(scores.numpy())
    chosen = odds[range(4), batch.labels] / odds.sum(axis=1)
    color = 2 * squares[0] + 3 * (squares[1] + squares[2])
    assert found.color.item() == pytest.approx(color, rel=1e-4)
    assert [found.L.item(), found.a.item(), found.b.item()] == pytest.approx(squares, rel=1e-4)
    assert found.structure.item() == pytest.approx(steps, rel=1e-4)
    total = color + 0.25 * steps - np.log(chosen).mean() / 300
    assert found.total.item() == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("structure", ["none", "gradient", "ssim"])
def test_the_truth_has_no_loss_and_a_shifted_luminance_has_structure_or_not(batch, structure):
    recipe = NirRecipe(structure=structure)
    L, ab = batch.lab[:, :1] / 100, batch.lab[:, 1:] / 220 + 0.5
    assert nir_loss(L, ab, None, batch, recipe).total.item() == pytest.approx(0, abs=1e-5)
    blurred = F.avg_pool2d(L, 5, 1, 2, count_include_pad=False)
    held = nir_loss(blurred, ab, None, batch, recipe).structure
    assert (held > 0.1) == (structure != "none")
    brighter = nir_loss(0.5 * L + 0.5 * 0.4, ab, None, batch, NirRecipe(structure="gradient"))
    assert brighter.structure > 0


def test_without_luminance_only_chroma_counts(batch):
    loss = nir_loss(None, noise(4, 2, 16, 16), None, batch, NirRecipe(structure="ssim"))
    assert loss.L == loss.structure == loss.classification == 0
    assert loss.total == loss.color == loss.a + loss.b


def test_bytes_reproduce_the_mistake(batch):
    recipe = NirRecipe(loading="bytes")
    wrong = batch.lab / 255
    loss = nir_loss(wrong[:, :1], wrong[:, 1:], None, batch, recipe)
    assert loss.total.item() == pytest.approx(0, abs=1e-6)
    assert (wrong[:, 1:] < 0).any()  # what no sigmoid reaches


@pytest.mark.parametrize("structure", ["gradient", "ssim"])
def test_gradients_are_finite_and_reach_every_plane(batch, structure):
    L, ab = noise(4, 1, 32, 32).requires_grad_(), noise(4, 2, 16, 16).requires_grad_()
    nir_loss(L, ab, None, batch, NirRecipe(structure=structure)).total.backward()
    for plane in (L, ab):
        assert plane.grad.isfinite().all() and plane.grad.abs().sum() > 0


def test_an_unknown_setting_of_the_recipe_is_refused():
    for wrong in ({"structure": "edges"}, {"loading": "rgb"}, {"luminance": -1.0}, {"lumen": 1}):
        with pytest.raises((ValueError, TypeError)):
            NirRecipe(**wrong)


# --- batches --------------------------------------------------------------------------------------


def test_augmenting_keeps_halves_registered_and_repeats_with_its_seed():
    images = torch.zeros(16, 40, 40, 4, dtype=torch.uint8)
    images[..., :3] = torch.arange(20, 240, 5.5)[:40].to(torch.uint8).view(1, 1, 40, 1)
    images[..., 3] = images[..., 0]
    labels = torch.zeros(16, dtype=torch.int64)

    def draw(seed):
        return augmented(images, labels, 32, torch.Generator().manual_seed(seed))

    first, again, other = draw(0), draw(0), draw(1)
    assert torch.equal(first.nir, again.nir) and torch.equal(first.lab, again.lab)
    assert not torch.equal(first.nir, other.nir)
    assert first.nir.shape == (16, 1, 32, 32) and 0 <= first.nir.min() <= first.nir.max() <= 1
    # Exposure and contrast change monotonically: the order of the columns is the color half's.
    for nir, lab in zip(first.nir[:, 0, 0], first.lab[:, 0, 0], strict=True):
        kept = nir < 0.999
        assert ((nir.diff() * lab.diff()) >= -1e-6)[kept[1:]].all()
    slopes = first.lab[:, 0, 0, -1] > first.lab[:, 0, 0, 0]
    assert 0 < slopes.float().mean() < 1  # some are flipped
    assert len(set(first.nir[:, 0, 0, 0].tolist())) > 8
