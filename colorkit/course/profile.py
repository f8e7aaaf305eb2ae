"""Profiles: one YAML file says on what data and at what scale the whole course runs.

A profile is a dataclass. An unknown key, a wrong type or a folder that does not exist is refused
before anything starts, by one sentence that names the key. With `extends: photos` a file says only
what it changes of another profile.
"""

import json
from dataclasses import field, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from colorkit.course.profile_files import find_profile, read_profile
from colorkit.course.scales import (
    TORCHVISION,
    Ablations,
    CoColor,
    ColorMamba,
    Gans,
    Instances,
    Later,
    Nir,
    Scale,
    Superclasses,
)
from colorkit.models.colornet import ColorNetConfig
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root, working_folder
from colorkit.training.recipe import STRICT, Count, CountOrZero, Recipe


@dataclass(frozen=True, config=STRICT)
class Data:
    """Where the images come from.

    Attributes:
        source: `scenes` (procedural, no files), `folders` (photographs), `shards` (what
            `colorkit shards` wrote) or `places365`.
        what: the images in words, for captions and tables.
        root: folder of the photographs, relative to the project; `--data` replaces it.
        size: side of the images the networks see, in pixels.
        stored: side of the decoded squares that crops are cut from.
        train, val, test: scenes a class (`scenes` only).
        split_seed: seed of the split where folders name none.
    """

    source: Literal["scenes", "folders", "shards", "places365"]
    what: str
    size: Count
    stored: Count
    root: str = ""
    train: Count = 40
    val: Count = 8
    test: Count = 8
    split_seed: int = 0


@dataclass(frozen=True, config=STRICT)
class Network:
    """One named training of the course.

    Attributes:
        classes: its scene classes, at least two.
        epochs: passes over the images; 0 takes the recipe's.
        limit: most training images a class; 0 takes all.
        start: the network whose best weights it starts from; empty for none.
    """

    classes: Annotated[list[str], Field(min_length=2)]
    epochs: CountOrZero = 0
    limit: CountOrZero = 0
    start: str = ""


@dataclass(frozen=True, config=STRICT)
class Profile:
    """All that a run of the course depends on.

    Attributes:
        name: of the profile.
        data, recipe: see there; model: see `colorkit.models.colornet.ColorNetConfig`.
        networks: `vegenet`, `outnet`, `mcolornet`, by name.
        seeds: trainings of each network whose spread gives intervals over seeds.
        test_limit: most test images a class in measurements; 0 takes all.
        start_seeds: trainings whose first epoch is compared, where more than `seeds`.
        long: scale of the trainings of VégéNet that go on far beyond their best epoch.
        superclasses: scale of the trainings on few classes; see there.
        colorfulness, decolorization: scales of the studies of that loss and of other grays.
        ablations: scale of the ablations, the most trainings of the course; see there.
        nir: pairs of color and near infrared; none leaves their chapter out.
        cocolor, colormamba: scales of the chapters of these names, which need `nir`; none leaves
            them out.
        gans: scale of the autoencoders and conditional GANs; none leaves their chapter out.
        later: scale of the ideas left for later; none leaves their chapter out.
        instances: scale of the networks that color things one by one; none leaves them out.
    """

    name: str
    data: Data
    networks: dict[str, Network]
    model: ColorNetConfig = field(default_factory=ColorNetConfig)
    recipe: Recipe = field(default_factory=Recipe)
    seeds: Count = 3
    test_limit: CountOrZero = 0
    start_seeds: CountOrZero = 0
    long: Scale = field(default_factory=Scale)
    superclasses: Superclasses = field(default_factory=Superclasses)
    colorfulness: Scale = field(default_factory=Scale)
    decolorization: Scale = field(default_factory=Scale)
    ablations: Ablations = field(default_factory=Ablations)
    nir: Nir | None = None
    gans: Gans | None = None
    cocolor: CoColor | None = None
    colormamba: ColorMamba | None = None
    later: Later | None = None
    instances: Instances | None = None

    def recipe_of(self, network: str) -> Recipe:
        """The recipe with the network's own number of epochs."""
        epochs = self.networks[network].epochs
        return replace(self.recipe, epochs=epochs) if epochs else self.recipe

    def classes(self) -> list[str]:
        """Every class any network names, sorted."""
        return sorted({name for network in self.networks.values() for name in network.classes})


def load_profile(name: str, data: str = "") -> Profile:
    """Read and check a profile.

    Args:
        name: `smoke`, `photos`, `paper`, `places365`, or the path of a YAML file.
        data: folder of photographs that replaces the profile's own.

    Raises:
        ColorkitError: no such profile (the known ones are listed), an unknown key, a wrong type,
            profiles that extend each other in a circle, or a folder that does not exist.
    """
    path = find_profile(name)
    content = read_profile(path)
    try:
        profile = TypeAdapter(Profile).validate_json(json.dumps(content, default=str))
    except ValidationError as error:
        raise ColorkitError(f"{path}: {_first_fault(error)}") from error
    return _check(replace(profile, data=_with_root(profile.data, data)), path)


