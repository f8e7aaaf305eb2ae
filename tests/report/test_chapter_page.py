"""A chapter's page: what is folded, joined, labelled, or left out of an executed notebook."""

import json

import nbformat
import nbformat.v4 as nb
import pytest

from colorkit.report.both import Found
from colorkit.report.chapter_page import chapter_page, clean_markdown, record_html
from colorkit.report.pictures import Shown
from colorkit.report.tables import Table

FACTS = {"profile": "smoke", "seed": 0, "data": "procedural scenes"}


class Named:
    """Pictures by name and source alone."""

    def figure(self, shown, record, *, lazy=False):
        return f"<figure>{shown.id} {record} {lazy} {shown.caption}</figure>"


def code(source, *outputs, tags=(), **more):
    return nb.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags), **more})


def said(**data):
    return nb.new_output("display_data", {k.replace("_", "/"): text for k, text in data.items()})


def printed(text, name="stdout"):
    return nb.new_output("stream", name=name, text=text)


def page(*cells, record=None, run=None):
    """Cells of the page below its head, as what they hold."""
    notebook = nb.new_notebook(cells=[nb.new_markdown_cell("# 1 · Title"), *cells])
    notebook.metadata = {
        "papermill": {"duration": 3},
        "kernelspec": {"name": "python3", "display_name": "P"},
    }
    run = Found(FACTS) if run is None else run
    made = chapter_page(
        notebook, files={"02_b": "02_b.ipynb"}, record=record or Found(), run=run, pictures=Named()
    )
    whole = json.loads(made)
    assert list(whole["metadata"]) == ["kernelspec"]
    found = nbformat.reads(made, as_version=4).cells
    assert [cell["id"] for cell in found] == [f"cell-{k}" for k in range(len(found))]
    assert found[0].source == "# 1 · Title" and "smoke, seed 0" in found[1].source
    assert "On this page" in found[2].source
    return found[3:]


def shows(*outputs, **more) -> list[str]:
    """What the page makes of the outputs of a cell."""
    (cell, *_) = page(code("run()", *outputs), **more)
    return [
        "".join(o.get("text") or o.data.get("text/html") or str(dict(o.data))) for o in cell.outputs
    ]


@pytest.mark.parametrize(("lines", "summary"), [(12, None), (13, "Output (13 lines)"), (1, None)])
def test_long_listings_are_folded(lines, summary):
    text = "a < b\n" * lines
    (found,) = shows(printed(text))
    if summary is None:
        assert found == text
    else:
        assert f"<summary>{summary}</summary><pre>a &lt; b\na &lt; b" in found


@pytest.mark.parametrize("line", ["x epoch 1/9 val 0.1", "images: 3 of 40"])
def test_logs_are_folded_however_short(line):
    (found,) = shows(printed(f"{line}\n"))
    assert f"<summary>Log (1 line)</summary><pre>{line}</pre>" in found
    (found,) = shows(printed("10 %\r50 %\rdone\r\n"), printed(f"{line}\n", "stderr"))
    assert f"Log (2 lines)</summary><pre>done\n{line}</pre>" in found


def test_what_shows_nothing_or_needs_a_kernel_is_left_out():
    widget = nb.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}})
    script = nb.new_output("display_data", {"application/javascript": "x", "text/html": "y"})
    assert shows(printed("\n\n"), widget, script) == []
    setting = said(text_markdown="*Profile **smoke**, seed 0, on 40 scenes*")
    assert shows(setting) == []
    assert shows(said(text_markdown="*Profile* of a face")) != []


def test_outputs_of_several_kinds():
    html = shows(said(text_html="<p>/home/me/x.png</p>"))
    assert html == ["<p>…/x.png</p>"]
    (plain,) = shows(said(text_plain="at /tmp/a/b.txt"))
    assert "…/b.txt" in plain and "/tmp" not in plain


def test_cells_are_joined_and_tagged():
    cells = page(
        code("a = 1", tags=["x"], mystnb={"k": 1}, papermill={"t": 1}),
        code("b = 2", printed("2\n")),
        code("c = 3"),
        nb.new_markdown_cell("[two](02_b.ipynb) and [no](09_x.ipynb)"),
        code("injected", tags=["injected-parameters"]),
        nb.new_markdown_cell("of record", metadata={"tags": ["record"]}),
        code("", tags=["y"]),
    )
    assert [cell.source for cell in cells] == [
        "a = 1\n\nb = 2",
        "c = 3",
        "[two](02_b.ipynb) and no",
    ]
    assert cells[0].outputs[0].text == "2\n"
    assert cells[0].metadata == {"tags": ["x", "hide-input"], "mystnb": {"k": 1}}
    assert cells[2].metadata == {"tags": [], "mystnb": {}}


