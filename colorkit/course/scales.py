"""How large the trainings of each study are: the sections of a profile beside its networks."""

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from colorkit.training.recipe import STRICT, Count, CountOrZero

TORCHVISION = "torchvision"  # the detector that is downloaded


@dataclass(frozen=True, config=STRICT)
class Scale:
    """The scale of a study, where many trainings are compared with each other.

    Attributes:
        size, stored: of the images, as of `Data`; 0 takes its own.
        epochs: passes over the images; 0 takes the network's own.
        width: of the networks; 0 takes the profile's own.
        seeds: trainings of each variant; 0 takes the profile's own.
    """

    size: CountOrZero = 0
    stored: CountOrZero = 0
    epochs: CountOrZero = 0
    width: Annotated[float, Field(ge=0, le=4)] = 0.0
    seeds: CountOrZero = 0


@dataclass(frozen=True, config=STRICT)
class Superclasses(Scale):
    """The scale of the trainings on few classes; its seeds count groupings and random choices.

    Attributes:
        least: training images that a class must have to be grouped: a representative of a dozen
            pictures would speak for hundreds.
    """

    least: Count = 75


@dataclass(frozen=True, config=STRICT)
class Ablations(Scale):
    """The scale of the ablations, and of what they change beside the networks' settings.

    Attributes:
        few: training images of each class where a network is to overfit.
        long: its passes over them.
        least: training images that a class must have to take part there, and where numbers of
            classes are compared, so that no class is told from a dozen of pictures.
    """

    few: Count = 30
    long: Count = 60
    least: Count = 75


@dataclass(frozen=True, config=STRICT)
class Nir:
    """Pairs of color and near infrared, and the scale of the networks trained on them.

    Attributes:
        what: the pairs in words, for captions and tables.
        root: their folder, relative to the folder of photographs; empty draws procedural pairs.
        classes: procedural scene classes, at least two; pairs: how many of each.
        folds: folds of the cross-validation that are trained and tested, out of `of`: two or more,
            for a comparison of trainings needs several.
        size, stored: as of `Data`; 0 takes its own.
        epochs: of most trainings; long: of the long ones of the networks that paint luminance.
        batch_size: images a step.
        width: channels of the U-Net's first level.
        colornet_width: of the ColorNets, and of the VégéNet whose weights they start from; 0 takes
            the profile's own.
        scenes: procedural pairs a class that a network is first trained on.
        images: most images of the course a class that two others are first trained on; 0 takes all.
        first_epochs: of the first trainings on procedural pairs, and on the course's images.
        augment: zoom, and change exposure and contrast of near infrared, beside crops and flips.
    """

    what: str
    root: str = ""
    classes: list[str] = field(default_factory=list)
    pairs: Count = 10
    folds: Annotated[int, Field(ge=2)] = 2
    of: Annotated[int, Field(ge=3)] = 5
    size: CountOrZero = 0
    stored: CountOrZero = 0
    epochs: Count = 30
    long: Count = 60
    batch_size: Count = 16
    width: Count = 32
    colornet_width: Annotated[float, Field(ge=0, le=4)] = 0.0
    scenes: Annotated[int, Field(ge=5)] = 10
    images: CountOrZero = 0
    first_epochs: dict[Literal["scenes", "images"], Count] = field(
        default_factory=lambda: {"scenes": 2, "images": 1}
    )
    augment: bool = False


@dataclass(frozen=True, config=STRICT)
class Gans:
    """The scale of the sweep over autoencoders, conditional GANs and what follows from them.

    Attributes:
        classes: scene classes of the profile's networks, at least two.
        portraits: classes of people, or what stands in for them, which are compared with
            `classes` at equal numbers and steps; none leaves the comparison out. Their folders
            may be missing: only one claim needs them.
        size, stored: as of `Data`; 0 takes its own.
        limit: most training images a class; 0 takes all.
        width, depth: of the U-Nets, see `colorkit.models.unet.UNet`.
        stages: of the U-Nets with a ResNet-18, see `colorkit.models.resnet_unet.ResNetUNet`.
        discriminator_width: channels of the discriminators' first level.
        epochs: of each training; batch_size: images a step.
        learning_rate: of autoencoders and generators; discriminator_rate: of discriminators.
        seeds: trainings of each that claims compare; 0 takes the profile's own.
        patterns: side of the largest of three sizes in the study of small patterns.
        classifier_epochs: of the scene classifier, on all images of the profile.
        imagenet: start its encoder from ImageNet's weights, which are downloaded.
    """

    classes: Annotated[list[str], Field(min_length=2)]
    portraits: list[str] = field(default_factory=list)
    size: CountOrZero = 0
    stored: CountOrZero = 0
    limit: CountOrZero = 0
    width: Count = 32
    depth: Count = 4
    stages: Annotated[int, Field(ge=2, le=5)] = 5
    discriminator_width: Count = 64
    epochs: Count = 30
    batch_size: Annotated[int, Field(ge=2)] = 16
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    discriminator_rate: Annotated[float, Field(gt=0)] = 2e-4
    seeds: CountOrZero = 0
    patterns: Annotated[int, Field(ge=112)] = 224  # smaller ones cannot hold waves of 2 pixels
    classifier_epochs: Count = 10
    imagenet: bool = False


