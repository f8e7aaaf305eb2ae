"""What the figures of the chapters about U-Nets draw."""

import numpy as np
import pandas as pd
import pytest
import torch

from colorkit.course.evaluation import batches
from colorkit.studies.gans.figures import (
    BINS,
    hue_histograms,
    hues_of,
    pattern_curves,
    stability_curves,
    time_and_quality,
    what_is_seen,
)


@pytest.fixture
def images(tiny):
    return tiny.subset(["lawn", "sky"], "test")


def paint(gray):
    """Half of every picture yellow (hue 95°, chroma 20), half of it gray."""
    ab = torch.zeros(len(gray), 2, *gray.shape[2:])
    angle = np.deg2rad(95)
    ab[:, 0, : gray.shape[2] // 2], ab[:, 1, : gray.shape[2] // 2] = (
        20 * np.cos(angle),
        20 * np.sin(angle),
    )
    return ab


def test_the_chroma_is_counted_at_its_hue(images):
    found = hues_of(paint, images, 16)
    assert found.shape == (BINS,)
    assert found[9] == pytest.approx(10, rel=1e-5)
    assert found.sum() == pytest.approx(10, rel=1e-5)
    true = next(iter(batches(images, 16))).lab[:, 1:]
    assert hues_of(None, images, 16).sum() == pytest.approx(true.norm(dim=1).mean().item(), 1e-4)


def test_each_histogram_has_its_title(images):
    figure = hue_histograms({"original": None, "half": paint}, images, 16)
    assert [ax.get_title() for ax in figure.axes] == ["original", "half"]
    heights = [bar.get_height() for bar in figure.axes[1].patches]
    np.testing.assert_allclose(heights, hues_of(paint, images, 16))


def test_times_are_drawn_against_errors():
    figure = time_and_quality({"alone": ([1, 2], [9, 8]), "teacher": ([10], [7])}, 11)
    alone, teacher, gray = figure.axes[0].lines
    assert alone.get_xydata().tolist() == [[1, 9], [2, 8]]
    assert teacher.get_xydata().tolist() == [[10, 7]]
    assert set(gray.get_ydata()) == {11}


def test_a_curve_is_the_mean_over_seeds_of_the_median_over_images():
    share = np.stack((np.full((3, 5), 0.2), np.full((3, 5), 0.4)))
    share[0, 0], share[1, 1, 2] = -1, np.nan
    figure = pattern_curves({"at 64 pixels": share})
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), 0.3)


def test_stability_is_drawn_of_each_discriminator():
    columns = ("train_discriminator", "train_generator_norm", "val_spread")
    histories = {
        name: pd.DataFrame({"epoch": [1, 2]} | {c: [k + 1.0, k + 2.0] for c in columns})
        for k, name in enumerate(("d0", "d4"))
    }
    axes = stability_curves(histories).axes
    assert [len(ax.lines) for ax in axes] == [3, 2, 2]  # two trainings, and ln 2
    assert list(axes[0].lines[1].get_ydata()) == [2.0, 3.0]
    assert set(axes[0].lines[2].get_ydata()) == {np.log(2)}
    assert [text.get_text() for text in axes[2].get_legend().texts] == ["d0", "d4"]


def test_a_critic_of_tiles_sees_its_tile_alone():
    picture = torch.ones(3, 64, 64)
    _, *shown = what_is_seen(picture, (3, 3))
    whole, d4, d8 = ((x[0] > 0.5).nonzero() for x in shown)  # bright pixels
    assert d4.amax() - d4.amin() < 64 // 4 and d8.amax() - d8.amin() < 64 // 8
    assert len(whole) > len(d4) > len(d8) > 0
