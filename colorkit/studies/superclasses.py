"""Superclasses: scene classes that share their colors, an idea of the French report's conclusion.

A network trained on a few classes, one for each group of classes of similar colors, might do for
all of them. Grouping looks at colors alone: mean and spread of L*, a*, b* over a class's images.
"""

import numpy as np
import pandas as pd
from sklearn.cluster import AgglomerativeClustering
from sklearn.preprocessing import StandardScaler

from colorkit.course.evaluation import batches
from colorkit.data.collection import ImageSet


def color_statistics(images: ImageSet, size: int) -> pd.DataFrame:
    """Describe the colors of each class.

    Args:
        images: training images; test images must have no say in the grouping.
        size: side of the center crops.

    Returns:
        One row a class: means over its images of each image's mean and standard deviation of
        L*, a*, b*.
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
    return pd.concat(tables).groupby("label").mean().loc[images.classes]


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
