"""The built scenes: each a short composition of shared parts."""

import numpy as np

from colorkit.data.scenes import built, city, furnish, indoor, land, plants
from colorkit.data.scenes.canvas import Canvas


def house(c: Canvas) -> None:
    """A family house with a lawn, a path and trees."""
    h = c.u(0.5, 0.58)
    land.sky(c, h)
    plants.treeline(c, h + 0.01, c.u(0.1, 0.18), plants.foliage(c, 0.3), 0.3)
    plants.lawn(c, h, c.chance(0.4))
    x = c.u(0.4, 0.6)
    plants.tree(c, x + c.pick(-0.4, 0.4), h + 0.02, c.u(0.35, 0.5))
    built.house(c, x, h + 0.14, c.u(0.5, 0.58))
    for _ in range(4):
        plants.bush(
            c, x + c.u(-0.35, 0.35), h + 0.17, c.u(0.07, 0.12), c.u(0.06, 0.09), plants.foliage(c)
        )
    land.path(c, h + 0.16, c.of("gravel", "concrete", "brick"), c.u(0.16, 0.26), x)
    if c.chance(0.5):
        plants.bed(c, c.pick(0.22, 0.78), c.u(0.82, 0.9), 0.18, 0.05)
    if c.chance(0.4):
        furnish.fence(c, 1.0, 0.12)


def cottage(c: Canvas) -> None:
    """A thatched cottage deep in flowers."""
    h = c.u(0.46, 0.54)
    land.sky(c, h)
    land.ridge(c, h, 0.1, c.of("leaf", "dark", "grass"), 0.9)
    plants.treeline(c, h + 0.04, c.u(0.12, 0.2), plants.foliage(c, 0.25), 0.25)
    plants.lawn(c, h + 0.02, False)
    x = c.u(0.42, 0.58)
    built.house(c, x, h + 0.17, c.u(0.5, 0.56), "cottage")
    for m in (-1, 1):
        plants.bed(c, x + m * 0.34, h + 0.22, 0.22, 0.07, 4, 0.03)
        plants.bed(c, x + m * 0.42, h + 0.36, 0.3, 0.1, 4, 0.042)
    land.path(c, h + 0.18, c.of("gravel", "sand"), 0.2, x)
    plants.tree(
        c, c.pick(0.06, 0.95), h + 0.14, c.u(0.45, 0.6), c.pick("round", "blossom", "birch")
    )


def castle(c: Canvas) -> None:
    """A castle on its hill: walls, towers, pennants."""
    h = c.u(0.6, 0.68)
    land.sky(c, h)
    land.ridge(c, h - 0.02, 0.14, c.of("leaf", "dark", "rock"), 1.1)
    stone = c.of("limestone", "granite", "warm_rock", "limestone")
    cover = c.of("tile", "slate", "tile")
    caps = c.pick(("battlement", "cone"), ("cone", "cone"), ("battlement", "battlement"))
    base = h - 0.02
    built.tower(
        c, c.u(0.42, 0.58), base, c.u(0.13, 0.18), c.u(0.4, 0.5), stone, caps[1], 0.12, cover
    )
    for x in (0.3, 0.7):
        built.tower(c, x + c.u(-0.03, 0.03), base, 0.1, c.u(0.27, 0.38), stone, caps[0], 0.1, cover)
    top = base - c.u(0.16, 0.22)
    built.wall(c, 0.17, top, 0.83, base + 0.05, stone, 0.8, 0.05)
    b = c.box(0.17, top - 0.03, 0.83, top)
    c.paint(
        b, c.within(b, 0.17, top - 0.025, 0.83, top + 0.01) * ((b.x * 28) % 1 < 0.55), stone, 0.85
    )
    for x in (0.17, 0.83):
        built.tower(c, x, base + 0.06, c.u(0.12, 0.16), c.u(0.28, 0.36), stone, caps[1], 0.0, cover)
    for m in (-1, 1):
        built.tower(c, 0.5 + m * 0.09, base + 0.05, 0.075, 0.24, stone, "battlement")
    b = c.box(0.43, base - 0.12, 0.57, base + 0.05)
    gate = 0.045 - np.sqrt((b.x - 0.5) ** 2 + np.minimum(b.y - base + 0.05, 0) ** 2)
    c.paint(b, c.edge(gate), c.of("dark_wood"), 0.4, 0.5)
    land.ridge(c, h + 0.08, 0.05, c.of("grass", "leaf", "dry_grass"), 0.1, 0.05)
    plants.lawn(c, h + 0.1, False)
    land.path(c, h + 0.03, c.of("sand", "gravel"), 0.2, 0.5)
    for _ in range(8):
        x = c.u(0, 0.35) if c.chance(0.5) else c.u(0.65, 1)
        plants.tree(c, x, c.u(h + 0.08, 0.98), c.u(0.14, 0.26), c.pick("round", "conifer", "round"))
    if c.chance(0.35):
        land.water(c, h + 0.16, calm=0.8)


