"""The colors that hints are given for measuring, and places that differ from picture to picture."""

import numpy as np
import pytest
import torch

from colorkit.data.sample_photographs import sample_photographs
from colorkit.imaging.color import rgb_to_lab
from colorkit.models import pretrained
from colorkit.studies.hints import measures


def lab(color: tuple[int, int, int]) -> np.ndarray:
    return rgb_to_lab(torch.tensor(color).view(1, 3, 1, 1) / 255).flatten().numpy()


@pytest.mark.parametrize("hue", [0.0, 40.0, 130.0, 250.0])
def test_a_tint_has_its_hue_chroma_and_lightness(hue):
    wanted = (60, 20 * np.cos(np.deg2rad(hue)), 20 * np.sin(np.deg2rad(hue)))
    np.testing.assert_allclose(lab(measures.tint(hue, chroma=20)), wanted, atol=0.6)  # of bytes


def test_the_opposite_keeps_lightness_and_turns_the_hue_round():
    color = measures.tint(30, chroma=20)
    np.testing.assert_allclose(lab(measures.opposite(color)), lab(color) * [1, -1, -1], atol=0.8)


def test_every_photograph_has_places_of_its_own(monkeypatch):
    seeds = []
    monkeypatch.setattr(
        measures, "true_hints", lambda rgb, count, size, seed: seeds.append(seed) or []
    )
    monkeypatch.setattr(measures, "predict_planes", lambda *given: torch.zeros(1, 3, 4, 4))
    photographs = list(np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8))
    table = measures.psnr_by_points(None, {"size": 8}, photographs, seed=7)
    assert seeds == [7, 8, 9] and len(table) == 3


def test_a_hint_is_believed_where_it_lies_and_not_by_the_sky():
    """The box's network, a hint on the bushes below a temple; the upper fifth is sky."""
    temple = sample_photographs(256)["china"]
    height, width = temple.shape[:2]
    found = measures.belief(
        pretrained.load("hints")[0], temple, (20, height - 20, (60, 120, 40)), 96
    )
    assert found.shape[0] == 1 and found.min() >= 0 and found.max() <= 1
    row, column = (
        round(at * side)
        for at, side in zip((1 - 20 / height, 20 / width), found.shape[1:], strict=True)
    )
    assert found[0, row, column] > 0.8
    assert found[0, : found.shape[1] // 5].mean() < 0.1
