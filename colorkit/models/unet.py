"""A U-Net (Ronneberger, Fischer, Brox: MICCAI 2015), and what is left of it without its skips.

An encoder halves the image `depth` times, a decoder doubles it as often. *Skip connections* hand
each level's plane to the decoder, so that edges need not pass through the narrow middle; without
them the network is a convolutional autoencoder. *Upsampling* is learned (transposed convolution)
or bilinear, followed by a convolution, which leaves no checkerboard (Odena et al., Distill 2016).
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from colorkit.models.colornet import initialize
from colorkit.models.network import Network, pad_to, require_images
from colorkit.models.norm_relu import Layers

UPSAMPLINGS = ("transposed", "interpolated")
_DEEPEST = 16  # a picture of 65,536 pixels a side is then one pixel
_WIDEST = 8  # times the first level's channels; deeper levels stay at that


class UNet(Network):
    """Image in, image of the same size out.

    Args:
        in_channels, out_channels: of the images.
        width: channels of the first level; each level has twice those of the one above, at most
            eight times the first's.
        depth: how often the image is halved.
        skips: hand each level's plane to the decoder.
        upsampling: one of `UPSAMPLINGS`.
        norm: batch normalization after every convolution but the last.

    Raises:
        ValueError: a setting outside its range, said by name.
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        width: int = 32,
        depth: int = 4,
        skips: bool = True,
        upsampling: str = "interpolated",
        norm: bool = True,
    ):
        super().__init__(
            in_channels=in_channels,
            out_channels=out_channels,
            width=width,
            depth=depth,
            skips=skips,
            upsampling=upsampling,
            norm=norm,
        )
        check_counts(in_channels=in_channels, out_channels=out_channels, width=width, depth=depth)
        if depth > _DEEPEST:
            raise ValueError(f"depth must be {_DEEPEST} or less; got {depth}")
        if upsampling not in UPSAMPLINGS:
            raise ValueError(
                f"unknown upsampling {upsampling!r}; choose one of {', '.join(UPSAMPLINGS)}"
            )
        self.in_channels, self.depth, self.skips = in_channels, depth, skips
        channels = [width * min(2**level, _WIDEST) for level in range(depth + 1)]
        levels = list(pairwise(channels))
        # Shapes in the comments are for width w and an (H, W) image at level k.
        self.first = _double(in_channels, width, 1, norm)  # (B, w, H, W)
        self.down = nn.ModuleList(_double(above, below, 2, norm) for above, below in levels)
        self.up = nn.ModuleList(_up(below, above, upsampling) for above, below in reversed(levels))
        self.join = nn.ModuleList(
            _double(above * (2 if skips else 1), above, 1, norm) for above, _ in reversed(levels)
        )
        self.last = nn.Sequential(nn.Conv2d(width, out_channels, 1), nn.Sigmoid())
        self.apply(_initialize)

    def forward(self, x: Tensor) -> Tensor:
        """Predict an image.

        Args:
            x: (B, in_channels, H, W), H and W any.

        Returns:
            (B, out_channels, H, W) in [0, 1].

        Raises:
            ValueError: the shape is another one.
        """
        return self.last(self.features(x))  # (B, out_channels, H, W)

    def features(self, x: Tensor) -> Tensor:
        """Give the decoder's last plane, (B, width, H, W), which `last` turns into an image."""
        require_images("x", x, self.in_channels)
        height, width = x.shape[-2:]
        planes = [self.first(pad_to(x, 2**self.depth))]  # (B, w, H, W)
        for down in self.down:
            planes.append(down(planes[-1]))  # (B, w·2ᵏ, H/2ᵏ, W/2ᵏ)
        x = planes.pop()
        for up, join in zip(self.up, self.join, strict=True):
            x, skip = up(x), planes.pop()  # (B, w·2ᵏ, H/2ᵏ, W/2ᵏ) each, k counting down
            x = join(torch.cat((x, skip), dim=1) if self.skips else x)
        return x[..., :height, :width]


def check_counts(**counts: int) -> None:
    """Raise ValueError for a setting, by its name, that is no whole number of 1 or more."""
    for name, value in counts.items():
        if not (isinstance(value, int) and value >= 1):
            raise ValueError(f"{name} must be a whole number of 1 or more; got {value!r}")


def _double(inputs: int, outputs: int, stride: int, norm: bool) -> nn.Sequential:
    """Two 3×3 convolutions with ReLU, the first one with the stride."""
    layers: list[nn.Module] = []
    for channels, step in ((inputs, stride), (outputs, 1)):
        layers.append(nn.Conv2d(channels, outputs, 3, step, padding=1))
        layers += [nn.BatchNorm2d(outputs)] if norm else []
        layers.append(nn.ReLU())
    return Layers(*layers)


def _up(inputs: int, outputs: int, upsampling: str) -> nn.Module:
    """Double the sides: (B, inputs, h, w) to (B, outputs, 2h, 2w)."""
    if upsampling == "transposed":
        return nn.ConvTranspose2d(inputs, outputs, 2, 2)
    # The 1×1 convolution comes first: it and bilinear interpolation commute, and it is cheaper so.
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 1),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
    )


def _initialize(module: nn.Module) -> None:
    """He initialization as ColorNet's, transposed convolutions included."""
    initialize(module)
    if isinstance(module, nn.ConvTranspose2d):
        # Its weight lies as (in, out, 2, 2); each output pixel is reached by `in` of them.
        nn.init.normal_(module.weight, std=(2 / module.in_channels) ** 0.5)
        nn.init.zeros_(module.bias)
