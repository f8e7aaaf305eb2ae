"""Rooms, and what stands in them: shelves, racks, bottles, lamps, easels and stalls."""

import numpy as np

from colorkit.data.scenes.canvas import Canvas
from colorkit.data.scenes.land import ramp
from colorkit.data.scenes.spectra import Paint, lamp
from colorkit.data.scenes.things import thing


def room(c: Canvas, wall: Paint, floor: Paint, ceiling: Paint, back=(0.25, 0.22, 0.75, 0.62)):
    """Paint an empty room in one-point perspective.

    Args:
        c: canvas.
        wall, floor, ceiling: paints.
        back: the far wall's rectangle x0, y0, x1, y1.

    Returns:
        (x of the vanishing point, its y), and `near`, (H, W): 1 at the far wall, growing toward
        the viewer.
    """
    x0, y0, x1, y1 = back
    vx, vy = (x0 + x1) / 2, y0 + 0.55 * (y1 - y0)
    b = c.all
    sides = np.maximum((x0 - b.x) / (vx - x0), (b.x - x1) / (x1 - vx))
    up, down = (y0 - b.y) / (vy - y0), (b.y - y1) / (y1 - vy)
    near = 1 + np.maximum(np.maximum(sides, np.maximum(up, down)), 0)
    corner = 1 - 0.25 * ramp(0.05 - np.abs(sides - np.maximum(up, down)), 0, 0.05) * (near > 1)
    stain = 0.03 * c.noise("rough", b)
    c.paint(b, np.float32(1), wall, (0.8 + stain) * corner, 0.85 * corner)
    flank = c.edge((sides - np.maximum(up, down)) * 0.2) * (sides > 0)
    c.paint(b, flank, wall, 0.62 - 0.2 * c.sun * np.sign(b.x - vx) + stain, 0.75 * corner)
    over = c.edge((up - np.maximum(sides, 0)) * 0.2)
    c.paint(b, over, ceiling, 0.75 - 0.08 * near, 0.9)
    under = c.edge((down - np.maximum(sides, 0)) * 0.2)
    planks = (b.x - vx) / near * 24
    tone = 0.1 * np.sin(5.1 * np.floor(planks) ** 2) + 0.05 * c.noise_at(
        "fold", planks / 60, 1 / near
    )
    c.paint(b, under, floor, 0.72 + tone, 0.8)
    return vx, vy, near


def window(c: Canvas, x0, y0, x1, y1, arch=False, panes=(2, 3)) -> None:
    """Paint a window from inside: bright sky, a hint of trees, glazing bars, light on the sill."""
    b = c.box(x0, y0, x1, y1)
    if b.x.size == 0 or b.y.size == 0:
        return
    mask = c.within(b, x0, y0, x1, y1)
    if arch:
        half, cx = (x1 - x0) / 2, (x0 + x1) / 2
        top = half - np.sqrt((b.x - cx) ** 2 + np.minimum(b.y - y0 - half, 0) ** 2)
        mask = mask * c.edge(np.where(b.y < y0 + half, top, half))
    t = (b.y - y0) / (y1 - y0)
    bright = c.light.glow(np.full(61, 1.15) * np.linspace(1.1, 0.75, 61), "sky")
    c.paint(b, mask, bright, 0, 1.05 - 0.2 * t)
    hill = t - 0.62 - 0.1 * c.wave("rough", b, 0.7)
    leaves = 0.75 + 0.25 * c.noise("leaf", b)
    c.paint(b, mask * c.edge(hill * (y1 - y0)), c.of("leaf", "young"), 1.7 * leaves, 1.5)
    u = (b.x - x0) / (x1 - x0)
    bars = np.minimum(
        np.abs(u * panes[0] - np.round(u * panes[0])) * (x1 - x0) / panes[0],
        np.abs(t * panes[1] - np.round(t * panes[1])) * (y1 - y0) / panes[1],
    )
    c.paint(b, mask * c.edge(0.007 - bars), c.of("white_paint"), 0.7, 0.8)
    c.rectangle(x0 - 0.01, y1 - 0.004, x1 + 0.01, y1 + 0.015, c.of("white_paint"), 1.0, 1.0)


