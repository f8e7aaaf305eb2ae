"""Colorizing one photograph of any size.

The network sees the photograph small and gives small planes: chroma and, from near infrared, how
the luminance differs from what it was shown. `inference.paint` joins them to the photograph.
"""

from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from colorkit.imaging.color import decolorize, unscale_ab, unscale_L
from colorkit.imaging.images import MAX_PIXELS
from colorkit.imaging.negatives import invert
from colorkit.inference.hints import HINTED, PATCH, Color, hint_planes, read_hints
from colorkit.inference.paint import Finish, paint, scaled_to_each, to_tensor
from colorkit.inference.reading import Photograph, as_rgb, near_infrared
from colorkit.inference.scans import Scan
from colorkit.models import pretrained
from colorkit.models.hintnet import HintUNet
from colorkit.models.prediction import as_luminance, predict
from colorkit.models.vivid_unet import VIVID, VividUNet
from colorkit.system.errors import ColorkitError, lacks_memory, one_line
from colorkit.system.process_settings import memory_kept

Hints = Iterable[tuple[float, float, Color]]  # see `inference.colorize.ColorizeOptions`
LONGEST = 8  # the network is shown at most this ratio of sides; longer photographs are squeezed
LARGEST = 1024  # working size that a card may ask for: a network's planes take gigabytes then
MOST_VIEWS = 8  # that a card may ask for
GRID = 32  # the largest stride of our networks


@dataclass(frozen=True)
class PhotographColorizer:
    """A model and what it is told: the steps by which photographs, frames and previews get color.

    Two are equal if they give the same planes.

    Args:
        model, vividness, hints, mean_chroma, max_pixels, truncated, negative: see
            `inference.colorize.ColorizeOptions`.
        finish: see `paint`.
    """

    model: str | Path | None = None
    vividness: float | None = None
    hints: Hints = ()
    mean_chroma: float | None = None
    max_pixels: int = MAX_PIXELS
    truncated: bool = False
    negative: bool = False
    finish: Finish | None = field(default=None, compare=False)

    @memory_kept
    def __call__(self, image: Photograph) -> np.ndarray:
        """Colorize a photograph; see `inference.colorize.colorize`."""
        rgb = self.read(image)
        return self.paint(rgb, self.planes(rgb))

    @cached_property
    def name(self) -> str | Path | None:
        """The model that is meant: where none is named, hints ask for the one that takes them."""
        told = self.hints or self.mean_chroma is not None
        return HINTED if self.model is None and told else self.model

    @cached_property
    def loaded(self) -> tuple[torch.nn.Module, dict]:
        """The network and its card.

        Raises:
            ColorkitError: there is no such model, or it has no vividness and is given one.
        """
        network, card = pretrained.load(self.name)
        if self.vividness is None:
            return network, card
        if not isinstance(network, VividUNet):
            raise ColorkitError(
                f"the model {card.get('name', '')!r} has no vividness; choose {VIVID!r} or give "
                "none"
            )
        return network.at(self.vividness), card

    @property
    def infrared(self) -> bool:
        """Whether it is for near infrared."""
        return self.loaded[1].get("gray") == "nir"

    def read(self, image: Photograph) -> np.ndarray:
        """Bring a photograph to uint8 (H, W, 3), gray if it is of near infrared or a negative."""
        read = near_infrared if self.infrared else as_rgb
        rgb = read(image, self.max_pixels, self.truncated)
        return invert(rgb) if self.negative else rgb

    def planes(self, rgb: np.ndarray, still: bool = True) -> Tensor:
        """Run the network on uint8 (H, W, 3); see `predict_planes`.

        Args:
            rgb: the photograph or frame.
            still: whether it is alone, and shown in full contrast if it is a scan of few grays: of
                frames that would make each another picture where a film fades.
        """
        scan = Scan(rgb) if still and not self.infrared else None
        shown = scan.shown_to_network() if scan else rgb
        # Hints are places of the whole, and so is a mean that somebody asks for.
        asked = self.hints or self.mean_chroma is not None
        inside = scan.print_within if scan and not asked else None
        with _blaming(self.name):
            if inside is None:
                return predict_planes(*self.loaded, shown, self.hints, self.mean_chroma)
            planes = predict_planes(*self.loaded, np.ascontiguousarray(shown[inside]))
        return _framed(planes, inside, rgb.shape[:2])

    def paint(self, rgb: np.ndarray, planes: Tensor, **options) -> np.ndarray:
        """Join the planes to uint8 (H, W, 3), and finish; see `paint` and its other arguments."""
        return paint(rgb, planes, self.finish, **options)


def _framed(planes: Tensor, inside: tuple[slice, slice], size: tuple[int, int]) -> Tensor:
    """Lay planes (1, 3, h, w) of the part `inside` of a picture of `size` into those of the whole.

    What lies around stays as it is: zero.
    """
    pads, lengths = [], planes.shape[-2:]
    for part, length, full in zip(inside, lengths, size, strict=True):
        scale = length / (part.stop - part.start)
        whole, before = max(length, round(scale * full)), round(scale * part.start)
        before = min(before, whole - length)
        pads.append((before, whole - length - before))
    (top, bottom), (left, right) = pads
    framed = F.pad(planes, (left, right, top, bottom))
    return F.adaptive_avg_pool2d(framed, _within(framed.shape[-2:], size))


