"""How good is a colorization? One definition of each measure, equal to a named reference.

Every measure takes batches of sRGB images and gives *one number an image*, never a mean over the
batch: means hide their spread, and averaging before or after a logarithm gives different tables.

No single measure is enough. A hue that is wrong but plausible costs PSNR, a dull brown does not;
colorfulness rewards paint anywhere. Chapters therefore print several.

The order of this file is that of the tables.
"""

import torch
from torch import Tensor

from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.metrics.perceptual import Unavailable, lpips_network
from colorkit.imaging.metrics.registry import checked, masked_mean, metric


@metric("MSE", better="lower", tables=["gallery"])
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
    pred, true = checked(pred, true)
    return (pred - true).square().mean(dim=(1, 2, 3))


@metric("PSNR", "dB", better="higher")
def psnr(pred: Tensor, true: Tensor) -> Tensor:
    """Peak signal-to-noise ratio, 10 log₁₀(1 / MSE).

    Returns:
        (B,) in dB; infinite for identical images, as in scikit-image. Average these numbers: the
        PSNR of an averaged MSE is another quantity.
    """
    return -10 * torch.log10(mse(pred, true))


@metric(
    "SSIM",
    better="higher",
    min_side=11,
    tables=["evaluation", "gallery", "summary", "infrared", "compare"],
)
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

    pred, true = checked(pred, true, min_side=11, channels=(3, 1))
    # All planes as channels of one image: a CPU convolves them ten times as fast.
    flat = (x.reshape(1, -1, *x.shape[2:]) for x in (pred, true))
    _, plane = structural_similarity_index_measure(
        *flat, sigma=1.5, data_range=1.0, reduction="none", return_full_image=True
    )
    return plane.view(pred.shape)[..., 5:-5, 5:-5].mean(dim=(1, 2, 3))


@metric(
    "Absolute error",
    better="lower",
    tables=["evaluation", "gallery", "summary", "infrared"],
)
def absolute_error(pred: Tensor, true: Tensor) -> Tensor:
    """Mean absolute difference over pixels and channels: (B,) in [0, 1].

    Some papers print this as "AE", others the angular error; they share nothing but the letters.
    """
    pred, true = checked(pred, true)
    return (pred - true).abs().mean(dim=(1, 2, 3))


@metric("Angular error", "°", better="lower", tables=["infrared"])
def angular_error(pred: Tensor, true: Tensor) -> Tensor:
    """Mean angle between the RGB vectors of a pixel, blind to brightness.

    A true black pixel has no direction and is left out; a black prediction where the truth is not
    counts 90°, the largest angle two colors can have.

    Returns:
        (B,) in degrees, [0, 90]; NaN for a wholly black true image.
    """
    pred, true = checked(pred, true)
    # atan2 of sine and cosine: an arccosine in float32 cannot tell 0° from 0.02°.
    sine = torch.linalg.vector_norm(torch.linalg.cross(pred, true, dim=1), dim=1)
    angle = torch.rad2deg(torch.atan2(sine, (pred * true).sum(dim=1)))  # (B, H, W)
    angle = torch.where(pred.amax(dim=1) > 0, angle, 90.0)
    return masked_mean(angle, true.amax(dim=1) > 0)


@metric("ΔE₀₀", "ΔE₀₀", better="lower")
def delta_e(pred: Tensor, true: Tensor) -> Tensor:
    """Mean CIEDE2000 color difference over pixels, lightness included.

    Returns:
        (B,) ≥ 0; about 1 is just noticeable, gray against saturated color is 15 to 50.
    """
    pred, true = checked(pred, true)
    return ciede2000(rgb_to_lab(pred), rgb_to_lab(true)).mean(dim=(1, 2))


def ciede2000(lab1: Tensor, lab2: Tensor) -> Tensor:
    """CIEDE2000 of the colors of each pixel, by scikit-image.

    Sharma, Wu, Dalal: Color Research & Application 30(1), 2005, with k_L = k_C = k_H = 1.

    Args:
        lab1: (B, 3, H, W) CIELAB.
        lab2: likewise; the order does not matter.

    Returns:
        (B, H, W) ≥ 0.
    """
    from skimage.color import deltaE_ciede2000

    sides = (lab.detach().cpu().numpy() for lab in (lab1, lab2))
    return torch.from_numpy(deltaE_ciede2000(*sides, channel_axis=1)).to(lab1)


