"""Collections without leaks or broken files, and the sets of images they give."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_entries import SIZE, Counting, entries, gray_patches, photographs

from colorkit.data import collection
from colorkit.data.collection import Collection, collect
from colorkit.data.folders import Entry, list_images
from colorkit.data.splits import near_duplicates
from colorkit.system.errors import ColorkitError


def same_as(paint, name: str):
    return lambda entry, size: paint(Entry(Path(name), entry.label, entry.split, name), size)


@pytest.fixture
def damaged(tmp_path, paint) -> list[Entry]:
    """Lay out twelve photographs of which one is cut off, one is text and one is empty."""
    root = tmp_path / "photos"
    names = [f"{label}/{i}.jpg" for label in ("lawn", "sky") for i in range(6)]
    photographs(root, paint, *names)
    cut = (root / "lawn" / "2.jpg").read_bytes()
    (root / "lawn" / "2.jpg").write_bytes(cut[: len(cut) // 2])
    (root / "sky" / "1.jpg").write_text("<html>404 Not Found</html>")
    (root / "sky" / "4.jpg").write_bytes(b"")
    return list_images(root)


BROKEN = ["lawn/2.jpg", "sky/1.jpg", "sky/4.jpg"]


def test_broken_files_are_skipped_counted_and_named(tmp_path, damaged):
    found = collect(damaged, SIZE, tmp_path / "cache", source="photographs")
    cache = found.cache
    assert [cache.names[row] for row in sorted(cache.faults)] == BROKEN
    for row, fault in cache.faults.items():
        assert cache.names[row] in fault and "\n" not in fault
        assert not cache.images[row].any()
    assert found.counts["unreadable"] == 3
    left_out = [name for name, split in zip(cache.names, found.splits, strict=True) if not split]
    assert left_out == BROKEN
    kept = found.subset(["lawn", "sky"], "train").names
    assert kept and not set(kept) & set(BROKEN)


def test_nothing_readable_is_one_sentence_with_the_first_fault(tmp_path, damaged):
    rows = [entry for entry in damaged if entry.name in BROKEN]
    with pytest.raises(ColorkitError, match="none of 3 images could be read") as fault:
        collect(rows, SIZE, tmp_path / "cache", source="photographs")
    assert BROKEN[0] in str(fault.value) and "\n" not in str(fault.value)
    assert not list((tmp_path / "cache").glob("[!.]*"))


def test_one_class_is_refused_before_anything_is_decoded(tmp_path, paint):
    reader = Counting(paint)
    with pytest.raises(ColorkitError, match=r"photos: only one class \(sky\).*two class folders"):
        collect(entries(5), SIZE, tmp_path, source="photos", reader=reader)
    assert reader.read == []


def given() -> list[Entry]:
    return [
        entry
        for label in ("lawn", "sky")
        for split, count in (("train", 6), ("val", 2), ("test", 3))
        for entry in entries(count, label, split)
    ]


def gather(tmp_path, rows, reader, **options) -> Collection:
    return collect(rows, SIZE, tmp_path, source="patches", reader=reader, **options)


def split_of(found: Collection, name: str) -> str:
    return str(found.splits[found.cache.names.index(name)])


def test_given_splits_are_kept(tmp_path, paint):
    found = gather(tmp_path, given(), paint)
    assert found.splits.tolist() == [e.split for e in given()]
    assert set(found.counts.values()) == {0}
    assert len(found.subset(["sky"], "train")) == 6


def test_colorless_images_are_left_out_of_training_only(tmp_path, paint):
    gray = gray_patches(paint)
    names = ("sky/train-001", "sky/train-004", "sky/val-000", "sky/test-002")
    found = gather(tmp_path, given(), Counting(paint, dict.fromkeys(names, gray)))
    assert [split_of(found, name) for name in names] == ["", "", "val", "test"]
    assert found.counts == {
        "unreadable": 0,
        "colorless": 2,
        "near-duplicate of a later split": 0,
    }


def test_near_duplicates_across_given_splits_leave_the_earlier_split(tmp_path, paint):
    instead = {
        "sky/train-000": same_as(paint, "sky/test-000"),
        "sky/train-001": same_as(paint, "sky/val-001"),
        "lawn/val-000": same_as(paint, "lawn/test-001"),
        "lawn/train-002": same_as(paint, "sky/test-002"),  # filed under two classes
        "lawn/train-003": same_as(paint, "lawn/train-004"),  # within one split it may stay
    }
    found = gather(tmp_path, given(), Counting(paint, instead))
    gone = ["sky/train-000", "sky/train-001", "lawn/val-000", "lawn/train-002"]
    assert [split_of(found, name) for name in gone] == [""] * 4
    assert split_of(found, "lawn/train-003") == split_of(found, "lawn/train-004") == "train"
    assert (found.splits == "test").sum() == 6
    assert found.counts["near-duplicate of a later split"] == 4
    pairs = near_duplicates(found.cache.thumbnails)
    kept = pairs[(found.splits[pairs] != "").all(axis=1)]
    assert (found.splits[kept[:, 0]] == found.splits[kept[:, 1]]).all()


def test_near_duplicates_are_kept_by_the_threshold_they_were_found_with(tmp_path, paint):
    listing = entries(5, "lawn") + entries(5, "sky")
    cache = collect(listing, SIZE, tmp_path, source="x", reader=paint, recipe="patches").cache
    assert len(collection._pairs(cache, -1.1)) == 10 * 9 / 2
    assert len(collection._pairs(cache)) == 0


def test_loose_images_are_split_with_their_near_duplicates(tmp_path, paint):
    rows = [*entries(40, "lawn"), *entries(40, "sky")]
    twins = {f"sky/any-{i:03d}": same_as(paint, f"sky/any-{i + 20:03d}") for i in range(20)}
    found = gather(tmp_path, rows, Counting(paint, twins), fractions={"test": 0.2, "val": 0.1})
    table = found.table()
    assert table.loc["lawn"].to_dict() == {"train": 28, "val": 4, "test": 8, "left out": 0}
    assert table.loc["sky"].sum() == 40 and table.loc["sky", "test"] == 8
    for name in twins:
        number = int(name[-3:]) + 20
        assert split_of(found, name) == split_of(found, f"sky/any-{number:03d}")
    assert found.counts["near-duplicate of a later split"] == 0


def test_another_size_is_divided_alike_and_still_without_leaks(tmp_path, paint):
    twins = {"sky/train-003": same_as(paint, "sky/train-004")}
    gray = {"sky/train-002": gray_patches(paint)}
    found = gather(tmp_path, given(), Counting(paint, twins | gray))
    turned = replace(found, splits=np.roll(found.splits, 1))  # one is left out here as well
    again = found.split_as(turned)
    for name, own, theirs, got in zip(
        found.cache.names, found.splits, turned.splits, again.splits, strict=True
    ):
        assert got == ("" if own == "" else theirs or own), name
    turned.splits[found.cache.names.index("sky/train-004")] = "test"
    again = found.split_as(turned)
    assert split_of(again, "sky/train-004") == "test" and split_of(again, "sky/train-003") == ""
    assert again.fingerprint == found.fingerprint


def test_the_seed_decides_the_split_and_names_it(tmp_path, paint):
    rows = [*entries(20, "lawn"), *entries(20, "sky")]
    first, again, other = (gather(tmp_path, rows, paint, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first.splits, again.splits)
    shares = {"train": 16, "val": 2, "test": 2, "left out": 0}  # a tenth each, unless asked
    assert first.table().loc["sky"].to_dict() == shares
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert not np.array_equal(first.splits, other.splits)
    assert first.cache.folder == other.cache.folder  # decoded once for both


def test_a_given_test_split_is_not_added_to(tmp_path, paint):
    rows = [
        e for label in ("lawn", "sky") for e in (*entries(20, label), *entries(4, label, "test"))
    ]
    found = gather(tmp_path, rows, paint)
    for label in ("lawn", "sky"):
        assert found.table().loc[label].to_dict() == {
            "train": 18,
            "val": 2,
            "test": 4,
            "left out": 0,
        }
        assert sorted(found.subset([label], "test").names) == [
            e.name for e in entries(4, label, "test")
        ]


def test_a_class_without_splits_is_split_beside_one_that_has_them(tmp_path, paint):
    named = [e for split in ("train", "val", "test") for e in entries(10, "lawn", split)]
    table = gather(tmp_path, [*named, *entries(20, "sky")], paint).table()
    assert table.loc["lawn"].to_dict() == {"train": 10, "val": 10, "test": 10, "left out": 0}
    assert table.loc["sky"].to_dict() == {"train": 16, "val": 2, "test": 2, "left out": 0}


def test_sets_hold_labels_names_and_pixels_in_one_order(tiny, paint):
    images = tiny.subset(["sky", "lawn"], "test")
    assert images.classes == ["sky", "lawn"] and len(images) == 6
    assert images.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert [name.split("/")[0] for name in images.names] == ["sky"] * 3 + ["lawn"] * 3
    pixels, labels = images.__getitems__([4, 0, 4])
    assert pixels.shape == (3, 24, 24, 3) and pixels.dtype == torch.uint8
    assert labels.tolist() == [1, 0, 1]
    for row, i in enumerate([4, 0, 4]):
        entry = Entry(Path(), "", None, images.names[i])
        assert np.array_equal(pixels[row].numpy(), paint(entry, 24))
    one, label = images[4]
    assert torch.equal(one, pixels[0]) and int(label) == 1


def test_changing_a_batch_does_not_change_the_cache(tiny):
    images = tiny.subset(["sky", "lawn"], "test")
    pixels, _ = images.__getitems__([0, 1])
    before = pixels.clone()
    pixels.zero_()
    assert torch.equal(images.__getitems__([0, 1])[0], before)


def test_subsets_are_limited_class_by_class(tiny):
    images = tiny.subset(["sky", "lawn"], "train", limit=2)
    assert images.labels.tolist() == [0, 0, 1, 1]
    whole = tiny.subset(["sky", "lawn"], "train")
    assert set(images.names) <= set(whole.names) and len(whole) == 10


def test_pick_and_take_keep_names_labels_and_pixels_together(tiny):
    images = tiny.subset(["sky", "lawn"], "train")
    picked = images.pick(2)
    assert picked.labels.tolist() == [0, 0, 1, 1] and picked.classes == images.classes
    assert picked.names == [images.names[i] for i in (0, 1, 5, 6)]
    taken = images.take([7, 2]).take([1])
    assert taken.names == [images.names[2]]
    assert torch.equal(taken[0][0], images[2][0])
    assert len(images.pick(100)) == len(images)


def test_a_class_without_images_is_named(tiny):
    with pytest.raises(ColorkitError, match="class pond has no val image left; give it more"):
        tiny.subset(["lawn", "pond"], "val")


def test_a_cache_that_was_cut_off_is_named(tmp_path, paint):
    found = gather(tmp_path, [*entries(20, "lawn"), *entries(20, "sky")], paint)
    images = found.subset(["lawn", "sky"], "train")
    whole = images.__getitems__(range(len(images)))[0]
    path = found.cache.folder / "images.npy"
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 10)
    with pytest.raises(ColorkitError, match=r"images\.npy is cut off"):
        images.__getitems__(range(len(images)))
    assert len(whole) == len(images)
