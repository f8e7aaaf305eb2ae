"""The canvas scenes are painted on: relative coordinates, masks, noise, light and haze.

Scenes are laid out on the unit square, x to the right and y downward; the camera sees a drawn part
of it, at any number of pixels. A shape is a soft mask on a box; `Canvas.paint` lays a `Paint`
through it, lit by the sun and the sky.
"""

from dataclasses import dataclass, replace

import numpy as np

from colorkit.data.scenes.materials import MATERIALS
from colorkit.data.scenes.noise import scatter, tile
from colorkit.data.scenes.spectra import Light, Paint, draw_dyes

# Optical depth of haze in R, G, B and NIR relative to 550 nm: (550/λ)^1.3.
_HAZE = 0.55 * np.array([0.86, 1.0, 1.25, 0.55], np.float32)[:, None, None]


@dataclass(frozen=True)
class Box:
    """A window of the canvas: its rows and columns, and the coordinates of their centers."""

    rows: slice
    columns: slice
    x: np.ndarray  # (1, w)
    y: np.ndarray  # (h, 1)


class Canvas:
    """A picture in the making.

    Attributes:
        image: (4, H, W) float32 linear R, G, B, NIR.
        materials: (H, W) uint8 indexes into MATERIALS.
        ambiguous: (H, W) bool, hue drawn independently of luminance.
        things: (H, W) uint16, number of the thing that was painted there, 0 for none.
        thing, last_thing: number of the one that is being painted, and of the latest one, see
            `colorkit.data.scenes.things.thing`.
        rng: source of all draws; how many are drawn never depends on the size.
        mood: "blue", "cloudy", "overcast", "sunset" or "indoor".
        scale: pixels for one unit.
        sun: -1 if light falls from the left, 1 from the right.
        air: (4, 1, 1) radiance that distance fades into.
    """

    def __init__(self, size: int, rng: np.random.Generator, light: Light, mood: str):
        self.size, self.rng, self.light, self.mood = size, rng, light, mood
        self.image = np.zeros((4, size, size), np.float32)
        self.materials = np.zeros((size, size), np.uint8)
        self.ambiguous = np.zeros((size, size), bool)
        self.things = np.zeros((size, size), np.uint16)
        self.thing = self.last_thing = 0
        self.span = self.u(0.8, 1.0)  # the camera's view: zoomed in a little, and shifted
        self.left, self.top = (1 - self.span) * self.u(0, 1), (1 - self.span) * self.u(0, 1)
        self.scale = size / self.span
        pixels = (np.arange(size) + 0.5) / self.scale
        self._xs = (self.left + pixels).astype(np.float32)
        self._ys = (self.top + pixels).astype(np.float32)
        self.sun = -1.0 if rng.random() < 0.5 else 1.0
        self.air = np.full((4, 1, 1), 0.6, np.float32)
        self.all = self.box()
        self._dyes: list[np.ndarray] = []
        self._any_ambiguous = False

    # ---- draws ----

    def u(self, low: float, high: float) -> float:
        """Draw a number between low and high."""
        return low + (high - low) * self.rng.random()

    def chance(self, probability: float) -> bool:
        """Draw yes or no."""
        return self.rng.random() < probability

    def pick(self, *choices):
        """Draw one of the choices."""
        return choices[int(self.rng.random() * len(choices))]

    # ---- paints ----

    def of(self, *names: str) -> Paint:
        """Return a substance's paint; of several, one mixed at random between two of them."""
        name = self.pick(*names)
        paint = self.light.table[name]
        if len(names) > 1:
            other, share = self.light.table[self.pick(*names)], 0.5 * self.rng.random()
            paint = Paint((1 - share) * paint.vector + share * other.vector, paint.material)
        return paint

    def dye(self, material: str = "cloth", **limits) -> Paint:
        """Draw a dyed thing: hue independent of luminance."""
        if limits:
            vector = self.light.dyes(draw_dyes(self.rng, 1, **limits))[..., 0]
            return Paint(vector, MATERIALS.index(material), True)
        if not self._dyes:  # drawn many at a time, which is faster
            self._dyes = list(np.moveaxis(self.light.dyes(draw_dyes(self.rng, 24)), -1, 0))
        return Paint(self._dyes.pop(), MATERIALS.index(material), True)

    def dyes(self, count: int, material: str = "cloth", **limits) -> Paint:
        """Draw `count` dyes at once; index the vector's last axis to spread them over pixels."""
        vector = self.light.dyes(draw_dyes(self.rng, count, **limits))
        return Paint(vector.astype(np.float32), MATERIALS.index(material), True)

    # ---- geometry ----

    def box(self, x0: float = 0, y0: float = 0, x1: float = 1, y1: float = 1) -> Box:
        """Return the window that covers a rectangle, clipped to the canvas; it may be empty."""
        rows = self._window(y0 - self.top, y1 - self.top)
        columns = self._window(x0 - self.left, x1 - self.left)
        return Box(rows, columns, self._xs[None, columns], self._ys[rows, None])

    def _window(self, low: float, high: float) -> slice:
        """Return the pixels from low to high, none if that is out of view.

        Whether it is out of view must not depend on the size, or the draws would.
        """
        if high < 0 or low > self.span:
            return slice(0, 0)
        n = self.size
        first = min(max(int(np.floor(low * self.scale)) - 1, 0), n - 1)
        return slice(first, max(min(int(np.ceil(high * self.scale)) + 1, n), first + 1))

    def edge(self, distance: np.ndarray) -> np.ndarray:
        """Turn a distance to a shape's edge, positive inside, into a mask one pixel soft."""
        return np.minimum(np.maximum(distance * self.scale + 0.5, 0), 1)

    def within(self, b: Box, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
        """Return the mask of a rectangle."""
        across = self.edge(np.minimum(b.x - x0, x1 - b.x))
        return across * self.edge(np.minimum(b.y - y0, y1 - b.y))

    def polygon(self, b: Box, *corners: tuple[float, float]) -> np.ndarray:
        """Return the mask of a convex polygon."""
        inside = None
        turn = sum(
            ax * by - bx * ay
            for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True)
        )
        corners = corners if turn > 0 else corners[::-1]
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
            length = max(np.hypot(bx - ax, by - ay), 1e-6)
            side = ((bx - ax) * (b.y - ay) - (by - ay) * (b.x - ax)) / np.float32(length)
            inside = side if inside is None else np.minimum(inside, side)
        return self.edge(inside)

    def ellipse(self, b: Box, cx: float, cy: float, rx: float, ry: float) -> np.ndarray:
        """Return the mask of an ellipse."""
        d = np.sqrt(((b.x - cx) / max(rx, 1e-4)) ** 2 + ((b.y - cy) / max(ry, 1e-4)) ** 2)
        return self.edge((1 - d) * min(rx, ry))

    # ---- noise ----

    def noise(self, kind: str, b: Box, sx: float = 1.0, sy: float = 1.0) -> np.ndarray:
        """Return noise over a box, sx and sy times finer than the kind's own, at a drawn place."""
        n, noise = self.size, tile(kind, self.size)
        ox, oy = self.rng.random(2)
        rows = (b.y[:, 0] * (sy * self.scale) + oy * n).astype(np.intp) % n
        columns = (b.x[0] * (sx * self.scale) + ox * n).astype(np.intp) % n
        return noise.take(rows, 0).take(columns, 1)

    def wave(self, kind: str, b: Box, fineness: float = 1.0) -> np.ndarray:
        """Return noise along x alone, (1, w)."""
        return self.noise(kind, replace(b, y=np.zeros((1, 1), np.float32)), fineness)

    def relief(self, bumps: np.ndarray) -> np.ndarray:
        """Return how bumps are lit from the sun's side: their rise over a 48th of the picture."""
        step = max(1, round(self.size / 48))
        return self.sun * (np.roll(bumps, step, 1) - np.roll(bumps, -step, 1))

    def noise_at(self, kind: str, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return noise at coordinates of any surface; 1 is a period of the tile."""
        n, noise = self.size, tile(kind, self.size)
        ox, oy = self.rng.random(2)
        return noise[((v + oy) * n).astype(np.intp) % n, ((u + ox) * n).astype(np.intp) % n]

    def cells(self, u: np.ndarray, v: np.ndarray, jitter: float = 0.4) -> tuple:
        """Scatter one point in each unit cell of the plane (u, v).

        Returns:
            distance to the cell's point, the offsets (du, dv) to it, and two numbers in [0, 1)
            drawn for each cell.
        """
        shift = int(self.rng.integers(64))
        rows, columns = np.floor(v), np.floor(u)
        key = ((rows.astype(np.intp) + shift) % 64) * 64 + (columns.astype(np.intp) + shift) % 64
        jx, jy, first, second = (plane.ravel().take(key) for plane in scatter())
        du = u - columns - 0.5 - jitter * (jx - 0.5)
        dv = v - rows - 0.5 - jitter * (jy - 0.5)
        return np.sqrt(du * du + dv * dv), du, dv, first, second

    # ---- painting ----

    def paint(
        self,
        b: Box,
        mask: np.ndarray,
        paint: Paint,
        direct: np.ndarray | float = 1.0,
        diffuse: np.ndarray | float = 1.0,
        haze: np.ndarray | float = 0.0,
    ) -> None:
        """Lay a paint through a mask.

        Args:
            b: where.
            mask: (h, w) coverage in [0, 1].
            paint: what.
            direct: share of sunlight that arrives, above 1 on slopes that face it.
            diffuse: share of skylight that arrives, below 1 in corners.
            haze: optical depth of the air in front.
        """
        area = self.image[:, b.rows, b.columns]
        if area.size == 0:
            return
        v = paint.vector.astype(np.float32, copy=False)
        if v.ndim == 2:
            v = v[:, :, None, None]
        layer = v[0] * direct + v[1] * diffuse
        if isinstance(haze, np.ndarray) or haze:
            layer = self.air + (layer - self.air) * np.exp(-haze * _HAZE)
        layer = layer - area
        layer *= mask
        area += layer
        solid = mask > 0.5
        np.copyto(self.materials[b.rows, b.columns], np.uint8(paint.material), where=solid)
        if self.last_thing:
            np.copyto(self.things[b.rows, b.columns], np.uint16(self.thing), where=solid)
        if paint.ambiguous or self._any_ambiguous:
            self._any_ambiguous = True
            np.copyto(self.ambiguous[b.rows, b.columns], paint.ambiguous, where=solid)

    def shade(self, b: Box, amount: np.ndarray) -> None:
        """Darken what is there by a share (h, w) of its light, bluish as skylit shadows are."""
        keep = 1 - amount * np.array([1.0, 0.97, 0.9, 1.05], np.float32)[:, None, None]
        self.image[:, b.rows, b.columns] *= np.maximum(keep, 0)

    def shine(self, b: Box, amount: np.ndarray, paint: Paint) -> None:
        """Add a glow's light (h, w) to what is there."""
        self.image[:, b.rows, b.columns] += amount * paint.vector.sum(0)[:, None, None]

    def rectangle(self, x0, y0, x1, y1, paint, direct=1.0, diffuse=1.0, haze=0.0) -> None:
        """Paint a rectangle."""
        b = self.box(x0, y0, x1, y1)
        self.paint(b, self.within(b, x0, y0, x1, y1), paint, direct, diffuse, haze)

    def disc(self, cx, cy, rx, ry, paint, direct=1.0, diffuse=1.0, haze=0.0) -> None:
        """Paint an ellipse."""
        b = self.box(cx - rx, cy - ry, cx + rx, cy + ry)
        self.paint(b, self.ellipse(b, cx, cy, rx, ry), paint, direct, diffuse, haze)

    def ball(self, cx, cy, rx, ry, paint, bumps: np.ndarray | float = 0.0, haze=0.0) -> None:
        """Paint an ellipsoid, shaded as round; bumps (h, w) roughen the shading."""
        b = self.box(cx - rx, cy - ry, cx + rx, cy + ry)
        u, v = (b.x - cx) / rx, (b.y - cy) / ry
        lit = 0.55 + 0.4 * self.sun * u - 0.5 * v + bumps
        mask = self.edge((1 - np.sqrt(u * u + v * v)) * min(rx, ry))
        self.paint(b, mask, paint, np.clip(lit, 0.05, 1.3), 0.75 - 0.3 * v, haze)

    def shape(self, corners, paint, direct=1.0, diffuse=1.0, haze=0.0) -> None:
        """Paint a convex polygon."""
        corners = tuple(corners)
        xs, ys = zip(*corners, strict=True)
        b = self.box(min(xs), min(ys), max(xs), max(ys))
        self.paint(b, self.polygon(b, *corners), paint, direct, diffuse, haze)

    def line(self, x0, y0, x1, y1, width, paint, direct=1.0, diffuse=1.0, taper=1.0) -> None:
        """Paint a straight stroke; its end is `taper` times as wide as its beginning."""
        half = width / 2
        b = self.box(min(x0, x1) - half, min(y0, y1) - half, max(x0, x1) + half, max(y0, y1) + half)
        dx, dy = x1 - x0, y1 - y0
        t = ((b.x - x0) * dx + (b.y - y0) * dy) / np.float32(max(dx * dx + dy * dy, 1e-9))
        t = np.clip(t, 0, 1)
        away = np.sqrt((b.x - x0 - t * dx) ** 2 + (b.y - y0 - t * dy) ** 2)
        # A stroke thinner than a pixel covers part of it, whatever the size of the picture.
        wide = half * (1 + (taper - 1) * t)
        cover = np.minimum(2 * wide * self.scale, 1)
        self.paint(
            b, cover * self.edge(np.maximum(wide, 0.5 / self.scale) - away), paint, direct, diffuse
        )
