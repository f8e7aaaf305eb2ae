"""The scenes of open country: each a short composition of shared parts."""

import numpy as np

from colorkit.data.scenes import built, city, furnish, land, plants
from colorkit.data.scenes.canvas import Canvas
from colorkit.data.scenes.spectra import sunset


def sky(c: Canvas) -> None:
    """Mostly sky, over a low skyline; sometimes birds or a balloon."""
    h = c.u(0.84, 0.95)
    land.sky(c, h, None if c.mood == "blue" else c.u(0.4, 0.8))
    if c.mood == "sunset":
        x, y = c.u(0.2, 0.8), h - c.u(0.02, 0.12)
        b = c.all
        glow = np.exp(-((b.x - x) ** 2 + (b.y - y) ** 2) / 0.03)
        c.shine(b, 0.5 * glow, c.light.glow(sunset(0.5)))
        c.disc(x, y, 0.04, 0.04, c.light.glow(2.5 * sunset(0.25), "sky"))
    if c.chance(0.7):
        land.ridge(c, h + 0.02, 0.08, c.of("leaf", "dark", "rock"), 1.0)
        plants.treeline(c, 1.02, c.u(0.03, 0.08), plants.foliage(c), 0.3)
    else:
        land.water(c, h)
    for _ in range(int(c.u(0, 7)) if c.chance(0.5) else 0):
        x, y, s = c.u(0.1, 0.9), c.u(0.15, 0.6), c.u(0.01, 0.025)
        for m in (-1, 1):
            c.line(x, y, x + m * s, y - 0.5 * s, 0.005, c.of("iron"))
    if c.mood != "overcast" and c.chance(0.25):
        furnish.balloon(c, c.u(0.2, 0.8), c.u(0.25, 0.5), c.u(0.05, 0.1))


def mountain(c: Canvas) -> None:
    """Snowy peaks behind forested hills, a meadow or a lake in front."""
    h = c.u(0.58, 0.7)
    land.sky(c, h)
    rock, snow = c.of("rock", "warm_rock"), c.u(0.15, 0.6)
    land.peaks(c, h, c.u(0.32, 0.42), rock, snow, 0.55)
    land.peaks(c, h + 0.04, c.u(0.22, 0.34), rock, 0.7 * snow, 0.25)
    land.ridge(c, h + 0.04, c.u(0.06, 0.1), c.of("dark", "leaf"), 0.35, 0.5)
    if c.chance(0.45):
        plants.treeline(c, h + 0.07, 0.05, c.of("dark"), 0.15)
        land.water(c, h + 0.06, calm=c.u(0.5, 0.95))
    else:
        plants.lawn(c, h + 0.05, False, c.of("grass", "dry_grass"))
    for near in sorted(c.u(0.05, 0.34) for _ in range(int(c.u(3, 9)))):
        x = c.u(0.0, 0.4) if c.chance(0.5) else c.u(0.65, 1.0)
        plants.conifer(
            c, x, h + near + 0.04, 0.1 + 0.75 * near, c.of("dark", "leaf"), 0.15 - 0.3 * near
        )
    for _ in range(3):
        land.boulder(c, c.u(0, 1), c.u(0.9, 1.0), c.u(0.08, 0.2), c.u(0.04, 0.1), rock)


