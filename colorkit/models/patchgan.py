"""PatchGAN discriminators: they say which parts of a picture have true colors.

Isola, Zhu, Zhou, Efros, "Image-to-image translation with conditional adversarial networks" (CVPR
2017), section 3.2.2: not one answer for a picture but one for every patch, so that what is judged
is local color and texture, at any picture size.
"""

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from colorkit.models.unet import check_counts

DISCRIMINATORS = {"d0": 1, "d4": 4, "d8": 8}  # tiles along a side, by the slides' names
_WIDEST = 8  # times the first level's channels; deeper levels stay at that


class PatchGAN(nn.Module):
    """Picture in, a map of answers out, above 0 for "true".

    With `tiles` above 1 the picture is cut into tiles × tiles pieces, the same layers look at each
    piece by itself, and their maps are put together as the pieces lie: no answer depends on
    anything beyond its piece. The maps of all three discriminators of the slides are of one size
    where the tiles' sides are multiples of 2^depth.

    Normalization is per picture or piece (group normalization of one group, Wu & He, ECCV 2018).
    It keeps no statistics of batches, so training and evaluation are one function, and freezing
    the weights freezes all there is.

    Args:
        in_channels: of the pictures: 3 for lightness with chroma.
        width: channels of the first level; each has twice those of the one above, at most 8 times.
        depth: how often a picture is halved.
        tiles: pieces along a side; 1 looks at the whole picture, in overlapping patches.
        spectral: spectral normalization of every convolution in place of the group normalization
            (Miyato et al., ICLR 2018): no layer can grow steep.

    Raises:
        ValueError: a setting outside its range, said by name.
    """

    def __init__(
        self,
        in_channels: int = 3,
        width: int = 64,
        depth: int = 3,
        tiles: int = 1,
        spectral: bool = False,
    ):
        super().__init__()
        check_counts(in_channels=in_channels, width=width, depth=depth, tiles=tiles)
        self.in_channels, self.depth, self.tiles = in_channels, depth, tiles
        channels = [in_channels, *(width * min(2**k, _WIDEST) for k in range(depth + 1))]
        layers: list[nn.Module] = []
        for level in range(depth + 1):  # the last level does not halve
            inputs, outputs = channels[level], channels[level + 1]
            shape = {"kernel_size": 4, "stride": 2} if level < depth else {"kernel_size": 3}
            layers.append(nn.Conv2d(inputs, outputs, padding=1, **shape))
            if level and not spectral:
                layers.append(nn.GroupNorm(1, outputs))
            layers.append(nn.LeakyReLU(0.2))
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, 3, padding=1))
        self.apply(_initialize)
        if spectral:
            self.layers.apply(_normalize)

    def forward(self, planes: Tensor) -> Tensor:
        """Judge a batch of pictures.

        Args:
            planes: (B, in_channels, H, W) in [−1, 1]; H and W multiples of `tiles`, each tile
                2^depth pixels or more on a side.

        Returns:
            (B, 1, h, w), before any sigmoid; h = H / 2^depth where that divides the tiles' sides.

        Raises:
            ValueError: the shape is another one.
        """
        n, smallest = self.tiles, 2**self.depth
        fits = planes.ndim == 4 and planes.shape[1] == self.in_channels
        if not fits or any(s % n or s // n < smallest for s in planes.shape[-2:]):
            raise ValueError(
                f"planes must have shape (batch, {self.in_channels}, H, W), H and W multiples of "
                f"{n} and {n * smallest} or more; got {tuple(planes.shape)}"
            )
        pieces = apart(planes, n)  # (B·n², in_channels, H/n, W/n)
        answers = self.layers(pieces)  # (B·n², 1, h/n, w/n)
        return together(answers, n)  # (B, 1, h, w)


def apart(planes: Tensor, tiles: int) -> Tensor:
    """Cut (B, C, H, W) into (B · tiles², C, H / tiles, W / tiles), row by row."""
    batch, channels, height, width = planes.shape
    cut = planes.reshape(batch, channels, tiles, height // tiles, tiles, width // tiles)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(-1, channels, height // tiles, width // tiles)


def together(pieces: Tensor, tiles: int) -> Tensor:
    """Put (B · tiles², C, h, w) together as they lay: (B, C, tiles · h, tiles · w)."""
    _, channels, height, width = pieces.shape
    lying = pieces.reshape(-1, tiles, tiles, channels, height, width).permute(0, 3, 1, 4, 2, 5)
    return lying.reshape(-1, channels, tiles * height, tiles * width)


def _initialize(module: nn.Module) -> None:
    """Small normal weights, as Isola et al."""
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)


def _normalize(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        spectral_norm(module)
