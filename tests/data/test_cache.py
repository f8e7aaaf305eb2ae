"""Decoding once: building, resuming, reopening, and what is measured on the way."""

import hashlib
import json
import shutil
from collections import namedtuple

import numpy as np
import pytest
from made_entries import SIZE, Counting, entries, gray_patches, photographs
from PIL import Image
from skimage import color as sk

from colorkit.data import cache as caches
from colorkit.data.cache import measure_images, open_cache
from colorkit.system.errors import ColorkitError


def test_a_cache_holds_every_image_in_order(tmp_path, paint):
    rows = [*entries(3), *entries(2, "lawn", "test")]
    cache = open_cache(rows, SIZE, tmp_path, reader=paint)
    assert cache.images.shape == (5, SIZE, SIZE, 3) and cache.images.dtype == np.uint8
    assert isinstance(cache.images, np.memmap) and not cache.images.flags.writeable
    for image, entry in zip(cache.images, rows, strict=True):
        assert np.array_equal(image, paint(entry, SIZE))
    assert cache.labels == ["sky"] * 3 + ["lawn"] * 2
    assert cache.splits == [None] * 3 + ["test"] * 2
    assert cache.names == [e.name for e in rows]
    assert cache.faults == {} and cache.folder.parent == tmp_path


@pytest.mark.parametrize("side", [16, 64])  # enlarged, and averaged over blocks
def test_thumbnails_are_the_images_scaled_down(tmp_path, paint, side):
    cache = open_cache(entries(4), side, tmp_path, reader=paint)
    assert cache.thumbnails.shape == (4, 768) and cache.thumbnails.dtype == np.float32
    blocks = cache.images.reshape(4, 16, side // 16, 16, side // 16, 3).mean(axis=(2, 4)) / 255
    assert np.abs(cache.thumbnails - blocks.transpose(0, 3, 1, 2).reshape(4, -1)).max() < 1e-3


def test_colorless_is_what_scikit_image_measures_as_low_chroma(tmp_path, paint):
    rows = entries(3)

    def one_red_pixel(entry, size):
        image = gray_patches(paint)(entry, size)
        image[:2, :2] = (255, 0, 0)
        return image

    reader = Counting(paint, {rows[0].name: gray_patches(paint), rows[1].name: one_red_pixel})
    cache = open_cache(rows, 32, tmp_path, reader=reader)
    lab = sk.rgb2lab(cache.images)
    share = (np.linalg.norm(lab[..., 1:], axis=-1) > 8).mean(axis=(1, 2))
    assert cache.colorless.tolist() == (share < 0.05).tolist() == [True, True, False]


def test_a_twentieth_of_the_pixels_makes_a_picture_colored():
    images = np.full((2, 32, 32, 3), 90, np.uint8)
    for image, count in zip(images, (51, 52), strict=True):  # of 1024
        image.reshape(-1, 3)[:count] = (200, 40, 40)
    assert measure_images(images)[1].tolist() == [True, False]


def test_a_cache_is_named_by_its_listing_size_recipe_and_channels(tmp_path, paint):
    def named(*more):
        listing = [[entry.name, "sky", None] for entry in entries(2)]
        content = json.dumps([2, "own", SIZE, listing, *more]).encode()
        return hashlib.sha256(content).hexdigest()[:16]

    def deep(entry, size):
        return np.zeros((size, size, 4), np.uint8)

    for channels, reader, more in ((3, paint, ()), (4, deep, (4,))):
        options = {"reader": reader, "recipe": "own", "channels": channels}
        cache = open_cache(entries(2), SIZE, tmp_path, **options)
        assert cache.folder.name == named(*more)


def test_reopening_decodes_nothing(tmp_path, paint):
    reader = Counting(paint)
    first = open_cache(entries(5), SIZE, tmp_path, reader=reader)
    assert sorted(reader.read) == sorted(first.names)
    again = open_cache(entries(5), SIZE, tmp_path, reader=reader)
    assert len(reader.read) == 5
    assert again.folder == first.folder
    assert np.array_equal(again.images, first.images)
    assert np.array_equal(again.thumbnails, first.thumbnails)
    assert np.array_equal(again.colorless, first.colorless)


def test_another_size_listing_or_recipe_is_another_cache(tmp_path, paint):
    def folder(rows, size=SIZE, recipe="a"):
        return open_cache(rows, size, tmp_path, reader=paint, recipe=recipe).folder

    rows = entries(3)
    others = [
        folder(rows),
        folder(rows, size=20),
        folder(rows, recipe="b"),
        folder(rows[:2]),
        folder(rows[::-1]),
        folder(entries(3, split="train")),
    ]
    assert len(set(others)) == len(others)


def test_an_exchanged_photograph_is_decoded_again(tmp_path, paint):
    rows = photographs(tmp_path / "in", paint, "sky/1.png", "sky/2.png")
    before = open_cache(rows, SIZE, tmp_path / "cache")
    Image.fromarray(np.full((50, 60, 3), 200, np.uint8)).save(tmp_path / "in" / "sky" / "1.png")
    after = open_cache(rows, SIZE, tmp_path / "cache")
    assert after.folder != before.folder and after.digest != before.digest
    assert (after.images[0] == 200).all()
    assert np.array_equal(after.images[1], before.images[1])


def test_progress_is_told_chunk_by_chunk(tmp_path, paint, monkeypatch):
    monkeypatch.setattr(caches, "CHUNK", 4)
    told = []
    open_cache(
        entries(10),
        SIZE,
        tmp_path,
        reader=paint,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(4, 10), (8, 10), (10, 10)]


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), RuntimeError("a bug in the reader")])
def test_an_interrupted_build_resumes_and_ends_the_same(tmp_path, paint, monkeypatch, stop):
    monkeypatch.setattr(caches, "CHUNK", 4)
    rows = entries(11)
    fault = ColorkitError("x/000: broken.")
    stopped = Counting(paint, {rows[1].name: fault, rows[6].name: stop})
    with pytest.raises(type(stop)):
        open_cache(rows, SIZE, tmp_path / "a", reader=stopped)
    assert not any((p / "index.json").exists() for p in (tmp_path / "a").glob("[!.]*"))

    resumed = Counting(paint, {rows[1].name: fault})
    cache = open_cache(rows, SIZE, tmp_path / "a", reader=resumed)
    assert sorted(resumed.read) == [e.name for e in rows[4:]]  # the first chunk was finished
    whole = open_cache(rows, SIZE, tmp_path / "b", reader=Counting(paint, {rows[1].name: fault}))
    assert cache.folder.name == whole.folder.name
    for file in ("images.npy", "index.json"):
        assert (cache.folder / file).read_bytes() == (whole.folder / file).read_bytes()
    assert np.array_equal(cache.thumbnails, whole.thumbnails)
    assert np.array_equal(cache.colorless, whole.colorless)
    assert cache.faults == whole.faults == {1: "x/000: broken"}
    assert [p.name for p in (tmp_path / "a").glob("[!.]*")] == [cache.folder.name]
    assert sorted(p.name for p in cache.folder.iterdir()) == [
        "images.npy",
        "index.json",
        "stats.npz",
    ]


