"""Do the two halves of a pair show the same pixels? Edges, compared.

Brightness differs between color and near infrared, and leaves even swap dark for light; where
something ends, both change. So gradient magnitudes are compared, not the pictures. The halves of
the RGB-NIR set are separate exposures: what moves in between (clouds, water, grass, people) agrees
less, and a whole sky of clouds looks like a shift. The check warns and leaves the choice to people.
Give it the files at full size: squares of 128 pixels hold too few edges, and it warns of others.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

REACH = 4  # pixels either way; a larger jump is another view, not a matter of registration
# In pixels of the examined images; three times the half pixel that rounding may cost. Beyond it the
# edges of the two halves, as wide as `BLUR` makes them, lie side by side.
SHIFT = 1.5
# Correlation of edges that *unrelated* halves hardly reach: of 352 random mismatches of the RGB-NIR
# set, at their best shift, 1 % came above 0.21, one above this, and the highest to 0.28.
AGREEMENT = 0.25
BLUR = 1.0  # deviation of the Gaussian the gradients are taken with, in pixels


class Registration(NamedTuple):
    """How two halves lie on each other.

    agreement: correlation (−1…1) of the gradient magnitudes, the near-infrared half moved back.
    down, right: pixels by which the near-infrared half lies lower and further right.
    peaked: the shift is a peak of the phase correlation within reach; else it is the best of the
        whole-pixel shifts within reach, and says little.
    """

    agreement: float
    down: float
    right: float
    peaked: bool

    @property
    def shift(self) -> float:
        """Length of the shift in pixels."""
        return float(np.hypot(self.down, self.right))

    @property
    def warning(self) -> str:
        """What is suspicious about the pair, in words, or ""."""
        if self.agreement < AGREEMENT:
            return "edges agree no better than those of different scenes can"
        if not self.peaked:
            return f"edges agree best further away than {REACH} pixels"
        return f"shifted by {self.shift:.1f} pixels" if self.shift > SHIFT else ""


def register(rgb: np.ndarray, nir: np.ndarray) -> Registration:
    """Measure how well the edges of luminance and near infrared agree, and at which shift.

    The shift is the peak of the phase correlation of gradient magnitudes, to a tenth of a pixel
    (`skimage.registration.phase_cross_correlation`; Guizar-Sicairos et al. 2008), under a Hann
    window, for the borders are no edges. A peak at which edges agree less than without any shift
    is no shift.

    Args:
        rgb: (H, W, 3) uint8 sRGB, sides of 32 pixels or more.
        nir: (H, W) uint8.

    Raises:
        ValueError: the shapes do not belong together, or are too small.
    """
    from skimage.color import rgb2gray
    from skimage.filters import window
    from skimage.registration import phase_cross_correlation

    if rgb.shape != (*nir.shape, 3) or min(nir.shape) < 8 * REACH:
        raise ValueError(
            f"need (H, W, 3) and (H, W) of at least {8 * REACH} pixels a side, received "
            f"{rgb.shape} and {nir.shape}"
        )
    color, infrared = _edges(rgb2gray(rgb)), _edges(nir / 255)
    if not (color.any() and infrared.any()):  # featureless halves agree in nothing
        return Registration(0.0, 0.0, 0.0, False)
    hann = window("hann", nir.shape)
    back = phase_cross_correlation(
        (color - color.mean()) * hann, (infrared - infrared.mean()) * hann, upsample_factor=10
    )[0]
    down, right = (-back + 0.0).tolist()  # + 0.0 turns −0 into 0
    peaked = max(abs(down), abs(right)) <= REACH
    steps = range(-REACH, REACH + 1)
    # Edges are compared at whole pixels, for interpolation blurs them: those around the peak.
    rows = {math.floor(down), math.ceil(down)} if peaked else steps
    columns = {math.floor(right), math.ceil(right)} if peaked else steps
    agreements = {(y, x): _agreement(color, infrared, y, x) for y in rows for x in columns}
    best = max(agreements, key=agreements.__getitem__)
    agreement, still = agreements[best], _agreement(color, infrared, 0, 0)
    if not peaked:
        down, right = best
    if still > agreement:  # a peak by chance
        agreement, down, right = still, 0, 0
    return Registration(agreement, float(down), float(right), peaked)


def check(halves: Iterable[tuple[str, np.ndarray, np.ndarray]]):
    """Register many pairs: a DataFrame by name, its `warning` empty where nothing is suspicious.

    Args:
        halves: (name, rgb, nir), for example `((p.name, *read_pair(p)) for p in listed.pairs)` with
            `colorkit.data.pairs.listing`, or the names and `halves` of a `PairSet`.
    """
    import pandas as pd

    found = {name: register(rgb, nir) for name, rgb, nir in halves}
    rows = [[r.agreement, r.shift, r.down, r.right, r.warning] for r in found.values()]
    return pd.DataFrame(
        rows, index=list(found), columns=["agreement", "shift", "down", "right", "warning"]
    )


def warnings(table) -> list[str]:
    """Return the warning list of a `check`, one line a pair."""
    suspicious = table[table["warning"] != ""].sort_values("agreement")
    return [
        f"{name}: {row['warning']} (agreement {row['agreement']:.2f})"
        for name, row in suspicious.iterrows()
    ]


def _edges(image: np.ndarray) -> np.ndarray:
    from scipy.ndimage import gaussian_gradient_magnitude

    return gaussian_gradient_magnitude(image.astype(np.float32), BLUR)


def _agreement(first: np.ndarray, second: np.ndarray, down: int, right: int) -> float:
    """Correlation of what both hold when the second lies so much lower and further right.

    The same central part of the first for every shift, so that shifts compare.
    """
    height, width = first.shape
    a = first[REACH : height - REACH, REACH : width - REACH]
    b = second[REACH + down : height - REACH + down, REACH + right : width - REACH + right]
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 0 else 0.0
