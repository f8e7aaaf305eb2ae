"""What a substance reflects, wavelength by wavelength, and what an eye and a camera make of it.

The spectra are those of the procedural scenes (`colorkit.data.scenes.materials`): from violet to
near infrared, 400 to 1000 nanometers. The eye is the CIE 1931 observer; the camera is silicon
behind a filter that stops visible light.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from colorkit.course.figures import COLORS, DASHES, new_figure
from colorkit.data.scenes.materials import SUBSTANCES, WAVELENGTHS
from colorkit.data.scenes.spectra import NIR_RESPONSE, daylight, observer, xyz

_NOON = 6504.0  # kelvin, the color temperature of daylight for which CIELAB's white is neutral


def as_seen(names: Iterable[str]) -> pd.DataFrame:
    """Lightness and color of substances in daylight, and how bright they are in near infrared.

    Args:
        names: of `SUBSTANCES`.

    Returns:
        One row a substance: `L*`, `a*`, `b*`; and `near infrared as L*`, the lightness of the gray
        that reflects as much light as the substance does near infrared.
    """
    names = list(names)
    reflected = np.stack([SUBSTANCES[name][1] for name in names])  # (N, 61)
    white = xyz(np.ones(len(WAVELENGTHS)), _NOON)
    ratio = xyz(reflected, _NOON) / white  # X, Y, Z of white are 1
    infrared = NIR_RESPONSE * daylight(_NOON)
    bright = reflected @ (infrared / infrared.sum())
    fx, fy, fz, fn = (_root(x) for x in (*ratio.T, bright))
    columns = {"L*": 116 * fy - 16, "a*": 500 * (fx - fy), "b*": 200 * (fy - fz)}
    return pd.DataFrame(columns | {"near infrared as L*": 116 * fn - 16}, index=names)


def _root(ratio: np.ndarray) -> np.ndarray:
    """CIELAB's cube root, straight near black."""
    small = 6 / 29
    return np.where(ratio > small**3, np.cbrt(ratio), ratio / (3 * small**2) + 4 / 29)


def draw(names: Iterable[str]) -> Figure:
    """Draw what substances reflect, over the bands of the eye and of the near-infrared camera."""
    figure, ax = new_figure(8, 3.2)
    eye = observer()[1]
    for band, color, label in (
        (eye / eye.max(), COLORS[4], "the eye"),
        (NIR_RESPONSE, COLORS[3], "the camera"),
    ):
        ax.fill_between(WAVELENGTHS, 0, 100 * band, color=color, alpha=0.15, lw=0, label=label)
    for k, name in enumerate(names):
        style = {"color": COLORS[k], "ls": DASHES[k], "lw": 2}
        ax.plot(WAVELENGTHS, 100 * SUBSTANCES[name][1], label=name.replace("_", " "), **style)
    ax.set(xlabel="wavelength (nm)", ylabel="reflected (%)", ylim=(0, 100))
    figure.legend(loc="outside right center", fontsize=8)
    return figure
