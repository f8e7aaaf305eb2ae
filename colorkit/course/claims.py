"""The claims of the documents, and the one rule that turns measurements into verdicts.

`claims.yaml` holds every claim and, written down before any number is made, what is measured of it,
in which unit, and which effect would be too small to matter. A measured effect has an interval; it
and the margin give one of four verdicts:

- *negligible*: the whole interval lies within the margin around zero (Schuirmann's two one-sided
  tests, J. Pharmacokinetics and Biopharmaceutics 15, 1987). There is nothing of any size;
- *supported* or *not supported*: the interval lies on one side of zero;
- *undecided*: it does neither, or the network that the claim speaks of has learned too little.

A claim of several parts has one verdict besides, see `colorkit.course.judgement`.
"""

import json
import math
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import Field, TypeAdapter, ValidationError
from pydantic import dataclasses as checked

from colorkit.course.estimates import Estimate
from colorkit.system.errors import ColorkitError
from colorkit.training.recipe import STRICT

SUPPORTED, NOT_SUPPORTED = "supported", "not supported"
NEGLIGIBLE, UNDECIDED = "negligible", "undecided"
VERDICTS = (SUPPORTED, NOT_SUPPORTED, NEGLIGIBLE, UNDECIDED)
TOO_LITTLE = "the network has learned too little to tell"
ONE_TRAINING = "one training does not tell what the next would give"
NO_LUCK = "nothing varied, so that the luck in it is not known"
REGISTRY = Path(__file__).with_suffix(".yaml")
T = TypeVar("T")


@checked.dataclass(frozen=True, config=STRICT)
class Part:
    """One thing that is measured of a claim.

    Attributes:
        measure: the effect, in words.
        margin: the smallest effect that would matter, in the effect's unit. Only an exact part,
            which counts exceptions, has none.
        says: what the claim says of the effect: `more`, that it is positive; `changes`, that there
            is one; `same`, that there is none beyond the margin; `at most`, that it is no larger
            than the margin.
        over: what the effect is measured over. One that compares `trainings` needs several of
            them; one over `images` speaks of images alone, or of one network in the box; `exact`
            holds without exceptions or not at all.
        unit: of the effect.
        gated: the part says what a trained network does to pictures, and a network that is no
            better than gray does nothing worth a verdict.
    """

    measure: str
    margin: Annotated[float, Field(gt=0)] | None = None
    says: Literal["more", "changes", "same", "at most"] = "more"
    over: Literal["trainings", "images", "exact"] = "trainings"
    unit: str = ""
    gated: bool = False


@checked.dataclass(frozen=True, config=STRICT)
class Claim:
    """A sentence of a document, restated so that it can be measured."""

    text: str
    parts: dict[str, Part] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One measurement of a part of a claim.

    Attributes:
        id, text: of the claim; part: which of its parts; variant: which network, channel or
            region, where the part is measured for several.
        measure, unit, says, margin: see `Part`.
        value: the effect; low, high: its 95 % interval, None where it is exact or not known.
        errors: see `colorkit.course.estimates.Estimate`.
        n: how many `of` (images, seeds, folds) it was measured on; images: how many images each of
            several trainings was measured on, or all together; 0 where that says nothing more.
        classes: over how many classes the mean was taken; 0 for a plain mean.
        data: which data.
        verdict: by the rule of this module; why: a reason that stands above the rule.
    """

    id: str
    part: str
    variant: str
    text: str
    measure: str
    unit: str
    says: str
    margin: float | None
    value: float | None
    low: float | None
    high: float | None
    errors: tuple[tuple[float, float], ...]
    n: int
    of: str
    images: int
    classes: int
    data: str
    verdict: str
    why: str = ""

    @property
    def name(self) -> str:
        """Id, part and variant."""
        return f"{self.id} {', '.join(filter(None, (self.part, self.variant)))}".strip()

    @property
    def counted(self) -> str:
        """On how much it was measured: `3 seeds × 175 images`."""
        text = f"{self.n} {self.of.removesuffix('s') if self.n == 1 else self.of}"
        text += f" × {self.images} images" if self.images else ""
        return text + (f", mean over {self.classes} classes" if self.classes else "")

    @property
    def estimate(self) -> Estimate:
        """The effect as it was estimated."""
        value = math.nan if self.value is None else self.value
        return Estimate(value, tuple(tuple(error) for error in self.errors))


@cache
def known_claims() -> dict[str, Claim]:
    """All claims by id, in the order of the documents.

    R is the French report, P the French poster, C the Russian report, H the Romanian slides, L the
    English slides; Z is Zhang et al. 2017; N is what the documents read or left for later.

    Raises:
        ColorkitError: the registry is not as `Claim` and `Part` say, or a part has no margin.
    """
    return read_claims(REGISTRY)


def read_claims(path: Path) -> dict[str, Claim]:
    """Read and check a registry of claims; see `known_claims`."""
    claims = read_registry(path, dict[str, Claim])
    for id, claim in claims.items():
        for name, part in claim.parts.items():
            if (part.margin is None) != (part.over == "exact"):
                wanted = "needs no margin" if part.margin else "has no margin; write one down"
                raise ColorkitError(f"{path}: {id} {name} {wanted}")
    return claims


def read_registry(path: Path, kind: type[T]) -> T:
    """Read a YAML file of this folder as what it must be.

    Raises:
        ColorkitError: it cannot be read, or is something else.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), loader)
        return TypeAdapter(kind).validate_json(json.dumps(content))
    except (OSError, yaml.YAMLError) as error:
        raise ColorkitError(f"{path} cannot be read: {error}; restore it") from error
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = " ".join(str(x) for x in fault["loc"])
        raise ColorkitError(f"{path}: {place}: {fault['msg']}; correct it") from error


