"""What stands in gardens and fields: fountains, glasshouses, lanterns, fences, boats."""

import numpy as np

from colorkit.data.scenes import land, plants
from colorkit.data.scenes.canvas import Canvas
from colorkit.data.scenes.things import thing


@thing
def fountain(c: Canvas, x: float, base: float, w: float) -> None:
    """Paint a fountain: a stone basin, a bowl, jets."""
    stone = c.of("limestone", "granite")
    land.cast(c, x, base + 0.02, 1.4 * w, 0.3 * w, 0.4)
    c.disc(x, base, 1.2 * w, 0.36 * w, stone, 0.7)
    c.disc(x, base - 0.05 * w, 1.08 * w, 0.26 * w, c.of("shallow"), 1.6, 1.6)
    c.rectangle(x - 0.08 * w, base - 0.9 * w, x + 0.08 * w, base, stone, 0.7)
    c.disc(x, base - 0.85 * w, 0.45 * w, 0.12 * w, stone, 0.95)
    b = c.box(x - w, base - 2.2 * w, x + w, base)
    u, v = (b.x - x) / w, (base - b.y) / w
    jets = np.exp(-(((np.abs(u) - 0.42 * np.sqrt(np.clip(2.1 - v, 0, 2.1) / 2.1)) / 0.1) ** 2))
    jets = jets * (v < 2.1) * (0.6 + 0.25 * c.noise("grain", b))
    c.paint(b, np.clip(0.7 * jets, 0, 0.8), c.of("foam"), 1.0, 1.0)


@thing
def glasshouse(c: Canvas, x: float, base: float, w: float) -> None:
    """Paint a domed glasshouse of white ribs."""
    b = c.box(x - w, base - 1.1 * w, x + w, base)
    u, v = (b.x - x) / w, (base - b.y) / w
    wings = np.minimum(0.42 + 0.1 * np.sqrt(np.clip(1 - u * u, 0, 1)) - v, 1 - np.abs(u))
    dome = 0.95 - np.sqrt((u / 0.52) ** 2 + np.clip(v - 0.4, 0, None) ** 2 / 0.36 + 0.2)
    dome = np.where(v < 0.4, 0.5 - np.abs(u), dome * 0.6)
    inside = c.edge(np.maximum(wings, dome) * w)
    leaves = np.clip(0.4 + 0.25 * c.noise("rough", b, 2, 2), 0.05, 1)
    c.paint(b, inside, c.of("leaf", "young"), 0.6 * leaves, 0.5)
    sheen = np.clip(0.25 + 0.3 * v - 0.25 * c.sun * u, 0.05, 0.7)
    pane = (0.9 * c.air).astype(np.float32) + np.zeros_like(sheen)
    glass = c.of("glass")._replace(vector=np.stack([pane * 0, pane]))
    c.paint(b, inside * sheen, glass)
    bow = np.arcsin(np.clip(u / 1.02, -1, 1)) if c.chance(0.5) else u * 1.4
    ribs = np.minimum(np.abs(bow * 7 - np.round(bow * 7)) / 7, np.abs(v * 7 - np.round(v * 7)) / 7)
    c.paint(b, inside * c.edge((0.013 - ribs) * w) * 0.9, c.of("white_paint"), 0.9)
    rim = c.edge(np.maximum(wings, dome) * w) * c.edge((0.02 - np.maximum(wings, dome)) * w)
    c.paint(b, rim, c.of("white_paint"), 1.0)


@thing
def redbridge(c: Canvas, x: float, base: float, half: float) -> None:
    """Paint an arched wooden bridge, vermilion as tradition has it."""
    b, red = c.box(x - half, base - 0.8 * half, x + half, base + 0.02), c.of("vermilion")
    u = (b.x - x) / half
    deck = base - 0.42 * half * (1 - u * u)
    ends = c.edge((1 - np.abs(u)) * half)
    c.paint(b, ends * c.edge(b.y - deck) * c.edge(deck + 0.08 * half - b.y), red, 0.6, 0.8)
    for up, thick in ((0.13, 0.022), (0.26, 0.035)):
        c.paint(b, ends * c.edge(thick * half - np.abs(b.y - deck + up * half)), red, 1.1)
    post = ends * (np.abs((u * 4) % 1 - 0.5) > 0.43) * c.edge(b.y - deck + 0.3 * half)
    c.paint(b, post * c.edge(deck - b.y), red, 0.9)


