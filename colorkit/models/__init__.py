"""Networks: layers and shapes only; no files, no training."""

from colorkit.models.colornet import ColorNet, parameter_count
from colorkit.models.nirnet import NirNet
from colorkit.models.unet import UNet

__all__ = ["ColorNet", "NirNet", "UNet", "parameter_count"]
