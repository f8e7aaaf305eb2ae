"""Figures: grids, files and alternative texts; and the architecture measured from the network."""

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from PIL import Image

from colorkit.course.figures import (
    COLORS,
    DASHES,
    SHOWS,
    SavedFigure,
    dendrogram,
    figure_html,
    histogram_row,
    histograms,
    image_grid,
    interval_plot,
    loss_curves,
    new_figure,
    png,
    save_figure,
    to_pixels,
    wrap,
)
from colorkit.models.colornet import ColorNet, parameter_count
from colorkit.studies.architecture import architecture_figure, measure_parts
from colorkit.system.errors import ColorkitError


def drawn(figure) -> list[list]:
    """Images of a grid's axes, in order; an empty place has none."""
    return [[image.get_array() for image in ax.get_images()] for ax in figure.axes]


def saved(figure, folder, **options) -> SavedFigure:
    options = {"alt": "two curves", "caption": "Losses.", "shows": "plot"} | options
    return save_figure(figure, folder, options.pop("id", "R-F4"), **options)


def curves():
    return loss_curves({"train": [([1, 2, 3], [3, 2, 1])], "validation": [([1, 2, 3], [4, 3, 3])]})


def test_a_grid_shows_every_image_in_its_place_and_leaves_none_empty():
    red = torch.zeros(3, 8, 8)
    red[0] = 1
    gray = torch.full((1, 8, 8), 0.5)
    pixels = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    figure = image_grid([[red, None, gray], [pixels]], ["first", "second"], ["a", "b", "c"])
    images = drawn(figure)
    assert len(images) == 6 and [len(image) for image in images] == [1, 0, 1, 1, 0, 0]
    assert (np.asarray(images[0][0])[..., 0] == 255).all()
    assert images[2][0].shape == (8, 8) and (np.asarray(images[2][0]) == 128).all()
    assert np.array_equal(images[3][0], pixels)
    assert [ax.get_ylabel() for ax in figure.axes] == ["first", "", "", "second", "", ""]
    assert [ax.get_title() for ax in figure.axes] == ["a", "b", "c", "", "", ""]


def size(figure) -> list[float]:
    return figure.get_size_inches().tolist()


def test_figures_are_as_large_as_what_they_hold():
    image = np.zeros((4, 4, 3), np.uint8)
    assert size(image_grid([[image] * 3] * 2)) == pytest.approx([3 * 1.15, 2 * 1.15 + 0.3])
    labels = ["a", "12345\n6789"]  # the longest line is five letters wide
    wide = image_grid([[image], [image]], labels, side=2)
    assert size(wide) == pytest.approx([2 + 0.11 * 5 * 0.72, 4.3])
    assert size(new_figure()[0]) == [8, 3.2]
    rows = [("a", 0, 0, 0)] * 3
    assert size(interval_plot(rows, "x")) == pytest.approx([8, 0.8 + 0.34 * 3])
    values = {"one": torch.rand(2, 2, 4, 4)}
    assert size(histogram_row(values, "ab")) == pytest.approx([11, 2.7])
    assert size(histogram_row(values, "ab", 4)) == pytest.approx([4, 2.7])
    tree = dendrogram(np.array([[0, 1, 1.0, 2]]), "ab")
    assert size(tree) == pytest.approx([8, 0.8 + 0.2 * 2])


def test_a_grid_without_labels_draws():
    image = np.zeros((4, 4, 3), np.uint8)
    assert png(image_grid([[image, image]]))[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("rows", [[], [[]], [[], []]])
def test_a_grid_of_nothing_is_refused(rows):
    with pytest.raises(ValueError, match="at least one image"):
        image_grid(rows)


def test_labels_that_do_not_fit_the_rows_are_refused():
    with pytest.raises(ValueError, match="3 row labels for 1 rows"):
        image_grid([[np.zeros((4, 4, 3), np.uint8)]], ["a", "b", "c"])


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("scenes/football_field", "football field"),
        ("library-indoor", "library indoor"),
        ("a_very_long_name_of_a_class", "a very long name\nof a class"),
    ],
)
def test_class_names_are_wrapped_for_readers(label, text):
    assert wrap(label) == text


