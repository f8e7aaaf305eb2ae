"""What all networks have in common: settings that build them again, and how their input is met."""

from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn


class Network(nn.Module):
    """A network that its settings build again: `type(network)(**network.settings())`.

    Args:
        **settings: all that its constructor takes, as plain values. Trainings are named by them,
            in this order.

    Attributes:
        relatives: other architectures, by name, from whose weights it takes the parts that fit.
    """

    relatives: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **settings):
        super().__init__()
        self._settings = settings

    def settings(self) -> dict:
        """Return the settings; they are stored with the weights."""
        return dict(self._settings)


def require_images(name: str, images: Tensor, channels: int, smallest: int = 1) -> None:
    """Raise ValueError for what is no batch of images (B, channels, H, W), by its name.

    Args:
        name: of the argument.
        images: what was received.
        channels: how many there must be.
        smallest: side in pixels.
    """
    fits = images.ndim == 4 and images.shape[1] == channels
    if not fits or (smallest > 1 and min(images.shape[2:]) < smallest):
        least = f" of at least {smallest} × {smallest} pixels" if smallest > 1 else ""
        raise ValueError(
            f"{name} must have shape (batch, {channels}, H, W){least}; got {tuple(images.shape)}"
        )


def pad_to(x: Tensor, step: int) -> Tensor:
    """Repeat the last row and column of (B, C, H, W) until both sides are multiples of `step`."""
    height, width = x.shape[-2:]
    bottom, right = -height % step, -width % step
    return F.pad(x, (0, right, 0, bottom), mode="replicate") if bottom or right else x


def silent(layer: nn.Module) -> nn.Module:
    """Set a layer to zero, so that it says nothing until it has learned."""
    for weights in layer.parameters():
        nn.init.zeros_(weights)
    return layer
