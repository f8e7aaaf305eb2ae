"""Pairs as data for networks: halves that stay together, fair folds, one cache."""

import os

import numpy as np
import pytest
import torch
from made_pairs import picture, write_pair
from PIL import Image

from colorkit.data import cache as caches
from colorkit.data.batches import loader, prepare_nir
from colorkit.data.pairs.folds import SCENE_CLASSES, PairSet, collect_pairs, list_pairs, scene_pairs
from colorkit.data.splits import groups_of, seeded_folds
from colorkit.system.errors import ColorkitError

SIZE = 24


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    return collect_pairs(dict.fromkeys(SCENE_CLASSES, 3), 32, tmp_path_factory.mktemp("cache"))


def test_scaling_cutting_and_flipping_keep_a_pair_registered(tmp_path):
    """Near infrared is the red channel: it must be so in every crop."""
    for i in range(8):
        portrait = i % 3 == 0
        rgb = picture(i, *((91, 60) if portrait else (60, 91)))
        write_pair(tmp_path, f"{('field', 'water')[i % 2]}/{i:04d}", rgb)
    collection = collect_pairs(tmp_path, 32, tmp_path / ".cache")
    images, labels = collection.pairs.__getitems__(range(8))
    assert images.shape == (8, 32, 32, 4) and images.dtype == torch.uint8
    assert torch.equal(images[..., 3], images[..., 0])
    from colorkit.imaging.color import lab_to_rgb

    seen = set()
    for seed in range(10):
        batch = prepare_nir(images, labels, 24, torch.Generator().manual_seed(seed))
        red = lab_to_rgb(batch.lab)[:, :1]
        assert batch.nir.shape == (8, 1, 24, 24) and batch.lab.shape == (8, 3, 24, 24)
        assert (batch.nir - red).abs().max() < 2e-3
        seen.add(round(float(batch.nir.mean()), 5))
    assert len(seen) > 5  # other crops each time
    plain = prepare_nir(images, labels, 24)
    assert torch.equal(plain.nir[:, 0], images[:, 4:28, 4:28, 3] / 255)


def test_prepare_refuses_images_without_near_infrared():
    with pytest.raises(ValueError, match="4 channels, received"):
        prepare_nir(torch.zeros(2, 8, 8, 3, dtype=torch.uint8), torch.zeros(2), 8)


def test_batches_from_loader_to_loss(scenes):
    train = scenes.fold(0, 3).train
    batches = [prepare_nir(i, y, 24) for i, y in loader(train, 4, shuffle_seed=0)]
    assert [len(b.labels) for b in batches] == [4, 4]
    for batch in batches:
        assert batch.nir.dtype == batch.lab.dtype == torch.float32
        assert batch.nir.min() >= 0 and batch.nir.max() <= 1
        assert batch.lab[:, 0].max() <= 100.01
        assert batch.labels.dtype == torch.int64
        scores = torch.zeros(len(batch.labels), len(train.classes), requires_grad=True)
        loss = torch.nn.functional.cross_entropy(scores, batch.labels)
        loss.backward()
        assert loss.item() == pytest.approx(np.log(9), abs=1e-5)


# Folds


def test_each_pair_is_tested_once_and_splits_share_nothing(root, tmp_path):
    collection = collect_pairs(root, SIZE, tmp_path / "cache")
    tested, validated, prints = [], [], set()
    for k in range(3):
        fold = collection.fold(k, 3)
        parts = [set(part.names) for part in fold[:3]]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 12
        assert all(
            isinstance(part, PairSet) and part.classes == ["field", "water"] for part in fold[:3]
        )
        for part in fold[:3]:
            assert [part.classes[y] for y in part.labels] == [n.split("/")[0] for n in part.names]
        tested += fold.test.names
        validated += fold.val.names
        prints.add(fold.fingerprint)
        assert fold.val.names == collection.fold((k + 1) % 3, 3).test.names
    assert sorted(tested) == sorted(validated) == collection.pairs.names
    assert len(prints) == 3
    assert collection.fold(1, 3).test.names == collection.fold(1, 3).test.names


def test_another_seed_is_another_division(root, tmp_path):
    folds = [collect_pairs(root, SIZE, tmp_path / "c", seed=s).fold(0, 3) for s in range(6)]
    assert len({tuple(f.test.names) for f in folds}) > 2
    assert len({f.fingerprint for f in folds}) == 6


def test_the_table_counts_what_the_folds_hold(root, tmp_path):
    collection = collect_pairs(root, SIZE, tmp_path / "cache")
    table = collection.table(1, 3)
    assert list(table.index) == ["field", "water", "all"]
    assert list(table.columns) == ["train", "val", "test"]
    assert table.loc["field"].tolist() == [2, 2, 2] and table.loc["all"].tolist() == [4, 4, 4]
    fold = collection.fold(1, 3)
    for split in table.columns:
        labels = getattr(fold, split).labels
        assert table[split].tolist() == [int((labels == c).sum()) for c in (0, 1)] + [len(labels)]


