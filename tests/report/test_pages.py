"""What stands around the chapters: cards, comparison, models, teaching, by their own numbers."""

import re
from types import SimpleNamespace

import nbformat.v4 as nb
import pytest
from matplotlib.figure import Figure

from colorkit.models import pretrained
from colorkit.report import pages
from colorkit.report.both import Found
from colorkit.report.front import FRONT, SAID
from colorkit.report.tables import Table

PICTURES = SimpleNamespace(add=lambda name, data: (f"pictures/{name}-{len(data)}", (9, 6)))


def chapter(name, title, *texts, failed=None):
    cells = [nb.new_code_cell("1. no\n2. text"), *map(nb.new_markdown_cell, texts)]
    notebook = nb.new_notebook(cells=cells)
    return {"name": name, "title": title, "file": name, "notebook": notebook, "failed": failed}


def test_cards_of_chapters(tmp_path):
    (tmp_path / "thumbnails").mkdir()
    (tmp_path / "thumbnails" / "02_b.webp").write_bytes(b"12345")
    head = "# 2 · B\n\n**Asks** whether `a < b` is *so*, see [c](c.ipynb).\n**Follows** nothing."
    one, two = pages.gallery(
        [chapter("02_b", "2 · B · C", head), chapter("03_c", "Plain", failed="cell 1")],
        tmp_path,
        PICTURES,
    )
    assert one == {
        "name": "02_b", "number": "2", "title": "B · C", "failed": False,
        "asks": "whether a &lt; b is so, see c", "picture": "pictures/card-02_b-5",
    }  # fmt: skip
    assert (two["number"], two["title"], two["failed"]) == ("", "Plain", True)
    assert (two["picture"], two["asks"]) == (None, "")


def test_the_front_picture(tmp_path):
    assert pages.front(tmp_path, PICTURES) is None
    (tmp_path / FRONT).write_bytes(b"123")
    found = pages.front(tmp_path, PICTURES)
    assert found == {"source": "pictures/front-3", "size": (9, 6), "alt": SAID}


ROWS = [
    ["gray", "1", "9.5 [9.0, 10.0]", 0.0],
    ["box", "2", "7.25 [7.0, 8.0]", 0.8],
    ["worse", "3", "−1.0 dB", None],
    ["none", "4", None, 0.5],
]
COSTS = Table("", ["index", "milliseconds", "parameters (million)"], [["box", 20.0, 1.5]])
COLUMNS = ["index", "mse", "delta_e (ΔE₀₀)", "ratio"]


def test_the_comparison_gains_over_gray():
    tables = {"C-T1": Table("All", COLUMNS, ROWS), "costs": COSTS}
    found = pages.comparison(Found({"data": "photographs"}, tables), True)
    assert (found["caption"], found["data"]) == ("All", "photographs")
    gray, box, worse, none = found["rows"]
    cost = {"milliseconds": None, "parameters (million)": None}
    assert (
        gray == {"network": "gray", "gain": 0.0, "delta e": "9.5 [9.0, 10.0]", "ratio": 0.0} | cost
    )
    assert box == {
        "network": "box", "gain": 2.25, "delta e": "7.25 [7.0, 8.0]", "ratio": 0.8,
        "milliseconds": 20.0, "parameters (million)": 1.5,
    }  # fmt: skip
    assert worse["gain"] == 10.5 and "gain" not in none
    assert "Photographs" in found["table"] and "sortable" in found["table"]
    assert "mse" not in found["table"] and "<details" not in found["table"]
    without = pages.comparison(Found({}, {"C-T1": Table("All", COLUMNS, ROWS[1:])}), False)
    assert all("gain" not in row for row in without["rows"])
    assert pages.comparison(Found({}, {"costs": COSTS}), True) is None


POINTS = {"a": (1, 1.0), "b": (2, 3.0), "c": (3, 2.0), "d": (4, 3.0), "e": (5, 4.0), "f": (5, 4.0)}


