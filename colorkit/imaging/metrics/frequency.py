"""How large the patterns are that a network colors: chroma and its errors by spatial frequency."""

from itertools import pairwise

import torch
from torch import Tensor


def octaves(planes: Tensor, shortest: float = 4.0, count: int = 5) -> Tensor:
    """Split the energy of planes into octaves of spatial frequency.

    Args:
        planes: (B, C, H, W), chroma for instance.
        shortest: wavelength in pixels at which the finest octave begins; finer ones are left out.
        count: of the octaves: the k-th has wavelengths of shortest · 2ᵏ to shortest · 2ᵏ⁺¹ pixels,
            the last all that are longer, without the mean.

    Returns:
        (B, count): the mean square of what each octave contributes, the finest first (Parseval).

    Raises:
        ValueError: `shortest` is below 2, the shortest wavelength that pixels can hold.
    """
    if shortest < 2:
        raise ValueError(f"shortest must be 2 pixels or more, received {shortest!r}")
    height, width = planes.shape[-2:]
    energy = torch.fft.fft2(planes.float()).abs().square().sum(dim=1) / (height * width) ** 2
    rows, columns = (torch.fft.fftfreq(n, device=planes.device) for n in (height, width))
    frequency = torch.hypot(rows[:, None], columns[None, :])  # cycles a pixel
    edges = [1 / shortest / 2**k for k in range(count)] + [0.0]
    bands = [(frequency <= high) & (frequency > low) for high, low in pairwise(edges)]
    return torch.stack([energy[:, band].sum(dim=1) for band in bands], dim=1)


def recovered(found: Tensor, true: Tensor, **options) -> Tensor:
    """Share of the true chroma's energy in each octave that a prediction explains.

    Args:
        found, true: (B, 2, H, W) a*, b*.
        **options: of `octaves`.

    Returns:
        (B, count): 1 is all of it, 0 what painting gray gives, below 0 is worse than that; NaN
            where the truth has nothing in an octave.
    """
    whole = octaves(true, **options)
    share = 1 - octaves(found - true, **options) / whole
    return torch.where(whole > 1e-6, share, torch.nan)
