"""What the networks minimize."""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

REDUCTIONS = ("mean", "sum")


class JointLoss(NamedTuple):
    """The parts of the loss, so that each can be drawn by itself.

    total: color + α · classification.
    color: the chroma error.
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
    if predicted.shape != target.shape:
        raise ValueError(
            f"predicted {tuple(predicted.shape)} and target {tuple(target.shape)} differ in shape"
        )
    if reduction not in REDUCTIONS:
        raise ValueError(f"unknown reduction {reduction!r}; choose one of {', '.join(REDUCTIONS)}")
    error = (predicted - target).square().flatten(1)
    return error.mean() if reduction == "mean" else error.sum(dim=1).mean()


def joint_loss(
    predicted: Tensor,
    target: Tensor,
    scores: Tensor | None,
    labels: Tensor,
    alpha: float = 1 / 300,
    reduction: str = "mean",
) -> JointLoss:
    """Color loss plus α times the classification's cross-entropy (Iizuka et al. 2016, eq. 4).

    With `mean` at α = 1/300 the two terms are of one size; with `sum` the same α makes the
    classification a ten-thousandth of the whole, so α has to follow the reduction.

    Args:
        predicted, target: (B, 2, h, w), scaled chroma in [0, 1].
        scores: (B, classes) before softmax, or None without classifier.
        labels: (B,) class indexes.
        alpha: weight of the classification, at least 0.
        reduction: of the color term, see `color_loss`.

    Raises:
        ValueError: negative α, unknown reduction or unequal shapes.
    """
    if alpha < 0:
        raise ValueError(f"alpha must be 0 or more; got {alpha}")
    color = color_loss(predicted, target, reduction)
    if scores is None:
        return JointLoss(color, color, color.new_zeros(()))
    classification = F.cross_entropy(scores.float(), labels)
    return JointLoss(color + alpha * classification, color, classification)
