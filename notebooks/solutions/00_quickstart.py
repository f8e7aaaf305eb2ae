"""Solutions of chapter 0, the quickstart: `python notebooks/solutions/00_quickstart.py`."""

import numpy as np
import torch
import torch.nn.functional as F

import colorkit
from colorkit.course.exercises import tell
from colorkit.data.sample_photographs import sample_photographs
from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.metrics.quality import delta_e
from colorkit.imaging.upsample import upsample_chroma
from colorkit.inference.paint import to_gray


def tensor(rgb):
    """(H, W, 3) uint8 to (1, 3, H, W) in [0, 1]."""
    return torch.tensor(np.array(rgb)).permute(2, 0, 1)[None] / 255


def apart(first, second):
    """ΔE₀₀ of two pictures."""
    return delta_e(tensor(first), tensor(second)).item()


def exercise_1():
    """What mostly has one color in the world comes back; what people paint and dye does not.

    Leaves, skies and skin look alike in every photograph, so a network can learn them. A cup may
    have any color, and no gray value tells which. Some photographs may therefore come out *farther*
    from the truth than their gray version: a wrong color is worse than none.
    """
    house = sample_photographs(160)
    gained = {
        name: apart(to_gray(rgb), rgb) - apart(colorkit.colorize(to_gray(rgb)), rgb)
        for name, rgb in house.items()
    }
    nearer = [name for name, gain in gained.items() if gain > 0]
    assert len(nearer) >= 3
    return {"ΔE₀₀ gained over gray": gained, "nearer than gray": nearer}


def exercise_2():
    """Skin and other pale things look wrong first: they turn orange while leaves still look right.

    The screen has no color beyond its red, green and blue. Where a color would lie outside, one of
    the three is at its end, and more saturation changes nothing any more. That share grows.
    """
    astronaut = sample_photographs(160)["astronaut"]

    def ends(saturation):
        picture = colorkit.colorize(astronaut, saturation=saturation)
        return float(((picture == 0) | (picture == 255)).any(axis=2).mean())

    cut = {saturation: ends(saturation) for saturation in (1, 2, 4)}
    assert cut[1] < cut[2] < cut[4]
    return {"share of pixels with a channel at its end": cut}


def exercise_3():
    """The network loses the sky and the ground: it has hardly ever seen a sky below.

    A mirrored picture gives the mirrored colors, to rounding, because the library colors each
    picture as it is and mirrored and takes the mean. Nothing does that for upside down.
    """
    rgb = sample_photographs(160)["china"]
    upright = colorkit.colorize(rgb)
    turned = apart(colorkit.colorize(rgb[::-1].copy())[::-1], upright)
    mirrored = apart(colorkit.colorize(rgb[:, ::-1].copy())[:, ::-1], upright)
    assert turned > 5 * mirrored
    return {"ΔE₀₀ by turning": turned, "by mirroring": mirrored}


def exercise_4():
    """Bilinear enlargement lets color run over outlines, and most of its error stands at edges.

    The guided way asks the full-size lightness where the outlines are.
    """
    lab = rgb_to_lab(tensor(sample_photographs(256)["china"]))
    L, ab = lab[:, :1], lab[:, 1:]
    small = F.avg_pool2d(ab, 4)
    slope = torch.stack(torch.gradient(L[0, 0])).norm(dim=0)
    edges = slope > slope.quantile(0.9)
    error = {}
    for method in ("bilinear", "guided"):
        error[method] = (upsample_chroma(small, L, method=method) - ab)[0].norm(dim=0)
    assert error["guided"][edges].mean() < error["bilinear"][edges].mean()
    return {
        f"{method}, Lab units": {"edges": e[edges].mean().item(), "rest": e[~edges].mean().item()}
        for method, e in error.items()
    }


if __name__ == "__main__":
    tell(__name__)
