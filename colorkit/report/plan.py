"""What a report would train: every training of every chapter, with its minutes on this machine.

A training that several chapters use is listed under the first of them. Where the best of several
decides what comes next, any of them stands for it: it would take as long.
"""

from collections.abc import Callable, Iterable

from colorkit.course.networks import Course
from colorkit.studies import ablations, colorfulness, decolorization, superclasses
from colorkit.studies.cocolor.study import CoColorStudy
from colorkit.studies.colormamba.study import ColorMambaStudy
from colorkit.studies.comparison import color_judge, portraits
from colorkit.studies.gans.configurations import NAMES, NINETEEN, STUDIES
from colorkit.studies.gans.sweep import Sweep
from colorkit.studies.instances.study import InstanceStudy
from colorkit.studies.later.trainings import NAMES as LATER
from colorkit.studies.later.trainings import Trainings
from colorkit.studies.nir.study import NirStudy
from colorkit.studies.nir.ways import KEPT
from colorkit.studies.postprocessing import together
from colorkit.studies.vegenet import trainings
from colorkit.system.errors import ColorkitError
from colorkit.system.processes import elsewhere
from colorkit.training.plan import Planned, planning


def plan_report(
    profile: str, data: str = "", seed: int = 0, only: Iterable[str] = ()
) -> dict[str, list[Planned]]:
    """List the trainings of each chapter that are not done yet.

    Args:
        profile, data, seed: see `colorkit.course.networks.Course`.
        only: starts of names of chapters; all by default.

    Raises:
        ColorkitError: the profile's images cannot be read.
    """
    course = Course(profile, seed, data)
    planned: dict[str, list[Planned]] = {}
    with planning() as plan:
        for chapter, train in CHAPTERS.items():
            if only and not chapter.startswith(tuple(only)):
                continue
            before = len(plan.trainings)
            try:
                train(course)
            except ColorkitError as fault:  # a part of the profile that is not there
                print(f"{chapter}: {fault}")
            planned[chapter] = plan.trainings[before:]
    return planned


def print_plan(planned: dict[str, list[Planned]]) -> None:
    """Print a line a training, a sum a chapter, and the sum of all."""
    for chapter, some in planned.items():
        for each in some:
            size = f"{each.images:7} images x {each.epochs:3}"
            print(f"{chapter:16} {each.name:48} {size} {each.minutes:8.1f} min")
    print()
    _print_sums(planned)


def foretell(profile: str, data: str, seed: int, only: list[str], jobs: int) -> None:
    """Print how long the trainings of some chapters will take, before they begin.

    Args:
        profile, data, seed, only: see `plan_report`.
        jobs: chapters that will run at a time.
    """
    print("How long it will take:", flush=True)
    planned = elsewhere(_plan_or_fault, profile, data, seed, only)
    if isinstance(planned, str):
        print(f"that cannot be told: {planned}", flush=True)
        return
    _print_sums(planned)
    if jobs > 1:
        print(f"{jobs} chapters will run at a time, each on its share of the cores.", flush=True)


def _plan_or_fault(*arguments) -> dict[str, list[Planned]] | str:
    try:
        return plan_report(*arguments)
    except ColorkitError as fault:  # the chapters that it concerns will say so, too
        return str(fault)


def _print_sums(planned: dict[str, list[Planned]]) -> None:
    for chapter, some in planned.items():
        if some:
            minutes = sum(each.minutes for each in some)
            print(f"{chapter:16} {len(some):4} trainings {minutes:8.1f} min")
    everything = [each for some in planned.values() for each in some]
    minutes = sum(each.minutes for each in everything)
    print(f"{'all':16} {len(everything):4} trainings {minutes:8.1f} min, {minutes / 60:.1f} h")
    print(
        "One after the other on this machine, by the time of a few steps of each kind.", flush=True
    )


def _course(*names: str) -> Callable[[Course], None]:
    def train(course: Course) -> None:
        for name in names:
            trainings.train(course, name, first_epoch="OutNet" in name)

    return train


def _colorfulness(course: Course) -> None:
    for options in colorfulness.trainings(course.profile.colorfulness).values():
        course.repeats(**options)


def _decolorization(course: Course) -> None:
    for options in decolorization.trainings(course.profile.decolorization).values():
        course.repeats(**options)


def _ablations(course: Course) -> None:
    study = ablations.Ablations(course)
    for name in ablations.TABLE:
        study.train(name)


def _superclasses(course: Course) -> None:
    listed = superclasses.trainings(course.profile, superclasses.design(course))
    for some in listed.values():
        for options in some:
            course.train(**options)


def _near_infrared(kind: type[NirStudy], *ways: tuple[str, ...]) -> Callable[[Course], None]:
    def train(course: Course) -> None:
        study = kind(course)
        for each in study.trainings(*ways):
            study.fit(each)

    return train


def _sweep(*rows: str) -> Callable[[Course], None]:
    def train(course: Course) -> None:
        sweep = Sweep(course)
        for name in sweep.names(rows):
            sweep.train(name)

    return train


def _comparison(course: Course) -> None:
    sweep = Sweep(course)
    color_judge.train_judge(sweep)
    people = portraits.Portraits(sweep)
    for name in portraits.rows(sweep):
        people.train(name)


def _instances(course: Course) -> None:
    study = InstanceStudy(course)
    for each in study.trainings():
        study.train(*each)


def _later(course: Course) -> None:
    study = Trainings(course)
    for name in LATER:
        study.repeats(name)


CHAPTERS: dict[str, Callable[[Course], None]] = {
    "02_vegenet": _course("VégéNet", "VégéNet, long", "OutNet"),
    "03_outnet": _course("OutNet, fresh start"),
    "04_mcolornet": _course("mColorNet"),
    "05_colorfulness": _colorfulness,
    "06_postprocessing": together.train,
    "07_decolorization": _decolorization,
    "08_ablations": _ablations,
    "09_superclasses": _superclasses,
    "10_nir": _near_infrared(NirStudy, KEPT),
    "11_luminance": _near_infrared(NirStudy),
    "13_gans": _sweep(*NINETEEN, *STUDIES),
    "14_encoder": _sweep(*NAMES),
    "15_comparison": _comparison,
    "16_instances": _instances,
    "17_cocolor": _near_infrared(CoColorStudy),
    "18_colormamba": _near_infrared(ColorMambaStudy),
    "19_later": _later,
}
