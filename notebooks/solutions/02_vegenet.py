"""Solutions of chapter 2, VégéNet: `python notebooks/solutions/02_vegenet.py`."""

import pandas as pd
import torch

from colorkit.course.evaluation import Constant, Trained, batches, evaluate
from colorkit.course.exercises import CLASSES, SIZE, scenes, tell, train
from colorkit.training.losses import joint_loss


def exercise_1():
    """The classifier learns almost nothing: its share of the loss is too small to matter.

    A sum over two channels and (size/2)² pixels is that many times the mean. The cross-entropy
    stays what it was, so beside the color it weighs that many times less.
    """
    size = 64
    generator = torch.Generator().manual_seed(0)
    ab, target = torch.rand(2, 4, 2, size // 2, size // 2, generator=generator)
    scores, labels = torch.rand(4, 10, generator=generator), torch.arange(4)
    mean, summed = (joint_loss(ab, target, scores, labels, reduction=r) for r in ("mean", "sum"))
    weaker = (summed.color / mean.color).item()
    assert round(weaker) == 2 * (size // 2) ** 2
    return {"times weaker": weaker, "α that would make up for it": weaker / 300}


def exercise_2():
    """A class gains little where its colors differ from the other classes', or where it has few.

    Look at the class's mean colorfulness M1 before you blame the network. A class of gray things
    *cannot* gain over gray, because gray is nearly right there already.
    """
    test = scenes().subset(list(CLASSES), "test")
    run = train("three classes", epochs=12)
    measured = ("delta_e", "colorfulness")
    own = evaluate(Trained(run.model()), test, SIZE, measured=measured)
    nothing = evaluate(Constant(), test, SIZE, measured=measured)
    gain = (nothing["delta_e"] - own["delta_e"]).groupby(own["label"]).mean()
    worst = gain.idxmin()
    assert (gain[worst] <= gain).all()
    vivid = own["colorfulness_true"].groupby(own["label"]).mean()
    return {"worst": worst, "gain": gain.to_dict(), "M1 of the truth": vivid.to_dict()}


def exercise_3():
    """The mean color of the true class is nearer to the truth than one mean color for all.

    It has to be, measured by the squared error on the images that it was taken from: the mean of a
    group is the one color with the smallest squared error on that group. What is left of the
    network's gain after this is what it knows beyond the name of the scene.
    """
    learned = scenes().subset(list(CLASSES), "train")
    (batch,) = batches(learned, SIZE, batch_size=len(learned))
    ab, labels = batch.lab[:, 1:], batch.labels

    def error(color):  # (N, 2, 1, 1), a color for each image
        return (ab - color).square().sum(dim=1).mean().item()

    means = torch.stack([ab[labels == k].mean(dim=(0, 2, 3)) for k in range(len(CLASSES))])
    everywhere = error(ab.mean(dim=(0, 2, 3)).view(1, 2, 1, 1))
    by_class = error(means[labels][:, :, None, None])
    assert by_class < everywhere
    table = pd.Series({"one color": everywhere, "a color a class": by_class})
    return {"squared error": table.to_dict(), "share taken away": 1 - by_class / everywhere}


if __name__ == "__main__":
    tell(__name__)