def palace(c: Canvas) -> None:
    """A palace: wings, a portico with a dome, a forecourt with clipped trees and a fountain."""
    h = c.u(0.6, 0.66)
    land.sky(c, h)
    plants.treeline(c, h, 0.16, c.of("leaf", "dark"), 0.4)
    stone, trim = (
        c.of("limestone", "cream", "ochre", "rose", "white_plaster"),
        c.of("white_plaster"),
    )
    cover, top = c.of("slate", "verdigris", "tile"), h - c.u(0.2, 0.24)
    built.roof(
        c, ((0.04, top), (0.09, top - 0.07), (0.91, top - 0.07), (0.96, top)), cover, 0.9, 7, 0.1
    )
    for i in range(9):
        x = 0.12 + 0.095 * i
        c.rectangle(x - 0.008, top - 0.1, x + 0.008, top - 0.05, stone, 0.7, 0.9, 0.1)
    built.wall(c, 0.03, top, 0.97, h, stone, 0.9, 0.06)
    built.windows(c, 0.04, top + 0.01, 0.96, h, 18, 2, trim, 0.4, 0.62, c.chance(0.5))
    c.rectangle(0.02, top - 0.012, 0.98, top + 0.006, trim, 1.0)
    if c.chance(0.7):
        c.rectangle(0.43, top - 0.14, 0.57, top - 0.04, stone, 0.85)
        built.windows(c, 0.43, top - 0.13, 0.57, top - 0.05, 4, 1, trim, 0.4, 0.7, True)
        c.ball(0.5, top - 0.13, 0.08, 0.1, cover)
        c.line(0.5, top - 0.22, 0.5, top - 0.3, 0.012, c.of("brass"))
    c.rectangle(0.36, top - 0.03, 0.64, h, stone, 1.0)
    built.windows(c, 0.37, top + 0.01, 0.63, h, 5, 2, trim, 0.4, 0.62, True)
    c.shape(((0.34, top - 0.03), (0.5, top - 0.11), (0.66, top - 0.03)), trim, 0.95)
    c.shape(((0.38, top - 0.04), (0.5, top - 0.095), (0.62, top - 0.04)), stone, 0.7)
    for i in range(6):
        x = 0.37 + 0.052 * i
        b = c.box(x - 0.012, top - 0.03, x + 0.012, h)
        c.paint(
            b, c.within(b, x - 0.011, top - 0.03, x + 0.011, h), trim, 0.75 + 30 * c.sun * (b.x - x)
        )
    land.ground(c, h, c.of("gravel", "sand"), "grain", 0.05)
    for m in (-1, 1):
        b = c.box(0, h, 1, 1)
        edge = m * (b.x - 0.5) - 0.1 - 0.25 * (b.y - h)
        c.paint(
            b, c.edge(edge) * c.edge(b.y - h - 0.05), c.of("grass"), 0.9 + 0.1 * c.noise("leaf", b)
        )
        for near in (0.07, 0.16, 0.32):
            x = 0.5 + m * (0.2 + 0.7 * near)
            plants.bed(c, x + m * 0.2, h + near + 0.02, 0.1 + 0.1 * near, 0.02 + 0.05 * near, 2)
            plants.topiary(c, x, h + near + 0.02, 0.08 + 0.4 * near, "cone", c.of("dark", "leaf"))
    furnish.fountain(c, 0.5, h + c.u(0.16, 0.22), 0.1)


