"""Solutions of chapter 5, colorfulness: `python notebooks/solutions/05_colorfulness.py`."""

import numpy as np
import torch

from colorkit.course.exercises import photographs, tell
from colorkit.imaging.color import rgb_to_lab, scale_ab, unscale_ab
from colorkit.imaging.metrics.quality import colorfulness_ab
from colorkit.models import pretrained
from colorkit.models.prediction import predict
from colorkit.training.losses import chroma_target, colorfulness_gap, joint_loss


def planes():
    """Chroma of the sample photographs in [0, 1]: what the small ColorNet paints, and the truth."""
    rgb = photographs(160)
    network, _ = pretrained.load("colornet")
    gray = (rgb * torch.tensor([0.2125, 0.7154, 0.0721]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    with torch.inference_mode():
        found = predict(network, gray).ab
    return found, chroma_target(scale_ab(rgb_to_lab(rgb)[:, 1:]), found.shape[-2:])


def loss(predicted, target, beta):
    """The loss with the colorfulness factor, without a classifier."""
    return joint_loss(predicted, target, None, None, beta=beta).total


def exercise_1():
    """Dividing Δ by the range of the chroma is the same as dividing β by it.

    The factor is 1 + β Δ. With Δ in Lab units β Δ is far above 1 and the loss asks for nothing but
    the right M1. Divided by 220, β Δ is below 1 for most pictures, so the plain error is heard
    again, and the minimum comes back part of the way to where the plain error has it.
    """
    found, target = planes()
    strengths = np.linspace(0, 8, 161)

    def best(beta):
        values = [loss(0.5 + s * (found - 0.5), target, beta).item() for s in strengths]
        return strengths[int(np.argmin(values))]

    at = {beta: best(beta) for beta in (0, 5 / 220, 5)}
    factor = 1 + 5 * colorfulness_gap(found, target)
    divided = 1 + 5 * colorfulness_gap(found, target) / 220
    assert abs(at[5 / 220] - at[0]) <= abs(at[5] - at[0])
    return {
        "best saturation": {f"β = {beta:.3g}": s for beta, s in at.items()},
        "median factor": factor.median().item(),
        "with Δ divided": divided.median().item(),
    }


def exercise_2():
    """A vivid picture makes up for a dull one, so the dull one is no longer asked for color.

    The gap over the batch is smaller than the mean of the gaps of its pictures.
    """
    _, target = planes()
    strength = torch.tensor([2.0, 0.5] * 3).view(6, 1, 1, 1)
    painted = 0.5 + strength * (target - 0.5)
    m1 = []
    for scaled in (painted, target):
        as_one = unscale_ab(scaled).transpose(0, 1).flatten(1)[None, :, :, None]
        m1.append(colorfulness_ab(as_one))
    whole = (m1[0] - m1[1]).abs().item()
    each = colorfulness_gap(painted, target)
    assert whole < each.mean()
    return {"Δ over the batch": whole, "mean of the pictures'": each.mean().item()}


def exercise_3():
    """Added, Δ pulls with one force however small it is; multiplied, it lets go near the truth.

    Δ is an absolute value: its slope does not shrink when it does. As a factor its pull is
    multiplied by the color error, which shrinks with its square. When all colors are wrong it is
    the other way round: the factor makes a large error larger, and the added term stays what it is.
    """
    _, target = planes()

    def pull(strength, added):
        predicted = (0.5 + strength * (target - 0.5)).requires_grad_()
        if added:
            total = 5 * colorfulness_gap(predicted, target).mean()
        else:
            total = loss(predicted, target, 5.0) - loss(predicted, target, 0.0)
        total.backward()
        return predicted.grad.norm().item()

    near = {how: pull(0.99, how == "added") for how in ("added", "multiplied")}
    wrong = {how: pull(-0.5, how == "added") for how in ("added", "multiplied")}
    assert near["added"] / near["multiplied"] > 100 * wrong["added"] / wrong["multiplied"]
    return {"nearly right": near, "opposite colors": wrong}


if __name__ == "__main__":
    tell(__name__)
