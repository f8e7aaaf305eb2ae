"""Trees, hedges, lawns, beds and rows of vegetables."""

import numpy as np

from colorkit.data.scenes.canvas import Box, Canvas
from colorkit.data.scenes.land import cast, depth, ramp
from colorkit.data.scenes.spectra import Paint
from colorkit.data.scenes.things import thing


def foliage(c: Canvas, autumn: float = 0.15) -> Paint:
    """Draw a foliage: mostly greens, now and then autumn."""
    if c.chance(autumn):
        return c.of("yellow_leaf", "red_leaf", "young")
    return c.of("leaf", "young", "dark", "leaf")


def crown(
    c: Canvas, x: float, y: float, rx: float, ry: float, paint: Paint, haze=0.0, rough=1.0
) -> None:
    """Paint a leafy ellipsoid: ragged rim, clumps in the light, dark underneath."""
    b = c.box(x - 1.3 * rx, y - 1.3 * ry, x + 1.3 * rx, y + 1.3 * ry)
    if b.x.size == 0 or b.y.size == 0:
        return
    u, v = (b.x - x) / rx, (b.y - y) / ry
    clumps, leaves = c.noise("rough", b, 1.8, 1.8), c.noise("leaf", b)
    d = 1 - np.sqrt(u * u + v * v) + rough * (0.13 * clumps + 0.09 * leaves)
    lit = 0.46 + 0.28 * c.sun * u - 0.36 * v + 0.2 * leaves + 0.17 * c.relief(clumps)
    mask = c.edge(d * min(rx, ry))
    c.paint(b, mask, paint, np.clip(lit, 0.03, 1.35), np.clip(0.7 - 0.35 * v, 0.2, 1.1), haze)


@thing
def conifer(c: Canvas, x: float, base: float, height: float, paint: Paint, haze=0.0) -> None:
    """Paint a fir: tiers of drooping branches."""
    half = height * c.u(0.2, 0.27)
    b = c.box(x - 1.2 * half, base - height, x + 1.2 * half, base)
    t = (b.y - (base - height)) / height
    leaves = c.noise("leaf", b, 1.4, 1.4)
    tier = (t * c.u(5, 8) + 0.25 * np.abs(b.x - x) / half) % 1
    width = half * (t * (0.62 + 0.42 * tier) + 0.03) + 0.1 * half * leaves
    lit = 0.5 + 0.32 * c.sun * (b.x - x) / half + 0.3 * (tier - 0.5) + 0.18 * leaves
    mask = c.edge(width - np.abs(b.x - x)) * c.edge(base - 0.06 * height - b.y)
    c.rectangle(x - 0.012, base - 0.1 * height, x + 0.012, base, c.of("bark"), 0.5, 0.7, haze)
    c.paint(b, mask, paint, np.clip(lit, 0.03, 1.2), 0.8, haze)


@thing
def palm(c: Canvas, x: float, base: float, height: float, paint: Paint, haze=0.0) -> None:
    """Paint a palm: a leaning trunk and arching fronds."""
    lean, top = c.u(-0.15, 0.15) * height, base - 0.75 * height
    c.line(x, base, x + lean, top, 0.05 * height, c.of("bark"), 0.8, 0.8, 0.6)
    for i in range(9):
        angle = np.pi * (i / 8) + c.u(-0.12, 0.12)
        reach = height * c.u(0.34, 0.44)
        ex, ey = x + lean + reach * float(np.cos(angle)), top - 0.6 * reach * float(np.sin(angle))
        mx, my = (x + lean + ex) / 2, (top + ey) / 2 - 0.14 * reach
        bright = 0.5 + 0.35 * float(np.sin(angle)) + 0.2 * c.sun * float(np.cos(angle))
        c.line(x + lean, top, mx, my, 0.05 * height, paint, bright, 0.8)
        c.line(mx, my, ex, ey + 0.12 * reach, 0.045 * height, paint, 0.8 * bright, 0.7, 0.2)


