"""Bringing a network's small chroma planes to the size of the lightness they are joined to.

The networks predict chroma at half their input's side or less. Enlarged without looking at the
lightness, it spills over edges. The guided filter (He, Sun & Tang, IEEE TPAMI 35(6), 2013) takes
chroma as a linear function of lightness within each small window; its fast form (He & Sun,
arXiv:1505.00996, 2015) finds that function on the small plane and enlarges its coefficients, so
that the full image is touched only once.

The filter was made to smooth: what its linear functions do not explain is lost, and averaging them
over windows blurs. On chroma that is small already this costs more than the edges gain. So here
the rest is put back: the small plane minus what the functions make of the small lightness.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

METHODS = ("nearest", "bilinear", "guided")


def upsample_chroma(
    ab: Tensor,
    L: Tensor,
    method: str = "guided",
    radius: int = 1,
    eps: float = 144.0,
    keep: bool = True,
) -> Tensor:
    """Enlarge chroma to the size of its lightness.

    `guided`: with the lightness scaled down by area to the plane of ab, in each window of
    (2 · radius + 1)² pixels of that plane

        slope = cov(L, ab) ÷ (var(L) + eps),  intercept = mean(ab) − slope · mean(L),

    both then averaged over the windows a pixel lies in (cut off at the image's edges), enlarged
    bilinearly and applied to the full lightness: slope · L + intercept. With `keep`, what this
    leaves of ab on the small plane is enlarged bilinearly and added; the whole then is the
    bilinear enlargement plus slope times the detail that L has and its small copy has not.

    Args:
        ab: (B, 2, h, w) float, in Lab units.
        L: (B, 1, H, W) float, L* in [0, 100], H ≥ h and W ≥ w, any sizes.
        method: `nearest`, `bilinear` or `guided`.
        radius: of the window, in pixels of the small plane, 1 or more.
        eps: variance of L*, in squared Lab units, well below which a window counts as flat; above
            0. Radius and eps were chosen on validation photographs reduced 2, 4 and 8 times.
        keep: put back what the linear functions do not explain; False is the filter as published.

    Returns:
        (B, 2, H, W) in Lab units. Memory at its highest is twice the result.

    Raises:
        ValueError: unknown method; other shapes or types; radius or eps out of range.
    """
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}; choose one of {', '.join(METHODS)}")
    _check(ab, L)
    size = L.shape[-2:]
    if method == "nearest":
        return F.interpolate(ab, size, mode="nearest-exact")
    # Around the middle of the values, so that a constant plane comes back exactly.
    middle = (ab.amax(dim=(2, 3), keepdim=True) + ab.amin(dim=(2, 3), keepdim=True)) / 2
    ab = ab - middle  # (B, 2, h, w) less (B, 2, 1, 1)
    if method == "bilinear":
        return _bilinear(ab, size).add_(middle)
    small = F.adaptive_avg_pool2d(L, ab.shape[-2:])  # (B, 1, h, w)
    models = linear_models(ab, small, radius, eps, keep)  # 2 × (B, 2, h, w)
    return apply_models(models, L).add_(middle)  # (B, 2, H, W)


def linear_models(
    planes: Tensor, L: Tensor, radius: int = 1, eps: float = 144.0, keep: bool = True
) -> tuple[Tensor, Tensor]:
    """Find the small planes' linear functions of lightness; `apply_models` enlarges them.

    Args:
        planes: (B, C, h, w) float, chroma or any other planes that follow the lightness.
        L: (B, 1, h, w) float, the lightness scaled down by area to the same size.
        radius, eps, keep: see `upsample_chroma`.

    Returns:
        Slope and intercept, (B, C, h, w) each.
    """
    if radius < 1 or int(radius) != radius or not eps > 0:
        raise ValueError(
            f"radius must be a whole number from 1 and eps above 0; got {radius} and {eps}"
        )
    radius = int(radius)
    center = L.mean(dim=(2, 3), keepdim=True)  # squares of small numbers round less
    guide = L - center
    mean_L, mean = _box(guide, radius), _box(planes, radius)  # (B, 1, h, w) and (B, C, h, w)
    variance = (_box(guide * guide, radius) - mean_L**2).clamp(min=0)  # (B, 1, h, w)
    slope = (_box(guide * planes, radius) - mean_L * mean) / (variance + eps)
    intercept = mean - slope * mean_L
    slope, intercept = _box(slope, radius), _box(intercept, radius)
    return slope, planes - slope * L if keep else intercept - slope * center


def apply_models(
    models: tuple[Tensor, Tensor], L: Tensor, top: int = 0, height: int | None = None
) -> Tensor:
    """Enlarge linear functions and apply them to the full lightness, or to a strip of it.

    Args:
        models: slope and intercept, (B, C, h, w) each.
        L: (B, 1, n, W) float, rows `top` to `top` + n of the lightness.
        top: first row of the strip.
        height: of the whole lightness; that of L if None.

    Returns:
        (B, C, n, W): strips joined are what the whole would have given, up to rounding.
    """
    slope, intercept = (_rows(plane, L.shape[-2:], top, height) for plane in models)
    return slope.mul_(L).add_(intercept)  # (B, C, n, W) times (B, 1, n, W)


def _rows(plane: Tensor, size, top: int, height: int | None) -> Tensor:
    """Rows `top` to `top` + size[0] of the bilinear enlargement of a plane to `height` rows."""
    if height is not None and height != size[0]:
        at = (torch.arange(top, top + size[0]) + 0.5) * (plane.shape[2] / height) - 0.5
        at = at.clamp(0, plane.shape[2] - 1).to(plane)
        upper = at.long()
        lower = (upper + 1).clamp(max=plane.shape[2] - 1)
        share = (at - upper)[:, None]  # (n, 1)
        plane = plane[:, :, upper].lerp(plane[:, :, lower], share)  # (B, C, n, w)
    return _bilinear(plane, size)


def _box(x: Tensor, radius: int) -> Tensor:
    """Mean of the window around each pixel; only pixels inside the plane count."""
    for kernel, padding in (((2 * radius + 1, 1), (radius, 0)), ((1, 2 * radius + 1), (0, radius))):
        x = F.avg_pool2d(x, kernel, 1, padding, count_include_pad=False)
    return x


def _bilinear(x: Tensor, size) -> Tensor:
    return F.interpolate(x, size, mode="bilinear", align_corners=False)


def _check(ab: Tensor, L: Tensor) -> None:
    shaped = ab.ndim == L.ndim == 4 and ab.shape[1] == 2 and L.shape[1] == 1 and len(ab) == len(L)
    if not shaped or not (ab.is_floating_point() and L.is_floating_point()):
        raise ValueError(
            "ab must be float (batch, 2, h, w) and L float (batch, 1, H, W); got "
            f"{ab.dtype} {tuple(ab.shape)} and {L.dtype} {tuple(L.shape)}"
        )
    if ab.shape[2] > L.shape[2] or ab.shape[3] > L.shape[3]:
        raise ValueError(
            f"chroma of {tuple(ab.shape[2:])} is larger than its lightness {tuple(L.shape[2:])}"
        )
