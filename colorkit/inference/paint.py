"""Joining small planes of color to the lightness of a photograph of any size.

Planes are enlarged along the edges of the photograph's own luminance, which the result keeps, and
joined to it strip by strip, so that a large photograph needs little more memory than its pixels.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

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
_GAP = 3.0  # pictures are averaged down to this ratio of the wanted sides, then resampled


def to_gray(rgb: np.ndarray) -> np.ndarray:
    """Take the color away from uint8 (H, W, 3) and keep the lightness."""
    return paint(rgb, torch.zeros(1, 3, 1, 1))


@torch.inference_mode()
def paint(
    rgb: np.ndarray,
    planes: Tensor,
    finish: Finish | None = None,
    film: bool = False,
    reduced: Tensor | None = None,
) -> np.ndarray:
    """Join small planes to the lightness of a photograph.

    Args:
        rgb: uint8 (H, W, 3); its L* is kept.
        planes: (1, 3, h, w) as `predict_planes` gives them.
        finish: what becomes of L* and a*, b* at full size, (1, 1, h, W) and (1, 2, h, W), strip by
            strip, such as `inference.colorize.ColorizeOptions.finish`.
        film: many pictures follow, so that compiling the loops for them pays (see
            `imaging.videos.joining_loops`). Bytes may differ by one or two.
        reduced: the photograph's L* as `guide` scales it to the planes' size, where it is at hand.

    Returns:
        uint8 (H, W, 3) sRGB.
    """
    height, width = rgb.shape[:2]
    lit = bool(planes[:, :1].any())  # what is visible keeps its lightness
    planes = planes if lit else planes[:, 1:]
    small = planes.shape[-2:]
    models = linear_models(planes, guide(rgb, small) if reduced is None else reduced, eps=EPS)
    if max(height / small[0], width / small[1]) > _FAR:  # in two equal steps
        middle = [round((a * b) ** 0.5) for a, b in zip((height, width), small, strict=True)]
        between = guide(rgb, middle)
        models = linear_models(apply_models(models, between), between, eps=EPS)
    out = np.empty_like(rgb)
    rows = max(1, _STRIP // width)
    lightness, join = _compiled() if film else (_lightness, _joined)

    @torch.inference_mode()  # which each thread enters for itself
    def strip(top: int) -> None:
        L = lightness(rgb[top : top + rows])  # (1, 1, rows, W)
        ab = apply_models(models, L, top, height)  # (1, C, rows, W)
        if lit:
            shift, ab = ab.tensor_split([1], dim=1)
            L = (L + shift).clamp_(0, 100)
        join(*(finish(L, ab) if finish else (L, ab)), out[top : top + rows])

    tops = range(0, height, rows)
    if film:  # the compiled steps take one core each
        with ThreadPoolExecutor(torch.get_num_threads()) as pool:
            list(pool.map(strip, tops))
    else:  # those of tensors take all cores
        for top in tops:
            strip(top)
    return out


def _joined(L: Tensor, ab: Tensor, out: np.ndarray) -> None:
    """Join L* and a*, b* of a strip to bytes (rows, W, 3)."""
    colored = to_gamut(L, ab).mul_(255).round_().to(torch.uint8)  # (1, 3, rows, W)
    out[:] = colored[0].permute(1, 2, 0).numpy()


def _compiled() -> tuple[Callable, Callable]:
    """What `_lightness` and `_joined` do, compiled."""
    from colorkit.imaging.videos.joining_loops import image_to_lightness, join

    def lightness(rgb: np.ndarray) -> Tensor:
        L = torch.empty(1, 1, *rgb.shape[:2])
        image_to_lightness(rgb, L[0, 0].numpy())
        return L

    return lightness, lambda L, ab, out: join(L[0, 0].numpy(), ab[0].numpy(), out)


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
    gap = _GAP if how == Image.Resampling.LANCZOS else None
    image = Image.fromarray(rgb).resize((size[1], size[0]), how, reducing_gap=gap)
    return np.asarray(image)


def scaled_to_each(rgb: np.ndarray, sizes: list[tuple[int, int]]) -> list[np.ndarray]:
    """Scale to several (height, width) as `scaled` does, reading a large picture once.

    Whole squares of pixels are averaged first, as many as the largest of the sizes bears.
    """
    image, ends = Image.fromarray(rgb), (rgb.shape[1], rgb.shape[0])
    factor = min(int(a / b / _GAP) for size in sizes for a, b in zip(rgb.shape, size, strict=False))
    if factor > 1:  # the last square may be a part of one
        image, ends = image.reduce(factor), tuple(end / factor for end in ends)
    return [
        np.asarray(image.resize(size[::-1], Image.Resampling.LANCZOS, (0, 0, *ends), _GAP))
        for size in sizes
    ]
