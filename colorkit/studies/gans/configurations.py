"""The table of the sweep: every training by name, and what each one needs of others.

Four autoencoders and fifteen conditional GANs are the Romanian slides', the losses, the encoder and
the schedules the Russian report's, the refined network the French poster's.
"""

from dataclasses import dataclass, replace

import pandas as pd

from colorkit.imaging.metrics.perceptual import lpips_missing
from colorkit.models.patchgan import DISCRIMINATORS

CLASSIFIER = "classifier"  # the training of the scene classifier
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
        encoder: a ResNet-18 encodes, see `colorkit.models.resnet_unet.ResNetUNet`.
        reconstruction, perceptual, schedule: see `colorkit.studies.gans.training`.
        narrow: `NARROW` times fewer channels; a `start` is cut down to them.
        teacher: the training whose chroma it learns beside the truth's.
    """

    skips: bool = True
    upsampling: str = "transposed"
    discriminator: str = ""
    weights: tuple[float, float] = (20.0, 80.0)
    start: str = ""
    share: float = 1.0
    encoder: bool = False
    reconstruction: str = "l1"
    perceptual: float = 0.0
    schedule: str = "joint"
    narrow: bool = False
    teacher: str = ""

    @property
    def title(self) -> str:
        """As the slides write it, and what they do not have."""
        generator = f"{'U' if self.skips else 'nU'}, {SHORT[self.upsampling]}"
        parts = ["ResNet-18" if self.encoder else generator]
        if self.encoder and not self.start:
            parts.append("fresh")
        if self.discriminator:
            adversarial, reconstruction = self.weights
            parts += [self.discriminator, f"lw=[{adversarial:g}, {reconstruction:g}]"]
            parts += [self.schedule] if self.encoder else []
        parts += [] if self.reconstruction == "l1" else [SHORT[self.reconstruction]]
        parts += ["LPIPS"] if self.perceptual else []
        if self.narrow:
            parts += [f"1/{NARROW} wide", *(["pruned"] if self.start else [])]
        return ", ".join(parts + (["taught"] if self.teacher else []))


SHORT = {
    "transposed": "learned",
    "interpolated": "interp.",
    "mse": "squared",
    "huber": "Huber",
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
NINETEEN = (*AUTOENCODERS, *GANS, *REWEIGHTED)
# What the poster and the slides do with the best: refine an autoencoder, take fewer images.
STUDIES = ("refined", "fewer-autoencoder", "fewer-gan")

# The Russian report's trainings: a plain U-Net with other losses, then one with an encoder.
PLAIN = {
    "u-mse": Configuration(reconstruction="mse"),
    "u-huber": Configuration(reconstruction="huber"),
}
_PRETRAINED = Configuration(encoder=True, start=CLASSIFIER)
ENCODERS = {
    "resnet-fresh": Configuration(encoder=True),
    "resnet": _PRETRAINED,
    "resnet-mse": replace(_PRETRAINED, reconstruction="mse"),
    "resnet-huber": replace(_PRETRAINED, reconstruction="huber"),
    "resnet-lpips": replace(_PRETRAINED, perceptual=0.1),
}
SCHEDULES = {
    f"resnet-{schedule}": replace(_PRETRAINED, discriminator="d0", schedule=schedule)
    for schedule in ("joint", "alternating", "pretrained")
}
SMALL = {
    "small": Configuration(narrow=True),
    "student": Configuration(narrow=True, teacher="resnet"),
    "pruned": Configuration(narrow=True, teacher="resnet", start="u-learned"),
}
TABLE = AUTOENCODERS | GANS | PLAIN | ENCODERS | SCHEDULES | SMALL
NAMES = (*NINETEEN, *STUDIES, CLASSIFIER, *PLAIN, *ENCODERS, *SCHEDULES, *SMALL)

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


def needs(name: str) -> tuple[str, ...]:
    """Name the trainings that one starts from, learns from, or is chosen by."""
    if name in (*REWEIGHTED, "fewer-gan"):
        return tuple(GANS)
    if name in STUDIES:
        return (*AUTOENCODERS, *(GANS if name == "refined" else ()))
    row = TABLE.get(name, Configuration())
    return tuple(other for other in (row.start, row.teacher) if other)


def missing(name: str) -> str:
    """Why a training cannot be done on this machine; empty where it can."""
    return lpips_missing() if name in TABLE and TABLE[name].perceptual else ""
