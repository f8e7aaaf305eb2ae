"""How the models in the box are made: trained, measured on images no training saw, and kept.

`colorkit pretrain NAME --data DIR` does it anew. DIR holds data sets side by side, each with splits
of its own. A data set's test images are measured; where it has none, its validation images are, and
then they do not help to choose the best epoch either.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch

from colorkit.course.networks import Course
from colorkit.models import pretrained
from colorkit.models.hintnet import HintUNet
from colorkit.models.weights import load_weights
from colorkit.studies.comparison import choosing, curriculum
from colorkit.studies.comparison.realism import distances
from colorkit.studies.comparison.scoring import Scores, measure, measure_hints, with_interval
from colorkit.studies.comparison.terms import USES, describe_terms
from colorkit.studies.hints.training import HintsColorizer, HintsRecipe
from colorkit.studies.nir.painters import LIMITS, evaluate_pairs, viewer
from colorkit.studies.nir.study import NirStudy
from colorkit.studies.nir.ways import BOX, KNOWING
from colorkit.system.errors import ColorkitError
from colorkit.training.imagenet import lite2_features
from colorkit.training.photo_sets import Photographs

Score = Callable[[torch.nn.Module, dict[str, list[Path]], dict], Scores]
HINTED = HintsRecipe(
    epochs=8, learning_rate=1e-3, encoder_rate=0.5, vividness=2.5, aged=0.2, silent=0.25
)
BEGUN = "encoder: EfficientNet-Lite2, trained on ImageNet's labels (Apache License 2.0)"
# What whoever reads the scores of `faithful`, `vivid` and `nir` should know of them.
SEEN = (
    "the method was changed after test numbers of an earlier model of this name had been seen; the "
    "scores are of pictures that no training saw, but not of pictures that decided nothing"
)
# The working sizes among which the box's network for near infrared chooses.
VIEWS = ([96], [64, 96], [96, 128], [64, 96, 128], [96, 128, 160], [64, 96, 128, 160])
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


def colornet(data: str) -> Path:
    """Make the paper's network, at half width."""
    photographs = Photographs(data)
    return keep(
        photographs,
        curriculum.colornet(photographs),
        "colornet",
        "the network of Iizuka et al. 2016, at half width",
        "colors are restrained; its global features may tint a whole picture",
    )


def faithful(data: str) -> Path:
    """Make the model of the lowest color error at which few photographs turn brown.

    It is the network of `vivid`, which raises the chroma only as far as `choosing.few_brown` asks.
    """
    photographs = Photographs(data)
    return keep(
        photographs,
        curriculum.vivid(photographs),
        "faithful",
        "lowest color error: true to the photograph where it can know, restrained elsewhere",
        "dyed, painted and printed things, whose color the gray does not tell, stay dull or brown",
        level=choosing.few_brown,
        begun=BEGUN,
        seen=SEEN,
    )


def vivid(data: str) -> Path:
    """Make the model that colors as strongly as `choosing.bold` allows."""
    photographs = Photographs(data)
    return keep(
        photographs,
        curriculum.vivid(photographs),
        "vivid",
        "as strong as colors are expected to be: livelier than faithful, and oftener wrong",
        "where the gray does not tell a color it takes a likely one, as strong as if it knew",
        level=choosing.bold,
        begun=BEGUN,
        seen=SEEN,
    )


def larger_pairs(data: str) -> NirStudy:
    """The course's study of near infrared on photographs, on larger pictures than its own."""
    course = Course("photos", 0, data)
    pairs = replace(course.profile.nir, size=96, stored=112)
    course.profile = replace(course.profile, nir=pairs)
    return NirStudy(course)


