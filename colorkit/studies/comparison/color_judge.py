"""Judges of color: what a picture's chroma alone says of its scene, beside a distance of features.

A classifier that has learned from gray pictures recognizes gray ones, and so says nothing of their
colors. This one is shown no lightness: two planes of chroma, coarse, so that it cannot tell one
network from another by the sharpness of edges either.
"""

from functools import partial

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from colorkit.course.evaluation import Predictor, batches
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import join, lab_to_rgb, rgb_to_lab, scale_ab
from colorkit.models.resnet import SceneClassifier
from colorkit.studies.gans.configurations import AUTOENCODERS, GANS
from colorkit.studies.gans.perceptual import FeatureDistance
from colorkit.studies.gans.recognition import SceneBatch, SceneRecipe, SceneTrainer
from colorkit.studies.gans.sweep import Sweep
from colorkit.training.run import Run

NAME = "chroma-classifier"  # of the training
COARSE = 4  # pixels of a side that are averaged
# By how much one of two pictures must be preferred, so that hesitation does not count: a fifth of
# all certainty that its scene is the right one, or a distance or an error smaller by a tenth.
LEAST = {"chroma": 0.2, "features": 0.1, "error": 0.1}


def chroma_alone(rgb: Tensor) -> Tensor:
    """What the classifier sees: no lightness, and chroma without fine detail.

    Args:
        rgb: (B, 3, H, W) sRGB in [0, 1].

    Returns:
        (B, 3, H, W) in [0, 1]: an even plane, and a* and b*, scaled, averaged over squares of
        `COARSE` pixels. Pictures that differ in lightness alone give the same.
    """
    ab = scale_ab(rgb_to_lab(rgb)[:, 1:])
    coarse = F.interpolate(F.avg_pool2d(ab, COARSE, ceil_mode=True), rgb.shape[-2:])
    return torch.cat((torch.full_like(coarse[:, :1], 0.5), coarse), dim=1)


class ChromaTrainer(SceneTrainer):
    """Trains a `SceneClassifier` on chroma alone."""

    fed = "chroma alone"

    def on_after_batch_transfer(self, batch, dataloader_idx: int):
        """Take the lightness away after zooming and flipping."""
        if isinstance(batch, SceneBatch):
            return batch
        batch, count = super().on_after_batch_transfer(batch, dataloader_idx), len(batch[1])
        # Validation images come a second time in gray, which has no chroma to be judged by.
        return SceneBatch(chroma_alone(batch.rgb[:count]), batch.labels[:count])


def train_judge(sweep: Sweep) -> Run:
    """The classifier of chroma on the sweep's images: read from disk, or trained now."""
    return sweep.course.fit(
        NAME,
        partial(SceneClassifier, len(sweep.scale.classes)),
        SceneRecipe(epochs=sweep.scale.classifier_epochs, grays=0.0),
        sweep.images("train"),
        sweep.images("val"),
        fingerprint=sweep.collection.fingerprint,
        size=sweep.size,
        module=ChromaTrainer,
    )


class ColorJudge:
    """How sure a classifier of chroma is of each picture's right scene.

    Args:
        sweep: among whose classes, in their order, it chooses.
    """

    def __init__(self, sweep: Sweep):
        self.classifier = train_judge(sweep).model()

    def __call__(self, rgb: Tensor) -> Tensor:
        """Chances of the classes: (B, 3, H, W) sRGB in [0, 1] to (B, K), each row summing to 1."""
        with torch.inference_mode():
            return self.classifier(chroma_alone(rgb)).softmax(dim=1)


def pairs(sweep: Sweep) -> dict[str, str]:
    """Each autoencoder, and the best GAN of the same generator by validation."""
    return {
        name: sweep.best(gan for gan in GANS if gan.startswith(f"{name}-")) for name in AUTOENCODERS
    }


def judge_colors(
    predictor: Predictor | None,
    images: ImageSet,
    size: int,
    judge: ColorJudge,
    distance: FeatureDistance,
) -> pd.DataFrame:
    """Let both judges look at a network's pictures, or at the photographs themselves.

    Args:
        predictor: gray to a*, b*; None shows the true colors.
        images: of the judge's classes.
        size: side of the crops.
        judge: of chroma alone.
        distance: of features.

    Returns:
        A row an image: `chance` of the right scene, whether it is `recognized`, and the `distance`
        of features from the photograph's.
    """
    rows = []
    for batch in batches(images, size):
        true = lab_to_rgb(batch.lab)
        found = true if predictor is None else join(batch.lab[:, :1], predictor(batch.gray))
        chances = judge(found)
        with torch.inference_mode():
            apart = distance(found, true)
        columns = {
            "chance": chances[torch.arange(len(found)), batch.labels],
            "recognized": (chances.argmax(dim=1) == batch.labels).float(),
            "distance": apart,
        }
        rows.append(pd.DataFrame({name: value.numpy() for name, value in columns.items()}))
    return pd.concat(rows, ignore_index=True)


def disagreements(
    pairs: dict[str, str], errors: dict[str, np.ndarray], judged: dict[str, pd.DataFrame]
) -> dict[str, np.ndarray]:
    """Where the error and each judge contradict each other over two networks' pictures.

    Args:
        pairs: the networks, two by two.
        errors: (N,) of each network's pictures.
        judged: of each network, see `judge_colors`.

    Returns:
        (P, N) for each judge: a row a pair, 1 where both prefer clearly, by `LEAST`, and not alike.
    """
    # Distances and errors are compared by their logarithms, so that a share of them counts.
    liking = {"chroma": lambda t: t["chance"], "features": lambda t: -np.log(t["distance"])}
    found = {}
    for name, likes in liking.items():
        rows = []
        for two in pairs.items():
            metric = np.stack([-np.log(errors[each]) for each in two]) / LEAST["error"]
            judge = np.stack([likes(judged[each]) for each in two]) / LEAST[name]
            rows.append(contradictions(metric, judge))
        found[name] = np.stack(rows)
    return found


def contradictions(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Where one judge clearly prefers one of two pictures, and another clearly the other.

    Args:
        first, second: (2, N) what each judge thinks of both pictures, larger is better; a
            difference of 1 or more is clear.

    Returns:
        (N,) 1 where they contradict each other, else 0.
    """
    one, other = first[0] - first[1], second[0] - second[1]  # positive: the first picture
    return ((one * other < 0) & (np.abs(one) >= 1) & (np.abs(other) >= 1)).astype(float)