def books(c: Canvas, x0, y0, x1, y1, shelves: int, wood: Paint, shade=0.85) -> None:
    """Paint a bookcase full of books of every hue, some leaning gaps, boards between."""
    b = c.box(x0, y0, x1, y1)
    if b.x.size == 0 or b.y.size == 0:
        return
    inside = c.within(b, x0, y0, x1, y1)
    c.paint(b, inside, wood, 0.25, 0.4)
    shelf = (b.y - y0) / (y1 - y0) * shelves
    spines(c, b, inside, (b.x - x0) / (y1 - y0) * shelves, shelf, shade)
    board = c.edge((0.055 - np.abs(shelf - np.round(shelf))) * (y1 - y0) / shelves)
    c.paint(b, inside * board, wood, 0.85, 0.9)
    for edge in (x0, x1):
        c.rectangle(edge - 0.012, y0, edge + 0.012, y1, wood, 0.7, 0.85)


def spines(c: Canvas, b, mask, along: np.ndarray, shelf: np.ndarray, shade) -> None:
    """Paint books in the coordinates of any wall: along it, and shelf by shelf downward."""
    count = 160
    cuts = np.cumsum(0.09 + 0.12 * c.rng.random(count)).astype(np.float32)
    tall = (0.6 + 0.28 * c.rng.random(count)).astype(np.float32)
    tall[c.rng.random(count) < 0.06] = 0
    level = np.floor(shelf)
    place = (along + 2.37 * level) % cuts[-2]
    which = np.searchsorted(cuts, place).clip(0, count - 1)
    thick = cuts[which] - place
    which = (which + 31 * level.astype(np.intp)) % count
    v = shelf - level
    rounded = 0.75 + 0.5 * np.sin(np.clip(thick / 0.15, 0, 1) * np.pi)
    bands = 1 + 0.35 * (np.abs(v - 0.62) < 0.035) - 0.2 * (np.abs(v - 0.86) < 0.03)
    dyes = c.dyes(count, "books")
    lit = shade * rounded * bands * (0.55 + 0.45 * v)
    solid = ramp(v, 1 - tall[which] - 0.05, 1 - tall[which]) * mask
    c.paint(b, solid, dyes._replace(vector=dyes.vector[..., which]), lit, shade)


@thing
def garments(c: Canvas, x0, x1, rail: float, length: float, count: int, style="mixed") -> None:
    """Paint clothes on a rail: shirts, coats and dresses with folds, front to back."""
    c.line(x0 - 0.02, rail, x1 + 0.02, rail, 0.014, c.of("steel", "brass"), 1.1, 1.0)
    dyes = c.dyes(count)
    for i in range(count):
        x = x0 + (x1 - x0) * (i + 0.5) / count + c.u(-0.005, 0.005)
        w = 0.62 * (x1 - x0) / count + c.u(0.012, 0.03)
        end = rail + length * (c.u(0.6, 1.0) if style == "mixed" else c.u(0.9, 1.0))
        top, flare = rail + 0.025, c.u(0.0, 0.4)
        b = c.box(x - 1.4 * w, rail, x + 1.4 * w, end)
        if b.x.size == 0 or b.y.size == 0:
            continue
        t = np.clip((b.y - top) / (end - top), 0, 1)
        half = w * (np.clip(0.25 + 6 * t, 0, 0.85) + flare * t)
        folds = c.noise("fold", b, 0.8) * (0.3 + 0.7 * t)
        lit = 0.72 + 0.22 * folds + 0.22 * c.sun * (b.x - x) / w - 0.1 * t
        mask = c.edge(half - np.abs(b.x - x)) * c.edge(b.y - top) * c.edge(end - b.y)
        paint = dyes._replace(vector=dyes.vector[..., i])
        c.shade(b, 0.35 * c.edge(half + 0.008 - np.abs(b.x - x)) * (b.y > top))
        c.paint(b, mask, paint, np.clip(lit, 0.1, 1.2), 0.85)
        c.line(x, rail, x, top + 0.004, 0.006, c.of("iron"))