def test_pixels_are_clipped_and_rounded():
    image = torch.tensor([-1.0, 0.0, 0.4999, 0.5, 1.0, 2.0]).view(1, 1, 6).expand(3, 1, 6)
    assert to_pixels(image)[0, :, 0].tolist() == [0, 0, 127, 128, 255, 255]
    assert to_pixels(torch.rand(1, 3, 5)).shape == (3, 5)
    assert to_pixels(torch.rand(3, 3, 5, requires_grad=True)).shape == (3, 5, 3)
    array = np.zeros((2, 2), np.uint8)
    assert to_pixels(array) is array


def test_curves_are_told_apart_by_color_and_dash():
    assert len(set(COLORS)) == len(COLORS) and len({str(d) for d in DASHES}) == len(DASHES)
    lines = curves().axes[0].get_lines()
    bold = [line for line in lines if line.get_linewidth() == 2.2]
    assert [line.get_label() for line in bold] == ["train", "validation"]
    assert {line.get_alpha() for line in lines if line not in bold} == {1}
    assert (
        len({line.get_color() for line in bold})
        == len({line.get_linestyle() for line in bold})
        == 2
    )


def test_repetitions_share_a_color_and_their_mean_is_bold():
    figure = loss_curves({"scratch": [([1, 2], [4.0, 2.0]), ([1, 2], [2.0, 0.0])]})
    lines = figure.axes[0].get_lines()
    assert len({line.get_color() for line in lines}) == 1
    *thin, bold = lines
    assert [(line.get_linewidth(), line.get_alpha()) for line in thin] == [(1, 0.25)] * 2
    assert bold.get_linewidth() == 2.2
    assert bold.get_ydata().tolist() == [3.0, 1.0]
    assert figure.axes[0].get_xlabel() == "epoch" and figure.axes[0].get_ylabel()


def test_intervals_are_drawn_from_the_top_around_their_values():
    figure = interval_plot([("a", 1.0, 0.5, 1.5), ("b", -1.0, -2.0, 0.0)], "ΔE", "no difference")
    ax = figure.axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_ylim() == (1.5, -0.5)
    data = [line.get_xdata() for line in ax.get_lines()]
    assert [list(map(float, x)) for x in data[:4]] == [[0.5, 1.5], [1.0], [-2.0, 0.0], [-1.0]]
    (line,) = ax.texts
    assert (line.get_text(), line.xy) == ("no difference", (0, -0.75))
    assert data[4] == [0, 0] and len(data) == 5


def test_histograms_are_shares_over_common_edges():
    values = {"a": np.array([0.0, 1.0, 1.0, 2.0]), "b": np.array([4.0, 4.0])}
    figure = histograms(values, "chroma", bins=4)
    stairs = [patch.get_data() for patch in figure.axes[0].patches]
    assert [s.values.tolist() for s in stairs] == [[0.25, 0.5, 0.25, 0.0], [0.0, 0.0, 0.0, 1.0]]
    assert all(s.edges.tolist() == [0, 1, 2, 3, 4] for s in stairs)


def test_a_tree_sets_off_the_chosen_leaves():
    linkage = np.array([[0, 1, 1.0, 2], [2, 3, 4.0, 3]])
    figure = dendrogram(linkage, ["bar_a", "bar_b", "sky"], bold=["bar_b"])
    labels = {t.get_text(): t.get_fontweight() for t in figure.axes[0].get_yticklabels()}
    assert labels == {"bar a": "normal", "bar b": "bold", "sky": "normal"}


def test_a_figure_is_written_under_its_id(tmp_path):
    figure, _ = new_figure()
    picture = saved(figure, tmp_path, id="R-F6a")
    assert picture == SavedFigure("R-F6a", "figures/R-F6a.png", "two curves", "Losses.", "plot")
    with Image.open(tmp_path / picture.file) as image:
        assert image.format == "PNG" and image.width > 300
        assert "Software" not in image.info
    assert [p.name for p in (tmp_path / "figures").iterdir()] == ["R-F6a.png"]


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_figure_without_alternative_text_is_refused_and_not_written(tmp_path, alt):
    with pytest.raises(ValueError, match="R-F4 needs an alternative text"):
        saved(curves(), tmp_path, alt=alt)
    assert not list(tmp_path.iterdir())