def country(c: Canvas) -> None:
    """Rolling fields, hedgerows, a farm and a track."""
    h = c.u(0.36, 0.48)
    land.sky(c, h)
    land.ridge(c, h, 0.1, c.of("leaf", "dark"), 1.1)
    names = ("grass", "dry_grass", "straw", "young", "soil", "leaf")
    for i in range(4):
        y = h + 0.03 + 0.09 * i
        land.ridge(c, y, 0.05, c.of(c.pick(*names)), 0.42 - 0.12 * i, 0.02)
        if c.chance(0.75):
            x0 = c.u(-0.1, 0.6)
            plants.treeline(
                c,
                y + 0.03,
                0.03 + 0.015 * i,
                plants.foliage(c),
                0.3 - 0.08 * i,
                x0,
                x0 + c.u(0.2, 0.5),
            )
    ground = c.of("grass", "straw", "dry_grass")
    land.ridge(c, h + 0.36, 0.04, ground, 0.0, 0.02)
    land.ground(c, h + 0.4, ground, "leaf", 0.14)
    built.house(
        c, c.u(0.25, 0.75), h + c.u(0.26, 0.34), c.u(0.16, 0.24), c.pick("house", "barn", "cottage")
    )
    land.path(c, h + 0.35, c.of("soil", "sand"), 0.28)
    plants.tree(c, c.pick(c.u(0.02, 0.2), c.u(0.8, 0.98)), h + c.u(0.34, 0.44), c.u(0.35, 0.5))
    for _ in range(int(c.u(0, 6)) if c.chance(0.6) else 0):
        x, y, s = c.u(0.1, 0.9), h + c.u(0.3, 0.5), c.u(0.014, 0.024)
        c.ball(x, y - s, 1.3 * s, 0.8 * s, c.of("white_plaster"))
        c.disc(x + 1.3 * s, y - 1.3 * s, 0.5 * s, 0.4 * s, c.of("iron"))
        c.rectangle(x - 0.8 * s, y - 0.5 * s, x + 0.8 * s, y + 0.3 * s, c.of("iron"), 0.3, 0.4)


def field(c: Canvas) -> None:
    """A field in rows to the horizon: wheat, lavender, tulips, sunflowers or grass with bales."""
    h = c.u(0.34, 0.5)
    land.sky(c, h)
    land.ridge(c, h + 0.01, 0.06, c.of("leaf", "dark"), 1.0)
    plants.treeline(c, h + 0.012, c.u(0.03, 0.06), plants.foliage(c), 0.5)
    kind = c.pick("wheat", "flowers", "flowers", "bales", "crop")
    if kind in ("wheat", "bales"):
        land.ground(c, h, c.of("straw", "straw", "straw", "dry_grass"), "leaf", 0.2)
        b = c.box(0, h, 1, 1)
        z = land.depth(b, h)
        stripe = np.sin((b.x - c.u(0.2, 0.8)) * z * 2 * np.pi / c.u(0.1, 0.2))
        c.shade(b, np.clip(0.22 * ramped(stripe) * np.clip(3 / z, 0, 1), 0, 1) * c.edge(b.y - h))
        for near in sorted(c.u(0.04, 0.4) for _ in range(5)) if kind == "bales" else ():
            furnish.bale(c, c.u(0.05, 0.95), h + near, 0.03 + 0.28 * near)
    else:
        land.ground(c, h, c.of("soil", "grass"), "leaf", 0.2)
        if kind == "crop":
            paints = [c.of("leaf", "young", "young")]
        else:
            dyes = [c.dye("petals", strength=(0.7, 1.0)) for _ in range(c.pick(1, 1, 3))]
            paints = [p for dye in dyes for p in (dye, c.of("leaf"))] if c.chance(0.4) else dyes
        plants.rows(c, h, paints, c.u(0.14, 0.24), 0.35)
    if c.chance(0.5):
        plants.tree(c, c.u(0.1, 0.9), h + 0.03, c.u(0.16, 0.3), c.pick("round", "tall", "birch"))


def ramped(wave: np.ndarray) -> np.ndarray:
    """Return a wave with flattened crests."""
    return 0.5 + 0.5 * np.tanh(2 * wave)


