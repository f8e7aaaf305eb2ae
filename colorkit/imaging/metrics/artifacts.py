"""Measures of what the eye calls artifacts, and no mean error shows.

Like `colorkit.imaging.metrics.quality` one number an image. They have no reference implementation
in the
literature: each is a definition of ours, its constants are named arguments with their reasons, and
they were fixed before any network was measured with them.
"""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.metrics.registry import masked_mean


class Spill(NamedTuple):
    """How much colors change where lightness does not.

    ratio: (B,) `flat` ÷ `edge`; 0 where color changes only at edges, about 1 where it takes no
        notice of them. NaN for an image without edges, without flat pixels, or without color.
    flat: (B,) mean chroma gradient on the flat pixels, in Lab units a pixel; NaN without any.
    edge: (B,) the same on the edge pixels.
    """

    ratio: Tensor
    flat: Tensor
    edge: Tensor


def spill(
    rgb: Tensor,
    guide: Tensor | None = None,
    *,
    flat: float = 0.5,
    edge: float = 0.1,
    least: float = 1.0,
    sigma: float = 1.0,
) -> Spill:
    """Chroma gradient on pixels of flat lightness, divided by that on edges of lightness.

    Colors that spill over an edge change beside it, where the lightness is flat. The gradient of
    the chroma is √(|∇a*|² + |∇b*|²), that of the lightness |∇L*|, both by central differences
    after the same Gaussian; Canny (IEEE Trans. PAMI 8(6), 1986) finds edges so. The ratio does not
    change when a colorization is made more or less saturated as a whole, as long as sRGB has the
    colors. Far beyond it falls, for areas cut off to one color no longer change: `spill_ab`
    measures colors before that.

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1], at least 2 pixels on a side.
        guide: images of the same shape whose L* tells the edges; `rgb` itself by default. A
            colorization has the original's L*, but for colors cut off at the gamut: with the
            original as guide, both are measured on exactly the same pixels.
        flat, edge, least, sigma: as of `spill_ab`.

    Returns:
        See `Spill`.

    Raises:
        ValueError: another shape or type, a guide of another shape, a share outside of (0, 1).
    """
    guide = rgb if guide is None else guide
    if guide.shape != rgb.shape:
        raise ValueError(f"rgb {tuple(rgb.shape)} and guide {tuple(guide.shape)} differ in shape")
    ab, L = rgb_to_lab(rgb)[:, 1:], rgb_to_lab(guide)[:, :1]
    return spill_ab(ab, L, flat=flat, edge=edge, least=least, sigma=sigma)


def spill_ab(
    ab: Tensor,
    L: Tensor,
    *,
    flat: float = 0.5,
    edge: float = 0.1,
    least: float = 1.0,
    sigma: float = 1.0,
) -> Spill:
    """`spill` of chroma planes as a network gives them, whether sRGB has their colors or not.

    Chroma multiplied by any number has the same ratio.

    Edge and flat pixels are *quantiles* of each image's own lightness gradient: one threshold for
    all would find no edge in mist and nothing flat in foliage, and so measure the scene.

    Args:
        ab: (B, 2, H, W) float, in Lab units, at least 2 pixels on a side.
        L: (B, 1, H, W), the lightness that tells the edges, 0 to 100.
        flat: share of the pixels with the smallest lightness gradient that are flat. They must
            also change at most half as fast as the slowest edge, so that an even slope has none.
        edge: share of the pixels with the largest lightness gradient that are edges: enough for a
            steady mean, few enough to be outlines rather than texture.
        least: gradient that an edge has at least, in L* a pixel: 1 is a just visible difference.
        sigma: of the Gaussian, in pixels: enough to keep the noise of single pixels out.

    Returns:
        See `Spill`. Without color means: both chroma gradients are below 0.01, ten times what
        rounding leaves in a gray image.

    Raises:
        ValueError: other shapes, a share outside of (0, 1).
    """
    if ab.ndim != 4 or ab.shape[1] != 2 or L.shape != (len(ab), 1, *ab.shape[2:]):
        raise ValueError(f"ab {tuple(ab.shape)} and L {tuple(L.shape)} are no planes of one size")
    for name, share in (("flat", flat), ("edge", edge)):
        if not 0 < share < 1:
            raise ValueError(f"{name} must lie between 0 and 1; got {share}")
    if min(ab.shape[-2:]) < 2:
        height, width = ab.shape[-2:]
        raise ValueError(f"a gradient needs 2 pixels on a side; got {height} × {width}")
    steepness = _gradient(L, sigma)  # (B, H·W), L* a pixel
    change = _gradient(ab, sigma)  # (B, H·W), Lab units a pixel

    count = steepness.shape[1]
    slowest_edge = _quantile(steepness, 1 - edge, count).clamp(min=least)
    flattest = torch.minimum(_quantile(steepness, flat, count), slowest_edge / 2)
    on_flat = masked_mean(change, steepness <= flattest)
    on_edge = masked_mean(change, steepness >= slowest_edge)
    colored = torch.maximum(on_flat, on_edge) > 0.01
    return Spill(torch.where(colored, on_flat / on_edge, torch.nan), on_flat, on_edge)


