"""The garden scenes: each a short composition of shared parts."""

import numpy as np

from colorkit.data.scenes import built, city, furnish, land, plants
from colorkit.data.scenes.canvas import Canvas


def lawn(c: Canvas) -> None:
    """A mown lawn before trees and a hedge."""
    h = c.u(0.36, 0.5)
    land.sky(c, h)
    plants.treeline(c, h + 0.01, c.u(0.1, 0.18), plants.foliage(c), 0.25)
    plants.lawn(c, h, c.chance(0.8))
    if c.chance(0.6):
        plants.hedge(c, -0.02, h - 0.02, c.u(0.3, 0.7), h + 0.05, c.of("dark", "leaf"), 0.3)
    for _ in range(int(c.u(0, 3))):
        plants.bush(
            c, c.u(0.05, 0.95), h + 0.06, c.u(0.12, 0.2), c.u(0.08, 0.13), plants.foliage(c)
        )
    side = c.pick(-1, 1)
    plants.tree(c, 0.5 + side * c.u(0.25, 0.4), h + c.u(0.06, 0.14), c.u(0.4, 0.6))
    if c.chance(0.4):
        plants.bed(c, 0.5 - side * 0.28, c.u(0.75, 0.85), 0.2, 0.06)


def park(c: Canvas) -> None:
    """A park: a bending path, scattered trees, people, perhaps a pond."""
    h = c.u(0.38, 0.48)
    land.sky(c, h)
    plants.treeline(c, h + 0.01, c.u(0.1, 0.16), plants.foliage(c, 0.3), 0.4)
    plants.lawn(c, h, False)
    land.path(c, h + 0.02, c.of("gravel", "sand"), c.u(0.3, 0.5), c.u(0.3, 0.7))
    autumn = c.pick(0.05, 0.7)
    spots = sorted(c.u(0.03, 0.3) for _ in range(int(c.u(4, 7))))
    for i, near in enumerate(spots):
        x = c.u(0.0, 0.36) if i % 2 else c.u(0.64, 1.0)
        kind = c.pick("round", "round", "tall", "birch", "blossom")
        plants.tree(
            c, x, h + near, 0.2 + 1.15 * near, kind, plants.foliage(c, autumn), 0.12 - near / 4
        )
    for _ in range(int(c.u(1, 4))):
        near = c.u(0.08, 0.3)
        city.person(c, c.u(0.3, 0.7), h + near, 0.05 + 0.5 * near)


def formal_garden(c: Canvas) -> None:
    """Parterres mirrored about a gravel walk, a fountain, a palace in the distance."""
    h = c.u(0.34, 0.42)
    land.sky(c, h)
    plants.treeline(c, h + 0.01, 0.1, c.of("dark", "leaf"), 0.5)
    stone = c.of("limestone", "cream")
    if c.chance(0.6):
        built.wall(c, 0.3, h - 0.12, 0.7, h, stone, 0.95, 0.05, 0.3)
        built.windows(c, 0.3, h - 0.11, 0.7, h, 11, 2, None, haze=0.3)
        built.roof(
            c,
            ((0.3, h - 0.12), (0.34, h - 0.17), (0.66, h - 0.17), (0.7, h - 0.12)),
            c.of("slate"),
            0.9,
            6,
            0.3,
        )
    plants.lawn(c, h, False, c.of("grass"))
    land.ground(c, h + 0.005, c.of("gravel", "sand"), "grain", 0.05)
    green, cell, kind = c.of("dark", "leaf"), 0.02, c.pick("cone", "balls", "lollipop")
    for y0, y1 in ((h + 0.02, h + 0.1), (h + 0.13, h + 0.28), (h + 0.33, 1.02)):
        for m in (-1, 1):
            inner0, inner1 = 0.5 + m * 0.25 * (y0 - h + 0.12), 0.5 + m * 0.25 * (y1 - h + 0.12)
            outer0, outer1 = 0.5 + m * (0.25 + 2.2 * (y0 - h)), 0.5 + m * (0.25 + 2.2 * (y1 - h))
            corners = ((inner0, y0), (outer0, y0), (outer1, y1), (inner1, y1))
            c.shape(tuple((x, y + 0.02) for x, y in corners), green, 0.2, 0.4)
            c.shape(corners, green, 0.85, 0.9)
            k = 0.12 * (y1 - y0)
            flat = (
                (inner0 + m * k, y0 + k),
                (outer0 - m * k, y0 + k),
                (outer1 - m * k, y1 - k),
                (inner1 + m * k, y1 - k),
            )
            b = c.box(min(inner0, outer1), y0, max(inner1, outer1), y1)
            if b.x.size:
                plants.blossoms(c, b, c.polygon(b, *flat), cell + 0.06 * (y0 - h), 2, 0.9, 0.6)
            plants.topiary(c, outer0 - m * k, y0 + 0.02, 0.1 + 0.4 * (y0 - h), kind, green)
    furnish.fountain(c, 0.5, h + c.u(0.12, 0.2), 0.1)