@thing
def lantern(c: Canvas, x: float, base: float, h: float) -> None:
    """Paint a stone lantern."""
    stone = c.of("granite", "rock")
    c.rectangle(x - 0.1 * h, base - 0.5 * h, x + 0.1 * h, base, stone, 0.7)
    c.rectangle(x - 0.22 * h, base - 0.58 * h, x + 0.22 * h, base - 0.5 * h, stone, 0.9)
    c.rectangle(x - 0.16 * h, base - 0.78 * h, x + 0.16 * h, base - 0.58 * h, stone, 0.65)
    c.rectangle(x - 0.07 * h, base - 0.74 * h, x + 0.07 * h, base - 0.62 * h, c.of("iron"), 0.3)
    c.shape(
        (
            (x - 0.1 * h, base - 0.95 * h),
            (x + 0.1 * h, base - 0.95 * h),
            (x + 0.34 * h, base - 0.76 * h),
            (x - 0.34 * h, base - 0.76 * h),
        ),
        stone,
        1.0,
    )
    c.disc(x, base - 0.97 * h, 0.05 * h, 0.05 * h, stone)


def lilies(c: Canvas, top: float, dense: float = 0.45) -> None:
    """Scatter lily pads, some with a flower, on water from `top` down."""
    b = c.box(0, top, 1, 1)
    z = (1.05 - top) / (b.y - top + 0.12)
    u, v = (b.x - 0.5) * z / 0.11, 2.6 * z / 0.4
    d, _, dv, first, second = c.cells(u, v, 0.5)
    patch = c.noise("cloud", b, 1.2, 2.0) > 1.2 - 2.2 * dense
    lit = 0.75 + 0.3 * c.noise("leaf", b) * 0.3 - 0.4 * dv
    pad = land.ramp(0.34 - d, 0, 0.1) * (second < 0.75) * patch
    c.paint(b, pad, c.of("leaf", "young"), lit, 0.95)
    bloom = land.ramp(0.15 - d, 0, 0.06) * (second < 0.75) * patch * (first > 0.72)
    c.paint(b, bloom, c.dye("petals", lightness=(55, 82)), 1.1 - 1.5 * d, 1.0)


def reeds(c: Canvas, x0: float, tall: float) -> None:
    """Paint reeds standing in the foreground."""
    paint = c.of("leaf", "dry_grass", "young")
    for _ in range(14):
        x, h, lean = x0 + c.u(-0.02, 0.28), tall * c.u(0.5, 1.1), c.u(-0.05, 0.05)
        c.line(x, 1.02, x + lean, 1.02 - h, 0.014, paint, c.u(0.45, 1.1), 0.8, 0.25)
        if c.chance(0.25):
            c.line(x + lean, 1.0 - h, x + lean, 1.06 - h, 0.022, c.of("bark"), 0.9)


def poles(c: Canvas, x: float, base: float, h: float) -> None:
    """Paint bean poles with climbing leaves."""
    for dx in (-0.3, -0.1, 0.1, 0.3):
        c.line(x + dx * h, base, x, base - h, 0.012, c.of("wood"), 0.8)
    for i in range(5):
        up = 0.15 + 0.17 * i
        plants.crown(
            c,
            x + c.u(-0.04, 0.04),
            base - up * h,
            0.3 * h * (1.1 - up),
            0.12 * h,
            c.of("leaf", "young"),
        )


def fence(c: Canvas, base: float, h: float) -> None:
    """Paint a picket fence across the picture."""
    b, paint = c.box(0, base - h, 1, base), c.of("white_paint", "wood", "dark_wood")
    u = (b.x / (0.34 * h)) % 1 - 0.5
    picket = c.edge((0.3 - np.abs(u)) * 0.34 * h) * c.edge(b.y - base + h - 0.35 * np.abs(u) * h)
    rails = c.edge(0.05 * h - np.abs(b.y - base + 0.7 * h)) + c.edge(
        0.05 * h - np.abs(b.y - base + 0.25 * h)
    )
    c.paint(b, np.maximum(picket, np.minimum(rails, 1)), paint, 0.85 + 0.1 * u, 0.9)


@thing
def planter(c: Canvas, x: float, base: float, w: float, near: float) -> None:
    """Paint a box with a shrub or flowers in it."""
    land.cast(c, x, base, 0.7 * w, 0.14 * w, 0.5)
    kind = c.pick("bush", "flowers", "flowers", "tree")
    if kind == "tree":
        plants.topiary(c, x, base - 0.25 * w, 1.1 * w, "lollipop", plants.foliage(c))
    elif kind == "bush":
        plants.crown(c, x, base - 0.6 * w, 0.48 * w, 0.4 * w, plants.foliage(c, 0.3))
    else:
        b = c.box(x - 0.55 * w, base - 0.85 * w, x + 0.55 * w, base - 0.2 * w)
        d = 1 - np.sqrt(((b.x - x) / (0.52 * w)) ** 2 + ((b.y - base + 0.45 * w) / (0.34 * w)) ** 2)
        plants.blossoms(
            c, b, c.edge(d * 0.3 * w + 0.008 * c.noise("leaf", b)), 0.02 + 0.04 * near, 2
        )
    box = c.of("wood", "concrete", "tile", "dark_wood")
    c.rectangle(x - 0.45 * w, base - 0.35 * w, x + 0.45 * w, base, box, 0.75, 0.85)
    c.rectangle(x - 0.47 * w, base - 0.38 * w, x + 0.47 * w, base - 0.32 * w, box, 1.0)


