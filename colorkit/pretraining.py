"""How the models in the box are made: trained, measured on images no training saw, and kept.

`colorkit pretrain NAME --data DIR` does it anew. DIR holds data sets side by side, each with splits
of its own. A data set's test images are measured; where it has none, its validation images are, and
then they do not help to choose the best epoch either.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from colorkit import pretrained
from colorkit.colorizing import paint, predict_planes, to_gray
from colorkit.course import Course
from colorkit.data.collection import Collection, ImageSet, collect
from colorkit.data.folders import Entry, list_images
from colorkit.errors import ColorkitError
from colorkit.faithful import FaithfulColorizer, FaithfulRecipe
from colorkit.images import read_image
from colorkit.intervals import bootstrap_interval
from colorkit.metrics import colorfulness, psnr, sepia
from colorkit.models import ResNetUNet
from colorkit.models.weights import load_weights
from colorkit.nir_study import NirStudy
from colorkit.profiles import project_root
from colorkit.training import Run, fit

STORED = 160  # side of the decoded squares
LICENCE = "MIT, as the code; the photographs it learned from stay their owners'"


def pretrain(name: str, data: str) -> Path:
    """Train a model of the box, or find its training, measure it, and put it into the box.

    Args:
        name: one of `MODELS`.
        data: folder of the data sets.

    Returns:
        The file in the box.

    Raises:
        ColorkitError: unknown name, or data that do not serve.
    """
    if name not in MODELS:
        raise ColorkitError(f"no model {name!r} is made here; choose one of {', '.join(MODELS)}")
    return MODELS[name](data)


def faithful(data: str) -> Path:
    """Make the model of the lowest color error (see `colorkit.faithful`)."""
    photographs = Photographs(data)
    run = photographs.fit("faithful", FaithfulRecipe(epochs=10, learning_rate=1.5e-3), size=96)
    network, _ = load_weights(run.weights)
    size = 112
    return pretrained.keep(
        run.weights,
        "faithful",
        "lowest color error: true to the photograph where it can know, restrained elsewhere",
        classes=[],
        size=size,
        scores=measure(network, photographs.measured, size),
        failures="indoor scenes and man-made things, whose color the gray does not tell, stay dull",
        licence=LICENCE,
    )


def nir(data: str) -> Path:
    """Make the model that colorizes near infrared: the best of the course's chapter on it."""
    study = NirStudy(Course("photos", 0, data))
    run = study.final("resnet")
    tested = study.measure(study.models("resnet"))
    scores = {
        metric: _with_interval(tested[metric].to_numpy())
        for metric in ("psnr", "ssim", "angular_error", "delta_e")
    }
    return pretrained.keep(
        run.weights,
        "nir",
        "for near-infrared photographs: their luminance and color as they might have been",
        scores={f"{len(tested)} pairs, cross-validated": scores},
        failures="skies may stay dark, pigments that near infrared does not show come out gray",
        licence=LICENCE,
    )


MODELS: dict[str, Callable[[str], Path]] = {"faithful": faithful, "nir": nir}


class Photographs:
    """All photographs below a folder, split without leaks; pairs with near infrared are left out.

    Attributes:
        measured: the files of each data set that no training sees.
    """

    def __init__(self, data: str):
        sets: dict[str, list[Entry]] = {}
        for entry in list_images(data):
            sets.setdefault(entry.name.split("/")[0], []).append(entry)
        # A data set without splits has no images that are safely unseen.
        sets = {n: es for n, es in sets.items() if {"train"} < {e.split for e in es}}
        if not sets:
            raise ColorkitError(f"{data} holds no data set with training and test images")
        tested = {
            n: "test" if any(e.split == "test" for e in es) else "val" for n, es in sets.items()
        }
        self.measured = {n: [e.path for e in es if e.split == tested[n]] for n, es in sets.items()}
        entries = [e for es in sets.values() for e in es]
        self.names = ", ".join(sets)
        self.classes = sorted({e.label for e in entries})
        # A class named like its data set is none: those photographs are not sorted by scene.
        self.unlabelled = next((c for c in self.classes if c in sets), "")
        self.validated = [c for c in self.classes if tested[c.split("/")[0]] == "test"]
        self.root = project_root()
        self.collection: Collection = collect(
            entries, STORED, self.root / "data" / "cache", source="photographs"
        )

    def fit(self, name: str, recipe: FaithfulRecipe, size: int, start: Path | None = None) -> Run:
        """Train a ResNet U-Net on the training images."""
        train = self.collection.subset(self.classes, "train")
        val = self._relabelled(self.collection.subset(self.validated, "val"))
        return fit(
            name,
            lambda: ResNetUNet(len(self.classes)),
            replace(recipe, unlabelled=self.unlabelled),
            train,
            val,
            size=size,
            seed=0,
            folder=self.root / "runs" / "box",
            data=f"training images of {self.names}: {len(train)} photographs",
            fingerprint=self.collection.fingerprint,
            start=start,
            module=FaithfulColorizer,
        )

    def _relabelled(self, images: ImageSet) -> ImageSet:
        """Count a subset's labels among all classes."""
        other = images.take(range(len(images)))
        place = [self.classes.index(name) for name in images.classes]
        other.labels, other.classes = torch.tensor(place)[images.labels], self.classes
        return other


def measure(network: torch.nn.Module, files: dict[str, list[Path]], size: int) -> dict[str, dict]:
    """Colorize whole photographs and compare them with the truth.

    Args:
        network: gray to chroma.
        files: photographs of each data set.
        size: working size, see `colorkit.colorizing.working_size`.

    Returns:
        For each data set `images`; `psnr_gain`, in dB over the gray picture, with its interval;
        `colorfulness_ratio`, the median of predicted over true M1; `sepia`, a share.
    """
    card = {"size": size, "gray": "weighted"}
    scores = {}
    for name, paths in files.items():
        gains, ratios, brown = [], [], []
        for path in paths:
            rgb = read_image(path)
            pictures = (rgb, paint(rgb, predict_planes(network, card, rgb)), to_gray(rgb))
            true, found, gray = (
                torch.from_numpy(np.array(p)).permute(2, 0, 1)[None] / 255 for p in pictures
            )
            gains.append((psnr(found, true) - psnr(gray, true)).item())
            ratios.append((colorfulness(found) / colorfulness(true)).item())
            brown.append(sepia(found, true).item())
        scores[name] = {
            "images": len(paths),
            "psnr_gain": _with_interval(np.array(gains)),
            "colorfulness_ratio": round(float(np.median(ratios)), 3),
            "sepia": round(float(np.mean(brown)), 3),
        }
    return scores


def _with_interval(values: np.ndarray) -> list[float]:
    """Mean, and the ends of its 95 % interval over images."""
    return [round(float(x), 3) for x in (values.mean(), *bootstrap_interval(values))]
