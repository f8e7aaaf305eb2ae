"""Solutions of chapter 16, instances: `python notebooks/solutions/16_instances.py`."""

import torch

from colorkit.course.exercises import tell
from colorkit.models.instance_fusion import InstanceFusion, fuse
from colorkit.models.windows import cut_out


def weigh(logits, leak=False):
    """Weights of a whole picture of logit 0 and of boxes over all of it, at one pixel."""
    count = len(logits)
    plane, laid = torch.zeros(1, 1, 1, 1), torch.ones(count, 1, 1, 1)
    given = torch.tensor(logits, dtype=torch.float32).view(count, 1, 1, 1)
    inside, owners = torch.ones(count, 1, 1, 1, dtype=torch.bool), torch.zeros(count).long()
    _, weights = fuse(plane, plane, laid, given, inside, owners, torch.arange(count), leak)
    return weights[0, :, 0, 0]


def exercise_1():
    """Yes: a softmax adds the shares of all that it is given, and two equal logits are two votes.

    With a logit of 1 against 0 the box alone gets e ÷ (e + 1), and twice it gets 2e ÷ (2e +
    1). So a detector that finds the same thing twice makes its colors count for more.
    """
    once, twice = (weigh([1.0] * count)[1:].sum().item() for count in (1, 2))
    assert twice > once
    return {"share of the box": {"given once": once, "given twice": twice}}


def exercise_2():
    """The whole picture's colors alone: where no box is, all boxes have a logit of minus infinity.

    A softmax turns minus infinity into a share of exactly nought, so that nothing of a box
    shows outside of it, and a picture without boxes is colored as by the network without
    them.
    """
    plane, laid = torch.full((1, 1, 1, 2), 5.0), torch.full((1, 1, 1, 2), 9.0)
    inside = torch.tensor([True, False]).view(1, 1, 1, 2)
    at = torch.zeros(1).long()
    mixed, weights = fuse(plane, plane, laid, laid, inside, at, at)
    alone = weights[0, 0, 0, 1].item()
    assert alone == 1
    assert mixed[0, 0, 0, 1] == 5
    return {"weight of the whole picture": {"inside": weights[0, 0, 0, 0].item(), "outside": alone}}


def exercise_3():
    """Every site has stacks of its own that weigh, so thirteen learn far more than three do.

    Only the stacks that weigh and the last block learn in the third stage; the networks that
    color stay as they are, however many sites there are.
    """
    learning = {}
    for sites in (3, 13):
        network = InstanceFusion(width=4, sites=sites)
        learning[sites] = sum(weights.numel() for weights in network.learning())
    assert learning[13] > learning[3]
    return {"numbers that learn, by sites": {str(sites): n for sites, n in learning.items()}}


def exercise_4():
    """It loses its shape: a box is scaled to a square whatever its sides are, as in the original.

    A box twice as wide as high is squeezed to half of its width. The network learns from
    squeezed things and is shown squeezed things, and its colors are stretched back when they
    are laid down.
    """
    stripes = torch.arange(64).div(8, rounding_mode="floor").remainder(2).float()
    picture = stripes.expand(1, 1, 64, 64)
    boxes = torch.tensor([[0.0, 0.0, 1.0, 0.5]])  # as wide as the picture, half as high
    crop = cut_out(picture, boxes, torch.zeros(1).long(), 32)
    wide = {"picture": 8.0, "crop": 32 / (1 + (crop[0, 0, 0].diff().abs() > 0.5).sum().item())}
    assert wide["crop"] < wide["picture"]
    return {"width of a stripe in pixels": wide, "sides of the crop": str(tuple(crop.shape[-2:]))}


if __name__ == "__main__":
    tell(__name__)
