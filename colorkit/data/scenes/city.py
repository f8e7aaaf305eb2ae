"""What stands in towns: skyscrapers, street fronts, churches, cars and people."""

import numpy as np

from colorkit.data.scenes import built
from colorkit.data.scenes.built import GLASS, WALLS
from colorkit.data.scenes.canvas import Canvas
from colorkit.data.scenes.land import cast, depth, ramp
from colorkit.data.scenes.spectra import Paint
from colorkit.data.scenes.things import thing


@thing
def tallbuilding(c: Canvas, x: float, base: float, w: float, top: float, taper: float, haze=0.0):
    """Paint a skyscraper seen from below: walls that lean together, bands of glass."""
    b = c.box(x - 0.5 * w, top, x + 0.5 * w, base)
    if b.x.size == 0 or b.y.size == 0:
        return
    t = (base - b.y) / (base - top)
    half = 0.5 * w * (1 - taper * t)
    u = (b.x - x) / half
    corner = c.u(-0.6, 0.6)
    face = np.where(u < corner, -1.0, 1.0).astype(np.float32)  # two faces meet at an edge
    bright = 0.7 + 0.35 * c.sun * face
    skin = c.of("steel", "concrete", "limestone", "brick", "glass")
    floors, bays = int(c.u(16, 34)), int(c.u(8, 16))
    height = t * (1 + 0.35 * taper * t) * floors
    c.paint(b, c.edge((1 - np.abs(u)) * half) * c.edge(b.y - top), skin, bright, 0.9, haze)
    band = ramp(np.abs(height % 1 - 0.5), 0.42, 0.28) if c.chance(0.85) else np.float32(1)
    bay = ramp(np.abs((u * bays / 2) % 1 - 0.5), 0.46, 0.36)
    seed = np.sin(12.99 * np.floor(u * bays / 2) + 78.23 * np.floor(height)) * 43.7 % 1
    mirror = (0.35 + 0.5 * t + 0.16 * seed + 0.14 * c.noise("cloud", b)) * (
        0.75 + 0.25 * face * c.sun
    )
    glass = c.light.table["glass"].vector.sum(0).astype(np.float32)[:, None, None]
    pane = glass + c.air * np.clip(0.75 * mirror, 0.02, 1.1) * c.pick(0.7, 1.0)
    c.paint(
        b,
        band * bay * c.edge((0.96 - np.abs(u)) * half) * c.edge(b.y - top - 0.01),
        Paint(np.stack([pane * 0, pane]), GLASS),
        0,
        1.0,
        haze,
    )


@thing
def person(c: Canvas, x: float, base: float, h: float, dress: bool | None = None) -> None:
    """Paint a small figure: head, dyed clothes, legs."""
    cast(c, x, base, 0.25 * h, 0.04 * h, 0.5)
    skin = c.of("fair_skin", "brown_skin")
    top, below = c.dye(), c.dye()
    if c.chance(0.5) if dress is None else dress:
        c.shape(
            (
                (x - 0.07 * h, base - 0.6 * h),
                (x + 0.07 * h, base - 0.6 * h),
                (x + 0.2 * h, base - 0.08 * h),
                (x - 0.2 * h, base - 0.08 * h),
            ),
            top,
            0.85,
        )
    else:
        for dx in (-0.055, 0.055):
            c.line(x + dx * h, base - 0.45 * h, x + 1.2 * dx * h, base, 0.1 * h, below, 0.75, 0.9)
    c.line(x, base - 0.72 * h, x, base - 0.48 * h, 0.2 * h, top, 0.95, 1.0, 0.8)
    for m in (-1, 1):
        c.line(
            x + 0.1 * m * h,
            base - 0.76 * h,
            x + 0.17 * m * h,
            base - 0.48 * h,
            0.06 * h,
            top,
            0.7 + 0.2 * m * c.sun,
        )
    c.ball(x, base - 0.9 * h, 0.075 * h, 0.095 * h, skin)
    hair = c.of("dark_wood", "bark", "straw", "iron")
    c.disc(x, base - 0.955 * h, 0.078 * h, 0.055 * h, hair, 0.8, 0.9)


