"""What the networks minimize."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from colorkit.imaging.color import lab_to_rgb, unscale_ab
from colorkit.imaging.metrics.quality import colorfulness_ab

REDUCTIONS = ("mean", "sum")
GAPS = ("difference", "ratio", "logarithm")
_NO_ERROR = 1e-4  # 40 dB: what is better than that needs no more
_DARK = 1e-3  # a quarter of a gray level: black has no color
_SMOOTH = 0.01  # Lab units, far below what an eye sees; see `colorfulness_ab`


class JointLoss(NamedTuple):
    """The parts of the loss, so that each can be drawn by itself.

    total: what is minimized: color, weighted by colorfulness if β > 0, + α · classification.
    color: the chroma error alone, whatever β.
    classification: cross-entropy in nats (0 without classifier).
    """

    total: Tensor
    color: Tensor
    classification: Tensor


def chroma_target(ab: Tensor, size: tuple[int, int]) -> Tensor:
    """Scale true chroma (B, 2, H, W) down to the network's output plane by averaging areas.

    In the paper the target is scaled down, not the prediction up: the loss is then computed on a
    quarter of the pixels.
    """
    return F.adaptive_avg_pool2d(ab, size)


def color_loss(predicted: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Squared chroma error.

    Args:
        predicted, target: (B, 2, h, w), scaled chroma in [0, 1].
        reduction: `mean` over images, channels and pixels (the paper's text), or `sum` over
            channels and pixels and mean over images (its formula, the squared Frobenius norm).
            Neither depends on the batch size.

    Raises:
        ValueError: unknown reduction or unequal shapes.
    """
    return _error(predicted, target, reduction).mean()


def colorfulness_gap(predicted: Tensor, target: Tensor, form: str = "difference") -> Tensor:
    """How far the colorfulness M¹ of each image is from the truth's (the report's section 3.4).

    Measured image by image: over a whole batch, a vivid image would make up for a dull one. The
    gradient is finite everywhere, also where the prediction is perfectly gray.

    Args:
        predicted, target: (B, 2, h, w), scaled chroma in [0, 1]; M¹ is taken in Lab units.
        form: `difference`, |M¹ − M¹ of the truth| in Lab units, which the report used; or `ratio`,
            |1 − M¹ ÷ M¹ of the truth|, the alternative it names, for truths duller than M¹ = 1 a
            difference again: a ratio to almost nothing would outweigh every other image; or
            `logarithm`, |log (1 + M¹) − log (1 + M¹ of the truth)|. What is unsure of the truth
            does best by a median: of M¹ with `difference`, of log M¹ with `logarithm`, which is
            the same, while `ratio` pays less for staying below than for going beyond.

    Returns:
        (B,) ≥ 0.

    Raises:
        ValueError: unknown form or unequal shapes.
    """
    _check_form(form)
    _check_shapes(predicted, target)
    found, wanted = (colorfulness_ab(unscale_ab(x), _SMOOTH) for x in (predicted, target))
    if form == "logarithm":
        return (found.log1p() - wanted.log1p()).abs()
    gap = (found - wanted).abs()
    return gap if form == "difference" else gap / wanted.clamp(min=1)


