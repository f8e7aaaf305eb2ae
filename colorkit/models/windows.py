"""Boxes on planes: cutting them out of pictures, and laying what a network made of them back.

A box is (left, top, right, bottom) in shares of the picture's width and height, so that it means
the same on planes of every size. One without area, such as zeros, stands for no box: a batch holds
as many rows for every picture as for the one with the most boxes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def present(boxes: Tensor) -> Tensor:
    """Tell which of (…, 4) are boxes: those with an area; (…) bool."""
    left, top, right, bottom = boxes.unbind(-1)
    return (right > left) & (bottom > top)


def pixel_windows(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Give the first pixels of boxes and those behind their last; each is a pixel wide at least.

    Args:
        boxes: (N, 4) in [0, 1].
        size: height and width of the plane.

    Returns:
        (N, 4) int64: left, top, and the first column and row behind the box.
    """
    height, width = size
    whole = boxes.new_tensor((width, height, width, height))
    first, last = (boxes * whole).round().long().split(2, dim=1)
    first = torch.minimum(first.clamp(min=0), (whole[:2] - 1).long())
    last = torch.minimum(torch.maximum(last, first + 1), whole[2:].long())
    return torch.cat((first, last), dim=1)


def cut_out(images: Tensor, boxes: Tensor, owners: Tensor, side: int) -> Tensor:
    """Cut boxes out of pictures and scale each to a square, whatever its shape (Su et al. 2020).

    Args:
        images: (B, C, H, W).
        boxes: (N, 4).
        owners: (N,) which of the B pictures each box is of.
        side: of the squares in pixels.

    Returns:
        (N, C, side, side), interpolated bilinearly between pixels of the box alone.
    """
    windows = pixel_windows(boxes, images.shape[-2:]).float()
    steps = (torch.arange(side, device=images.device) + 0.5) / side  # (side,)
    places = []
    for low, high in ((0, 2), (1, 3)):  # columns, rows
        first, behind = windows[:, low, None], windows[:, high, None]
        at = first + steps * (behind - first) - 0.5  # (N, side)
        places.append(torch.minimum(torch.maximum(at, first), behind - 1))
    return _sample(images[owners], *places)


def lay(planes: Tensor, boxes: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Scale planes to their boxes on a larger plane that is zero elsewhere.

    Args:
        planes: (N, C, h, w), one for each box.
        boxes: (N, 4).
        size: height and width of the larger plane.

    Returns:
        (N, C, H, W), and (N, 1, H, W) bool: the pixels inside each box.
    """
    windows = pixel_windows(boxes, size)
    places, insides = [], []
    for length, own, low, high in (
        (size[1], planes.shape[3], 0, 2),
        (size[0], planes.shape[2], 1, 3),
    ):
        first, behind = windows[:, low, None], windows[:, high, None]
        at = torch.arange(length, device=planes.device)  # pixels of the larger plane
        scaled = (at - first + 0.5) * own / (behind - first) - 0.5  # (N, length)
        places.append(scaled.clamp(0, own - 1))
        insides.append((at >= first) & (at < behind))
    across, down = insides
    inside = (down[:, :, None] & across[:, None, :])[:, None]  # (N, 1, H, W)
    return _sample(planes, *places) * inside, inside


def _sample(images: Tensor, columns: Tensor, rows: Tensor) -> Tensor:
    """Look at columns (N, w) and rows (N, h) of (N, C, H, W), which may lie between pixels."""
    height, width = images.shape[-2:]
    x, y = (2 * columns + 1) / width - 1, (2 * rows + 1) / height - 1
    count, wide, high = len(images), x.shape[1], y.shape[1]
    grid = torch.stack(
        (x[:, None, :].expand(count, high, wide), y[:, :, None].expand(count, high, wide)), dim=-1
    )
    return F.grid_sample(
        images, grid.to(images.dtype), mode="bilinear", padding_mode="border", align_corners=False
    )
