"""The drawing of CoColor's ways."""

from matplotlib.figure import Figure

from colorkit.course.figures import COLORS, new_figure

# What stands where: (column, row).
_BOXES = {
    "near infrared": (0, 1),
    "gray, true": (0, 0),
    "gray, translated": (1, 1.55),
    "pseudo-infrared": (1, 0),
    "color 1": (2, 1),
    "color 2": (2, 1.55),
    "color 3": (2, -0.55),
    "color 4": (2, 0),
    "color, mixed": (3, 1.27),
}
# From, to, which network, and its color: gray's colorizer, near infrared's, translators.
_ARROWS = (
    ("near infrared", "color 1", "colorizer of NIR", 0),
    ("near infrared", "gray, translated", "to gray", 2),
    ("gray, translated", "color 2", "colorizer of gray", 1),
    ("gray, true", "color 3", "colorizer of gray", 1),
    ("gray, true", "pseudo-infrared", "to NIR", 2),
    ("pseudo-infrared", "color 4", "colorizer of NIR", 0),
    ("color 1", "color, mixed", "gate", 3),
    ("color 2", "color, mixed", "", 3),
)
_SAME = (("color 1", "color 2"), ("color 3", "color 4"))


def four_ways() -> Figure:
    """Draw which picture comes from which, by which network, and which are held to agree."""
    figure, ax = new_figure(8.5, 3.2)
    boxes = {
        name: ax.text(*place, name, ha="center", va="center", fontsize=9, bbox=_BOX, zorder=3)
        for name, place in _BOXES.items()
    }
    for start, end, name, color in _ARROWS:
        (x, y), (u, v) = _BOXES[start], _BOXES[end]
        ends = {"patchA": boxes[start].get_bbox_patch(), "patchB": boxes[end].get_bbox_patch()}
        style = {"arrowstyle": "-|>", "color": COLORS[color], "lw": 1.6}
        ax.annotate("", (u, v), (x, y), arrowprops=style | ends)
        middle = ((x + u) / 2, (y + v) / 2 + (0.08 if v >= y else -0.3))
        ax.text(*middle, name, ha="center", fontsize=8, color=COLORS[color])
    for one, other in _SAME:
        (x, y), (u, v) = _BOXES[one], _BOXES[other]
        style = {"arrowstyle": "<->", "color": COLORS[6], "ls": ":", "shrinkA": 10, "shrinkB": 10}
        ax.annotate("", (u + 0.2, v), (x + 0.2, y), arrowprops=style)
        ax.text(x + 0.24, (y + v) / 2, "alike", va="center", fontsize=8)
    ax.set(xlim=(-0.4, 3.4), ylim=(-0.8, 1.8))
    ax.axis("off")
    return figure


_BOX = {"boxstyle": "round,pad=0.3", "fc": "white", "ec": "0.4"}
