"""Every work that is cited stands in the bibliography, and every work in it is cited."""

import re

import nbformat
import pytest

from colorkit.report.notebooks import read_chapters
from colorkit.system.project import project_root

BOOK = project_root() / "report"
CITED = re.compile(r"\{cite(?::[a-z]+)?\}`([^`]+)`")
ENTRY = re.compile(r"^@(\w+)\{(\w+),$(.*?)^\}$", re.MULTILINE | re.DOTALL)
# What each kind of entry must say; a web address or a DOI besides, but for standards.
NEEDED = {
    "article": {"author", "title", "journal", "year", "volume", "pages"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "misc": {"author", "title", "howpublished", "year"},
    "techreport": {"author", "title", "number", "institution", "year"},
}
BIBLIOGRAPHY = (BOOK / "references.bib").read_text(encoding="utf-8")
ENTRIES = {key: (kind, body) for kind, key, body in ENTRY.findall(BIBLIOGRAPHY)}


def texts() -> dict[str, str]:
    """All prose of the book: its pages and the notebooks' Markdown."""
    found = {path.name: path.read_text(encoding="utf-8") for path in BOOK.glob("*.md")}
    for chapter in read_chapters(project_root()):
        cells = nbformat.read(chapter.path, as_version=4).cells
        found[chapter.name] = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    return found


def cited(text: str) -> set[str]:
    """Keys of the works that a text cites."""
    return {key.strip() for keys in CITED.findall(text) for key in keys.split(",")}


def test_cited_works_stand_in_the_bibliography():
    unknown = {name: cited(text) - set(ENTRIES) for name, text in texts().items()}
    assert {name: keys for name, keys in unknown.items() if keys} == {}


def test_works_in_the_bibliography_are_cited():
    assert set(ENTRIES) - set().union(*map(cited, texts().values())) == set()


def test_the_bibliography_was_read_whole():
    assert len(ENTRIES) == BIBLIOGRAPHY.count("\n@") + 1 > 20


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_says_what_is_needed_to_find_the_work(key):
    kind, body = ENTRIES[key]
    fields = dict(re.findall(r"^  (\w+)\s*= \{(.*)\},?$", body, re.MULTILINE))
    assert fields.keys() >= NEEDED[kind]
    assert kind == "techreport" or {"doi", "url"} & fields.keys()
    year = re.search(r"\d{4}$", key) if kind != "techreport" else None
    assert year is None or fields["year"] == year.group()
    assert re.fullmatch(r"(19|20)\d\d", fields["year"])


def test_citations_are_found():
    found = cited("{cite:t}`one2001`, {cite:p}`two2002, three2003` and `none2004`")
    assert found == {"one2001", "two2002", "three2003"}
