"""Networks for near infrared: ColorNet adapted as in the French report, and a sharper one.

A gray photograph is its own luminance, a near-infrared one is not. So either the network still
gives chroma alone and near infrared stands in for the luminance, or it gives the luminance too:
as one more map of its colorization part, or by a branch of its own (sections 6.3 and 6.4). Beyond
the report, a ResNet U-Net changes near infrared's own luminance, which stays sharp.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorkit.imaging.color import scale_L
from colorkit.models.colornet import ColorNet, decoder, initialize
from colorkit.models.efficientnet import EfficientUNet
from colorkit.models.network import silent
from colorkit.models.prediction import as_luminance
from colorkit.models.resnet_unet import ResNetUNet

LUMINANCES = ("none", "head", "branch")


class NirNet(ColorNet):
    """Near-infrared image in; chroma, luminance (or none) and scene scores out.

    Layers that a ColorNet has too bear the same names, so that its weights fit them.

    Args:
        num_classes: see `ColorNet`.
        luminance: `none`, ColorNet itself (section 6.3); `head`, the colorization part gives L*,
            a*, b* (the first try of section 6.4); `branch`, a second decoder, built like the
            colorization part, gives L* from the mid-level features.
        full: the branch's luminance has the image's own side; else half of it.
        **colornet: see `ColorNetConfig`.

    Raises:
        ValueError: a setting outside its range, said by name.
    """

    relatives = ("ColorNet",)

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
        self._settings |= {"luminance": luminance, "full": full}
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
            ab: (B, 2, ⌈H/2⌉, ⌈W/2⌉) in [0, 1], scaled as by `colorkit.imaging.color.scale_ab`.
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


class _OwnLuminance:
    """The head of a U-Net that keeps near infrared's own luminance, which is not blurred.

    Near infrared is brightened and dimmed place by place: the network gives a gain and an offset at
    half the image's side, which are enlarged and applied at full size (as in Gharbi et al., ACM TOG
    36(4), 2017). Edges therefore stay as sharp as near infrared has them. A fresh head gives near
    infrared back.
    """

    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)
        self.light = silent(nn.Conv2d(self.last.in_channels, 2, 3, padding=1))

    def forward(self, nir: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Predict the colors of a batch of near-infrared images of any size.

        Args:
            nir: (B, 1, H, W) in [0, 1].

        Returns:
            ab: (B, 2, ⌈H/2⌉, ⌈W/2⌉), scaled as by `colorkit.imaging.color.scale_ab`.
            L: (B, 1, H, W) in [0, 1], scaled as by `scale_L`.
            scores: (B, num_classes) before softmax, or None without a classifier.
        """
        x, scores = self.features(nir)  # (B, 48, H/2, W/2)
        light = self.light(x).float()
        light = F.interpolate(light, nir.shape[-2:], mode="bilinear", align_corners=False)
        gain, offset = light.split(1, dim=1)
        L = (1 + gain) * scale_L(as_luminance(nir)) + offset
        return self.last(x) + 0.5, L.clamp(0, 1), scores


class NirResNetUNet(_OwnLuminance, ResNetUNet):
    """Near-infrared image in; chroma, a luminance that is not blurred, and scene scores out.

    A fresh network gives near infrared back, gray.

    Args:
        num_classes, **settings: see `ResNetUNet`, whose weights fit.
    """

    relatives = ("ResNetUNet",)


class NirEfficientUNet(_OwnLuminance, EfficientUNet):
    """As `NirResNetUNet`, with the encoder and decoder of the box's color networks.

    Args:
        num_classes: see `EfficientUNet`, whose weights fit.
    """

    relatives = ("EfficientUNet", "VividUNet")
