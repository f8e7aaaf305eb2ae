"""The HTML report: built from a small made-up run, read back, and rebuilt."""

import base64
import io
import json
import time
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import nbformat.v4 as nb
import pytest
from external_resources import external_resources
from PIL import Image

from colorkit.course import claims as registry
from colorkit.course import judgement
from colorkit.course.claims import Claim, Part, exact_finding, finding, known_claims
from colorkit.course.estimates import Estimate
from colorkit.report import book, ledger
from colorkit.report.book import build_html, duration
from colorkit.system.errors import ColorkitError

SOURCES = Path(__file__).parents[2] / "report"
WIDGET = "application/vnd.jupyter.widget-view+json"


def _png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (320, 120), (70, 130, 180)).save(stream, "PNG")
    return stream.getvalue()


def _code(source, *outputs, tags=()):
    return nb.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def _html(html):
    return nb.new_output("display_data", {"text/html": html, "text/plain": "…"})


def _save(path: Path, cells) -> None:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nb.new_notebook(cells=cells, metadata={**kernel, "papermill": {"duration": 1.2}})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


# What the chapters of the run have measured, in the place of the registry.
MEASURED = {
    "R1": Part("layers that differ", over="exact"),
    "R2": Part("epochs", 1.0),
    "R3": Part("color error outside minus inside its classes | b*", 0.5, unit="ΔE", over="images"),
    "R4": Part("a*", 0.1, over="images"),
}


def _found(id, value, error, of="images"):
    found = Estimate(value, ((error, 1e6),), images=120, trainings=0 if of == "images" else 3)
    return asdict(finding(id, "part", found, of=of, data="procedural scenes"))


def make_run(root: Path) -> dict:
    """Write a run with two chapters that ran and one that failed; return build_html's arguments."""
    run, record = root / "_build" / "runs" / "smoke", root / "figures"
    image = base64.b64encode(_png()).decode()
    figure = (
        f'<figure id="R-F4"><img alt="four gray squares" src="data:image/png;base64,{image}">'
        "<figcaption><b>R-F4</b> Epochs pass from left to right.</figcaption></figure>"
    )
    cells = "".join(f"<td>{k / 7:.3f}</td>" for k in range(14))
    table = (
        f"<table class='dataframe'><tr><th>a</th>{'<td>b</td>' * 14}</tr><tr>{cells}</tr></table>"
    )
    badge = "[![Open online](https://example.org/badge.svg)](https://example.org/run)"
    _save(
        run / "notebooks" / "01_architecture.ipynb",
        [
            nb.new_markdown_cell(
                f"# Architecture\n\n{badge} · next: [VégéNet](02_vegenet.ipynb), "
                "[none](09_no.ipynb), then [OutNet](03_outnet.ipynb)"
            ),
            _code("profile = 'smoke'", tags=["parameters"]),
            _code("# Parameters\nprofile = 'smoke'", tags=["injected-parameters"]),
            nb.new_markdown_cell(
                "Loss $\\mathcal{L} = \\lVert y - \\hat{y} \\rVert_2^2$ of {cite}`iizuka2016`:\n\n"
                "$$\\Delta E = \\frac{1}{N} \\sum_i \\sqrt{(a_i - \\hat a_i)^2}$$\n\n"
                "\\begin{align} x &= 1 \\\\ y &= 2 \\end{align}"
            ),
            _code("print('layer')", nb.new_output("stream", name="stdout", text="layer\n" * 80)),
            _code(
                "slider()", nb.new_output("display_data", {WIDGET: {}, "text/plain": "Slider()"})
            ),
        ],
    )
    _save(
        run / "notebooks" / "02_vegenet.ipynb",
        [
            nb.new_markdown_cell("# VégéNet\n\n## What it learns"),
            _code("chapter.figure(grid)", _html(figure)),
            _code("chapter.table(table)", _html(table)),
            _code(
                "say()",
                nb.new_output("display_data", {"text/markdown": "> **R3** a* and b*: 1.2."}),
            ),
        ],
    )
    base = {"profile": "smoke", "seed": 0, "data": "procedural scenes", "seconds": 3.0}
    base |= {"numbers": [], "tables": {}, "figures": []}
    numbers = {
        "01_architecture": [asdict(exact_finding("R1", "part", 0, 22, "layers"))],
        "02_vegenet": [
            _found("R3", 1.25, 0.1),
            _found("R4", -0.5, 0.2),
            _found("R4", -0.5, 0.2) | {"variant": "other"},
            _found("R2", 0.1, 0.2, "seeds"),
        ],
    }
    (run / "numbers").mkdir()
    for name, claims in numbers.items():
        value = {"chapter": name, **base, "claims": claims}
        (run / "numbers" / f"{name}.json").write_text(json.dumps(value))
    environment = {"commit": "abc123def456", "dirty": True, "profile": "smoke", "seed": 7}
    environment |= {"device": "CPU", "threads": 2, "python": "3.11.2", "platform": "Linux x86_64"}
    environment |= {"versions": {"torch": "2.13.0"}, "seconds": 312.4, "date": "2026-01-02"}
    (run / "environment.json").write_text(json.dumps(environment))
    (run / "failed.json").write_text(json.dumps({"03_outnet": "cell 4: ValueError: no images"}))
    (run / "stills").mkdir()
    (run / "stills" / "still-0.jpg").write_bytes(_png())
    still = {"file": "still-0.jpg", "title": "3 hints", "alt": "gray left, colors right"}
    (run / "stills" / "stills.json").write_text(
        json.dumps({"photograph": "china", "stills": [still]})
    )

    record.mkdir()
    (record / "R-F6a.png").write_bytes(_png())
    picture = {"id": "R-F6a", "file": "figures/R-F6a.png", "shows": "plot"}
    picture |= {"alt": "two falling curves", "caption": "Loss by epoch."}
    kept = {"chapter": "02_vegenet", **base, "data": "2,688 photographs", "profile": "photos"}
    kept |= {"claims": numbers["02_vegenet"], "setting": {"size": 128, "epochs": {"vegenet": 32}}}
    kept["figures"] = [picture, {**picture, "id": "R-F4", "file": "figures/R-F4.png"}]
    kept["tables"] = {"t": {"caption": "Errors", "columns": ["who", "ΔE"], "rows": [["gray", 9.5]]}}
    number = {
        "name": "ΔE",
        "value": 9.5,
        "low": 9.1,
        "high": 9.9,
        "unit": "",
        "n": 3,
        "of": "seeds",
    }
    kept["numbers"] = [{**number, "data": "test"}]
    (record / "02_vegenet.json").write_text(json.dumps(kept))
    return {"run": run, "out": root / "_build" / "html", "sources": SOURCES, "record": record}


