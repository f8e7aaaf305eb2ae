"""Solutions of chapter 12, hints: `python notebooks/solutions/12_hints.py`."""

import numpy as np
import torch

import colorkit
from colorkit.course.exercises import tell
from colorkit.data.sample_photographs import sample_photographs
from colorkit.imaging.color import rgb_to_lab
from colorkit.inference.photograph import predict_planes
from colorkit.models import pretrained
from colorkit.studies.hints.measures import choose_thing, middle


def chroma(rgb):
    """(H, W, 3) uint8 to a*, b*: (2, H, W)."""
    return rgb_to_lab(torch.tensor(np.array(rgb)).permute(2, 0, 1)[None] / 255)[0, 1:]


def exercise_1():
    """At an edge of lightness, where there is one between them, and hardly ever half-way.

    Where there is none the colors blend, and the hint that agrees better with what the network
    would paint anyway reaches farther.
    """
    cup = sample_photographs(256)["coffee"]
    left, right = (60, 190), (190, 230)  # x, y
    red, blue = (170, 40, 40), (40, 60, 170)
    ab = chroma(colorkit.colorize(cup, "hints", hints=[(*left, red), (*right, blue)]))
    wished = [chroma(np.full((1, 1, 3), color, np.uint8))[:, 0, 0] for color in (red, blue)]
    at = [ab[:, y, x] for x, y in (left, right)]
    distance = [[(here - wish).norm().item() for wish in wished] for here in at]
    assert distance[0][0] < distance[0][1]
    assert distance[1][1] < distance[1][0]
    line = [
        (ab[:, int(y), int(x)] - wished[0]).norm() < (ab[:, int(y), int(x)] - wished[1]).norm()
        for x, y in np.linspace(left, right, 50)
    ]
    return {"share of the way that is nearer to the first": float(np.mean(line))}


def exercise_2():
    """Yes: the mask tells the network that the place is known, and that it has no color.

    Without the mask a hint of no chroma and no hint would be the same two noughts.
    """
    cat = sample_photographs(256)["chelsea"]
    before = chroma(colorkit.colorize(cat, "hints")).norm(dim=0)
    row, column = np.unravel_index(before.argmax().item(), before.shape)
    hint = (int(column), int(row), "gray")
    after = chroma(colorkit.colorize(cat, "hints", hints=[hint])).norm(dim=0)
    there = [x[row, column].item() for x in (before, after)]
    assert there[1] < there[0]
    return {"chroma at the hint": {"without": there[0], "with": there[1]}}


def exercise_3():
    """Farther than half of a hint's side, some pixels of the network's working size.

    At the very edge nearly all of the change lies outside. In the middle it is less, but not
    nought: the area is a part of the flower, and a hint is meant to go to what looks alike. Nor
    can the network see where a thing ends whose edge is weak.
    """
    from scipy.ndimage import distance_transform_edt

    network, card = pretrained.load("hints")
    rgb = sample_photographs(256)["flower"]
    thing = choose_thing(rgb, seed=1)
    depth = distance_transform_edt(np.pad(thing, 1))[1:-1, 1:-1]
    before = predict_planes(network, card, rgb)[0, 1:]
    outside = {}
    for share in (0.05, 0.5, 1.0):
        at = np.abs(depth - max(1, share * depth.max())) + 1e3 * ~thing
        row, column = (int(x) for x in np.unravel_index(at.argmin(), at.shape))
        after = predict_planes(network, card, rgb, [(column, row, (65, 105, 225))])[0, 1:]
        change = (after - before).norm(dim=0)[None, None]
        whole = torch.nn.functional.interpolate(change, thing.shape, mode="bilinear")[0, 0]
        outside[round(float(depth[row, column]))] = (whole[~thing].sum() / whole.sum()).item()
    nearest, deepest = outside[min(outside)], outside[max(outside)]
    assert depth[middle(thing)] == depth.max()
    assert deepest < nearest
    return {"share of the change outside, by distance from the edge": outside}


def exercise_4():
    """Neither exactly. `saturation` multiplies every color, `mean_chroma` lets the network choose.

    So with `saturation` the sky keeps its share of the colors and its hue, and with `mean_chroma`
    things gain that the network thinks can be vivid.
    """
    rgb = sample_photographs(160)["china"]
    network, card = pretrained.load("hints")
    planes = [predict_planes(network, card, rgb, (), wish)[0, 1:] for wish in (None, 25)]
    plain, asked = planes
    factor = asked.norm(dim=0).mean() / plain.norm(dim=0).mean()
    multiplied = factor * plain
    means = [x.norm(dim=0).mean().item() for x in (asked, multiplied)]
    assert abs(means[0] - means[1]) < 0.01
    sky = (slice(None), slice(0, plain.shape[1] // 6))
    share = {
        name: (ab[sky].norm(dim=0).mean() / ab.norm(dim=0).mean()).item()
        for name, ab in (("by itself", plain), ("saturation", multiplied), ("mean_chroma", asked))
    }
    assert abs(share["saturation"] - share["by itself"]) < 1e-4
    return {"factor": factor.item(), "chroma of the sky ÷ mean chroma": share}


if __name__ == "__main__":
    tell(__name__)
