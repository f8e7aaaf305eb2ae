"""ColorMamba at the smallest size that still is one (Zhai et al., arXiv:2408.08087).

Two U-Nets look at near infrared. The first paints a coarse picture in hue, saturation and value;
its planes tell the second, which paints red, green and blue, place by place how its own planes are
to be scaled and moved (SPADE: Park et al., arXiv:1903.07291). Both hold vision state-space blocks,
see `colorkit.models.state_space`, where planes have a quarter and an eighth of the image's side.

Left out of the published network of 100 million parameters: levels, a second encoder for edges
(both branches see the Laplacian as a channel), criss-cross attention, and the discriminators. Ours
begins with near infrared itself, which the paper's does not: each color is near infrared with
another contrast and another exposure at each place. How much light a whole picture needs can only
be learned where layers are normalized by the statistics of many pictures, since those of one
picture take its brightness away; so that is done but where one branch tells the other.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorkit.imaging.color import rgb_to_lab, scale_ab, scale_L
from colorkit.models.network import Network, pad_to, require_images, silent
from colorkit.models.state_space import BORDERS, MIXERS, VisionBlock
from colorkit.models.unet import check_counts

HUES = ("disk", "angle")
_STEP = 16  # the deepest planes then have 2 × 2 pixels: a variance, even with one picture alone
_SLOPE = 0.2  # of the rectifiers below zero


class ColorMamba(Network):
    """Near-infrared image in; chroma and luminance of its size out.

    Args:
        width: channels of the first level.
        state, agents, mixer, border: see `colorkit.models.state_space.VisionBlock`.
        hsv: paint hue, saturation and value first; without, the second branch is told by its own
            encoder.
        hue: as a point of a `disk`, or as an `angle` from 0 to 1, which tears red apart; see
            `colorkit.imaging.hue`.

    Raises:
        ValueError: a setting outside its range, said by name.
    """

    def __init__(
        self,
        width: int = 16,
        state: int = 4,
        agents: int = 3,
        mixer: str = "scan",
        border: str = "learned",
        hsv: bool = True,
        hue: str = "disk",
    ):
        super().__init__(
            width=width, state=state, agents=agents, mixer=mixer, border=border, hsv=hsv, hue=hue
        )
        check_counts(width=width, state=state, agents=agents)
        for name, value, known in (
            ("mixer", mixer, MIXERS),
            ("border", border, BORDERS),
            ("hue", hue, HUES),
        ):
            if value not in known:
                raise ValueError(f"unknown {name} {value!r}; choose one of {', '.join(known)}")
        self.hue, block = hue, (state, agents, mixer, border)
        self.hsv = _Branch(width, block, 3) if hsv else None
        self.rgb = _Branch(width, block, 6, told=True, more=1 + 3 * hsv)
        silent(self.rgb.last)

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
        return (*as_planes(self.colors(nir)[0]), None)

    def colors(self, nir: Tensor) -> tuple[Tensor, Tensor | None]:
        """Paint both pictures.

        Args:
            nir: see `forward`.

        Returns:
            rgb: (B, 3, H, W) sRGB in (0, 1).
            coarse: (B, 3, H, W), the first branch's picture: as by `colorkit.imaging.hue.hue_disk`,
                or hue, saturation and value as by `rgb_to_hsv`; None without that branch.
        """
        require_images("nir", nir, 1)
        height, width = nir.shape[-2:]
        nir = pad_to(nir.float(), _STEP)
        edges = laplacian(nir)
        # Of the weights' type: narrowed networks are given float32.
        image = torch.cat((nir, edges), dim=1).to(self.rgb.last.weight.dtype)
        coarse, told, beside = None, None, [image[:, 1:]]
        if self.hsv is not None:
            painted, told = self.hsv(image)
            coarse = self._bounded(painted.float())
            beside.append(coarse.to(image.dtype))
        painted, _ = self.rgb(image, told, torch.cat(beside, dim=1))
        start = nir.clamp(1 / 255, 254 / 255).logit()
        gain, offset = painted.float().chunk(2, dim=1)  # of each color's contrast and exposure
        crop = (..., slice(height), slice(width))
        rgb = (gain.exp() * start + offset).sigmoid()[crop]
        return rgb, None if coarse is None else coarse[crop]

    def _bounded(self, painted: Tensor) -> Tensor:
        if self.hue == "angle":
            return painted.sigmoid()
        return torch.cat((painted[:, :2].tanh(), painted[:, 2:].sigmoid()), dim=1)


class _Branch(nn.Module):
    """A U-Net of three halvings with state-space blocks at its two smallest planes.

    Args:
        width: channels of its first level.
        block: arguments of its blocks.
        outputs: channels it paints.
        told: another branch's planes, or its own encoder's, scale and move its own.
        more: channels that are set beside its last plane.
    """

    def __init__(self, width: int, block: tuple, outputs: int, told: bool = False, more: int = 0):
        super().__init__()
        w = [width * 2**k for k in range(4)]
        self.first = nn.Sequential(nn.Conv2d(2, w[0], 3, padding=1), nn.LeakyReLU(_SLOPE))
        self.down = nn.ModuleList(_layer(w[k], w[k + 1], 4, stride=2) for k in range(3))
        self.blocks = nn.ModuleList(VisionBlock(w[k], *block) for k in (2, 3))
        self.up = nn.ModuleList(_layer(w[k + 1] + w[k], w[k], 3) for k in (2, 1, 0))
        self.told = nn.ModuleList(Told(w[k], w[k]) for k in (2, 1)) if told else []
        self.last = nn.Conv2d(w[0] + more, outputs, 3, padding=1)

    def forward(self, image: Tensor, told=None, beside: Tensor | None = None):
        """Paint (B, 2, H, W); give the picture and the planes of H/4 and H/2 of its decoder."""
        planes = [self.first(image)]
        for k, down in enumerate(self.down):
            x = down(planes[-1])
            planes.append(x if k == 0 else self.blocks[k - 1](x))
        x, found = planes.pop(), []
        for k, up in enumerate(self.up):
            skip = planes.pop()
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = up(torch.cat((x, skip), dim=1))
            if k < len(self.told):
                x = self.told[k](x, skip if told is None else told[k])
            found.append(x)
        x = x if beside is None else torch.cat((x, beside), dim=1)
        return self.last(x), found[:2]


class Told(nn.Module):
    """A residual block whose normalized plane is scaled and moved as another plane says (SPADE).

    Args:
        channels: of its own plane; theirs: of the other.
    """

    def __init__(self, channels: int, theirs: int):
        super().__init__()
        self.say = nn.Conv2d(theirs, 2 * channels, 3, padding=1)
        self.then = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        """Change x (B, C, H, W) by `other` (B, theirs, H, W)."""
        gain, shift = self.say(other).chunk(2, dim=1)
        return x + self.then(F.leaky_relu((1 + gain) * F.instance_norm(x) + shift, _SLOPE))


def laplacian(plane: Tensor) -> Tensor:
    """How far each pixel is above its four neighbors' mean: (B, 1, H, W), borders repeated."""
    p = F.pad(plane, (1, 1, 1, 1), mode="replicate")
    around = p[..., :-2, 1:-1] + p[..., 2:, 1:-1] + p[..., 1:-1, :-2] + p[..., 1:-1, 2:]
    return plane - around / 4


def as_planes(rgb: Tensor) -> tuple[Tensor, Tensor]:
    """Give sRGB (B, 3, H, W) in [0, 1] as other networks do: a*, b* and L*, scaled to [0, 1]."""
    L, ab = rgb_to_lab(rgb).split((1, 2), dim=1)
    return scale_ab(ab), scale_L(L)


def _layer(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=1),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(_SLOPE),
    )