@thing
def car(c: Canvas, x: float, base: float, w: float) -> None:
    """Paint a car from behind."""
    h, body = 0.75 * w, c.dye("paint")
    cast(c, x, base, 0.6 * w, 0.08 * w, 0.75)
    for m in (-1, 1):
        c.rectangle(
            x + m * 0.36 * w - 0.09 * w,
            base - 0.25 * h,
            x + m * 0.36 * w + 0.09 * w,
            base,
            c.of("iron"),
            0.5,
            0.6,
        )
    c.shape(
        (
            (x - 0.36 * w, base - h),
            (x + 0.36 * w, base - h),
            (x + 0.48 * w, base - 0.5 * h),
            (x - 0.48 * w, base - 0.5 * h),
        ),
        body,
        0.9,
        1.0,
    )
    c.rectangle(x - 0.5 * w, base - 0.56 * h, x + 0.5 * w, base - 0.14 * h, body, 0.8, 0.9)
    c.shape(
        (
            (x - 0.3 * w, base - 0.92 * h),
            (x + 0.3 * w, base - 0.92 * h),
            (x + 0.38 * w, base - 0.6 * h),
            (x - 0.38 * w, base - 0.6 * h),
        ),
        c.of("glass"),
    )
    for m in (-1, 1):
        c.rectangle(
            x + m * 0.4 * w - 0.06 * w,
            base - 0.5 * h,
            x + m * 0.4 * w + 0.06 * w,
            base - 0.38 * h,
            c.of("vermilion"),
            1.1,
            1.0,
        )


def street(c: Canvas, vx: float, vy: float, wide: float, eye=0.5) -> None:
    """Paint a street in one-point perspective: two rows of façades, pavements and a road.

    Args:
        c: canvas with its sky painted.
        vx: where the street vanishes, from the left.
        vy: the horizon.
        wide: half the street's width at distance 1, which is where x = vx ± wide.
        eye: height of the eye at the same distance.
    """
    b = c.all
    near = np.maximum(np.abs(b.x - vx), 1e-3) / wide  # 1 / distance along the walls
    z = 1 / near
    right = (b.x > vx).astype(np.intp)
    cuts = np.cumsum(0.35 + 0.5 * c.rng.random(40)).astype(np.float32)
    which = np.searchsorted(cuts, z) + 41 * right
    heights = (0.9 + 1.1 * c.rng.random(82)).astype(np.float32)
    up = (vy + eye * near - b.y) / near  # height above the street, in the wall's own units
    mask = c.edge((heights[which] - up) * near) * c.edge(up * near)
    paints = [c.of(c.pick(*WALLS)) for _ in range(82)]
    vectors = np.stack([p.vector for p in paints], -1).astype(np.float32)[..., which]
    bright = np.where(right == (c.sun < 0), 0.95, 0.42).astype(np.float32)
    stains = 1 + 0.06 * c.noise_at("rough", z * 0.4, up * 0.4) - 0.25 * ramp(0.25 - up, 0, 0.2)
    haze = np.minimum(0.05 * z, 0.8)
    c.paint(b, mask, paints[0]._replace(vector=vectors), bright * stains, 0.85, haze)
    fx, fy = (z / 0.17) % 1 - 0.5, (up / 0.3) % 1 - 0.5
    pane = c.edge((0.25 - np.abs(fx)) * 0.1 * near) * c.edge((0.28 - np.abs(fy)) * 0.2 * near)
    shop = up < 0.3
    c.paint(
        b,
        mask * pane * ~shop * (up < heights[which] - 0.1),
        c.light.glow(np.full(61, 0.16), "glass"),
        0,
        0.5 + 0.5 * bright,
        haze,
    )
    signs = c.dyes(82, "cloth")
    awning = mask * c.edge((0.06 - np.abs(up - 0.3)) * near)
    c.paint(b, awning, signs._replace(vector=signs.vector[..., which]), 0.9 * bright, 0.9, haze)
    floor = c.box(0, vy, 1, 1)
    zz = depth(floor, vy) * eye / (1 - vy)
    across = (floor.x - vx) * zz / wide
    inside = c.edge((1 - np.abs(across)) / zz * 0.2) * c.edge(floor.y - vy)
    grain = 0.06 * c.noise_at("grain", across * 0.3, zz * 0.3)
    far = np.minimum(0.05 * zz, 0.8)
    shadow = 0.5 * ramp(c.sun * across, -0.2, 0.25) * (c.mood in ("blue", "cloudy"))
    c.paint(floor, inside, c.of("concrete"), 0.85 + grain - shadow, 0.95, far)
    road = c.edge((0.66 - np.abs(across)) / zz * 0.3) * c.edge(floor.y - vy)
    c.paint(floor, road, c.of("asphalt"), 0.9 + grain - shadow, 0.95, far)
    dash = road * (np.abs(across) < 0.025) * ((1.4 * zz) % 1 < 0.55)
    c.paint(floor, dash, c.of("white_paint"), 0.9 - shadow, 0.9, far)


