"""Walls, windows, roofs, houses, towers and bridges."""

import numpy as np

from colorkit.data.scenes.canvas import Box, Canvas
from colorkit.data.scenes.land import cast, ramp
from colorkit.data.scenes.materials import MATERIALS
from colorkit.data.scenes.spectra import Paint, lamp
from colorkit.data.scenes.things import thing

GLASS = MATERIALS.index("glass")
WALLS = ("white_plaster", "cream", "ochre", "rose", "brick", "limestone", "sage")


def courses(c: Canvas, u: np.ndarray, v: np.ndarray, tone=0.13) -> np.ndarray:
    """Return the shading of masonry whose stones are 1 wide and 1 high in (u, v)."""
    _, du, dv, first, _ = c.cells(u + 0.5 * (np.floor(v) % 2), v, 0.0)
    joint = np.maximum(np.abs(du), np.abs(dv)) > 0.44
    return 1 + tone * (2 * first - 1) - 0.12 * joint


def texture(c: Canvas, b: Box, paint: Paint, scale: float) -> np.ndarray:
    """Return the shading of a wall: courses for stone and brick, faint stains for plaster."""
    stains = 0.05 * c.noise("rough", b) + 0.03 * c.noise("grain", b)
    if MATERIALS[paint.material] in ("stone", "brick", "rock"):
        return courses(c, b.x / scale, 2 * b.y / scale) + stains
    return 1 + stains


def windows(
    c: Canvas,
    x0,
    y0,
    x1,
    y1,
    columns: int,
    floors: int,
    frame: Paint | None,
    width=0.5,
    height=0.6,
    arch=False,
    lit=0.0,
    haze=0.0,
) -> None:
    """Paint a grid of windows over a rectangle: frames, panes that mirror the sky, some lit."""
    b = c.box(x0, y0, x1, y1)
    if b.x.size == 0 or b.y.size == 0:
        return
    w, h = (x1 - x0) / columns, (y1 - y0) / floors
    u, v = (b.x - x0) / w, (b.y - y0) / h
    du, dv = (u % 1 - 0.5) * w, (v % 1 - 0.5) * h
    ends = (b.x >= x0) & (b.x < x1) & (b.y >= y0) & (b.y < y1)
    side, up = 0.5 * width * w, 0.5 * height * h
    inside = np.minimum(side - np.abs(du), up - np.abs(dv))
    if arch:
        spring = -up + side
        round_top = side - np.sqrt(du**2 + np.minimum(dv - spring, 0) ** 2)
        inside = np.minimum(np.where(dv < spring, round_top, side - np.abs(du)), up - dv)
    if frame is not None:
        c.paint(b, ends * c.edge(inside + 0.09 * min(w, h)), frame, 0.95, 1.0, haze)
    seed = np.abs(np.sin(12.99 * np.floor(u) + 78.23 * np.floor(v) + c.u(0, 6))) * 43.7 % 1
    sheen = (0.25 + 0.45 * seed) * (0.7 - 0.6 * dv / h)
    glass = c.light.table["glass"].vector.sum(0).astype(np.float32)[:, None, None]
    pane = glass + 0.55 * c.air * sheen
    if lit:
        warm = c.light.glow(0.7 * lamp(0.9)).vector[1].astype(np.float32)[:, None, None]
        pane = np.where(seed > 1 - lit, warm * (0.8 + 0.3 * dv / h), pane)
    dark = 1 - 0.45 * (dv < -0.3 * up)  # the lintel's shadow
    mask = ends * c.edge(inside) * (1 - 0.75 * c.edge(0.05 * w - np.abs(du)) * (frame is not None))
    c.paint(b, mask, Paint(np.stack([pane * 0, pane * dark]), GLASS), 0, 1.0, haze)


def wall(c: Canvas, x0, y0, x1, y1, paint: Paint, direct=0.95, scale=0.05, haze=0.0) -> None:
    """Paint a flat wall with its texture and the shadow of the eaves."""
    b = c.box(x0, y0, x1, y1)
    if b.x.size == 0 or b.y.size == 0:
        return
    eaves = 1 - 0.35 * ramp(0.12 * (y1 - y0) - (b.y - y0), 0, 0.04)
    lit = direct * texture(c, b, paint, scale) * eaves
    c.paint(b, c.within(b, x0, y0, x1, y1), paint, lit, 0.9 * eaves, haze)


