"""What a network says of an image, whichever way it puts it."""

from typing import NamedTuple

from torch import Tensor, nn

from colorkit.imaging.color import rgb_to_lab, scale_L


class Prediction(NamedTuple):
    """The colors of a batch of images, and which scenes they may show.

    Attributes:
        ab: (B, 2, h, w) float32, scaled as by `colorkit.imaging.color.scale_ab`.
        L: (B, 1, h', w') float32 in [0, 1], scaled as by `scale_L`; None where the image's own
            lightness is kept.
        scores: (B, num_classes) before softmax; None without a classifier.
    """

    ab: Tensor
    L: Tensor | None
    scores: Tensor | None


def predict(network: nn.Module, image: Tensor, *more: Tensor) -> Prediction:
    """Run any network that colors.

    It may give (chroma, scores), or (chroma, luminance, scores), or one plane: of the two channels
    of chroma, or of three, the first of which says how far L* is from the image's own.

    Args:
        network: of `colorkit.models`.
        image: (B, 1, H, W) in [0, 1], gray or near infrared.
        *more: what else it takes, such as hints.

    Raises:
        ValueError: it takes no such image, or gives no chroma.
    """
    output, L, scores = network(image, *more), None, None
    if not isinstance(output, Tensor):
        ab, *L, scores = output
        L = L[0] if L else None
    elif output.ndim == 4 and output.shape[1] == 3:
        shift, ab = output.float().split((1, 2), dim=1)
        L = (scale_L(as_luminance(image)) + 2 * shift - 1).clamp(0, 1)
    else:
        ab = output
    if ab.ndim != 4 or ab.shape[1] != 2:
        raise ValueError(f"the network gives {tuple(ab.shape)}, not the two channels of chroma")
    return Prediction(ab.float(), None if L is None else L.float(), scores)


def as_luminance(nir: Tensor) -> Tensor:
    """L* of near infrared taken for a gray picture: (B, 1, H, W) in [0, 1] to [0, 100]."""
    return rgb_to_lab(nir.expand(-1, 3, -1, -1))[:, :1]
