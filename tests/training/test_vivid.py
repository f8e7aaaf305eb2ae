"""Learning the expected chroma: its best answer is the mean chroma, and nothing else moves."""

import pytest
import torch

from colorkit.data.batches import Batch
from colorkit.models.vivid_unet import VividUNet
from colorkit.training.faithful import FaithfulRecipe
from colorkit.training.vivid import ChromaColorizer, true_chroma


@pytest.fixture
def trained():
    torch.manual_seed(0)
    return ChromaColorizer(VividUNet(), FaithfulRecipe(), 32, 0)


def flat(a: float, b: float, count: int = 1) -> torch.Tensor:
    return torch.tensor([60.0, a, b]).view(1, 3, 1, 1).repeat(count, 1, 32, 32)


def test_red_and_green_of_one_gray_are_expected_to_be_strong(trained):
    """Two coats that look alike in gray: their mean is gray, their chroma is not."""
    lab = torch.cat((flat(40, 0), flat(-40, 0), flat(0, 20), flat(0, -20)))
    batch = Batch(torch.full((4, 1, 32, 32), 0.6), lab, torch.zeros(4, dtype=torch.long))
    trained.model.eval()
    optimizer = torch.optim.Adam([p for p in trained.parameters() if p.requires_grad], lr=0.02)
    for _ in range(80):
        optimizer.zero_grad()
        loss = trained._loss(batch)[0].total
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        _, expected = trained.model.mean_and_expected(batch.gray)
    assert (220 * expected).mean() == pytest.approx(30, abs=1)
    assert loss.item() == pytest.approx(100, rel=0.05)  # the variance of 40, 40, 20 and 20


def test_only_the_expectation_learns(trained):
    assert {n.split(".")[0] for n, p in trained.model.named_parameters() if p.requires_grad} == {
        "chroma"
    }
    trained.train_set, trained._trainer = None, None
    trained.model.train()
    trained.on_train_epoch_start()
    assert not any(module.training for module in trained.model.modules())


def test_the_chroma_is_that_of_areas():
    lab = flat(30, 40)
    lab[:, 1:, :, ::2] *= -1  # stripes finer than the network's planes
    like = torch.zeros(1, 1, 16, 16)
    assert true_chroma(lab, like).abs().max() < 1e-4
    torch.testing.assert_close(true_chroma(flat(30, 40), like), torch.full((1, 1, 16, 16), 50.0))
