"""ColorNet adapted to near infrared, in the three ways of the French report's sections 6.3 and 6.4.

A gray photograph is its own luminance, a near-infrared one is not. So either the network still
gives chroma alone and near infrared stands in for the luminance, or it gives the luminance too:
as one more map of its colorization part, or by a branch of its own.
"""

from dataclasses import asdict

import torch
from torch import Tensor

from colorkit.models.colornet import ColorNet, decoder, initialize

LUMINANCES = ("none", "head", "branch")


class NirNet(ColorNet):
    """Near-infrared image in; chroma, luminance (or none) and scene scores out.

    Layers that a ColorNet has too bear the same names, so that its weights fit them.

    Args:
        num_classes: see `ColorNetConfig`.
        luminance: `none`, ColorNet itself (section 6.3); `head`, the colorization part gives L*,
            a*, b* (the first try of section 6.4); `branch`, a second decoder, built like the
            colorization part, gives L* from the mid-level features.
        full: the branch's luminance has the image's own side; else half of it.
        **colornet: other settings of `ColorNetConfig`.

    Raises:
        ValueError: a setting outside its range, said by name.
    """

    def __init__(
        self,
        num_classes: int | None = None,
        luminance: str = "branch",
        full: bool = False,
        **colornet,
    ):
        super().__init__(num_classes, **colornet)
        if luminance not in LUMINANCES:
            raise ValueError(
                f"unknown luminance {luminance!r}; choose one of {', '.join(LUMINANCES)}"
            )
        if full and luminance != "branch":
            raise ValueError(f"full is a setting of the branch; got luminance {luminance!r}")
        self.luminance, self.full = luminance, full
        norm, dropout = self.config.preset == "paper", self.config.dropout
        if luminance == "head":
            self.color = decoder(self.scaled, 3, norm, dropout).apply(initialize)
        elif luminance == "branch":
            self.light = decoder(self.scaled, 1, norm, dropout, full).apply(initialize)

    def forward(self, nir: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Predict the colors of a batch of near-infrared images of any size.

        Args:
            nir: (B, 1, H, W) in [0, 1].

        Returns:
            ab: (B, 2, ⌈H/2⌉, ⌈W/2⌉) in [0, 1], scaled as by `colorkit.color.scale_ab`.
            L: (B, 1, ⌈H/2⌉, ⌈W/2⌉), or (B, 1, H, W) if `full`, in [0, 1], scaled as by `scale_L`;
                None if `luminance` is `none`.
            scores: (B, num_classes) before softmax, or None without a classifier.

        Raises:
            ValueError: the shape is another one.
        """
        mid, fused, vector = self.planes(nir)
        height, width = nir.shape[-2:]
        half = (..., slice(-(-height // 2)), slice(-(-width // 2)))
        ab, L = self.color(fused)[half], None
        if self.luminance == "head":
            L, ab = torch.split(ab, (1, 2), dim=1)
        elif self.luminance == "branch":
            L = self.light(mid)
            L = L[..., :height, :width] if self.full else L[half]
        return ab, L, None if self.classifier is None else self.classifier(vector)

    def settings(self) -> dict:
        """Return the configuration as plain values; `NirNet(**settings)` builds it again."""
        return asdict(self.config) | {"luminance": self.luminance, "full": self.full}
