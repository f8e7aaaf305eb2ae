"""A ResNet in stages: what a scene classifier and the encoder of a U-Net have in common."""

from torch import Tensor, nn

from colorkit.models.network import Network, require_images

ENCODERS = ("resnet18", "resnet34", "resnet50")


def resnet_stages(encoder: str, channels: int) -> nn.ModuleList:
    """Give the five stages of torchvision's ResNet (He et al., CVPR 2016), each halving its input.

    Args:
        encoder: one of `ENCODERS`.
        channels: of the images: 3 in color, 1 in gray. A network for color serves for gray when
            its first filters are summed over the channels (`colorkit.models.weights.transfer`).

    Raises:
        ValueError: no such encoder.
    """
    if encoder not in ENCODERS:
        raise ValueError(f"unknown encoder {encoder!r}; choose one of {', '.join(ENCODERS)}")
    from torchvision.models import get_model  # slow to import, and only needed here

    net = get_model(encoder, weights=None)
    if channels != 3:
        net.conv1 = nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
        nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
    stem = nn.Sequential(net.conv1, net.bn1, net.relu)
    first = nn.Sequential(net.maxpool, net.layer1)
    return nn.ModuleList((stem, first, net.layer2, net.layer3, net.layer4))


def standardized(x: Tensor) -> Tensor:
    """Bring values in [0, 1] to about zero mean and unit variance."""
    return 4 * x - 2


class SceneClassifier(Network):
    """Color image in, scores of scene classes out; a gray image is given as three equal channels.

    Args:
        num_classes: of the scenes.
        encoder: one of `ENCODERS`.

    Raises:
        ValueError: no such encoder.
    """

    def __init__(self, num_classes: int, encoder: str = "resnet18"):
        super().__init__(num_classes=num_classes, encoder=encoder)
        self.encoder = resnet_stages(encoder, 3)
        self.classifier = nn.Linear(2048 if encoder == "resnet50" else 512, num_classes)

    def forward(self, rgb: Tensor) -> Tensor:
        """Score a batch.

        Args:
            rgb: (B, 3, H, W) sRGB in [0, 1], 32 pixels or more on a side.

        Returns:
            (B, num_classes), before softmax.

        Raises:
            ValueError: the shape is another one.
        """
        require_images("rgb", rgb, 3, smallest=32)
        x = standardized(rgb)
        for stage in self.encoder:
            x = stage(x)
        return self.classifier(x.mean(dim=(2, 3)))