@thing
def stacks(c: Canvas, x0, y0, x1, y1, columns: int, shelves: int, wood: Paint) -> None:
    """Paint shelves of folded clothes."""
    b = c.box(x0, y0, x1, y1)
    if b.x.size == 0 or b.y.size == 0:
        return
    inside = c.within(b, x0, y0, x1, y1)
    c.paint(b, inside, wood, 0.35, 0.5)
    u, v = (b.x - x0) / (x1 - x0) * columns, (b.y - y0) / (y1 - y0) * shelves
    layer = np.floor((v % 1) * 6)
    which = (np.floor(u) * 13 + np.floor(v) * 29 + layer * 5).astype(np.intp) % 61
    dyes = c.dyes(61)
    pile = (np.abs(u % 1 - 0.5) < 0.42) & (layer >= 1 + (np.floor(u) * 3 + np.floor(v) * 5) % 3)
    lit = 0.62 + 0.4 * np.sin(np.pi * ((v * 6) % 1)) - 0.1
    c.paint(b, inside * pile, dyes._replace(vector=dyes.vector[..., which]), lit, 0.8)
    board = c.edge((0.06 - np.abs(v - np.round(v))) * (y1 - y0) / shelves)
    c.paint(b, inside * board, wood, 0.9, 0.9)


def bottles(c: Canvas, x0, y0, x1, y1, columns: int, shelves: int) -> None:
    """Paint lit shelves of bottles of drawn colors."""
    b = c.box(x0, y0, x1, y1)
    inside = c.within(b, x0, y0, x1, y1)
    u, v = (b.x - x0) / (x1 - x0) * columns, (b.y - y0) / (y1 - y0) * shelves
    glow = c.light.glow(0.75 * lamp(0.7))
    c.paint(b, inside, glow, 0, 0.25 + 0.75 * (v % 1) ** 2)
    which = (np.floor(u) * 7 + np.floor(v) * 37).astype(np.intp) % 97
    tall = 0.62 + 0.26 * c.rng.random(97, dtype=np.float32)[which]
    t = ((v % 1) - 1 + tall) / tall  # 0 at the cork, 1 at the foot
    half = np.where(t < 0.35, 0.11, np.minimum(0.11 + 2.2 * (t - 0.35), 0.34))
    du = u % 1 - 0.5
    mask = inside * (t > 0) * ramp(half - np.abs(du), -0.03, 0.05)
    dyes = c.dyes(97, "paint")
    shape = 0.45 + 0.5 * np.exp(-(((du + 0.12) / 0.07) ** 2)) + 0.25 * t
    c.paint(b, mask, dyes._replace(vector=dyes.vector[..., which]), shape, 0.9)
    label = mask * (np.abs(t - 0.72) < 0.12)
    c.paint(b, label * (which % 3 > 0), c.of("white_paint"), 0.75, 0.7)
    board = c.edge((0.05 - np.abs(v - np.round(v))) * (y1 - y0) / shelves)
    c.paint(b, inside * board, c.of("dark_wood"), 1.0, 0.9)


@thing
def pendant(c: Canvas, x: float, y: float, size: float, warmth=0.7) -> None:
    """Hang a lamp from the ceiling, and its halo."""
    c.line(x, 0, x, y, 0.006, c.of("iron"))
    halo(c, x, y, 4.5 * size, 0.22, warmth)
    c.shape(
        (
            (x - 0.35 * size, y - 0.7 * size),
            (x + 0.35 * size, y - 0.7 * size),
            (x + size, y),
            (x - size, y),
        ),
        c.of("brass", "iron"),
        0.8,
        0.8,
    )
    c.disc(x, y + 0.1 * size, 0.8 * size, 0.3 * size, c.light.glow(1.3 * lamp(0.5 * warmth)))


