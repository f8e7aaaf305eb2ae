"""What is chosen of the models in the box, on validation images: working sizes and vividness."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from colorkit.studies.comparison.scoring import Scores, measure
from colorkit.training.photo_sets import Photographs

# What a network may be shown to choose from: one working size, or several and mirror images.
LOOKS = [{"size": size} for size in (96, 128, 160)]
_SEVERAL = ([96, 128], [128, 160], [96, 128, 160], [128, 160, 192])
LOOKS += [{"size": sizes[-1], "views": sizes} for sizes in _SEVERAL]
CHOOSING = 100  # validation images of each data set that the choice looks at
BROWN, KEPT = 0.08, 2 / 3  # see `few_brown` and `bold`


def few(photographs: Photographs) -> dict[str, list[Path]]:
    """Take `CHOOSING` validation images of each data set, or some more, by its name."""
    sets = photographs.choosing.items()
    return {name: paths[:: max(1, len(paths) // CHOOSING)] for name, paths in sets}


def best_look(network: torch.nn.Module, files: Mapping[str, list[Path]]) -> dict:
    """Choose by the mean PSNR of validation images what a network is shown, one of `LOOKS`."""

    def gain(look: dict) -> float:
        scores = measure(network, files, look, old_prints=False)
        return sum(s["psnr_gain"][0] for s in scores.values())

    return max(LOOKS, key=gain)


def few_brown(tried: Callable[[float], Scores]) -> float:
    """Choose the least vividness at which less than `BROWN` of every data set turns brown.

    Args:
        tried: gives the scores of validation images at a vividness.
    """
    levels = (k / 10 for k in range(10))
    return next((v for v in levels if all(s["sepia"] < BROWN for s in tried(v).values())), 1.0)


def bold(tried: Callable[[float], Scores]) -> float:
    """Choose the largest vividness, from 1 to 2, that leaves `KEPT` of the mean colors' gain.

    In every data set; where even 1 leaves less, it is 1. Arguments as of `few_brown`.
    """
    mean, chosen = tried(0.0), 1.0
    for level in (1 + k / 10 for k in range(11)):
        found = tried(level)
        if any(s["psnr_gain"][0] < KEPT * mean[name]["psnr_gain"][0] for name, s in found.items()):
            break
        chosen = level
    return chosen
