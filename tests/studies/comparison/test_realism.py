"""Pictures as a crowd: the distance of their features, and colorfulness in its two forms."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_pairs import noise

from colorkit.imaging.metrics.quality import colorfulness_rgb
from colorkit.models.resnet import SceneClassifier
from colorkit.studies.comparison import realism
from colorkit.studies.comparison.scoring import frechet_distance
from colorkit.system.errors import ColorkitError
from colorkit.training.imagenet import pooled_features


class Means(torch.nn.Module):
    num_features = 3

    def forward(self, x):
        return x.mean(dim=(2, 3))


def test_a_crowd_has_a_line_for_each_network_and_one_for_the_truth():
    true = noise(12, 3, 32, 32)
    drawn = {"same": true, "gray": true.mean(dim=1, keepdim=True).expand_as(true)}
    gallery = SimpleNamespace(pictures=lambda name: (drawn[name], true))
    table = realism.crowd(gallery, drawn, Means())
    assert list(table.index) == ["same", "gray", "the photographs"]
    assert table.loc["same"].to_numpy() == pytest.approx(
        table.loc["the photographs"].to_numpy(), abs=1e-4
    )
    assert table.loc["gray", ["signed", "absolute"]].tolist() == pytest.approx([0, 0], abs=1e-3)
    for name, absolute in (("signed", False), ("absolute", True)):
        wanted = colorfulness_rgb(true, absolute).mean().item()
        assert table.loc["gray", f"{name}_gap"] == pytest.approx(wanted, rel=1e-5)
    pixels = [
        [(255 * x).round().byte().permute(1, 2, 0).numpy() for x in each]
        for each in (drawn["gray"], true)
    ]
    distance = frechet_distance(Means(), *pixels)
    assert table.loc["gray", "distance"] == pytest.approx(distance, rel=1e-5) and distance > 0


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
