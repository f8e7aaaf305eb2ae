"""Sphinx settings; `colorkit.report.book` copies this folder and fills in its pages."""

import json
import sys
from pathlib import Path

_here = Path(__file__).parent
sys.path.insert(0, str(_here / "_ext"))

project = "colorkit"
html_title = "Automatic colorization"
language = "en"
smartquotes = False  # it would turn `--profile` into `–profile`
extensions = ["myst_nb", "sphinxcontrib.bibtex", "mathml", "readable"]
exclude_patterns = ["_ext", "_extra", "_static", "_templates"]
templates_path = ["_templates"]

# The runner executes the notebooks. Sphinx only lays them out, and loads no widget manager.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_merge_streams = True
nb_render_markdown_format = "myst"
nb_code_prompt_show = "Show code"
nb_code_prompt_hide = "Hide code"
myst_enable_extensions = ["amsmath", "attrs_inline", "dollarmath"]
myst_heading_anchors = 3

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "plain"
bibtex_reference_style = "author_year"

html_theme = "sphinx_book_theme"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_extra_path = ["_extra"]  # the pictures, at the root of the pages
html_css_files = ["custom.css"]
html_js_files = ["book.js"]
html_copy_source = False
html_show_sourcelink = False
# Summaries are fetched page by page, which browsers forbid to pages opened from disk.
html_show_search_summary = False
html_context = {"facts": json.loads((_here / "build.json").read_text(encoding="utf-8"))}
html_theme_options = {
    "footer_content_items": ["facts.html"],
    "home_page_in_toc": True,
    "navbar_persistent": [],
    "search_bar_text": "Search the report",
    "secondary_sidebar_items": [],  # figures and tables have the whole width; each page has a list
    "use_download_button": False,
    "use_fullscreen_button": False,
}
