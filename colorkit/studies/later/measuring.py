"""The chapter's networks on test images, in the same gallery as those of the chapters on GANs."""

import torch
from torch import Tensor

from colorkit.course.chapter import Chapter
from colorkit.course.evaluation import mean_chroma
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.metrics.frequency import octaves
from colorkit.studies.gans.gallery import Gallery
from colorkit.studies.later.spaces import SPACES, InLab
from colorkit.studies.later.trainings import Trainings

TITLES = {
    "unpaired": "unpaired",
    "borrowed pairs": "pairs of the others",
    "own pairs": "its own pairs",
    "grown": "grown",
    "plain": "ColorNet",
    "residual": "with shortcuts",
    "judged": "with a discriminator",
    **{name: space.title for name, space in SPACES.items()},
}


def gallery(
    chapter: Chapter,
    trainings: Trainings,
    names: tuple[str, ...],
    images: ImageSet,
    training: ImageSet,
    titles: dict[str, str] | None = None,
) -> Gallery:
    """All repetitions of some trainings, with gray and the mean color beside them.

    Args:
        chapter: shows and records.
        trainings: of the profile.
        names: of `colorkit.studies.later.trainings.NAMES`, but what is told facts.
        images: what they are measured on.
        training: the pictures whose mean color is the trivial answer.
        titles: other ones than `TITLES`.
    """
    networks: dict[str, torch.nn.Module] = {}
    for name in names:
        for repeat, run in enumerate(trainings.repeats(name)):
            model = run.model()
            networks[f"{name}/{repeat}" if repeat else name] = (
                InLab(model, name) if name in SPACES else model
            )
    size, told = trainings.size, TITLES | (titles or {})
    mean, more = mean_chroma(training, size), {"fine": fine_error}
    return Gallery(chapter, networks, images, size, told, mean=mean, more=more)


def fine_error(found: Tensor, true: Tensor) -> Tensor:
    """Root mean square of the error of chroma in waves of 4 to 8 pixels.

    Args:
        found, true: (B, 3, H, W) sRGB in [0, 1].

    Returns:
        (B,) in Lab units.
    """
    error = rgb_to_lab(found)[:, 1:] - rgb_to_lab(true)[:, 1:]
    return octaves(error, count=2)[:, 0].sqrt()
