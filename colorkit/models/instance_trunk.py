"""The one network that colors whole pictures and single things (Su, Chu & Huang, CVPR 2020).

They take the network of Zhang et al. (ACM TOG 36(4), 2017) three times. Its stages are here, seven
down and three up, at any width: the first three halve the picture, two of the deep ones are
dilated, and each skip is *added* after a convolution. Two things are the course's own: every stage
has two convolutions, and enlarging is bilinear with a convolution, as in its U-Nets.
"""

from collections.abc import Callable

from torch import Tensor, nn

from colorkit.models.colornet import initialize
from colorkit.models.network import Network, pad_to, require_images, silent
from colorkit.models.norm_relu import Layers
from colorkit.models.unet import check_counts

# Where planes may be joined with those of single things: behind each stage of the encoder, and in
# front of and behind each block of the decoder.
SITES = ("1", "2", "3", "4", "5", "6", "7", "8 in", "8", "9 in", "9", "10 in", "10")
STRIDE = 8  # of the deepest stages
At = Callable[[str, Tensor], Tensor]


class InstanceTrunk(Network):
    """Gray image in, chroma of the same size out.

    Args:
        width: channels of the first stage; the deepest ones have eight times as many. Zhang et al.
            have 64.

    Raises:
        ValueError: the width is no whole number of 1 or more.
    """

    def __init__(self, width: int = 16):
        super().__init__(width=width)
        check_counts(width=width)
        w = width
        # Shapes of their planes for (B, 1, H, W) stand behind each.
        self.down = nn.ModuleList(
            (
                stage(1, w),  # 1: (B, w, H, W)
                stage(w, 2 * w, stride=2),  # 2: (B, 2w, H/2, W/2)
                stage(2 * w, 4 * w, stride=2),  # 3: (B, 4w, H/4, W/4)
                stage(4 * w, 8 * w, stride=2),  # 4: (B, 8w, H/8, W/8), and so the next three
                stage(8 * w, 8 * w, dilation=2),
                stage(8 * w, 8 * w, dilation=2),
                stage(8 * w, 8 * w),
            )
        )
        levels = ((8 * w, 4 * w, 4 * w), (4 * w, 2 * w, 2 * w), (2 * w, w, 2 * w))
        self.up = nn.ModuleList(enlarge(deep, out) for deep, _, out in levels)
        self.skip = nn.ModuleList(nn.Conv2d(skip, out, 3, padding=1) for _, skip, out in levels)
        self.join = nn.ModuleList(Layers(nn.ReLU(), *stage(out, out)) for _, _, out in levels)
        self.last = nn.Conv2d(2 * w, 2, 1)
        self.apply(initialize)
        silent(self.last)  # a fresh network predicts gray

    @staticmethod
    def channels(width: int) -> dict[str, int]:
        """Channels of the plane at each of `SITES`."""
        times = (1, 2, 4, 8, 8, 8, 8, 4, 4, 2, 2, 2, 2)
        return {site: width * factor for site, factor in zip(SITES, times, strict=True)}

    def forward(self, gray: Tensor, at: At | None = None) -> Tensor:
        """Predict the chroma of a batch of gray images of any size.

        Args:
            gray: (B, 1, H, W) in [0, 1].
            at: called at each of `SITES`, in order, with its name and plane; what it returns goes
                on in place of the plane.

        Returns:
            (B, 2, H, W) in [0, 1], scaled as by `colorkit.imaging.color.scale_ab`.

        Raises:
            ValueError: the shape is another one.
        """
        require_images("gray", gray, 1)
        at = at or _unchanged
        height, width = gray.shape[-2:]
        x = pad_to(gray, STRIDE) - 0.5
        skips = []
        for number, down in enumerate(self.down, start=1):
            x = at(str(number), down(x))
            skips.append(x)
        planes = iter((skips[2], skips[1], skips[0]))
        for number, (up, skip, join) in enumerate(
            zip(self.up, self.skip, self.join, strict=True), start=8
        ):
            x = at(f"{number} in", up(x) + skip(next(planes)))
            x = at(str(number), join(x))
        return self.last(x).sigmoid()[..., :height, :width]


def _unchanged(site: str, plane: Tensor) -> Tensor:
    return plane


def stage(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """Two 3×3 convolutions, each normalized and rectified; the first one takes the stride."""
    layers: list[nn.Module] = []
    for channels, step in ((inputs, stride), (outputs, 1)):
        layers += [
            nn.Conv2d(channels, outputs, 3, step, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        ]
    return Layers(*layers)


def enlarge(inputs: int, outputs: int) -> nn.Sequential:
    """Double the sides: the narrowing convolution first, which is cheaper and gives the same."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 1),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
    )