@pytest.mark.parametrize(
    ("against", "named"), [("milliseconds", "abef"), ("ratio", "ef"), ("parameters", "ef")]
)
@pytest.mark.parametrize("log", [False, True])
def test_named_are_the_networks_that_no_other_beats(against, named, log, monkeypatch):
    drawn = []
    monkeypatch.setattr(pages, "svg", lambda figure: drawn.append(figure) or b"drawn")
    rows = [{"network": n, against: x, "gain": y} for n, (x, y) in POINTS.items()]
    rows += [{"network": "x", against: None, "gain": 9}, {"network": "y", against: 9, "gain": None}]
    assert pages.pareto(rows, against, "ms", log) == b"drawn"
    (figure,) = drawn
    assert isinstance(figure, Figure)
    assert figure.texts[0].get_text() == "\n".join(f"{k}  {n}" for k, n in enumerate(named, 1))
    axes = figure.axes[0]
    assert (axes.get_xlabel(), axes.get_xscale()) == ("ms", "log" if log else "linear")
    assert axes.lines[0].get_xydata().tolist() == [[*POINTS[name]] for name in named]
    assert sorted(axes.collections[0].get_offsets().tolist()) == sorted(map(list, POINTS.values()))
    assert [mark.get_text() for mark in axes.texts] == [str(k + 1) for k in range(len(named))]
    if log:
        assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "2", "5"]


def test_one_point_is_no_comparison():
    rows = [{"network": "a", "ratio": "0.5 [0, 1]", "gain": 1.0}, {"network": "b", "ratio": 1}]
    assert pages.pareto(rows, "ratio", "") is None
    assert pages.pareto([*rows, {"network": "c", "ratio": 0.7, "gain": 2}], "ratio", "") is not None


def test_cards_of_models(monkeypatch):
    listed = {
        "m": {"description": "for all", "bytes": 1_260_000},
        "bare": {"description": "", "bytes": 0},
    }
    scores = {
        "forests": {"psnr": [24.5, 24.0, 25.0], "secret": 1},
        "seas": {"images": 9, "psnr": 1.5},
    }
    card = {"scores": scores, "size": 128, "data": "", "licence": "MIT"}
    card |= {"views": [96, 128], "settings": {"vividness": 1.3}}
    monkeypatch.setattr(pretrained, "models", lambda: listed)
    monkeypatch.setattr(pretrained, "card", lambda name: card if name == "m" else {})
    full, bare = pages.models({"models": {"m": "still.jpg"}})
    assert (full["name"], full["text"], full["megabytes"]) == ("m", "for all", "1.3")
    assert full["still"] == "still.jpg" and bare["still"] is None
    shown, *others = full["facts"]
    assert shown[1] == "96, 128"
    assert others == [("Vividness", "1.3"), ("License", "MIT")]
    cells = re.sub(r"<[^>]+>", "|", full["scores"])
    assert "PSNR (dB)" in cells and "24.5" in cells and "0.5" in cells and "secret" not in cells
    assert cells.index("PSNR (dB)") < cells.index("|images") < cells.index("forests")
    assert (bare["scores"], bare["facts"]) == ("", [])
    assert pages.models(None)[0]["still"] is None


def test_what_teachers_need():
    exercises = "text\n\n## Exercises\n\n1. One.\n   1. no.\n2. Two.\n10. Ten.\n"
    chapters = [
        chapter("01_a", "A", "1. not yet", exercises),
        chapter("02_b", "B", "### Exercises\n1. no"),
        chapter("03_c", "C"),
    ]
    environment = {"device": "GPU", "threads": 2}
    records = {
        "01_a": Found({"seconds": 90, "environment": environment}),
        "02_b": Found({"seconds": 33, "environment": environment | {"threads": 1}}),
        "03_c": Found(),
    }
    runs = {"01_a": Found({"seconds": 6}), "02_b": Found({"seconds": 12}), "03_c": Found()}
    rows = pages.teaching(chapters, records, runs, {"01_a": 30})
    names = ("title", "run", "record", "machine", "exercises")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("A", "0.5", "1.5", "GPU, 2 threads", 3),
        ("B", "0.2", "0.6", "GPU, 1 thread", 0),
        ("C", "–", "–", "–", 0),
    ]
