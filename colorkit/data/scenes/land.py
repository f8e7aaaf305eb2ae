"""Skies, mountains, ground and water."""

import numpy as np

from colorkit.data.scenes.canvas import Box, Canvas
from colorkit.data.scenes.materials import MATERIALS
from colorkit.data.scenes.spectra import Paint, rayleigh, sunset
from colorkit.data.scenes.things import thing

WATER = MATERIALS.index("water")


def ramp(value: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return 0 below low, 1 above high, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def sky(c: Canvas, horizon: float, clouds: float | None = None) -> None:
    """Paint the sky down to the horizon, and set the air that distance fades into."""
    if c.mood == "sunset":
        depth = c.u(0.4, 1.0)
        stops = [
            rayleigh(0.13, 0.02),
            0.3 * sunset(0.8 * depth) + rayleigh(0.1, 0.02),
            1.1 * sunset(depth) + 0.03,
        ]
    elif c.mood == "overcast":
        gray = c.u(0.4, 0.6)
        stops = [rayleigh(0.02, 0.8 * gray), rayleigh(0.0, gray), rayleigh(0.0, 1.35 * gray)]
    else:
        deep = c.u(0.14, 0.26)
        stops = [rayleigh(deep, 0.01), rayleigh(1.3 * deep, 0.05), rayleigh(0.13, 0.5)]
    top, middle, bottom = (c.light.glow(stop, "sky") for stop in stops)
    b = c.box(0, 0, 1, horizon + 0.15)
    t = np.clip(b.y / horizon, 0, 1)
    low, high = np.clip(2 * t - 0.9, 0, 1.1) / 1.1, np.clip(2 * t, 0, 1)
    mix = [p.vector[1].astype(np.float32)[:, None, None] for p in (top, middle, bottom)]
    vector = mix[0] + (mix[1] - mix[0]) * high + (mix[2] - mix[1]) * low**1.5
    c.air = (0.9 * mix[2]).astype(np.float32)
    if c.mood == "sunset":  # the glow lies on the sun's side
        side = 0.5 + 0.5 * c.sun * (2 * b.x - 1)
        vector = vector * (0.65 + 0.5 * side * t)
        c.air *= 0.75
    c.paint(b, np.float32(1), top._replace(vector=np.stack([np.zeros_like(vector), vector])))
    amount = {"blue": 0.25, "cloudy": 0.62, "overcast": 0.8, "sunset": 0.5}[c.mood]
    amount = amount * c.u(0.6, 1.15) if clouds is None else clouds
    if amount > 0.05:
        cumulus(c, horizon, amount)


def cumulus(c: Canvas, horizon: float, amount: float) -> None:
    """Paint clouds in perspective: small and flat near the horizon, lit from above."""
    b = c.box(0, 0, 1, horizon)
    if b.y.size == 0:
        return
    reach, fine = horizon + 0.22, c.u(0.7, 1.1)
    far = reach / (reach - b.y)  # distance on the cloud plane, seen under a falling angle
    billows = c.noise_at("cloud", (b.x - 0.5) * far * fine, far * fine * reach)
    density = ramp(billows, 1.3 - 2.0 * amount, 2.1 - 1.5 * amount)
    step = max(1, c.size // 32)
    above = np.roll(billows, step, 0)
    above[:step] = billows[:step]
    lit = np.clip(0.62 + 0.5 * (billows - above) - 0.1 * billows, 0.25, 1.1)
    if c.mood == "sunset":
        white = c.light.glow(0.95 * sunset(c.u(0.3, 0.7)) + 0.08, "cloud")
        lit = 1.3 - lit  # from below
    else:
        white = c.light.glow(rayleigh(0.0, 0.72 if c.mood == "overcast" else 1.0), "cloud")
    dense = 0.9 if c.mood != "overcast" else 0.5
    c.paint(b, dense * density, white, 0, lit)


def ridge(c: Canvas, base: float, height: float, paint: Paint, haze: float, rough=0.25) -> None:
    """Paint a range of hills whose crest undulates around `base`, fading with distance."""
    b = c.box(0, base - 1.6 * height, 1, base + 0.3)
    if b.y.size == 0:
        return
    crest = base - height * (0.2 + 0.42 * c.wave("cloud", b, 0.8) + rough * c.wave("rough", b) / 2)
    bumps = c.noise("rough", b, 1.2, 2.0)
    lit = 0.75 + 0.16 * c.relief(bumps) + 0.08 * bumps
    lit = lit + 0.25 * np.clip(1 - (b.y - crest) / max(height, 0.05), -1, 1)
    c.paint(b, c.edge(b.y - crest), paint, np.clip(lit, 0.1, 1.3), 0.9, haze)


def peaks(c: Canvas, base: float, height: float, rock: Paint, snow: float, haze: float) -> None:
    """Paint pointed mountains: a bright and a dark flank each, ribs, and snow above a line."""
    count = int(c.u(2, 5))
    for i in range(count):
        px, tall = (i + c.u(0.15, 0.85)) / count, height * c.u(0.6, 1.0)
        slope, top = c.u(0.75, 1.25), base - tall
        far = haze * (1.6 - tall / height)
        b = c.box(px - 1.1 * tall / slope, top - 0.03, px + 1.1 * tall / slope, base + 0.1)
        if b.x.size == 0 or b.y.size == 0:
            continue
        rough, down = c.noise("rough", b, 1.3, 0.9), b.y - top
        fall = np.abs(b.x - px) * slope + 0.012 * c.wave("rough", b, 3) + 0.006 * rough
        spine = px + 0.16 * down * (c.noise("cloud", b, 0.4, 2.0) + np.float32(c.u(-1, 1)))
        side = np.tanh((b.x - spine) / (0.012 + 0.16 * down) + 0.5 * rough)
        lit = np.clip(0.55 + 0.5 * c.sun * side + 0.18 * c.relief(rough), 0.04, 1.25)
        mask = c.edge(down - fall)
        c.paint(b, mask, rock, lit, 0.9, far)
        white = ramp(snow * tall - down + 0.05 * rough - 0.03 * np.abs(side), 0, 0.03)
        c.paint(b, mask * white, c.of("snow"), 0.25 + 0.75 * lit, 1.0, far)


def ground(
    c: Canvas, horizon: float, paint: Paint, kind: str = "leaf", strength: float = 0.16
) -> None:
    """Paint level ground from the horizon down, its texture and air in perspective."""
    b = c.box(0, horizon, 1, 1)
    z = depth(b, horizon)
    bumps = c.noise_at(kind, (b.x - 0.5) * z * 0.4, 0.5 * z) / np.sqrt(z)
    wide = c.noise("cloud", b, 1.0, 2.5)
    lit = np.clip(0.88 + strength * bumps + 0.07 * wide, 0.2, 1.3)
    c.paint(b, c.edge(b.y - horizon), paint, lit, 1.0, 0.025 * np.minimum(z, 12))


def depth(b: Box, horizon: float) -> np.ndarray:
    """Return the distance of level ground in each row, 1 at the lower edge of the picture."""
    return (1 - horizon) / np.maximum(b.y - horizon, 0.012)


def path(c: Canvas, horizon: float, paint: Paint, width: float = 0.3, to: float = 0.5) -> None:
    """Paint a path from the lower edge to the point `to` on the horizon, with a bend."""
    b = c.box(0, horizon, 1, 1)
    t = np.clip((b.y - horizon) / (1 - horizon), 0, 1)
    bend = c.u(-0.25, 0.25) * np.sin(np.pi * t) * (1 - t) * 1.6
    middle = to + (c.u(0.35, 0.65) - to) * t + bend
    half = width * (0.04 + 0.5 * t)
    grain = c.noise("grain", b)
    inside = half - np.abs(b.x - middle) + 0.01 * t * c.noise("leaf", b)
    c.paint(b, c.edge(inside), paint, 0.88 + 0.07 * grain * t, 1.0)


def cast(c: Canvas, x: float, y: float, rx: float, ry: float, strength: float = 0.5) -> None:
    """Lay a soft shadow on the ground, stretched away from the sun."""
    strength *= {"overcast": 0.5, "sunset": 0.8}.get(c.mood, 1.0)
    cx = x - c.sun * 0.5 * rx
    b = c.box(cx - 1.3 * rx, y - 1.3 * ry, cx + 1.3 * rx, y + 1.3 * ry)
    d = ((b.x - cx) / rx) ** 2 + ((b.y - y) / max(ry, 1e-4)) ** 2
    c.shade(b, strength * ramp(1.4 - d, 0, 1))


def water(
    c: Canvas,
    top: float,
    bottom: float = 1.0,
    mask: np.ndarray | None = None,
    paint: Paint | None = None,
    calm: float = 0.7,
) -> Box:
    """Lay water over the rows from top to bottom, mirroring what stands above it.

    Fresnel: far water, seen at a low angle, mirrors; near water shows its own color. Waves shift
    the mirror image by rows and columns; `calm` in [0, 1] makes them small.
    """
    b = c.box(0, top, 1, bottom)
    if mask is None:
        mask = c.edge(b.y - top)
    n, t = c.size, np.clip((b.y - top) / (1.02 - top), 0, 1)
    waves = c.noise_at("ripple", b.x * 0.5, 0.3 / (t + 0.12)) * (1 - 0.7 * calm)
    fine = c.noise("ripple", b, 1.0, 1.5)
    shift = (0.012 + 0.05 * t) * (waves + 0.35 * fine)
    rows = np.abs((2 * top - b.y - shift - c.top) * c.scale).astype(np.intp)
    columns = ((b.x + 0.25 * shift - c.left) * c.scale).astype(np.intp).clip(0, n - 1)
    mirror = c.image[:, np.minimum(rows, n - 1), columns]
    far = (1 - t) ** 1.5
    fresnel = np.clip(0.3 + 0.5 * far + 0.06 * waves, 0.05, 0.9)
    paint = paint or c.of("water", "pond_water")
    body = paint.vector.sum(0).astype(np.float32)[:, None, None]
    light = body * (1 + 0.2 * waves) + mirror * fresnel
    c.paint(b, mask, Paint(np.stack([light, np.zeros_like(light)]), WATER))
    return b


@thing
def boulder(c: Canvas, x: float, base: float, w: float, h: float, paint: Paint, haze=0.0) -> None:
    """Paint a rock that stands on y = base."""
    cast(c, x, base, 0.75 * w, 0.3 * h, 0.45)
    b = c.box(x - 0.6 * w, base - 1.1 * h, x + 0.6 * w, base + 0.01)
    if b.x.size == 0 or b.y.size == 0:
        return
    u, v = (b.x - x) / (0.5 * w), (b.y - base) / h  # v from -1 at the top to 0
    bumps, facets = c.noise("rough", b, 1.4, 1.4), c.noise("leaf", b)
    d = 1 - np.abs(u) ** 2.4 - np.abs(v) ** 1.8 + 0.12 * bumps
    lit = 0.5 + 0.35 * c.sun * u - 0.35 * (v + 0.5) + 0.13 * bumps + 0.1 * facets
    mask = c.edge(0.4 * d * min(w, h)) * c.edge(base - b.y)
    c.paint(b, mask, paint, np.clip(lit, 0.06, 1.2), 0.75 - 0.3 * v, haze)
