"""Solutions of chapter 17, two domains: `python notebooks/solutions/17_cocolor.py`."""

import torch

from colorkit.course.exercises import photographs, tell
from colorkit.imaging.color import decolorize, join, rgb_to_lab
from colorkit.imaging.metrics.quality import psnr
from colorkit.models.cocolor import CoColor


def ways():
    """Six photographs and two dull ways of coloring them: everything warm, and everything cold."""
    rgb = photographs(64)
    L = rgb_to_lab(rgb)[:, :1]
    colors = {"warm": (8.0, 20.0), "cold": (-2.0, -20.0)}
    painted = {
        name: join(L, torch.tensor(ab).view(1, 2, 1, 1).expand(len(L), 2, *L.shape[2:]))
        for name, ab in colors.items()
    }
    return rgb, painted


def exercise_1():
    """As much as the better way of each picture lies above the better way of all, and never less.

    Some pictures are warm and others cold, so that the way that is better on the whole is the
    worse one for a part of them. A gate that could see the truth would choose well every
    time; a real one sees only the near-infrared picture, and this is the most that it can
    win.
    """
    rgb, painted = ways()
    each = {name: psnr(found, rgb) for name, found in painted.items()}
    single = {name: values.mean().item() for name, values in each.items()}
    perfect = torch.stack(list(each.values())).amax(dim=0).mean().item()
    assert perfect >= max(single.values())
    return {"PSNR of one way": single, "PSNR of the better one for each picture": perfect}


def exercise_2():
    """Because a squared error is convex: the error of a mean is at most the mean of the errors.

    Where the ways err in opposite directions, as warm and cold do here, their errors cancel.
    So a mean of two ways may beat both of them although nothing was learned, and a gate has
    to be compared with it.
    """
    rgb, painted = ways()
    errors = {name: (found - rgb).square().mean().item() for name, found in painted.items()}
    middle = sum(painted.values()) / 2
    blended = (middle - rgb).square().mean().item()
    assert blended <= sum(errors.values()) / 2
    return {"squared error": errors | {"their mean": blended}}


def exercise_3():
    """No: in every pixel one way has a share between nought and one, and the other has the rest.

    So the mixture lies between the two ways in every pixel: the gate can choose and blend,
    but it cannot paint a color that neither of them has.
    """
    torch.manual_seed(0)
    network = CoColor(width=4, depth=2).eval()
    for weights in network.parameters():  # a fresh one colors nothing
        torch.nn.init.normal_(weights, std=0.2)
    with torch.no_grad():
        found = network.paths(decolorize(photographs(32)))
    ends, mixed = (found.nir.lab, found.gray.lab), found.lab
    assert (ends[0] - ends[1]).abs().max() > 0.01
    low, high = torch.minimum(*ends), torch.maximum(*ends)
    outside = (torch.relu(low - mixed) + torch.relu(mixed - high)).max().item()
    assert outside < 1e-5
    return {"farthest that a mixed number lies outside of the two ways": outside}


if __name__ == "__main__":
    tell(__name__)
