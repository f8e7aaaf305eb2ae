"""How good is a colorization? One definition of each measure, equal to a named reference.

Every measure takes batches of sRGB images and gives *one number an image*, never a mean over the
batch: means hide their spread, and averaging before or after a logarithm gives different tables.
Intervals over images, pairs and seeds are in `colorkit.imaging.metrics.intervals`, and can be had
from here.

No single measure is enough. A hue that is wrong but plausible costs PSNR, a dull brown does not;
colorfulness rewards paint anywhere. Chapters therefore print several.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.metrics.ciede2000 import ciede2000
from colorkit.imaging.metrics.intervals import (
    Interval,
    bootstrap_interval,
    paired_interval,
    seed_interval,
)
from colorkit.imaging.metrics.perceptual import Unavailable, lpips_missing, lpips_network

__all__ = [
    "METRICS",
    "Interval",
    "Metric",
    "Unavailable",
    "absolute_error",
    "angular_error",
    "bootstrap_interval",
    "ciede2000",
    "colorfulness",
    "colorfulness_ab",
    "colorfulness_rgb",
    "delta_e",
    "hue_error",
    "lpips",
    "lpips_missing",
    "lpips_network",
    "measure",
    "mse",
    "paired_interval",
    "psnr",
    "seed_interval",
    "sepia",
    "ssim",
]


def mse(pred: Tensor, true: Tensor) -> Tensor:
    """Mean squared error over pixels and channels.

    Args:
        pred: (B, 3, H, W) float, sRGB in [0, 1]; the same for every measure here.
        true: likewise, the original.

    Returns:
        (B,) in [0, 1].

    Raises:
        ValueError: another shape, type or range; the same for every measure here.
    """
    pred, true = _images(pred, true)
    return (pred - true).square().mean(dim=(1, 2, 3))


def psnr(pred: Tensor, true: Tensor) -> Tensor:
    """Peak signal-to-noise ratio, 10 log₁₀(1 / MSE).

    Returns:
        (B,) in dB; infinite for identical images, as in scikit-image. Average these numbers: the
        PSNR of an averaged MSE is another quantity.
    """
    return -10 * torch.log10(mse(pred, true))


def ssim(pred: Tensor, true: Tensor) -> Tensor:
    """Structural similarity (Wang et al., IEEE Trans. Image Processing 13(4), 2004, eq. 13).

    Gaussian window of 11 pixels, σ = 1.5, data range 1, per channel, then averaged. Only windows
    that lie wholly inside the image count: torchmetrics averages the reflected border as well,
    scikit-image (`gaussian_weights=True, use_sample_covariance=False`) does not, and this is
    scikit-image's number. Planes of one channel, (B, 1, H, W), are taken as well.

    Returns:
        (B,) in [−1, 1].

    Raises:
        ValueError: also for images of fewer than 11 pixels on a side.
    """
    from torchmetrics.functional.image import structural_similarity_index_measure

    pred, true = _images(pred, true, min_side=11, channels=(3, 1))
    # All planes as channels of one image: a CPU convolves them ten times as fast.
    flat = (x.reshape(1, -1, *x.shape[2:]) for x in (pred, true))
    _, plane = structural_similarity_index_measure(
        *flat, sigma=1.5, data_range=1.0, reduction="none", return_full_image=True
    )
    return plane.view(pred.shape)[..., 5:-5, 5:-5].mean(dim=(1, 2, 3))


def absolute_error(pred: Tensor, true: Tensor) -> Tensor:
    """Mean absolute difference over pixels and channels: (B,) in [0, 1].

    Some papers print this as "AE", others the angular error; they share nothing but the letters.
    """
    pred, true = _images(pred, true)
    return (pred - true).abs().mean(dim=(1, 2, 3))


def angular_error(pred: Tensor, true: Tensor) -> Tensor:
    """Mean angle between the RGB vectors of a pixel, blind to brightness.

    A true black pixel has no direction and is left out; a black prediction where the truth is not
    counts 90°, the largest angle two colors can have.

    Returns:
        (B,) in degrees, [0, 90]; NaN for a wholly black true image.
    """
    pred, true = _images(pred, true)
    # atan2 of sine and cosine: an arccosine in float32 cannot tell 0° from 0.02°.
    sine = torch.linalg.vector_norm(torch.linalg.cross(pred, true, dim=1), dim=1)
    angle = torch.rad2deg(torch.atan2(sine, (pred * true).sum(dim=1)))  # (B, H, W)
    angle = torch.where(pred.amax(dim=1) > 0, angle, 90.0)
    return _masked_mean(angle, true.amax(dim=1) > 0)


def delta_e(pred: Tensor, true: Tensor) -> Tensor:
    """Mean CIEDE2000 color difference over pixels, lightness included.

    Returns:
        (B,) ≥ 0; about 1 is just noticeable, gray against saturated color is 15 to 50.
    """
    pred, true = _images(pred, true)
    return ciede2000(rgb_to_lab(pred), rgb_to_lab(true)).mean(dim=(1, 2))


def hue_error(pred: Tensor, true: Tensor) -> Tensor:
    """Mean difference of CIELAB hue over the pixels whose *true* chroma exceeds 10.

    Below that, hue is mostly noise. A predicted chroma under 0.5 is gray to any eye and its hue a
    rounding error: it counts 90°, what a random hue gets on average.

    Returns:
        (B,) in degrees, [0, 180]; NaN for an image without such pixels.
    """
    pred, true = _images(pred, true)
    ab, ab_true = rgb_to_lab(pred)[:, 1:], rgb_to_lab(true)[:, 1:]
    cross = ab[:, 0] * ab_true[:, 1] - ab[:, 1] * ab_true[:, 0]
    angle = torch.rad2deg(torch.atan2(cross.abs(), (ab * ab_true).sum(dim=1)))  # (B, H, W)
    angle = torch.where(_chroma(ab) < 0.5, 90.0, angle)
    return _masked_mean(angle, _chroma(ab_true) > 10)


def colorfulness(rgb: Tensor) -> Tensor:
    """Colorfulness M¹ of Hasler & Süsstrunk (SPIE 5007, 2003): σ_ab + 0.37 μ_ab, in CIELAB.

    σ_ab = √(σ_a² + σ_b²) with population deviations; μ_ab is the distance of the *mean color*
    from the neutral axis, not the mean chroma (that is their M²).

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1].

    Returns:
        (B,) ≥ 0, in CIELAB units; photographs lie between 10 and 60.
    """
    (rgb,) = _images(rgb)
    return colorfulness_ab(rgb_to_lab(rgb)[:, 1:])


def colorfulness_ab(ab: Tensor, smooth: float = 0.0) -> Tensor:
    """Colorfulness M¹ of chroma planes; see `colorfulness`.

    Args:
        ab: (B, 2, H, W) float, a* and b* in CIELAB units.
        smooth: rounds off the roots' corner at gray, so that they can be differentiated there; it
            lowers the value by at most 1.37 · smooth.

    Returns:
        (B,) ≥ 0.
    """
    ab = ab.flatten(2)  # (B, 2, H·W)
    variance = ab.var(dim=2, correction=0).sum(dim=1)
    centroid = ab.mean(dim=2).square().sum(dim=1)
    spread, distance = ((x + smooth**2).sqrt() - smooth for x in (variance, centroid))
    return spread + 0.37 * distance


def colorfulness_rgb(rgb: Tensor) -> Tensor:
    """Colorfulness M³ of Hasler & Süsstrunk (SPIE 5007, 2003): σ_rgyb + 0.3 μ_rgyb, in sRGB.

    rg = R − G and yb = (R + G)/2 − B are *signed*, on 0…255. Much circulated code takes their
    absolute values, which folds the distribution: scikit-image's rocket is 38.6 signed, 29.0
    absolute.

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1].

    Returns:
        (B,) ≥ 0; the paper calls 15 slightly, 45 averagely and 82 highly colorful.
    """
    (rgb,) = _images(rgb)
    r, g, b = (255 * rgb).flatten(2).unbind(1)
    opponents = torch.stack((r - g, (r + g) / 2 - b), dim=1)  # (B, 2, H·W)
    spread = torch.linalg.vector_norm(opponents.std(dim=2, correction=0), dim=1)
    return spread + 0.3 * torch.linalg.vector_norm(opponents.mean(dim=2), dim=1)


def sepia(pred: Tensor, true: Tensor) -> Tensor:
    """Tell which images came back brown or gray though the truth is not; the mean is the share.

    An image is brown when fewer than 5 % of its pixels have a chroma above 3, or when more than
    80 % of those lie between 40° and 100° of CIELAB hue while its mean chroma is below 15.

    Returns:
        (B,) bool.
    """
    pred, true = _images(pred, true)
    return _brown(pred) & ~_brown(true)


def _brown(rgb: Tensor) -> Tensor:
    ab = rgb_to_lab(rgb)[:, 1:]
    chroma, hue = _chroma(ab), torch.rad2deg(torch.atan2(ab[:, 1], ab[:, 0]))
    colored = chroma > 3
    warm = colored & (hue >= 40) & (hue <= 100)
    colored_share = colored.float().mean(dim=(1, 2))
    warm_share = warm.sum(dim=(1, 2)) / colored.sum(dim=(1, 2)).clamp(min=1)
    return (colored_share < 0.05) | ((warm_share > 0.8) & (chroma.mean(dim=(1, 2)) < 15))


def lpips(pred: Tensor, true: Tensor, net: str = "alex", fetch: bool = False) -> Tensor:
    """Learned perceptual distance (Zhang et al., CVPR 2018) by the `lpips` package, version 0.1.

    Inputs are scaled to the [−1, 1] it expects. The backbone's ImageNet weights do not come with
    the package: without them there is no value, for random weights would still give a number.

    Args:
        pred: (B, 3, H, W) float, sRGB in [0, 1]; 32 pixels or more on a side.
        true: likewise, the original.
        net: `alex` (as most tables), `vgg` or `squeeze`.
        fetch: download missing weights (alex 233 MB, vgg 528 MB, squeeze 5 MB).

    Returns:
        (B,) ≥ 0.

    Raises:
        Unavailable: the weights are missing, damaged or out of reach; the images are too small.
    """
    pred, true = _images(pred, true)
    if min(pred.shape[2:]) < 32:  # AlexNet's last layers would have no pixel left
        raise Unavailable("LPIPS is absent: the images are smaller than 32 pixels.")
    model = lpips_network(net, fetch).to(pred.device)
    with torch.inference_mode():
        return model(2 * pred.float() - 1, 2 * true.float() - 1).flatten()


@dataclass(frozen=True)
class Metric:
    """What a table needs to know about a measure."""

    name: str  # heading of its column
    unit: str  # "" for a plain number
    better: Literal["higher", "lower"]
    function: Callable[..., Tensor]  # (pred, true) → (B,), or (rgb) → (B,) if of_one
    of_one: bool = False  # measures one image alone; then "higher" only up to the truth's value


METRICS: dict[str, Metric] = {
    "mse": Metric("MSE", "", "lower", mse),
    "psnr": Metric("PSNR", "dB", "higher", psnr),
    "ssim": Metric("SSIM", "", "higher", ssim),
    "absolute_error": Metric("Absolute error", "", "lower", absolute_error),
    "angular_error": Metric("Angular error", "°", "lower", angular_error),
    "delta_e": Metric("ΔE₀₀", "", "lower", delta_e),
    "hue_error": Metric("Hue error", "°", "lower", hue_error),
    "lpips": Metric("LPIPS", "", "lower", lpips),
    "colorfulness": Metric("Colorfulness M1", "", "higher", colorfulness, of_one=True),
    "colorfulness_rgb": Metric("Colorfulness M3", "", "higher", colorfulness_rgb, of_one=True),
    "sepia": Metric("Sepia share", "", "lower", sepia),
}


def measure(
    pred: Tensor, true: Tensor, names: Iterable[str] = tuple(METRICS)
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Take several measures at once.

    Args:
        pred: (B, 3, H, W) float, sRGB in [0, 1].
        true: likewise, the originals.
        names: keys of `METRICS`.

    Returns:
        Values by name, each (B,) float; and, for those that cannot be taken here, the reason.
    """
    values, absent = {}, {}
    for name in names:
        metric = METRICS[name]
        try:
            value = metric.function(pred) if metric.of_one else metric.function(pred, true)
            values[name] = value.float() if value.dtype == torch.bool else value
        except Unavailable as reason:
            absent[name] = str(reason)
    return values, absent


