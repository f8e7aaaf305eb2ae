"""Folded code whose toggle is called by the words that it shows, which screen readers read out."""

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


def setup(app) -> dict:
    """Take the place of MyST-NB's own toggle, whose name differs from its words."""
    app.setup_extension("myst_nb")
    app.add_node(HideCodeCellNode, override=True, html=(_visit, _depart))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
