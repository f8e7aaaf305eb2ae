"""A photograph that is colorized again and again while somebody tries settings.

The network runs on a small copy and only where it must; what the page shows and the stills of the
report draw is made here.
"""

from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from colorkit.imaging.adjust import clahe, equalize
from colorkit.inference.colorize import ColorizeOptions
from colorkit.models import pretrained
from colorkit.models.hintnet import HintUNet
from colorkit.models.vivid_unet import VividUNet
from colorkit.system.errors import ColorkitError

CONTRAST_PIXELS = 60_000_000  # equalizing takes about a hundred bytes of memory a pixel
CONTRASTS = {"none": "as photographed", "equalize": "equalized", "clahe": "equalized locally"}


def offered() -> list[dict]:
    """List the models in the box that colorize photographs, the default first.

    Returns:
        For each its `name`, what it is `about`, whether it takes `hints` and has a `vividness`, and
        its `own` options: those that it was given when it was put into the box.
    """
    cards = {name: pretrained.card(name) for name in pretrained.models()}
    return [
        {
            "name": name,
            "about": card.get("description", ""),
            "hints": card["architecture"] == HintUNet.__name__,
            "vividness": card["architecture"] == VividUNet.__name__,
            "own": {k: v for k, v in card["settings"].items() if k == "vividness"},
        }
        for name, card in cards.items()
        if card.get("gray") != "nir"
    ]


class Preview:
    """A photograph, small and whole, and what the network last said of it.

    Args:
        rgb: uint8 (H, W, 3), sRGB.
    """

    def __init__(self, rgb: np.ndarray):
        self.rgb, self.small = rgb, shrink(rgb)
        self._asked, self._planes = None, None

    def colorize(
        self, options: ColorizeOptions, contrast: str = "none", whole: bool = False
    ) -> np.ndarray:
        """Colorize the small copy, or the whole photograph in the colors of the small copy.

        The network runs only if the model or what it is told are others than the last time.

        Args:
            options: what is asked; here x and y of hints are shares of width and height, from 0 to
                1. A model that takes no hints is given none.
            contrast: one of `CONTRASTS`.
            whole: at the photograph's own size.

        Returns:
            uint8 (H, W, 3), sRGB.

        Raises:
            ColorkitError: see `colorkit.colorize`.
        """
        asked = options.colorizer()
        if self._asked != asked:
            height, width = self.small.shape[:2]
            marks = ((x * (width - 1), y * (height - 1), color) for x, y, color in asked.hints)
            marks = tuple(marks) if isinstance(asked.loaded[0], HintUNet) else ()
            self._planes = replace(asked, hints=marks).planes(self.small)
            self._asked = asked
        rgb = asked.paint(self.rgb if whole else self.small, self._planes)
        return _change_contrast(rgb, contrast)


def _change_contrast(rgb: np.ndarray, contrast: str) -> np.ndarray:
    """Apply one of `CONTRASTS` to uint8 (H, W, 3)."""
    if contrast == "none":
        return rgb
    if rgb.shape[0] * rgb.shape[1] > CONTRAST_PIXELS:
        raise ColorkitError(
            f"contrast is equalized up to {CONTRAST_PIXELS / 1e6:g} megapixels; "
            f"choose {CONTRASTS['none']!r}, or scale the photograph down"
        )
    change = {"equalize": equalize, "clahe": clahe}[contrast]
    with torch.inference_mode():
        changed = change(torch.tensor(rgb).permute(2, 0, 1)[None] / 255)
        return changed[0].permute(1, 2, 0).mul_(255).round_().to(torch.uint8).numpy()


def shrink(rgb: np.ndarray, pixels: int = 500_000) -> np.ndarray:
    """Scale down to at most so many pixels."""
    height, width = rgb.shape[:2]
    scale = (pixels / (height * width)) ** 0.5
    if scale >= 1:
        return rgb
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))