def blue_stains(
    pred: Tensor,
    true: Tensor,
    *,
    drop: float = 15.0,
    blue: float = -5.0,
    least: float = 0.005,
) -> Tensor:
    """Share of an image that is stained blue: connected areas painted blue that are not.

    Args:
        pred: (B, 3, H, W) float, sRGB in [0, 1].
        true: likewise, the original.
        drop: how far the predicted b* lies below the true one at least: 15 is several times a
            visible difference, so that a blue sky painted a little too blue is no stain.
        blue: the predicted b* lies below it: the color *is* bluish, not merely less yellow.
        least: share of the image that an area takes up at least. Smaller ones read as noise: 0.005
            is a disk of 8 pixels across in 96 × 96.

    Returns:
        (B,) in [0, 1]. Pixels that touch at a corner belong to one area.

    Raises:
        ValueError: another shape or type.
    """
    from scipy import ndimage

    if pred.shape != true.shape:
        raise ValueError(f"pred {tuple(pred.shape)} and true {tuple(true.shape)} differ in shape")
    found, wanted = rgb_to_lab(pred)[:, 2], rgb_to_lab(true)[:, 2]
    stained = ((found <= wanted - drop) & (found < blue)).cpu().numpy()  # (B, H, W)
    shares = []
    for mask in stained:
        areas, _ = ndimage.label(mask, structure=np.ones((3, 3)))  # 8 neighbors
        sizes = np.bincount(areas.ravel())[1:] / mask.size  # 0 is the background
        shares.append(sizes[sizes >= least].sum())
    return torch.tensor(shares, dtype=found.dtype, device=found.device)


def _gradient(planes: Tensor, sigma: float) -> Tensor:
    """Magnitude of the gradient of all planes of (B, C, H, W) together: (B, H·W), a pixel."""
    rows, columns = torch.gradient(_smooth(planes, sigma), dim=(2, 3))
    return (rows.square() + columns.square()).sum(dim=1).sqrt().flatten(1)


def _smooth(planes: Tensor, sigma: float) -> Tensor:
    """Gaussian of (B, C, H, W), cut off at 4σ; border pixels are repeated, as SciPy's `nearest`."""
    reach = int(4 * sigma + 0.5)
    if not reach:
        return planes
    offset = torch.arange(-reach, reach + 1, dtype=planes.dtype, device=planes.device)
    weights = torch.exp(-0.5 * (offset / sigma) ** 2)
    weights = (weights / weights.sum()).repeat(planes.shape[1], 1)  # one row a channel
    padded = F.pad(planes, (reach,) * 4, mode="replicate")
    across = F.conv2d(padded, weights[:, None, None], groups=len(weights))
    return F.conv2d(across, weights[:, None, :, None], groups=len(weights))


def _quantile(values: Tensor, share: float, count: int) -> Tensor:
    """The smallest of (B, N) values that `share` of them do not exceed: (B, 1).

    `torch.quantile` refuses more than 2²⁴ values, a photograph of 4096 × 4096.
    """
    place = min(max(int(np.ceil(share * count)), 1), count)
    return values.kthvalue(place, dim=1, keepdim=True).values
