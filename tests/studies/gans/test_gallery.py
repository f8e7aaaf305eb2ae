"""The gallery: what is measured of each network, what tables and figures call it."""

import numpy as np
import pytest
import torch

from colorkit.course.chapter import Chapter
from colorkit.studies.gans import gallery as module
from colorkit.studies.gans.gallery import GRAY, Gallery, pareto


class Blue(torch.nn.Module):
    """Paints everything blue, at half the size."""

    def forward(self, gray):
        ab = torch.tensor([0.5, 0.2]).view(1, 2, 1, 1)
        return ab.expand(len(gray), 2, gray.shape[2] // 2, gray.shape[3] // 2)


class Recorder:
    """Stands in for a chapter."""

    images_show = "procedural"
    means = Chapter.means

    def __init__(self):
        self.tables, self.figures, self.numbers = {}, {}, []

    def number(self, name, values, **options):
        self.numbers.append((name, options["unit"]))
        return f"{np.mean(values):.3f}"

    def table(self, table, id, caption):
        self.tables[id] = table

    def figure(self, figure, id, **options):
        self.figures[id] = figure, options["shows"]


@pytest.fixture
def gallery(tiny):
    def judge(rgb, true=None):
        return torch.zeros(len(rgb), dtype=torch.int64)

    test = tiny.subset(["lawn", "sky"], "test")
    return Gallery(Recorder(), {"blue": Blue()}, test, 16, {"blue": "all blue"}, judge)


def test_every_picture_is_measured_once(gallery, monkeypatch):
    table = gallery["blue"]
    assert len(table) == len(gallery.images)
    assert (table["recognized"] == (table["label"] == "lawn")).all()
    expected = table["colorfulness"] / table["colorfulness_true"].clip(lower=1)
    np.testing.assert_allclose(table["ratio"], expected)
    gap = (table["colorfulness"] - table["colorfulness_true"]).abs()
    np.testing.assert_allclose(table["color_gap"], gap)
    monkeypatch.setattr(module, "evaluate", None)
    assert gallery["blue"] is table


def test_painting_nothing_is_measured_too(gallery):
    assert gallery[GRAY]["colorfulness"].max() < 0.01
    with pytest.raises(KeyError):
        gallery["red"]


def test_a_summary_has_a_line_a_network(gallery):
    gallery.summary(["blue", GRAY], "T", "All", ("psnr", "delta_e", "ratio"))
    table = gallery.chapter.tables["T"]
    assert list(table.index) == ["all blue", "gray"]
    assert list(table.columns) == ["psnr (dB)", "delta e (ΔE₀₀)", "ratio", "sepia"]
    assert ("blue: psnr", "dB") in gallery.chapter.numbers


def test_a_figure_has_gray_above_and_the_truth_below(gallery):
    gallery.show(["blue"], gallery.few(), "F", "alt", "caption")
    figure, shows = gallery.chapter.figures["F"]
    rows = [ax.get_ylabel() for ax in figure.axes if ax.get_ylabel()]
    assert rows == ["gray", "all blue", "original"]
    assert shows == "procedural"


def test_the_front_is_what_nobody_beats():
    values = np.array([[3, 1], [1, 3], [2, 2], [1, 1], [2, 1], [3, 1]])
    assert pareto(values).tolist() == [True, True, True, False, False, True]  # equals do not beat
    assert pareto(np.zeros((1, 2))).tolist() == [True]
