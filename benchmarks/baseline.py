"""What ours is compared with: the same training, as public re-implementations write it.

Float32 in PyTorch's default layout; every image decoded again each epoch and converted to Lab by
scikit-image inside the data set; the global vector repeated over the plane before it is fused; the
output brought to full size and compared there.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from skimage.color import rgb2gray, rgb2lab
from torch import Tensor, nn
from torch.utils.data import Dataset


class PlainImages(Dataset):
    """JPEG files as (gray, scaled chroma, label), cropped and flipped at random."""

    def __init__(self, paths: list[Path], size: int):
        self.paths, self.size = paths, size
        self.rng = np.random.default_rng()

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, int]:
        image = np.asarray(Image.open(self.paths[index]).convert("RGB"))
        top, left = self.rng.integers(np.array(image.shape[:2]) - self.size + 1)
        image = image[top : top + self.size, left : left + self.size]
        if self.rng.random() < 0.5:
            image = image[:, ::-1]
        ab = (rgb2lab(image)[..., 1:].transpose(2, 0, 1) + 128) / 255
        gray = torch.from_numpy(rgb2gray(image)[None]).float()
        return gray, torch.from_numpy(ab).float(), 0


class PlainNet(nn.Module):
    """The paper's network, layer by layer, for 224 × 224 pixels."""

    def __init__(self, num_classes: int = 10):
        super().__init__()
        self.low = nn.Sequential(
            *_conv(1, 64, 2),
            *_conv(64, 128),
            *_conv(128, 128, 2),
            *_conv(128, 256),
            *_conv(256, 256, 2),
            *_conv(256, 512),
        )
        self.mid = nn.Sequential(*_conv(512, 512), *_conv(512, 256))
        self.global_conv = nn.Sequential(
            *_conv(512, 512, 2), *_conv(512, 512), *_conv(512, 512, 2), *_conv(512, 512)
        )
        self.global_fc = nn.Sequential(*_linear(512 * 7 * 7, 1024), *_linear(1024, 512))
        self.global_last = nn.Sequential(*_linear(512, 256))
        self.fusion = nn.Sequential(nn.Conv2d(512, 256, 1), nn.BatchNorm2d(256), nn.ReLU())
        self.color = nn.Sequential(
            *_conv(256, 128),
            nn.Upsample(scale_factor=2),
            *_conv(128, 64),
            *_conv(64, 64),
            nn.Upsample(scale_factor=2),
            *_conv(64, 32),
            nn.Conv2d(32, 2, 3, padding=1),
            nn.Sigmoid(),
        )
        self.classifier = nn.Sequential(*_linear(512, 256), nn.Linear(256, num_classes))

    def forward(self, gray: Tensor) -> tuple[Tensor, Tensor]:
        """Gray (B, 1, 224, 224) to chroma (B, 2, 112, 112) and scores."""
        low = self.low(gray)
        mid = self.mid(low)
        vector = self.global_fc(self.global_conv(low).flatten(1))
        whole = self.global_last(vector)[:, :, None, None].repeat(1, 1, *mid.shape[-2:])
        return self.color(self.fusion(torch.cat((mid, whole), dim=1))), self.classifier(vector)


def plain_loss(net: nn.Module, gray: Tensor, ab: Tensor, labels: Tensor) -> Tensor:
    """Joint loss on the full-size chroma (B, 2, H, W)."""
    predicted, scores = net(gray)
    color = F.mse_loss(F.interpolate(predicted, scale_factor=2), ab)
    return color + F.cross_entropy(scores, labels) / 300


def _conv(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, 3, stride, padding=1)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]


def _linear(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()]
