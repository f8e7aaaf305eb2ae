"""Differences of pictures that a network sees, as losses and as measures.

LPIPS (Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", CVPR
2018) compares a network's planes at every position, each brought to length one, and weighs their
channels by what people said of pairs. Where its weights are not at hand, the same comparison
without the weights is made with an encoder that is (the paper's "baseline"), under its own name.
"""

import torch
from torch import Tensor, nn

from colorkit.imaging.color import lab_to_rgb, unscale_ab, unscale_L
from colorkit.imaging.metrics.perceptual import lpips_network
from colorkit.models.resnet import standardized


def picture_of(planes: Tensor) -> Tensor:
    """Give the sRGB pictures, (B, 3, h, w) in [0, 1], of planes (B, 3, h, w) in [−1, 1]."""
    L, ab = (planes[:, :1] + 1) / 2, (planes[:, 1:] + 1) / 2
    return lab_to_rgb(torch.cat((unscale_L(L), unscale_ab(ab)), dim=1))


def perceptual_loss(found: Tensor, true: Tensor) -> Tensor:
    """LPIPS between the pictures that planes make, mean over them.

    Args:
        found, true: (B, 3, h, w), see `colorkit.studies.gans.training.planes_of`.

    Raises:
        Unavailable: its weights are missing, see `colorkit.imaging.metrics.quality.lpips`.
    """
    network = lpips_network().to(found.device)
    return network(*(2 * picture_of(planes) - 1 for planes in (found, true))).mean()


class FeatureDistance(nn.Module):
    """How far apart two pictures lie in an encoder's planes; the encoder is never changed.

    Args:
        encoder: stages for sRGB brought to [−2, 2], such as a
            `colorkit.models.resnet.SceneClassifier` has.
    """

    def __init__(self, encoder: nn.ModuleList):
        super().__init__()
        self.encoder = encoder.eval().requires_grad_(False)

    def train(self, mode: bool = True):
        """Stay in evaluation mode: batch normalization must not see what is compared."""
        return super().train(False)

    def forward(self, rgb: Tensor, true: Tensor) -> Tensor:
        """Compare pictures.

        Args:
            rgb, true: (B, 3, H, W) sRGB in [0, 1]; gradients reach `rgb`.

        Returns:
            (B,), 0 where both are the same: the squared distance of the planes' directions, mean
            over positions and stages; at most 4.
        """
        planes, count = standardized(torch.cat((rgb, true))), len(rgb)
        distances = []
        for stage in self.encoder:
            planes = stage(planes)
            directions = nn.functional.normalize(planes.float(), dim=1, eps=1e-6)
            apart = (directions[:count] - directions[count:]).square().sum(dim=1)
            distances.append(apart.mean(dim=(1, 2)))
        return torch.stack(distances).mean(dim=0)