def topiary_garden(c: Canvas) -> None:
    """Clipped trees of many shapes on a lawn."""
    h = c.u(0.36, 0.46)
    land.sky(c, h)
    plants.treeline(c, h + 0.01, c.u(0.1, 0.2), c.of("leaf", "dark"), 0.4)
    plants.hedge(c, -0.02, h - 0.07, 1.02, h + 0.02, c.of("dark", "leaf"), 0.15, 0.15)
    plants.lawn(c, h + 0.01, c.chance(0.6))
    if c.chance(0.5):
        land.path(c, h + 0.02, c.of("gravel"), 0.3)
    green, kinds = (
        c.of("dark", "leaf", "leaf"),
        ("balls", "cone", "spiral", "lollipop", "cube", "bird"),
    )
    for row, (near, tall) in enumerate(((0.05, 0.2), (0.17, 0.32), (0.38, 0.5))):
        count = 5 - row
        for i in range(count):
            if abs(i - (count - 1) / 2) < 0.6 and row == 2:
                continue
            x = (i + 0.5) / count + c.u(-0.04, 0.04)
            plants.topiary(c, x, h + near, tall * c.u(0.85, 1.1), c.pick(*kinds), green)


def botanical_garden(c: Canvas) -> None:
    """Flower beds and palms before a glasshouse."""
    h = c.u(0.42, 0.5)
    land.sky(c, h)
    plants.treeline(c, h, 0.14, plants.foliage(c), 0.35)
    furnish.glasshouse(c, c.u(0.35, 0.65), h + 0.03, c.u(0.3, 0.4))
    plants.lawn(c, h + 0.03, False)
    land.path(c, h + 0.04, c.of("gravel", "sand"), 0.3)
    for m in (-1, 1):
        for near, size in ((0.1, 0.16), (0.24, 0.22), (0.44, 0.3)):
            x = 0.5 + m * (0.2 + 0.75 * near)
            plants.bed(c, x, h + near, size, 0.26 * size, int(c.u(1, 4)))
    for m in (-1, 1):
        kind = c.pick("palm", "palm", "tall", "blossom")
        plants.tree(c, 0.5 + m * c.u(0.32, 0.45), h + c.u(0.1, 0.2), c.u(0.35, 0.55), kind)


