"""Films whose motion is known, because they are cut out of a rendered scene by a moving frame.

A film of the world comes without its motion, and a method that estimates motion would be judged by
its own estimate. Here the true motion says which place of the frame before is the same thing, so
that flicker is what it should be: a change of color of one and the same thing.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from colorkit.course.networks import scene_of
from colorkit.imaging.color import LUMA_WEIGHTS, join, rgb_to_lab
from colorkit.imaging.metrics.quality import delta_e
from colorkit.inference.colorize import STEADY
from colorkit.inference.paint import guide
from colorkit.inference.photograph import PhotographColorizer
from colorkit.inference.temporal import Steadied, follow

SCENES = ("formal_garden", "street", "mountain", "house", "park", "cottage")
WHAT = "films rendered from procedural scenes"
SECONDS = STEADY  # of the filter, as `colorkit colorize` takes it
RATE = 25.0  # frames a second
LONGEST = 3.0  # pixels a frame that the camera moves, at most
GRAIN = 4.0  # deviation of the film's grain, of 255
LAMP = 0.04  # deviation of the lamp's brightness, of 1


@dataclass(frozen=True)
class Film:
    """A film and its truth.

    Attributes:
        frames: (T, H, W, 3) uint8, gray and grained, as an old camera saw it.
        colors: the same in color, without grain and with a steady lamp.
        motion: (rows, columns) in pixels a frame: to be added to a place to find where its thing
            was in the frame before.
    """

    frames: np.ndarray
    colors: np.ndarray
    motion: tuple[float, float]


def make_film(label: str, seed: int, frames: int, side: int) -> Film:
    """Move a frame across a scene; its grain, its lamp and its way are drawn by the seed.

    Args:
        label: procedural scene class.
        seed: of scene and film.
        frames: how many; at least two.
        side: of a frame in pixels.

    Raises:
        ValueError: a film of one frame, in which nothing can flicker.
    """
    if frames < 2:
        raise ValueError(f"a film needs two frames or more; got {frames}")
    rng = np.random.default_rng(seed)
    angle, speed = rng.uniform(0, 2 * np.pi), rng.uniform(1, LONGEST)
    step = speed * np.array([np.sin(angle), np.cos(angle)])
    margin = int(np.ceil(LONGEST * frames / 2)) + 1
    scene = scene_of(f"{label}/{seed:07d}", side + 2 * margin).rgb
    pixels = torch.from_numpy(scene.copy()).permute(2, 0, 1)[None].float()
    colors, seen = [], []
    for k in range(frames):
        top, left = margin + step * (k - (frames - 1) / 2)
        rgb = _window(pixels, top, left, side)
        gray = rgb @ np.array(LUMA_WEIGHTS)
        gray = gray * (1 + rng.normal(0, LAMP)) + rng.normal(0, GRAIN, gray.shape)
        colors.append(np.rint(rgb).astype(np.uint8))
        seen.append(np.rint(gray.clip(0, 255)).astype(np.uint8)[..., None].repeat(3, axis=2))
    return Film(np.stack(seen), np.stack(colors), (float(step[0]), float(step[1])))


def make_films(count: int, frames: int, side: int, seed: int = 0) -> list[Film]:
    """So many films of different scenes and ways; see `make_film`."""
    labels = [SCENES[k % len(SCENES)] for k in range(count)]
    return [make_film(label, seed + k, frames, side) for k, label in enumerate(labels)]


def measure(film: Film, model: str | None, seconds: float) -> dict[str, float]:
    """Colorize a film frame by frame, without and with the filter over time.

    Args:
        film: see `make_film`.
        model: of the box; None is its default.
        seconds: time constant of the filter, see `colorkit.inference.temporal.Steadied`.

    Returns:
        `flicker without` and `flicker with`: mean change of chroma along the true motion, in Lab
        units; `error without` and `error with`: ΔE₀₀ to the true colors, which lightness, grain and
        lamp have no part in: both have the true lightness.
    """
    found, side = {}, film.frames.shape[1]
    for how, planes in _planes(film, model, seconds).items():
        changes = [flicker(one, next_, film.motion, side) for one, next_ in pairwise(planes)]
        errors = [_error(true, now) for true, now in zip(film.colors, planes, strict=True)]
        found |= {f"flicker {how}": float(np.mean(changes))}
        found |= {f"error {how}": float(np.mean(errors))}
    return found


def strip(
    film: Film, seconds: float, model: str | None = None, count: int = 6
) -> dict[str, list[np.ndarray]]:
    """The first frames of a film in rows, by name: as seen, without and with the filter, true."""
    rows = {"as seen": list(film.frames[:count])}
    for how, planes in _planes(film, model, seconds).items():
        colorizer = PhotographColorizer(model)
        seen = zip(rows["as seen"], planes[:count], strict=True)
        rows[how] = [colorizer.paint(frame, now) for frame, now in seen]
    return rows | {"original": list(film.colors[:count])}


def _planes(film: Film, model: str | None, seconds: float) -> dict[str, list[Tensor]]:
    """What a model paints of every frame, without and with the filter over time."""
    colorizer, steadied = PhotographColorizer(model), Steadied(seconds)
    found: dict[str, list[Tensor]] = {"without": [], "with": []}
    for frame in film.frames:
        planes = colorizer.planes(frame, still=False)
        found["without"].append(planes)
        found["with"].append(steadied(planes, guide(frame, planes.shape[-2:]), 1 / RATE))
    return found


def flicker(before: Tensor, now: Tensor, motion: tuple[float, float], side: int) -> float:
    """Measure how much the chroma of the same things changes from a frame to the next.

    Args:
        before, now: (1, 3, h, w); the last two planes are a*, b* in Lab units.
        motion: of the film, in pixels of its frames.
        side: of a frame in pixels.

    Returns:
        Mean distance in Lab units, over what both frames show.
    """
    height, width = now.shape[-2:]
    rows, columns = motion[0] * height / side, motion[1] * width / side
    flow = torch.tensor([rows, columns]).view(2, 1, 1).expand(2, height, width)
    change = (now - follow(before, flow.to(now)))[:, -2:].norm(dim=1)[0]
    edge = int(np.ceil(max(abs(rows), abs(columns)))) + 1  # what came into sight was not there
    return change[edge:-edge, edge:-edge].mean().item()


def _error(true: np.ndarray, planes: Tensor) -> float:
    """ΔE₀₀ of chroma planes, joined to the true lightness, (H, W, 3) uint8."""
    rgb = torch.from_numpy(true).permute(2, 0, 1)[None].float() / 255
    ab = F.interpolate(planes[:, -2:].float(), rgb.shape[-2:], mode="bilinear")
    return delta_e(join(rgb_to_lab(rgb)[:, :1], ab), rgb).item()


def _window(pixels: Tensor, top: float, left: float, side: int) -> np.ndarray:
    """Cut (side, side, 3) out of (1, 3, H, W) at a place between pixels."""
    height, width = pixels.shape[-2:]
    rows = (torch.arange(side) + top + 0.5) * (2 / height) - 1
    columns = (torch.arange(side) + left + 0.5) * (2 / width) - 1
    grid = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1)[None].float()
    return F.grid_sample(pixels, grid, align_corners=False)[0].permute(1, 2, 0).double().numpy()
