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
    ordered = _in_seeded_order(names, groups, seed)
    for label in sorted(set(labels)):
        own = [members for members in ordered if labels[members[0]] == label]
        total = sum(len(members) for members in own)
        for split, fraction in fractions.items():
            taken, goal = 0, round(total * fraction)
            while own and taken < goal:
                members = own.pop(0)
                splits[members] = split
                taken += len(members)
    return splits


def seeded_folds(
    names: list[str], labels: list[str], groups: np.ndarray, of: int, seed: int
) -> np.ndarray:
    """Deal images into folds for cross-validation, by class, keeping groups together.

    Each group, in the order of `seeded_split`, goes to the fold that holds the fewest images of its
    class; of several, classes take turns at who comes first, so that the odd images of all classes
    do not pile up in one fold.

    Args:
        names, labels, groups, seed: as in `seeded_split`.
        of: number of folds.

    Returns:
        (N,) int64 fold of each image, 0 … of − 1. A group of several classes counts as the class
        of its first name.
    """
    folds = np.zeros(len(names), dtype=np.int64)
    ordered = _in_seeded_order(names, groups, seed)
    turn = 0
    for label in sorted(set(labels)):
        sizes = np.zeros(of, dtype=np.int64)
        for members in ordered:
            if labels[members[0]] == label:
                fold = int(np.argmin(np.roll(sizes, -turn)) + turn) % of
                folds[members] = fold
                sizes[fold] += len(members)
        turn = (turn + int(sizes.sum())) % of
    return folds


def _in_seeded_order(names: list[str], groups: np.ndarray, seed: int) -> list[list[int]]:
    """Members of each group, first name first; the groups in the order of their hashes."""
    gathered: dict[int, list[int]] = {}
    for i in sorted(range(len(names)), key=names.__getitem__):
        gathered.setdefault(int(groups[i]), []).append(i)

    def order(members: list[int]) -> str:
        name = f"{seed}:{names[members[0]]}".encode("utf-8", "backslashreplace")
        return hashlib.sha256(name).hexdigest()

    return sorted(gathered.values(), key=order)


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
