"""A network that is told the colors of some points: the default's U-Net with a second way in.

Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors", ACM TOG 36(4),
2017 (arXiv:1705.02999), give hints to a network as planes beside the gray image: chroma where it is
known, a mask that says where, and numbers that hold for the whole picture.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from colorkit.imaging.color import AB_RANGE
from colorkit.models.efficientnet import CHANNELS, EfficientUNet
from colorkit.models.encoder_unet import WIDTHS
from colorkit.models.hint_attention import HintAttention

PLANES = 5  # a*, b*, their mask; saturation, its mask: see `colorkit.inference.hints`
UNIT = 50.0  # Lab units: brings the chroma of most things to within ±1


class HintUNet(EfficientUNet):
    """Gray image and hints in, chroma of half its side out.

    A convolution of the hints is added to the encoder's first plane. That plane goes two ways: down
    the encoder, where a hint tells what its thing may be, and straight to the decoder's finest
    level, where its own color is kept. What still surprises is carried to places that look alike,
    see `HintAttention`. Without hints the network is an EfficientUNet, whose weights fit.

    Args:
        num_classes: see `EfficientUNet`.
    """

    relatives = ("EfficientUNet",)

    def __init__(self, num_classes: int | None = None):
        super().__init__(num_classes)
        # Without a bias, so that no hint is no change.
        self.hint = nn.Conv2d(PLANES, CHANNELS[0], 7, stride=2, padding=3, bias=False)
        nn.init.zeros_(self.hint.weight)
        self.attention = HintAttention(WIDTHS[2])

    def forward(self, gray: Tensor, hints: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Predict the chroma of a batch of gray images of any size.

        Args:
            gray: (B, 1, H, W) in [0, 1].
            hints: (B, 5, H, W) as by `colorkit.inference.hints`; None colorizes automatically, as
                planes of zeros do.

        Returns:
            ab: (B, 2, ⌈H/2⌉, ⌈W/2⌉), see `EncoderUNet`.
            scores: (B, num_classes) before softmax, or None without a classifier.

        Raises:
            ValueError: the shape is another one.
        """
        if hints is not None and hints.shape != (len(gray), PLANES, *gray.shape[2:]):
            raise ValueError(
                f"hints must have shape (batch, {PLANES}, H, W) and the image's size; "
                f"got {tuple(hints.shape)} for {tuple(gray.shape)}"
            )
        x, scores = self.features(gray, None if hints is None else self.hint(hints))
        ab = self.last(x)  # around 0
        if hints is not None:
            # Chroma and mask at the size of `ab`; chroma is 0 where there is no hint.
            small = F.avg_pool2d(hints[:, :3], 2, ceil_mode=True, count_include_pad=False)
            told, share = small.split((2, 1), dim=1)
            wanted = told / share.clamp(min=1e-6) * (UNIT / (2 * AB_RANGE))
            ab = ab + self.attention(x, ab, wanted, share)
        return ab + 0.5, scores