def forest(c: Canvas) -> None:
    """Inside a wood: trunks into the haze, ferns, leaf litter, shafts of light."""
    h = c.u(0.5, 0.62)
    autumn = c.pick(0.0, 0.1, 0.8)
    land.sky(c, h, 0.0)
    b = c.all
    leaves, clumps = c.noise("leaf", b), c.noise("rough", b, 1.4, 1.4)
    for haze, bright, gap in ((0.35, 1.25, -0.6), (0.1, 0.85, 0.1)):
        paint = plants.foliage(c, autumn)
        canopy = 0.75 + 0.45 * clumps + 0.35 * leaves - gap - 0.4 * np.abs(b.y - 0.2)
        lit = bright * np.clip(0.6 + 0.35 * leaves + 0.3 * c.relief(clumps), 0.1, 1.4)
        c.paint(b, np.clip(3 * canopy, 0, 1), paint, lit, 0.8 * bright, haze)
        clumps = -clumps
    litter = c.of("soil", "leaf", "grass", "red_leaf" if autumn > 0.5 else "dark")
    land.ground(c, h, litter, "leaf", 0.32)
    bark = c.pick(("bark", "dark_wood"), ("birch", "birch"), ("bark", "bark"))
    for near in sorted(c.u(0.0, 1.0) ** 2 for _ in range(15)):
        furnish.trunk(
            c,
            c.u(-0.05, 1.05),
            h + 0.03 + 0.4 * near,
            0.016 + 0.1 * near,
            c.of(*bark),
            0.5 * (1 - near) ** 3,
        )
    for _ in range(6):
        y = c.u(h + 0.08, 1.02)
        plants.crown(c, c.u(0, 1), y, 0.14 * y, 0.06 * y, c.of("young", "leaf"), 0.0, 1.6)
    if c.mood in ("blue", "cloudy"):
        across = b.x - c.sun * 0.55 * b.y + c.u(0, 1)
        beams = np.clip(np.sin(7 * across) * np.sin(17 * across), 0, 1) * (1 - 0.7 * b.y)
        c.shine(b, 0.14 * beams, c.light.glow(np.ones(61), "sky"))


def waterfall(c: Canvas) -> None:
    """Water falling over a cliff into a pool, with spray and ferns."""
    top, foot = c.u(0.14, 0.24), c.u(0.66, 0.74)
    land.sky(c, 0.4)
    plants.treeline(c, top + 0.06, 0.16, plants.foliage(c), 0.4)
    rock = c.of("rock", "warm_rock", "rock")
    b = c.box(0, top - 0.08, 1, foot + 0.02)
    rough, ribs = c.noise("rough", b, 1.4, 1.0), c.noise("fold", b, 0.35, 2.0)
    x, w = c.u(0.35, 0.65), c.u(0.07, 0.15)
    brink = top + 0.02 * c.wave("rough", b, 2) - 0.1 * np.abs(b.x - x) + 0.03
    ledge = np.tanh(3 * np.sin(b.y * 40 + 2.5 * rough))
    lit = 0.5 + 0.28 * c.relief(rough) + 0.16 * ribs - 0.12 * ledge
    c.paint(b, c.edge(b.y - brink), rock, np.clip(lit, 0.03, 1.2), 0.75 + 0.1 * rough, 0.12)
    moss = patches(c, b) * c.edge(b.y - brink) * ramped(3 * ledge)
    c.paint(b, 0.8 * moss, c.of("leaf", "young", "dark"), np.clip(lit + 0.1, 0, 1.2), 0.8)
    t = (b.y - brink) / (foot - top)
    half = w * (0.7 + 0.45 * t) * (1 + 0.12 * c.wave("cloud", b))
    u = (b.x - x - 0.03 * np.sin(5 * t)) / half
    streaks = c.noise("fold", b, 1.6, 0.8)
    veil = np.clip(1.25 - u * u - 0.3 * streaks * (0.4 + t), 0, 1) * c.edge(b.y - brink)
    c.paint(
        b, np.clip(1.4 * veil, 0, 1) * (np.abs(u) < 1.2), c.of("foam"), 0.85 + 0.15 * streaks, 0.95
    )
    for m in (-1, 1):
        for _ in range(5):
            px, py = x + m * c.u(0.2, 0.55), c.u(top, foot)
            plants.crown(c, px, py, c.u(0.06, 0.13), c.u(0.05, 0.1), plants.foliage(c), 0.1, 1.3)
    for side in (c.u(0.0, 0.15), c.u(0.85, 1.0)):
        plants.tree(c, side, top + c.u(0.05, 0.2), c.u(0.2, 0.3), c.pick("conifer", "round"))
    land.water(c, foot, paint=c.of("shallow", "pond_water", "water"), calm=0.35)
    b = c.box(0, foot - 0.2, 1, 1)
    d = ((b.x - x) / (2.2 * w)) ** 2 + ((b.y - foot) / 0.09) ** 2
    c.paint(
        b,
        np.clip(0.95 * np.exp(-d) + 0.25 * np.exp(-d / 3) * spray(c, b), 0, 1),
        c.of("foam"),
        0.9,
    )
    for _ in range(7):
        px, py = c.u(0, 1), c.u(foot + 0.04, 1.0)
        land.boulder(c, px, py, c.u(0.08, 0.2) * py, c.u(0.05, 0.12) * py, rock)


