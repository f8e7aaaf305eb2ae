"""Networks: layers and shapes only; no files, no training."""

from colorkit.models.colornet import ColorNet, parameter_count
from colorkit.models.nirnet import NirNet, NirResNetUNet
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.unet import UNet

__all__ = ["ColorNet", "NirNet", "NirResNetUNet", "ResNetUNet", "UNet", "parameter_count"]
