"""What screen readers stumble over in the pages that Sphinx and MyST-NB write, mended.

The toggle of folded code is called by the words that it shows, and lists that have no items of a
list, as those of the bibliography, do not call themselves one.
"""

from html import escape

from myst_nb.sphinx_ import HideCodeCellNode


def _visit(self, node: HideCodeCellNode) -> None:
    self.body.append(
        '<details class="fold code"><summary>'
        f'<span class="collapsed">{escape(node["prompt_show"])}</span>'
        f'<span class="expanded">{escape(node["prompt_hide"])}</span></summary>\n'
    )


def _depart(self, node: HideCodeCellNode) -> None:
    self.body.append("</details>\n")


def _plain_citations(app, pagename, templatename, context, doctree) -> None:
    body = context.get("body")
    if body and "citation-list" in body:
        body = body.replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )
        context["body"] = body.replace(' role="doc-biblioentry"', "")


def setup(app) -> dict:
    """Take the place of MyST-NB's toggle, whose name differs from its words; mend the citations."""
    app.setup_extension("myst_nb")
    app.add_node(HideCodeCellNode, override=True, html=(_visit, _depart))
    app.connect("html-page-context", _plain_citations)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
