"""Solutions of chapter 19, later: `python notebooks/solutions/19_later.py`."""

import torch

from colorkit.course.exercises import photographs, tell
from colorkit.imaging.color import decolorize, rgb_to_lab
from colorkit.studies.later.facts import histogram
from colorkit.studies.later.films import flicker
from colorkit.studies.later.spaces import rgb_to_oklab


def exercise_1():
    """Many: every gray stands for a whole plane of colors, and the circle cannot tell them apart.

    Going from gray to color and back to gray asks only that the gray is right again. A
    network that paints a wrong color of the right gray pays nothing; what remains to teach it
    is the discriminator.
    """
    one, other = torch.tensor([0.6, 0.4, 0.3]), torch.tensor([0.6, 0.4, 0.3])
    weights = decolorize(torch.eye(3).view(3, 3, 1, 1)).flatten()
    aside = torch.linalg.cross(weights, torch.tensor([1.0, 0.0, 0.0]))
    other = other + 0.3 * aside / aside.norm()
    grays = decolorize(torch.stack((one, other)).view(2, 3, 1, 1)).flatten()
    apart = (grays[0] - grays[1]).abs().item()
    assert apart < 1e-6
    ab = rgb_to_lab(torch.stack((one, other)).view(2, 3, 1, 1))[:, 1:]
    return {"difference in gray": apart, "distance in a*b*": (ab[0] - ab[1]).norm().item()}


def exercise_2():
    """Where things lie: it counts pixels of each color and forgets their places.

    A picture and its mirror image have one histogram, and so have a red sky over a blue sea
    and a blue sky over a red sea. The network must find by itself which thing takes which of
    the colors.
    """
    ab = rgb_to_lab(photographs(64))[:, 1:]
    moved = (histogram(ab) - histogram(ab.flip(-1))).abs().max().item()
    assert moved < 1e-6
    return {"largest change of a share by mirroring": moved}


def exercise_3():
    """CIELAB calls it much darker than Oklab does, which was fitted to how light blue looks.

    So an error of the lightness of blue weighs differently in the two, and a network that
    learns in one of them spends its effort in another place.
    """
    blue = torch.tensor([0.0, 0.0, 1.0]).view(1, 3, 1, 1)
    lightness = {
        "lab": rgb_to_lab(blue)[0, 0].item() / 100,
        "oklab": rgb_to_oklab(blue)[0, 0].item(),
    }
    assert lightness["oklab"] > lightness["lab"]
    return {"lightness of pure blue, white being 1": lightness}


def exercise_4():
    """Nothing at all: it is measured along the motion, so that what only moves has not changed.

    Without the motion every edge that moves would count as flicker, and a film that stands
    still, or colors that stay gray, would win by it.
    """
    generator = torch.Generator().manual_seed(0)
    wide = torch.rand(1, 3, 40, 48, generator=generator) * 40
    before, now = wide[..., :40], wide[..., 4:44]  # the same things, four pixels farther left
    along = flicker(before, now, (0.0, 4.0), 40)
    without = flicker(before, now, (0.0, 0.0), 40)
    assert min(along, flicker(before, now, (0.0, -4.0), 40)) < without / 10
    return {"flicker along the motion": along, "flicker without regard to it": without}


if __name__ == "__main__":
    tell(__name__)