@dataclass(frozen=True, config=STRICT)
class CoColor:
    """The scale of the networks of two domains; pairs, folds and images are those of `Nir`.

    Attributes:
        width, depth: of their U-Nets, see `colorkit.models.unet.UNet`.
        batch_size: images a step, at least two; 0 takes that of `Nir`.
        epochs: of each stage, see `colorkit.studies.cocolor.training.CoColorRecipe`.
    """

    width: Count = 16
    depth: Count = 3
    batch_size: CountOrZero = 0
    epochs: dict[Literal["gray", "domains", "pseudo", "joint"], Count] = field(
        default_factory=lambda: {"gray": 1, "domains": 30, "pseudo": 1, "joint": 15}
    )


@dataclass(frozen=True, config=STRICT)
class ColorMamba:
    """The scale of the networks with a selective scan; pairs and folds are those of `Nir`.

    Attributes:
        width, state, agents: see `colorkit.models.colormamba.ColorMamba`.
        epochs: of each training.
        batch_size: images a step.
    """

    width: Annotated[int, Field(ge=4)] = 16
    state: Count = 4
    agents: Count = 3
    epochs: Count = 30
    batch_size: Annotated[int, Field(ge=2)] = 8


@dataclass(frozen=True, config=STRICT)
class Later(Scale):
    """The scale of what the documents left for later; `width` and `seeds` are those of ColorNets.

    Attributes:
        classes: scene classes of the profile's networks, at least two.
        gray: classes whose gray pictures are colorized by a network that never saw their colors.
        colors: classes whose color pictures it sees instead; none in common.
        limit: most training images a class; 0 takes all.
        channels, depth: of the U-Nets, see `colorkit.models.unet.UNet`.
        discriminator_width: channels of the discriminators' first level.
        batch_size: images a step; learning_rate: of all but discriminators.
        discriminator_rate: of these.
        films: how many are rendered; frames: of each; side: of a frame in pixels.
    """

    classes: Annotated[list[str], Field(min_length=2)] = field(default_factory=list)
    gray: Annotated[list[str], Field(min_length=1)] = field(default_factory=list)
    colors: Annotated[list[str], Field(min_length=1)] = field(default_factory=list)
    limit: CountOrZero = 0
    channels: Count = 16
    depth: Annotated[int, Field(ge=3)] = 3  # growing begins with two levels fewer
    discriminator_width: Count = 32
    batch_size: Annotated[int, Field(ge=2)] = 16
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    discriminator_rate: Annotated[float, Field(gt=0)] = 2e-4
    films: Annotated[int, Field(ge=2)] = 12
    frames: Annotated[int, Field(ge=2)] = 12
    side: Annotated[int, Field(ge=64)] = 192


@dataclass(frozen=True, config=STRICT)
class Instances:
    """The scale of the networks that color things one by one.

    Attributes:
        classes: of the images, at least two; the folders may be missing: only one chapter needs
            them.
        size, stored: as of `Data`; 0 takes its own.
        limit: most training images a class; val: validation images in all; 0 takes all.
        ways: how boxes are found without a detector; `selective` needs OpenCV.
        detector: weights file of torchvision's Mask R-CNN, relative to the project; `torchvision`
            downloads its own; empty for none.
        most: boxes of a picture.
        width: channels of the networks' first stage; the original has 64.
        crop: side of the squares that boxes are scaled to, a multiple of 8.
        sites: places where whole picture and boxes are weighed, 3 or 13.
        epochs: of the three stages; batch_size: images a step.
        learning_rate: of the first two stages; fusion_rate: of the third.
        seeds: trainings of each kind of boxes; 0 takes the profile's own.
    """

    classes: Annotated[list[str], Field(min_length=2)]
    size: CountOrZero = 0
    stored: CountOrZero = 0
    limit: CountOrZero = 0
    val: CountOrZero = 0
    ways: list[Literal["segments", "selective"]] = field(default_factory=lambda: ["segments"])
    detector: str = ""
    most: Count = 8
    width: Count = 16
    crop: Annotated[int, Field(ge=8, multiple_of=8)] = 64
    sites: Literal[3, 13] = 3
    epochs: dict[Literal["full", "crops", "fusion"], Count] = field(
        default_factory=lambda: {"full": 10, "crops": 5, "fusion": 3}
    )
    batch_size: Annotated[int, Field(ge=2)] = 16
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    fusion_rate: Annotated[float, Field(gt=0)] = 5e-4
    seeds: CountOrZero = 0
