"""Solutions of chapter 7, decolorization: `python notebooks/solutions/07_decolorization.py`."""

import numpy as np
import torch
from PIL import Image

from colorkit.course.evaluation import Trained, join
from colorkit.course.exercises import photographs, tell
from colorkit.data.scenes import render
from colorkit.imaging.color import DECOLORIZATIONS, decolorize, rgb_to_lab
from colorkit.imaging.metrics.quality import delta_e
from colorkit.models import pretrained
from colorkit.studies.decolorization import correlation, gray_distance


def errors(rgb, grays):
    """ΔE₀₀ of what the small ColorNet makes of each gray, joined to the true lightness."""
    network = Trained(pretrained.load("colornet")[0])
    L = rgb_to_lab(rgb)[:, :1]
    return {n: delta_e(join(L, network(gray)), rgb).mean().item() for n, gray in grays.items()}


def exercise_1():
    """Next to the weighted mean itself: the weights are nearly the same, and eight bits are enough.

    0.299, 0.587 and 0.114 are those of an older standard of television (ITU-R BT.601).
    """
    rgb = photographs()
    grays = {way: decolorize(rgb, way) for way in DECOLORIZATIONS}
    files = [Image.fromarray((255 * x).round().byte().permute(1, 2, 0).numpy()) for x in rgb]
    pixels = np.stack([np.array(file.convert("L")) for file in files])
    grays["pillow"] = torch.from_numpy(pixels)[:, None] / 255
    distance = {n: gray_distance(g, grays["weighted"]).mean().item() for n, g in grays.items()}
    others = [d for name, d in distance.items() if name not in ("pillow", "weighted")]
    assert distance["pillow"] < min(others)
    return {"distance from the weighted mean": distance}


def exercise_2():
    """The network sees a negative with dark skies and bright shadows, and colors it wrongly.

    All edges stand where they stood, and the correlation is −1 exactly. So it is not the *form*
    alone from which the network tells what things are; brightness tells it, too.
    """
    rgb = photographs()
    gray = decolorize(rgb)
    inverted = 1 - gray
    found = errors(rgb, {"weighted": gray, "inverted": inverted})
    assert torch.allclose(correlation(inverted, gray).float(), torch.tensor(-1.0), atol=1e-3)
    assert found["inverted"] > found["weighted"]
    return {"ΔE₀₀": found}


def exercise_3():
    """The prediction is off, because the points hardly lie on a line through nought.

    It takes the distance for all that counts. Near infrared differs from gray in a
    *systematic* way, bright leaves and dark skies, for which one number is too little.
    """
    scenes = [render(label, 3_000_000 + k, 96) for k in range(4) for label in ("country", "water")]
    rgb = torch.from_numpy(np.stack([s.rgb for s in scenes])).permute(0, 3, 1, 2) / 255
    grays = {way: decolorize(rgb, way) for way in DECOLORIZATIONS}
    grays["near infrared"] = torch.from_numpy(np.stack([s.nir for s in scenes]))[:, None] / 255
    weighted = grays["weighted"]
    distance = {n: gray_distance(g, weighted).mean().item() for n, g in grays.items()}
    found = errors(rgb, grays)
    lost = {name: error - found["weighted"] for name, error in found.items()}
    known = [way for way in DECOLORIZATIONS if way != "weighted"]
    x, y = (np.array([each[way] for way in known]) for each in (distance, lost))
    slope = (x * y).sum() / (x * x).sum()  # of a line through nought, by least squares
    assert abs(((y - slope * x) * x).sum()) < 1e-6
    return {
        "distance": distance,
        "ΔE₀₀ lost": lost,
        "predicted for near infrared": slope * distance["near infrared"],
    }


if __name__ == "__main__":
    tell(__name__)