DATA = "(procedural scenes; profile smoke.)"


def figure(id, caption=""):
    image = "data:image/png;base64,aGk="
    inside = f'<img src="{image}"><figcaption>{caption}</figcaption>'
    return said(text_html=f'<figure id="{id}">{inside}</figure>')


def table(caption):
    rows = "<tr><td>n</td></tr><tr><td>3</td></tr>"
    return said(text_html=f"<table><caption>{caption}</caption>{rows}</table>")


def recorded(**more) -> Found:
    """A record of two figures and two tables, of which a run shows one each."""
    tables = {k: Table(f"Errors {k}", ["n"], [["9"]]) for k in ("t", "left")}
    figures = {k: Shown(k, "", f"{k} kept", b"") for k in ("F1", "F2")}
    return Found(FACTS | {"data": "photographs"}, tables, figures, **more)


def test_what_is_of_record_stands_before_the_run_and_only_once():
    run = Found(FACTS, {"t": Table("Errors t", ["n"], [["3"]])})
    shown = figure("F1", f"one {DATA}"), table(f"Errors t {DATA}")
    cells = page(code("show()", *shown, *shown), record=recorded(), run=run)
    first, second, again, plain = (output.data["text/html"] for output in cells[0].outputs)
    assert first.startswith("<figure>F1 True False F1 kept</figure><details")
    assert "the same figure, on procedural scenes</summary><figure>F1 False True" in first
    assert second.index(">9<") < second.index("This run") < second.index(">3<")
    assert again.startswith("<figure>F1 False False one")
    assert ">3<" in plain and ">9<" not in plain and "This run" in plain
    text = "".join(cell.source for cell in cells[1:])
    assert "## More of the record" in text and "F2 True False F2 kept" in text
    assert "Errors left" in text and "Errors t" not in text and "F1" not in text


def test_what_does_not_depend_on_data_is_shown_as_it_is():
    run = Found(FACTS, {"t": Table("Errors t", ["n"], [["3"]])})
    (found,) = shows(figure("F1", "one"), record=recorded(), run=run)
    assert found == "<figure>F1 None False one</figure>"
    (found,) = shows(table("Errors t"), record=recorded(), run=run)
    assert ">3<" in found and ">9<" not in found and "This run" not in found
    assert shows(figure("F7", "x")) == ["<figure>F7 None False x</figure>"]


def test_the_rest_of_the_record_stands_before_the_exercises():
    cells = [code("x"), nb.new_markdown_cell("## Exercises\n\n1. Do."), nb.new_markdown_cell("end")]
    number = {
        "name": "ΔE",
        "value": 8.2,
        "low": 7.9,
        "high": 8.5,
        "n": 9,
        "of": "images",
        "unit": "",
    }
    found = page(*cells, record=recorded(numbers={"ΔE": number}))
    heads = [cell.source.split("\n")[0] for cell in found]
    raw = "````{raw} html"
    assert heads == ["x", "## More of the record", raw, raw, "## Exercises", "end"]
    assert "Every number of this chapter" in found[3].source and "8.2" in found[3].source
    alone = record_html(recorded(numbers={"ΔE": number}), Named())
    assert alone.index("F1 True") < alone.index("Errors left") < alone.index("Every number")
    assert record_html(Found(), Named()) == ""


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("[a](02_b.ipynb), [b](../notebooks/02_b.ipynb)", "[a](02_b.ipynb), [b](02_b.ipynb)"),
        ("[a](09_x.ipynb), [b](../data/), [c](x.py)", "a, b, c"),
        (
            "[a](https://example.org/x.html), [b](#part)",
            "[a](https://example.org/x.html), [b](#part)",
        ),
        ("![badge](https://example.org/x.svg) ![b](//c/x.png)", "badge b"),
        ("![plot](figures/x.png)", "![plot](figures/x.png)"),
    ],
)
def test_links_lead_to_pages_of_the_book(text, clean):
    assert clean_markdown(text, {"02_b": "02_b.ipynb"}) == clean
