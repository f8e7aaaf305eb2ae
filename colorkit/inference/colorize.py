"""What can be asked of a colorization, defined once, and the two functions that people call.

`ColorizeOptions` is read by everything that colorizes: photographs, folders, videos, the command
line, which makes its options of the fields, and the page. A new option is a field, the line that
acts on it (`finish`, if pixels are all it needs) and a keyword of the functions it belongs to.

Nothing heavy is imported before something is colorized: the command line reads the fields to
answer `--help`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from colorkit.inference.options import Option, offered, read_hint

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from colorkit.inference.photograph import Hints, PhotographColorizer
    from colorkit.inference.reading import Photograph
    from colorkit.inference.video import Progress, VideoResult

MAX_PIXELS = 200_000_000  # as `colorkit.imaging.images`, which is too heavy to import here
STEADY = 0.3  # longer is steadier, and slower to follow new light


@dataclass(frozen=True)
class ColorizeOptions:
    """What is asked of a colorization.

    Attributes:
        model: a name in the box (`colorkit.models.pretrained.models()`), the path of a weights
            file, or None for the default, or with hints the box's `hints`. A model for near
            infrared takes one channel or a gray picture, 8 bits or more: more are scaled by the
            fewest bits (10, 12, 14 or 16) that hold the largest value, floats in [0, 1] are what
            they are.
        saturation: factor on the chroma; 0 gives gray, 1 what the network says.
        vividness: how far colors are raised from the mean of those that a thing may have, 0, to as
            strong as they are expected to be, 1, and beyond; None for the model's own. It is for
            models that tell the two apart: of the box `vivid`, the default.
        hints: what color some places have, (x, y, color) each: x and y in pixels of the upright
            photograph from the upper left one, (0, 0), to the right and down, whole or not; color
            as '#rrggbb', a name that CSS knows, or red, green and blue from 0 to 255. Only its
            chroma is taken: how light a place is, the photograph says. The network spreads it over
            what it takes for the same thing; where hints overlap, the later one counts.
        mean_chroma: how colorful the picture shall be on average, in Lab units (photographs mostly
            have 5 to 30); the network decides where. None leaves it to the network.
        steady: time constant in seconds of the average of a video's chroma along the motion; 0 for
            none.
        max_pixels: larger photographs and frames are refused before they are decoded.
        truncated: read what is there of a JPEG or PNG that is cut off.
        negative: the photograph is the negative of a film, gray or color; its gray positive is
            colorized, see `colorkit.imaging.negatives.invert`.
        compare: measure the results of color photographs against them, and the flicker of videos.
        beside: folder for pictures of each photograph, its gray and its result in one row.

    Raises:
        ValueError: a number below the least that its option takes.
    """

    model: str | Path | None = field(
        default=None,
        metadata=offered(str, "A name `colorkit models` lists, or a .safetensors file."),
    )
    saturation: float = field(
        default=1.0,
        metadata=offered(
            float,
            "Factor on the colors; 0 is gray.",
            low=0,
            high=10,
            slider=(0, 2.5, 0.05),
            sign="×",
        ),
    )
    _: KW_ONLY
    vividness: float | None = field(
        default=None,
        metadata=offered(
            float,
            "From the mean color, 0, to as strong as expected, 1, or more; of vivid, faithful.",
            low=0,
            high=3,
            slider=(0, 2, 0.05),
            asks="vividness",
        ),
    )
    hints: Hints = field(
        default=(),
        metadata=offered(
            str,
            "A color at a place of the one photograph, such as 120,80,skyblue; repeatable.",
            only="photographs",
            flag="--hint",
            metavar="X,Y,COLOR",
            read=read_hint,
        ),
    )
    mean_chroma: float | None = field(
        default=None,
        metadata=offered(
            float, "How colorful on average, in Lab units; most photographs have 5 to 30.", low=0
        ),
    )
    steady: float = field(
        default=STEADY,
        metadata=offered(
            float,
            "Seconds over which colors of videos are averaged along the motion; 0 for none.",
            only="videos",
            low=0,
        ),
    )
    max_pixels: int = field(
        default=MAX_PIXELS,
        metadata=offered(int, "Refuse larger photographs and frames undecoded.", low=1),
    )
    truncated: bool = field(
        default=False,
        metadata=offered(
            bool, "Read what is there of a JPEG or PNG that is cut off.", only="photographs"
        ),
    )
    negative: bool = field(
        default=False,
        metadata=offered(
            bool, "Colorize the positive of film negatives, gray or color.", only="photographs"
        ),
    )
    compare: bool = field(
        default=False,
        metadata=offered(bool, "Measure results against color originals; flicker.", only="files"),
    )
    beside: Path | None = field(
        default=None,
        metadata=offered(
            Path, "Folder for original, gray and result of photographs.", only="files"
        ),
    )

    def __post_init__(self):
        object.__setattr__(self, "hints", tuple(self.hints))
        for name, option in offered_options():
            value = getattr(self, name)
            if option.low is None or value is None:
                continue
            if not option.low <= value < float("inf"):  # NaN is refused as well
                raise ValueError(f"{name} must be {option.low} or more, received {value}")

    def finish(self, L: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Act on pixels, the last step before they become bytes, strip by strip.

        Args:
            L: (1, 1, h, W), lightness from 0 to 100.
            ab: (1, 2, h, W), chroma in Lab units; it may be changed in place.
        """
        return L, ab.mul_(self.saturation)

    def colorizer(self) -> PhotographColorizer:
        """Give what colorizes so; the network is loaded when it is first needed."""
        from colorkit.inference.photograph import PhotographColorizer

        return PhotographColorizer(
            self.model,
            self.vividness,
            self.hints,
            self.mean_chroma,
            self.max_pixels,
            self.truncated,
            self.negative,
            finish=self.finish,
        )


