"""Solutions of chapter 18, ColorMamba: `python notebooks/solutions/18_colormamba.py`."""

import numpy as np
import torch

from colorkit.course.exercises import tell
from colorkit.imaging.hue import disk_hue, hue_disk, hue_distance
from colorkit.models.selective_scan import selective_scan
from colorkit.studies.colormamba.figures import scan_row
from colorkit.studies.colormamba.protocol import CHALLENGE, half_interval


def exercise_1():
    """The token whose step was large: it writes much and fades what was there before.

    A small step does neither. With a large step first and a small one afterwards the first token
    is still remembered at the end; the other way round it has been washed out.
    """
    bright, dark = 1.0, 0.0
    row = [dark, bright, dark, dark, -bright, dark]
    steps = {
        "first": [0.02, 3, 0.02, 0.02, 0.02, 0.02],
        "second": [0.02, 0.02, 0.02, 0.02, 3, 0.02],
    }
    read = {name: float(scan_row(row, delta, fade=-1.0)[-1]) for name, delta in steps.items()}
    assert read["first"] > 0 > read["second"]
    return {"read at the end, by the token with the large step": read}


def exercise_2():
    """Nothing: a scan goes one way, and what comes later cannot change what was read before.

    So the first pixel of a row knows nothing of the others. That is why a picture is scanned
    in four directions: only together they let every pixel hear of every other.
    """
    u = torch.rand(9, 1, 1, 1, requires_grad=True)
    one = torch.ones_like(u)
    read = selective_scan(u, 0.5 * one, torch.full((1, 1, 1), -1.0), one, one)
    (gradient,) = torch.autograd.grad(read[3].sum(), u)
    felt = gradient.abs().flatten()
    assert felt[4:].max() == 0
    assert felt[:4].min() > 0
    return {"how much token 4 hears of each": str([round(x, 3) for x in felt.tolist()])}


def exercise_3():
    """No: of two numbers the median is their mean, and of hues 1° and 359° that is cyan.

    The seam lies in the numbers and not in the way of averaging them. Points of a disk have
    none: the mean of the two points has the hue of red.
    """
    hues = torch.tensor([1.0, 359.0]).div(360).view(2, 1, 1)
    hsv = torch.stack((hues, torch.ones(2, 1, 1), torch.ones(2, 1, 1)), dim=1)
    red = torch.tensor(0.0)
    by_number = hues.quantile(0.5)
    by_disk = disk_hue(hue_disk(hsv).mean(dim=0, keepdim=True)).squeeze()
    error = {
        "number": hue_distance(by_number, red).item(),
        "disk": hue_distance(by_disk, red).item(),
    }
    assert error["disk"] < 1 < error["number"]
    return {"degrees from red": error}


def exercise_4():
    """Several hundred: the interval shrinks with the root of the number of pictures.

    With the spread of 4.8 dB that was published for one method, 28 pictures leave 1.8 dB each
    way; for half of a decibel there must be (1.8 ÷ 0.5)², thirteen times, as many.
    """
    spread = 4.79  # dB, of the 28 test pairs, see the text
    some = np.random.default_rng(0).normal(size=100_000)
    values = spread * (some - some.mean()) / some.std(ddof=1)
    wide = float(half_interval(values))
    pairs = round(CHALLENGE * (wide / 0.5) ** 2)
    assert pairs > 28 * 10
    return {"dB each way with 28 pairs": wide, "pairs for half a dB each way": pairs}


if __name__ == "__main__":
    tell(__name__)