@metric("Hue error", "°", better="lower", tables=["chapter", "evaluation", "compare"])
def hue_error(pred: Tensor, true: Tensor) -> Tensor:
    """Mean difference of CIELAB hue over the pixels whose *true* chroma exceeds 10.

    Below that, hue is mostly noise. A predicted chroma under 0.5 is gray to any eye and its hue a
    rounding error: it counts 90°, what a random hue gets on average.

    Returns:
        (B,) in degrees, [0, 180]; NaN for an image without such pixels.
    """
    pred, true = checked(pred, true)
    ab, ab_true = rgb_to_lab(pred)[:, 1:], rgb_to_lab(true)[:, 1:]
    cross = ab[:, 0] * ab_true[:, 1] - ab[:, 1] * ab_true[:, 0]
    angle = torch.rad2deg(torch.atan2(cross.abs(), (ab * ab_true).sum(dim=1)))  # (B, H, W)
    angle = torch.where(_chroma(ab) < 0.5, 90.0, angle)
    return masked_mean(angle, _chroma(ab_true) > 10)


@metric(
    "Colorfulness M1",
    "M1",
    better="higher",
    inputs=1,
    tables=["chapter", "evaluation", "gallery", "infrared"],
)
def colorfulness(rgb: Tensor) -> Tensor:
    """Colorfulness M¹ of Hasler & Süsstrunk (SPIE 5007, 2003): σ_ab + 0.37 μ_ab, in CIELAB.

    σ_ab = √(σ_a² + σ_b²) with population deviations; μ_ab is the distance of the *mean color*
    from the neutral axis, not the mean chroma (that is their M²).

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1].

    Returns:
        (B,) ≥ 0, in CIELAB units; photographs lie between 10 and 60.
    """
    (rgb,) = checked(rgb)
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


@metric("Colorfulness M3", better="higher", inputs=1, tables=[])
def colorfulness_rgb(rgb: Tensor, absolute: bool = False) -> Tensor:
    """Colorfulness M³ of Hasler & Süsstrunk (SPIE 5007, 2003): σ_rgyb + 0.3 μ_rgyb, in sRGB.

    rg = R − G and yb = (R + G)/2 − B are *signed*, on 0…255. Much circulated code takes their
    absolute values, which folds the distribution: scikit-image's rocket is 38.6 signed, 29.0
    absolute.

    Args:
        rgb: (B, 3, H, W) float, sRGB in [0, 1].
        absolute: take absolute values, as the tables of DDColor (Kang et al. 2023) do.

    Returns:
        (B,) ≥ 0; the paper calls 15 slightly, 45 averagely and 82 highly colorful.
    """
    (rgb,) = checked(rgb)
    r, g, b = (255 * rgb).flatten(2).unbind(1)
    opponents = torch.stack((r - g, (r + g) / 2 - b), dim=1)  # (B, 2, H·W)
    opponents = opponents.abs() if absolute else opponents
    spread = torch.linalg.vector_norm(opponents.std(dim=2, correction=0), dim=1)
    return spread + 0.3 * torch.linalg.vector_norm(opponents.mean(dim=2), dim=1)


@metric("Sepia share", better="lower", tables=["gallery"])
def sepia(pred: Tensor, true: Tensor) -> Tensor:
    """Tell which images came back brown or gray though the truth is not; the mean is the share.

    An image is brown when fewer than 5 % of its pixels have a chroma above 3, or when more than
    80 % of those lie between 40° and 100° of CIELAB hue while its mean chroma is below 15.

    Returns:
        (B,) bool.
    """
    pred, true = checked(pred, true)
    return _brown(pred) & ~_brown(true)


def _brown(rgb: Tensor) -> Tensor:
    ab = rgb_to_lab(rgb)[:, 1:]
    chroma, hue = _chroma(ab), torch.rad2deg(torch.atan2(ab[:, 1], ab[:, 0]))
    colored = chroma > 3
    warm = colored & (hue >= 40) & (hue <= 100)
    colored_share = colored.float().mean(dim=(1, 2))
    warm_share = warm.sum(dim=(1, 2)) / colored.sum(dim=(1, 2)).clamp(min=1)
    return (colored_share < 0.05) | ((warm_share > 0.8) & (chroma.mean(dim=(1, 2)) < 15))


@metric("LPIPS", better="lower", min_side=32, tables=["gallery", "infrared"])
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
    pred, true = checked(pred, true)
    if min(pred.shape[2:]) < 32:  # AlexNet's last layers would have no pixel left
        raise Unavailable("LPIPS is absent: the images are smaller than 32 pixels.")
    model = lpips_network(net, fetch).to(pred.device)
    with torch.inference_mode():
        return model(2 * pred.float() - 1, 2 * true.float() - 1).flatten()


def _chroma(ab: Tensor) -> Tensor:
    return torch.hypot(ab[:, 0], ab[:, 1])