def find_part(id: str, part: str) -> Part:
    """The part of a claim.

    Raises:
        ColorkitError: there is no such claim, or it has no such part.
    """
    claims = known_claims()
    if id not in claims:
        raise ColorkitError(f"unknown claim {id!r}; the ids are {', '.join(claims)}")
    if part not in claims[id].parts:
        named = ", ".join(repr(name) for name in claims[id].parts) or "none"
        raise ColorkitError(f"{id} has no part {part!r}; {REGISTRY.name} has {named}")
    return claims[id].parts[part]


def verdict(low: float, high: float, margin: float, says: str = "more") -> str:
    """Apply the rule to an interval; one that does not exist (NaN) leaves the claim undecided."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return UNDECIDED
    within = -margin < low and high < margin
    if says == "same":
        outside = low > margin or high < -margin
        return SUPPORTED if within else NOT_SUPPORTED if outside else UNDECIDED
    if says == "at most":
        return SUPPORTED if high < margin else NOT_SUPPORTED if low > margin else UNDECIDED
    if within:
        return NEGLIGIBLE
    if low > 0 or (high < 0 and says == "changes"):
        return SUPPORTED
    return NOT_SUPPORTED if high < 0 else UNDECIDED


def finding(
    id: str,
    part: str,
    found: Estimate,
    *,
    of: str,
    data: str,
    variant: str = "",
    why: str = "",
) -> Finding:
    """Turn a measured effect into a finding with its verdict.

    Args:
        id, part: of the claim, in the registry.
        found: the effect.
        of: what it was measured over: `images`, or trainings in words, such as `seeds`.
        data: which data.
        variant: which network, channel or region.
        why: a reason that leaves it undecided whatever the interval says.

    Raises:
        ColorkitError: unknown claim or part; trainings are compared and there are not several.
    """
    chosen = find_part(id, part)
    name = f"{id} {part}".strip()
    if chosen.over == "exact":
        raise ColorkitError(f"{name} counts exceptions; record it with `Chapter.exact`")
    if chosen.over == "trainings" and found.trainings == 0 and math.isfinite(found.value):
        raise ColorkitError(
            f"{name} compares trainings, and one network decides nothing about trainings; "
            "give a value for each of several seeds"
        )
    if not found.errors and math.isfinite(found.value):
        why = why or (ONE_TRAINING if found.trainings == 1 else NO_LUCK)
    low, high = found.interval()
    judged = UNDECIDED if why else verdict(low, high, chosen.margin, chosen.says)
    trainings = bool(found.trainings)
    return Finding(
        id=id,
        part=part,
        variant=variant,
        text=known_claims()[id].text,
        measure=chosen.measure,
        unit=chosen.unit,
        says=chosen.says,
        margin=chosen.margin,
        value=_plain(found.value),
        low=_plain(low),
        high=_plain(high),
        errors=found.errors,
        n=found.trainings if trainings else found.images,
        of=of,
        images=found.images if trainings else 0,
        classes=found.classes,
        data=data,
        verdict=judged,
        why=why,
    )


def exact_finding(id: str, part: str, exceptions: int, n: int, of: str) -> Finding:
    """Judge a claim that holds without exceptions or not at all: `exceptions` out of `n`.

    Raises:
        ColorkitError: unknown claim or part, or one that is not exact.
    """
    chosen = find_part(id, part)
    if chosen.over != "exact":
        raise ColorkitError(f"{id} {part} is not exact in {REGISTRY.name}; measure it")
    judged = SUPPORTED if exceptions == 0 else NOT_SUPPORTED
    text, count = known_claims()[id].text, float(exceptions)
    common = (id, part, "", text, chosen.measure, chosen.unit, chosen.says, None, count)
    return Finding(*common, None, None, (), int(n), of, 0, 0, "computed", judged)


def read_finding(kept: dict) -> Finding:
    """A finding from the JSON beside a chapter.

    Raises:
        ColorkitError: it lacks what a finding has, or its claim is not in the registry.
    """
    lacking = [f.name for f in fields(Finding) if f.name not in kept]
    if lacking or kept["id"] not in known_claims():
        what = f"lacks {', '.join(lacking)}" if lacking else "is of no known claim"
        raise ColorkitError(
            f"the finding {kept.get('id', '')} {kept.get('part', '')} {what}; "
            "another version of colorkit wrote it: run its chapter again"
        )
    return Finding(**{f.name: kept[f.name] for f in fields(Finding)})


def with_interval(value, low, high, unit: str = "") -> str:
    """`1.23 [1.10, 1.36] dB`; digits follow the interval's width."""
    if value is None or not math.isfinite(value):
        return "not measurable"
    if low is None or not math.isfinite(low):
        return f"{value:.3g} {unit}".rstrip()
    digits = min(max(math.ceil(-math.log10(high - low)) + 1, 0), 6) if high > low else 2
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}] {unit}".rstrip()


def _plain(x: float) -> float | None:
    return float(x) if math.isfinite(x) else None