@thing
def parasol(c: Canvas, x: float, base: float, w: float) -> None:
    """Paint a table under a parasol."""
    land.cast(c, x, base, 0.6 * w, 0.12 * w, 0.45)
    cloth, white = c.dye(), c.of("white_paint")
    c.line(x, base, x, base - 0.95 * w, 0.03 * w, c.of("wood"))
    c.disc(x, base - 0.28 * w, 0.3 * w, 0.06 * w, c.of("white_paint", "wood"))
    b = c.box(x - 0.62 * w, base - 1.1 * w, x + 0.62 * w, base - 0.6 * w)
    u, v = (b.x - x) / (0.6 * w), (b.y - base + 1.05 * w) / (0.35 * w)
    mask = c.edge((v - np.abs(u)) * 0.3 * w) * c.edge((1 - v + 0.1 * np.cos(u * 16)) * 0.35 * w)
    lit = 0.75 + 0.35 * c.sun * u
    c.paint(b, mask, white, lit, 1.0)
    c.paint(b, mask * (np.abs(u / np.maximum(v, 0.05)) * 2.5 % 1 < 0.5), cloth, lit, 1.0)


@thing
def balloon(c: Canvas, x: float, y: float, r: float) -> None:
    """Paint a hot-air balloon of drawn colors."""
    b = c.box(x - r, y - r, x + r, y + 2 * r)
    u, v = (b.x - x) / r, (b.y - y) / r
    body = np.where(v < 0, 1 - np.sqrt(u * u + v * v), 1 - 0.62 * v - np.abs(u))
    mask = c.edge(body * r * 0.8) * (v < 1.25)
    gore = np.floor(
        3.0 * np.arcsin(np.clip(u / np.maximum(1 - 0.5 * np.clip(v, 0, 2), 0.1), -1, 1))
    )
    lit = 0.65 + 0.35 * c.sun * u - 0.15 * v
    c.paint(b, mask, c.dye(), lit, 0.9)
    c.paint(b, mask * (gore % 2 == 0), c.dye(), lit, 0.9)
    c.rectangle(x - 0.16 * r, y + 1.55 * r, x + 0.16 * r, y + 1.8 * r, c.of("dark_wood"))


@thing
def bale(c: Canvas, x: float, base: float, r: float) -> None:
    """Paint a round bale of straw."""
    land.cast(c, x, base, 1.5 * r, 0.3 * r, 0.6)
    straw = c.of("straw")
    c.disc(x + 0.35 * r, base - r, r, r, straw, 0.45)
    b = c.box(x - 1.1 * r, base - 2 * r, x + r, base)
    d = np.sqrt((b.x - x) ** 2 + (b.y - base + r) ** 2) / r
    lit = 0.85 + 0.12 * np.sin(d * 22) + 0.08 * c.noise("grain", b)
    c.paint(b, c.edge((1 - d) * r), straw, lit, 0.9)


@thing
def trunk(c: Canvas, x: float, base: float, w: float, paint, haze: float) -> None:
    """Paint a trunk from its roots to beyond the upper edge."""
    b = c.box(x - 1.4 * w, 0, x + 1.4 * w, base)
    if b.x.size == 0 or b.y.size == 0:
        return
    half = (
        0.5 * w * (0.75 + 0.3 * b.y / base + 0.9 * np.clip((b.y - base) / (1.5 * w) + 1, 0, 1) ** 3)
    )
    u = (b.x - x + 0.1 * w * c.wave("rough", b)) / half
    lit = 0.42 + 0.5 * c.sun * u + 0.16 * c.noise("fold", b, 2.0)
    c.paint(b, c.edge((1 - np.abs(u)) * half), paint, np.clip(lit, 0.04, 1.1), 0.65, haze)


@thing
def sail(c: Canvas, x: float, base: float, h: float) -> None:
    """Paint a sailing boat; its sail dyed or white."""
    sail = c.dye() if c.chance(0.5) else c.of("white_paint")
    c.shape(
        (
            (x - 0.3 * h, base - 0.14 * h),
            (x + 0.34 * h, base - 0.14 * h),
            (x + 0.22 * h, base),
            (x - 0.24 * h, base),
        ),
        c.dye("paint"),
        0.8,
    )
    c.line(x, base - 0.1 * h, x, base - 1.05 * h, 0.02 * h, c.of("wood"))
    c.shape(
        ((x + 0.02 * h, base - h), (x + 0.3 * h, base - 0.2 * h), (x + 0.02 * h, base - 0.2 * h)),
        sail,
        1.0,
    )
    c.shape(
        (
            (x - 0.02 * h, base - 0.85 * h),
            (x - 0.02 * h, base - 0.2 * h),
            (x - 0.24 * h, base - 0.2 * h),
        ),
        c.of("white_paint"),
        0.75,
    )
