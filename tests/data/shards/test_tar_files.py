"""Shards: what is written is read, once, by one process, in an order of seed and epoch."""

import numpy as np
import pytest
import torch

from colorkit.data.batches import Share
from colorkit.data.shards.tar_files import Shards, write_shards
from colorkit.models.colornet import ColorNet
from colorkit.system.errors import ColorkitError
from colorkit.training import trainer as training
from colorkit.training.recipe import Recipe

pytest.importorskip("webdataset")
SIZE, COUNT = 16, 48


def numbered(k: int) -> np.ndarray:
    """One flat color that says which image it is, also after JPEG."""
    return np.full((SIZE, SIZE, 3), (5 * k, 255 - 5 * k, 100), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    images = ((numbered(k), "ab"[k % 2]) for k in range(COUNT))
    return write_shards(images, tmp_path_factory.mktemp("shards"), ["a", "b"], SIZE, per_shard=6)


def seen(loader) -> list[int]:
    """Which images, in order; their labels are checked on the way."""
    found = []
    for pixels, labels in loader:
        assert pixels.dtype == torch.uint8 and pixels.shape[1:] == (SIZE, SIZE, 3)
        numbers = (pixels[:, 8, 8, 0].float() / 5).round().long()
        assert torch.equal(numbers % 2, labels)
        found += numbers.tolist()
    return found


def test_every_image_once_and_in_order_without_a_seed(folder):
    shards = Shards(folder)
    assert len(shards) == COUNT and shards.classes == ["a", "b"] and len(shards.names) == 8
    assert seen(shards.loader(4)) == list(range(COUNT))


def test_the_order_is_a_function_of_seed_and_epoch(folder):
    orders = {}
    for seed, epoch in ((0, 0), (0, 1), (1, 0)):
        loader = Shards(folder).loader(4, seed)
        loader.dataset.set_epoch(epoch)
        orders[seed, epoch] = seen(loader)
        assert sorted(orders[seed, epoch]) == list(range(COUNT))
        assert seen(loader) == orders[seed, epoch]
    assert len(set(map(tuple, orders.values()))) == 3


@pytest.mark.parametrize(("of", "workers"), [(2, 0), (4, 0), (1, 2), (2, 2)])
def test_processes_share_the_images_and_take_equally_many_steps(folder, of, workers):
    shards = Shards(folder, workers=workers)
    loaders = [shards.loader(4 // max(1, workers) * of, 0, Share(rank, of)) for rank in range(of)]
    parts = [seen(loader) for loader in loaders]
    assert sorted(k for part in parts for k in part) == list(range(COUNT))
    assert {len(p) for p in parts} == {COUNT // of}
    assert {len(loader) for loader in loaders} == {COUNT // of // (4 // max(1, workers))}


def test_unequal_shards_end_together(tmp_path):
    images = ((numbered(k), "a") for k in range(20))
    write_shards(images, tmp_path, ["a"], SIZE, per_shard=8)  # 8, 8, 4
    loaders = [Shards(tmp_path).loader(4, 0, Share(rank, 2)) for rank in range(2)]
    counts = [[len(labels) for _, labels in loader] for loader in loaders]
    assert counts[0] == counts[1]


def test_damage_is_one_sentence(folder, tmp_path):
    with pytest.raises(ColorkitError, match=r"holds no shards\.json"):
        Shards(tmp_path)
    with pytest.raises(ColorkitError, match="has 8 shards for 9 readers"):
        Shards(folder).loader(9, 0, Share(0, 9))
    with pytest.raises(ColorkitError, match="has 8 shards for 10 readers"):
        Shards(folder, workers=5).loader(9, 0, Share(0, 2))
    assert len(Shards(folder, workers=4).loader(2, 0, Share(0, 2))) == 4 * (12 // 2)
    with pytest.raises(ColorkitError, match="label c, which is not among"):
        write_shards([(numbered(0), "c")], tmp_path, ["a"], SIZE)
    (tmp_path / "shards.json").write_text((folder / "shards.json").read_text())
    with pytest.raises(ColorkitError, match=r"lacks 000000\.tar|lacks 000001\.tar"):
        Shards(tmp_path)


def test_a_training_reads_shards_in_a_new_order_each_epoch(folder, tiny, tmp_path, monkeypatch):
    started = []
    make = Shards.loader

    def loader(self, *arguments):
        found = make(self, *arguments)
        read = type(found.dataset).__iter__
        monkeypatch.setattr(
            type(found.dataset), "__iter__", lambda s: started.append(s.epoch) or read(s)
        )
        return found

    monkeypatch.setattr(Shards, "loader", loader)
    run = training.fit(
        "sharded",
        lambda: ColorNet(2, width=0.125, global_size=32),
        Recipe(epochs=3, batch_size=16),
        Shards(folder),
        tiny.subset(["lawn", "sky"], "val"),
        size=16,
        seed=0,
        folder=tmp_path,
        data="flat colors",
        fingerprint="flat",
    )
    assert len(run.history) == 3
    assert started == [0, 1, 2]