def patches(c: Canvas, b) -> np.ndarray:
    """Return patches that cover about a third of a box."""
    return land.ramp(c.noise("rough", b, 1.5, 1.0), 0.2, 0.7)


def spray(c: Canvas, b) -> np.ndarray:
    """Return spray: grain between 0 and 1."""
    return np.clip(0.6 + 0.4 * c.noise("leaf", b), 0, 1)


def water(c: Canvas) -> None:
    """Sea or lake: waves, a far coast, a sail, a beach or the sun's path."""
    h = c.u(0.36, 0.5)
    land.sky(c, h)
    if c.mood == "sunset":
        c.disc(
            c.u(0.3, 0.7), h - c.u(0.02, 0.1), 0.045, 0.045, c.light.glow(2.5 * sunset(0.25), "sky")
        )
    if c.chance(0.6):
        land.ridge(c, h + 0.01, c.u(0.04, 0.12), c.of("leaf", "rock", "dark"), 1.0)
    if c.chance(0.6):
        furnish.sail(c, c.u(0.15, 0.85), h + 0.02, c.u(0.12, 0.26))
    paint = c.of("water", "shallow")
    b = land.water(c, h, paint=paint, calm=c.u(0.0, 0.7))
    z = land.depth(b, h)
    crest = c.noise_at("ripple", (b.x - 0.5) * z * 0.25, 0.35 * z)
    c.paint(b, 0.85 * land.ramp(crest, 1.5, 2.1) * np.clip(1.5 / z, 0.1, 1), c.of("foam"))
    if c.chance(0.45):
        shore = c.u(0.82, 0.9)
        b = c.box(0, shore - 0.1, 1, 1)
        line = shore + 0.05 * (b.x - 0.5) * c.pick(-1, 1) + 0.02 * c.wave("cloud", b)
        grain = 0.05 * c.noise("grain", b) + 0.05 * c.noise("rough", b)
        sand = c.of("sand")
        c.paint(b, c.edge(b.y - line), c.of("foam"), 0.95)
        c.paint(b, c.edge(b.y - line - 0.02), sand, 0.55 + grain)
        c.paint(b, land.ramp(b.y - line, 0.03, 0.08), sand, 0.95 + grain)
    elif c.chance(0.4):
        for _ in range(3):
            land.boulder(c, c.u(0, 1), c.u(0.9, 1.02), c.u(0.1, 0.3), c.u(0.06, 0.14), c.of("rock"))


def bridge(c: Canvas) -> None:
    """A stone bridge over a river, mirrored in it."""
    h = c.u(0.4, 0.46)
    land.sky(c, h)
    land.ridge(c, h, 0.1, c.of("leaf", "dark"), 0.9)
    plants.treeline(c, h + 0.05, c.u(0.1, 0.16), plants.foliage(c, 0.3), 0.4)
    if c.chance(0.5):
        for _ in range(4):
            built.house(c, c.u(0.05, 0.95), h + 0.07, c.u(0.1, 0.16), "house", 0.3)
    level = h + c.u(0.16, 0.22)
    plants.lawn(c, h + 0.04, False)
    land.water(c, h + 0.12, level + 0.02)
    stone = c.of("limestone", "granite", "brick", "warm_rock")
    built.arches(c, h + c.u(0.04, 0.08), level, int(c.u(2, 5)), stone, c.u(0.02, 0.08))
    for x in (c.u(-0.02, 0.08), c.u(0.92, 1.02)):
        plants.bush(c, x, level + 0.02, c.u(0.2, 0.3), c.u(0.16, 0.26), plants.foliage(c))
    if c.chance(0.5):
        city.person(c, c.u(0.3, 0.7), h + 0.03, 0.07)
    land.water(c, level, calm=c.u(0.5, 0.9))
    furnish.reeds(c, c.pick(0.0, 0.75), 0.16)
