"""The claims of the documents, and the one rule that turns a measurement into a verdict.

R is the French report, P the French poster, C the Russian report, H the Romanian slides, L the
English slides; Z is Zhang et al. 2017, whose hints the Russian report plans to add. A claim is
restated as an *effect*: a number that is positive if the claim holds. The rule is fixed before any
number is made and is the same for all: an effect whose interval lies above zero is supported, one
whose interval lies below is not supported, any other is undecided.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SUPPORTED, NOT_SUPPORTED, UNDECIDED = "supported", "not supported", "undecided"

CLAIMS = {
    "R1": "The five networks have the layers and parameters of the published table.",
    "R2": "Validation loss reaches its minimum before the last epoch.",
    "R3": "VégéNet colors plants and buildings well on the classes it was trained on.",
    "R4": "Trained on gardens, VégéNet tints other scenes green.",
    "R5": "Starting from VégéNet, OutNet's loss is low from its first epoch.",
    "R6": "OutNet still colors plants acceptably, and with less green.",
    "R7": "OutNet's loss stagnates quickly.",
    "R8": "Where the color is ambiguous the prediction is dull.",
    "R9": "A richer palette in training does not bring vivid colors.",
    "R10": "The colorfulness loss raises the validation plateau and brings little.",
    "R11": "With the colorfulness loss colors spill over edges.",
    "R12": "Colorized images lose histogram dynamics.",
    "R13": "Histogram equalization helps some images and harms others.",
    "R14": "Saturation helps the main component of an image and harms the rest.",
    "R15": "A fitted saturation lowers the error but cannot reach the original.",
    "R16": "The weighted mean of the channels is exactly the gray the network was trained on.",
    "R17": "One color channel alone is colorized almost as well as the weighted mean.",
    "R18": "The channels of natural images are strongly correlated.",
    "R19": "The visible-light network is often fine on near infrared and fails where it differs.",
    "R20": "Loading four channels without the right normalization gives one-color results.",
    "R21": "Near infrared as luminance gives coherent, poor colors with artefacts.",
    "R22": "Widening the output to three channels gives gray; a luminance branch does not.",
    "R23": "The luminance loss dominates those of a* and b*.",
    "R24": "Longer training sharpens the luminance branch's output.",
    "R25": "The luminance branch removes the artefacts in water and sky.",
    "R26": "Dropout and batch normalization reduce overfitting and blue stains.",
    "R27": "Superclasses by color allow training on few classes.",
    "P1": "A pretrained encoder eases training.",
    "P2": "The adversarial stage improves fidelity in most cases.",
    "P3": "Small patterns are lost at low resolution.",
    "C1": "A U-Net trained with the squared error settles on gray or yellow averages.",
    "C2": "The Huber loss does not change that.",
    "C3": "The adversarial loss brings more varied colors and less stable training.",
    "C4": "Alternating, or pretraining the generator, helps.",
    "C5": "LPIPS as a training loss improves perceived quality.",
    "C6": "Distillation makes inference far faster at some loss of quality.",
    "H1": "The autoencoder beats the adversarial network by mean absolute difference.",
    "H2": "The metric contradicts the eye in some cases.",
    "H3": "Skip connections and the kind of upsampling change the result.",
    "H4": "The autoencoder is reserved, the adversarial network takes risks.",
    "H5": "2.5 times more data changes little.",
    "H6": "Portraits are easier than landscapes.",
    "H7": "Light post-processing mends some bad results.",
    "L1": "Hidden units in the classifier allow more classes.",
    "L2": "Without batch normalization, with Adam and batches of 32, it still trains.",
    "L3": "Some results turn sepia.",
    "L4": "The classification loss helps the colors.",
    "Z1": "Each further point that is given brings the colors nearer to the truth.",
    "Z2": "A hint colors the thing it lies on and leaves the rest alone.",
    "Z3": "The mean saturation of a picture can be set by one number.",
}


@dataclass(frozen=True)
class Finding:
    """One measurement of a claim.

    Attributes:
        id: of the claim; `part` tells several measurements of one claim apart.
        text: the claim.
        measure: what the effect is, in words; positive means the claim holds.
        value: the effect.
        low, high: its 95 % interval; both None where the effect is exact.
        unit: of the effect.
        n: how many `of` (images, seeds, classes) it was measured on.
        data: which data.
        verdict: by the rule above.
    """

    id: str
    part: str
    text: str
    measure: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    n: int
    of: str
    data: str
    verdict: str


def verdict(low: float, high: float) -> str:
    """Apply the rule to an interval; one that does not exist (NaN) leaves the claim undecided."""
    if low > 0:
        return SUPPORTED
    if high < 0:
        return NOT_SUPPORTED
    return UNDECIDED


def with_interval(value, low, high, unit: str = "") -> str:
    """`1.23 [1.10, 1.36] dB`; digits follow the interval's width."""
    if value is None or not math.isfinite(value):
        return "not measurable"
    if low is None or not math.isfinite(low):
        return f"{value:.3g} {unit}".rstrip()
    digits = min(max(math.ceil(-math.log10(high - low)) + 1, 0), 6) if high > low else 2
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}] {unit}".rstrip()


def finding(
    id: str,
    measure: str,
    value: float,
    interval: Sequence[float] | None,
    *,
    n: int,
    of: str,
    data: str,
    unit: str = "",
    part: str = "",
) -> Finding:
    """Turn a measured effect into a finding with its verdict.

    Args:
        interval: (low, high), or None for an exact statement, where `value` counts exceptions and
            the claim is supported if there are none.

    Raises:
        ValueError: an id that none of the documents has.
    """
    if id not in CLAIMS:
        raise ValueError(f"unknown claim {id!r}; the ids are {', '.join(CLAIMS)}")
    if interval is None:
        low = high = None
        judged = UNDECIDED if math.isnan(value) else SUPPORTED if value == 0 else NOT_SUPPORTED
    else:
        low, high = (float(x) for x in interval)
        judged = verdict(low, high)
    numbers = [None if x is None or not math.isfinite(x) else float(x) for x in (value, low, high)]
    return Finding(id, part, CLAIMS[id], measure, *numbers, unit, int(n), of, data, judged)