@thing
def church(c: Canvas, h: float, stone) -> None:
    """Paint a church: a nave with pointed windows, a tower with its spire, a rose window."""
    cover, m = c.of("slate", "verdigris", "tile"), c.pick(-1, 1)
    x, w = 0.5 - m * 0.24, 0.24
    a, z = sorted((0.5 - m * 0.12, 0.5 + m * 0.46))
    built.roof(
        c, ((a, h - 0.32), (a + 0.03, h - 0.5), (z - 0.05, h - 0.5), (z, h - 0.32)), cover, 0.85
    )
    built.wall(c, a, h - 0.33, z, h, stone, 0.75, 0.05)
    built.windows(c, a + 0.02, h - 0.3, z, h - 0.02, 5, 1, c.of("limestone"), 0.42, 0.8, True)
    for i in range(6):
        px = a + (z - a) * i / 5
        c.rectangle(px - 0.014, h - 0.27, px + 0.014, h, stone, 0.95)
    top = h - c.u(0.46, 0.52)
    built.wall(c, x - w / 2, top, x + w / 2, h, stone, 0.95, 0.05)
    c.shape(((x - 0.56 * w, top), (x, top - c.u(0.2, 0.26)), (x + 0.56 * w, top)), cover, 0.9)
    c.shape(((x, top), (x, top - 0.21), (x + 0.56 * w, top)), cover, 0.5, 0.8)
    built.windows(c, x - 0.4 * w, top + 0.02, x + 0.4 * w, top + 0.16, 2, 1, stone, 0.5, 0.85, True)
    c.disc(x, top + 0.24, 0.26 * w, 0.26 * w, c.of("white_plaster"), 0.9)
    c.disc(x, top + 0.24, 0.2 * w, 0.2 * w, c.dye("paint"), 0.6)
    built.windows(c, x - 0.3 * w, h - 0.18, x + 0.3 * w, h, 1, 1, c.of("limestone"), 0.6, 1.0, True)


@thing
def timbered(c: Canvas, x0: float, x1: float, base: float) -> None:
    """Paint a half-timbered house with its gable to the square."""
    w, eaves = x1 - x0, base - c.u(0.36, 0.46)
    plaster, beam, peak = (
        c.of("white_plaster", "cream", "ochre", "rose"),
        c.of("dark_wood"),
        eaves - 0.85 * w,
    )
    cx = (x0 + x1) / 2
    c.shape(
        ((x0 - 0.02, eaves + 0.02), (cx, peak - 0.03), (x1 + 0.02, eaves + 0.02)),
        c.of("tile", "slate"),
        0.7,
    )
    built.wall(c, x0, eaves, x1, base, plaster, 0.9, 0.1)
    c.shape(((x0, eaves), (cx, peak), (x1, eaves)), plaster, 0.9)
    windowed = base - 0.16
    for i in range(4):
        y = eaves + (windowed - eaves) * i / 3
        c.line(x0, y, x1, y, 0.016, beam, 0.7)
    for i in range(6):
        x = x0 + w * i / 5
        c.line(x, eaves, x, windowed, 0.014, beam, 0.7)
    c.line(x0, windowed, x0 + 0.2 * w, eaves, 0.013, beam, 0.7)
    c.line(x1, windowed, x1 - 0.2 * w, eaves, 0.013, beam, 0.7)
    c.line(cx, peak, cx, eaves, 0.014, beam, 0.7)
    c.line(x0 + 0.25 * w, eaves - 0.42 * w, x1 - 0.25 * w, eaves - 0.42 * w, 0.014, beam, 0.7)
    built.windows(
        c,
        x0 + 0.04,
        eaves + 0.01,
        x1 - 0.04,
        windowed,
        3,
        2,
        c.of("white_paint"),
        0.6,
        0.7,
        lit=0.3 if c.mood == "sunset" else 0.0,
    )
    c.rectangle(x0, windowed, x1, base, c.of("limestone", "granite"), 0.75)
    built.door(c, cx - 0.2 * w, base, 0.2 * w, 0.13)
    c.rectangle(cx + 0.02 * w, base - 0.12, cx + 0.38 * w, base - 0.04, c.of("glass"), 1.0, 2.0)
    c.shape(
        (
            (cx + 0.02 * w, base - 0.14),
            (cx + 0.38 * w, base - 0.14),
            (cx + 0.42 * w, base - 0.1),
            (cx - 0.02 * w, base - 0.1),
        ),
        c.dye(),
        0.95,
    )
