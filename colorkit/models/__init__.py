"""Networks: layers and shapes only; no files, no training."""

from colorkit.models.colornet import ColorNet, parameter_count

__all__ = ["ColorNet", "parameter_count"]
