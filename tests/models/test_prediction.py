"""What a network says, whichever way it puts it: chroma, luminance, scores, and nothing else."""

import pytest
import torch
from torch import nn

from colorkit.imaging.color import rgb_to_lab
from colorkit.models.prediction import as_luminance, predict


class Says(nn.Module):
    """Gives what it was made with, and remembers what it was given."""

    def __init__(self, *output):
        super().__init__()
        self.output, self.given = output if len(output) > 1 else output[0], None

    def forward(self, *given):
        self.given = given
        return self.output


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


AB, L, SCORES, NIR = noise(2, 2, 4, 5), noise(2, 1, 8, 9), noise(2, 3), noise(2, 1, 8, 9, seed=1)


@pytest.mark.parametrize(
    ("output", "wanted"),
    [
        ((AB,), (AB, None, None)),
        ((AB, SCORES), (AB, None, SCORES)),
        ((AB, None), (AB, None, None)),
        ((AB, L, SCORES), (AB, L, SCORES)),
        ((AB, None, SCORES), (AB, None, SCORES)),
        ((AB, L, None), (AB, L, None)),
    ],
)
def test_chroma_first_scores_last_and_a_luminance_between(output, wanted):
    found = predict(Says(*output), NIR)
    assert all(a is b for a, b in zip(found, wanted, strict=True))


def test_of_three_channels_the_first_is_added_to_the_images_own_lightness():
    planes = noise(2, 3, 8, 9)
    planes[0, 0, 0, 0], planes[0, 0, 0, 1] = 1.0, 0.0  # beyond white and black
    found = predict(Says(planes), NIR)
    wanted = rgb_to_lab(NIR.repeat(1, 3, 1, 1))[:, :1] / 100 + (2 * planes[:, :1] - 1)
    torch.testing.assert_close(found.L, wanted.clamp(0, 1))
    assert found.L[0, 0, 0, :2].tolist() == [1, 0]
    assert torch.equal(found.ab, planes[:, 1:]) and found.scores is None


def test_colors_come_in_single_precision_and_all_is_shown():
    hints = noise(2, 5, 8, 9)
    network = Says(AB.bfloat16(), L.bfloat16(), SCORES.bfloat16())
    ab, light, _ = predict(network, NIR, hints)
    assert ab.dtype == light.dtype == torch.float32 and torch.equal(ab, AB.bfloat16().float())
    assert network.given == (NIR, hints)
    assert predict(Says(noise(2, 3, 8, 9).bfloat16()), NIR).ab.dtype == torch.float32


@pytest.mark.parametrize("output", [(SCORES,), (noise(2, 1, 4, 5),), (noise(2, 4, 4, 5), SCORES)])
def test_what_is_no_chroma_is_refused_with_its_shape(output):
    with pytest.raises(ValueError, match="not the two channels of chroma") as fault:
        predict(Says(*output), NIR)
    assert str(tuple(output[0].shape)) in str(fault.value)


def test_the_luminance_of_near_infrared_is_that_of_a_gray_picture():
    assert torch.equal(as_luminance(NIR), rgb_to_lab(NIR.repeat(1, 3, 1, 1))[:, :1])