def japanese_garden(c: Canvas) -> None:
    """A pond under maples and pines, a red bridge, a stone lantern."""
    h = c.u(0.28, 0.36)
    land.sky(c, h)
    land.ridge(c, h, 0.12, c.of("leaf", "dark"), 0.9)
    plants.treeline(c, h + 0.1, c.u(0.16, 0.24), c.of("leaf", "dark", "young"), 0.2)
    shore = c.u(0.56, 0.64)
    plants.lawn(c, h + 0.1, False, c.of("grass", "leaf"))
    for _ in range(3):
        plants.bush(
            c, c.u(0, 1), shore - c.u(0.03, 0.1), c.u(0.12, 0.22), c.u(0.1, 0.15), plants.foliage(c)
        )
    kinds = c.pick(("round", "pine"), ("blossom", "pine"), ("pine", "round"))
    maple = c.of("red_leaf", "yellow_leaf") if c.chance(0.7) else c.of("young")
    for x, kind in zip((c.u(0.1, 0.25), c.u(0.75, 0.9)), kinds, strict=True):
        paint = maple if kind == "round" else None
        plants.tree(c, x, shore - 0.02, c.u(0.42, 0.55), kind, paint)
    furnish.redbridge(c, c.u(0.42, 0.58), shore, c.u(0.22, 0.3))
    furnish.lantern(c, c.pick(0.3, 0.72), shore - 0.01, 0.14)
    land.water(c, shore, paint=c.of("pond_water"), calm=0.9)
    for _ in range(6):
        land.boulder(
            c, c.u(0, 1), shore + c.u(0, 0.03), c.u(0.06, 0.14), c.u(0.03, 0.08), c.of("rock")
        )
    furnish.lilies(c, shore + 0.08)
    for x in (c.u(-0.05, 0.15), c.u(0.85, 1.05)):
        land.boulder(c, x, 1.0, c.u(0.25, 0.4), c.u(0.1, 0.2), c.of("rock", "warm_rock"))


def pond(c: Canvas) -> None:
    """Still water under trees, lilies and reeds."""
    h = c.u(0.36, 0.46)
    land.sky(c, h)
    plants.treeline(c, h + 0.02, c.u(0.14, 0.24), plants.foliage(c, 0.3), 0.35)
    plants.lawn(c, h, False)
    shore = h + c.u(0.08, 0.12)
    for _ in range(int(c.u(1, 4))):
        plants.tree(c, c.u(0, 1), shore - 0.015, c.u(0.22, 0.4), c.pick("round", "birch", "tall"))
    for _ in range(3):
        plants.bush(c, c.u(0, 1), shore, c.u(0.1, 0.2), c.u(0.06, 0.1), plants.foliage(c))
    b = land.water(c, shore, paint=c.of("pond_water", "water"), calm=c.u(0.6, 0.95))
    bank = 0.02 + 0.03 * c.wave("cloud", b)
    c.paint(b, c.edge(bank - (b.y - shore)), c.of("grass", "dark"), 0.6, 0.8)
    furnish.lilies(c, shore + 0.1, c.u(0.3, 0.7))
    furnish.reeds(c, c.pick(0.0, 0.75), c.u(0.22, 0.35))


def zen_garden(c: Canvas) -> None:
    """Raked gravel around rocks, before a plastered wall."""
    h = c.u(0.34, 0.42)
    land.sky(c, h - 0.1)
    plants.treeline(c, h, 0.22, plants.foliage(c, 0.35), 0.15)
    for _ in range(2):
        plants.tree(c, c.u(0.05, 0.95), h, c.u(0.3, 0.42), c.pick("pine", "round", "blossom"))
    built.wall(
        c, -0.02, h - 0.12, 1.02, h + 0.02, c.of("cream", "ochre", "white_plaster"), 0.9, 0.1
    )
    tiles = ((-0.02, h - 0.15), (1.02, h - 0.15), (1.02, h - 0.105), (-0.02, h - 0.105))
    built.roof(c, tiles, c.of("slate"), 0.9, 3)
    c.rectangle(-0.02, h + 0.005, 1.02, h + 0.03, c.of("granite"), 0.8)
    b = c.box(0, h + 0.02, 1, 1)
    z = land.depth(b, h - 0.12)
    x, y = (b.x - 0.5) * z, 0.62 * z * 1.6
    spots = [
        (c.u(0.12, 0.4), c.u(0.52, 0.6)),
        (c.u(0.6, 0.88), c.u(0.56, 0.7)),
        (c.u(0.3, 0.7), c.u(0.72, 0.86)),
    ]
    combed, nearest = y, np.full(np.broadcast_shapes(x.shape, y.shape), 9.0, np.float32)
    for px, py in spots:
        pz = (1 - h + 0.12) / (py - h + 0.12)
        d = np.hypot(x - (px - 0.5) * pz, y - 0.62 * pz * 1.6)
        combed = np.where((d < 0.33) & (d < nearest), d, combed)
        nearest = np.minimum(nearest, d)
    furrows = np.sin(combed * 2 * np.pi / 0.075) * np.clip(1.6 / z, 0, 1)
    lit = 0.8 + 0.22 * furrows + 0.04 * c.noise("grain", b)
    c.paint(b, c.edge(b.y - h - 0.02), c.of("gravel", "limestone", "sand"), lit, 0.95)
    for i, (px, py) in enumerate(spots):
        size = 0.1 + 0.22 * (py - h)
        c.disc(px, py, 0.75 * size, 0.16 * size, c.of("leaf", "young"), 0.75)
        land.boulder(c, px, py, size, size * c.u(0.5, 0.9), c.of("rock", "warm_rock"))
        if i != 1:
            land.boulder(c, px + 0.5 * size, py + 0.01, 0.5 * size, 0.3 * size, c.of("rock"))


