"""Pictures as a crowd: the distance of their features, and colorfulness in its two forms."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_pairs import noise
from PIL import Image
from scipy.linalg import sqrtm

from colorkit.imaging.metrics.quality import colorfulness_rgb
from colorkit.models.resnet import SceneClassifier
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.studies.comparison import realism
from colorkit.system.errors import ColorkitError
from colorkit.training.imagenet import pooled_features


class Means(torch.nn.Module):
    num_features = 3

    def forward(self, x):
        return x.mean(dim=(2, 3))


def test_the_frechet_distance_is_its_formula():
    rng = np.random.default_rng(0)
    shapes = [(20 + k % 3, 24, 3) for k in range(40)]
    true = [np.full(s, rng.integers(0, 256, 3), np.uint8) for s in shapes]
    found = [np.full(s, rng.integers(0, 128, 3), np.uint8) for s in shapes]
    x, y = (np.array([p[0, 0] for p in pictures]) / 255 for pictures in (found, true))
    both = sqrtm(np.cov(x.T) @ np.cov(y.T)).real
    wanted = ((x.mean(0) - y.mean(0)) ** 2).sum()
    wanted += np.trace(np.cov(x.T) + np.cov(y.T) - 2 * both)
    assert realism.frechet_distance(Means(), true)(found) == pytest.approx(wanted, rel=1e-4)
    distance = realism.frechet_distance(Means(), true)
    assert distance(found) == distance(found) > 0  # nothing is left of what was measured before
    assert distance(true) == pytest.approx(0, abs=1e-6)


def test_a_networks_pictures_are_set_beside_gray_ones(tmp_path):
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{k}.png" for k in range(4)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(path)
    network = ResNetUNet(stages=2).eval()  # paints nothing before it has learned
    card, files = {"size": 32}, {"one": paths[:1], "other": paths[1:]}
    found = realism.distances(network, files, card, Means())
    assert found["images"] == 4 and found["found"] == pytest.approx(found["gray"], abs=1e-3)
    with torch.no_grad():
        network.last.bias.fill_(0.1)
    colored = realism.distances(network, files, card, Means())
    assert colored["gray"] == found["gray"] and colored["found"] != found["found"]


def test_a_crowd_has_a_line_for_each_network_and_one_for_the_truth():
    true = noise(12, 3, 32, 32)
    drawn = {"same": true, "gray": true.mean(dim=1, keepdim=True).expand_as(true)}
    gallery = SimpleNamespace(pictures=lambda name: (drawn[name], true), title=str.upper)
    table = realism.crowd(gallery, drawn, Means())
    assert list(table.index) == ["SAME", "GRAY", "the photographs"]
    same, gray, truth = (table.loc[name].to_numpy() for name in table.index)
    assert same == pytest.approx(truth, abs=1e-4) and truth[[0, 2, 4]].tolist() == [0, 0, 0]
    assert gray[[1, 3]] == pytest.approx(0, abs=1e-3)
    wanted = [colorfulness_rgb(true, absolute).mean().item() for absolute in (False, True)]
    assert gray[[2, 4]] == pytest.approx(wanted, abs=1e-3) and truth[[1, 3]] == pytest.approx(
        wanted
    )
    pixels = [
        [(255 * x).round().byte().permute(1, 2, 0).numpy() for x in each]
        for each in (drawn["gray"], true)
    ]
    distance = realism.frechet_distance(Means(), pixels[1])(pixels[0])
    assert gray[0] == pytest.approx(distance, rel=1e-5) and distance > 0


def test_the_encoder_is_imagenets_or_the_courses_classifier(monkeypatch):
    torch.manual_seed(0)
    classifier = SceneClassifier(4).eval()
    run = SimpleNamespace(model=lambda: classifier)
    sweep = SimpleNamespace(train=lambda name: run)

    def missing():
        raise ColorkitError("not installed")

    monkeypatch.setattr(realism, "lite2_features", missing)
    encoder, named = realism.feature_encoder(sweep)
    rgb = noise(2, 3, 64, 48)
    assert "classifier" in named and encoder.num_features == 512
    assert torch.allclose(classifier.classifier(encoder(rgb)), classifier(rgb), atol=1e-5)
    monkeypatch.setattr(
        realism, "lite2_features", lambda: pooled_features([torch.nn.Identity()], 3)
    )
    encoder, named = realism.feature_encoder(sweep)
    assert "ImageNet" in named and np.shape(encoder(rgb)) == (2, 3)
