"""The trainings of VégéNet, OutNet and mColorNet that chapters 2 to 4 compare, in one table."""

from dataclasses import asdict

import lightning as L
import numpy as np

from colorkit.course.networks import Course
from colorkit.course.profile import Profile
from colorkit.course.scales import Scale
from colorkit.models.colornet import ColorNet

# What each changes in `colorkit.course.networks.Course.train`.
VARIANTS: dict[str, dict] = {
    "VégéNet": {"network": "vegenet"},
    "VégéNet, long": {"network": "vegenet", "long": True},
    "OutNet": {"network": "outnet"},
    "OutNet, fresh start": {"network": "outnet", "transfer": False, "variant": "scratch"},
    "mColorNet": {"network": "mcolornet"},
}


def trainings(profile: Profile, name: str, first_epoch: bool = False) -> list[dict]:
    """List the trainings of a variant: arguments of `Course.train`, one a repetition.

    Args:
        profile: gives scales and the number of seeds.
        name: of `VARIANTS`.
        first_epoch: as many as the profile's `start_seeds`. The first epoch does not know how many
            follow, so those beyond the profile's `seeds` end after it.
    """
    options = dict(VARIANTS[name])
    scale = profile.long if options.pop("long", False) else Scale()
    seeds = scale.seeds or profile.seeds
    count = max(seeds, profile.start_seeds) if first_epoch else seeds
    short = [{} if repeat < seeds else {"epochs": 1} for repeat in range(count)]
    return [options | more | {"scale": scale, "repeat": k} for k, more in enumerate(short)]


def train(course: Course, name: str, first_epoch: bool = False) -> list:
    """Make or read the trainings of a variant; see `trainings`."""
    return [course.train(**options) for options in trainings(course.profile, name, first_epoch)]


def untrained(course: Course, network: str, repeat: int) -> ColorNet:
    """Make the network that a fresh start of a training begins with, in evaluation mode."""
    L.seed_everything(course.seed + repeat, workers=True, verbose=False)
    classes = course.profile.networks[network].classes
    return ColorNet(len(classes), **asdict(course.profile.model)).eval()


def stack(tables, column: str) -> np.ndarray:
    """One column of several trainings' tables of the same images: (trainings, images)."""
    return np.stack([table[column].to_numpy(dtype=float) for table in tables])
