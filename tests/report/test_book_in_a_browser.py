"""The book in a browser: readable by everyone, on a phone, on paper, without script or network.

The rules of readability are those of axe-core, with the ones it calls experimental.
"""

import os
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from colorkit.system.project import project_root

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "experimental"]
SIZES = {"light": (1280, 900), "dark": (390, 844)}  # each theme at one of the sizes
PAPER = (718, 1000)  # A4 without its margins, in CSS pixels
HEAVY = 4_000_000  # bytes of a page with all that it shows
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser(chromium):
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def tab(browser):
    """Give a function that opens a tab, which may read files and nothing else."""
    opened = []

    def open_tab(size=(1280, 900), **options):
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.asked, page.faults = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        opened.append(page)
        return page

    yield open_tab
    for page in opened:
        page.context.close()
        assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
        assert page.faults == []


def pages(book_of):
    return sorted(book_of[0]["out"].glob("*.html"))


def too_wide(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


@pytest.mark.parametrize("theme", SIZES)
def test_everyone_can_read_every_page_and_none_is_wider_than_the_screen(book_of, tab, theme):
    page = tab(SIZES[theme], color_scheme=theme)
    rules = {"runOnly": {"type": "tag", "values": RULES}}
    for path in pages(book_of):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        assert not too_wide(page), path.name
        found = Axe().run(page, options=rules).response
        assert len(found["passes"]) > 10  # the rules were asked
        bad = [
            (each["id"], each["nodes"][0]["html"])
            for each in found["violations"]
            if each["impact"] in ("serious", "critical") or each["id"] == "empty-table-header"
        ]
        assert bad == [], path.name


def test_nothing_is_cut_on_paper(book_of, tab, tmp_path):
    page = tab(PAPER)
    page.emulate_media(media="print")
    for path in pages(book_of):
        page.goto(path.as_uri())
        assert not too_wide(page), path.name
        boxes = "e => e.scrollWidth - e.clientWidth"
        for box in page.locator(".scrolling").all():
            assert not box.is_visible() or box.evaluate(boxes) <= 1, path.name
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    assert (tmp_path / "page.pdf").stat().st_size > 10_000


def test_the_ledger_is_sorted_and_filtered(book_of, tab):
    page = tab()
    page.goto((book_of[0]["out"] / "ledger.html").as_uri())
    rows = page.locator("table.ledger tbody > tr")
    count = rows.count()
    ids = "rows => rows.map(row => row.cells[0].textContent)"
    heading = page.get_by_role("columnheader", name="Claim")
    for order, first, last in (("ascending", "C1", "Z3"), ("descending", "Z", "C1")):
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") == order
        listed = rows.evaluate_all(ids)
        assert listed[0].startswith(first) and listed[-1].startswith(last[0])
        numbered = [int(id[1:]) for id in listed if id.startswith("R")]
        assert numbered == sorted(numbered, reverse=order == "descending")
    page.get_by_label("This run").select_option("not supported")
    expect(page.locator(".filters output")).to_have_text(f"1 of {count} shown")
    shown = page.locator("table.ledger tbody > tr:visible")
    assert shown.evaluate_all(ids) == ["R4"]
    page.get_by_label("This run").select_option("all")
    page.get_by_label("Find").fill("published TABLE")
    assert shown.evaluate_all(ids) == ["R1"]


def test_a_figure_opens_large_and_closes_again(book_of, tab):
    page = tab()
    page.goto((book_of[0]["out"] / "02_vegenet.html").as_uri())
    page.get_by_alt_text("red squares").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_alt_text("red squares")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_without_script_tables_are_whole_and_figures_are_links(book_of, tab):
    out = book_of[0]["out"]
    page = tab(java_script_enabled=False)
    page.goto((out / "ledger.html").as_uri())
    expect(page.locator("table.ledger tbody > tr").last).to_be_visible()
    expect(page.locator(".filters")).to_have_count(0)
    page.goto((out / "02_vegenet.html").as_uri())
    expect(page.get_by_text("This run the same figure")).to_be_visible()
    expect(page.get_by_alt_text("four gray squares")).to_be_hidden()
    page.get_by_text("This run the same figure").click()
    expect(page.get_by_alt_text("four gray squares")).to_be_visible()
    page.get_by_alt_text("red squares").click()
    assert page.url.endswith(".webp")


def test_no_page_is_heavy(book_of, tab):
    """Those of the made-up run, and those of the last report made here if there is one."""
    made = project_root() / "report" / "_build" / "html"
    page = tab()
    for path in [*pages(book_of), *sorted(made.glob("[0-9][0-9]_*.html"))]:
        page.asked.clear()
        page.goto(path.as_uri())
        pictures = page.locator("img").evaluate_all("all => all.map(each => each.src)")
        files = {unquote(urlsplit(url).path) for url in [*page.asked, *pictures] if "file:" in url}
        assert sum(os.path.getsize(file) for file in files) < HEAVY, path.name  # noqa: PTH202
