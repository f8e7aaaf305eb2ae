"""A U-Net whose encoder is a ResNet: torchvision's, see `colorkit.models.resnet`."""

from colorkit.models.encoder_unet import EncoderUNet
from colorkit.models.resnet import resnet_stages


class ResNetUNet(EncoderUNet):
    """Gray image in, chroma of half its side out; see `EncoderUNet`.

    Args:
        num_classes: of an auxiliary scene classifier on the encoder's last plane; None for none.
        encoder: one of `colorkit.models.resnet.ENCODERS`.
        stages: of the encoder, 2 to 5; each halves the image. The fifth holds three quarters of a
            ResNet-18's parameters.

    Raises:
        ValueError: a setting outside its range, said by name.
    """

    relatives = ("NirResNetUNet", "SceneClassifier")

    def __init__(self, num_classes: int | None = None, encoder: str = "resnet18", stages: int = 5):
        if stages not in range(2, 6):
            raise ValueError(f"stages must be 2, 3, 4 or 5; got {stages!r}")
        halvings = resnet_stages(encoder, 1)[:stages]
        super().__init__(halvings, num_classes=num_classes, encoder=encoder, stages=stages)