@thing
def tree(c: Canvas, x: float, base: float, height: float, kind="round", paint=None, haze=0.0):
    """Paint a tree that stands on y = base, with its shadow.

    Kinds: "round", "tall" (poplar, cypress), "conifer", "palm", "blossom", "pine", "birch".
    """
    cast(c, x, base, 0.35 * height, 0.06 * height + 0.004, 0.55)
    paint = paint or (c.of("dark", "leaf") if kind in ("conifer", "pine", "tall") else foliage(c))
    if kind == "conifer":
        return conifer(c, x, base, height, paint, haze)
    if kind == "palm":
        return palm(c, x, base, height, paint, haze)
    if kind == "tall":
        return crown(c, x, base - 0.5 * height, 0.14 * height, 0.5 * height, paint, haze, 0.6)
    if kind == "blossom":
        paint = c.dye("petals", lightness=(50, 82))
    bark = c.of("birch") if kind == "birch" else c.of("bark", "dark_wood")
    lean = c.u(-0.06, 0.06) * height
    c.line(x, base, x + lean, base - 0.6 * height, 0.07 * height, bark, 0.6, 0.8, 0.5)
    if kind == "pine":  # clouds of needles on a bent trunk
        for dx, up, r in ((-0.2, 0.55, 0.2), (0.22, 0.68, 0.2), (0.0, 0.86, 0.24)):
            c.line(
                x,
                base - (up - 0.15) * height,
                x + dx * height,
                base - up * height,
                0.03 * height,
                bark,
                0.6,
                0.7,
            )
            crown(c, x + dx * height, base - up * height, r * height, 0.1 * height, paint, haze)
        return None
    crown(c, x + lean, base - 0.63 * height, 0.34 * height, 0.36 * height, paint, haze)
    for _ in range(2 if height > 0.25 else 0):
        dx, dy = c.u(-0.2, 0.2) * height, c.u(0.5, 0.8) * height
        crown(c, x + lean + dx, base - dy, 0.2 * height, 0.18 * height, paint, haze)
    return None


def treeline(c: Canvas, base: float, height: float, paint: Paint, haze=0.0, x0=0.0, x1=1.0) -> None:
    """Paint a wood seen from outside: a wall of crowns along y = base."""
    b = c.box(x0, base - 1.7 * height, x1, base)
    if b.x.size == 0 or b.y.size == 0:
        return
    bumps = np.abs(np.sin((b.x + c.u(0, 1)) * np.pi / (0.75 * height + 0.01)))
    rise = height * (0.62 + 0.2 * bumps + 0.25 * c.wave("cloud", b) * 0.6)
    leaves, clumps = c.noise("leaf", b), c.noise("rough", b, 2.0, 2.0)
    up = (base - b.y) / np.maximum(rise, 0.01)
    lit = 0.2 + 0.5 * up + 0.2 * leaves + 0.16 * c.relief(clumps)
    mask = c.edge(rise - (base - b.y) + 0.06 * height * leaves + 0.06 * height * clumps)
    ends = c.edge(np.minimum(b.x - x0, x1 - b.x)) if (x0 > 0 or x1 < 1) else np.float32(1)
    c.paint(b, mask * ends, paint, np.clip(lit, 0.03, 1.2), np.clip(0.35 + 0.5 * up, 0, 1), haze)


@thing
def bush(c: Canvas, x: float, base: float, w: float, h: float, paint: Paint, haze=0.0) -> None:
    """Paint a round bush."""
    cast(c, x, base, 0.6 * w, 0.2 * h, 0.5)
    crown(c, x, base - 0.45 * h, 0.5 * w, 0.5 * h, paint, haze, 0.7)


