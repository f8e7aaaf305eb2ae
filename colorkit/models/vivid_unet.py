"""A network that says how colorful a place is, apart from what color it has on average.

The mean of the colors that a thing may have is duller than any of them: the mean of a red and a
blue coat is nearly gray. Larsson, Maire & Shakhnarovich, "Learning Representations for Automatic
Colorization" (ECCV 2016), therefore take the hue from the mean and the chroma from the chroma's own
expectation. Where a color is sure, as that of skin or grass, the two agree and nothing changes.
"""

import copy

from torch import Tensor, nn

from colorkit.models.efficientnet import EfficientUNet
from colorkit.models.encoder_unet import WIDTHS
from colorkit.models.network import silent

VIVID = "vivid"  # the model in the box that is one
MOST = 4.0  # times that a mean's chroma is raised at most: the hue of a gray is chance
_LEAST = 1e-4  # of scaled chroma: a fortieth of a Lab unit


class VividUNet(EfficientUNet):
    """Gray image in, chroma of half its side out, as strong as colors are expected to be.

    Beside the mean color, which is that of an EfficientUNet whose weights fit, it predicts the
    expected chroma, the mean distance of the colors from gray.

    Args:
        vividness: how far the chroma is raised from the mean's, 0, to the expected one, 1; in
            between and beyond, by a power of their ratio.

    Raises:
        ValueError: a vividness below 0, or none.
    """

    relatives = ("EfficientUNet",)

    def __init__(self, vividness: float = 1.0):
        super().__init__(None)
        self._settings = _settings(vividness)
        width = WIDTHS[2]
        self.chroma = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), silent(nn.Conv2d(width, 1, 1))
        )

    @property
    def vividness(self) -> float:
        """How far the chroma is raised, see the class."""
        return self._settings["vividness"]

    def at(self, vividness: float) -> "VividUNet":
        """Give the same network, weights shared, at another vividness; raises as the class does."""
        other = copy.copy(self)
        other._settings = _settings(vividness)
        return other

    def forward(self, gray: Tensor) -> tuple[Tensor, None]:
        """Predict the chroma of a batch of gray images of any size.

        Args:
            gray: (B, 1, H, W) in [0, 1].

        Returns:
            ab: (B, 2, ⌈H/2⌉, ⌈W/2⌉), see `EncoderUNet`.
            None, in place of a classifier's scores.

        Raises:
            ValueError: the shape is another one.
        """
        mean, expected = self.mean_and_expected(gray)
        return raise_chroma(mean, expected, self.vividness) + 0.5, None

    def mean_and_expected(self, gray: Tensor) -> tuple[Tensor, Tensor]:
        """Predict the mean color and the expected chroma.

        Args:
            gray: see `forward`.

        Returns:
            mean: (B, 2, ⌈H/2⌉, ⌈W/2⌉), scaled as by `scale_ab`, around 0.
            expected: (B, 1, ⌈H/2⌉, ⌈W/2⌉), on the same scale.
        """
        x, _ = self.features(gray)  # (B, 48, H/2, W/2)
        return self.last(x), self.chroma(x)


def _settings(vividness: float) -> dict[str, float]:
    if not 0 <= vividness < float("inf"):
        raise ValueError(f"vividness must be 0 or more; got {vividness!r}")
    return {"vividness": vividness}


def raise_chroma(mean: Tensor, expected: Tensor, vividness: float) -> Tensor:
    """Raise the chroma of mean colors towards the expected chroma; their hue stays.

    A mean's chroma is no larger than the expectation of the chroma (Jensen's inequality), so that
    an expectation below it is taken for equal.

    Args:
        mean: (B, 2, h, w) around 0.
        expected: (B, 1, h, w), on the same scale.
        vividness: the power of the ratio of the two; 0 changes nothing.

    Returns:
        (B, 2, h, w), at most `MOST` ** vividness times as strong.
    """
    own = mean.square().sum(dim=1, keepdim=True).sqrt().clamp(min=_LEAST)  # (B, 1, h, w)
    return mean * (expected / own).clamp(1, MOST) ** vividness
