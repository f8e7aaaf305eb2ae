"""Contrast and saturation of images: pure functions on batches.

Lightness is the original's in every colorization of this course. Whatever changes it, as the
equalizations do, can only move it away from the truth; whatever changes chroma may do either.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from colorkit.imaging.color import join, rgb_to_lab


def equalize(rgb: Tensor, bins: int = 256) -> Tensor:
    """Equalize the histogram of L*, image by image, keeping a* and b*.

    `skimage.exposure.equalize_hist`: each lightness becomes the share of pixels that are as dark.

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1].
        bins: of the histogram.

    Returns:
        (B, 3, H, W) sRGB in [0, 1], clipped to the gamut: chroma that fitted the old lightness
        need not fit the new one. An image of one lightness has no histogram to flatten and is
        returned as it is.

    Raises:
        ValueError: another shape or type; fewer than two bins.
    """
    from skimage.exposure import equalize_hist

    return _on_lightness(rgb, lambda L: equalize_hist(L, bins), bins)


def clahe(rgb: Tensor, clip_limit: float = 0.01, bins: int = 256) -> Tensor:
    """Equalize L* locally and with limited contrast (CLAHE; Zuiderveld, Graphics Gems IV, 1994).

    `skimage.exposure.equalize_adapthist` with tiles of an eighth of each side. It also stretches
    the result from black to white.

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1].
        clip_limit: share of a tile's pixels that one bin may hold, in (0, 1].
        bins: of the histograms.

    Returns:
        (B, 3, H, W) as `equalize` gives it.

    Raises:
        ValueError: another shape or type; fewer than two bins; a limit outside (0, 1].
    """
    from skimage.exposure import equalize_adapthist

    if not 0 < clip_limit <= 1:
        raise ValueError(f"clip_limit must be above 0 and at most 1; got {clip_limit}")
    return _on_lightness(
        rgb, lambda L: equalize_adapthist(L, clip_limit=clip_limit, nbins=bins), bins
    )


def _on_lightness(rgb: Tensor, change: Callable[[np.ndarray], np.ndarray], bins: int) -> Tensor:
    """Apply a change of L*/100 to each image, on the CPU; constant images are left alone."""
    if bins < 2:
        raise ValueError(f"a histogram needs at least two bins; got {bins}")
    lab = rgb_to_lab(rgb)
    out = rgb.clone()
    for k, L in enumerate((lab[:, 0] / 100).clamp(0, 1).cpu().numpy()):
        if L.max() - L.min() < 1e-5:  # float32 noise of the conversion
            continue
        L = torch.from_numpy(np.ascontiguousarray(change(L))).to(lab)
        out[k] = join(100 * L[None, None], lab[k : k + 1, 1:])[0]
    return out


def saturate(rgb: Tensor, factor: float | Sequence[float]) -> Tensor:
    """Multiply chroma.

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1].
        factor: one number for a* and b*, or a pair; 1 changes nothing, 0 makes gray.

    Returns:
        (B, 3, H, W) sRGB in [0, 1]. Colors pushed out of the sRGB gamut are clipped channel by
        channel, which changes their lightness and hue a little.

    Raises:
        ValueError: another shape or type, a negative factor, neither one nor two.
    """
    factors = torch.as_tensor(factor, dtype=torch.float32).flatten()
    if len(factors) not in (1, 2) or not bool((factors >= 0).all()):
        raise ValueError(f"factor must be one number or a pair, 0 or more; got {factor}")
    lab = rgb_to_lab(rgb)
    ab = lab[:, 1:] * factors.to(lab).view(1, -1, 1, 1)
    return join(lab[:, :1], ab)
