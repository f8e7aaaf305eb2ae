"""The scenes within doors: each a short composition of shared parts."""

import numpy as np

from colorkit.data.scenes import city, furniture, indoor, land
from colorkit.data.scenes.canvas import Canvas
from colorkit.data.scenes.spectra import Paint


def library_indoor(c: Canvas) -> None:
    """A library: an aisle between bookcases, or a reading room before a wall of books."""
    wood = c.of("wood", "dark_wood")
    if c.chance(0.55):
        return aisle(c, wood)
    indoor.room(
        c,
        c.of("cream", "sage", "ochre"),
        c.of("wood", "dark_wood"),
        c.of("white_plaster"),
        (0.06, 0.08, 0.94, 0.74),
    )
    x = 0.05
    while x < 0.9:
        w = c.u(0.2, 0.32)
        indoor.books(c, x, 0.1, min(x + w, 0.95), 0.74, int(c.u(5, 7)), wood)
        x += w
    if c.chance(0.5):
        indoor.window(c, 0.42, 0.16, 0.58, 0.6, True)
    furniture.rug(c, 0.5, 0.9, 0.42, 0.08)
    furniture.armchair(c, c.pick(0.25, 0.75), 0.94, 0.26)
    furniture.table(c, 0.5, 0.93, 0.32, 0.14)
    indoor.pendant(c, 0.5, 0.2, 0.06)
    return None


def aisle(c: Canvas, wood: Paint) -> None:
    """Paint bookcases on both sides in perspective."""
    back = (0.38, 0.32, 0.62, 0.62)
    vx, vy, near = indoor.room(
        c, c.of("cream"), c.of("wood", "tile", "limestone"), c.of("white_plaster"), back
    )
    indoor.window(c, 0.41, 0.36, 0.59, 0.6, c.chance(0.5))
    b = c.all
    side = np.maximum((0.38 - b.x) / (vx - 0.38), (b.x - 0.62) / (0.62 - vx)) + 1
    level = (b.y - vy) / side  # height on the wall, in the far wall's units
    wall = c.edge((side - 1) * 0.1) * c.edge((level + 0.15) * side) * c.edge((0.135 - level) * side)
    along = 1 / np.maximum(side, 1)
    shelf = (level + 0.15) / 0.285 * 6
    light = np.clip(0.35 + 0.5 * along + 0.12 * c.sun * np.sign(b.x - vx), 0.1, 1)
    c.paint(b, wall, wood, 0.25, 0.4)
    indoor.spines(c, b, wall, along * 9 + 7 * (b.x > vx), shelf, light)
    boards = np.abs(shelf - np.round(shelf)) < 0.07
    posts = np.abs((along * 5) % 1 - 0.5) > 0.46
    c.paint(b, wall * np.maximum(boards, posts), wood, 0.9 * light + 0.1, 0.8)
    for near in (1.3, 2.0, 3.4):
        indoor.pendant(c, vx, vy + (0.33 - vy - 0.02) * near, 0.022 * near, 0.5)
    if c.chance(0.6):
        city.person(c, vx + c.u(-0.1, 0.1), c.u(0.8, 0.92), c.u(0.34, 0.44))


def indoor_room(c: Canvas) -> None:
    """A living room: window and curtains, a sofa, a picture, a rug, a plant, a lamp."""
    walls = c.of("white_plaster", "cream", "sage", "rose", "ochre")
    indoor.room(c, walls, c.of("wood", "dark_wood"), c.of("white_plaster"), (0.14, 0.1, 0.86, 0.66))
    m = c.pick(-1, 1)
    x = 0.5 + m * 0.17
    indoor.window(c, x - 0.11, 0.18, x + 0.11, 0.46)
    cloth = c.dye()
    for n in (-1, 1):
        indoor.curtain(c, x + n * 0.145 - 0.045, x + n * 0.145 + 0.045, 0.15, 0.62, cloth)
    c.line(x - 0.21, 0.15, x + 0.21, 0.15, 0.012, c.of("brass", "dark_wood"))
    other = 0.5 - m * 0.19
    if c.chance(0.5):
        indoor.books(c, other - 0.12, 0.22, other + 0.12, 0.66, 5, c.of("wood", "white_plaster"))
    else:
        indoor.picture(c, other - 0.1, 0.2, other + 0.1, 0.36, c.of("brass", "dark_wood"))
        indoor.pendant(c, other, 0.1, 0.03)
    furniture.rug(c, 0.5, 0.86, 0.36, 0.07)
    land.cast(c, 0.5, 0.78, 0.35, 0.03, 0.5)
    furniture.sofa(c, 0.5 + c.u(-0.06, 0.06), 0.79, 0.56, c.dye(), 0.26)
    for n in (-1, 1):
        c.ball(0.5 + 0.15 * n, 0.66, 0.055, 0.05, c.dye())
    furniture.table(c, 0.5, 0.95, 0.34, 0.1)
    furniture.pot(c, c.pick(0.08, 0.92), 0.86, 0.2)