def halo(c: Canvas, x: float, y: float, radius: float, strength: float, warmth=0.7) -> None:
    """Add the glow around a lamp."""
    b = c.box(x - radius, y - radius, x + radius, y + radius)
    r2 = ((b.x - x) ** 2 + (b.y - y) ** 2) / radius**2
    c.shine(b, strength * np.clip(1 - r2, 0, 1) ** 3, c.light.glow(lamp(warmth)))


@thing
def chandelier(c: Canvas, x: float, y: float, size: float) -> None:
    """Hang a chandelier: brass rings, candles, crystals and a halo."""
    c.line(x, 0, x, y, 0.008, c.of("brass"))
    halo(c, x, y, 3.2 * size, 0.4, 0.6)
    for ring, (dy, r) in enumerate(((-0.35, 0.55), (0.15, 1.0))):
        c.disc(x, y + dy * size, r * size, 0.13 * size, c.of("brass"), 0.9, 0.9)
        for i in range(5 + 2 * ring):
            px = x + r * size * (2 * i / (4 + 2 * ring) - 1)
            py = y + dy * size - 0.1 * size
            c.line(px, py, px, py - 0.16 * size, 0.06 * size, c.of("white_paint"), 1.2)
            c.disc(px, py - 0.24 * size, 0.06 * size, 0.1 * size, c.light.glow(1.6 * lamp(0.4)))
    b = c.box(x - size, y, x + size, y + 0.8 * size)
    d, _, _, first, _ = c.cells(b.x / (0.14 * size), b.y / (0.14 * size))
    drop = (1 - np.abs(b.x - x) / size) * 0.8 * size - (b.y - y - 0.1 * size)
    c.shine(b, 0.7 * c.edge(drop) * ramp(0.3 - d, 0, 0.1) * first, c.light.glow(lamp(0.25)))


@thing
def curtain(c: Canvas, x0, x1, y0, y1, paint: Paint) -> None:
    """Paint a hanging curtain."""
    b = c.box(x0, y0, x1, y1)
    if b.x.size == 0 or b.y.size == 0:
        return
    waves = np.sin((b.x - x0) / (x1 - x0) * np.pi * 7) + 0.5 * c.noise("fold", b)
    c.paint(b, c.within(b, x0, y0, x1, y1), paint, np.clip(0.6 + 0.28 * waves, 0.1, 1.1), 0.8)


@thing
def picture(c: Canvas, x0, y0, x1, y1, frame: Paint | None) -> None:
    """Paint a painting: a few hills, a sun and a sky in drawn colors."""
    m = 0.08 * min(x1 - x0, y1 - y0)
    if frame is not None:
        c.rectangle(x0 - m, y0 - m, x1 + m, y1 + m, frame, 0.9, 0.9)
    b = c.box(x0, y0, x1, y1)
    if b.x.size == 0 or b.y.size == 0:
        return
    mask, t = c.within(b, x0, y0, x1, y1), (b.y - y0) / (y1 - y0)
    strokes = 0.9 + 0.12 * c.noise("leaf", b)
    c.paint(b, mask, c.dye("paint", lightness=(45, 82)), strokes, 0.9)
    c.disc(c.u(x0 + 2 * m, x1 - 2 * m), y0 + 0.3 * (y1 - y0), 1.6 * m, 1.6 * m, c.dye("paint"))
    for level in (0.45, 0.62, 0.8):
        hill = t - level - 0.12 * np.sin((b.x - x0) / (x1 - x0) * c.u(3, 9) + c.u(0, 6))
        c.paint(b, mask * c.edge(hill * (y1 - y0)), c.dye("paint"), strokes, 0.9)


