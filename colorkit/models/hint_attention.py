"""Carrying the colors of hints to places that look alike, however far away.

Convolutions carry a hint only as far as they reach. Here every place looks at all hints at once
(attention; Vaswani et al., "Attention Is All You Need", 2017), as in iColoriT (Yun et al., WACV
2023), whose transformer does so in all of its layers; here it is done once, behind a U-Net.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CELL = 4  # side of the squares, in pixels of the planes, whose hints are taken together
_WIDTH = 16  # numbers by which a head compares two places
_REACHES = (0.25, 0.08)  # of each head before training, as a share of the picture's side
_DOUBT = -2.0  # before training: a place that is like a hint believes it for the most part


class HintAttention(nn.Module):
    """What hints change, carried from where they lie to the whole picture.

    A hint's *surprise* is its color less the color that the network took it for. A place takes over
    the mean surprise of all hints, each weighted by exp(−d), where d is the squared distance of the
    two places, in the picture and in features that are learned. Doubt has a weight as well, and no
    surprise, so that a place that is like none of the hints keeps its color. The hinted pixels of
    a cell, a square of `CELL` pixels, count as one hint, their mean: a patch has many.

    Args:
        channels: of the features.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.look = nn.Conv2d(channels, len(_REACHES) * _WIDTH, 1)
        self.log_reach = nn.Parameter(torch.tensor(_REACHES).log())
        self.log_doubt = nn.Parameter(torch.full((len(_REACHES),), _DOUBT))

    def forward(self, features: Tensor, ab: Tensor, wanted: Tensor, share: Tensor) -> Tensor:
        """Say what to add to a picture's chroma.

        Args:
            features: (B, channels, h, w), by which places are alike.
            ab: (B, 2, h, w), as the network takes it to be.
            wanted: (B, 2, h, w), as hints say, on the same scale; anything where there is none.
            share: (B, 1, h, w) in [0, 1], how much of each pixel is hinted at.

        Returns:
            (B, 2, h, w) float32; zeros for a picture without hints.
        """
        with torch.autocast(features.device.type, enabled=False):  # distances need all digits
            looks = F.conv2d(features.float(), self.look.weight.float(), self.look.bias.float())
            return self._carry(looks, wanted.float() - ab.float(), share.float())

    def _carry(self, looks: Tensor, surprise: Tensor, share: Tensor) -> Tensor:
        planes = torch.cat((looks, _places(looks), surprise), dim=1)
        cells, amount = _hinted_cells(planes, share)  # (B, n, channels + 4), (B, n)
        asking = self._by_head(planes[:, :-2].flatten(2).mT)  # (B, heads, h · w, width + 2)
        asked = self._by_head(cells[..., :-2])  # (B, heads, n, width + 2)
        # −|q − k|² is the product of (2q, 1) and (k, −|k|²), less |q|², which is the same for all
        # hints of a place. So it may be left out where doubt, one more key, is given it.
        own = asking.square().sum(dim=3, keepdim=True)
        doubt = own + self.log_doubt.float().view(-1, 1, 1)
        queries = torch.cat((2 * asking, torch.ones_like(own), doubt), dim=3)
        keys = torch.cat((asked, -asked.square().sum(dim=3, keepdim=True)), dim=3)
        keys = F.pad(keys, (0, 1, 0, 1))  # (B, heads, n + 1, width + 4)
        keys[..., -1, -1] = 1
        values = F.pad(cells[..., -2:], (0, keys.shape[3] - 2, 0, 1))[:, None].expand_as(keys)
        there = F.pad(amount > 0, (0, 1), value=True)[:, None, None]  # (B, 1, 1, n + 1)
        change = F.scaled_dot_product_attention(queries, keys, values, there, scale=1.0)
        return change[..., :2].mean(dim=1).mT.unflatten(2, looks.shape[2:])

    def _by_head(self, places: Tensor) -> Tensor:
        """Give each head its own numbers of (B, n, heads · width + 2), and where they are."""
        looks, at = places.split((places.shape[2] - 2, 2), dim=2)
        looks = looks.unflatten(2, (len(self.log_reach), _WIDTH)).transpose(1, 2)
        at = at[:, None] / self.log_reach.float().exp().view(1, -1, 1, 1)  # (B, heads, n, 2)
        return torch.cat((looks, at), dim=3)


def _places(planes: Tensor) -> Tensor:
    """Row and column of each pixel of (B, C, h, w), in sides of a square as large as the plane."""
    height, width = planes.shape[2:]
    side = (height * width) ** 0.5
    rows = torch.arange(height, device=planes.device) / side
    columns = torch.arange(width, device=planes.device) / side
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij")).expand(len(planes), -1, -1, -1)


def _hinted_cells(planes: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """Average planes over the hints of each cell, for as many cells as any picture has hints in.

    Args:
        planes: (B, C, h, w).
        share: (B, 1, h, w), see `HintAttention.forward`.

    Returns:
        (B, n, C), and how much of each is hinted at, (B, n): 0 for one that only fills up.
    """
    both = torch.cat((planes * share, share), dim=1)
    sums = F.avg_pool2d(both, CELL, ceil_mode=True, count_include_pad=False).flatten(2).mT
    amount = sums[..., -1]  # (B, cells)
    most = max(1, int((amount > 0).sum(dim=1).max()))
    amount, order = amount.topk(most, dim=1)
    sums = sums.gather(1, order[..., None].expand(-1, -1, sums.shape[2]))
    return sums[..., :-1] / amount.clamp(min=1e-6)[..., None], amount