def offered_options() -> Iterator[tuple[str, Option]]:
    """Go through the fields of `ColorizeOptions`: name, and how it is offered."""
    return ((each.name, each.metadata["option"]) for each in fields(ColorizeOptions))


def colorize(
    image: Photograph,
    model: str | Path | None = None,
    saturation: float = 1.0,
    *,
    vividness: float | None = None,
    hints: Hints = (),
    mean_chroma: float | None = None,
    max_pixels: int = MAX_PIXELS,
    truncated: bool = False,
    negative: bool = False,
) -> np.ndarray:
    """Colorize a photograph, by itself or by hints.

        >>> import colorkit
        >>> from skimage import data
        >>> photograph = data.camera()[:96, :128]
        >>> rgb = colorkit.colorize(photograph)
        >>> rgb.shape, rgb.dtype
        ((96, 128, 3), dtype('uint8'))
        >>> crimson = colorkit.colorize(photograph, hints=[(40, 30, "crimson")])
        >>> red, green, blue = crimson[30, 40]
        >>> bool(red > green)
        True

    Args:
        image: the path of a photograph, an image of Pillow, or an array: (H, W), (H, W, 1),
            (H, W, 3) or (H, W, 4), of type bool, uint8, uint16 or float in [0, 1]. Color is taken
            away first; only its lightness is kept. Files are read as by
            `colorkit.imaging.images.read_image`.
        model: a name in the box, or the path of a weights file; None for the best.
        saturation: factor on the chroma.
        vividness: from the mean color, 0, to colors as strong as expected, 1; None for the model's
            own.
        hints: (x, y, color) for each place whose color is known.
        mean_chroma: wanted mean chroma in Lab units; None leaves it to the network.
        max_pixels: larger photographs are refused before they are decoded.
        truncated: read what is there of a JPEG or PNG that is cut off.
        negative: colorize the gray positive of the negative of a film.
            `ColorizeOptions` says more of each.

    Returns:
        uint8 (H, W, 3), sRGB, of the photograph's size, upright. Its L* is the photograph's (the
        model's, from near infrared), rounded to 8 bits: a color that does not exist at that
        lightness is moved towards gray along its hue.

    Raises:
        ColorkitError: the photograph cannot be read or is too large, there is no such model, a
            model for near infrared is given a color picture, a model that takes no hints is given
            some or one that has no vividness is given one, or a hint is outside the photograph or
            has no color.
        ValueError: an array of another shape, type or range; a saturation, vividness or chroma
            below 0.
    """
    options = ColorizeOptions(
        model,
        saturation,
        vividness=vividness,
        hints=hints,
        mean_chroma=mean_chroma,
        max_pixels=max_pixels,
        truncated=truncated,
        negative=negative,
    )
    return options.colorizer()(image)


def colorize_video(
    source: str | Path,
    target: str | Path,
    model: str | Path | None = None,
    saturation: float = 1.0,
    *,
    vividness: float | None = None,
    mean_chroma: float | None = None,
    steady: float = STEADY,
    max_pixels: int = MAX_PIXELS,
    progress: Progress | None = None,
) -> VideoResult:
    """Colorize a video.

    Each frame keeps its time, to the unit of the video's time base, counted from where the video
    begins, and its L* within the error of the encoder, H.264 of 8 bits with chroma at half
    resolution and a CRF of 18. Sound is copied, text, chapters, covers, attachments, names,
    languages and flags where the format holds them; sound that it does not hold is encoded anew.
    Frames are turned upright, odd sides made even, and HDR is mapped to SDR.

        >>> import colorkit
        >>> done = colorkit.colorize_video("film.mp4", "colored.mp4", steady=0.5)
        >>> done.frames
        3

    Args:
        source: any video FFmpeg can read that is no list of other files.
        target: the file to write, which ends in .mp4, .m4v, .mov or .mkv.
        model, saturation, vividness, mean_chroma: see `colorize`.
        steady: time constant in seconds of the average of chroma along the motion; 0 for none.
        max_pixels: larger frames are refused before they are decoded.
        progress: called after each frame with their number so far and in all, if it is known.

    Returns:
        The number of frames, the flicker and what should be known of the result.

    Raises:
        ColorkitError: the video cannot be read or its frames are too large; the result cannot be
            written, or would overwrite it; there is no such model, or it is of another task. A
            video that breaks off is colorized up to there, and then the error says so.
        ValueError: `saturation`, `vividness`, `mean_chroma` or `steady` is below 0.
    """
    from colorkit.inference.video import colorize_frames

    options = ColorizeOptions(
        model,
        saturation,
        vividness=vividness,
        mean_chroma=mean_chroma,
        steady=steady,
        max_pixels=max_pixels,
    )
    return colorize_frames(source, target, options.colorizer(), steady, progress)
