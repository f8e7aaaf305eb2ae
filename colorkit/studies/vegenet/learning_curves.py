"""What a curve of validation losses says, and what it would say if there were nothing but noise."""

import numpy as np
import torch

from colorkit.course.evaluation import batches
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import scale_ab
from colorkit.models.prediction import predict
from colorkit.system.errors import ColorkitError
from colorkit.training.losses import chroma_target, color_loss
from colorkit.training.run import Run


def losses(runs: list[Run], column: str = "val_color") -> np.ndarray:
    """A column of the histories of equally long trainings: (trainings, epochs)."""
    return np.stack([run.history[column].to_numpy() for run in runs])


def rise_after_best(losses: np.ndarray) -> np.ndarray:
    """How far each curve has risen at its end since the best epoch of the *others*.

    A curve never ends below its own minimum, however long it wobbles about one level: last minus
    minimum is positive by construction. The epoch where the mean of the other curves is smallest
    knows nothing of this curve's noise, so that without a rise the mean is zero. It is sought
    before the last one, so that a fall to the very end is seen as a fall.

    Args:
        losses: (trainings, epochs) > 0.

    Returns:
        (trainings,) in percent of the loss at that epoch; negative where the curve still falls.

    Raises:
        ValueError: fewer than two trainings, or epochs.
    """
    if min(losses.shape) < 2:
        raise ValueError("rise_after_best needs an earlier epoch and other trainings; give two")
    others = (losses.sum(axis=0) - losses)[:, :-1]
    there = losses[np.arange(len(losses)), others.argmin(axis=1)]
    return 100 * (losses[:, -1] / there - 1)


def fall_per_epoch(losses: np.ndarray, since: int = 2) -> np.ndarray:
    """How fast each curve falls: the slope of a straight line through its epochs.

    The line is fitted to the losses as they are: of a curve that wobbles about one level it is zero
    on the mean, whereas the best loss so far falls with any noise, and early more than late.

    Args:
        losses: (trainings, epochs) > 0.
        since: first epoch of the line, counted from 1.

    Returns:
        (trainings,) percent of the line's mean an epoch; positive where the loss falls.

    Raises:
        ColorkitError: fewer than two epochs are left.
    """
    kept = losses[:, since - 1 :]
    if kept.shape[1] < 2:
        raise ColorkitError(
            f"a line through the losses from epoch {since} on needs two of them, and the trainings "
            f"have {losses.shape[1]} in all; train for {since + 1} epochs or more"
        )
    epoch = np.arange(kept.shape[1]) - (kept.shape[1] - 1) / 2
    return -100 * (kept @ epoch) / (epoch @ epoch) / kept.mean(axis=1)


def chroma_error(
    model: torch.nn.Module, images: ImageSet, size: int, gray: str = "weighted"
) -> float:
    """The validation chroma loss of a network as it is, such as before its first step.

    Args:
        model: in evaluation mode; see `colorkit.models.prediction.predict`.
        images: validation images; size: side of their center crops.
        gray: decolorization the network is fed.

    Returns:
        Mean squared error of chroma scaled to [0, 1], as `val_color` of a training's history.
    """
    total = 0.0
    with torch.inference_mode():
        for batch in batches(images, size, gray):
            ab = predict(model, batch.gray).ab
            target = chroma_target(scale_ab(batch.lab[:, 1:]), ab.shape[-2:])
            total += color_loss(ab, target).item() * len(ab)
    return total / len(images)
