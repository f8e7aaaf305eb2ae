"""Figures are read from their HTML and kept as files, small, under names that follow content."""

import base64
import io

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from colorkit.report.pictures import FOLDER, Pictures, Shown, read_figures, without_data


class Tree(dict):
    """Files in memory, as `colorkit.report.book` keeps them on disk."""

    writes = 0

    def keep(self, name: str) -> bool:
        return name in self

    def write(self, name: str, content: bytes) -> None:
        self[name], self.writes = content, self.writes + 1


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def colors(count: int) -> np.ndarray:
    """A picture (64, 80, 3) of so many colors."""
    k = np.arange(64 * 80).clip(0, count - 1).reshape(64, 80)
    return np.dstack([k % 256, k // 256, 255 - k % 256]).astype(np.uint8)


@pytest.mark.parametrize(
    ("caption", "plain"),
    [
        ("Errors. (20 photographs; profile photos.)", "Errors."),
        ("Errors (a (b) c; profile box-1.0.)", "Errors"),
        ("Errors (of gray) (procedural scenes; profile smoke.)", "Errors (of gray)"),
    ],
)
def test_captions_that_end_with_their_data(caption, plain):
    assert without_data(caption) == plain
    assert Shown("R-F4", "", caption, b"").of_data


@pytest.mark.parametrize(
    "caption", ["Errors.", "(20 photographs; profile photos.) Errors", "Errors (photographs.)", ""]
)
def test_captions_that_do_not(caption):
    assert without_data(caption) == caption
    assert not Shown("R-F4", "", caption, b"").of_data


def test_figures_are_read_as_chapters_showed_them():
    code = base64.b64encode(b"a picture").decode()
    html = (
        f'<figure id="R-F4"><img alt="a &lt; b" src="data:image/png;base64,{code}">'
        "<figcaption><b>R-F4</b> What <i>R-F4</i> shows.</figcaption></figure><p>R-F9</p>"
        '<figure id="far"><img src="https://example.org/base64,x"></figure>'
        f'<figure><img src="data:image/webp;base64,{code}"></figure>'
    )
    assert read_figures(html) == [
        Shown("R-F4", "a < b", "What R-F4 shows.", b"a picture"),
        Shown("", "", "", b"a picture"),
    ]


@pytest.mark.parametrize(("count", "exact"), [(2, True), (4096, True), (4097, False)])
def test_plots_lose_nothing_and_photographs_little(count, exact):
    """A plot has no more than 4096 colors."""
    tree, pixels = Tree(), colors(count)
    source, size = Pictures(tree).add("a plot: ΔE (1)", png(pixels))
    assert size == (80, 64)
    folder, name = source.split("/")
    assert folder == "pictures" and name.startswith("a-plot-E-1-") and name.endswith(".webp")
    ((place, data),) = tree.items()
    assert place == f"{FOLDER}/{name}"
    with Image.open(io.BytesIO(data)) as kept:
        found = np.asarray(kept.convert("RGB")).astype(int)
    assert np.array_equal(found, pixels) == exact
    assert np.abs(found - pixels).mean() < 40


def test_a_picture_has_a_file_and_another_one_another():
    tree = Tree()
    pictures = Pictures(tree)
    one, other = png(colors(3)), png(colors(4))
    first = pictures.add("a", one)
    assert pictures.add("a", one) == first
    assert (len(tree), tree.writes) == (1, 1)
    assert pictures.add("a", other) != first
    assert pictures.add("b", one) != first
    assert (len(tree), tree.writes) == (3, 3)
    assert pictures.drawing("speed", b"<svg/>") == "pictures/speed.svg"
    assert tree[f"{FOLDER}/speed.svg"] == b"<svg/>"


@pytest.mark.parametrize(
    ("record", "id", "label"),
    [(True, "R<F", "Photographs"), (False, "run-R<F", "This run"), (None, "R<F", "")],
)
def test_a_figure_opens_large_and_says_where_it_is_from(record, id, label):
    shown = Shown("R<F", 'a "plot"', "x < y (scenes; profile smoke.)", png(colors(2)))
    html = Pictures(Tree()).figure(shown, record, lazy=record is False)
    page = BeautifulSoup(html, "html.parser")
    image, link = page.find("img"), page.find("a")
    assert page.find("figure")["id"] == id
    assert link["class"] == ["large"] and link["href"] == image["src"]
    assert image["src"].startswith("pictures/R-F-")
    assert (image["width"], image["height"], image["alt"]) == ("80", "64", 'a "plot"')
    assert image.get("loading") == ("lazy" if record is False else None)
    assert page.find("figcaption").get_text() == f"{label} R<F x < y".strip()
    nameless = Pictures(Tree()).figure(Shown("", "", "", shown.png), None)
    assert "pictures/figure-" in nameless
