"""A saturation fitted to pairs of predicted and true images.

The French report saturated by hand in Photoshop, channel by channel, and wished for such a fit.
Two are here: gain and offset of each channel, and a curve of chroma on top of them. Both see one
batch at a time, whatever the number of images.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

# Predicted chroma, in Lab units, at which the learned curve may bend: closer together where most
# pixels of photographs are.
KNOTS = (4.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0)
# Pull of each knot towards "unchanged", as a share of all pixels: it decides where fewer than
# about one pixel in a thousand has been seen, too few to bend a curve by.
_PRIOR = 1e-3


@dataclass(frozen=True)
class Saturation:
    """A fitted saturation: gain · ab + offset, for a* and b* apart.

    Attributes:
        gain: of a* and b*.
        offset: of a* and b*, in Lab units.
    """

    gain: tuple[float, float]
    offset: tuple[float, float]

    def apply(self, ab: Tensor) -> Tensor:
        """(B, 2, H, W) predicted a*, b* to fitted ones; `lab_to_rgb` clips them to the gamut."""
        gain, offset = (ab.new_tensor(x).view(1, 2, 1, 1) for x in (self.gain, self.offset))
        return gain * ab + offset


def fit_saturation(
    predicted_ab: Tensor | Iterable[Tensor], true_ab: Tensor | Iterable[Tensor]
) -> Saturation:
    """Fit gain and offset of a* and b* by least squares over all pixels of training pairs.

    gain = cov(predicted, true) ÷ var(predicted); offset = mean(true) − gain · mean(predicted).
    Only sums are kept between batches, in float64.

    Args:
        predicted_ab: (B, 2, H, W) float in Lab units, or an iterable of such batches.
        true_ab: likewise, in the same order.

    Returns:
        The fit. A channel whose prediction is constant has no slope to fit: its gain is 1 and its
        offset the difference of the means.

    Raises:
        ValueError: unequal shapes or numbers of batches, values that are not finite, or fewer
            than two pixels in all.
    """
    sums, count = torch.zeros(4, 2, dtype=torch.float64), 0
    for predicted, true in _pairs(predicted_ab, true_ab):
        x, y = predicted.transpose(0, 1).flatten(1), true.transpose(0, 1).flatten(1)  # (2, pixels)
        sums += torch.stack([v.sum(dim=1).cpu() for v in (x, y, x * x, x * y)])
        count += x.shape[1]
    if count < 2:
        raise ValueError(f"a saturation is fitted to two pixels or more; got {count}")
    mx, my, xx, xy = sums / count
    variance, covariance = xx - mx**2, xy - mx * my
    # Below this the variance is what rounding leaves of a constant plane.
    flat = variance <= 1e-9 * (1 + mx**2)
    variance = torch.where(flat, 1.0, variance)
    gain = torch.where(flat, 1.0, covariance / variance)
    offset = my - gain * mx
    return Saturation(*(tuple(v.tolist()) for v in (gain, offset)))


@dataclass(frozen=True)
class SaturationCurve:
    """A learned curve from predicted to wanted chroma, piecewise linear; hue is kept.

    Attributes:
        first: gain and offset applied before the curve.
        knots: chroma before the curve, rising, in Lab units; 0 stays 0.
        chroma: what it becomes at each knot, never falling. Beyond the last knot the gain stays
            that of the last knot.
    """

    first: Saturation
    knots: tuple[float, ...]
    chroma: tuple[float, ...]

    def apply(self, ab: Tensor) -> Tensor:
        """(B, 2, H, W) predicted a*, b* to fitted ones; `lab_to_rgb` clips them to the gamut."""
        ab = self.first.apply(ab)
        # The gain is chroma out over chroma in; at 0 it is the slope of the curve's first piece.
        before = ab.norm(dim=1, keepdim=True).clamp(min=1e-6)
        upper, rising, falling = _place(before, self.knots)
        values = ab.new_tensor((0.0, *self.chroma))
        return ab * ((falling * values[upper - 1] + rising * values[upper]) / before)


def fit_curve(
    predicted_ab: Tensor | Iterable[Tensor],
    true_ab: Tensor | Iterable[Tensor],
    first: Saturation | None = None,
    knots: Sequence[float] = KNOTS,
) -> SaturationCurve:
    """Fit a rising curve of chroma on top of a fitted saturation, by least squares.

    With u the unit vector of the predicted color, ‖f(r) u − true‖² is (f(r) − u·true)² plus what
    no curve can change. So f is a regression of the true chroma *along the predicted hue* on the
    predicted chroma r, linear in its values at the knots; that they rise is a least-squares
    problem with non-negative unknowns (Lawson & Hanson 1974), solved exactly. Only a matrix of
    knots × knots is kept between batches.

    Args:
        predicted_ab, true_ab: as for `fit_saturation`.
        first: applied to the prediction before; none by default.
        knots: predicted chroma in Lab units, rising from above 0.

    Returns:
        The curve; a knot that no pixel comes near keeps its chroma.

    Raises:
        ValueError: as for `fit_saturation`; knots that do not rise from above 0.
    """
    from scipy.optimize import nnls

    knots = tuple(float(k) for k in knots)
    if not knots or any(b <= a for a, b in zip((0.0, *knots), knots, strict=False)):
        raise ValueError(f"knots must rise from above 0; got {knots}")
    first = first or Saturation((1.0, 1.0), (0.0, 0.0))
    gram = torch.zeros(len(knots), len(knots), dtype=torch.float64)
    moment, count = torch.zeros(len(knots), dtype=torch.float64), 0
    for predicted, true in _pairs(predicted_ab, true_ab):
        predicted = first.apply(predicted)
        r = predicted.norm(dim=1).flatten()
        along = (predicted * true).sum(dim=1).flatten() / r.clamp(min=1e-9)  # u · true
        basis = _hats(r, knots)  # (pixels, knots)
        gram += (basis.T @ basis).cpu()
        moment += (basis.T @ along).cpu()
        count += len(r)
    if count < 2:
        raise ValueError(f"a saturation is fitted to two pixels or more; got {count}")
    gram, moment = gram / count, moment / count
    gram += _PRIOR * torch.eye(len(knots), dtype=gram.dtype)
    moment += _PRIOR * torch.tensor(knots, dtype=gram.dtype)
    factor = torch.linalg.cholesky(gram).mT  # minimize ‖factor · v − target‖²
    target = torch.linalg.solve_triangular(factor.mT, moment[:, None], upper=False)[:, 0]
    steps = torch.ones_like(gram).tril()  # v = steps · increments, increments ≥ 0
    increments, _ = nnls((factor @ steps).numpy(), target.numpy())
    return SaturationCurve(first, knots, tuple(np.cumsum(increments).tolist()))


def _place(r: Tensor, knots: Sequence[float]) -> tuple[Tensor, Tensor, Tensor]:
    """Say which knots each chroma r ≥ 0 lies between, 0 being a knot as well.

    Returns:
        Index of the upper knot (from 1), and the weights of the values at the upper and at the
        lower knot, each of the shape of r. Beyond the last knot its value alone counts, times r
        over the knot.
    """
    edges = torch.tensor((0.0, *knots), dtype=r.dtype, device=r.device)
    upper = torch.bucketize(r, edges[1:-1], right=True) + 1
    low, high = edges[upper - 1], edges[upper]
    beyond = r > edges[-1]
    rising = torch.where(beyond, r / edges[-1], (r - low) / (high - low))
    return upper, rising, torch.where(beyond, 0.0, 1 - rising)


def _hats(r: Tensor, knots: Sequence[float]) -> Tensor:
    """Weights (pixels, knots) of the knots' values in the curve at each r (pixels,)."""
    upper, rising, falling = _place(r, knots)
    weights = r.new_zeros(len(r), len(knots) + 1)
    weights.scatter_(1, upper[:, None], rising[:, None])
    weights.scatter_(1, upper[:, None] - 1, falling[:, None])
    return weights[:, 1:]


def _pairs(predicted_ab, true_ab):
    """Go through both sides batch by batch, checked and in float64."""
    sides = [[x] if isinstance(x, Tensor) else x for x in (predicted_ab, true_ab)]
    for predicted, true in zip(*sides, strict=True):
        if predicted.shape != true.shape or predicted.ndim != 4 or predicted.shape[1] != 2:
            raise ValueError(
                "predicted and true ab must be pairs of shape (batch, 2, height, width); got "
                f"{tuple(predicted.shape)} and {tuple(true.shape)}"
            )
        if not (predicted.isfinite().all() and true.isfinite().all()):
            raise ValueError("predicted or true ab has values that are not finite")
        yield predicted.double(), true.double()
