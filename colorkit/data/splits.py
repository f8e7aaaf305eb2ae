"""Training, validation and test images that share nothing, near-duplicates included."""

import hashlib

import numpy as np
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

# Correlation of 16 × 16 color thumbnails from which two images count as the same picture. Among
# 8,700 landscape photographs every pair above it that we looked at was one picture or one place;
# between 0.95 and 0.975 most pairs are merely alike.
SIMILAR = 0.975


def near_duplicates(thumbnails: np.ndarray, threshold: float = SIMILAR) -> np.ndarray:
    """Find pairs of nearly equal images.

    Args:
        thumbnails: (N, D) float, one flattened thumbnail an image, any scale.
        threshold: smallest correlation of two thumbnails that counts.

    Returns:
        (P, 2) indexes i < j of the pairs.
    """
    x = torch.as_tensor(np.asarray(thumbnails, dtype=np.float32))
    x = x - x.mean(dim=1, keepdim=True)
    x = x / x.norm(dim=1, keepdim=True).clamp(min=1e-6)
    pairs = []
    for start in range(0, len(x), 2048):  # blocks: the full matrix of 100,000 images is 40 GB
        similar = x[start : start + 2048] @ x[start:].T > threshold
        i, j = similar.nonzero(as_tuple=True)
        pairs.append(torch.stack((i[i < j], j[i < j]), dim=1) + start)
    return torch.cat(pairs).numpy() if pairs else np.zeros((0, 2), dtype=np.int64)


def groups_of(count: int, pairs: np.ndarray) -> np.ndarray:
    """Number the groups of images connected by pairs: (count,) integers."""
    ones = np.ones(len(pairs), dtype=bool)
    graph = coo_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def seeded_split(
    names: list[str],
    labels: list[str],
    groups: np.ndarray,
    fractions: dict[str, float],
    seed: int,
) -> np.ndarray:
    """Split images by class, keeping groups together.

    A group's place in the order is a hash of the seed and its first name, so that adding or
    removing an image moves at most the images at the boundaries of the splits.

    Args:
        names: unique name of each image.
        labels: class of each image.
        groups: (N,) group of each image, from `groups_of`.
        fractions: share of each split, such as `{"test": 0.1, "val": 0.1}`; the rest is `train`.
        seed: another seed, another split.

    Returns:
        (N,) array of split names.
    """
    splits = np.full(len(names), "train", dtype="<U5")
    first: dict[int, int] = {}
    for i in sorted(range(len(names)), key=names.__getitem__):
        first.setdefault(int(groups[i]), i)

    def order(group: int) -> str:
        return hashlib.sha256(f"{seed}:{names[first[group]]}".encode()).hexdigest()

    members: dict[int, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(int(group), []).append(i)
    for label in sorted(set(labels)):
        own = sorted((g for g, i in first.items() if labels[i] == label), key=order)
        total = sum(len(members[g]) for g in own)
        for split, fraction in fractions.items():
            taken, goal = 0, round(total * fraction)
            while own and taken < goal:
                group = own.pop(0)
                splits[members[group]] = split
                taken += len(members[group])
    return splits


def drop_leaks(splits: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Mark images to leave out so that no near-duplicate pair spans two splits.

    The test images stay whole: of a pair the training image goes first, then the validation one.

    Returns:
        (N,) bool, True where the image must be left out.
    """
    rank = np.select([splits == "train", splits == "val"], [0, 1], default=2)
    leaks = np.zeros(len(splits), dtype=bool)
    for i, j in ((0, 1), (1, 0)):
        across = rank[pairs[:, i]] < rank[pairs[:, j]]
        leaks[pairs[across, i]] = True
    return leaks
