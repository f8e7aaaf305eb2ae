"""What a discriminator, skips, upsampling, losses and schedules change.

The twelve GANs are no twelve draws: four generators have three discriminators each, and GANs of one
generator are relatives. So differences are averaged within a generator first, and the four of them
are what an interval is over; or one discriminator is trained with several seeds, and an interval is
over these.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from colorkit.course.estimates import Estimate, estimate
from colorkit.imaging.color import rgb_to_lab
from colorkit.models.patchgan import DISCRIMINATORS
from colorkit.studies.gans.configurations import AUTOENCODERS, D8, GANS
from colorkit.studies.gans.gallery import Gallery
from colorkit.studies.gans.training import COLLAPSED
from colorkit.training.run import Run

GRAYISH = 5.0  # chroma below which a pixel counts as gray: hardly seen beside a gray one
# Hues in degrees that count as yellow. They end where those of leaves begin, see
# `colorkit.imaging.metrics.regions.region_masks`: a lawn is no average.
YELLOW = (60.0, 85.0)


class Pairs(NamedTuple):
    """GANs beside their generators trained alone: (K, T, N) each.

    K related pairs, which are averaged, for each of T trainings or generators on each of N images.
    """

    found: np.ndarray
    alone: np.ndarray

    @property
    def difference(self) -> np.ndarray:
        """Give the GANs' values minus their generators', averaged over relatives: (T, N)."""
        return (self.found - self.alone).mean(axis=0)

    def tails(self, share: float = 0.05) -> tuple[np.ndarray, Callable[..., np.ndarray]]:
        """Compare the values that a share of the images exceeds.

        Returns:
            The places of the images, (T, N), and a statistic of such places, as `Chapter.claim`
            takes them: with the same places drawn for both, the difference stays paired.
        """

        def statistic(places: np.ndarray, axis: int = -1) -> np.ndarray:
            drawn = places[0].astype(int)  # the same in every row
            high, low = (np.quantile(x[..., drawn], 1 - share, axis=-1) for x in self)
            return (high - low).mean(axis=0)

        _, T, N = self.found.shape
        return np.tile(np.arange(N, dtype=float), (T, 1)), statistic


def alone(gan: str) -> str:
    """The name of a GAN's generator trained alone."""
    return gan.rsplit("-", 1)[0]


def pairs_by_seed(gallery: Gallery, column: str, times: float = 1.0) -> Pairs:
    """A measure, `times` a number, of the four kinds with discriminator d8, for each of S seeds."""
    found, own = (
        np.stack([gallery.over_seeds(name, column) for name in names])
        for names in (D8, map(alone, D8))
    )
    return Pairs(times * found, times * own)


def pairs_by_generator(gallery: Gallery, column: str, times: float = 1.0) -> Pairs:
    """A measure, `times` a number, of the twelve GANs of one seed: three for each generator."""
    kinds = np.array([gallery[name][column] for name in AUTOENCODERS], dtype=float)
    found = [[gallery[f"{name}-{d}"][column] for name in AUTOENCODERS] for d in DISCRIMINATORS]
    found = np.array(found, dtype=float)
    return Pairs(times * found, times * np.broadcast_to(kinds, found.shape))


def against(gallery: Gallery, name: str, other: str, column: str, times: float = 1.0) -> Estimate:
    """How much larger a measure is than another network's, over seeds where both have several."""
    found, rival = (times * gallery.over_seeds(row, column) for row in (name, other))
    difference = found - rival[: len(found)]
    return estimate(difference, of="seeds") if len(found) > 1 else estimate(difference[0])


# How a GAN and its generator trained alone are compared: over what, and which pairs.
PAIRS = {
    "d8": ("seeds", pairs_by_seed),
    "all discriminators": ("generators", pairs_by_generator),
}


def intervals_against_alone(
    gallery: Gallery, names: Iterable[str], reweighted: str, column: str, times: float = 1.0
) -> list[tuple[str, float, float, float]]:
    """Title, effect and interval of each GAN against its generator alone; see `against`.

    Args:
        gallery: of the trainings.
        names: of the GANs.
        reweighted: the one of `GANS` of which all others are variants.
        column, times: see `against`.
    """
    found = []
    for name in names:
        other = alone(name if name in GANS else reweighted)
        each = against(gallery, name, other, column, times)
        found.append((gallery.title(name), each.value, *each.interval()))
    return found


def switches(gallery: Gallery, column: str) -> dict[str, np.ndarray]:
    """What each of the autoencoders' two switches does to a measure, averaged over the other.

    Returns:
        (S, N) for each of S seeds on each of N images: `skips`, without minus with them, and
        `upsampling`, interpolated minus learned.
    """
    u_l, u_i, nu_l, nu_i = (gallery.over_seeds(name, column) for name in AUTOENCODERS)
    return {"skips": (nu_l + nu_i - u_l - u_i) / 2, "upsampling": (u_i + nu_i - u_l - nu_l) / 2}


def disagreements(gallery: Gallery, one: str, other: str) -> np.ndarray:
    """Test images on which one network has the smaller error and the other the truer colorfulness.

    Returns:
        Their indexes; first those for which both hold most, by the product of their ranks.
    """
    nearer = (gallery[other]["absolute_error"] - gallery[one]["absolute_error"]).to_numpy()
    livelier = (gallery[one]["color_gap"] - gallery[other]["color_gap"]).to_numpy()
    both = np.flatnonzero((nearer > 0) & (livelier > 0))
    ranks = pd.Series(nearer[both]).rank() * pd.Series(livelier[both]).rank()
    return both[np.argsort(-ranks.to_numpy())]


def gray_or_yellow(rgb: Tensor) -> Tensor:
    """Share of the pixels that are gray or yellow: (B, 3, H, W) sRGB in [0, 1] to (B,)."""
    a, b = rgb_to_lab(rgb)[:, 1:].unbind(1)
    hue = torch.atan2(b, a).rad2deg() % 360
    yellow = (hue >= YELLOW[0]) & (hue < YELLOW[1])
    return ((torch.hypot(a, b) < GRAYISH) | yellow).float().mean(dim=(1, 2))


def stability(histories: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What the histories of trainings say of their stability, one row a training.

    Args:
        histories: by title; see `GanColorizer` for the columns that only a GAN has.

    Returns:
        Last spread and losses, whether the colors collapsed to one, and the gradients' lengths; NaN
        where there is no discriminator.
    """
    lines = {}
    for title, history in histories.items():
        last, lines[title] = history.iloc[-1], (line := {})
        line["validation spread, last"] = last["val_spread"]
        line["collapsed"] = "yes" if last["val_spread"] < COLLAPSED else "no"
        if "train_discriminator" in history:
            line["D loss, last"] = last["train_discriminator"]
            line["adversarial loss, last"] = last["train_adversarial"]
            for network in ("generator", "discriminator"):
                norms = history[f"train_{network}_norm"]
                line[f"{network}'s gradient, median"] = norms.median()
                line[f"{network}'s gradient, largest"] = norms.max()
    return pd.DataFrame(lines).T


def jumps(run: Run) -> float:
    """How much the validation error jumps: the deviation of its relative changes, in percent."""
    return 100 * float(np.diff(np.log(run.history["val_color"])).std())


def late_error(run: Run) -> float:
    """Mean validation error over the epochs in which every schedule's discriminator plays.

    One epoch alone would hang on its luck, and the best one may lie before the discriminator of the
    schedule `pretrained` ever played.
    """
    errors = run.history["val_color"].to_numpy()
    return float(errors[-max(1, len(errors) // 2) :].mean())
