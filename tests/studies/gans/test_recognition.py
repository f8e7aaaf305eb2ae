"""The scene classifier as a judge: what it is shown, and what it chooses among."""

import pytest
import torch

from colorkit.imaging.color import decolorize
from colorkit.studies.gans.recognition import Judge, gray_of


def test_gray_is_three_equal_channels():
    rgb = torch.rand(2, 3, 8, 8)
    gray = gray_of(rgb)
    assert gray.shape == rgb.shape
    assert all(torch.equal(gray[:, k : k + 1], decolorize(rgb)) for k in range(3))


def test_a_judge_chooses_among_the_classes_of_the_pictures():
    class Prefers(torch.nn.Module):
        def forward(self, rgb):
            return torch.tensor([[0.0, 3.0, 1.0, 2.0]]).repeat(len(rgb), 1)

    judge = Judge(Prefers(), ["lawn", "pond", "house", "sky"], ["house", "sky", "lawn"])
    assert judge(torch.rand(2, 3, 32, 32)).tolist() == [1, 1]  # the pond is none of them
    with pytest.raises(ValueError, match="never saw castle"):
        Judge(Prefers(), ["lawn"], ["castle"])