def lawn(c: Canvas, horizon: float, stripes: bool, paint: Paint | None = None) -> None:
    """Paint a lawn from the horizon down, mown in stripes or left plain."""
    b = c.box(0, horizon, 1, 1)
    z = depth(b, horizon)
    blades = c.noise_at("leaf", (b.x - 0.5) * z * 0.6, 0.6 * z) / np.sqrt(z)
    lit = 0.85 + 0.14 * blades + 0.09 * c.noise("cloud", b, 1.0, 2.5)
    if stripes:
        across = (b.x - c.u(0.2, 0.8)) * z * c.u(2.2, 4.0)
        lit = lit + 0.15 * np.tanh(3 * np.sin(np.pi * across)) * np.clip(3 / z, 0, 1)
    if paint is None:
        grass, tint = c.of("grass"), c.of("leaf", "young", "young", "dry_grass")
        share = c.u(0, 0.6)
        paint = grass._replace(vector=(1 - share) * grass.vector + share * tint.vector)
    haze = 0.02 * np.minimum(z, 12)
    c.paint(b, c.edge(b.y - horizon), paint, np.clip(lit, 0.2, 1.35), 1.0, haze)


def hedge(c: Canvas, x0, y0, x1, y1, paint: Paint, top=0.25, haze=0.0) -> None:
    """Paint a clipped hedge: a bright top and a shaded face."""
    b = c.box(x0, y0 - 0.01, x1, y1)
    if b.x.size == 0 or b.y.size == 0:
        return
    leaves = c.noise("leaf", b, 1.6, 1.6)
    t = (b.y - y0) / (y1 - y0)
    lit = np.where(t < top, 0.95, 0.55 - 0.35 * t) + 0.15 * leaves
    rim = 0.006 * leaves * min(1, 10 * (y1 - y0))
    mask = c.edge(np.minimum(np.minimum(b.x - x0, x1 - b.x), np.minimum(b.y - y0, y1 - b.y)) + rim)
    c.paint(b, mask, paint, np.clip(lit, 0.03, 1.2), np.clip(0.95 - 0.5 * t, 0.2, 1), haze)


@thing
def topiary(c: Canvas, x: float, base: float, height: float, kind: str, paint: Paint) -> None:
    """Paint a clipped tree: "balls", "cone", "spiral", "lollipop", "cube" or "bird"."""
    cast(c, x, base, 0.3 * height, 0.05 * height, 0.55)
    if kind in ("balls", "lollipop", "bird"):
        c.line(x, base, x, base - 0.7 * height, 0.035 * height, c.of("bark"), 0.6, 0.7)
    parts = {
        "balls": ((0.84, 0.13, 0.13, 0), (0.54, 0.18, 0.17, 0), (0.2, 0.23, 0.2, 0)),
        "lollipop": ((0.72, 0.27, 0.27, 0),),
        "bird": (
            *((0.42, 0.3, 0.2, 0), (0.66, 0.09, 0.2, 0.2), (0.88, 0.1, 0.1, 0.26)),
            *((0.86, 0.1, 0.025, 0.38), (0.56, 0.22, 0.07, -0.3)),
        ),
        "spiral": tuple((0.09 + 0.105 * i, 0.27 - 0.027 * i, 0.075, 0) for i in range(8)),
    }.get(kind, ())
    for up, rx, ry, dx in parts:
        clipped(c, x + dx * height, base - up * height, rx * height, ry * height, paint)
    if kind == "cube":
        hedge(c, x - 0.3 * height, base - 0.8 * height, x + 0.3 * height, base, paint, 0.2)
    if kind == "cone":
        half = 0.3 * height
        b = c.box(x - half, base - height, x + half, base)
        t, leaves = (b.y - base + height) / height, c.noise("leaf", b, 2, 2)
        across = (b.x - x) / half
        lit = np.clip(0.55 + 0.5 * c.sun * across / (t + 0.15) + 0.13 * leaves, 0.05, 1.2)
        c.paint(b, c.edge((t - np.abs(across)) * half * 0.9), paint, lit, 0.8)


