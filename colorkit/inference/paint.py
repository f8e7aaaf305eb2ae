"""Joining small planes of color to the lightness of a photograph of any size.

Planes are enlarged along the edges of the photograph's own luminance, which the result keeps, and
joined to it strip by strip, so that a large photograph needs little more memory than its pixels.
"""

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.gamut import to_gamut
from colorkit.imaging.upsample import apply_models, linear_models

Finish = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
_STRIP = 400_000  # pixels joined at a time: what lies between two steps stays small
# On photographs whose own chroma was reduced 8 to 32 times, two equal steps with this `eps` of the
# guided enlargement came nearer to it than one step, or than others did.
_FAR, EPS = 6, 72.0


def to_gray(rgb: np.ndarray) -> np.ndarray:
    """Take the color away from uint8 (H, W, 3) and keep the lightness."""
    return paint(rgb, torch.zeros(1, 3, 1, 1))


@torch.inference_mode()
def paint(rgb: np.ndarray, planes: Tensor, finish: Finish | None = None) -> np.ndarray:
    """Join small planes to the lightness of a photograph.

    Args:
        rgb: uint8 (H, W, 3); its L* is kept.
        planes: (1, 3, h, w) as `predict_planes` gives them.
        finish: what becomes of L* and a*, b* at full size, (1, 1, h, W) and (1, 2, h, W), strip by
            strip, such as `inference.colorize.ColorizeOptions.finish`.

    Returns:
        uint8 (H, W, 3) sRGB.
    """
    height, width = rgb.shape[:2]
    models, small = _models(rgb, planes), planes.shape[-2:]
    if max(height / small[0], width / small[1]) > _FAR:  # in two equal steps
        middle = [round((a * b) ** 0.5) for a, b in zip((height, width), small, strict=True)]
        models = _models(rgb, apply_models(models, guide(rgb, middle)))  # 2 × (1, 3, *middle)
    out = np.empty_like(rgb)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        L = _lightness(rgb[top : top + rows])  # (1, 1, rows, W)
        large = apply_models(models, L, top, height)  # (1, 3, rows, W)
        shift, ab = large.tensor_split([1], dim=1)
        L = (L + shift).clamp_(0, 100)
        colored = to_gamut(*(finish(L, ab) if finish else (L, ab)))  # (1, 3, rows, W)
        bytes_ = colored.mul_(255).round_().to(torch.uint8)
        out[top : top + rows] = bytes_[0].permute(1, 2, 0).numpy()  # (rows, W, 3)
    return out


def _models(rgb: np.ndarray, planes: Tensor) -> tuple[Tensor, Tensor]:
    return linear_models(planes, guide(rgb, planes.shape[-2:]), eps=EPS)


def guide(rgb: np.ndarray, size) -> Tensor:
    """L* of a photograph scaled down by area, (1, 1, *size).

    Averages are taken of gamma-encoded values: sRGB's curve and that of L* are close enough.
    """
    return _lightness(scaled(rgb, size, Image.Resampling.BOX))


def _lightness(rgb: np.ndarray) -> Tensor:
    return rgb_to_lab(to_tensor(rgb))[:, :1]


def to_tensor(rgb: np.ndarray) -> Tensor:
    """uint8 (H, W, 3) to (1, 3, H, W) in [0, 1]."""
    return torch.tensor(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None] / 255


def scaled(rgb: np.ndarray, size, how=Image.Resampling.LANCZOS) -> np.ndarray:
    """Scale to (height, width), antialiased."""
    gap = 3.0 if how == Image.Resampling.LANCZOS else None
    image = Image.fromarray(rgb).resize((size[1], size[0]), how, reducing_gap=gap)
    return np.asarray(image)
