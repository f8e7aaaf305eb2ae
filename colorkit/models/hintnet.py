"""A network that is told the colors of some points: the default's U-Net with a second way in.

Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors", ACM TOG 36(4),
2017 (arXiv:1705.02999), give hints to a network as planes beside the gray image: chroma where it is
known, a mask that says where, and numbers that hold for the whole picture.
"""

from torch import Tensor, nn

from colorkit.models.efficientnet import CHANNELS, EfficientUNet

PLANES = 5  # a*, b*, their mask; saturation, its mask: see `colorkit.inference.hints`


class HintUNet(EfficientUNet):
    """Gray image and hints in, chroma of half its side out.

    A convolution of the hints is added to the encoder's first plane. That plane goes two ways: down
    the encoder, where a hint's color spreads over the object it lies on, and straight to the
    decoder's finest level, where the hint's own color is kept. A fresh network takes no notice of
    hints, so that the weights of an EfficientUNet fit and give what they gave.

    Args:
        num_classes: see `EfficientUNet`.
    """

    relatives = ("EfficientUNet",)

    def __init__(self, num_classes: int | None = None):
        super().__init__(num_classes)
        # Without a bias, so that no hint is no change.
        self.hint = nn.Conv2d(PLANES, CHANNELS[0], 7, stride=2, padding=3, bias=False)
        nn.init.zeros_(self.hint.weight)

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
        return self.last(x) + 0.5, scores