def skyscraper(c: Canvas) -> None:
    """Towers of glass and stone from below."""
    land.sky(c, 1.05)
    for i in range(6):
        city.tallbuilding(
            c, (i + c.u(0.1, 0.9)) / 6, 1.05, c.u(0.16, 0.26), c.u(0.3, 0.65), 0.25, c.u(0.3, 0.7)
        )
    x = c.u(0.38, 0.62)
    city.tallbuilding(
        c, x + c.pick(-0.32, 0.32), 1.05, c.u(0.28, 0.36), c.u(0.12, 0.34), 0.42, 0.08
    )
    city.tallbuilding(c, x, 1.05, c.u(0.34, 0.44), c.u(0.02, 0.14), 0.5)
    if c.chance(0.5):
        plants.treeline(c, 1.03, c.u(0.06, 0.1), plants.foliage(c))


def urban(c: Canvas) -> None:
    """A city's skyline over water, a park or roofs."""
    h = c.u(0.6, 0.68)
    land.sky(c, h)
    for layer, haze in enumerate((0.9, 0.5, 0.15)):
        for i in range(8):
            w, tall = c.u(0.08, 0.16), c.u(0.1, 0.42 - 0.08 * layer)
            city.tallbuilding(c, (i + c.u(0, 1)) / 8, h + 0.03, w, h - tall, 0.0, haze)
    for i in range(6):
        x, w, tall = (i + c.u(0.2, 0.8)) / 6, c.u(0.1, 0.17), c.u(0.08, 0.16)
        paint = c.of(c.pick(*built.WALLS))
        built.wall(c, x - w / 2, h + 0.04 - tall, x + w / 2, h + 0.04, paint, 0.9, 0.03)
        built.windows(c, x - w / 2, h + 0.045 - tall, x + w / 2, h + 0.03, 5, 4, None, 0.5, 0.5)
        built.roof(
            c,
            (
                (x - 0.52 * w, h + 0.04 - tall),
                (x - 0.35 * w, h - tall),
                (x + 0.35 * w, h - tall),
                (x + 0.52 * w, h + 0.04 - tall),
            ),
            c.of("tile", "slate"),
            0.9,
            4,
        )
    plants.treeline(c, h + 0.07, 0.045, plants.foliage(c, 0.3), 0.05)
    if c.chance(0.6):
        c.rectangle(-0.01, h + 0.06, 1.01, h + 0.09, c.of("granite", "concrete"), 0.7)
        land.water(c, h + 0.085, calm=c.u(0.2, 0.8))
        if c.chance(0.5):
            from_shore = c.u(0.05, 0.12)
            c.shape(
                (
                    (0.3, h + from_shore + 0.05),
                    (0.62, h + from_shore + 0.05),
                    (0.58, h + from_shore + 0.1),
                    (0.33, h + from_shore + 0.1),
                ),
                c.dye("paint"),
            )
            c.rectangle(
                0.38, h + from_shore + 0.01, 0.55, h + from_shore + 0.05, c.of("white_paint")
            )
    else:
        land.ground(c, h + 0.06, c.of("asphalt"), "grain", 0.05)
        c.rectangle(-0.01, h + 0.06, 1.01, h + 0.09, c.of("concrete"))
        b = c.box(0, h + 0.2, 1, h + 0.22)
        c.paint(
            b, c.within(b, 0, h + 0.2, 1, h + 0.212) * ((b.x * 7) % 1 < 0.5), c.of("white_paint")
        )
        for near in (0.15, 0.26):
            for _ in range(2):
                city.car(c, c.u(0.08, 0.92), h + near, 0.1 + 0.25 * near)


