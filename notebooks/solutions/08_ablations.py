"""Solutions of chapter 8, ablations: `python notebooks/solutions/08_ablations.py`."""

import numpy as np
import torch
import torch.nn.functional as F

from colorkit.course.exercises import CLASSES, SIZE, photographs, tell, train
from colorkit.imaging.color import lab_to_rgb, rgb_to_lab
from colorkit.imaging.metrics.artifacts import blue_stains
from colorkit.models.colornet import ColorNet

PAPER = {"preset": "paper", "optimizer": "adadelta", "learning_rate": 1.0, "batch_size": 16}
PLAIN = {"preset": "report", "optimizer": "adam", "learning_rate": 1e-3, "batch_size": 4}


def exercise_1():
    """Take the changes back one at a time, and count a rate and its optimizer as one change.

    On so few pictures the answer is about a handful of steps: a larger batch takes fewer of them in
    as many epochs, which is the reason to suspect it first. To judge, run it over several seeds.
    """
    back = {"normalization": ["preset"], "optimizer": ["optimizer", "learning_rate"]}
    back |= {"batch": ["batch_size"]}
    variants = {"paper": PAPER, "plain": PLAIN}
    variants |= {f"paper, {n} back": PAPER | {k: PLAIN[k] for k in ks} for n, ks in back.items()}
    error = {}
    for name, settings in variants.items():
        settings = dict(settings)
        preset = settings.pop("preset")

        def make(preset=preset):
            return ColorNet(len(CLASSES), width=0.125, global_size=SIZE, preset=preset)

        error[name] = 1000 * train(name, make, epochs=2, **settings).history["val_color"].min()
    changed = {n: {k for k in PAPER if v[k] != PAPER[k]} for n, v in variants.items()}
    assert all(changed[f"paper, {name} back"] == set(keys) for name, keys in back.items())
    assert len(set(error.values())) == len(variants)
    return {"validation error × 1000": error}


def exercise_2():
    """The share can only fall when the threshold rises; the order of two networks may turn.

    A verdict that holds at one threshold alone is a verdict about the threshold.
    """
    rgb = photographs(96)
    lab = rgb_to_lab(rgb)
    generator = torch.Generator().manual_seed(0)
    blobs = F.interpolate(torch.randn(6, 1, 12, 12, generator=generator), 96, mode="bicubic")
    lab[:, 2:] = torch.where(blobs > 1, -30.0, lab[:, 2:])  # a network that stains
    stained = lab_to_rgb(lab)
    thresholds = [0.0, 0.001, 0.005, 0.02, 0.05, 0.2]
    shares = [blue_stains(stained, rgb, least=least).mean().item() for least in thresholds]
    assert np.all(np.diff(shares) <= 0)
    assert shares[0] > shares[-1]
    return {"share stained": dict(zip(map(str, thresholds), shares, strict=True))}


def exercise_3():
    """Everything later reads the low-level features, so the noise enters both branches at once.

    Dropout keeps the mean of a feature and adds noise. Behind a fully connected layer of hundreds
    of numbers each picture loses a few of many. Here whole places of the picture lose their edges,
    and the colorization has to paint from what is left.
    """
    torch.manual_seed(0)
    network = ColorNet(len(CLASSES), width=0.25, global_size=96)
    gray = rgb_to_lab(photographs(96))[:, :1] / 100
    with torch.no_grad():
        clean = network.low(gray)
        draws = torch.stack([F.dropout(clean, 0.5) for _ in range(50)])
    noise = draws.std(dim=0).mean().item()
    mean = (draws.mean() / clean.mean()).item()
    assert abs(mean - 1) < 0.02
    assert noise > 0.5 * clean.mean().item()
    return {"mean with ÷ without": mean, "noise ÷ mean feature": noise / clean.mean().item()}


if __name__ == "__main__":
    tell(__name__)