def _with_root(data: Data, override: str) -> Data:
    """Make the data folder absolute; `--data` counts from the caller's folder."""
    if override and data.source == "scenes":
        raise ColorkitError(
            f"--data {override} has no use: this profile draws its own scenes; choose --profile "
            "photos or leave --data out"
        )
    if override:
        root = Path(override).expanduser().resolve()
        source = "shards" if (root / "shards.json").is_file() else data.source
        return replace(data, source=source, root=str(root))
    return replace(data, root=str((working_folder() / data.root).resolve())) if data.root else data


def _check(profile: Profile, path: Path) -> Profile:
    data = profile.data
    for name, each in vars(profile).items():
        if hasattr(each, "stored") and (each.stored or data.stored) < (each.size or data.size):
            raise ColorkitError(f"{path}: {name}.stored must be at least {name}.size; enlarge it")
    if profile.nir:
        _check_nir(profile.nir, profile.data, path)
    for name in ("cocolor", "colormamba"):
        if getattr(profile, name) and not profile.nir:
            raise ColorkitError(f"{path}: {name} learns from pairs, so nir is missing; add it")
    if profile.gans:
        _check_gans(profile.gans, profile, path)
    if profile.later:
        _check_later(profile.later, profile, path)
    if profile.instances:
        profile = replace(profile, instances=_check_instances(profile.instances, profile, path))
    for name, network in profile.networks.items():
        if network.start and network.start not in profile.networks:
            raise ColorkitError(
                f"{path}: networks.{name}.start names {network.start!r}, which is not among "
                f"{', '.join(profile.networks)}; correct it"
            )
    _refuse_circles(profile, path)
    root = profile.data.root
    if profile.data.source in ("folders", "shards") and not (root and Path(root).is_dir()):
        raise ColorkitError(
            f"{root or 'data.root'} is not a folder; give the photographs with "
            f"--data DIR or set data.root in {path}"
        )
    return profile


def _check_nir(nir: Nir, data: Data, path: Path) -> None:
    """Check what no single key tells. The folder may be missing: only one chapter needs it."""
    if nir.folds > nir.of:
        raise ColorkitError(f"{path}: nir.folds must be at most nir.of, {nir.of}; lower it")
    if nir.root and data.source == "scenes":
        raise ColorkitError(f"{path}: nir.root counts from data.root, which scenes lack; empty it")
    if not nir.root and len(set(nir.classes)) < 2:
        raise ColorkitError(f"{path}: nir needs a root, or two classes or more; add them")


def _check_gans(gans: Gans, profile: Profile, path: Path) -> None:
    size = gans.size or profile.data.size
    if size < 64 or size % 8:  # eight tiles a side, each halved three times
        raise ColorkitError(
            f"{path}: gans.size must be 64 or more and a multiple of 8, not {size}; correct it"
        )
    if len(set(gans.portraits)) == 1:  # the networks need two, as everywhere
        raise ColorkitError(f"{path}: gans.portraits needs two classes or none; add one")
    if strange := set(gans.classes) - set(profile.classes()):
        raise ColorkitError(
            f"{path}: gans.classes has {sorted(strange)[0]}, which no network of the profile has; "
            "leave it out or add it to one"
        )


def _check_later(later: Later, profile: Profile, path: Path) -> None:
    size = later.size or profile.data.size
    if size < 32 or size % 16:  # a quarter of it is halved and judged
        raise ColorkitError(
            f"{path}: later needs a size of 32 or more that 16 divides, not {size}; correct "
            "later.size or data.size, or leave later out"
        )
    if both := set(later.gray) & set(later.colors):
        raise ColorkitError(
            f"{path}: later.gray and later.colors both have {sorted(both)[0]}; take it out of one"
        )
    if strange := {*later.classes, *later.gray, *later.colors} - set(profile.classes()):
        raise ColorkitError(
            f"{path}: later has {sorted(strange)[0]}, which no network of the profile has; leave "
            "it out or add it to one"
        )


def _check_instances(instances: Instances, profile: Profile, path: Path) -> Instances:
    """Check what no single key tells, and give the detector's file absolutely."""
    if set(instances.epochs) != {"full", "crops", "fusion"}:
        raise ColorkitError(
            f"{path}: instances.epochs has {', '.join(instances.epochs)}; it needs full, crops and "
            "fusion"
        )
    if instances.detector in ("", TORCHVISION):
        return instances
    return replace(instances, detector=str((project_root() / instances.detector).resolve()))


def _refuse_circles(profile: Profile, path: Path) -> None:
    for name in profile.networks:
        chain = [name]
        while start := profile.networks[chain[-1]].start:
            if start in chain:
                raise ColorkitError(
                    f"{path}: networks.{chain[-1]}.start leads back to {start}; leave one empty"
                )
            chain.append(start)


def _first_fault(error: ValidationError) -> str:
    """Say the first fault with its key, in words."""
    fault = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in fault["loc"]) or "the file"
    if fault["type"] == "unexpected_keyword_argument":
        return f"unknown key {key}; remove it or correct its spelling"
    if fault["type"] == "missing":
        return f"key {key} is missing; add it"
    if fault["type"] == "value_error":  # of a dataclass that checks itself, and begins with the key
        return f"{key}.{fault['ctx']['error']}; correct it"
    return f"{key}: {fault['msg'][0].lower()}{fault['msg'][1:]}, not {fault['input']!r}; correct it"