def test_a_build_stopped_before_its_first_record_starts_again(tmp_path, paint, monkeypatch):
    monkeypatch.setattr(caches, "CHUNK", 4)
    rows = entries(6)
    with pytest.raises(KeyboardInterrupt):
        open_cache(
            rows, SIZE, tmp_path, reader=Counting(paint, {rows[2].name: KeyboardInterrupt()})
        )
    resumed = Counting(paint)
    cache = open_cache(rows, SIZE, tmp_path, reader=resumed)
    assert sorted(resumed.read) == cache.names


def test_a_full_disk_is_one_sentence_and_leaves_nothing_under_the_final_name(
    tmp_path, paint, monkeypatch
):
    usage, free = namedtuple("usage", "total used free"), [1_260_000_000]
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**9, 10**9, free[0]))
    reader = Counting(paint)
    with pytest.raises(ColorkitError, match=r"needs 2\.3 GB for decoded images and has 1\.3 GB"):
        open_cache(entries(3), 16_000, tmp_path, reader=reader)
    free[0] = 5 * SIZE * SIZE * 3 - 1
    with pytest.raises(ColorkitError, match=r"needs 0\.0 GB.*free some space") as fault:
        open_cache(entries(5), SIZE, tmp_path, reader=reader)
    assert str(tmp_path) in str(fault.value) and "\n" not in str(fault.value)
    assert reader.read == []
    assert all(p.name.endswith(".partial") for p in tmp_path.glob("[!.]*"))
    assert not list(tmp_path.rglob("*.npy"))
    free[0] += 1
    assert len(open_cache(entries(5), SIZE, tmp_path, reader=reader).images) == 5


def test_index_is_plain_json(tiny):
    index = json.loads((tiny.cache.folder / "index.json").read_text())
    assert index["names"] == tiny.cache.names and index["faults"] == {}
