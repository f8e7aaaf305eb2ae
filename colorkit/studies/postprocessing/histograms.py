"""Other histograms for an image: flat ones, and the one that originals have on the mean.

To equalize is to give an image the flattest histogram there is. A freer choice is the histogram of
images that look right: each value becomes the one that has the same rank in them. Their mean is
taken as the mean of the quantile functions, which is again such a function, and not a mixture of
several (Delon, "Midway image equalization", J. Mathematical Imaging and Vision 21, 2004).
"""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

_STEPS = 100  # of a quantile function: percents


def equalize_channels(rgb: Tensor, bins: int = 256) -> Tensor:
    """Equalize red, green and blue one by one, image by image.

    `skimage.exposure.equalize_hist`; lightness, hue and chroma change all.

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1].
        bins: of the histograms.

    Returns:
        (B, 3, H, W) in [0, 1]. A channel of one value has no histogram to flatten and stays.
    """
    from skimage.exposure import equalize_hist

    out = rgb.clone()
    for channel in out.flatten(0, 1):
        if channel.max() > channel.min():
            flat = equalize_hist(channel.cpu().numpy(), bins)
            channel.copy_(torch.from_numpy(np.ascontiguousarray(flat)))
    return out


def mean_quantiles(batches: Iterable[Tensor]) -> Tensor:
    """Mean over images of the quantile function of their values.

    Args:
        batches: (B, …) float each: gray images, or chroma.

    Returns:
        (101,) never falling: the values that 0, 1, …, 100 percent of an image's pixels stay below.
    """
    shares = torch.linspace(0, 1, _STEPS + 1)
    each = [_quantiles(values.flatten(1).float(), shares) for values in batches]
    return torch.cat(each).mean(dim=0)


def flat_quantiles(quantiles: Tensor) -> Tensor:
    """Quantiles of a flat histogram from 0 on with the same mean as another's, (101,)."""
    mean = torch.trapezoid(quantiles, dx=1 / _STEPS)
    return torch.linspace(0, 2, _STEPS + 1) * mean


def to_quantiles(values: Tensor, quantiles: Tensor) -> Tensor:
    """Give each image's values another histogram, keeping their order.

    Args:
        values: (B, …) float.
        quantiles: (101,) of the histogram wanted.

    Returns:
        The same shape. Equal values stay equal: they take the middle of their ranks.
    """
    flat = values.flatten(1)
    ordered = flat.sort(dim=1).values
    below, upto = (torch.searchsorted(ordered, flat, right=right) for right in (False, True))
    place = (below + upto) / (2 * flat.shape[1]) * _STEPS
    lower = place.long().clamp(max=_STEPS - 1)
    share = place - lower
    found = quantiles[lower] * (1 - share) + quantiles[lower + 1] * share
    return found.view_as(values).to(values)


def chroma_to_quantiles(ab: Tensor, quantiles: Tensor) -> Tensor:
    """Give the chroma of a*, b* (B, 2, H, W) another histogram; hue stays, and so does gray."""
    chroma = ab.norm(dim=1, keepdim=True)
    wanted = to_quantiles(chroma, quantiles)
    return ab * torch.where(chroma > 0, wanted / chroma.clamp(min=1e-6), 0.0)


def _quantiles(values: Tensor, shares: Tensor) -> Tensor:
    """(B, N) to (B, Q). `torch.quantile` refuses more than 2²⁴ values."""
    ordered, place = values.sort(dim=1).values, shares * (values.shape[1] - 1)
    lower = place.long().clamp(max=max(values.shape[1] - 2, 0))
    upper = (lower + 1).clamp(max=values.shape[1] - 1)
    return torch.lerp(ordered[:, lower], ordered[:, upper], place - lower)
