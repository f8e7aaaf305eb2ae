"""The gallery: what is measured of each network, what tables and figures call it."""

import numpy as np
import pytest
import torch

from colorkit.course.chapter import Chapter
from colorkit.course.evaluation import Constant, Trained, batches
from colorkit.imaging.color import scale_ab
from colorkit.studies.gans import gallery as module
from colorkit.studies.gans.gallery import GRAY, MEAN, Gallery, pareto


class Blue(torch.nn.Module):
    """Paints everything blue, at half the size."""

    def forward(self, gray):
        ab = torch.tensor([0.5, 0.2]).view(1, 2, 1, 1)
        return ab.expand(len(gray), 2, gray.shape[2] // 2, gray.shape[3] // 2)


class Recorder:
    """Stands in for a chapter."""

    images_show = "procedural"
    means, learned = Chapter.means, Chapter.learned

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


class Paints(torch.nn.Module):
    """Paints one color everywhere."""

    def __init__(self, a: float):
        super().__init__()
        self.ab = torch.tensor([a, 0.5]).view(1, 2, 1, 1)

    def forward(self, gray):
        return self.ab.expand(len(gray), 2, *gray.shape[2:])


def test_trainings_that_differ_in_their_seed_are_measured_together(gallery):
    gallery.networks |= {"red/1": Paints(0.6), "red": Paints(0.9), "red-2": Paints(0.5)}
    gallery.networks = dict(sorted(gallery.networks.items()))
    found = gallery.over_seeds("red", "colorfulness")
    assert found.shape == (2, len(gallery.images))
    np.testing.assert_allclose(found[0], gallery["red"]["colorfulness"])
    np.testing.assert_allclose(found[1], gallery["red/1"]["colorfulness"])
    assert (found[0] > found[1]).all()
    assert gallery.title("red/1") == "red, 2"
    table = gallery.means(["red"], "absolute_error")
    mean = gallery.over_seeds("red", "absolute_error").mean()
    assert table.loc["red"].to_dict() == {"absolute error": f"{mean:.3f}"}
    assert gallery.chapter.numbers == [("red: absolute_error over seeds", "")]


class Knows(torch.nn.Module):
    """Paints the truth of a set of images, a share of it."""

    def __init__(self, images, size: int, share: float):
        super().__init__()
        self.ab, self.share = next(iter(batches(images, size))).lab[:, 1:], share

    def forward(self, gray):
        return scale_ab(self.share * self.ab)


def test_a_network_has_learned_where_all_its_trainings_beat_both_colors(gallery):
    gallery._plain[MEAN] = Constant(3.0, 5.0)
    good = [Knows(gallery.images, 16, share) for share in (0.9, 0.8)]
    gallery.networks |= {"one": good[0], "two": good[0], "two/1": good[1], "dull": Paints(0.5)}
    assert [gallery.learned(row) for row in ("one", "two", "dull")] == [True, True, False]
    gallery._plain[MEAN] = Trained(good[0])  # a mean color as good as the network
    gallery._measured.clear()
    assert not gallery.learned("two")


def test_colors_that_stop_at_edges_spill_less(gallery):
    gallery.networks |= {"true": Knows(gallery.images, 16, 1.0)}
    blurred = Knows(gallery.images, 16, 1.0)
    blurred.ab = torch.nn.functional.avg_pool2d(blurred.ab, 9, 1, 4, count_include_pad=False)
    gallery.networks["blurred"] = blurred
    assert gallery["true"]["spill"].mean() < gallery["blurred"]["spill"].mean()


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
