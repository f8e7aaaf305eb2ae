"""Solutions of chapter 9, superclasses: `python notebooks/solutions/09_superclasses.py`."""

from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from colorkit.course.evaluation import batches
from colorkit.course.exercises import SIZE, scenes, tell
from colorkit.models import pretrained
from colorkit.studies.superclasses import color_statistics, group, representatives

NAMES = ("lawn", "park", "forest", "water", "sky", "street", "skyscraper", "palace", "bar")


@cache
def statistics():
    """The colors of each class, standardized, as (classes, 6), and as the study has them."""
    table = color_statistics(scenes(NAMES).subset(list(NAMES), "train"), SIZE)
    points = pd.DataFrame(StandardScaler().fit_transform(table), index=table.index)
    return points, table


def distances(points):
    """Between all pairs of classes, in standard deviations."""
    values = points.to_numpy()
    return pd.DataFrame(
        np.linalg.norm(values[:, None] - values[None], axis=2), points.index, points.index
    )


def exercise_1():
    """They lie farther from each other, and farther from everybody else.

    The most different classes are the strangest ones. Each stands for itself; the middles of groups
    stand for many. Which of the two a network learns more from is the chapter's question, and takes
    trainings over several seeds.
    """
    points, table = statistics()
    apart = distances(points)

    def least(chosen):
        return min(apart.loc[a, b] for a, b in combinations(chosen, 2))

    middles = representatives(table, group(table, 3)[0])
    different = list(max(combinations(NAMES, 3), key=least))
    assert least(different) >= least(middles)
    far = {n: apart[list(c)].min(axis=1).mean() for n, c in (("m", middles), ("d", different))}
    return {
        "middles": middles,
        "most different": different,
        "mean distance of a class to the nearest of the middles": far["m"],
        "to the nearest of the most different": far["d"],
    }


def exercise_2():
    """More superclasses represent the classes better, but each is learned from fewer images.

    The distance from a class to the one that stands for it falls at every doubling and is nought
    when each class stands for itself. The error for want of images rises meanwhile. The best trade
    is where the sum is smallest; only trainings can tell the second part.
    """
    points, table = statistics()
    apart, images = distances(points), 96
    distance = {}
    for count in (2, 4, 9):
        superclasses = group(table, count)[0]
        chosen = dict(enumerate(representatives(table, superclasses)))
        of = superclasses.map(chosen)
        distance[count] = float(np.mean([apart.loc[name, of[name]] for name in NAMES]))
    assert distance[2] > distance[4] > distance[9] == 0
    return {
        "distance to the representative": distance,
        "images of each": {count: images // count for count in distance},
    }


def exercise_3():
    """Hardly, on these few small scenes: a network sees forms, and like forms have unlike colors.

    The adjusted Rand index is 1 for equal groups and about 0 for groups by chance.
    """
    network, _ = pretrained.load("colornet")
    learned = scenes(NAMES).subset(list(NAMES), "train")
    with torch.inference_mode():
        vectors = torch.cat([network.planes(b.gray)[2] for b in batches(learned, SIZE)])
    by_class = pd.DataFrame(vectors.numpy()).groupby(learned.labels.numpy()).mean()
    by_class.index = [learned.classes[k] for k in by_class.index]
    seen = group(by_class.loc[list(NAMES)], 3)[0]
    by_color = group(statistics()[1], 3)[0]
    agreement = adjusted_rand_score(by_color, seen)
    assert adjusted_rand_score(by_color, by_color) == 1
    assert -1 < agreement < 1
    return {"agreement": agreement, "by color": by_color.to_dict(), "seen": seen.to_dict()}


if __name__ == "__main__":
    tell(__name__)