def clothing_store(c: Canvas) -> None:
    """A shop: rails of clothes, shelves of folded ones, a dressed figure."""
    walls = c.of("white_plaster", "cream", "concrete")
    indoor.room(
        c,
        walls,
        c.of("wood", "limestone", "concrete"),
        c.of("white_plaster"),
        (0.12, 0.12, 0.88, 0.62),
    )
    wood = c.of("wood", "dark_wood", "white_plaster")
    if c.chance(0.6):
        x = c.pick(0.14, 0.5)
        indoor.stacks(c, x, 0.2, x + 0.36, 0.58, 4, 4, wood)
        indoor.garments(c, 0.66 - x + 0.02, 1.0 - x, 0.24, 0.26, 9)
    else:
        indoor.garments(c, 0.16, 0.84, 0.2, 0.3, 17)
    for x in (0.3, 0.7):
        indoor.pendant(c, x, c.u(0.08, 0.12), 0.035, 0.4)
    front = c.pick(-1, 1)
    land.cast(c, 0.5 - 0.22 * front, 0.95, 0.3, 0.04, 0.4)
    x0 = 0.05 if front > 0 else 0.42
    for x in (x0, x0 + 0.53):
        c.line(x, 0.52, x, 0.95, 0.014, c.of("steel"), 0.9)
    indoor.garments(c, x0 + 0.03, x0 + 0.5, 0.53, 0.38, 10, c.pick("mixed", "long"))
    city.person(c, 0.5 + 0.32 * front, 0.97, c.u(0.46, 0.52), c.chance(0.6))


def bar(c: Canvas) -> None:
    """A bar: lit bottles, a counter, stools, lamps."""
    indoor.room(
        c,
        c.of("dark_wood", "brick", "sage"),
        c.of("dark_wood", "wood"),
        c.of("dark_wood", "cream"),
        (0.04, 0.06, 0.96, 0.7),
    )
    b = c.all
    c.shade(b, np.full((1, 1), 0.45, np.float32))
    columns = int(c.u(14, 20))
    indoor.bottles(c, 0.1, 0.16, 0.9, 0.52, columns, 3)
    for x in (0.09, 0.5, 0.91):
        c.rectangle(x - 0.02, 0.12, x + 0.02, 0.56, c.of("dark_wood"), 0.8)
    city.person(c, c.u(0.25, 0.75), 0.86, 0.52, False)
    wood = c.of("wood", "dark_wood")
    c.rectangle(-0.02, 0.56, 1.02, 0.6, wood, 1.1)
    front = c.box(0, 0.6, 1, 0.88)
    panel = np.abs((front.x * 7) % 1 - 0.5)
    lit = (
        0.5
        + 0.12 * (panel < 0.4)
        - 0.2 * (np.abs(panel - 0.4) < 0.03)
        + 0.08 * c.noise("fold", front)
    )
    c.paint(front, c.within(front, 0, 0.6, 1, 0.88), wood, lit, 0.5)
    for i in range(int(c.u(3, 6))):
        furniture.glass(c, 0.08 + 0.2 * i + c.u(0, 0.06), 0.575, c.u(0.045, 0.07))
    count = int(c.u(3, 5))
    for i in range(count):
        furniture.stool(c, (i + 0.5) / count + c.u(-0.03, 0.03), 0.98, 0.26)
    for x in (0.2, 0.5, 0.8):
        indoor.pendant(c, x, c.u(0.12, 0.18), 0.05, 0.9)