def nir(data: str) -> Path:
    """Make the model that colorizes near infrared: the best of the course's chapters on it.

    It sees larger pictures than the chapters' networks do, and all photographs of their classes.
    """
    study = larger_pairs(data)
    best, known = _best_views(study, "efficient"), pretrained.card(BOX)
    run = study.final("efficient-whole")
    models = study.models("efficient-whole")
    tested = study.measure([viewer(model, best) for model in models])
    scores = {
        metric: with_interval(tested[metric].to_numpy())
        for metric in ("psnr", "ssim", "angular_error", "delta_e")
    }
    itself = study.measure(LIMITS["near infrared itself, gray"])
    scores["psnr_gain"] = with_interval((tested["psnr"] - itself["psnr"]).to_numpy())
    return pretrained.keep(
        run.weights,
        "nir",
        "for near-infrared photographs: their luminance and color as they might have been",
        size=best[-1],
        views=best,
        scores={f"{len(tested)} pairs, cross-validated": scores},
        failures="skies may stay dark, pigments that near infrared does not show come out gray",
        licence=LICENCE,
        terms=f"{describe_terms([study.nir.root])}; and, by way of {BOX}, {known['terms']}",
        uses=USES,
        begun=f"the box's {BOX} ({known['begun']}), then photographs through drawn filters",
        seen=SEEN,
    )


def _best_views(study: NirStudy, way: str) -> list[int]:
    """Choose what a network is shown by each fold's validation pairs, as the training weighs them.

    For it a decibel of the picture counts as much as a degree of its colors, see `KNOWING`.
    """

    def found(views: list[int]) -> float:
        tables = [
            evaluate_pairs(viewer(model, views), study.fold(k).val, study.size)
            for k, model in enumerate(study.models(way))
        ]
        means = pd.concat(tables)[["psnr", "angular_error"]].mean()
        return KNOWING["fidelity"] * means["psnr"] - KNOWING["angle"] * means["angular_error"]

    return max(VIEWS, key=found)


def hints(data: str) -> Path:
    """Make the model that takes the colors of points, and measure it with more and more of them."""
    photographs = Photographs(data)
    start = curriculum.mean_color(photographs)
    run = photographs.fit("hints", HINTED, 96, start, HintUNet, HintsColorizer, balanced=True)
    return keep(
        photographs,
        run.weights,
        "hints",
        "takes hints: spreads colors given at points, colorizes by itself without",
        "a hint may spill over edges that the gray shows weakly; an absurd color is taken as given",
        score=measure_hints,
        begun=BEGUN,
    )


MODELS: dict[str, Callable[[str], Path]] = {
    "faithful": faithful,
    "vivid": vivid,
    "colornet": colornet,
    "hints": hints,
    "nir": nir,
}


def keep(
    photographs: Photographs,
    weights: Path,
    name: str,
    description: str,
    failures: str,
    *,
    level: Callable[[Callable[[float], Scores]], float] | None = None,
    score: Score | None = None,
    **more: str,
) -> Path:
    """Choose a network's settings on validation images, measure it, and put it into the box.

    Args:
        photographs, weights: data and the trained network's file.
        name, description, failures: for the box and the card.
        level: chooses the vividness of a network that has one, see `choosing.few_brown`.
        score: measures on images that no training saw; `measure` by default.
        **more: added to the card.

    Returns:
        The file in the box.
    """
    network, _ = load_weights(weights)
    few, raised = choosing.few(photographs), network
    look = choosing.best_look(network.at(0.0) if level else network, few)
    if level:
        vividness = level(lambda v: measure(network.at(v), few, look, old_prints=False))
        raised = network.at(vividness)
    card = look | {"gray": "weighted"}
    files = photographs.measured
    scores = (score or measure)(raised, files, card, groups=photographs.groups)
    return pretrained.keep(
        weights,
        name,
        description,
        raised,
        classes=[],
        **card,
        scores=scores,
        frechet_distance=distances(raised, files, card, lite2_features()),
        failures=failures,
        licence=LICENCE,
        terms=describe_terms(photographs.measured),
        uses=USES,
        **more,
    )
