"""Judges of color: what they are shown, what they prefer, and where an error prefers otherwise."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from colorkit.course.evaluation import Constant
from colorkit.course.networks import Course
from colorkit.imaging.color import lab_to_rgb
from colorkit.models.resnet import SceneClassifier
from colorkit.models.weights import read_card
from colorkit.studies.comparison import color_judge
from colorkit.studies.comparison.color_judge import (
    COARSE,
    LEAST,
    ChromaTrainer,
    ColorJudge,
    chroma_alone,
    contradictions,
    disagreements,
    judge_colors,
    train_judge,
)
from colorkit.studies.gans.configurations import AUTOENCODERS, D8
from colorkit.studies.gans.recognition import SceneRecipe
from colorkit.studies.gans.sweep import Sweep

PROFILE = """
name: tiny
data: {source: scenes, what: procedural scenes, size: 64, stored: 64, train: 5, val: 2, test: 2}
recipe: {precision: 32-true}
networks: {vegenet: {classes: [lawn, house]}}
gans: {size: 72, stored: 72, classes: [lawn, house], width: 2, depth: 1, discriminator_width: 2,
  epochs: 1, batch_size: 4, stages: 2, classifier_epochs: 1}
"""


@pytest.fixture
def sweep(tmp_path, monkeypatch) -> Sweep:
    """Make the sweep of a few scenes, at a size of its own."""
    folder = tmp_path / "notebooks" / "profiles"
    folder.mkdir(parents=True)
    (folder / "tiny.yaml").write_text(PROFILE)
    monkeypatch.chdir(tmp_path)
    return Sweep(Course("tiny"))


def one_color(L: float, a: float, b: float, side: int = 32) -> torch.Tensor:
    lab = torch.tensor([L, a, b], dtype=torch.float32).view(1, 3, 1, 1).expand(1, 3, side, side)
    return lab_to_rgb(lab)


def test_lightness_is_not_seen_and_chroma_is():
    dark, light, other = (
        chroma_alone(one_color(*lab)) for lab in ((40, 15, 10), (70, 15, 10), (70, 10, 15))
    )
    torch.testing.assert_close(dark, light, atol=1e-4, rtol=0)
    assert (light - other).abs().max() > 0.01
    assert dark.shape == (1, 3, 32, 32)
    torch.testing.assert_close(dark[0, 1:, 0, 0], torch.tensor([0.5 + 15 / 220, 0.5 + 10 / 220]))


def test_fine_detail_is_averaged_away():
    lab = torch.full((1, 3, 32, 32), 60.0)
    lab[:, 1], lab[:, 2] = 12.0, 0.0
    lab[:, 1, :, ::2] = -12.0  # stripes of one pixel
    lab[:, 2, :, 16:] = 20.0  # and a half
    seen = chroma_alone(lab_to_rgb(lab))
    assert (seen[:, 1] - 0.5).abs().max() < 1e-3
    assert (seen[..., : 16 - COARSE][:, 2] - 0.5).abs().max() < 1e-3
    assert (seen[..., 16:][:, 2] - 0.5 - 20 / 220).abs().max() < 1e-3


@pytest.mark.parametrize("training", [True, False])
def test_its_batches_hold_chroma_and_every_image_once(training):
    trainer = ChromaTrainer(SceneClassifier(2), SceneRecipe(grays=0.0), 32, 0)
    trainer._trainer = SimpleNamespace(
        training=training, current_epoch=0, global_step=0, world_size=1, global_rank=0
    )
    light = (255 * torch.cat((one_color(70, 15, 10), one_color(40, 15, 10)))).round()
    pixels = light.permute(0, 2, 3, 1).to(torch.uint8)
    batch = trainer.on_after_batch_transfer((pixels, torch.tensor([1, 0])), 0)
    assert batch.labels.tolist() == [1, 0]
    assert batch.rgb.shape == (2, 3, 32, 32)
    torch.testing.assert_close(batch.rgb[0], batch.rgb[1], atol=0.01, rtol=0)
    assert (batch.rgb[:, 1] > 0.55).all()  # not in gray
    assert trainer.on_after_batch_transfer(batch, 0) is batch


def test_a_judge_is_trained_once_on_chroma_and_chooses_among_the_sweeps_classes(sweep):
    run = train_judge(sweep)
    card = read_card(run.weights)
    assert card["identity"]["module"] == "ChromaTrainer"
    assert card["identity"]["recipe"]["grays"] == 0
    assert (card["classes"], card["size"]) == (["lawn", "house"], 72)
    judge = ColorJudge(sweep)
    seen = torch.cat((one_color(40, 15, 10, 64), one_color(70, 15, 10, 64)))
    chances = judge(seen)
    torch.testing.assert_close(chances.sum(dim=1), torch.ones(2))
    torch.testing.assert_close(chances[0], chances[1], atol=1e-3, rtol=0)
    scores = run.model()(chroma_alone(seen))
    torch.testing.assert_close(chances, scores.softmax(dim=1))


def test_an_autoencoder_stands_beside_the_best_gan_of_its_generator(sweep, monkeypatch):
    errors = dict.fromkeys(D8, 0.1) | {"nu-learned-d4": 0.05}
    monkeypatch.setattr(
        Sweep, "train", lambda self, name: SimpleNamespace(error=errors.get(name, 0.5))
    )
    found = color_judge.pairs(sweep)
    assert list(found) == list(AUTOENCODERS)
    assert found["u-learned"] == "u-learned-d8" and found["nu-learned"] == "nu-learned-d4"


def test_both_judges_look_at_the_colors_a_network_paints(sweep):
    images = sweep.images("test")

    def judge(rgb):
        green = (rgb[:, 1] - rgb[:, 0]).mean(dim=(1, 2)) > 0.02
        return torch.where(green[:, None], torch.tensor([0.3, 0.7]), torch.tensor([0.9, 0.1]))

    def distance(found, true):
        return (found - true).square().mean(dim=(1, 2, 3))

    green = judge_colors(Constant(-30, 20), images, 72, judge, distance)
    gray = judge_colors(Constant(), images, 72, judge, distance)
    true = judge_colors(None, images, 72, judge, distance)
    lawn = (images.labels == 0).numpy()
    np.testing.assert_allclose(green["chance"], np.where(lawn, 0.3, 0.7), atol=1e-6)
    np.testing.assert_allclose(gray["chance"], np.where(lawn, 0.9, 0.1), atol=1e-6)
    assert (green["recognized"] == ~lawn).all() and (gray["recognized"] == lawn).all()
    assert (true["distance"] == 0).all() and (gray["distance"] > 0).all()


def test_a_contradiction_is_clear_on_both_sides():
    first = np.array([[2.0, 2.0, 0.0, 2.0, 0.9, 5.0], [0.0, 0.0, 2.0, 0.0, 0.0, 5.0]])
    second = np.array([[0.0, 2.0, 1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.5, 9.0, 9.0]])
    assert contradictions(first, second).tolist() == [1, 0, 1, 0, 0, 0]
    assert contradictions(second, first).tolist() == [1, 0, 1, 0, 0, 0]


def test_shares_of_errors_and_distances_and_differences_of_chances_are_clear():
    assert LEAST == {"chroma": 0.2, "features": 0.1, "error": 0.1}
    errors = {"ae": np.array([0.10, 0.10, 0.10]), "gan": np.array([0.12, 0.12, 0.101])}
    judged = {
        "ae": pd.DataFrame({"chance": [0.3, 0.3, 0.1], "distance": [0.50, 0.50, 0.9]}),
        "gan": pd.DataFrame({"chance": [0.6, 0.4, 0.9], "distance": [0.48, 0.40, 0.1]}),
    }
    found = disagreements({"ae": "gan"}, errors, judged)
    assert found["chroma"].tolist() == [[1, 0, 0]]
    assert found["features"].tolist() == [[0, 1, 0]]
    # A network that does best by all of them is contradicted by none.
    assert not any(x.any() for x in disagreements({"gan": "gan"}, errors, judged).values())