@contextmanager
def _blaming(model: str | Path | None):
    """Say in one sentence that a network, whatever it does with a picture, does not colorize it.

    Raises:
        ColorkitError: the network took no such input or gave no chroma.
        MemoryError: the picture does not fit in memory.
    """
    try:
        yield
    except (TypeError, ValueError, RuntimeError) as error:
        if lacks_memory(error):
            raise MemoryError from error
        # A network of another task.
        raise ColorkitError(
            f"{model}: its network does not colorize ({one_line(error)[:200]}); choose another"
        ) from error


@torch.inference_mode()
def predict_planes(
    network: torch.nn.Module,
    card: dict,
    rgb: np.ndarray,
    hints: Hints = (),
    mean_chroma: float | None = None,
) -> Tensor:
    """Run a network on a photograph scaled to its working size.

    Args:
        network, card: as `pretrained.load` gives them.
        rgb: uint8 (H, W, 3).
        hints, mean_chroma: see `inference.colorize.ColorizeOptions`; x and y are those of `rgb`.

    Returns:
        (1, 3, h, w): what to add to L*, and a*, b*, in Lab units; h ≤ H and w ≤ W. Where the card
        has `views`, a list of working sizes, the mean of what the network says of the photograph
        and of its mirror image at each of them.

    Raises:
        ColorkitError: a hint that cannot be read, or a network that takes none.
    """
    height, width = rgb.shape[:2]
    marks = read_hints(hints, (height, width))
    marked = bool(marks) or mean_chroma is not None
    if marked and not isinstance(network, HintUNet):
        raise ColorkitError(
            f"the model {card.get('name', '')!r} takes no hints; choose {HINTED!r} or give none"
        )
    views = card.get("views")
    sides = [card.get("size", 224)] if views is None else views
    if not (isinstance(sides, list) and 0 < len(sides) <= MOST_VIEWS):
        raise ValueError(f"its views are {sides!r}, not 1 to {MOST_VIEWS} working sizes")
    for side in sides:
        if not (isinstance(side, int) and 0 < side <= LARGEST):
            raise ValueError(f"it works at {side!r} pixels, not at 1 to {LARGEST}")
    answers = []
    pictures = scaled_to_each(rgb, [working_size(height, width, side) for side in sides])
    for side, seen in zip(sides, pictures, strict=True):
        shown = to_tensor(seen)  # (1, 3, s, t)
        given = None
        if marked:
            size = shown.shape[2:]
            patch = 2 * round((PATCH * side / min(sides) - 1) / 2) + 1  # odd
            given = hint_planes(marks, (height, width), size, mean_chroma, patch)  # (1, 5, s, t)
        if views is None:
            answers.append(_answer(network, card, shown, given))  # (1, 3, s/2, t/2), say
        else:  # with its mirror image: (2, 3, s, t)
            both = (None if x is None else torch.cat((x, x.flip(3))) for x in (shown, given))
            plain, mirrored = _answer(network, card, *both).split(1)  # (1, 3, s/2, t/2) each
            answers.append((plain + mirrored.flip(3)) / 2)
    planes = _mean(answers)
    if not planes.isfinite().all():
        raise ValueError("it gives colors that are no numbers")
    return F.adaptive_avg_pool2d(planes, _within(planes.shape[-2:], (height, width)))


def _answer(network: torch.nn.Module, card: dict, shown: Tensor, given: Tensor | None) -> Tensor:
    """What a network says of photographs (B, 3, H, W) and hints, if any: (B, 3, h, w) as above."""
    gray = card.get("gray", "weighted")
    # (B, 1, H, W): of near infrared the three are equal.
    image = shown[:, :1] if gray == "nir" else decolorize(shown, gray)
    ab, L, _ = predict(network, image, *(() if given is None else (given,)))  # (B, 2, h', w')
    shift = torch.zeros_like(ab[:, :1])
    if L is not None:
        if gray != "nir":
            raise ValueError("it changes the lightness, which a photograph keeps")
        size = L.shape[-2:]
        shift = unscale_L(L) - F.adaptive_avg_pool2d(as_luminance(image), size)  # (B, 1, h, w)
        ab = F.interpolate(ab, size, mode="bilinear", align_corners=False)  # (B, 2, h, w)
    return torch.cat((shift, card.get("saturation", 1.0) * unscale_ab(ab)), dim=1)  # (B, 3, h, w)


def _mean(planes: list[Tensor]) -> Tensor:
    """Average planes of several sizes at the largest."""
    size = max(tuple(each.shape[-2:]) for each in planes)
    scaled = [F.interpolate(x, size, mode="bilinear", align_corners=False) for x in planes]
    return torch.stack(scaled).mean(dim=0)  # of (views, 1, 3, h, w)


def working_size(height: int, width: int, size: int) -> tuple[int, int]:
    """Height and width at which a network of a working `size` is shown a photograph.

    The shorter side becomes `size`, small photographs being enlarged, for a network knows things
    by the size at which it learned them. The longer side is at most `LONGEST` times that. Both are
    rounded to multiples of `GRID`: a network that halves planes of other sizes sees a border that
    is not there, and colors it.
    """
    scale = size / min(height, width)
    sides = (min(LONGEST * size, side * scale) for side in (height, width))
    return tuple(max(GRID, GRID * round(side / GRID)) for side in sides)


def _within(size, limit) -> tuple[int, int]:
    return tuple(min(a, b) for a, b in zip(size, limit, strict=True))
