"""Color photographs with their registered near-infrared halves, as in the RGB-NIR Scene Dataset.

The set (Brown and Süsstrunk, CVPR 2011) is laid out as `<class>/NNNN_rgb.tiff` beside
`<class>/NNNN_nir.tiff`. A pair becomes one image of four channels as soon as it is read, so that
nothing can crop, flip or scale one half without the other. Procedural scenes come in pairs too and
pass through the same door.

    pairs = list_pairs("data/nirscene1")           # pairs.faults: what was left out, and why
    collection = collect_pairs(pairs, 128, "data/cache", seed=0)
    train, val, test, fingerprint = collection.fold(0, of=5)
    print(collection.scale, collection.table(0, of=5), sep="\n")
    for images, labels in loader(train, 16, shuffle_seed=0):
        batch = prepare_nir(images.to(device), labels.to(device), 112, generator)
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from colorkit.data import cache as caches
from colorkit.data.collection import ImageSet
from colorkit.data.folders import SPLITS
from colorkit.data.pairs.listing import Pair, PairList, list_pairs, read_pair, refuse_faults
from colorkit.data.splits import groups_of, near_duplicates, seeded_folds
from colorkit.imaging.images import resize_crop
from colorkit.system.errors import ColorkitError

__all__ = [
    "SCENE_CLASSES",
    "Fold",
    "Pair",
    "PairCollection",
    "PairList",
    "PairSet",
    "collect_pairs",
    "list_pairs",
    "read_pair",
    "scene_pairs",
]

SCENE_CLASSES = (
    *("country", "field", "forest", "indoor", "mountain"),
    *("oldbuilding", "street", "urban", "water"),
)
# Above the numbers of all procedural scenes the chapters' color networks learn from or are tested
# on (`colorkit.course.networks`): no network has met a scene in color before its near-infrared
# half.
_FIRST_SCENE = 3_000_000


def _square(pair: Pair, size: int, full_scale: int | None) -> np.ndarray:
    """Both halves scaled and cut alike: (size, size, 4) uint8."""
    rgb, nir = read_pair(pair, full_scale)
    # Not one RGBA image: Pillow multiplies color by alpha before it scales.
    return np.dstack(
        (resize_crop(rgb, size), resize_crop(nir[..., None].repeat(3, 2), size)[..., 0])
    )


def _rendered(pair: Pair, size: int) -> np.ndarray:
    from colorkit.data.scenes import render

    scene = render(pair.label, int(pair.path.name), size)
    return np.dstack((scene.rgb, scene.nir))


def scene_pairs(counts: dict[str, int]) -> list[Pair]:
    """List procedural pairs: so many of each class, named `<class>/<seed>`.

    Raises:
        ColorkitError: there is no such scene.
    """
    from colorkit.data.scenes import refuse_unknown

    refuse_unknown(counts)
    names = [
        (label, f"{label}/{_FIRST_SCENE + i:07d}")
        for label, count in counts.items()
        for i in range(count)
    ]
    return [Pair(Path(name), label, None, name, Path(name)) for label, name in names]


class PairSet(ImageSet):
    """Pairs of one split: (S, S, 4) uint8 images (sRGB, near infrared) with int64 labels.

    `colorkit.data.batches.loader` loads it, `colorkit.data.batches.prepare_nir` makes batches of
    what it gives.
    """

    def halves(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """The color half (S, S, 3) and the near-infrared half (S, S) of one pair, uint8."""
        pair = self[index][0].numpy()
        return pair[..., :3], pair[..., 3]


class Fold(NamedTuple):
    """One division of a cross-validation; trainings on it are stored under the fingerprint."""

    train: PairSet
    val: PairSet
    test: PairSet
    fingerprint: str


@dataclass(frozen=True)
class PairCollection:
    """Decoded pairs of several classes, to be divided into folds.

    Attributes:
        source: what the pairs are, in words.
        pairs: all readable pairs, in order of their names.
        faults: what was left out and why, a sentence each.
        scale: in words, how near infrared became [0, 1].
        alike: names of near-duplicates, which share a fold.
        colorless: names of pairs whose color half is (nearly) gray. They are kept.
        fingerprint: names content and seed.
    """

    source: str
    pairs: PairSet
    faults: list[str]
    scale: str
    alike: list[tuple[str, str]]
    colorless: list[str]
    fingerprint: str
    _seed: int = field(repr=False)
    _groups: np.ndarray = field(repr=False)

    @property
    def classes(self) -> list[str]:
        """Class names, sorted; a label is an index into them."""
        return self.pairs.classes

    def splits(self, k: int = 0, of: int = 5) -> np.ndarray:
        """(N,) `train`, `val` or `test`: fold k is tested, the next one validates; see `fold`."""
        if not (of >= 3 and 0 <= k < of):
            raise ValueError(f"need at least 3 folds and 0 ≤ k < of, received k={k}, of={of}")
        labels = [self.classes[label] for label in self.pairs.labels.tolist()]
        folds = seeded_folds(self.pairs.names, labels, self._groups, of, self._seed)
        for label in self.classes:
            own = folds[np.array(labels) == label]
            if len(set(own.tolist())) < of:
                raise ColorkitError(
                    f"{self.source}: the {len(own)} pairs of class {label}, near-duplicates kept "
                    f"together, do not reach all of {of} folds; add pairs or take fewer folds"
                )
        return np.select([folds == k, folds == (k + 1) % of], ["test", "val"], default="train")

    def fold(self, k: int = 0, of: int = 5) -> Fold:
        """Test on fold k, validate on the next one, train on the rest; seeded, class by class.

        Over all k each pair is tested once and validated with once. Near-duplicates share a fold.

        Raises:
            ColorkitError: a class has too few pairs for so many folds.
            ValueError: fewer than three folds, or no such fold.
        """
        splits = self.splits(k, of)
        sets = (self.pairs.take(np.flatnonzero(splits == split)) for split in SPLITS)
        return Fold(*sets, f"{self.fingerprint}-fold{k}of{of}")

    def table(self, k: int = 0, of: int = 5):
        """Pairs by class and split of one fold, and their sums, as a DataFrame."""
        import pandas as pd

        splits, labels = self.splits(k, of), self.pairs.labels.numpy()
        counts = [
            [int((splits[labels == label] == split).sum()) for split in SPLITS]
            for label in range(len(self.classes))
        ]
        table = pd.DataFrame(counts, index=self.classes, columns=list(SPLITS))
        table.loc["all"] = table.sum()
        return table


def collect_pairs(
    source: str | Path | PairList | dict[str, int],
    size: int,
    folder: str | Path,
    *,
    seed: int = 0,
    strict: bool = False,
    full_scale: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PairCollection:
    """Decode pairs once into squares, and prepare their division into folds.

    Args:
        source: folder of pairs, what `list_pairs` gave, or numbers of procedural pairs by class.
        size: side S of the stored squares.
        folder: where caches are kept.
        seed: of the folds.
        strict: refuse faults instead of leaving pairs out.
        full_scale: see `list_pairs`; of no meaning where `source` is a list.
        progress: called with (pairs done, pairs in all).

    Raises:
        ColorkitError: nothing readable, fewer than two classes, or any fault when strict.
    """
    if isinstance(source, dict):
        what, reader, recipe = "procedural scenes", _rendered, "scene-pairs-1"
        scale = "near infrared: rendered in 8 bits with the exposure of the color image"
        listed = PairList(scene_pairs(source), [], None, scale)
    else:
        listed = source if isinstance(source, PairList) else list_pairs(source, strict, full_scale)
        what = "color and near-infrared photographs"
        reader = partial(_square, full_scale=listed.full_scale)
        recipe = f"pairs-1-{listed.full_scale}"
    classes = sorted({pair.label for pair in listed.pairs})
    if len(classes) < 2:
        raise ColorkitError(
            f"{what}: fewer than two classes ({', '.join(classes) or 'no pairs'}); the networks "
            "classify scenes, so put the pairs into at least two class folders"
        )
    cache = caches.open_cache(
        listed.pairs, size, folder, reader=reader, recipe=recipe, progress=progress, channels=4
    )
    faults = listed.faults + list(cache.faults.values())
    refuse_faults(faults, strict)
    rows = np.array([row for row in range(len(listed.pairs)) if row not in cache.faults])
    alike = near_duplicates(cache.thumbnails[rows])
    names = [cache.names[row] for row in rows]
    return PairCollection(
        source=what,
        pairs=PairSet(cache, rows, classes),
        faults=faults,
        scale=listed.scale,
        alike=[(names[i], names[j]) for i, j in alike.tolist()],
        colorless=[cache.names[row] for row in rows if cache.colorless[row]],
        fingerprint=f"{cache.digest}-{seed}",
        _seed=seed,
        _groups=groups_of(len(rows), alike),
    )
