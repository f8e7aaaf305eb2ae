"""Splits that share nothing: near-duplicates found, groups kept together, leaks dropped."""

import io
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from colorkit.data.cache import THUMBNAIL
from colorkit.data.sample_photographs import sample_photographs
from colorkit.data.splits import drop_leaks, groups_of, near_duplicates, seeded_split

NO_PAIRS = np.zeros((0, 2), dtype=np.int64)


def thumbnail(rgb: np.ndarray) -> np.ndarray:
    small = Image.fromarray(rgb).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    return (np.asarray(small, dtype=np.float32) / 255).transpose(2, 0, 1).ravel()


@pytest.fixture(scope="module")
def house() -> dict[str, np.ndarray]:
    return sample_photographs(96)


def brighter(rgb):
    return np.clip(rgb.astype(float) * 1.2 + 8, 0, 255).astype(np.uint8)


def encoded_again(rgb):
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=25)
    return np.asarray(Image.open(buffer).convert("RGB"))


def cropped(rgb):
    return rgb[1:-1, 1:-1].copy()


def smaller(rgb):
    return np.asarray(Image.fromarray(rgb).resize((40, 40)))


@pytest.mark.parametrize("change", [brighter, encoded_again, cropped, smaller])
def test_a_changed_copy_is_found_and_no_other_pair(house, change):
    pictures = list(house.values())
    copies = [change(rgb) for rgb in pictures]
    thumbnails = np.stack([thumbnail(rgb) for rgb in pictures + copies])
    count = len(pictures)
    found = near_duplicates(thumbnails)
    assert sorted(map(tuple, found.tolist())) == [(i, i + count) for i in range(count)]


def test_different_images_are_no_pair(house):
    assert near_duplicates(np.stack([thumbnail(rgb) for rgb in house.values()])).shape == (0, 2)


def test_pairs_equal_numpys_correlations():
    rng = np.random.default_rng(0)
    base = rng.random((12, 48))
    x = np.concatenate((base, base + 0.05 * rng.standard_normal(base.shape), rng.random((9, 48))))
    correlation = np.corrcoef(x)
    for threshold in (0.3, 0.9, 0.975):
        i, j = np.nonzero(np.triu(correlation > threshold, 1))
        expected = sorted(zip(i.tolist(), j.tolist(), strict=True))
        assert sorted(map(tuple, near_duplicates(x, threshold).tolist())) == expected


def test_pairs_are_found_across_the_blocks_of_the_matrix():
    x = np.random.default_rng(1).standard_normal((2100, 32)).astype(np.float32)
    x[2080], x[2090] = x[5], x[2070]
    assert near_duplicates(x, 0.99).tolist() == [[5, 2080], [2070, 2090]]


def test_empty_and_featureless_thumbnails_have_no_pairs():
    assert near_duplicates(np.zeros((0, 48))).shape == (0, 2)
    assert near_duplicates(np.full((3, 48), 0.5)).shape == (0, 2)


def test_groups_join_whoever_is_connected():
    groups = groups_of(6, np.array([[0, 2], [2, 5], [3, 4]]))
    assert groups[0] == groups[2] == groups[5]
    assert groups[3] == groups[4]
    assert len({groups[0], groups[1], groups[3]}) == 3
    assert len(set(groups_of(4, NO_PAIRS).tolist())) == 4


def names_of(count: int) -> list[str]:
    return [f"c/{i:04d}.jpg" for i in range(count)]


FRACTIONS = {"test": 0.1, "val": 0.2}


def split(names, labels=None, pairs=NO_PAIRS, fractions=FRACTIONS, seed=0):
    labels = labels or ["c"] * len(names)
    return seeded_split(names, labels, groups_of(len(names), pairs), fractions, seed)


