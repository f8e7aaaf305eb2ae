"""Superclasses: scene classes that share their colors, an idea of the French report's conclusion.

A network trained on a few classes, one for each group of classes of similar colors, might do for
all of them. Grouping looks at colors alone: mean and spread of L*, a*, b* over a class's images.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.preprocessing import StandardScaler

from colorkit.course.evaluation import batches
from colorkit.course.networks import Course
from colorkit.course.profile import Profile
from colorkit.data.collection import Collection, ImageSet

KNOWN = 60  # training images of each class whose colors are looked at
MOST = 100  # training images of a chosen class, so that the study stays one of few images


class Design(NamedTuple):
    """What is trained on what.

    Attributes:
        classes: all that have enough images; statistics: their images' colors, `image_statistics`.
        count: classes that are chosen; limit: training images of each.
        choices: from `choices`.
    """

    classes: list[str]
    statistics: pd.DataFrame
    count: int
    limit: int
    choices: pd.DataFrame


def design(course: Course) -> Design:
    """Design the study for a profile: one class in five is chosen, by grouping or by chance."""
    scale = course.profile.superclasses
    course = course.at(scale.size, scale.stored)
    profile, images = course.profile, course.collection
    classes = large_classes(images, profile.classes(), scale.least)
    statistics = image_statistics(images.subset(classes, "train", KNOWN), profile.data.size)
    count = max(2, len(classes) // 5)
    limit = min(int(np.median([len(images.subset([c], "train")) for c in classes])), MOST)
    seeds = scale.seeds or profile.seeds
    chosen = choices(statistics, classes, count, seeds, course.seed)
    return Design(classes, statistics, count, limit, chosen)


def large_classes(collection: Collection, classes: list[str], least: int) -> list[str]:
    """Name the classes with at least so many training images: no representative may lack them."""
    return [name for name in classes if len(collection.subset([name], "train")) >= least]


def color_statistics(images: ImageSet, size: int) -> pd.DataFrame:
    """Describe the colors of each class: the means of `image_statistics` over its images."""
    return class_means(image_statistics(images, size), images.classes)


def class_means(statistics: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Average statistics of images, which have a column `label`, into one row a class."""
    return statistics.groupby("label").mean().loc[classes]


def image_statistics(images: ImageSet, size: int) -> pd.DataFrame:
    """Describe the colors of each image.

    Args:
        images: training images; test images must have no say in the grouping.
        size: side of the center crops.

    Returns:
        One row an image: mean and standard deviation of L*, a*, b*, and its `label`.
    """
    tables = []
    for batch in batches(images, size):
        lab = batch.lab.flatten(2)  # (B, 3, H·W)
        table = pd.DataFrame(
            np.hstack([lab.mean(dim=2), lab.std(dim=2)]),
            columns=[
                f"{part} {what}" for what in ("mean", "spread") for part in ("L*", "a*", "b*")
            ],
        )
        tables.append(table.assign(label=[images.classes[i] for i in batch.labels.tolist()]))
    return pd.concat(tables, ignore_index=True)


def group(statistics: pd.DataFrame, count: int) -> tuple[pd.Series, np.ndarray]:
    """Group classes by Ward's hierarchical clustering of their standardized statistics.

    Args:
        statistics: from `color_statistics`.
        count: number of superclasses, from 1 to the number of classes.

    Returns:
        The superclass (0, 1, …) of each class, and the tree as SciPy's linkage matrix, for a
        dendrogram.

    Raises:
        ValueError: `count` is out of range.
    """
    if not 1 <= count <= len(statistics):
        raise ValueError(f"count must lie in 1 to {len(statistics)} classes; got {count}")
    points = StandardScaler().fit_transform(statistics)
    tree = AgglomerativeClustering(n_clusters=count, compute_distances=True).fit(points)
    leaves = len(points)
    sizes = np.ones(2 * leaves - 1)
    for k, (left, right) in enumerate(tree.children_):
        sizes[leaves + k] = sizes[left] + sizes[right]
    linkage = np.column_stack([tree.children_, tree.distances_, sizes[leaves:]]).astype(float)
    return pd.Series(tree.labels_, index=statistics.index, name="superclass"), linkage


def representatives(statistics: pd.DataFrame, superclasses: pd.Series) -> list[str]:
    """Name the class nearest to the middle of each superclass, in the order of the superclasses."""
    points = pd.DataFrame(StandardScaler().fit_transform(statistics), index=statistics.index)
    chosen = []
    for _, members in points.groupby(superclasses):
        distance = np.linalg.norm(members - members.mean(), axis=1)
        chosen.append(str(members.index[distance.argmin()]))
    return chosen


def _ward(statistics: pd.DataFrame, count: int) -> pd.Series:
    return group(statistics, count)[0]


def _ward_on_chroma(statistics: pd.DataFrame, count: int) -> pd.Series:
    return group(statistics[[c for c in statistics if not c.startswith("L*")]], count)[0]


def _k_means(statistics: pd.DataFrame, count: int) -> pd.Series:
    points = StandardScaler().fit_transform(statistics)
    labels = KMeans(count, n_init=20, random_state=0).fit_predict(points)
    return pd.Series(labels, index=statistics.index, name="superclass")


GROUPINGS: dict[str, Callable[[pd.DataFrame, int], pd.Series]] = {
    "Ward, L* a* b*": _ward,
    "Ward, a* b*": _ward_on_chroma,
    "k-means, L* a* b*": _k_means,
}


def choices(
    statistics: pd.DataFrame, classes: list[str], count: int, number: int, seed: int = 0
) -> pd.DataFrame:
    """Choose classes by several groupings, and as many by chance.

    One grouping would say as little about grouping as one training about training: each takes the
    next method of `GROUPINGS` and another random half of the images of each class.

    Args:
        statistics: from `image_statistics`.
        classes: to choose from; count: how many to choose.
        number: of groupings, and of random choices.
        seed: of the halves and of the random choices.

    Returns:
        A row a grouping: its `method`, and lists of classes, `representatives` and `random`.
    """
    rows = []
    for k in range(number):
        rng = np.random.default_rng([seed, k])
        method = list(GROUPINGS)[k % len(GROUPINGS)]
        half = statistics.groupby("label").sample(frac=0.5, random_state=rng)
        means = class_means(half, classes)
        chosen = sorted(representatives(means, GROUPINGS[method](means, count)))
        drawn = sorted(rng.choice(classes, count, replace=False).tolist())
        rows.append({"method": method, "representatives": chosen, "random": drawn})
    return pd.DataFrame(rows)


def trainings(profile: Profile, design: Design) -> dict[str, list[dict]]:
    """List the trainings of this study: arguments of `Course.train`, by kind.

    Of all classes so many fewer images each are taken that the trainings see as many in all.
    """
    common = {"network": "vegenet", "scale": profile.superclasses}
    classes, choices, limit = design.classes, design.choices, design.limit
    shared = limit * design.count // len(classes)
    kinds = {
        "representatives": ("representatives", choices["representatives"], limit),
        "random choices": ("random-classes", choices["random"], limit),
        "all classes": ("all-classes", [classes] * len(choices), shared),
    }
    return {
        kind: [
            common | {"repeat": k, "variant": variant, "classes": own, "limit": most}
            for k, own in enumerate(chosen)
        ]
        for kind, (variant, chosen, most) in kinds.items()
    }
