"""Near infrared and gray help each other: two translators, two colorizers, and a gate.

After the idea of CoColor (Yang et al., "Cooperative Colorization: Exploring Latent Cross-Domain
Priors for NIR Image Spectrum Translation", ACM Multimedia 2023): a near-infrared picture is
colored twice, once as it is, and once after it has been translated into the gray picture that the
same scene would give, by a network that has learned from gray photographs, of which there are
many. Only the paper's abstract and result tables could be read: the networks, the gate and what is
minimized are our design.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from colorkit.imaging.color import scale_L
from colorkit.models.network import Network, require_images, silent
from colorkit.models.prediction import as_luminance
from colorkit.models.unet import UNet


class Colored(NamedTuple):
    """What one colorizer says of a picture.

    Attributes:
        lab: (B, 3, H, W) in [0, 1], L* scaled as by `colorkit.imaging.color.scale_L`, a* and b* as
            by `scale_ab`.
        features: (B, width, H, W), the plane that the colors were read from.
    """

    lab: Tensor
    features: Tensor


class Paths(NamedTuple):
    """A near-infrared picture colored both ways.

    Attributes:
        nir: colored as it is.
        gray: colored after translation.
        translated: (B, 1, H, W) in [0, 1], the translation.
        gate: (B, 1, H, W) in [0, 1], how much the first way is trusted at each pixel.
        lab: (B, 3, H, W), both mixed by the gate, scaled as those of `Colored`.
    """

    nir: Colored
    gray: Colored
    translated: Tensor
    gate: Tensor
    lab: Tensor


class CoColor(Network):
    """Near-infrared image in, chroma and luminance of its size out.

    A fresh network translates every picture into itself, colors nothing and trusts both ways alike.

    Args:
        width, depth: of its four U-Nets, see `colorkit.models.unet.UNet`.

    Raises:
        ValueError: a setting outside its range, said by name.
    """

    def __init__(self, width: int = 16, depth: int = 3):
        super().__init__(width=width, depth=depth)
        nets = [UNet(1, outputs, width, depth) for outputs in (1, 1, 3, 2)]
        for net in nets:
            silent(net.last[0])
        self.to_gray, self.to_nir, self.from_nir, self.from_gray = nets
        self.gate = nn.Sequential(
            nn.Conv2d(8, width, 3, padding=1), nn.ReLU(), silent(nn.Conv2d(width, 1, 1))
        )

    def forward(self, nir: Tensor) -> tuple[Tensor, Tensor, None]:
        """Predict the colors of a batch of near-infrared images of any size.

        Args:
            nir: (B, 1, H, W) in [0, 1].

        Returns:
            ab: (B, 2, H, W) in [0, 1], scaled as by `colorkit.imaging.color.scale_ab`.
            L: (B, 1, H, W) in [0, 1], scaled as by `scale_L`.
            None: it knows no scenes.

        Raises:
            ValueError: the shape is another one.
        """
        L, ab = self.paths(nir).lab.split((1, 2), dim=1)
        return ab, L, None

    def paths(self, nir: Tensor) -> Paths:
        """Color near infrared (B, 1, H, W) in [0, 1] both ways, and mix them."""
        require_images("nir", nir, 1)
        translated = translate(self.to_gray, nir)
        direct, other = self.color_nir(nir), self.color_gray(translated)
        seen = torch.cat((nir, translated, direct.lab, other.lab), dim=1)  # (B, 8, H, W)
        gate = _through(self.gate, seen).float().sigmoid()
        mixed = gate * direct.lab + (1 - gate) * other.lab
        return Paths(direct, other, translated, gate, mixed)

    def color_nir(self, nir: Tensor) -> Colored:
        """Color near infrared (B, 1, H, W) as it is; L* is its own, changed place by place."""
        features = _through(self.from_nir.features, nir, self.from_nir)
        shift, ab = self.from_nir.last(features).float().split((1, 2), dim=1)
        L = (scale_L(as_luminance(nir.float())) + 2 * shift - 1).clamp(0, 1)
        return Colored(torch.cat((L, ab), dim=1), features)

    def color_gray(self, gray: Tensor) -> Colored:
        """Color a gray picture (B, 1, H, W), whose lightness is kept."""
        features = _through(self.from_gray.features, gray, self.from_gray)
        ab = self.from_gray.last(features).float()
        return Colored(torch.cat((scale_L(as_luminance(gray.float())), ab), dim=1), features)


def translate(translator: UNet, plane: Tensor) -> Tensor:
    """Change a plane (B, 1, H, W) in [0, 1] place by place into that of the other domain."""
    return (plane.float() + 2 * _through(translator, plane).float() - 1).clamp(0, 1)


def _through(function, plane: Tensor, module: nn.Module | None = None) -> Tensor:
    """Call a network, or a part of one, with a plane of its weights' type."""
    return function(plane.to(next((module or function).parameters()).dtype))
