"""The book of a made-up run, built once for each file of tests that reads it."""

import pytest
from made_book import made_registry, make_run

from colorkit.report.book import build_html


@pytest.fixture(scope="module")
def book_of(tmp_path_factory):
    """Give the arguments the book was built with, and its first page."""
    with made_registry():
        arguments = make_run(tmp_path_factory.mktemp("book"))
        return arguments, build_html(**arguments)
