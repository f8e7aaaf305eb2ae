"""How CoColor is trained: part by part, then all together.

The paper trains its parts first and tunes them together afterwards, held to agree in pixels and
features. What is minimized at each stage, and with which weights, is our design, and wherever a
picture is colored it is what chapter 11's best way minimizes, so that the ways can be compared.
"""

from typing import Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from colorkit.data.batches import NirBatch
from colorkit.imaging.color import decolorize, lab_to_rgb
from colorkit.models.cocolor import CoColor, Colored, translate
from colorkit.studies.nir.training import NirColorizer, NirLoss, NirRecipe, Weight, nir_loss
from colorkit.training.recipe import STRICT

STAGES = ("gray", "domains", "pseudo", "joint")


@dataclass(frozen=True, config=STRICT)
class CoColorRecipe(NirRecipe):
    """How a stage of CoColor is trained.

    Attributes:
        stage: `gray`, its colorizer of gray pictures alone, on color photographs; `domains`, both
            colorizers and both translators on pairs, each for itself; `pseudo`, the colorizer of
            near infrared on photographs that have been translated to near infrared; `joint`, all
            together on pairs.
        translation: let the joint stage use the translators; without, it trains the colorizer of
            near infrared alone, as long.
        consistency: weight of the difference between the two ways' colors; features: of that
            between the planes these are read from.
        round_trip: weight of what a translation there and back changes.
    """

    stage: Literal["gray", "domains", "pseudo", "joint"] = "joint"
    translation: bool = True
    consistency: Weight = 0.5
    features: Weight = 0.1
    round_trip: Weight = 0.5


class CoColorColorizer(NirColorizer):
    """One stage of CoColor's training; `val_color` is of what the stage is for."""

    def training_step(self, batch: NirBatch, batch_index: int):
        """One step, in which a translator that is only made use of stays as it is."""
        if self.recipe.stage == "pseudo":
            self.model.to_nir.eval()  # else its statistics would become those of photographs
        return super().training_step(batch, batch_index)

    def _loss(self, batch: NirBatch):
        return stage_loss(self.model, batch, self.recipe), None


def stage_loss(model: CoColor, batch: NirBatch, recipe: CoColorRecipe) -> NirLoss:
    """Take the loss of one stage.

    Args:
        model: the network.
        batch: pairs; of photographs the near-infrared half is not looked at.
        recipe: names the stage, and gives the weights.

    Returns:
        Its parts; all but `total` are those of the picture that the stage is for.
    """
    gray = decolorize(lab_to_rgb(batch.lab))
    as_gray = batch._replace(nir=gray)  # the same scene as the other domain shows it
    if recipe.stage == "gray":
        return _keeping(model.color_gray(gray), as_gray, recipe)
    if recipe.stage == "domains":
        main = _painting(model.color_nir(batch.nir).lab, batch, recipe)
        other = _keeping(model.color_gray(gray), as_gray, recipe)
        moved = translation_loss(model, batch.nir, gray, recipe.round_trip)
        return main._replace(total=main.total + other.total + moved)
    if recipe.stage == "pseudo":
        with torch.no_grad():
            pretended = translate(model.to_nir, gray)
        return _painting(model.color_nir(pretended).lab, batch._replace(nir=pretended), recipe)
    if not recipe.translation:
        return _painting(model.color_nir(batch.nir).lab, batch, recipe)
    return _joint(model, batch, as_gray, recipe)


def translation_loss(model: CoColor, nir: Tensor, gray: Tensor, round_trip: float) -> Tensor:
    """Absolute errors of both translations and of their edges, and of a journey there and back.

    Args:
        model: the network.
        nir, gray: (B, 1, H, W) in [0, 1], of the same scenes.
        round_trip: weight of the journeys.
    """
    total = nir.new_zeros(())
    ways = (model.to_gray, model.to_nir, nir, gray), (model.to_nir, model.to_gray, gray, nir)
    for there, back, plane, wanted in ways:
        found = translate(there, plane)
        total = total + _apart(found, wanted) + round_trip * _apart(translate(back, found), plane)
        total = total + sum(_apart(found.diff(dim=d), wanted.diff(dim=d)) for d in (-1, -2))
    return total


def _joint(model: CoColor, batch: NirBatch, as_gray: NirBatch, recipe: CoColorRecipe) -> NirLoss:
    """Four ways to the same colors, held together, and the mixture of those from near infrared."""
    paths = model.paths(batch.nir)
    pretended = translate(model.to_nir, as_gray.nir)
    home, away = model.color_gray(as_gray.nir), model.color_nir(pretended)
    main = _painting(paths.lab, batch, recipe)
    total = main.total + _painting(paths.nir.lab, batch, recipe).total
    total = total + _painting(paths.gray.lab, batch._replace(nir=paths.translated), recipe).total
    total = total + _keeping(home, as_gray, recipe).total
    total = total + _painting(away.lab, batch._replace(nir=pretended), recipe).total
    for one, other in ((paths.nir, paths.gray), (home, away)):
        total = total + recipe.consistency * _apart(one.lab, other.lab)
        total = total + recipe.features * _apart(one.features.float(), other.features.float())
    return main._replace(total=total)


def _keeping(found: Colored, batch: NirBatch, recipe: NirRecipe) -> NirLoss:
    """The loss of a picture that keeps its lightness: of its chroma alone."""
    return nir_loss(None, found.lab[:, 1:], None, batch, recipe)


def _painting(lab: Tensor, batch: NirBatch, recipe: NirRecipe) -> NirLoss:
    """The loss of a picture whose lightness is painted too."""
    return nir_loss(lab[:, :1], lab[:, 1:], None, batch, recipe)


def _apart(found: Tensor, wanted: Tensor) -> Tensor:
    return (found - wanted).abs().mean()
