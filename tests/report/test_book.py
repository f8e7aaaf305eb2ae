"""The HTML report: built from a small made-up run, read back, and rebuilt."""

import re
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import nbformat.v4 as nb
import pytest
import yaml
from external_resources import external_resources
from made_book import SOURCES, made_registry, save
from PIL import Image

from colorkit.course.claims import known_claims
from colorkit.models.pretrained import models
from colorkit.report import book
from colorkit.report.book import build_html, duration
from colorkit.report.front import SAID
from colorkit.system.errors import ColorkitError


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
        if tag in ("td", "th", "summary", "p", "figcaption"):
            self.words.append(" ")
        if tag == "img":
            self.images.append(values)
        self.links += [values[n] for n in ("href", "src") if values.get(n)]
        self.ids.add(values.get("id"))

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def built(book_of):
    arguments, index = book_of
    return arguments, index, {p.stem: _Reader(p) for p in arguments["out"].glob("*.html")}


def test_pages_are_there_in_order(built):
    _, index, pages = built
    order = ["01_architecture", "02_vegenet", "03_outnet", "15_comparison", "ledger", "comparison"]
    order += ["models", "speed", "trust", "glossary", "data", "teachers", "page", "bibliography"]
    assert index.name == "index.html" and set(order) <= set(pages)
    assert "record" not in pages  # what it held stands in the chapters
    links = [link.removesuffix(".html") for link in pages["index"].links]
    assert [link for link in dict.fromkeys(links) if link in order] == order
    assert "Hasler" in pages["bibliography"].text and "Iizuka" in pages["01_architecture"].text


def test_the_first_page_promises_shows_and_says_what_its_numbers_are(built):
    arguments, _, pages = built
    page = pages["index"]
    assert [image["alt"] for image in page.images if image["alt"]] == [SAID]
    assert "say nothing about photographs" in page.text and "admonition warning" not in str(
        page.tags
    )
    assert page.text.index("Give gray photographs") < page.text.index("This run marks")
    assert "measured on photographs of 96 or 128 pixels a side" in page.text
    assert "Asks what a layer is." in page.text  # what the chapter asks
    small = [link for link in page.links if link.startswith("pictures/card-02-vegenet")]
    with Image.open(arguments["out"] / small[0]) as picture:
        assert picture.convert("RGB").getpixel((160, 60))[0] > 180  # the thumbnail, which is red


def test_nothing_is_loaded_from_elsewhere_and_no_page_is_heavy(built):
    arguments, _, pages = built
    assert external_resources(arguments["out"]) == []
    for name, page in pages.items():
        for link in page.links:
            target = unquote(link.split("#")[0].split("?")[0])
            if target and not target.startswith(("http://", "https://", "data:")):
                assert (arguments["out"] / target).exists(), f"{name}: {link}"
        assert not any((image["src"]).startswith("data:image/png") for image in page.images)


def test_images_have_alternative_text_and_formulas_are_mathml(built):
    _, _, pages = built
    for name, page in pages.items():
        for image in page.images:  # the gallery's pictures stand beside the titles they illustrate
            assert image.get("alt", "").strip() or name == "index", name
    tags = [tag for tag, _ in pages["01_architecture"].tags]
    assert tags.count("math") == 4 and "mfrac" in tags and "mtable" in tags


def test_the_page_is_a_strip_of_stills(built):
    _, _, pages = built
    assert [image["alt"] for image in pages["page"].images] == ["gray left, colors right"]
    assert "3 hints" in pages["page"].text and "The dots are hints" in pages["page"].text


def test_code_logs_and_listings_are_folded_and_widgets_are_gone(built):
    _, _, pages = built
    page = pages["01_architecture"]
    assert page.text.count("Show code") == 3
    assert "Parameters" not in page.text  # the settings of the run stand above the chapter
    assert ("details", "fold listing") in page.tags and "Output (80 lines)" in page.text
    assert "Slider()" not in page.text and "Open online" in page.text
    assert "02_vegenet.html" in page.links and "03_outnet.html" in page.links
    assert not any("09_no" in link for link in page.links)
    assert ("details", "fold log") in pages["02_vegenet"].tags
    assert "Log (6 lines)" in pages["02_vegenet"].text


