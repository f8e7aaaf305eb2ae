"""The table of the sweep: every training by name, and what each one needs of others.

Four autoencoders and fifteen conditional GANs are the Romanian slides', the losses, the encoder and
the schedules the Russian report's, the refined network and the sizes the French poster's.

A training is named by its row, and a repetition of it with another seed by its number behind a
slash: `u-learned`, `u-learned/1`, `u-learned/2`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from colorkit.imaging.metrics.perceptual import lpips_missing
from colorkit.models.patchgan import DISCRIMINATORS
from colorkit.training.imagenet import lite2_missing

CLASSIFIER = "classifier"  # the training of the scene classifier
IMAGENET = "imagenet"  # EfficientNet-Lite2's published weights: no training of ours
BOX = "faithful"  # the model of the box that teaches
FEWER = 0.4  # of the images: the slides' smaller set beside their larger one
NARROW = 4  # times fewer channels for the small networks: a sixteenth of the work


@dataclass(frozen=True)
class Configuration:
    """One row of the table.

    Attributes:
        skips, upsampling: of the U-Net, see `colorkit.models.unet.UNet`.
        discriminator: `d0`, `d4`, `d8`, or empty for an autoencoder.
        weights: of the adversarial loss and the reconstruction; the slides' lw.
        start: the training whose best weights it starts from.
        share: of the training images; with fewer it has as many more epochs.
        encoder: `resnet18` or `lite2` (EfficientNet-Lite2) encodes; empty for a plain U-Net.
        reconstruction, huber_delta, perceptual, schedule: see `colorkit.studies.gans.training`.
        features: the encoder whose feature distance stands beside the reconstruction:
            `CLASSIFIER` or `IMAGENET`, see `colorkit.studies.gans.features`; empty for none.
        narrow: `NARROW` times fewer channels; a `start` is cut down to them.
        operations: at most this share of the multiply-adds of the box's `BOX`: it sets the width.
        teacher: the model of the box whose chroma it learns beside the truth's.
        side: of the pictures, where the largest of the study of small patterns is `LARGEST`.
    """

    skips: bool = True
    upsampling: str = "transposed"
    discriminator: str = ""
    weights: tuple[float, float] = (20.0, 80.0)
    start: str = ""
    share: float = 1.0
    encoder: str = ""
    reconstruction: str = "l1"
    huber_delta: float = 110.0
    perceptual: float = 0.0
    features: str = ""
    schedule: str = "joint"
    narrow: bool = False
    operations: float = 0.0
    teacher: str = ""
    side: int = 0

    @property
    def title(self) -> str:
        """As the slides write it, and what they do not have."""
        generator = f"{'U' if self.skips else 'nU'}, {SHORT[self.upsampling]}"
        parts = [SHORT.get(self.encoder, generator)]
        if self.encoder and not self.start:
            parts.append("fresh")
        if self.discriminator:
            adversarial, reconstruction = self.weights
            parts += [self.discriminator, f"lw=[{adversarial:g}, {reconstruction:g}]"]
            parts += [SHORT.get(self.schedule, self.schedule)] if self.encoder else []
        parts += [] if self.reconstruction == "l1" else [SHORT[self.reconstruction]]
        parts += [f"δ = {self.huber_delta:g}"] if self.reconstruction == "huber" else []
        parts += ["LPIPS"] if self.perceptual else []
        parts += [f"{SHORT[self.features]} features"] if self.features else []
        if self.narrow:
            parts += [f"1/{NARROW} wide", *(["pruned"] if self.start else [])]
        parts += [f"{self.operations:.0%} of the work"] if self.operations else []
        parts += [f"at {self.side}"] if self.side else []
        return ", ".join(parts + (["taught"] if self.teacher else []))


SHORT = {
    "transposed": "learned",
    "interpolated": "interp.",
    "mse": "squared",
    "huber": "Huber",
    "alternating-steps": "alternating",
    "resnet18": "ResNet-18",
    "lite2": "EfficientNet-Lite2",
    CLASSIFIER: "own",
    IMAGENET: "ImageNet",
}
AUTOENCODERS = {
    "u-learned": Configuration(True, "transposed"),
    "u-interpolated": Configuration(True, "interpolated"),
    "nu-learned": Configuration(False, "transposed"),
    "nu-interpolated": Configuration(False, "interpolated"),
}
GANS = {
    f"{name}-{d}": replace(generator, discriminator=d)
    for name, generator in AUTOENCODERS.items()
    for d in DISCRIMINATORS
}
# Other weights for the best of the twelve. The slides show the first two; the third is ours.
REWEIGHTED = {"best-1-99": (1.0, 99.0), "best-35-65": (35.0, 65.0), "best-50-50": (50.0, 50.0)}
FIFTEEN = (*GANS, *REWEIGHTED)
NINETEEN = (*AUTOENCODERS, *FIFTEEN)
# What the poster and the slides do with the best: refine an autoencoder, take fewer images. The
# refined one is measured against the same autoencoder with as many more epochs of its own.
STUDIES = ("refined", "continued", "fewer-autoencoder", "fewer-gan")

# The Russian report's trainings: a plain U-Net with other losses, then one with an encoder.
DELTAS = (1, 3, 10)  # in Lab units: about a just visible difference, and what is plainly wrong
PLAIN = {
    "u-mse": Configuration(reconstruction="mse"),
    **{f"u-huber-{d}": Configuration(reconstruction="huber", huber_delta=d) for d in DELTAS},
}
_PRETRAINED = Configuration(encoder="resnet18", start=CLASSIFIER)
ENCODERS = {
    "resnet-fresh": Configuration(encoder="resnet18"),
    "resnet": _PRETRAINED,
    "resnet-mse": replace(_PRETRAINED, reconstruction="mse"),
    "resnet-huber": replace(_PRETRAINED, reconstruction="huber", huber_delta=3),
    "lite-fresh": Configuration(encoder="lite2"),
    "lite-imagenet": Configuration(encoder="lite2", start=IMAGENET),
}
# Each started encoder beside the same network without; both documents start from ImageNet's.
STARTED = {"ours": ("resnet-fresh", "resnet"), "ImageNet's": ("lite-fresh", "lite-imagenet")}
# A loss that compares features. None is measured by the encoder that it was trained with.
PERCEPTUAL = {
    "resnet-features": replace(_PRETRAINED, features=CLASSIFIER),
    "resnet-imagenet": replace(_PRETRAINED, features=IMAGENET),
    "resnet-lpips": replace(_PRETRAINED, perceptual=0.1),
}
# How the chapters call what is compared by them.
LOSSES = {
    "resnet-features": "our features",
    "resnet-imagenet": "ImageNet's features",
    "resnet-lpips": "LPIPS",
}
SCHEDULES = {
    f"resnet-{name}": replace(_PRETRAINED, discriminator="d0", schedule=schedule)
    for name, schedule in (
        ("joint", "joint"),
        ("alternating", "alternating-steps"),
        ("pretrained", "pretrained"),
    )
}
SHARES = (1, 3, 10, 20)  # percent of the teacher's operations
JUDGED = 10  # the share by which a claim is judged
ALONE = {f"small-{share}": Configuration(operations=share / 100) for share in SHARES}
TAUGHT = {f"student-{share}": replace(ALONE[f"small-{share}"], teacher=BOX) for share in SHARES}
PRUNED = {"pruned": Configuration(narrow=True, teacher=BOX, start="u-learned")}
SMALL = ALONE | TAUGHT | PRUNED
LARGEST = 224  # pixels: the poster's own size; a profile says what stands for it
PATTERNS = {f"at-{side}": Configuration(side=side) for side in (64, 128, LARGEST)}
TABLE = AUTOENCODERS | GANS | PLAIN | ENCODERS | PERCEPTUAL | SCHEDULES | SMALL | PATTERNS
NAMES = (
    *(*NINETEEN, *STUDIES, CLASSIFIER, *PLAIN, *ENCODERS, *PERCEPTUAL, *SCHEDULES),
    *(*SMALL, *PATTERNS),
)
# The trainings that claims compare, done with as many seeds as the profile says; the others, from
# which the best are chosen and which only figures show, are done once.
D8 = tuple(name for name, row in GANS.items() if row.discriminator == "d8")
REPEATED = (
    CLASSIFIER,
    *(*AUTOENCODERS, *D8, *STUDIES, *PLAIN, *ALONE, *TAUGHT, *PATTERNS, *SCHEDULES, *PERCEPTUAL),
    *(name for pair in STARTED.values() for name in pair),
)

# Mean absolute difference of the slides' best of each kind over their landscapes.
PUBLISHED = pd.DataFrame(
    {
        "autoencoder, 32k images": (0.021, 0.086, 0.443),
        "GAN, 32k images": (0.029, 0.087, 0.415),
        "autoencoder, 82k images": (0.019, 0.083, 0.459),
        "GAN, 82k images": (0.024, 0.159, 0.456),
    },
    index=["smallest", "mean", "largest"],
).T


def split(name: str) -> tuple[str, int]:
    """Part a name into that of its row and the number of the repetition: `u-learned/1`."""
    row, _, repeat = name.partition("/")
    return row, int(repeat) if repeat.isdecimal() else 0


def repetition(name: str, repeat: int) -> str:
    """Name a repetition; what is done once is the same for all of them."""
    return f"{name}/{repeat}" if repeat and name in REPEATED else name


def repetitions(names: Iterable[str], seeds: int) -> list[str]:
    """Name all trainings of some rows, the first of every row before the second of any."""
    names = list(names)
    every = (repetition(name, repeat) for repeat in range(seeds) for name in names)
    return list(dict.fromkeys(every))


def needs(name: str) -> tuple[str, ...]:
    """Name the trainings that one starts from, learns from, or is chosen by."""
    row, repeat = split(name)
    if row in REWEIGHTED:
        return tuple(GANS)
    if row == "fewer-gan":
        return D8
    if row in STUDIES:
        starts = () if row == "fewer-autoencoder" else AUTOENCODERS
        own = [repetition(start, repeat) for start in starts]
        return tuple(dict.fromkeys((*AUTOENCODERS, *own, *(GANS if row == "refined" else ()))))
    chosen = TABLE.get(row, Configuration())
    others = (chosen.start, chosen.features)
    return tuple(repetition(other, repeat) for other in others if other and other != IMAGENET)


def missing(name: str) -> str:
    """Why a training cannot be done on this machine; empty where it can."""
    row = TABLE.get(split(name)[0], Configuration())
    if row.perceptual and (reason := lpips_missing()):
        return reason
    # Without weights to start from, the same network without them is compared with nothing.
    return lite2_missing() if row.encoder == "lite2" or row.features == IMAGENET else ""