def street(c: Canvas) -> None:
    """A street in perspective, with cars, trees, lamps and people."""
    vx, vy, wide = c.u(0.42, 0.58), c.u(0.5, 0.58), c.u(0.42, 0.55)
    land.sky(c, vy)
    city.street(c, vx, vy, wide, c.u(0.32, 0.4))
    trees = c.chance(0.6)
    for near in (0.12, 0.2, 0.34, 0.55):
        base = vy + 0.36 * near / 0.55
        for m in (-1, 1):
            x = vx + m * 0.8 * wide * near / 0.4
            if trees:
                plants.tree(c, x, base, 0.9 * near + 0.04, "round", plants.foliage(c, 0.3), 0.1)
            elif c.chance(0.7):
                c.line(x, base, x, base - 0.8 * near, 0.02 * near + 0.004, c.of("iron"))
                c.disc(
                    x, base - 0.8 * near, 0.05 * near, 0.07 * near, c.light.glow(np.full(61, 0.95))
                )
        if c.chance(0.75):
            m = c.pick(-1, 1)
            city.car(c, vx + m * 0.34 * wide * near / 0.4, base + 0.02, 0.36 * near + 0.01)
        if c.chance(0.8):
            city.person(
                c, vx + c.pick(-0.85, 0.85) * wide * near / 0.4, base + 0.02, 0.42 * near + 0.02
            )


def oldbuilding(c: Canvas) -> None:
    """An old church or half-timbered houses round a square."""
    h = c.u(0.7, 0.78)
    land.sky(c, h)
    plants.treeline(c, h, 0.2, plants.foliage(c), 0.4)
    stone = c.of("limestone", "warm_rock", "granite", "brick")
    if c.chance(0.5):
        city.church(c, h, stone)
    else:
        x = -0.02
        while x < 1.0:
            w = c.u(0.24, 0.34)
            city.timbered(c, x, min(x + w, 1.02), h)
            x += w
    land.ground(c, h, c.of("granite", "gravel"), "leaf", 0.15)
    for _ in range(int(c.u(1, 4))):
        city.person(c, c.u(0.1, 0.9), c.u(h + 0.03, 0.97), 0.14)


def market_outdoor(c: Canvas) -> None:
    """A market square: stalls with striped awnings, fruit, shoppers, old houses behind."""
    h = c.u(0.5, 0.56)
    land.sky(c, h)
    x = -0.03
    while x < 1.0:
        w = c.u(0.16, 0.26)
        tall, paint = c.u(0.24, 0.4), c.of(c.pick(*built.WALLS))
        built.roof(
            c,
            (
                (x, h - tall),
                (x + 0.3 * w, h - tall - 0.08),
                (x + 0.7 * w, h - tall - 0.08),
                (x + w, h - tall),
            ),
            c.of("tile", "slate"),
            0.85,
            6,
            0.15,
        )
        built.wall(c, x, h - tall, x + w, h + 0.04, paint, 0.8, 0.04, 0.12)
        built.windows(
            c, x, h - tall, x + w, h - 0.02, 3, 3, c.of("white_paint"), 0.42, 0.55, haze=0.1
        )
        x += w
    land.ground(c, h + 0.03, c.of("granite", "sand", "gravel"), "leaf", 0.12)
    cuts = [c.u(0.28, 0.4), c.u(0.62, 0.74)]
    for x0, x1 in ((0.02, cuts[0]), (cuts[0] + 0.04, cuts[1]), (cuts[1] + 0.04, 0.98)):
        indoor.stall(c, x0 + 0.01, x1 - 0.01, h - c.u(0.06, 0.12), h + 0.18)
    for _ in range(3):
        city.person(c, c.u(0.06, 0.94), h + c.u(0.2, 0.26), 0.26)
    m = c.pick(0, 1)
    indoor.stall(c, -0.06 + 0.5 * m, 0.54 + 0.52 * m, c.u(0.54, 0.6), 1.03)
    city.person(c, 0.75 - 0.5 * m + c.u(-0.08, 0.08), 1.0, c.u(0.36, 0.42))