def test_a_chapter_shows_the_record_first_and_this_run_folded_below(built):
    _, _, pages = built
    page = pages["02_vegenet"]
    shown = [image["alt"] for image in page.images]
    assert shown == ["red squares", "four gray squares", "two falling curves"]
    assert "2,688 photographs; profile photos, seed 0, 128 × 128 pixels" in page.text
    assert page.text.index("9.5 ± 0.4") < page.text.index("8.2 ± 0.3")
    assert "ΔE: images 9.50 ± 0.40 (175 images)" in page.text
    assert "This run ΔE is 8.20 ± 0.30 (100 images); in 90 % of them." in page.text
    assert page.text.count("This run the same figure, on procedural scenes") == 1
    assert "Photographs 2.50 ± 0.20 ΔE" in page.text and "This run 1.25 ± 0.20 ΔE" in page.text
    assert "Only read here." not in page.text  # links for a code host
    assert "What no run has" in page.text and "More of the record" in page.text
    assert page.text.count("Loss by epoch.") == 1
    titles = [kind for tag, kind in page.tags if tag == "details"]
    assert titles.count("fold this-run") == 2  # a figure and a table
    assert "The record has no results of this chapter yet." in pages["01_architecture"].text


def test_no_path_of_the_machine_stands_in_a_page(built):
    arguments, _, pages = built
    assert "/checkpoints; put them there" in pages["02_vegenet"].text
    for name, page in pages.items():
        for path in (str(Path.home()), str(arguments["out"].parent)):
            assert path not in page.text, f"{name}: {path}"
        assert not re.search(r"(?<![\w.:/-])/(?:root|home|Users)/", page.text), name


def test_ledger_is_one_table_of_record_and_this_run(built):
    _, _, pages = built
    page = pages["ledger"]
    assert [kind for tag, kind in page.tags if tag == "table"] == ["values sortable ledger"]
    assert "1.25 ± 0.20 ΔE" in page.text and "2.50 ± 0.20 ΔE" in page.text
    assert "0 exceptions" in page.text and "Margin: 0.5 ΔE" in page.text
    for mark in ("✔ supported: 2", "✘ not supported: 1", "≈ negligible: 1", "– not measured: "):
        assert mark in page.text
    assert all(claim.text in page.text for claim in known_claims().values())
    assert {f"claim-{id}" for id in known_claims()} <= page.ids
    assert {"01_architecture.html", "02_vegenet.html"} <= set(page.links)
    assert "| b*" in page.text and "3 seeds × 120 images" in page.text and "2 parts" in page.text
    assert "4 parts were tested" in page.text and "about 0.2 of them" in page.text


def test_networks_are_compared_with_what_they_cost(built):
    arguments, _, pages = built
    page = pages["comparison"]
    assert "box 2 7.5 ± 0.5 0.8 20 1.5" in page.text
    drawn = sorted(p.name for p in (arguments["out"] / "pictures").glob("pareto-*"))
    assert drawn == ["pareto-record-milliseconds.svg", "pareto-record-ratio.svg"]


def test_pages_around_the_chapters_are_made_from_what_was_measured(built):
    _, _, pages = built
    for name, listed in models().items():
        assert listed["description"][1:] in pages["models"].text, name
    assert "PSNR gained over gray (dB)" in pages["models"].text
    assert "0.1 0.1 GPU, 3 threads 2" in pages["teachers"].text  # minutes, and 2 exercises
    terms = yaml.safe_load((SOURCES / "glossary.yaml").read_text(encoding="utf-8"))
    for term in terms:
        assert set(term) == {"en", "fr", "ru", "ro", "means"}
        assert all(term[key] in pages["glossary"].text for key in term)


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
    with made_registry():
        build_html(**arguments)
    assert times() == before
    assert time.monotonic() - started < 15

    path = arguments["run"] / "notebooks" / "02_vegenet.ipynb"
    save(path, [nb.new_markdown_cell("# VégéNet\n\nNow $\\undefinedcommand$.")])
    for _ in range(2):  # what Sphinx has read it must not forget to complain of
        with (
            made_registry(),
            pytest.raises(ColorkitError, match=r"02_vegenet\.ipynb.*undefinedcommand"),
        ):
            build_html(**arguments)
    path.unlink()
    (arguments["run"] / "numbers" / "02_vegenet.json").unlink()
    with made_registry():
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
    assert filters["plain"]({"a": 0.123456, "b": None, "c": 3}) == "a 0.1235, b –, c 3"
    assert filters["capital"]("errors fall.") == "Errors fall"
    assert filters["capital"]("b* rises") == "b* rises"
    assert filters["md"]("a|b*\nc") == "a\\|b\\* c" and filters["line"](" a\n b ") == "a b"
    assert filters["mark"]("not supported") == (
        '<span class="verdict not-supported">✘\u00a0not supported</span>'
    )
