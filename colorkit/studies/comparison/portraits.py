"""Portraits against landscapes: the sweep's networks trained on people at equal numbers and steps.

The Romanian slides train the same networks on both and report smaller errors on portraits. The
landscapes' trainings are the sweep's own; these are the same rows of its table on as many pictures
of other classes, so that nothing but the subject differs.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from colorkit.course.evaluation import Constant, Trained, evaluate, mean_chroma
from colorkit.course.profile import Network
from colorkit.data.collection import Collection, ImageSet
from colorkit.studies.gans.configurations import AUTOENCODERS, GANS
from colorkit.studies.gans.sweep import Sweep
from colorkit.system.errors import ColorkitError

# Mean absolute difference of the slides' best of each kind over their portraits.
PUBLISHED = pd.DataFrame(
    {"autoencoder": (0.009, 0.037, 0.161), "GAN": (0.011, 0.042, 0.173)},
    index=["smallest", "mean", "largest"],
).T


class Portraits(Sweep):
    """The sweep's trainings on the classes of portraits, or on what stands in for them.

    Args:
        landscapes: the sweep on the profile's landscapes, whose number of images is taken.

    Raises:
        ColorkitError: the profile names no portraits, their folders are missing, or there are fewer
            of them than landscapes.
    """

    def __init__(self, landscapes: Sweep):
        super().__init__(landscapes.course)
        self.landscapes, classes = landscapes, self.scale.portraits
        if not classes:
            name = self.course.profile.name
            raise ColorkitError(f"the profile {name} has no portraits; add gans.portraits to it")
        self.scale = replace(self.scale, classes=classes, limit=0)
        wanted = len(landscapes.images("train"))
        if (there := len(super().images("train"))) < wanted:
            raise ColorkitError(
                f"{', '.join(classes)} have {there} training images and the landscapes {wanted}; "
                "lower gans.limit in the profile, or add portraits"
            )

    def _collection(self, stored: int) -> Collection:
        """Their images, decoded and split by themselves."""
        if stored not in self._collections:
            profile = self.course.profile
            data = replace(profile.data, stored=stored)
            networks = {"portraits": Network(self.scale.classes)}
            own = self.course.collect(replace(profile, data=data, networks=networks))
            self._collections[stored] = own
        return self._collections[stored]

    def images(self, split: str, share: float = 1.0, side: int = 0) -> ImageSet:
        """One split; for training as many as there are landscapes, spread over the classes."""
        whole = super().images(split, share, side)
        return whole if split != "train" else whole.evenly(len(self.landscapes.images("train")))


def rows(sweep: Sweep) -> tuple[str, ...]:
    """The trainings that are compared: the four autoencoders and the sweep's best GAN.

    The best is the landscapes' best by validation: the same network is trained on both.
    """
    return (*AUTOENCODERS, sweep.best(GANS))


def equal_tests(sweeps: Iterable[Sweep]) -> list[ImageSet]:
    """Equally many test images of each, in a random order.

    The images of the two are no pairs. But as many of each, shuffled, may be numbered, and the
    differences of those of one number vary as those of the two means do.
    """
    sets = [sweep.images("test") for sweep in sweeps]
    count, rng = min(map(len, sets)), np.random.default_rng(0)
    return [images.evenly(count).take(rng.permutation(count)) for images in sets]


def measure(sweep: Sweep, names: Iterable[str], images: ImageSet) -> dict[str, np.ndarray]:
    """Measure trainings of a sweep, gray, and the mean color of the training images.

    Returns:
        `absolute_error` and `delta_e`, (K + 2, N) each: a row for each of K names, then one for
        gray and one for the mean color.
    """
    predictors = [Trained(sweep.train(name).model()) for name in names]
    predictors += [Constant(), mean_chroma(sweep.images("train"), sweep.size)]
    measures = ("absolute_error", "delta_e")
    tables = [evaluate(p, images, sweep.size, measured=measures) for p in predictors]
    return {name: np.stack([table[name] for table in tables]) for name in measures}