def ballroom(c: Canvas) -> None:
    """A ballroom: tall windows, curtains, chandeliers, dancers mirrored in the parquet."""
    walls, gold = c.of("cream", "white_plaster", "rose", "sage"), c.of("brass")
    floor = 0.62
    indoor.room(
        c,
        walls,
        c.of("wood", "dark_wood"),
        c.of("white_plaster", "cream"),
        (0.18, 0.16, 0.82, floor),
    )
    cloth = c.dye()
    for i in range(3):
        x = 0.29 + 0.21 * i
        indoor.window(c, x - 0.055, 0.24, x + 0.055, 0.56, True, (2, 5))
        for m in (-1, 1):
            indoor.curtain(c, x + m * 0.062 - 0.016, x + m * 0.062 + 0.016, 0.24, 0.6, cloth)
    for y in (0.2, 0.6):
        c.rectangle(0.18, y - 0.006, 0.82, y + 0.006, gold, 0.9)
    for m in (-1, 1):
        for near in (1.0, 1.35, 1.9, 2.7):
            x = 0.5 + m * 0.32 * near
            y0, y1 = 0.413 - 0.253 * near, 0.413 + 0.207 * near
            b = c.box(x - 0.02 * near, y0, x + 0.02 * near, y1)
            lit = 0.75 + 14 / near * c.sun * (b.x - x)
            c.paint(b, c.within(b, x - 0.018 * near, y0, x + 0.018 * near, y1), walls, lit, 0.9)
            c.rectangle(x - 0.024 * near, y0, x + 0.024 * near, y0 + 0.02 * near, gold)
    indoor.chandelier(c, 0.5, 0.2, 0.11)
    for x in (0.26, 0.74):
        indoor.chandelier(c, x, 0.16, 0.06)
    gloss = c.box(0, floor, 1, 1)
    rows = np.abs((2 * floor - gloss.y[:, 0] - c.top) * c.scale).astype(np.intp)
    mirror = c.image[:, np.minimum(rows, c.size - 1), :]
    c.image[:, gloss.rows] += 0.3 * np.exp(-3.5 * (gloss.y - floor)) * mirror
    spots = sorted((c.u(floor + 0.1, 0.97), c.u(0.1, 0.9)) for _ in range(int(c.u(3, 6))))
    for base, x in spots:
        h = 0.14 + 0.7 * (base - floor)
        city.person(c, x - 0.13 * h, base, h, True)
        city.person(c, x + 0.13 * h, base, 1.05 * h, False)


def art_school(c: Canvas) -> None:
    """A studio: easels with paintings, tall windows, a plaster model, jars of color."""
    indoor.room(
        c,
        c.of("white_plaster", "cream", "sage"),
        c.of("wood", "concrete"),
        c.of("white_plaster"),
        (0.1, 0.06, 0.9, 0.6),
    )
    m = c.pick(-1, 1)
    for i in range(2):
        x = 0.5 + m * (0.1 + 0.2 * i)
        indoor.window(c, x - 0.08, 0.12, x + 0.08, 0.42, False, (2, 4))
    for i in range(int(c.u(2, 5))):
        x, y = 0.5 - m * (0.08 + 0.09 * i), c.u(0.14, 0.32)
        indoor.picture(c, x - 0.035, y, x + 0.035, y + c.u(0.06, 0.1), c.of("wood", "white_paint"))
    furniture.bust(c, 0.5 + c.u(-0.06, 0.06), 0.7, 0.22)
    for base, h, count in ((0.74, 0.36, 4), (0.97, 0.52, 3)):
        for i in range(count):
            if count == 4 and i in (1, 2):
                continue
            indoor.easel(c, (i + 0.5) / count + c.u(-0.04, 0.04), base, h * c.u(0.9, 1.05))
    if c.chance(0.7):
        city.person(c, c.pick(0.34, 0.66), 0.98, 0.42)
    for _ in range(5):
        x, y = c.u(0.03, 0.97), c.u(0.9, 0.99)
        c.rectangle(x - 0.012, y - 0.035, x + 0.012, y, c.dye("paint"), 0.9)