class _Reader(HTMLParser):
    def __init__(self, path: Path):
        super().__init__()
        self.images, self.links, self.ids, self.words = [], [], set(), []
        self.tags = []
        self.feed(path.read_text(encoding="utf-8"))
        self.text = " ".join("".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append((tag, values.get("class") or ""))
        if tag == "img":
            self.images.append(values)
        self.links += [values[n] for n in ("href", "src") if values.get(n)]
        self.ids.add(values.get("id"))

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        yield from _built(tmp_path_factory, patch)


def _built(tmp_path_factory, patch):
    known = {
        id: Claim(claim.text, {"part": MEASURED[id]} if id in MEASURED else {})
        for id, claim in known_claims().items()
    }
    for module in (registry, ledger, judgement):
        patch.setattr(module, "known_claims", lambda: known)
    arguments = make_run(tmp_path_factory.mktemp("book"))
    index = build_html(**arguments)
    pages = {p.stem: _Reader(p) for p in arguments["out"].glob("*.html")}
    yield arguments, index, pages


def test_pages_are_there_in_order(built):
    _, index, pages = built
    order = ["01_architecture", "02_vegenet", "03_outnet", "ledger", "record", "bibliography"]
    assert index.name == "index.html" and set(order) <= set(pages)
    links = dict.fromkeys(link.removesuffix(".html") for link in pages["index"].links)
    assert [link for link in links if link in order] == order
    assert "about procedural scenes, not photographs" in pages["index"].text
    assert "Hasler" in pages["bibliography"].text and "Iizuka" in pages["01_architecture"].text


def test_nothing_is_loaded_from_elsewhere(built):
    arguments, _, pages = built
    assert external_resources(arguments["out"]) == []
    for name, page in pages.items():
        for link in page.links:
            target = unquote(link.split("#")[0].split("?")[0])
            if target and not target.startswith(("http://", "https://", "data:")):
                assert (arguments["out"] / target).exists(), f"{name}: {link}"


def test_images_have_alternative_text_and_formulas_are_mathml(built):
    _, _, pages = built
    for name, page in pages.items():
        assert all((image.get("alt") or "").strip() for image in page.images), name
    tags = [tag for tag, _ in pages["01_architecture"].tags]
    assert tags.count("math") == 3 and "mfrac" in tags and "mtable" in tags
    assert pages["02_vegenet"].images and pages["record"].images


def test_the_page_is_a_strip_of_stills(built):
    _, _, pages = built
    assert [image["alt"] for image in pages["page"].images] == ["gray left, colors right"]
    assert "3 hints" in pages["page"].text and "The dots are hints" in pages["page"].text
    assert "page.html" in pages["index"].links


def test_code_is_folded_and_widgets_are_gone(built):
    _, _, pages = built
    page = pages["01_architecture"]
    folded = [tag for tag, kind in page.tags if tag == "details" and "hide" in kind]
    assert len(folded) == 4 and page.text.count("Show code") == 4
    assert "Slider()" not in page.text and "Open online" in page.text
    assert "02_vegenet.html" in page.links and "03_outnet.html" in page.links
    assert not any("09_no" in link for link in page.links)


def test_ledger_lists_every_claim_once_and_links_to_its_chapter(built):
    _, _, pages = built
    page = pages["ledger"]
    assert "1.25 [1.05, 1.45] ΔE" in page.text and "−0.50 [−0.89, −0.11]" in page.text
    assert "0 exceptions" in page.text and "0.5 ΔE" in page.text
    for mark in ("✔ supported: 2", "✘ not supported: 1", "≈ negligible: 1", "– not measured: "):
        assert mark in page.text
    assert all(claim.text in page.text for claim in known_claims().values())
    assert {"01_architecture.html", "02_vegenet.html"} <= set(page.links)
    assert "| b*" in page.text and "120 images; procedural scenes" in page.text
    assert "3 seeds × 120 images" in page.text and "2 parts" in page.text
    assert "4 parts were tested" in page.text and "about 0.2 of them" in page.text


def test_record_states_data_size_and_shows_only_figures_that_are_there(built):
    _, _, pages = built
    page = pages["record"]
    for text in ("2,688 photographs", "size 128", "vegenet 32", "gray", "Loss by epoch."):
        assert text in page.text
    assert [image["alt"] for image in page.images] == ["two falling curves"]


def test_every_page_says_where_it_comes_from(built):
    _, _, pages = built
    for name, page in pages.items():
        for fact in (
            "abc123def456 (modified)",
            "smoke",
            "5 min 12 s",
            "torch 2.13.0",
            "2026-01-02",
        ):
            assert fact in page.text, f"{name} lacks {fact}"


def test_failed_chapter_says_so(built):
    _, _, pages = built
    assert "did not run to its end" in pages["03_outnet"].text
    assert "cell 4: ValueError: no images" in pages["03_outnet"].text
    assert "03_outnet.html" in pages["index"].links


def test_rebuilding_is_quick_and_touches_only_what_changed(built):
    arguments, _, _ = built
    source = arguments["run"].parent.parent / "source"

    def times():
        files = [p for p in source.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
        return {p: p.stat().st_mtime_ns for p in files}

    before, started = times(), time.monotonic()
    build_html(**arguments)
    assert times() == before
    assert time.monotonic() - started < 15

    path = arguments["run"] / "notebooks" / "02_vegenet.ipynb"
    _save(path, [nb.new_markdown_cell("# VégéNet\n\nNow $\\undefinedcommand$.")])
    for _ in range(2):  # what Sphinx has read it must not forget to complain of
        with pytest.raises(ColorkitError, match=r"02_vegenet\.ipynb.*undefinedcommand"):
            build_html(**arguments)
    path.unlink()
    (arguments["run"] / "numbers" / "02_vegenet.json").unlink()
    build_html(**arguments)
    assert not (arguments["out"] / "02_vegenet.html").exists()
    assert "−0.50" not in (arguments["out"] / "ledger.html").read_text(encoding="utf-8")


def test_duration_and_unreadable_run(tmp_path):
    told = {4.6: "5 s", 59.4: "59 s", 60: "1 min 0 s", 312.4: "5 min 12 s"}
    told |= {3599: "59 min 59 s", 3600: "1 h 0 min", 12000: "3 h 20 min"}
    assert {seconds: duration(seconds) for seconds in told} == told
    with pytest.raises(ColorkitError, match=r"environment\.json"):
        build_html(tmp_path / "runs" / "none", tmp_path, sources=SOURCES, record=tmp_path)


def test_values_become_short_text():
    filters = book._templates(SOURCES).filters
    found = {"value": -1.25, "low": -2.0, "high": -0.5, "unit": "dB", "n": 1, "of": "images"}
    assert filters["effect"](found) == "−1.2 [−2.0,\u00a0−0.5] dB"
    assert filters["effect"](found | {"low": None, "value": 3}) == "3 dB"
    assert [filters["counted"](found | {"n": n}) for n in (1, 2)] == ["image", "images"]
    assert filters["plain"]({"a": 0.123456, "b": None, "c": 3}) == "a 0.1235, b –, c 3"
    assert filters["capital"]("errors fall.") == "Errors fall"
    assert filters["capital"]("b* rises") == "b* rises"
    assert filters["md"]("a|b*\nc") == "a\\|b\\* c" and filters["line"](" a\n b ") == "a b"
    assert filters["mark"]("not supported") == "[✘ not supported]{.verdict .not-supported}"