def test_shares_are_met_class_by_class():
    names, labels = names_of(150), ["a"] * 100 + ["b"] * 50
    splits = split(names, labels)
    assert Counter(splits[:100].tolist()) == {"train": 70, "val": 20, "test": 10}
    assert Counter(splits[100:].tolist()) == {"train": 35, "val": 10, "test": 5}


def test_the_split_is_a_function_of_seed_and_names_alone():
    names = names_of(60)
    first = split(names)
    assert np.array_equal(first, split(names))
    assert not np.array_equal(first, split(names, seed=1))
    order = np.random.default_rng(0).permutation(60)
    assert np.array_equal(split([names[i] for i in order]), first[order])


def test_groups_stay_together_and_shares_are_still_near():
    names = names_of(120)
    pairs = np.array(
        [[i, i + 1] for i in range(0, 120, 4)] + [[i, i + 60] for i in range(0, 60, 8)]
    )
    splits, groups = split(names, pairs=pairs), groups_of(120, pairs)
    for group in set(groups.tolist()):
        assert len(set(splits[groups == group].tolist())) == 1
    counts = Counter(splits.tolist())
    assert 12 <= counts["test"] <= 15 and 24 <= counts["val"] <= 27


def test_the_order_of_the_listing_does_not_matter_to_groups_either():
    names, order = names_of(60), np.random.default_rng(1).permutation(60)
    pairs = np.array([[i, i + 30] for i in range(0, 30, 2)])
    place = np.argsort(order)
    again = split([names[i] for i in order], pairs=place[pairs])
    assert np.array_equal(again, split(names, pairs=pairs)[order])


def test_a_group_of_two_classes_stays_together():
    names, labels = names_of(40), ["a", "b"] * 20
    pairs = np.array([[i, i + 1] for i in range(0, 40, 2)])  # every a is the twin of a b
    splits = split(names, labels, pairs, {"test": 0.5})
    assert np.array_equal(splits[::2], splits[1::2])
    assert set(splits.tolist()) == {"train", "test"}


@pytest.mark.parametrize("seed", range(5))
def test_adding_an_image_moves_at_most_the_images_at_the_boundaries(seed):
    names = names_of(100)
    before = dict(zip(names, split(names, seed=seed).tolist(), strict=True))
    more = [*names, "c/0042b.jpg"]
    after = dict(zip(more, split(more, seed=seed).tolist(), strict=True))
    moved = [name for name in names if before[name] != after[name]]
    assert len(moved) <= len(FRACTIONS)


def test_another_class_does_not_touch_the_first():
    names = names_of(50)
    alone = split(names)
    both = split([*names, *(f"d/{i}" for i in range(20))], ["c"] * 50 + ["d"] * 20)
    assert np.array_equal(both[:50], alone)


def test_small_classes_and_no_images_are_split_without_fault():
    assert set(split(names_of(1)).tolist()) == {"train"}
    assert Counter(split(names_of(2), fractions={"test": 0.5}).tolist()) == {"train": 1, "test": 1}
    assert split([]).tolist() == []


def test_of_a_pair_the_training_image_goes_and_test_images_never_do():
    splits = np.array(["train", "test", "val", "train", "val", "test", "train", "train"])
    pairs = np.array([[0, 1], [2, 3], [4, 5], [6, 7]])
    assert drop_leaks(splits, pairs).tolist() == [True, False, False, True, True, *[False] * 3]
    assert not drop_leaks(splits, NO_PAIRS).any()


@pytest.mark.parametrize("seed", range(4))
def test_after_dropping_no_pair_spans_two_splits(seed):
    generator = torch.Generator().manual_seed(seed)
    splits = np.array(["train", "val", "test"])[torch.randint(3, (80,), generator=generator)]
    pairs = torch.randint(80, (60, 2), generator=generator).numpy()
    leaks = drop_leaks(splits, pairs)
    assert leaks.any() and not leaks[splits == "test"].any()
    kept = pairs[~leaks[pairs].any(axis=1)]
    assert (splits[kept[:, 0]] == splits[kept[:, 1]]).all()