def roof(c: Canvas, corners, paint: Paint, direct=0.9, rows=14.0, haze=0.0) -> None:
    """Paint a roof's polygon, its tiles in rows."""
    xs, ys = zip(*corners, strict=True)
    b = c.box(min(xs), min(ys), max(xs), max(ys))
    if b.x.size == 0 or b.y.size == 0:
        return
    h = (max(ys) - min(ys)) / rows
    lit = direct * courses(c, b.x / (1.5 * h), b.y / h, 0.18) + 0.06 * c.noise("rough", b)
    c.paint(b, c.polygon(b, *corners), paint, lit, 0.9, haze)


def door(c: Canvas, x: float, base: float, w: float, h: float) -> None:
    """Paint a painted front door with its frame and step."""
    c.rectangle(x - 0.62 * w, base - 1.1 * h, x + 0.62 * w, base, c.of("white_paint", "limestone"))
    c.rectangle(x - 0.5 * w, base - h, x + 0.5 * w, base, c.dye("paint"), 0.75, 0.9)
    c.rectangle(x - 0.75 * w, base - 0.05 * h, x + 0.75 * w, base + 0.05 * h, c.of("granite"))


@thing
def house(c: Canvas, x: float, base: float, size: float, style="house", haze=0.0) -> None:
    """Paint a house seen from a corner: a gable, a long side, a roof, a chimney.

    Styles: "house", "cottage" (thatch, small windows), "barn".
    """
    m = c.pick(-1, 1)
    front, side = size * c.u(0.42, 0.55), size * c.u(0.5, 0.75)
    tall = size * (c.u(0.42, 0.5) if style != "house" else c.u(0.5, 0.75))
    pitch = size * (0.42 if style == "cottage" else c.u(0.28, 0.38))
    x0 = x - m * (front + side) / 2
    xm, x1, eaves = x0 + m * front, x0 + m * (front + side), base - tall
    cast(c, x, base, 0.75 * size, 0.1 * size, 0.5)
    plaster = c.of(c.pick(*WALLS)) if style == "house" else c.of("white_plaster", "limestone")
    cover = c.of("tile", "slate", "tile") if style == "house" else c.of("thatch")
    if style == "barn":
        plaster, cover = c.of("vermilion", "dark_wood"), c.of("slate", "tile")
    bright = 1.0 if m * c.sun < 0 else 0.5  # the gable looks the other way than the long side
    ridge_x, top = x0 + m * front / 2, eaves - pitch
    c.rectangle(
        x1 - m * 0.2 * side - 0.04 * size,
        top - 0.08 * size,
        x1 - m * 0.2 * side + 0.04 * size,
        eaves,
        c.of("brick"),
        0.8,
        0.9,
        haze,
    )
    wall(c, min(xm, x1), eaves, max(xm, x1), base, plaster, 1.5 - bright, 0.06 * size, haze)
    c.shape(
        ((x0, eaves), (ridge_x, top), (xm, eaves), (xm, base), (x0, base)),
        plaster,
        bright,
        0.95,
        haze,
    )
    wall(c, min(x0, xm), eaves, max(x0, xm), base, plaster, bright, 0.06 * size, haze)
    over = 0.04 * size
    far = x1 - m * 0.12 * side
    roof(
        c,
        (
            (ridge_x, top - over / 2),
            (far, top - over / 2),
            (x1 + m * over, eaves + over),
            (xm + m * 0.2 * over, eaves + over),
        ),
        cover,
        1.45 - bright,
        9,
        haze,
    )
    for end in (x0 - m * over, xm + m * over):
        c.line(ridge_x, top - over / 3, end, eaves + over, 0.05 * size, cover, 0.6, 0.8)
    frame = c.of("white_paint") if c.chance(0.7) else c.dye("paint")
    floors = 1 if tall < 0.55 * size else 2
    if style == "barn":
        c.rectangle(
            min(x0, xm) + 0.3 * front,
            base - 0.6 * tall,
            max(x0, xm) - 0.3 * front,
            base,
            c.of("white_paint"),
            0.7,
            0.9,
            haze,
        )
        return
    lit = 0.3 if c.mood == "sunset" else 0.0
    windows(c, min(xm, x1), eaves, max(xm, x1), base, 3, floors, frame, 0.45, 0.5, lit=lit)
    windows(
        c,
        min(x0, xm),
        eaves - 0.1 * tall,
        max(x0, xm),
        base - 0.45 * tall,
        2,
        1,
        frame,
        0.4,
        0.6,
        lit=lit,
    )
    door(c, (x0 + xm) / 2, base, 0.22 * front, 0.4 * size * (0.9 if floors == 2 else 0.75))


