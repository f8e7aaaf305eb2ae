"""EfficientNet-Lite, an encoder that knows more than a ResNet-18 with half its parameters.

Tan & Le, "EfficientNet" (ICML 2019), without squeeze-and-excitation and with ReLU6, as its authors
published it in 2020 for small devices. Its second size classifies 77.5 % of ImageNet's pictures.
"""

from collections import OrderedDict

from torch import Tensor, nn

from colorkit.models.depthwise import Depthwise
from colorkit.models.encoder_unet import EncoderUNet
from colorkit.models.norm_relu import Layers

# Of the size called Lite2: expansion, side of the filters, stride, channels, blocks.
LITE2 = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 3),
    (6, 5, 2, 48, 3),
    (6, 3, 2, 88, 4),
    (6, 5, 1, 120, 4),
    (6, 5, 2, 208, 5),
    (6, 3, 1, 352, 1),
)
CHANNELS = (16, 24, 48, 120, 352)  # of each stage's plane
_FIRST = 32  # of the first convolution's


class EfficientUNet(EncoderUNet):
    """Gray image in, chroma of half its side out; see `EncoderUNet`.

    Args:
        num_classes: of an auxiliary scene classifier on the encoder's last plane; None for none.
    """

    def __init__(self, num_classes: int | None = None):
        super().__init__(lite2_stages(1), CHANNELS, num_classes=num_classes)


def lite2_stages(channels: int) -> nn.ModuleList:
    """Give the five stages of EfficientNet-Lite2, each halving its input, to 352 channels.

    Args:
        channels: of the images.
    """
    stages: list[list[nn.Module]] = [[_convolution(channels, _FIRST, 3, 2)]]
    before = _FIRST
    for expansion, side, stride, width, blocks in LITE2:
        if stride == 2:
            stages.append([])
        for k in range(blocks):
            stages[-1].append(Block(before, width, side, stride if k == 0 else 1, expansion))
            before = width
    return nn.ModuleList(nn.Sequential(*stage) for stage in stages)


class Block(nn.Module):
    """An inverted residual (Sandler et al., "MobileNetV2", CVPR 2018): widen, filter, narrow.

    Args:
        inputs, outputs: channels; where they are equal and the stride is 1, the input is added.
        side: of the filters, of which each sees one channel.
        stride: theirs.
        expansion: how many times the input's channels they work on.
    """

    def __init__(self, inputs: int, outputs: int, side: int, stride: int, expansion: int):
        super().__init__()
        wide = inputs * expansion
        self.layers = nn.Sequential(
            _convolution(inputs, wide, 1) if expansion > 1 else nn.Identity(),
            _convolution(wide, wide, side, stride, groups=wide),
            _convolution(wide, outputs, 1, rectified=False),
        )
        self.residual = inputs == outputs and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, ⌈H/stride⌉, ⌈W/stride⌉)."""
        y = self.layers(x)
        return x + y if self.residual else y


def _convolution(
    inputs: int,
    outputs: int,
    side: int,
    stride: int = 1,
    *,
    groups: int = 1,
    rectified: bool = True,
) -> Layers:
    kind = Depthwise if groups > 1 else nn.Conv2d
    convolution = kind(inputs, outputs, side, stride, padding=side // 2, groups=groups, bias=False)
    if not convolution.weight.is_meta:  # see `colornet.initialize`
        nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    layers = OrderedDict(conv=convolution, norm=nn.BatchNorm2d(outputs, eps=1e-3))
    if rectified:
        layers["relu"] = nn.ReLU6()
    return Layers(layers)
