"""Solutions of chapter 1, the architecture: `python notebooks/solutions/01_architecture.py`."""

import torch
from torch import nn

from colorkit.course.exercises import tell
from colorkit.models.colornet import ColorNet, parameter_count


def conv(inputs, outputs):
    """The chapter's layer: a 3 × 3 convolution and a ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU())


def exercise_1():
    """A third enlargement belongs before the last convolution: it draws colors at full size.

    The plane then has four times the pixels. The last convolution, the target and the loss cost
    four times as much, and the colors gain little: chroma is smooth, as the first figure shows.
    """
    up = nn.Upsample(scale_factor=2, mode="nearest")
    larger = nn.Sequential(
        conv(256, 128), up, conv(128, 64), conv(64, 64), up, conv(64, 32), up,
        nn.Conv2d(32, 2, 3, padding=1), nn.Sigmoid(),
    )  # fmt: skip
    with torch.no_grad():
        found = larger(torch.zeros(1, 256, 28, 28))
    assert found.shape == (1, 2, 224, 224)
    return {"pixels of the loss, times": found.numel() / (2 * 112 * 112)}


def exercise_2():
    """Only the first fully connected layer of the global branch changes.

    It is a matrix from all numbers of the flattened plane to 1024. The plane has 7 × 7 places for
    a copy of 224 pixels and 4 × 4 for one of 128.
    """
    whole, small = (parameter_count(ColorNet(10, global_size=side)) for side in (224, 128))
    fewer = whole - small
    assert fewer == (7 * 7 - 4 * 4) * 512 * 1024
    return {"parameters fewer": fewer, "share of all": fewer / whole}


def exercise_3():
    """One channel is enough, because the classifier has biases.

    Write the number k of the class into the channel, x = k. The score of class m shall be
    2 m x − m². That is x² − (x − m)², largest where m is nearest to x. Geometrically these are ten
    tangents of a parabola. So the width of a projection does not decide what *can* be told apart;
    it decides how easily training finds it.
    """
    x = torch.arange(10.0)[:, None]  # ten pictures, one of each class, projected to one channel
    read = nn.Linear(1, 10)
    m = torch.arange(10.0)
    read.weight.data, read.bias.data = 2 * m[:, None], -(m**2)
    scores = read(x)
    assert torch.equal(scores.argmax(dim=1), torch.arange(10))
    return {"classes told apart by one channel": scores.argmax(dim=1).unique().numel()}


if __name__ == "__main__":
    tell(__name__)
