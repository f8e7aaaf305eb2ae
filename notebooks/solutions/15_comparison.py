"""Solutions of chapter 15, the comparison: `python notebooks/solutions/15_comparison.py`."""

from functools import cache

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from colorkit.course.evaluation import Constant, Trained, evaluate
from colorkit.course.exercises import CLASSES, SIZE, scenes, tell
from colorkit.models import pretrained
from colorkit.studies.gans.gallery import pareto

BOX = ("colornet", "faithful", "vivid")


@cache
def measured():
    """Three models in the box, and gray, on a few scenes: a table each, a row a picture."""
    test = scenes().subset(list(CLASSES), "test")
    networks = {name: Trained(pretrained.load(name)[0]) for name in BOX} | {"gray": Constant()}
    return {n: evaluate(p, test, SIZE, measured=("delta_e", "sepia")) for n, p in networks.items()}


def exercise_1():
    """Gray is on none: a picture that comes back nearly gray counts as sepia, unless it was gray.

    A front names what nothing else beats in everything. It does not say that all on it are good.
    """
    tables = measured()
    points = np.array([[-t["delta_e"].mean(), -t["sepia"].mean()] for t in tables.values()])
    front = pareto(points)
    by_hand = [
        not any((other >= one).all() and (other > one).any() for other in points) for one in points
    ]
    assert (front == by_hand).all()
    assert front[points[:, 0].argmax()]
    values = {
        n: dict(zip(("ΔE₀₀", "sepia"), -p, strict=True))
        for n, p in zip(tables, points, strict=True)
    }
    return {"front": [n for n, on in zip(tables, front, strict=True) if on], **values}


def exercise_2():
    """The order of the means is the order of the classes, weighted by how many images each has.

    So a network that is best on the whole need not be best on any class you care about.
    """
    tables = measured()
    label = tables["gray"]["label"]
    table = pd.DataFrame({name: t["delta_e"] for name, t in tables.items()})
    by_class = table.groupby(label).mean()
    share = label.value_counts(normalize=True)
    overall = by_class.mul(share, axis=0).sum()
    assert np.allclose(overall, table.mean())
    return {"best on each class": by_class.idxmin(axis=1).to_dict(), "overall": overall.idxmin()}


def exercise_3():
    """With twenty people and four pictures, nine must point at the photograph.

    By chance five would. A binomial test asks how often chance alone gives so many or more; below
    one time in twenty we no longer believe in chance. Fewer than that does *not* show that they
    cannot tell.
    """

    def chance(right, people=20, pictures=4):
        return binomtest(right, people, 1 / pictures, alternative="greater").pvalue

    needed = next(right for right in range(21) if chance(right) < 0.05)
    assert chance(needed) < 0.05 <= chance(needed - 1)
    return {"people who must be right": needed, "by chance so many or more": chance(needed)}


if __name__ == "__main__":
    tell(__name__)
