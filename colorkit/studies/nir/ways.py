"""The table of the ways from near infrared to color, and what others have published."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import pandas as pd
import torch

from colorkit.course.profile import Profile
from colorkit.models.nirnet import NirEfficientUNet, NirNet, NirResNetUNet
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.unet import UNet


@dataclass(frozen=True)
class Architecture:
    """One kind of network.

    Attributes:
        what: it is, in words; gives: what it predicts, in words.
        make: builds it; called with the number of classes and the profile.
    """

    what: str
    gives: str
    make: Callable[[int, Profile], torch.nn.Module]


@dataclass(frozen=True)
class Way:
    """One way from near infrared to color.

    Attributes:
        title: for tables: a letter for the way, then what is special.
        network: one of `NETWORKS`.
        start: its first weights: `vegenet`'s of the course, the `box`'s, or the same network's
            after one of the `FIRST` trainings, which its start names; empty for none.
        long: train for the profile's long time.
        whole: train on the validation pairs too. They then choose nothing: the learning rate has
            fallen to nothing at the end, and the last epochs are all alike.
        every: train on every so manieth pair of each class, in as many steps as on all of them.
        recipe: settings of `colorkit.studies.nir.training.NirRecipe` that differ.
    """

    title: str
    network: str
    start: str = ""
    long: bool = False
    whole: bool = False
    every: int = 1
    recipe: dict = field(default_factory=dict)


def _nirnet(luminance: str):
    return lambda classes, profile: NirNet(classes, luminance=luminance, **asdict(profile.model))


def _unet(classes: int, profile: Profile) -> UNet:
    net = UNet(1, 3, width=profile.nir.width)
    torch.nn.init.zeros_(net.last[0].weight)  # begins as near infrared itself, gray
    return net


def _chroma_resnet(classes: int, profile: Profile) -> ResNetUNet:
    return ResNetUNet(classes, stages=4)


def _resnet(classes: int, profile: Profile) -> NirResNetUNet:
    return NirResNetUNet(classes, stages=4)


def _efficient(classes: int, profile: Profile) -> NirEfficientUNet:
    return NirEfficientUNet(classes)


NETWORKS = {
    "chroma": Architecture("ColorNet", "a*, b*", _nirnet("none")),
    "head": Architecture("ColorNet, three maps at the end", "L*, a*, b*", _nirnet("head")),
    "branch": Architecture("ColorNet, a second decoder", "L* apart, a*, b*", _nirnet("branch")),
    "chroma-resnet": Architecture("U-Net with a ResNet", "a*, b*", _chroma_resnet),
    "unet": Architecture("U-Net", "change of L*; a*, b*", _unet),
    "resnet": Architecture("U-Net with a ResNet", "gain and offset of L*; a*, b*", _resnet),
    "efficient": Architecture("the box's U-Net", "gain and offset of L*; a*, b*", _efficient),
}

_CYCLE = {"fidelity": 0.05, "angle": 0.05, "learning_rate": 1e-3, "cycle": True, "batch_size": 8}
SHARP = _CYCLE | {"structure": "ssim", "structure_weight": 0.5}
KNOWING = SHARP | {"encoder_rate": 0.3}  # for an encoder that has seen far more than the pairs
WAYS = {
    "chroma": Way("b: chroma alone", "chroma", "vegenet"),
    "chroma-scratch": Way("b: from scratch", "chroma"),
    "bytes": Way("c: wrong loading", "head", "vegenet", recipe={"loading": "bytes"}),
    "head": Way("c: one head", "head", "vegenet"),
    "head-long": Way("c: one head, trained long", "head", "vegenet", long=True),
    "branch": Way("d: branch", "branch", "vegenet"),
    "branch-scratch": Way("d: from scratch", "branch"),
    "branch-quarter": Way("d: a quarter of the pairs", "branch", "vegenet", every=4),
    "branch-half": Way("d: half of the pairs", "branch", "vegenet", every=2),
    "branch-long": Way("d: trained long", "branch", "vegenet", long=True),
    "chroma-resnet": Way("b: another network", "chroma-resnet", "images", recipe=_CYCLE),
    "unet": Way("e: U-Net", "unet", recipe={"structure": "gradient"}),
    "resnet-scratch": Way("f: from scratch", "resnet", recipe=SHARP),
    "resnet-scenes": Way("f: after procedural pairs", "resnet", "scenes", recipe=SHARP),
    "resnet": Way("f: after the course's images", "resnet", "images", recipe=SHARP),
    "efficient": Way("g: the box's network", "efficient", "photographs", recipe=KNOWING),
    "efficient-whole": Way(
        "g: with the validation pairs", "efficient", "photographs", whole=True, recipe=KNOWING
    ),
}
KEPT = ("chroma", "chroma-scratch")  # the ways of chapter 10: near infrared is kept as luminance
# What one change brings: the way that has it, and the one it is held against.
CHANGES = {
    "way b: VégéNet's weights": ("chroma", "chroma-scratch"),
    "branch: VégéNet's weights": ("branch", "branch-scratch"),
    "way b: ResNet U-Net": ("chroma-resnet", "chroma"),
    "U-Net instead of the branch": ("unet", "branch"),
    "ResNet U-Net instead of the U-Net": ("resnet-scratch", "unet"),
    "ResNet U-Net: from procedural pairs": ("resnet-scenes", "resnet-scratch"),
    "ResNet U-Net: from the course's images": ("resnet", "resnet-scratch"),
    "the box's network instead of the ResNet": ("efficient", "resnet"),
    "the box's network: validation pairs too": ("efficient-whole", "efficient"),
}
# The trainings before those of the ways: on procedural pairs, or on the course's images through
# drawn filters (`colorkit.studies.nir.training.filtered`).
FIRST = {
    "scenes": Way("first: procedural pairs", "resnet", recipe=SHARP),
    "images": Way("first: the course's images", "resnet", recipe=SHARP),
    "photographs": Way("first: the course's images", "efficient", "box", recipe=KNOWING),
}
_STARTS = {
    "": "nothing",
    "vegenet": "VégéNet",
    "scenes": "procedural pairs",
    "images": "the course's images",
    "photographs": "the box's photographs, the course's images",
}
BOX = "faithful"  # the model in the box that knows the colors of gray photographs


def map_of_ways(epochs: dict[str, int]) -> pd.DataFrame:
    """List what each of `WAYS` is, one row a way, as chapter 11 shows it.

    Args:
        epochs: of each way's training.
    """
    rows = {
        way.title: {
            "network": NETWORKS[way.network].what,
            "it gives": NETWORKS[way.network].gives,
            "it has learned from": _STARTS[way.start],
            "epochs": epochs[name],
        }
        for name, way in WAYS.items()
    }
    return pd.DataFrame(rows).T


# Near infrared to color on the 28 test pairs of the VCIP 2020 challenge, as published.
PUBLISHED = pd.DataFrame(
    {
        "SST": (14.26, 0.57, 5.61, 0.361),
        "NIR-GNN": (17.50, 0.60, 5.22, 0.384),
        "MFCNet family": (20.34, 0.61, 3.79, 0.208),
        "CoColor": (23.54, 0.69, 2.68, 0.233),
        "ColorMamba": (24.56, 0.71, 2.81, 0.212),
        "SF-GPT": (26.09, 0.77, 2.72, 0.132),
    },
    index=["PSNR (dB)", "SSIM", "angular error (°)", "LPIPS"],
).T
