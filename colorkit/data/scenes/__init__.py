"""Procedural scenes: labelled pictures of places, painted from spectra, so that all runs offline.

Every class the reports name is here, and the nine of the RGB-NIR set. A scene is described by
reflectances from 400 to 1000 nm under daylight (`materials`, `spectra`); the color image and the
near-infrared image come from that one description and agree physically. The hue of cloth, petals,
books, fruit and paint is drawn independently of lightness, and each scene says where those pixels
are, so that what a network does where color is ambiguous can be measured, and which pixels show
which thing.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from colorkit.data.scenes import countryside, gardens, interiors, town
from colorkit.data.scenes.canvas import Canvas
from colorkit.data.scenes.materials import MATERIALS
from colorkit.data.scenes.spectra import light
from colorkit.system.errors import ColorkitError

__all__ = ["CLASSES", "MATERIALS", "Scene", "contact_sheet", "refuse_unknown", "render"]

_INDOORS = {
    "art_school": interiors.art_school,
    "ballroom": interiors.ballroom,
    "bar": interiors.bar,
    "clothing_store": interiors.clothing_store,
    "indoor": interiors.indoor_room,
    "library-indoor": interiors.library_indoor,
}
_OUTDOORS = {
    "botanical_garden": gardens.botanical_garden,
    "bridge": countryside.bridge,
    "castle": town.castle,
    "cottage": town.cottage,
    "country": countryside.country,
    "field": countryside.field,
    "forest": countryside.forest,
    "formal_garden": gardens.formal_garden,
    "house": town.house,
    "japanese_garden": gardens.japanese_garden,
    "lawn": gardens.lawn,
    "market-outdoor": town.market_outdoor,
    "mountain": countryside.mountain,
    "oldbuilding": town.oldbuilding,
    "palace": town.palace,
    "park": gardens.park,
    "pond": gardens.pond,
    "roof_garden": gardens.roof_garden,
    "sky": countryside.sky,
    "skyscraper": town.skyscraper,
    "street": town.street,
    "topiary_garden": gardens.topiary_garden,
    "urban": town.urban,
    "vegetable_garden": gardens.vegetable_garden,
    "water": countryside.water,
    "waterfall": countryside.waterfall,
    "zen_garden": gardens.zen_garden,
}
_PAINTERS = _INDOORS | _OUTDOORS
CLASSES: tuple[str, ...] = tuple(sorted(_PAINTERS))

# mood: share of scenes, color temperatures (K), sky's share of the light, slope of the skylight
_MOODS = {
    "blue": (0.45, (5500, 6750), 0.25, 2.2),
    "cloudy": (0.3, (5500, 7000), 0.35, 1.5),
    "overcast": (0.13, (6250, 7500), 0.75, 0.0),
    "sunset": (0.12, (4500, 5250), 0.35, 1.5),
}
_INDOOR_LIGHT = ((4750, 6500), 0.5, 0.0)
_NOISE = 0.006  # deviation of the sensors' noise, of the encoded full scale


@dataclass(frozen=True)
class Scene:
    """One picture and what is known about it.

    Attributes:
        rgb: (H, W, 3) uint8 sRGB.
        nir: (H, W) uint8 near infrared (a silicon camera behind a 750 nm long-pass filter), linear
            response with the same exposure as `rgb`, encoded with the same sRGB curve.
        ambiguous: (H, W) bool, pixels whose hue was drawn independently of luminance: cloth,
            petals, books, fruit and painted things.
        label: the class.
        materials: (H, W) uint8 indexes into MATERIALS.
        things: (H, W) uint16, which thing a pixel shows (a tree, a car, a person), 0 for none: sky,
            ground, water and walls.
    """

    rgb: np.ndarray
    nir: np.ndarray
    ambiguous: np.ndarray
    label: str
    materials: np.ndarray
    things: np.ndarray


def refuse_unknown(labels: Iterable[str]) -> None:
    """Check that there is a procedural scene of every name.

    Raises:
        ColorkitError: there is none; close names are given.
    """
    from difflib import get_close_matches

    for label in labels:
        if label not in CLASSES:
            close = ", ".join(get_close_matches(label, CLASSES) or CLASSES[:5])
            raise ColorkitError(f"no procedural scene is called {label!r}; close names are {close}")


def render(label: str, seed: int, size: int = 128) -> Scene:
    """Paint one scene; the same (label, seed, size) gives the same bytes.

    Args:
        label: one of CLASSES.
        seed: non-negative; each gives another composition, season, light and palette. The same
            seed at another size is the same composition.
        size: side in pixels, meant for 32 to 512.

    Raises:
        ValueError: the label is not known.
    """
    if label not in _PAINTERS:
        raise ValueError(f"unknown scene class {label!r}; known are {', '.join(CLASSES)}")
    rng = np.random.default_rng((zlib.crc32(label.encode()), seed))
    if label in _INDOORS:
        mood, (kelvins, diffuse, slope) = "indoor", _INDOOR_LIGHT
    else:
        mood = str(rng.choice(list(_MOODS), p=[share for share, *_ in _MOODS.values()]))
        _, kelvins, diffuse, slope = _MOODS[mood]
    kelvin = 250.0 * round(rng.uniform(*kelvins) / 250)  # few steps, so that lights are reused
    canvas = Canvas(size, rng, light(kelvin, diffuse, slope), mood)
    mirrored = canvas.chance(0.5)
    _PAINTERS[label](canvas)
    exposed = canvas.image * _gain(canvas)
    encoded = _encode(exposed) + _NOISE * rng.standard_normal(exposed.shape, dtype=np.float32)
    pixels = np.clip(255 * encoded + 0.5, 0, 255).astype(np.uint8)
    layers = [pixels[:3].transpose(1, 2, 0), pixels[3], canvas.ambiguous, canvas.materials]
    layers.append(canvas.things)
    if mirrored:
        layers = [layer[:, ::-1] for layer in layers]
    rgb, nir, ambiguous, materials, things = (np.ascontiguousarray(layer) for layer in layers)
    return Scene(rgb, nir, ambiguous, label, materials, things)


def _gain(canvas: Canvas) -> float:
    """Return the exposure: a compromise of bright parts and mean, within a third of a stop."""
    green = canvas.image[1, ::4, ::4]
    bright, mean = float(np.quantile(green, 0.95)), float(green.mean())
    gain = (0.9 * 0.3 / max(bright * mean, 1e-4)) ** 0.5
    if canvas.mood == "sunset":
        gain *= 0.88
    return min(max(gain, 0.5), 3.0) * 2 ** canvas.u(-0.33, 0.33)


def _encode(linear: np.ndarray) -> np.ndarray:
    """Apply the sRGB curve (IEC 61966-2-1) to light clipped to [0, 1]."""
    light = np.clip(linear, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** np.float32(1 / 2.4) - 0.055)


def contact_sheet(
    size: int = 128, seed: int = 0, columns: int = 7, nir: bool = False
) -> np.ndarray:
    """Return one scene of every class, in the order of CLASSES, as one (H, W, 3) uint8 image."""
    rows = -(-len(CLASSES) // columns)
    sheet = np.full((rows * (size + 4), columns * (size + 4), 3), 255, np.uint8)
    for i, label in enumerate(CLASSES):
        scene = render(label, seed, size)
        y, x = (i // columns) * (size + 4) + 2, (i % columns) * (size + 4) + 2
        sheet[y : y + size, x : x + size] = scene.nir[..., None] if nir else scene.rgb
    return sheet
