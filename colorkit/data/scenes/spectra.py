"""From spectra to color: daylight, the observer, the near-infrared camera, and dyes.

A scene is described once, by reflectances, and seen twice: by the CIE 1931 observer as linear
sRGB, and by a near-infrared camera. Both are linear in the spectrum, so every substance is
projected once into a 4-vector (R, G, B, NIR) and scenes are painted with those vectors; no
spectrum is carried per pixel, and nothing of the physics is lost.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from colorkit.data.scenes.materials import MATERIALS, SUBSTANCES, WAVELENGTHS

# IEC 61966-2-1, from XYZ with Y = 1 for the D65 white.
_XYZ_TO_RGB = np.array(
    [
        [3.2406255, -1.5372080, -0.4986286],
        [-0.9689307, 1.8757561, 0.0415175],
        [0.0557101, -0.2040211, 1.0569959],
    ]
)
_D65 = np.array([0.95047, 1.0, 1.08883])
_D65_KELVIN = 6504.0
_LAST_DAYLIGHT = 830.0  # nm, where the CIE daylight series ends


class Paint(NamedTuple):
    """What a shape is painted with."""

    vector: np.ndarray  # (2, 4) or (2, 4, h, w): seen in direct and in diffuse light; R, G, B, NIR
    material: int  # index into MATERIALS
    ambiguous: bool = False  # hue drawn independently of luminance


def _step(center: float, width: float) -> np.ndarray:
    return 1 / (1 + np.exp((center - WAVELENGTHS) / width))


# A silicon camera without its hot mirror, behind a 750 nm long-pass filter: silicon's response
# falls to nothing near its band gap at 1100 nm.
NIR_RESPONSE = _step(750, 8) * (1 - 0.75 * np.clip((WAVELENGTHS - 750) / 250, 0, 1) ** 1.5)


@lru_cache(maxsize=64)
def daylight(kelvin: float) -> np.ndarray:
    """Return the spectrum of daylight of a correlated color temperature from 4000 to 25000 K.

    Up to 830 nm this is the CIE D series (CIE 015:2018, from `colour-science`). Beyond, where
    nothing is tabulated, it continues as a black body of the same temperature, joined at 830 nm.

    Returns:
        (61,) relative power over `WAVELENGTHS`.
    """
    colour = _colour_science()

    xy = colour.temperature.CCT_to_xy_CIE_D(kelvin)
    table = colour.sd_CIE_illuminant_D_series(xy)
    planck = 1 / (WAVELENGTHS**5 * np.expm1(1.4388e7 / (WAVELENGTHS * kelvin)))
    power = np.interp(WAVELENGTHS, table.wavelengths, table.values)
    last = np.searchsorted(WAVELENGTHS, _LAST_DAYLIGHT)
    power[last:] = power[last] * planck[last:] / planck[last]
    return power


def _colour_science():
    """Import `colour`: slowly, so only when its tables are needed, and without its side effect.

    It switches NumPy to the printing of version 1.13, which also cuts every number that pandas
    writes to twelve digits.
    """
    with np.printoptions():
        import colour
    return colour


@lru_cache(maxsize=1)
def observer() -> np.ndarray:
    """Return the CIE 1931 2° color matching functions, (3, 61); zero beyond 830 nm."""
    cmfs = _colour_science().MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    values = np.asarray(cmfs.values).T
    return np.stack([np.interp(WAVELENGTHS, cmfs.wavelengths, v, right=0.0) for v in values])


def xyz(reflectance: np.ndarray, kelvin: float = _D65_KELVIN) -> np.ndarray:
    """Return XYZ of reflectances (..., 61) under daylight, Y = 1 for a perfect white: (..., 3)."""
    weights = observer() * daylight(kelvin)
    return reflectance @ (weights / weights[1].sum()).T


class Light:
    """One daylight, split into direct and diffuse, with every substance seen in it.

    Sunlight is what is left of daylight when the sky's part is taken away; the sky's part has the
    slope of Rayleigh scattering, tempered by haze. So shadows, lit by the sky alone, are bluish in
    color and dark in the infrared. The camera's white balance takes away half of the cast that the
    color temperature gives, as cameras do; at 6504 K a white is neutral.

    Args:
        kelvin: correlated color temperature of the whole daylight.
        diffuse: share of the luminance that comes from the sky (or from walls, indoors).
        slope: exponent p of the diffuse part's λ^-p; 0 under an overcast sky and indoors.
    """

    def __init__(self, kelvin: float, diffuse: float, slope: float):
        weights = observer() * daylight(kelvin)
        weights = np.vstack([_XYZ_TO_RGB @ (weights / weights[1].sum()), np.zeros(61)])
        weights[3] = NIR_RESPONSE * daylight(kelvin)
        weights[3] /= weights[3].sum()
        neutral = _XYZ_TO_RGB @ xyz(np.ones(61))  # (1, 1, 1) but for the sum's 10 nm steps
        gains = np.append(1 / np.sqrt(weights[:3].sum(1) * neutral), 1.0)
        whole = weights * gains[:, None]  # (4, 61)
        skylight = np.minimum(diffuse * (WAVELENGTHS / 550) ** -slope, 0.9)
        self._direct, self._diffuse = whole * (1 - skylight), whole * skylight
        self.table = {
            name: Paint(self.see(reflectance), material)
            for name, (material, reflectance) in SUBSTANCES.items()
        }
        self._dyes = np.stack([self.see(basis) for basis in _dye_basis()])  # (4, 2, 4)

    def see(self, reflectance: np.ndarray) -> np.ndarray:
        """Return what a reflectance (61,) looks like in direct and diffuse light, (2, 4)."""
        return np.stack([self._direct @ reflectance, self._diffuse @ reflectance])

    def glow(self, spectrum: np.ndarray, material: str = "light") -> Paint:
        """Return a paint that shines by itself with a spectrum given relative to daylight."""
        vector = self.see(spectrum).sum(0)
        return Paint(np.stack([np.zeros(4), vector]), MATERIALS.index(material))

    def dyes(self, drawn: np.ndarray) -> np.ndarray:
        """Return dyes (count, 4) from `draw_dyes` as vectors in this light, (2, 4, count)."""
        return np.einsum("kb,bdc->dck", drawn, self._dyes)


@lru_cache(maxsize=128)
def light(kelvin: float, diffuse: float, slope: float) -> Light:
    """Return a `Light`, made once for each setting."""
    return Light(kelvin, diffuse, slope)


def rayleigh(amount: float = 1.0, haze: float = 0.0) -> np.ndarray:
    """Return the radiance of sky (61,), relative to daylight: λ^-4 from air, λ^-0.8 from haze."""
    relative = WAVELENGTHS / 550
    return amount * relative**-4.0 + haze * relative**-0.8


def sunset(depth: float) -> np.ndarray:
    """Return the transmittance (61,) of a long way through air: red, and brightest in the NIR."""
    return np.exp(-depth * (550 / WAVELENGTHS) ** 4)


def lamp(warmth: float) -> np.ndarray:
    """Return lamplight (61,) relative to daylight, 1 at 560 nm: a slope that rises with warmth."""
    return np.minimum((WAVELENGTHS / 560) ** (3 * warmth), 2.0)


# ---- dyes: hue and lightness drawn independently ------------------------------------------------


def _dye_basis() -> np.ndarray:
    """Return four smooth reflectances (4, 61) that sum to 1: blue, green, red, infrared."""
    green, red, infrared = _step(495, 12), _step(585, 10), _step(715, 12)
    return np.stack([1 - green, green - red, red - infrared, infrared])


def _from_lch(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """CIE LCh (D65; hue in radians) to XYZ with Y = 1 for white, on (...,) arrays: (..., 3)."""
    y = (lightness + 16) / 116
    y, chroma, hue = np.broadcast_arrays(y, chroma, hue)
    x, z = y + chroma * np.cos(hue) / 500, y - chroma * np.sin(hue) / 200
    f = np.stack([x, y, z], -1)
    return _D65 * np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))


@lru_cache(maxsize=1)
def _dye_solver() -> tuple[np.ndarray, np.ndarray]:
    seen = xyz(_dye_basis()).T  # (3, 4)
    scale = _D65 / xyz(np.ones(61))
    inverse = np.linalg.inv(seen[:, :3] * scale[:, None])
    return inverse, inverse @ (seen[:, 3] * scale)


def draw_dyes(
    rng: np.random.Generator,
    count: int,
    lightness: tuple[float, float] = (28.0, 82.0),
    strength: tuple[float, float] = (0.45, 1.0),
) -> np.ndarray:
    """Draw dyes whose hue says nothing about their lightness.

    L* and the hue angle are each uniform and independent; the chroma is a drawn share of the
    largest that a reflectance between 0.01 and 0.96 can have at that L* and hue. The infrared is
    bright whatever the color, as most textile dyes leave it (0.45 to 0.8).

    Args:
        rng: source of all draws.
        count: how many.
        lightness: range of L* in daylight D65.
        strength: range of the share of the largest chroma.

    Returns:
        (count, 4) weights of the smooth basis reflectances: blue, green, red, infrared.
    """
    drawn = rng.random((4, count))
    L = lightness[0] + (lightness[1] - lightness[0]) * drawn[0]
    hue = 2 * np.pi * drawn[1]
    share = strength[0] + (strength[1] - strength[0]) * drawn[2]
    infrared = 0.45 + 0.35 * drawn[3]
    inverse, tail = _dye_solver()
    chroma = np.linspace(0, 90, 31)
    target = _from_lch(L[:, None], chroma, hue[:, None])  # (count, 31, 3)
    weights = target @ inverse.T - infrared[:, None, None] * tail
    possible = ((weights > 0.01) & (weights < 0.96)).all(-1)
    largest = chroma[np.argmin(possible, 1) - 1] * possible[:, 0]
    target = _from_lch(L, share * largest, hue)
    visible = np.clip(target @ inverse.T - infrared[:, None] * tail, 0.005, 0.98)
    return np.column_stack([visible, infrared])