@thing
def clipped(c: Canvas, x: float, y: float, rx: float, ry: float, paint: Paint) -> None:
    """Paint a ball of clipped leaves."""
    b = c.box(x - rx, y - ry, x + rx, y + ry)
    c.ball(x, y, rx, ry, paint, 0.14 * c.noise("leaf", b, 2, 2))


def blossoms(
    c: Canvas, b: Box, mask: np.ndarray, cell: float, colors: int = 3, dense=0.8, squash=0.75
) -> None:
    """Paint flowers of drawn colors over leaves: two scattered layers of round blossoms."""
    leaves = c.noise("leaf", b)
    c.paint(b, mask, c.of("leaf", "dark"), np.clip(0.5 + 0.25 * leaves, 0.05, 1.1), 0.8)
    dyes = c.dyes(colors, "petals", lightness=(35, 82), strength=(0.6, 1.0))
    for _ in range(2):
        ox, oy = c.u(0, 1), c.u(0, 1)
        d, du, dv, first, second = c.cells(b.x / cell + ox, b.y / (cell * squash) + oy)
        bloom = np.clip((0.4 - d) * cell * c.scale + 0.5, 0, 1) * (second < dense)
        lit = np.clip(0.75 + 0.5 * c.sun * du - 0.5 * dv, 0.2, 1.25)
        vector = dyes.vector[..., (first * colors).astype(np.intp)]
        c.paint(b, mask * bloom, dyes._replace(vector=vector), lit, 0.95)


@thing
def bed(c: Canvas, x: float, y: float, rx: float, ry: float, colors=3, cell=None) -> None:
    """Paint an oval flower bed lying on the ground."""
    b = c.box(x - rx, y - ry, x + rx, y + ry)
    c.disc(x, y + 0.1 * ry, 1.06 * rx, 1.06 * ry, c.of("soil"), 0.8, 0.8)
    rim = 0.01 * c.noise("leaf", b)
    d = 1 - np.sqrt(((b.x - x) / rx) ** 2 + ((b.y - y) / ry) ** 2)
    blossoms(c, b, c.edge(d * ry + rim * ry * 4), cell or 0.02 + 0.035 * y * y, colors)


def rows(c: Canvas, horizon: float, paints: list[Paint], spacing: float, leafy=0.8) -> None:
    """Paint rows of plants running to the horizon on bare soil; each row one of the paints."""
    b = c.box(0, horizon, 1, 1)
    z = depth(b, horizon)
    u = (b.x - c.u(0.3, 0.7)) * z / spacing
    v = 0.9 * z / spacing
    d, du, dv, first, _ = c.cells(u, v, 0.25)
    which = (np.floor(u).astype(np.intp) * 7919) % len(paints)
    near = np.clip(2.5 / z, 0.25, 1)
    leaves = c.noise_at("leaf", u * 0.12, v * 0.12)
    size = 0.36 + 0.14 * (1 - near) + 0.05 * leaves + 0.1 * (first - 0.5)
    mask = ramp(size - np.abs(du) * (1 - leafy) - d * leafy, -0.04, 0.06)
    lit = np.clip(0.7 + 0.7 * c.sun * du - 0.6 * dv + 0.2 * leaves + 0.3 * (first - 0.5), 0.05, 1.3)
    c.shade(b, 0.5 * ramp(0.5 - d, 0, 0.25) * near)
    vectors = np.stack([paint.vector for paint in paints], -1).astype(np.float32)
    for ambiguous in {paint.ambiguous for paint in paints}:
        mine = np.array([paint.ambiguous == ambiguous for paint in paints])[which]
        kind = next(paint for paint in paints if paint.ambiguous == ambiguous)
        haze = 0.03 * np.minimum(z, 12)
        c.paint(b, mask * mine, kind._replace(vector=vectors[..., which]), lit, 0.9, haze)
