"""ColorNet with one thing more: shortcuts for fine detail, or facts of the whole picture.

Both begin as the ColorNet of the same seed and compute what it computes: what is new starts at
zero. So two trainings differ by what was added and by nothing else.
"""

from torch import Tensor, nn

from colorkit.models.colornet import STRIDE, ColorNet
from colorkit.models.network import pad_to, require_images, silent

BINS = 8  # of the histogram, along a* and along b*
TOLD = BINS * BINS + 1 + 2  # the histogram and its mask; the mean chroma and its mask
_HIDDEN = 128  # units that read what is told, at width 1


class ResidualColorNet(ColorNet):
    """ColorNet whose decoder is also given the low-level planes of its own size.

    ColorNet's decoder sees nothing finer than an eighth of the image's side. Here the planes of a
    quarter and of half the side, which the shared layers have computed anyway, pass a 1×1
    convolution and are added to the decoder's own: residuals in the sense of He et al. (CVPR 2016),
    placed as the shortcuts of Zhang et al. (2017).

    Args:
        num_classes, **settings: see `ColorNet`, whose weights fit.
    """

    relatives = ("ColorNet",)

    def __init__(self, num_classes: int | None = None, **settings):
        super().__init__(num_classes, **settings)
        c = self.scaled
        self.at_quarter = silent(nn.Conv2d(c(256), c(64), 1))
        self.at_half = silent(nn.Conv2d(c(128), c(32), 1))

    def forward(self, gray: Tensor) -> tuple[Tensor, Tensor | None]:
        """Predict the chroma of a batch of gray images of any size; see `ColorNet.forward`."""
        require_images("gray", gray, 1)
        height, width = gray.shape[-2:]
        half = self.low[:2](pad_to(gray, STRIDE))  # (B, 128, H/2, W/2)
        quarter = self.low[2:4](half)  # (B, 256, H/4, W/4)
        _, fused, vector = self.fused(gray, self.low[4:](quarter))  # (B, 256, H/8, W/8)
        x = self.color[:4](fused) + self.at_quarter(quarter)  # (B, 64, H/4, W/4)
        x = self.color[4:6](x) + self.at_half(half)  # (B, 32, H/2, W/2)
        ab = self.color[6:](x)[..., : (height + 1) // 2, : (width + 1) // 2]
        return ab, None if self.classifier is None else self.classifier(vector)


class ToldColorNet(ColorNet):
    """ColorNet that may be told which colors the whole picture has, but not where.

    Zhang et al. (2017, section 3.3) give their network *global hints*: the histogram of the
    chroma and the mean saturation. Two layers turn them into a vector that is added to ColorNet's
    own vector of the whole image, which the fusion then brings to every place.

    Args:
        num_classes, **settings: see `ColorNet`, whose weights fit.
    """

    relatives = ("ColorNet",)

    def __init__(self, num_classes: int | None = None, **settings):
        super().__init__(num_classes, **settings)
        c = self.scaled
        # Without biases, so that to be told nothing changes nothing.
        self.told = nn.Sequential(
            nn.Linear(TOLD, c(_HIDDEN), bias=False),
            nn.ReLU(),
            silent(nn.Linear(c(_HIDDEN), c(256), bias=False)),
        )

    def forward(self, gray: Tensor, told: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Predict the chroma of a batch of gray images of any size.

        Args:
            gray: (B, 1, H, W) in [0, 1].
            told: (B, `TOLD`), of which zeros tell nothing; None tells nothing of any.

        Returns:
            As `ColorNet.forward`.

        Raises:
            ValueError: the shape is another one.
        """
        require_images("gray", gray, 1)
        if told is not None and told.shape != (len(gray), TOLD):
            raise ValueError(f"told must have shape ({len(gray)}, {TOLD}); got {tuple(told.shape)}")
        height, width = gray.shape[-2:]
        more = None if told is None else self.told(told.to(gray.dtype))
        _, fused, vector = self.fused(gray, self.low(pad_to(gray, STRIDE)), more)
        ab = self.color(fused)[..., : (height + 1) // 2, : (width + 1) // 2]
        return ab, None if self.classifier is None else self.classifier(vector)
