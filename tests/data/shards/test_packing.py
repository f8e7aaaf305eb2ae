"""Photographs into shards: nothing lost, nothing half written, and a training reads them."""

import io
import json
import os
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from colorkit.data.folders import SPLITS, Entry, list_images
from colorkit.data.shards import packing
from colorkit.data.shards.packing import hold_out, pack
from colorkit.data.shards.tar_files import Shards
from colorkit.system.errors import ColorkitError

pytest.importorskip("webdataset")
SIZE, SEED = 36, 3  # with this seed neither of the two without use is held out


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Two classes of 20, half of them small JPEG, half larger PNG; and two without use."""
    root = tmp_path_factory.mktemp("photographs")
    for name in ("lawn", "sky"):
        (root / name).mkdir()
        for k in range(20):
            rng = np.random.default_rng(zlib.crc32(f"{name}{k}".encode()))
            blocks = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
            large = k % 2
            pixels = blocks.repeat(6 + 3 * large, 0).repeat(6 + 3 * large, 1)
            kind = "png" if large else "jpg"
            Image.fromarray(pixels).save(root / name / f"{k:02}.{kind}", quality=95)
    gray = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE), dtype=np.uint8)
    Image.fromarray(gray).save(root / "lawn" / "gray.png")
    (root / "sky" / "broken.jpg").write_bytes(b"no image")
    return root


@pytest.fixture(scope="module")
def packed(photographs, tmp_path_factory):
    return pack(list_images(photographs), tmp_path_factory.mktemp("out") / "s", SIZE, 8, SEED)


def members(folder) -> dict[str, bytes]:
    found = {}
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as tar:
            found |= {m.name: tar.extractfile(m).read() for m in tar}
    return found


def test_every_image_is_in_one_place_and_small_files_are_kept(photographs, packed):
    train = [data for name, data in members(packed).items() if name.endswith(".jpg")]
    held = [path.read_bytes() for path in packed.glob("*/*/*.jpg")]
    small = {path.read_bytes() for path in photographs.glob("*/??.jpg")}
    kept = [data for data in train + held if data in small]
    assert len(kept) == len(set(kept)) == 20
    assert len(train) + len(held) == 40
    assert all(min(Image.open(io.BytesIO(data)).size) == SIZE for data in train + held)
    shards = Shards(packed)
    assert (len(shards), shards.classes, shards.size) == (len(train), ["lawn", "sky"], SIZE)
    assert {path.parent.relative_to(packed).as_posix() for path in packed.glob("*/*/*")} == {
        f"{split}/{name}" for split in ("val", "test") for name in ("lawn", "sky")
    }


def test_a_stopped_run_goes_on_and_ends_as_one_never_stopped(
    photographs, packed, tmp_path, monkeypatch
):
    out, entries = tmp_path / "s", list_images(photographs)
    write, done, stops = packing.write_shard, [], [2]

    def stopping(folder, number, *rest):
        if number in stops:
            stops.remove(number)
            raise KeyboardInterrupt
        done.append(number)
        return write(folder, number, *rest)

    monkeypatch.setattr(packing, "write_shard", stopping)
    with pytest.raises(KeyboardInterrupt):
        pack(entries, out, SIZE, 8, SEED)
    with pytest.raises(ColorkitError, match=r"holds no shards\.json"):
        Shards(out)
    with pytest.raises(ColorkitError, match="holds shards of other images or settings"):
        pack(entries, out, SIZE + 1, 8, SEED)
    told = []
    pack(entries, out, SIZE, 8, SEED, progress=lambda *now: told.append(now))
    assert told == [(number, 5) for number in (1, 2, 3, 4, 5)]  # 34 images, two without use
    assert json.loads((out / "shards.json").read_text())["left_out"] == 2
    whole = {p.relative_to(packed): p.read_bytes() for p in packed.rglob("*") if p.is_file()}
    again = {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert again == whole
    pack(entries, out, SIZE, 8, SEED)
    assert done == list(range(len(Shards(out).paths)))  # each written once


def test_splits_of_folders_are_kept_and_others_drawn(tmp_path, photographs):
    entries = list_images(photographs)
    drawn = hold_out(entries, 0)
    assert drawn == hold_out(entries[::-1], 0) != hold_out(entries, 1)
    assert sorted(drawn.values()) == ["test"] * 4 + ["val"] * 4
    for k, split in enumerate(["train"] * 10 + ["test"] * 3):
        path = tmp_path / split / "a" / f"{k}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert sorted(hold_out(entries, 0, count=1).values()) == ["test"] * 2 + ["val"] * 2
    named = hold_out(list_images(tmp_path), 0)
    tested = {name for name, split in named.items() if split == "test"}
    assert tested == {f"test/a/{k}.jpg" for k in range(10, 13)}
    assert [s for name, s in named.items() if name.startswith("train")] == ["val"]


def test_a_class_without_splits_is_held_out_beside_one_that_has_them():
    def made(label, split, count):
        names = (f"{split or 'any'}/{label}/{k}.jpg" for k in range(count))
        return [Entry(Path(name), label, split, name) for name in names]

    named = [e for split in SPLITS for e in made("lawn", split, 3)]
    drawn = hold_out([*named, *made("sky", None, 20)], 0)
    of = {
        label: sorted(s for name, s in drawn.items() if f"/{label}/" in name)
        for label in ("lawn", "sky")
    }
    assert of == {"lawn": ["test"] * 3 + ["val"] * 3, "sky": ["test"] * 2 + ["val"] * 2}


def test_the_command_line_packs_and_trains(photographs, tmp_path, monkeypatch, command):
    profile = {
        "name": "tiny",
        "data": {"source": "shards", "what": "blocks", "size": SIZE, "stored": SIZE, "root": "s"},
        "networks": {"net": {"classes": ["sky", "lawn"]}},
        "model": {"width": 0.125, "global_size": 32},
        "recipe": {"epochs": 1, "batch_size": 4},
    }
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(profile))
    monkeypatch.chdir(tmp_path)
    packing_ = ["shards", str(photographs), "-o", "s", "--size", str(SIZE), "--per-shard", "8"]
    status, told, _ = command(*packing_)
    assert (status, "training images of 2 classes" in told) == (0, True)
    status, told, error = command("train", "net", "--profile", "tiny.yaml")
    assert (status, "best epoch 1" in told) == (0, True), error
    profile["networks"]["net"]["limit"] = 5
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(profile))
    status, _, error = command("train", "net", "--profile", "tiny.yaml")
    assert (status, "remove the network's limit" in error) == (2, True)


def test_names_that_are_no_utf_8(tmp_path, monkeypatch, command):
    """As archives of Windows leave them: Latin-1."""
    monkeypatch.chdir(tmp_path)
    for name in (b"b\xe4ume", b"see"):
        folder = Path(os.fsdecode(b"in/" + name))
        folder.mkdir(parents=True)
        for k in range(4):
            pixels = np.random.default_rng([k, len(name)]).integers(0, 256, (SIZE, SIZE, 3), "u1")
            Image.fromarray(pixels).save(folder / os.fsdecode(b"f\xfcr-%d.jpg" % k), "JPEG")
    files = {path.read_bytes() for path in Path("in").rglob("*.jpg")}
    status, told, error = command("shards", "in", "-o", "out", "--size", SIZE)
    assert (status, error) == (0, "") and "of 2 classes" in told
    assert Shards("out").classes == [os.fsdecode(b"b\xe4ume"), "see"]
    json.loads(Path("out", "shards.json").read_text(encoding="utf-8"))
    held = {path.read_bytes() for path in Path("out").glob("*/*/*.jpg")}
    packed = {d for name, d in members(Path("out")).items() if name.endswith(".jpg")}
    assert held | packed == files and not held & packed
    assert len([1 for _, y in Shards("out").loader(1) for _ in y]) == len(packed)


def test_a_network_reads_its_own_classes_only(packed):
    shards = Shards(packed, ["sky"])
    labels = [label for _, y in shards.loader(2) for label in y.tolist()]
    assert set(labels) == {0} and len(labels) == len(shards) // 2 * 2
    both = Shards(packed, ["sky", "lawn"])
    found = [label for _, y in both.loader(1) for label in y.tolist()]
    assert found.count(0) == len(shards) and found.count(1) == len(both) - len(shards)
    with pytest.raises(ColorkitError, match="no images of class pond; it has: lawn, sky"):
        Shards(packed, ["pond"])