def test_near_duplicates_share_a_fold(tmp_path):
    for i in range(12):
        rgb = picture(i // 2 if i < 6 else 100 + i)  # three couples, one of them across classes
        rgb = np.clip(rgb.astype(int) + i, 0, 255).astype(np.uint8)
        label = "water" if i in (5, 6, 7, 8) else "field"
        write_pair(tmp_path, f"{label}/{i:04d}", rgb, kind="jpg", quality=90)
    collection = collect_pairs(tmp_path, SIZE, tmp_path / ".cache")
    assert len(collection.alike) == 3 and ("field/0004", "water/0005") in collection.alike
    for k in range(3):
        for part in collection.fold(k, 3)[:3]:
            for first, second in collection.alike:
                assert (first in part.names) == (second in part.names)


def test_too_many_folds_are_refused(root, tmp_path):
    collection = collect_pairs(root, SIZE, tmp_path / "cache")
    with pytest.raises(ColorkitError, match=r"6 pairs of class field.* 7 folds"):
        collection.fold(0, 7)
    for k, of in ((0, 2), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match=f"k={k}, of={of}"):
            collection.fold(k, of)


def test_folds_are_even_by_class_and_in_all():
    labels = [c for c, n in (("a", 48), ("b", 16), ("c", 16), ("d", 17)) for _ in range(n)]
    names = [f"{c}/{i:03d}" for i, c in enumerate(labels)]
    folds = seeded_folds(names, labels, np.arange(97), 5, 0)
    for label in "abcd":
        own = np.bincount(folds[np.array(labels) == label], minlength=5)
        assert own.max() - own.min() <= 1
    sizes = np.bincount(folds, minlength=5)
    assert sizes.max() - sizes.min() <= 1
    order = np.random.default_rng(0).permutation(97)
    again = seeded_folds(
        [names[i] for i in order], [labels[i] for i in order], np.arange(97)[order], 5, 0
    )
    assert np.array_equal(again, folds[order])  # names decide, not places
    assert not np.array_equal(seeded_folds(names, labels, np.arange(97), 5, 1), folds)


def test_a_class_goes_on_with_the_fold_after_the_last_ones():
    labels = ["a"] * 4 + ["b"]
    assert sorted(seeded_folds(list("vwxyz"), labels, np.arange(5), 5, 0)) == [0, 1, 2, 3, 4]


def test_folds_keep_groups_together():
    rng = np.random.default_rng(3)
    labels = [str(c) for c in rng.integers(0, 3, 90)]
    groups = groups_of(90, rng.integers(0, 90, (25, 2)))
    folds = seeded_folds([f"{i:03d}" for i in range(90)], labels, groups, 4, 0)
    assert all(len(set(folds[groups == g].tolist())) == 1 for g in set(groups.tolist()))
    assert set(folds.tolist()) == {0, 1, 2, 3}


# Procedural pairs, sets and the cache


def test_procedural_pairs_pass_through_the_same_door(scenes):
    from colorkit.data.scenes import render

    assert scenes.source == "procedural scenes" and scenes.classes == list(SCENE_CLASSES)
    assert len(scenes.pairs) == 27 and scenes.faults == []
    rgb, nir = scenes.pairs.halves(4)
    label, number = scenes.pairs.names[4].split("/")
    scene = render(label, int(number), 32)
    assert np.array_equal(rgb, scene.rgb) and np.array_equal(nir, scene.nir)
    assert "rendered" in scenes.scale
    assert {len(part) for part in scenes.fold(2, 3)[:3]} == {9}


def test_no_color_network_has_met_a_scene_of_the_pairs():
    from colorkit.course.networks import scene_entries

    met = {e.name for e in scene_entries(["water"], {"train": 50, "val": 50, "test": 50})}
    assert not met & {p.name for p in scene_pairs({"water": 50})}


def test_an_unknown_scene_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(ColorkitError, match=r"no procedural scene is called 'watter'.*water"):
        collect_pairs({"sky": 1, "watter": 1}, 32, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_subsets_stay_pair_sets(scenes):
    few = scenes.pairs.pick(1)
    assert isinstance(few, PairSet) and len(few) == 9
    assert few.labels.tolist() == list(range(9))
    assert few.halves(3)[1].shape == (32, 32)


def test_a_changed_near_infrared_half_is_decoded_again(root, tmp_path):
    before = collect_pairs(root, SIZE, tmp_path / "cache")
    again = collect_pairs(root, SIZE, tmp_path / "cache")
    assert again.fingerprint == before.fingerprint
    Image.fromarray(np.full((40, 56), 7, np.uint8)).save(root / "field/0002_nir.png")
    after = collect_pairs(root, SIZE, tmp_path / "cache")
    assert after.fingerprint != before.fingerprint
    assert (after.pairs.halves(1)[1] == 7).all() and not (before.pairs.halves(1)[1] == 7).all()


def test_a_copy_of_the_same_files_has_the_same_fingerprint(root, tmp_path):
    before = collect_pairs(root, SIZE, tmp_path / "cache")
    for path in root.rglob("*.*"):
        os.utime(path, (0, 0))
    after = collect_pairs(root, SIZE, tmp_path / "cache")
    assert after.fingerprint == before.fingerprint


def test_a_stopped_decoding_goes_on(root, tmp_path, monkeypatch):
    monkeypatch.setattr(caches, "CHUNK", 5)
    listed = list_pairs(root)

    def stop(done, total):
        if done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect_pairs(listed, SIZE, tmp_path / "cache", progress=stop)
    seen = []
    collection = collect_pairs(
        listed, SIZE, tmp_path / "cache", progress=lambda done, total: seen.append(done)
    )
    assert seen == [12] and len(collection.pairs) == 12
    fresh = collect_pairs(listed, SIZE, tmp_path / "other")
    assert np.array_equal(
        collection.pairs.__getitems__(range(12))[0], fresh.pairs.__getitems__(range(12))[0]
    )


def test_gray_color_halves_are_kept_and_named(root, tmp_path):
    gray = picture(2)[..., :1].repeat(3, axis=2)
    write_pair(root, "field/0002", gray)
    collection = collect_pairs(root, SIZE, tmp_path / "cache")
    assert collection.colorless == ["field/0002"] and len(collection.pairs) == 12
