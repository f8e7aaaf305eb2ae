"""A box of three small networks that were never trained, for tests of what people see."""

from pathlib import Path

import pytest
import torch

from colorkit.models import pretrained
from colorkit.models.hintnet import HintUNet
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.weights import save_weights


def make_box(folder: Path) -> None:
    """Put a model that takes no hints, one that does and one for near infrared into a folder."""
    torch.manual_seed(0)
    plain, hinted = ResNetUNet(stages=2), HintUNet()
    for layer in (plain.last, hinted.last, hinted.hint):  # fresh ones give gray
        torch.nn.init.normal_(layer.weight, std=0.1)
    kinds = [("colornet", plain, "weighted"), ("hints", hinted, "weighted"), ("nir", plain, "nir")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrained, "FOLDER", folder)
        for name, network, gray in kinds:
            path = save_weights(folder / "trained", network, gray=gray, size=32)
            pretrained.keep(path, name, f"{name} for tests")
    path.unlink()
