"""What stands in rooms: sofas, tables, rugs, stools."""

import numpy as np

from colorkit.data.scenes import land, plants
from colorkit.data.scenes.canvas import Canvas
from colorkit.data.scenes.spectra import Paint
from colorkit.data.scenes.things import thing


@thing
def rug(c: Canvas, x: float, y: float, rx: float, ry: float) -> None:
    """Paint a rug with a border."""
    dyes = [c.dye() for _ in range(3)]
    for scale, dye in zip((1.0, 0.88, 0.66), dyes, strict=True):
        w, h = rx * scale, ry * scale
        c.shape(
            ((x - 0.82 * w, y - h), (x + 0.82 * w, y - h), (x + w, y + h), (x - w, y + h)), dye, 0.8
        )


@thing
def armchair(c: Canvas, x: float, base: float, w: float) -> None:
    """Paint an armchair."""
    cloth = c.dye()
    land.cast(c, x, base, 0.7 * w, 0.12 * w, 0.5)
    sofa(c, x, base, w, cloth)


@thing
def sofa(c: Canvas, x: float, base: float, w: float, cloth: Paint, h: float | None = None) -> None:
    """Paint a sofa: back, seat, arms."""
    h = h or 0.85 * w
    b = c.box(x - 0.5 * w, base - h, x + 0.5 * w, base)
    weave = 0.04 * c.noise("grain", b) + 0.05 * c.noise("rough", b)
    for x0, y0, x1, y1, lit in (
        (-0.42, -1.0, 0.42, -0.3, 0.72),
        (-0.36, -0.52, 0.36, -0.34, 1.0),
        (-0.36, -0.36, 0.36, -0.06, 0.6),
        (-0.5, -0.66, -0.36, -0.04, 0.85 - 0.15 * c.sun),
        (0.36, -0.66, 0.5, -0.04, 0.85 + 0.15 * c.sun),
    ):
        left, right, top, low = x + x0 * w, x + x1 * w, base + y0 * h, base + y1 * h
        r = min(0.06 * w, (right - left) / 2)
        dx = np.maximum(np.abs(b.x - (left + right) / 2) - (right - left) / 2 + r, 0)
        dy = np.maximum(np.abs(b.y - (top + low) / 2) - (low - top) / 2 + r, 0)
        shade = 1 - 0.25 * land.ramp(b.y, top, low)
        c.paint(b, c.edge(r - np.sqrt(dx * dx + dy * dy)), cloth, (lit + weave) * shade, 0.8)


@thing
def table(c: Canvas, x: float, base: float, w: float, h: float) -> None:
    """Paint a table with a lamp and a stack of books or a bowl of fruit."""
    wood = c.of("wood", "dark_wood")
    for m in (-1, 1):
        c.rectangle(
            x + m * 0.42 * w - 0.012, base - h, x + m * 0.42 * w + 0.012, base, wood, 0.5, 0.7
        )
    c.shape(
        (
            (x - 0.44 * w, base - 1.2 * h),
            (x + 0.44 * w, base - 1.2 * h),
            (x + 0.5 * w, base - h),
            (x - 0.5 * w, base - h),
        ),
        wood,
        1.0,
    )
    c.rectangle(x - 0.5 * w, base - h, x + 0.5 * w, base - 0.85 * h, wood, 0.6, 0.7)
    if c.chance(0.5):
        for i in range(5):
            c.ball(
                x + (i - 2) * 0.07 * w,
                base - 1.32 * h - 0.04 * (i % 2) * h,
                0.05 * w,
                0.05 * w,
                c.dye("fruit"),
            )
        c.shape(
            (
                (x - 0.2 * w, base - 1.3 * h),
                (x + 0.2 * w, base - 1.3 * h),
                (x + 0.1 * w, base - 1.08 * h),
                (x - 0.1 * w, base - 1.08 * h),
            ),
            c.of("white_paint"),
            0.8,
        )
    else:
        for i in range(4):
            y = base - 1.1 * h - 0.16 * i * h
            c.rectangle(
                x - 0.14 * w + c.u(-0.01, 0.01), y - 0.15 * h, x + 0.14 * w, y, c.dye("books"), 0.85
            )


@thing
def pot(c: Canvas, x: float, base: float, h: float) -> None:
    """Paint a potted plant."""
    plants.palm(c, x, base - 0.3 * h, 1.5 * h, c.of("leaf", "young"))
    c.shape(
        (
            (x - 0.28 * h, base - 0.5 * h),
            (x + 0.28 * h, base - 0.5 * h),
            (x + 0.2 * h, base),
            (x - 0.2 * h, base),
        ),
        c.of("tile", "white_plaster"),
        0.8,
    )


@thing
def glass(c: Canvas, x: float, base: float, h: float) -> None:
    """Paint a glass with a drink of a drawn color."""
    c.rectangle(x - 0.3 * h, base - h, x + 0.3 * h, base, c.of("white_paint"), 0.45, 0.5)
    c.rectangle(
        x - 0.25 * h, base - 0.75 * h, x + 0.25 * h, base - 0.05 * h, c.dye("paint"), 0.9, 0.9
    )


@thing
def stool(c: Canvas, x: float, base: float, h: float) -> None:
    """Paint a bar stool with a dyed seat."""
    metal = c.of("steel", "brass", "dark_wood")
    for m in (-1, 1):
        c.line(x + 0.12 * m * h, base - h, x + 0.28 * m * h, base, 0.05 * h, metal, 0.8)
    c.line(x - 0.2 * h, base - 0.35 * h, x + 0.2 * h, base - 0.35 * h, 0.04 * h, metal, 0.9)
    cloth = c.dye()
    c.disc(x, base - 0.97 * h, 0.3 * h, 0.1 * h, cloth, 0.5)
    c.disc(x, base - 1.02 * h, 0.3 * h, 0.08 * h, cloth, 1.0)


@thing
def bust(c: Canvas, x: float, base: float, h: float) -> None:
    """Paint a plaster bust on a plinth."""
    white = c.of("white_plaster")
    c.rectangle(x - 0.26 * h, base - 0.45 * h, x + 0.26 * h, base, c.of("wood", "dark_wood"), 0.7)
    c.ball(x, base - 0.5 * h, 0.25 * h, 0.16 * h, white)
    c.rectangle(x - 0.06 * h, base - 0.75 * h, x + 0.06 * h, base - 0.55 * h, white, 0.6)
    c.ball(x, base - 0.83 * h, 0.12 * h, 0.17 * h, white)
