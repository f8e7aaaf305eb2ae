"""ColorMamba's trainings on the folds of chapter 10, and every near-infrared way in one table."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import pandas as pd

from colorkit.course.networks import Course
from colorkit.models.colormamba import ColorMamba
from colorkit.studies.cocolor.study import JUDGED, STEPS, CoColorStudy, path_painter
from colorkit.studies.colormamba.training import ColorMambaColorizer, ColorMambaRecipe
from colorkit.studies.nir.painters import LIMITS
from colorkit.studies.nir.study import NirStudy, NirTraining
from colorkit.studies.nir.ways import SHARP, WAYS
from colorkit.training.run import Run


@dataclass(frozen=True)
class Variant:
    """One network.

    Attributes:
        title: for tables.
        settings: of `ColorMamba` that differ.
    """

    title: str
    settings: dict = field(default_factory=dict)


VARIANTS = {
    "full": Variant("ColorMamba"),
    "convolution": Variant("convolutions for the scan", {"mixer": "convolution"}),
    "rgb": Variant("without the HSV branch", {"hsv": False}),
    "angle": Variant("hue as an angle", {"hue": "angle"}),
    "unbordered": Variant("without a border", {"border": "none"}),
}
# What a part of the network brings: the control that lacks it alone.
CONTROLS = {"scan": "convolution", "hsv": "rgb", "hue": "angle", "border": "unbordered"}


class ColorMambaStudy(NirStudy):
    """Pairs of a profile, and the networks of chapter 18 trained on them.

    Args:
        course: see `NirStudy`.

    Raises:
        ColorkitError: the profile has no pairs, or no section `colormamba`.
    """

    def __init__(self, course: Course):
        super().__init__(course)
        self.scale = course.section("colormamba", "networks with a selective scan")

    def trainings(self) -> Iterator[NirTraining]:
        """List every training of the chapter."""
        for name in VARIANTS:
            yield from (self.training(name, k) for k in range(self.nir.folds))

    def training(self, name: str, k: int = 0) -> NirTraining:
        """One of `VARIANTS` for fold k."""
        fold, scale = self.fold(k), self.scale
        settings = {"width": scale.width, "state": scale.state, "agents": scale.agents}
        recipe = SHARP | {"epochs": scale.epochs, "batch_size": scale.batch_size}
        return NirTraining(
            way=name,
            name=f"colormamba-{name}-f{k}",
            seed=self.course.seed,
            make=partial(ColorMamba, **settings | VARIANTS[name].settings),
            recipe=ColorMambaRecipe(**recipe, augment=self.nir.augment),
            train=fold.train,
            val=fold.val,
            size=self.size,
            data=self.nir.what,
            fingerprint=fold.fingerprint,
            start="",
        )

    def fit(self, training: NirTraining) -> Run:
        """Make a training, or read it from disk."""
        return self.fit_from(training, None, ColorMambaColorizer)


def all_ways(course: Course) -> dict[str, pd.DataFrame]:
    """Measure every near-infrared way of the course on the same pairs, training what is missing.

    Returns:
        What `NirStudy.measure` gives, by title, a letter for the chapter's way or its name first.
    """
    first = NirStudy(course)
    gray = "near infrared itself, gray"
    found = {gray: first.measure(LIMITS[gray])}
    found |= {way.title: first.measure(first.models(name)) for name, way in WAYS.items()}
    if course.profile.cocolor:
        study = CoColorStudy(course)
        for name in JUDGED:
            step, models = STEPS[name], study.models(name)
            title = step.title if name == "joint" else f"CoColor {step.title}"
            found[title] = study.measure([path_painter(m, step.path) for m in models])
    if course.profile.colormamba:
        study = ColorMambaStudy(course)
        for name, variant in VARIANTS.items():
            title = variant.title if name == "full" else f"ColorMamba, {variant.title}"
            found[title] = study.measure(study.models(name))
    return found
