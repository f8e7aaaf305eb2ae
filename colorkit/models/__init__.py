"""Networks: layers and shapes only; no files, no training."""

from colorkit.models.colornet import ColorNet, parameter_count
from colorkit.models.efficientnet import EfficientUNet
from colorkit.models.hintnet import HintUNet
from colorkit.models.nirnet import NirNet, NirResNetUNet
from colorkit.models.patchgan import PatchGAN
from colorkit.models.resnet import SceneClassifier
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.unet import UNet

__all__ = [
    "ColorNet",
    "EfficientUNet",
    "HintUNet",
    "NirNet",
    "NirResNetUNet",
    "PatchGAN",
    "ResNetUNet",
    "SceneClassifier",
    "UNet",
    "parameter_count",
]
