"""A U-Net on an encoder made for other tasks, with a decoder for whatever that encoder yields.

The decoder follows LinkNet (Chaurasia & Culurciello, 2017): it *adds* each level's plane, brought
to the decoder's own few channels, where a U-Net concatenates, so that nearly all parameters stay in
the encoder.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorkit.models.network import Network, pad_to, require_images, silent
from colorkit.models.resnet import standardized

WIDTHS = {2: 48, 4: 96, 8: 128, 16: 192}  # channels of the decoder, by stride


class EncoderUNet(Network):
    """Gray image in, chroma of half its side out.

    Args:
        encoder: stages, each of which halves the image; the first is given one channel.
        channels: of each stage's plane; found by running the encoder once where they are not given.
        num_classes: of an auxiliary scene classifier on the encoder's last plane; None for none.
        **settings: other settings of the network.
    """

    def __init__(
        self,
        encoder: nn.ModuleList,
        channels: Sequence[int] | None = None,
        /,
        *,
        num_classes: int | None,
        **settings,
    ):
        super().__init__(num_classes=num_classes, **settings)
        self.encoder = encoder
        self.stride = 2 ** len(encoder)
        *skips, deepest = channels or _channels(encoder)
        # Levels are named by their stride, so that networks of other depths have the same names.
        strides = [2**k for k in range(len(encoder) - 1, 0, -1)]
        widths = [deepest, *(WIDTHS[s] for s in strides)]
        names = [str(s) for s in strides]
        self.up = _modules(names, [nn.Conv2d(i, o, 1) for i, o in pairwise(widths)])
        pairs = zip(reversed(skips), widths[1:], strict=True)
        self.skip = _modules(names, [nn.Conv2d(i, o, 1) for i, o in pairs])
        self.join = _modules(names, [_convolution(width) for width in widths[1:]])
        self.last = silent(nn.Conv2d(widths[-1], 2, 3, padding=1))  # a fresh network predicts gray
        self.classifier = nn.Linear(deepest, num_classes) if num_classes else None

    def forward(self, gray: Tensor) -> tuple[Tensor, Tensor | None]:
        """Predict the chroma of a batch of gray images of any size.

        Args:
            gray: (B, 1, H, W) in [0, 1].

        Returns:
            ab: (B, 2, ⌈H/2⌉, ⌈W/2⌉), scaled as by `colorkit.imaging.color.scale_ab`; not bounded,
                but near [0, 1].
            scores: (B, num_classes) before softmax, or None without a classifier.

        Raises:
            ValueError: the shape is another one.
        """
        x, scores = self.features(gray)
        return self.last(x) + 0.5, scores

    def features(self, gray: Tensor, more: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Give the decoder's last plane, (B, 48, ⌈H/2⌉, ⌈W/2⌉), and the scores.

        Args:
            gray: see `forward`.
            more: (B, C, ⌈H/2⌉, ⌈W/2⌉), added to the encoder's first plane.
        """
        require_images("gray", gray, 1)
        height, width = gray.shape[-2:]
        x = standardized(pad_to(gray, self.stride))
        stem, *stages = self.encoder
        x = stem(x)  # (B, C₁, H/2, W/2), H and W padded
        if more is not None:
            bottom, right = (a - b for a, b in zip(x.shape[2:], more.shape[2:], strict=True))
            x = x + F.pad(more, (0, right, 0, bottom))
        planes = [x]
        for stage in stages:
            x = stage(x)
            planes.append(x)  # (B, C₂, H/4, W/4), (B, C₃, H/8, W/8), …
        x = planes.pop()
        scores = None if self.classifier is None else self.classifier(x.mean(dim=(2, 3)))  # (B, n)
        for level, up in self.up.items():
            # Nearest is enough in front of a convolution, and cheapest after the narrowing one.
            x = F.interpolate(up(x), scale_factor=2, mode="nearest")
            # (B, WIDTHS[level], H/level, W/level)
            x = self.join[level](x.add_(self.skip[level](planes.pop())))
        return x[..., : (height + 1) // 2, : (width + 1) // 2], scores


def _channels(encoder: nn.ModuleList) -> list[int]:
    """Channels of the encoder's planes, found by running it once."""
    channels, x = [], torch.zeros(1, 1, 32, 32)
    encoder.eval()  # batch normalization must not learn from this
    with torch.no_grad():
        for stage in encoder:
            x = stage(x)
            channels.append(x.shape[1])
    encoder.train()
    return channels


def _modules(names: list[str], modules: list[nn.Module]) -> nn.ModuleDict:
    return nn.ModuleDict(dict(zip(names, modules, strict=True)))


def _convolution(width: int) -> nn.Sequential:
    """A 3×3 convolution between two rectifications.

    Without batch normalization: the decoder's planes are the largest, and normalizing them takes
    as long as all of its convolutions.
    """
    return nn.Sequential(nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.ReLU())
