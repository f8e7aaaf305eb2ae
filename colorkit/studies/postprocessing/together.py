"""Training, pre-processing and post-processing, each alone and all together (the report's 4.2).

Training is the colorfulness loss of chapter 5. Pre-processing gives the gray picture the histogram
that the training images have on the mean, so that the network is shown what it knows. Post-
processing is the fitted saturation, fitted anew to whatever comes before it.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np

from colorkit.course.evaluation import Predictor
from colorkit.course.networks import Course
from colorkit.imaging.color import join
from colorkit.imaging.metrics.regions import error_map
from colorkit.studies.colorfulness import trainings
from colorkit.studies.postprocessing.effects import Pictures
from colorkit.studies.postprocessing.histograms import mean_quantiles, to_quantiles
from colorkit.studies.postprocessing.saturation import fit_saturation

STEPS = ("training", "pre-processing", "post-processing")
Done = tuple[bool, ...]  # which of `STEPS`
NONE, ALL = (False,) * 3, (True,) * 3
ALONE = tuple(tuple(k == step for k in range(3)) for step in range(3))


def scaled(course: Course) -> Course:
    """The course at the scale of chapter 5, whose trainings it has."""
    scale = course.profile.colorfulness
    return course.at(scale.size, scale.stored, scale.width)


def train(course: Course) -> dict[bool, list]:
    """Make or read VégéNet's trainings without and with the colorfulness loss, chapter 5's."""
    table = trainings(course.profile.colorfulness)
    names = {False: "β = 0", True: "β = 5"}
    return {lossy: course.repeats(**table["vegenet", name]) for lossy, name in names.items()}


def combine(
    networks: dict[bool, Sequence[Predictor]], train: Pictures, val: Pictures, test: Pictures
) -> dict[Done, tuple[np.ndarray, np.ndarray]]:
    """ΔE₀₀ of all eight combinations.

    Args:
        networks: S trainings without and with the first step.
        train: images to which the other two steps are fitted; val, test: those that are measured.

    Returns:
        By which `STEPS` are done, ΔE₀₀ of each training on each validation image and each test
        image, (S, N) both.
    """
    known = mean_quantiles(train.gray.split(64))
    shown = {False: (train, val, test)}
    shown[True] = tuple(
        Pictures(to_quantiles(x.gray, known), x.lab, x.labels) for x in shown[False]
    )
    found = {done: ([], []) for done in product((False, True), repeat=3)}
    for (lossy, some), (before, sets) in product(networks.items(), shown.items()):
        for predictor in some:
            fitted, *measured = (x.colorized(predictor) for x in sets)
            fit = fit_saturation(fitted.split(64), train.lab[:, 1:].split(64))
            for k, (images, ab) in enumerate(zip(sets[1:], measured, strict=True)):
                for after in (False, True):
                    rgb = join(images.lab[:, :1], fit.apply(ab) if after else ab)
                    error = error_map(rgb, images.lab).mean(dim=(1, 2))
                    found[lossy, before, after][k].append(error.numpy())
    return {done: tuple(np.stack(errors) for errors in pair) for done, pair in found.items()}


def best_alone(found: dict[Done, tuple[np.ndarray, np.ndarray]]) -> Done:
    """The one step that alone has the smallest error on validation images; see `combine`."""
    return min(ALONE, key=lambda done: found[done][0].mean())
