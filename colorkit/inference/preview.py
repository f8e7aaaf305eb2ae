"""A photograph that is colorized again and again while somebody tries settings.

The network runs on a small copy and only where it must; what the page shows and the stills of the
report draw is made here.
"""

import numpy as np
import torch
from PIL import Image

from colorkit.imaging.adjust import clahe, equalize
from colorkit.inference.photograph import paint, predict_planes
from colorkit.models import pretrained
from colorkit.models.hintnet import HintUNet
from colorkit.system.errors import ColorkitError

CONTRAST_PIXELS = 60_000_000  # equalizing takes about a hundred bytes of memory a pixel
CONTRASTS = {"none": "as photographed", "equalize": "equalized", "clahe": "equalized locally"}


def offered() -> list[dict]:
    """List the models in the box that colorize photographs, the default first.

    Returns:
        For each its `name`, what it is `about`, and whether it takes `hints`.
    """
    cards = {name: pretrained.card(name) for name in pretrained.models()}
    return [
        {
            "name": name,
            "about": card.get("description", ""),
            "hints": card["architecture"] == HintUNet.__name__,
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
        self,
        model: str,
        saturation: float = 1.0,
        contrast: str = "none",
        hints: tuple = (),
        whole: bool = False,
    ) -> np.ndarray:
        """Colorize the small copy, or the whole photograph in the colors of the small copy.

        The network runs only if the model or the hints are others than the last time.

        Args:
            model: a name in the box.
            saturation: factor on the chroma.
            contrast: one of `CONTRASTS`.
            hints: (x, y, color), x and y as shares of width and height, from 0 to 1; see
                `colorkit.colorize` for the colors. A model that takes none is given none.
            whole: at the photograph's own size.

        Returns:
            uint8 (H, W, 3), sRGB.

        Raises:
            ColorkitError: see `colorkit.colorize`.
        """
        if self._asked != (model, hints):
            network, card = pretrained.load(model)
            height, width = self.small.shape[:2]
            marks = [(x * (width - 1), y * (height - 1), color) for x, y, color in hints]
            if not isinstance(network, HintUNet):
                marks = []
            self._planes = predict_planes(network, card, self.small, marks)
            self._asked = model, hints
        rgb = paint(self.rgb if whole else self.small, self._planes, saturation)
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