def joint_loss(
    predicted: Tensor,
    target: Tensor,
    scores: Tensor | None,
    labels: Tensor,
    alpha: float = 1 / 300,
    reduction: str = "mean",
    beta: float = 0.0,
    delta: str = "difference",
    keep_shares: bool = False,
) -> JointLoss:
    """Color loss plus α times the classification's cross-entropy (Iizuka et al. 2016, eq. 4).

    With `mean` at α = 1/300 the two terms are of one size; with `sum` the same α makes the
    classification a ten-thousandth of the whole, so α has to follow the reduction. With β > 0 each
    image's color error is multiplied by 1 + β · `colorfulness_gap` (the report's section 3.4).
    Taken in Lab units that factor is some forty, and the classification, which it does not
    multiply, is left with a fortieth of its share: `keep_shares` divides the products by what the
    factor enlarges them, so that it changes the direction of the color term and not its size.

    Args:
        predicted, target: (B, 2, h, w), scaled chroma in [0, 1].
        scores: (B, classes) before softmax, or None without classifier.
        labels: (B,) class indexes.
        alpha: weight of the classification, at least 0.
        reduction: of the color term, see `color_loss`.
        beta: weight of the colorfulness, at least 0.
        delta: its form, see `colorfulness_gap`.
        keep_shares: color and classification keep the shares that they have without the factor;
            the total is then that of the plain loss, its gradient is not.

    Raises:
        ValueError: negative α or β, unknown reduction or form, unequal shapes.
    """
    for name, weight in (("alpha", alpha), ("beta", beta)):
        if not weight >= 0:
            raise ValueError(f"{name} must be 0 or more; got {weight}")
    _check_form(delta)
    errors = _error(predicted, target, reduction)
    color = total = errors.mean()
    if beta:
        total = (errors * (1 + beta * colorfulness_gap(predicted, target, delta))).mean()
        if keep_shares:
            total = total * (color / total.clamp(min=1e-30)).detach()  # both 0 if all is right
    if scores is None:
        return JointLoss(total, color, color.new_zeros(()))
    classification = F.cross_entropy(scores.float(), labels)
    return JointLoss(total + alpha * classification, color, classification)


def distortion(predicted: Tensor, true: Tensor) -> Tensor:
    """The negative PSNR of each image: 10 · log₁₀ of its squared error.

    Minimizing this mean of logarithms is maximizing the PSNR as it is measured, image by image; a
    mean of squared errors would be decided by the few images that are hardest.

    Args:
        predicted, true: (B, 3, h, w) CIELAB.

    Returns:
        (B,) in dB of sRGB in [0, 1]; out-of-gamut colors are not cut off, so that they count.

    Raises:
        ValueError: unequal shapes.
    """
    _check_shapes(predicted, true)
    found, wanted = (lab_to_rgb(lab, clip=False) for lab in (predicted, true))
    error = (found - wanted).square().mean(dim=(1, 2, 3))
    return 10 * torch.log10(error + _NO_ERROR)


def angle(predicted: Tensor, true: Tensor) -> Tensor:
    """The angle between colors, mean over each image, as in `angular_error` of the metrics.

    Instead of the arc its chord is taken, shorter by less than 1 % up to 28°: the arc's cosine has
    no gradient where the colors agree.

    Args:
        predicted, true: (B, 3, h, w) CIELAB.

    Returns:
        (B,) in degrees.

    Raises:
        ValueError: unequal shapes.
    """
    _check_shapes(predicted, true)
    found, wanted = (
        F.normalize(lab_to_rgb(lab, clip=False) + _DARK, dim=1) for lab in (predicted, true)
    )
    chord = ((found - wanted).square().sum(dim=1) + _DARK**2).sqrt() - _DARK
    return chord.mean(dim=(1, 2)).rad2deg()


def _error(predicted: Tensor, target: Tensor, reduction: str) -> Tensor:
    """Squared chroma error of each image, (B,)."""
    _check_shapes(predicted, target)
    if reduction not in REDUCTIONS:
        raise ValueError(f"unknown reduction {reduction!r}; choose one of {', '.join(REDUCTIONS)}")
    error = (predicted - target).square().flatten(1)
    return error.mean(dim=1) if reduction == "mean" else error.sum(dim=1)


def _check_shapes(predicted: Tensor, target: Tensor) -> None:
    if predicted.shape != target.shape:
        raise ValueError(
            f"predicted {tuple(predicted.shape)} and target {tuple(target.shape)} differ in shape"
        )


def _check_form(form: str) -> None:
    if form not in GAPS:
        raise ValueError(f"unknown form {form!r}; choose one of {', '.join(GAPS)}")
