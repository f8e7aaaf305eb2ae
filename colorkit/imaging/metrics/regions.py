"""Which part of a photograph is plants, sky or built? Told from its true colors.

Photographs come without segmentation, and the course carries no network for it. The rules below
see color, place and smoothness only, never a prediction. They are coarse: a green door counts as a
plant, a flower as nothing. On procedural scenes, whose materials are known, a chapter shows how
far they agree.
"""

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.metrics.quality import ciede2000
from colorkit.imaging.metrics.registry import masked_mean

REGIONS = ("plants", "sky", "built")
_TINTS = {"plants": (0.0, 0.5, 0.0), "sky": (0.0, 0.2, 0.5), "built": (0.5, 0.3, 0.0)}


def region_masks(rgb: Tensor) -> dict[str, Tensor]:
    """Mark plants, sky and built things by rules on the true colors.

    - *plants*: CIELAB hue from 85° to 165° and chroma of 8 or more. Chlorophyll absorbs blue and
      red: leaves lie between yellow-green (dry or sunlit, about 90°) and blue-green (conifers and
      shade under a blue sky, about 150°). Below chroma 8 hue says little.
    - *sky*: in the upper half; blue (hue 200° to 300°, chroma of 5 or more, L* of 45 or more) or
      nearly neutral and bright (chroma below 10, L* of 60 or more); smooth, L* deviating by less
      than 8 in the 5 × 5 window around it; and joined to the image's top edge by other such
      pixels, for walls and snow can look like sky but seldom reach up there.
    - *built*: of the rest, chroma below 30. Plaster, stone, brick, tile and asphalt are weakly
      colored; so are rock, sand, soil, bark and water, which color alone cannot tell from them
      and which the report's example names beside the path.

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1]: the true image.

    Returns:
        (B, H, W) bool by name of `REGIONS`; no pixel is in two of them, some are in none (flowers,
        cloth), and any may be empty.

    Raises:
        ValueError: another shape or type.
    """
    L, a, b = rgb_to_lab(rgb).unbind(1)
    chroma, hue = torch.hypot(a, b), torch.rad2deg(torch.atan2(b, a)) % 360
    plants = (hue >= 85) & (hue <= 165) & (chroma >= 8)
    blue = (hue >= 200) & (hue <= 300) & (chroma >= 5) & (L >= 45)
    neutral = (chroma < 10) & (L >= 60)
    sky = (blue | neutral) & (_deviation(L) < 8) & ~plants
    sky[:, (rgb.shape[2] + 1) // 2 :] = False
    sky = _joined_to_top(sky)
    built = ~plants & ~sky & (chroma < 30)
    return {"plants": plants, "sky": sky, "built": built}


def by_region(values: Tensor, masks: dict[str, Tensor], least: float = 0.02) -> pd.DataFrame:
    """Means over several regions, one row an image.

    Args:
        values: (B, H, W) float.
        masks: (B, H, W) bool by name.
        least: share of an image that a region must cover to count there; a handful of pixels
            would weigh as much as half an image.

    Returns:
        One column a region, NaN where it does not count.
    """
    columns = {}
    for name, mask in masks.items():
        counts = mask.float().mean(dim=(1, 2)) >= least
        columns[name] = masked_mean(values, mask).where(counts, torch.nan).cpu().numpy()
    return pd.DataFrame(columns)


def error_map(rgb: Tensor, lab: Tensor, at_once: int = 64) -> Tensor:
    """CIEDE2000 of each pixel; `colorkit.imaging.metrics.quality.delta_e` is its mean.

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1].
        lab: (B, 3, H, W), the truth in CIELAB.
        at_once: images converted together, which bounds the memory.

    Returns:
        (B, H, W) ≥ 0.
    """
    parts = zip(rgb.split(at_once), lab.split(at_once), strict=True)
    return torch.cat([ciede2000(rgb_to_lab(image), true) for image, true in parts])


def paint_regions(rgb: Tensor) -> Tensor:
    """Tint an image by region: plants green, sky blue, built orange, the rest gray.

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1]: the true image.

    Returns:
        (B, 3, H, W) in [0, 1].
    """
    painted = rgb.mean(dim=1, keepdim=True).expand_as(rgb) / 2
    for name, mask in region_masks(rgb).items():
        painted = painted + mask[:, None] * rgb.new_tensor(_TINTS[name]).view(1, 3, 1, 1)
    return painted


def _deviation(plane: Tensor, radius: int = 2) -> Tensor:
    """Standard deviation of (B, H, W) in the window around each pixel, cut off at the edges."""
    plane = plane[:, None] - 50  # L*: nearer to zero, where squares round less

    def mean(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 2 * radius + 1, 1, radius, count_include_pad=False)

    return (mean(plane * plane) - mean(plane) ** 2).clamp(min=0).sqrt()[:, 0]


def _joined_to_top(mask: Tensor) -> Tensor:
    """Keep the connected parts of (B, H, W) bool that touch the first row."""
    from scipy.ndimage import label

    kept = []
    for plane in mask.cpu().numpy():
        parts, count = label(plane)
        touching = np.zeros(count + 1, dtype=bool)
        touching[parts[0]] = True
        touching[0] = False
        kept.append(touching[parts])
    return torch.from_numpy(np.stack(kept)).to(mask.device) if kept else mask