@thing
def tower(
    c: Canvas,
    x: float,
    base: float,
    w: float,
    h: float,
    paint: Paint,
    cap="battlement",
    haze=0.0,
    cover: Paint | None = None,
) -> None:
    """Paint a round tower. Caps: "battlement", "cone", "dome"."""
    x0, x1, top = x - w / 2, x + w / 2, base - h
    b = c.box(x0 - 0.1 * w, top - 0.25 * w, x1 + 0.1 * w, base)
    if b.x.size == 0 or b.y.size == 0:
        return
    u = (b.x - x) / (0.5 * w)
    lit = np.clip(0.62 + 0.5 * c.sun * u, 0.05, 1.1) * texture(c, b, paint, 0.35 * w)
    mask = c.within(b, x0, top, x1, base)
    if cap == "battlement":
        teeth = (np.floor((b.x - x0 + 0.08 * w) / (1.16 * w) * 7) % 2 == 0) | (b.y > top)
        crown = c.within(b, x0 - 0.08 * w, top - 0.16 * w, x1 + 0.08 * w, top + 0.18 * w)
        mask = np.maximum(mask, crown * teeth)
    c.paint(b, mask, paint, lit, 0.85, haze)
    for up in (0.3, 0.62):
        c.rectangle(
            x - 0.07 * w,
            base - up * h - 0.14 * w,
            x + 0.07 * w,
            base - up * h + 0.1 * w,
            c.of("glass"),
            0.3,
            0.5,
        )
    if cap == "cone":
        peak, half = top - c.u(1.0, 1.6) * w, 0.62 * w
        cone = c.box(x - half, peak, x + half, top)
        across = (cone.x - x) / half
        t = (cone.y - peak) / (top - peak)
        shade = np.clip(0.6 + 0.55 * c.sun * across / (t + 0.1), 0.08, 1.2)
        shade = shade * courses(c, across * 6, t * 12, 0.15)
        c.paint(cone, c.edge((t - np.abs(across)) * half), cover or c.of("slate"), shade, 0.9, haze)
        if c.chance(0.6):
            flag(c, x, peak, 0.5 * w)
    if cap == "dome":
        c.ball(x, top, 0.52 * w, 0.6 * w, cover or c.of("slate"), 0.0, haze)
        c.line(x, top - 0.55 * w, x, top - 0.9 * w, 0.06 * w, c.of("brass"))


@thing
def flag(c: Canvas, x: float, y: float, size: float) -> None:
    """Paint a pennant on a pole that stands at (x, y)."""
    c.line(x, y, x, y - 1.2 * size, 0.08 * size, c.of("iron"))
    c.shape(((x, y - 1.2 * size), (x + 1.3 * size, y - 0.95 * size), (x, y - 0.6 * size)), c.dye())


@thing
def arches(c: Canvas, y: float, water: float, count: int, paint: Paint, rise: float) -> None:
    """Paint a stone bridge across the picture, its deck at y, with round arches to the water."""
    b = c.box(0, y - rise - 0.05, 1, water + 0.02)
    deck = y - rise * (1 - (2 * b.x - 1) ** 2)
    pitch = 1.0 / count
    du = ((b.x + 0.5 * pitch * (count % 2 == 0)) % pitch) - 0.5 * pitch
    radius, tall = 0.4 * pitch, (water - deck) * 0.78
    hole = 1 - np.sqrt((du / radius) ** 2 + ((b.y - water) / np.maximum(tall, 0.01)) ** 2)
    lit = 0.9 * texture(c, b, paint, 0.07) * (1 - 0.35 * ramp(b.y - deck, 0.0, 0.25))
    ring = np.abs(hole + 0.1) < 0.09
    under = 0.35 * ramp(hole, -0.02, 0.14)
    body = c.edge(b.y - deck) * c.edge(water - b.y)
    c.paint(b, body * c.edge(-(hole - 0.12) * radius), paint, lit * (1 + 0.15 * ring) - under, 0.85)
    rail = c.edge(b.y - deck + 0.012) * c.edge(deck + 0.018 - b.y)
    c.paint(b, rail, paint, 1.15, 1.0)
