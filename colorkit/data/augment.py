"""Random changes of whole batches, on the device they lie on.

Each takes numbers drawn beforehand, uniform in [0, 1), one row a choice and one column an image.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from colorkit.data.batches import crop


def zoom(images: Tensor, size: int, drawn: Tensor, smallest: float = 0.5) -> Tensor:
    """Cut a square window out of each image, of a size and at a place of its own, and flip half.

    Args:
        images: (B, S, S, C) uint8.
        size: side of the result.
        drawn: (4, B): the window's size, its height and its column in the image, and the flip.
        smallest: side of the smallest window, as a share of S; the largest is the whole image.

    Returns:
        (B, C, size, size) float in [0, 1], interpolated bilinearly.
    """
    whole = crop(images, images.shape[1])  # (B, C, S, S)
    shrink, down, right, flip = drawn
    side = 1 - (1 - smallest) * shrink
    matrix = torch.zeros(len(images), 2, 3)
    matrix[:, 0, 0] = side * torch.where(flip < 0.5, -1.0, 1.0)
    matrix[:, 1, 1] = side
    matrix[:, 0, 2], matrix[:, 1, 2] = (1 - side) * (2 * right - 1), (1 - side) * (2 * down - 1)
    shape = [len(images), images.shape[3], size, size]
    grid = F.affine_grid(matrix, shape, align_corners=False).to(whole.device)
    return F.grid_sample(whole, grid, padding_mode="border", align_corners=False)


def expose(plane: Tensor, drawn: Tensor, stops: float = 0.15) -> Tensor:
    """Give each image another exposure and contrast: gain · plane ** bend, cut off at 1.

    Args:
        plane: (B, 1, H, W) in [0, 1].
        drawn: (2, B): gain and bend.
        stops: both lie between 2 ** −stops and 2 ** stops.
    """
    gain, bend = (2 ** (stops * (2 * x.to(plane.device).view(-1, 1, 1, 1) - 1)) for x in drawn)
    return (gain * plane.clamp(min=1e-4) ** bend).clamp(max=1)