def vegetable_garden(c: Canvas) -> None:
    """Rows of vegetables running to a fence, a shed, bean poles."""
    h = c.u(0.34, 0.44)
    land.sky(c, h)
    plants.treeline(c, h + 0.01, c.u(0.1, 0.18), plants.foliage(c), 0.3)
    if c.chance(0.6):
        built.house(c, c.u(0.2, 0.8), h + 0.04, c.u(0.2, 0.28), c.pick("cottage", "barn", "house"))
    land.ground(c, h + 0.02, c.of("soil"), "leaf", 0.2)
    furnish.fence(c, h + 0.03, 0.07)
    kinds = [c.of(name) for name in ("leaf", "young", "blue_leaf", "red_leaf", "dark", "young")]
    plants.rows(c, h + 0.03, kinds, c.u(0.17, 0.26))
    if c.chance(0.7):
        furnish.poles(c, c.pick(0.12, 0.85), h + c.u(0.2, 0.3), c.u(0.26, 0.36))
    for _ in range(int(c.u(0, 4))):
        x, y = c.u(0.1, 0.9), c.u(0.8, 0.97)
        c.ball(x, y, 0.05, 0.04, c.dye("fruit"))
        c.line(x, y - 0.035, x + 0.01, y - 0.055, 0.012, c.of("leaf"))


def roof_garden(c: Canvas) -> None:
    """Planters, a deck and chairs on a roof, the city behind."""
    h = c.u(0.42, 0.5)
    land.sky(c, h + 0.1)
    for i in range(9):
        city.tallbuilding(
            c, (i + c.u(0, 1)) / 9, h + 0.12, c.u(0.1, 0.18), h - c.u(0.0, 0.3), 0, c.u(0.3, 0.8)
        )
    b, wood = c.box(0, h + 0.1, 1, 1), c.of("wood", "dark_wood")
    z = land.depth(b, h - 0.05)
    plank = (b.x - 0.5) * z * 9
    lit = 0.8 + 0.1 * np.sin(7.7 * np.floor(plank) ** 2) - 0.35 * (np.abs(plank % 1 - 0.5) > 0.46)
    c.paint(b, c.edge(b.y - h - 0.1), wood, lit + 0.04 * c.noise("grain", b), 0.9)
    rail = c.box(0, h, 1, h + 0.1)
    c.rectangle(-0.01, h - 0.005, 1.01, h + 0.01, c.of("steel", "white_paint"))
    bars = c.edge(0.003 - np.abs((rail.x * 24) % 1 - 0.5) / 24) * c.edge(rail.y - h)
    c.paint(rail, bars, c.of("steel"), 0.8)
    for near, size in ((0.14, 0.15), (0.3, 0.22), (0.47, 0.3)):
        for m in (-1, 1):
            furnish.planter(c, 0.5 + m * (0.2 + 0.75 * near), h + near, size, near)
    x, y = 0.5 + c.u(-0.06, 0.06), h + c.u(0.24, 0.3)
    furnish.parasol(c, x, y, 0.3)
