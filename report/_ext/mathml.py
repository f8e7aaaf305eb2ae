"""Formulas as MathML, which browsers draw themselves: no script and no font to load."""

import re

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

_logger = logging.getLogger(__name__)
# LaTeX's numbered displays; docutils knows the environment inside them, `aligned`, alone.
_ALIGNED = re.compile(r"\\(begin|end)\{(?:align|gather|split|eqnarray)\*?\}")
# docutils sets the index after an accent below the letter, unless both stand in a group of two.
_ACCENT = re.compile(
    r"\\(?:hat|bar|tilde|vec|d?dot|widehat|widetilde|overline)(?![a-z])\s*"
    r"(?:\{[^{}]*\}|\\[A-Za-z]+|\w)"
)
_EQUATION = re.compile(r"\\(?:begin|end)\{equation\*?\}")


def to_mathml(tex: str, block: bool) -> str:
    """Convert a formula.

    Args:
        tex: LaTeX without its dollar signs.
        block: a displayed formula, not one within a line.

    Raises:
        MathError: a command docutils does not know.
    """
    tex = _EQUATION.sub("", _ALIGNED.sub(r"\\\1{aligned}", tex)).strip()
    tex = _ACCENT.sub(r"{\g<0>{}}", tex)
    if r"\begin" not in tex and (r"\\" in tex or re.search(r"(?<!\\)&", tex)):
        tex = rf"\begin{{aligned}}{tex}\end{{aligned}}"
    return tex2mathml(tex, as_block=block)


def _convert(node: nodes.Node, block: bool) -> str:
    try:
        return to_mathml(node.astext(), block)
    except (MathError, AttributeError, IndexError, ValueError) as error:
        _logger.warning("formula %r: %s", node.astext(), error, location=node, type="mathml")
        return ""


def _visit_inline(self, node: nodes.math) -> None:
    self.body.append(_convert(node, block=False))
    raise nodes.SkipNode


def _visit_block(self, node: nodes.math_block) -> None:
    # On a phone it is wider than the page: who has no mouse scrolls it with the keys.
    reached = {"tabindex": "0", "role": "group", "aria-label": "Formula"}
    self.body.append(self.starttag(node, "div", CLASS="math", **reached))
    if node.get("number"):
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})</span>')
    self.body.append(_convert(node, block=True) + "</div>\n")
    raise nodes.SkipNode


def setup(app) -> dict:
    """Register the renderer under the name `mathml`."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    # A page that was written in another way before is written anew when the second number changes.
    return {
        "version": "1",
        "env_version": 2,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
