"""CIEDE2000, the color difference (Sharma, Wu, Dalal: Color Research & Application 30(1), 2005).

Written here because `skimage.color.deltaE_ciede2000` takes one NumPy image at a time; the two agree
within 1e-4. k_L = k_C = k_H = 1.
"""

import math

import torch
from torch import Tensor


def ciede2000(lab1: Tensor, lab2: Tensor) -> Tensor:
    """Difference of the colors of each pixel; primes of the paper's names are left out.

    Args:
        lab1: (B, 3, H, W) CIELAB.
        lab2: likewise; the order does not matter.

    Returns:
        (B, H, W) ≥ 0.
    """
    (L1, a1, b1), (L2, a2, b2) = lab1.unbind(1), lab2.unbind(1)
    # Stretch a* near the neutral axis, where CIELAB's circles of equal difference are ellipses.
    half = 0.5 * (torch.hypot(a1, b1) + torch.hypot(a2, b2))
    stretch = 1.5 - 0.5 * torch.sqrt(half**7 / (half**7 + 25.0**7))
    a1, a2 = a1 * stretch, a2 * stretch
    C1, C2 = torch.hypot(a1, b1), torch.hypot(a2, b2)
    h1, h2 = (torch.atan2(b, a) % (2 * torch.pi) for a, b in ((a1, b1), (a2, b2)))

    # Difference and mean of two hues, the short way round; a neutral color has none.
    neutral, gap, total = (a1 == 0) & (b1 == 0) | (a2 == 0) & (b2 == 0), h2 - h1, h1 + h2
    far = gap.abs() > torch.pi
    turn = torch.where(total < 2 * torch.pi, 2 * torch.pi, -2 * torch.pi)
    h = torch.where(neutral, total, torch.where(far, total + turn, total) / 2)
    gap = torch.where(far, gap - 2 * torch.pi * gap.sign(), gap)
    dH = torch.where(neutral, 0.0, 2 * torch.sqrt(C1 * C2) * torch.sin(gap / 2))

    L, C = 0.5 * (L1 + L2), 0.5 * (C1 + C2)
    T = 1 - 0.17 * torch.cos(h - math.radians(30)) + 0.24 * torch.cos(2 * h)
    T = T + 0.32 * torch.cos(3 * h + math.radians(6)) - 0.20 * torch.cos(4 * h - math.radians(63))
    dL = (L2 - L1) / (1 + 0.015 * (L - 50) ** 2 / torch.sqrt(20 + (L - 50) ** 2))
    dC = (C2 - C1) / (1 + 0.045 * C)
    dH = dH / (1 + 0.015 * C * T)
    # Blue region (hue about 275°): the ellipses there are tilted, so dC and dH do not add alone.
    tilt = math.radians(60) * torch.exp(-(((torch.rad2deg(h) - 275) / 25) ** 2))
    rotation = -torch.sin(tilt) * 2 * torch.sqrt(C**7 / (C**7 + 25.0**7))
    return torch.sqrt((dL**2 + dC**2 + dH**2 + rotation * dC * dH).clamp(min=0))