@thing
def easel(c: Canvas, x: float, base: float, h: float) -> None:
    """Stand an easel with a canvas on it."""
    wood, w = c.of("wood", "dark_wood"), 0.3 * h
    c.line(x, base - 0.95 * h, x, base - 0.08 * h, 0.025 * h, wood, 0.5)
    for m in (-1, 1):
        c.line(x + 0.05 * m * h, base - h, x + 0.3 * m * h, base, 0.035 * h, wood, 0.8)
    picture(c, x - w, base - 0.86 * h, x + w, base - 0.36 * h, c.of("white_paint"))
    c.rectangle(x - w, base - 0.35 * h, x + w, base - 0.315 * h, wood, 1.0)


@thing
def stall(c: Canvas, x0: float, x1: float, top: float, base: float) -> None:
    """Paint a market stall: a striped awning on poles, crates heaped with fruit."""
    h = base - top
    for x in (x0 + 0.02, x1 - 0.02):
        c.line(x, top + 0.1 * h, x, base, 0.012, c.of("wood"), 0.8)
    c.rectangle(x0 + 0.02, top + 0.25 * h, x1 - 0.02, base, c.of("dark_wood"), 0.12, 0.35)
    count, deep = max(2, round((x1 - x0) / 0.12)), base - 0.42 * h
    for row in range(2):
        y0 = deep + 0.19 * row * h
        crates(c, x0, y0 - 0.07 * h, x1, y0 + 0.19 * h, count)
    c.rectangle(x0, base - 0.06 * h, x1, base, c.of("wood"), 0.7, 0.8)
    b = c.box(x0 - 0.03, top, x1 + 0.03, top + 0.32 * h)
    t, count = (b.y - top) / (0.3 * h), round((x1 - x0) / 0.05)
    u = (b.x - x0) / (x1 - x0) * count
    scallop = 1 - 0.28 * np.abs(u % 1 - 0.5) * 2 * (t > 0.7)
    slant = 0.03 * np.clip(t, 0, 1)
    mask = c.edge(np.minimum(b.x - x0 + slant, x1 + slant - b.x)) * c.edge((scallop - t) * 0.3 * h)
    mask = mask * c.edge(b.y - top)
    lit = np.where(t < 0.72, 1.0, 0.72)
    c.paint(b, mask, c.of("white_paint"), lit, 1.0)
    c.paint(b, mask * (np.floor(u) % 2 == 0), c.dye(), lit, 1.0)


@thing
def crates(c: Canvas, x0: float, y0: float, x1: float, y1: float, count: int) -> None:
    """Paint a row of crates, each heaped with one kind of fruit of one drawn color."""
    b = c.box(x0, y0, x1, y1)
    if b.x.size == 0 or b.y.size == 0:
        return
    front, along = y1 - 0.35 * (y1 - y0), (b.x - x0) / (x1 - x0) * count
    which = np.clip(along.astype(np.intp), 0, count - 1)
    dyes, sizes = c.dyes(count, "fruit"), 0.02 + 0.014 * c.rng.random(count, dtype=np.float32)
    fruit, cell = dyes._replace(vector=dyes.vector[..., which]), sizes[which]
    mound = (front - b.y) < 0.8 * (front - y0) * (1 - (2 * (along - which) - 1) ** 4)
    inside = c.within(b, x0, y0, x1, front) * mound
    c.paint(b, inside, fruit, 0.25, 0.5)
    for shift in (0.0, 0.5):
        v = b.y / (0.8 * cell) + shift
        d, du, dv, _, _ = c.cells(b.x / cell + 0.5 * (np.floor(v) % 2) + shift, v, 0.2)
        lit = 0.75 + 1.1 * c.sun * du - 1.0 * dv
        c.paint(b, inside * ramp(0.52 - d, 0, 0.12), fruit, np.clip(lit, 0.12, 1.3), 0.85)
    wood = c.of("wood")
    c.rectangle(x0, front, x1, y1, wood, 0.75, 0.85)
    c.rectangle(x0, (front + y1) / 2, x1, (front + y1) / 2 + 0.006, c.of("dark_wood"), 0.5, 0.6)
    for i in range(1, count):
        x = x0 + (x1 - x0) * i / count
        c.rectangle(x - 0.006, front - 0.01, x + 0.006, y1, wood, 0.5, 0.7)