def test_an_unknown_kind_of_picture_names_the_known_ones(tmp_path):
    with pytest.raises(ValueError) as fault:
        saved(curves(), tmp_path, shows="photo")
    assert "'photo'" in str(fault.value) and all(kind in str(fault.value) for kind in SHOWS)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "figures").write_text("in the way")
    with pytest.raises(ColorkitError, match="could not write"):
        saved(curves(), tmp_path)


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    assert png(curves()) == png(curves())
    figure = curves()
    saved(figure, tmp_path)
    assert (tmp_path / "figures" / "R-F4.png").read_bytes() == png(figure) == png(figure)


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_html_holds_image_caption_and_escaped_alternative_text():
    alt = 'a "b" <script>alert(1)</script> & c'
    picture = SavedFigure("R-F4", "figures/R-F4.png", alt, "ΔE < 2 & <b>falling</b>", "plot")
    page = Elements()
    code = figure_html(picture, b"\x89PNG pixels")
    page.feed(code)
    tags = dict(page.found)
    assert [tag for tag, _ in page.found] == ["figure", "img", "figcaption", "b"]
    assert tags["figure"] == {"id": "R-F4"}
    assert tags["img"]["alt"] == alt
    head, data = tags["img"]["src"].split(",")
    assert head == "data:image/png;base64" and base64.b64decode(data) == b"\x89PNG pixels"
    assert page.text == "R-F4 ΔE < 2 & <b>falling</b>"
    assert "<script" not in code


def small(num_classes: int | None = 4) -> ColorNet:
    return ColorNet(num_classes, width=0.125, global_size=32)


@pytest.mark.parametrize("num_classes", [4, None])
def test_measured_parts_hold_all_parameters(num_classes):
    model = small(num_classes)
    parts = measure_parts(model, 32, 32)
    assert [p.name for p in parts] == list(model.parts())
    assert [p.parameters for p in parts] == [parameter_count(p) for p in model.parts().values()]
    assert sum(p.parameters for p in parts) == parameter_count(model)


def test_measured_shapes_are_those_of_a_forward_pass():
    shapes = {p.name: p.shapes for p in measure_parts(small(), 48, 72)}
    assert shapes == {
        "low-level features": ((64, 6, 9), (64, 4, 4)),  # the image, then its small copy
        "mid-level features": ((32, 6, 9),),
        "global features": ((32,),),
        "fusion": ((32, 6, 9),),
        "colorization": ((2, 24, 36),),
        "classifier": ((4,),),
    }
    square = {p.name: p.shapes for p in measure_parts(small(), 32, 32)}
    assert square["low-level features"] == ((64, 4, 4),)


def test_measuring_leaves_no_hook_behind():
    model = small()
    first = measure_parts(model, 32, 32)
    assert measure_parts(model, 32, 32) == first
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize("num_classes", [4, None])
def test_the_architecture_is_drawn_with_what_was_measured(num_classes):
    model = small(num_classes)
    texts = [t.get_text() for t in architecture_figure(model, 48, 72).axes[0].texts]
    assert texts[0] == "gray\n1 × 48 × 72" and texts[-1] == "a*, b*\n2 × 24 × 36"
    counts = [int(n.replace(",", "")) for t in texts for n in re.findall(r"([\d,]+) param", t)]
    assert sum(counts) == parameter_count(model)
    assert {t.split("\n")[0] for t in texts[1:-1]} == set(model.parts())


def test_histogram_rows_share_every_pixel():
    values = {"one": torch.randn(2, 3, 8, 8), "constant": torch.zeros(2, 3, 8, 8)}
    figure = histogram_row(values, ["red", "green", "blue"])
    assert [ax.get_xlabel() for ax in figure.axes] == ["red", "green", "blue"]
    for ax in figure.axes:
        assert [sum(p.get_data().values) for p in ax.patches] == pytest.approx([1, 1])
    assert len(histogram_row({"one": values["constant"][:, :1]}, ["L*"], 4).axes) == 1
    # The outermost thousandths are gathered at the edges.
    many = torch.linspace(0, 1000, 100_001).view(1, 1, 1, -1)
    (stairs,) = histogram_row({"one": many}, ["L*"]).axes[0].patches
    assert stairs.get_data().edges[[0, -1]].tolist() == pytest.approx([1, 999])
    assert stairs.get_data().values == pytest.approx(np.full(41 - 1, 0.025), abs=1.1e-3)
    flat = histogram_row({"one": torch.zeros(1, 1, 2, 2)}, ["L*"]).axes[0].patches[0].get_data()
    assert flat.edges[[0, -1]].tolist() == pytest.approx([0, 1e-6])
