"""Solutions of chapter 4, mColorNet: `python notebooks/solutions/04_mcolornet.py`."""

import numpy as np
import torch

import colorkit
from colorkit.course.evaluation import Trained, evaluate
from colorkit.course.exercises import CLASSES, SIZE, photographs, scenes, tell, train
from colorkit.imaging.color import rgb_to_lab


def settle(truth, loss, rate):
    """Where a single color stands still that a loss pulls towards many."""
    color = torch.tensor([30.0, 20.0], requires_grad=True)
    optimizer = torch.optim.SGD([color], lr=0.2)
    for step in range(600):
        optimizer.param_groups[0]["lr"] = rate * 0.99**step
        optimizer.zero_grad()
        loss(color - truth).sum(dim=1).mean().backward()
        optimizer.step()
    return color.detach()


def exercise_1():
    """With every hue equally likely the absolute error ends near gray, too: the median lies there.

    But the median is not the mean. Where seven of ten flowers are red and three are yellow, the
    squared error gives orange, a color that no flower has. The absolute error gives the red of the
    majority: as vivid as the truth, and right in seven of ten cases. "Dull" is therefore the
    squared error's answer to doubt; the absolute error is dull only where no color has a majority.
    """
    hue = 2 * np.pi * torch.rand(1000, generator=torch.Generator().manual_seed(0))
    truth = 40 * torch.stack((hue.cos(), hue.sin()), dim=1)
    still = settle(truth, torch.abs, 20)
    red, yellow = torch.tensor([40.0, 0.0]), torch.tensor([0.0, 40.0])
    flowers = torch.stack([red] * 7 + [yellow] * 3)
    color = settle(flowers, torch.abs, 20)
    mean = settle(flowers, torch.square, 0.2)
    assert still.norm() < 8
    assert (color - red).norm() < 1
    assert (mean - flowers.mean(dim=0)).norm() < 0.1
    return {
        "chroma, every hue": still.norm().item(),
        "flowers, absolute": color,
        "flowers, squared": mean,
    }


def exercise_2():
    """A dull network still knows: what it paints is too weak, and in the right order.

    It is surest where one color is likely, on lawns for instance, and dull where many are, on
    streets. So when all its colors are doubled, it is pictures of sure things that become too
    colorful, and not the dull originals.
    """
    test = scenes().subset(list(CLASSES), "test")
    network = Trained(train("three classes", epochs=12).model())

    def measured(factor):
        painted = evaluate(
            lambda gray: factor * network(gray), test, SIZE, measured=("colorfulness",)
        )
        return painted["colorfulness"], painted["colorfulness_true"], painted["label"]

    predicted, true, label = measured(1)
    doubled = measured(2)[0]
    assert predicted.mean() < true.mean()
    assert predicted.corr(true) > 0
    share = (doubled > true).groupby(label).mean()
    return {"correlation": predicted.corr(true), "too colorful when doubled": share.to_dict()}


def exercise_3():
    """Pinks, blue-greens and purples are missing: colors that are rare or belong to painted things.

    Each pixel counts with its chroma, for the hue of a gray pixel means nothing.
    """
    rgb = photographs(160)
    pictures = [(255 * x).byte().permute(1, 2, 0).numpy() for x in rgb]
    found = torch.tensor(np.stack([colorkit.colorize(picture) for picture in pictures]))

    def hues(batch):
        a, b = rgb_to_lab(batch)[:, 1:].unbind(1)
        angle = torch.rad2deg(torch.atan2(b, a)).flatten().numpy() % 360
        weight = torch.hypot(a, b).flatten().numpy()
        return np.histogram(angle, 12, (0, 360), weights=weight)[0] / weight.sum()

    true, painted = hues(rgb), hues(found.permute(0, 3, 1, 2) / 255)
    np.testing.assert_allclose((true.sum(), painted.sum()), 1, rtol=1e-6)
    unused = painted < 0.01
    assert unused.sum() >= (true < 0.01).sum()
    degrees = [f"{30 * k}° to {30 * k + 30}°" for k in np.flatnonzero(unused & (true >= 0.01))]
    return {"hues in the originals and not in the results": degrees}


if __name__ == "__main__":
    tell(__name__)