def _images(*images: Tensor, min_side: int = 1, channels=(3,)) -> tuple[Tensor, ...]:
    """Check the images of a measure; half precision becomes float32."""
    for image in images:
        shape, kind = tuple(image.shape), image.dtype
        shaped = len(shape) == 4 and shape[1] in channels and 0 not in shape
        if not shaped or not image.is_floating_point():
            wanted = " or ".join(f"(B, {count}, H, W)" for count in channels)
            raise ValueError(f"images must be float {wanted}, received {kind} {shape}")
        if shape != images[0].shape:
            raise ValueError(f"images must agree, received {tuple(images[0].shape)} and {shape}")
        if min(shape[2:]) < min_side:
            raise ValueError(f"images need {min_side} pixels on a side, received {shape}")
        low, high = image.detach().aminmax()
        if low < -1e-3 or high > 1 + 1e-3:
            raise ValueError(f"sRGB must lie in [0, 1], received {low:.4g} to {high:.4g}")
    return tuple(i if i.dtype == torch.float64 else i.float() for i in images)


def _chroma(ab: Tensor) -> Tensor:
    return torch.hypot(ab[:, 0], ab[:, 1])


def _masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of (B, H, W) where the mask holds: (B,), NaN where it nowhere does."""
    return torch.where(mask, values, 0.0).sum(dim=(1, 2)) / mask.sum(dim=(1, 2))
