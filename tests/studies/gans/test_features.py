"""Differences that an encoder sees, as a measure and as a loss."""

import pytest
import torch
import torch.nn.functional as F

from colorkit.data.batches import Batch
from colorkit.models.resnet import SceneClassifier
from colorkit.models.unet import UNet
from colorkit.studies.gans.features import FeatureColorizer, FeatureRecipe
from colorkit.studies.gans.perceptual import FeatureDistance, picture_of
from colorkit.studies.gans.training import planes_of, reconstruction_loss


@pytest.fixture
def distance() -> FeatureDistance:
    torch.manual_seed(0)
    return FeatureDistance(SceneClassifier(2).encoder[:2])


def pictures(count: int = 3) -> torch.Tensor:
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def test_a_distance_by_hand():
    """One stage of one filter a channel: the planes are the colors brought to [−2, 2]."""
    same = torch.nn.Conv2d(3, 3, 1, bias=False)
    same.weight.data = torch.eye(3).view(3, 3, 1, 1)
    distance = FeatureDistance(torch.nn.ModuleList([same]))
    found, true = pictures(), pictures().flip(0)
    cosine = F.cosine_similarity(4 * found - 2, 4 * true - 2, dim=1)
    torch.testing.assert_close(distance(found, true), (2 - 2 * cosine).mean(dim=(1, 2)))


def test_it_grows_with_what_is_changed_and_each_picture_has_its_own(distance):
    true = pictures()
    assert (distance(true, true) < 1e-6).all()
    little, much = (true + by * (true.flip(1) - true) for by in (0.2, 0.8))
    assert (distance(much, true) > 2 * distance(little, true)).all()
    torch.testing.assert_close(distance(much, true)[1:2], distance(much[1:2], true[1:2]))


def test_the_encoder_is_never_changed(distance):
    before = {name: tensor.clone() for name, tensor in distance.state_dict().items()}
    rgb = pictures().requires_grad_()
    distance.train()(rgb, pictures().flip(0)).sum().backward()
    assert rgb.grad.abs().sum() > 0
    assert not any(p.requires_grad for p in distance.parameters())
    assert all(torch.equal(t, before[n]) for n, t in distance.state_dict().items())


def test_the_loss_adds_the_distance_of_the_pictures(distance):
    drawn = torch.rand(4, 4, 32, 32, generator=torch.Generator().manual_seed(0))
    lab = torch.cat((100 * drawn[:, :1], 80 * drawn[:, 1:3] - 40), dim=1)
    batch = Batch(drawn[:, 3:], lab, torch.zeros(4, dtype=torch.int64))
    network = UNet(width=2, depth=2).eval()
    recipe = FeatureRecipe(encoder="one", features=0.3)
    module = FeatureColorizer(network, recipe, 32, 0, distance=distance)
    assert set(module.state_dict()) == {f"model.{name}" for name in network.state_dict()}
    loss, _ = module._loss(batch)
    found, true = planes_of(batch, network(batch.gray))
    plain = reconstruction_loss(found, true, recipe)
    apart = distance(picture_of(found), picture_of(true)).mean()
    torch.testing.assert_close(loss.total, plain.total + 0.3 * apart)
    assert loss.color == plain.color  # which chooses the best epoch
    loss.total.backward()
    assert all(p.grad.isfinite().all() for p in network.parameters())
