"""Where are the plants? Told from the gray picture alone.

`colorkit.imaging.metrics.regions` tells plants by their true color, chroma of 8 or more included.
What is chosen so has been chosen by how much color it has, and more saturation must help there. A
claim about saturation needs plants that a person could have pointed at in the gray picture.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from colorkit.imaging.metrics.regions import region_masks

_WINDOWS = (1 / 40, 1 / 12, 1 / 5)  # reach, as a share of the image's side
_STEP = 3  # every third pixel of every third row is learned from: neighbors are alike
_RIDGE = 1e-4  # of a mean square of 1


@dataclass(frozen=True)
class GrayPlants:
    """Tells plants by brightness, texture and place.

    Attributes:
        center, scale: (K,) of the features, on training images.
        weights: (1 + K + K (K + 1) / 2,) of 1, the features and their products.
    """

    center: Tensor
    scale: Tensor
    weights: Tensor

    def share(self, gray: Tensor) -> Tensor:
        """How likely each pixel of (B, 1, H, W) is a plant: (B, H, W), about 0 to 1."""
        parts = []
        for few in gray.split(8):
            found = (_features(few) - self.center) / self.scale  # (b, H, W, K)
            parts.append(_products(found) @ self.weights)
        return torch.cat(parts)

    def mask(self, gray: Tensor) -> Tensor:
        """(B, 1, H, W) to (B, H, W) bool: more likely plants than not."""
        return self.share(gray) > 0.5


def fit_plants(batches: Iterable[tuple[Tensor, Tensor]]) -> GrayPlants:
    """Learn to tell plants by least squares.

    The truth of *training* images says which pixels are plants, by
    `colorkit.imaging.metrics.regions.region_masks`; what is learned knows gray alone.

    Args:
        batches: gray (B, 1, H, W) in [0, 1] and true (B, 3, H, W) sRGB, in order.
    """
    features, plants = [], []
    for gray, rgb in batches:
        features.append(_features(gray)[:, ::_STEP, ::_STEP].flatten(0, 2))
        plants.append(region_masks(rgb)["plants"][:, ::_STEP, ::_STEP].flatten())
    found, wanted = torch.cat(features), torch.cat(plants).double()
    center, scale = found.mean(dim=0), found.std(dim=0).clamp(min=1e-6)
    gram, moment = 0.0, 0.0
    for some, target in zip(found.split(100_000), wanted.split(100_000), strict=True):
        products = _products((some - center) / scale).double()
        gram, moment = gram + products.T @ products, moment + products.T @ target
    gram = gram / len(wanted) + _RIDGE * torch.eye(len(gram), dtype=torch.float64)
    weights = torch.linalg.solve(gram, moment / len(wanted))
    return GrayPlants(center, scale, weights.float())


def _features(gray: Tensor) -> Tensor:
    """(B, 1, H, W) to (B, H, W, 11): the gray, its mean and deviation around, place, the whole."""
    height, width = gray.shape[2:]
    planes = [gray]
    for share in _WINDOWS:
        reach = max(1, round(share * min(height, width)))
        options = {"stride": 1, "padding": reach, "count_include_pad": False}
        mean = F.avg_pool2d(gray, 2 * reach + 1, **options)
        square = F.avg_pool2d((gray - 0.5).square(), 2 * reach + 1, **options)
        planes += [mean, (square - (mean - 0.5).square()).clamp(min=0).sqrt()]
    rows = torch.linspace(-1, 1, height, dtype=gray.dtype, device=gray.device)
    columns = torch.linspace(-1, 1, width, dtype=gray.dtype, device=gray.device).abs()
    planes += [rows[:, None].expand_as(gray), columns.expand_as(gray)]
    whole = gray.flatten(1)
    planes += [
        x[:, None, None, None].expand_as(gray) for x in (whole.mean(1), whole.std(1, correction=0))
    ]
    return torch.cat(planes, dim=1).permute(0, 2, 3, 1)


def _products(features: Tensor) -> Tensor:
    """(…, K) to (…, 1 + K + K (K + 1) / 2)."""
    first, second = torch.triu_indices(features.shape[-1], features.shape[-1])
    one = torch.ones_like(features[..., :1])
    return torch.cat((one, features, features[..., first] * features[..., second]), dim=-1)
