"""Several processes: one order, one result, and what happens when one of them is lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from shared_training import Die, run, with_callback

from colorkit.data.batches import ALL, Share, loader, prepare, prepare_nir
from colorkit.studies.nir.training import augmented, filtered
from colorkit.system.errors import ColorkitError
from colorkit.training import trainer as training
from colorkit.training.faithful import FaithfulColorizer, FaithfulRecipe

PROGRAM = Path(__file__).parents[1] / "shared_training.py"
LOSSES = ["train_total", "train_color", "val_total", "val_color", "val_accuracy"]


def processes(folder: Path, way: str, *epoch: str) -> subprocess.CompletedProcess:
    """Run a tiny training in two processes."""
    known = ("LOCAL_RANK", "RANK", "WORLD_SIZE", "NODE_RANK", "MASTER_ADDR", "MASTER_PORT")
    environment = {k: v for k, v in os.environ.items() if k not in known}
    environment |= {"OMP_NUM_THREADS": "1", "COLORKIT_PROGRESS": "none"}
    command = [sys.executable, str(PROGRAM), str(folder), "2", way, *epoch]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)


def test_two_processes_lose_one_one_goes_on_and_ends_as_one(tmp_path):
    alone = run(tmp_path / "alone", way="nir")
    lost = processes(tmp_path, "nir", "3")
    assert lost.returncode != 0
    assert "one of the 2 processes of this training ended" in lost.stderr
    assert "Traceback" not in lost.stderr
    assert list(tmp_path.glob("tiny-*/last.ckpt")) and not list(tmp_path.glob("tiny-*/run.json"))
    resumed = run(tmp_path, way="nir")  # two epochs in two processes, the third in one
    assert resumed.folder.name == alone.folder.name
    losses = [*LOSSES, "train_L", "val_L", "val_structure"]
    pd.testing.assert_frame_equal(resumed.history[losses], alone.history[losses], rtol=1e-4)


def test_one_process_is_stopped_two_go_on_and_end_as_one(tmp_path, monkeypatch):
    alone = run(tmp_path / "alone")
    # Tests that were started in the background would not hear of it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(training.L, "Trainer", with_callback(Die(3, signal.SIGINT)))
            run(tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)
    assert list(tmp_path.glob("tiny-*/last.ckpt")) and not list(tmp_path.glob("tiny-*/run.json"))
    done = processes(tmp_path, "gray")
    assert done.returncode == 0, done.stderr
    history = run(tmp_path).history  # two epochs in one process, the third in two; finished
    pd.testing.assert_frame_equal(history[LOSSES], alone.history[LOSSES], rtol=1e-4)
    assert len(list(tmp_path.glob("tiny-*/run.json"))) == 1


def test_shares_of_a_batch_are_all_of_it(tiny):
    images = tiny.subset(["lawn", "sky"], "train")
    whole = list(loader(images, 4, shuffle_seed=3))
    parts = [list(loader(images, 4, 3, Share(rank, 2))) for rank in range(2)]
    assert [len(p) for p in parts] == [len(whole)] * 2
    for (pixels, labels), *shares in zip(whole, *parts, strict=True):
        for rank, (part, names) in enumerate(shares):
            assert torch.equal(part, pixels[rank::2]) and torch.equal(names, labels[rank::2])


@pytest.mark.parametrize(("batch", "of"), [(4, 1), (4, 2), (3, 3), (9, 2), (10, 5), (16, 4)])
def test_no_process_is_left_without_an_image(tiny, batch, of):
    images = tiny.subset(["lawn", "sky"], "train")  # ten
    loaders = [loader(images, batch, share=Share(rank, of)) for rank in range(of)]
    counts = [[len(labels) for _, labels in share] for share in loaders]
    assert len({len(c) for c in counts}) == 1
    assert all(len(share) == len(c) for share, c in zip(loaders, counts, strict=True))
    assert min(min(c) for c in counts) >= 1
    assert sum(map(sum, counts)) == 10


def faithful_batch(images, labels, size, generator, share=ALL):
    """What the module makes of a batch, in a process of which only rank and number are known."""
    module = FaithfulColorizer(
        torch.nn.Identity(), FaithfulRecipe(), size, generator.initial_seed()
    )
    module.trainer = trainer = SimpleNamespace(
        training=True, current_epoch=0, global_step=0, global_rank=share.rank, world_size=share.of
    )
    assert trainer is not None  # the module holds it weakly
    return module.on_after_batch_transfer((images, labels), 0)


PREPARED = {
    "gray": (3, lambda i, y, size, g, s=ALL: prepare(i, y, size, "weighted", g, s)),
    "random gray": (3, lambda i, y, size, g, s=ALL: prepare(i, y, size, "random", g, s)),
    "faithful": (3, faithful_batch),
    "filtered": (3, filtered),
    "pairs": (4, prepare_nir),
    "augmented": (4, augmented),
}


@pytest.mark.parametrize("way", PREPARED)
def test_augmentation_depends_on_the_image_not_on_the_process(way):
    channels, make = PREPARED[way]
    images = torch.randint(256, (6, 12, 12, channels), dtype=torch.uint8)
    labels, seed = torch.arange(6), lambda: torch.Generator().manual_seed(5)
    whole = make(images, labels, 8, seed())
    for rank in range(3):
        own = slice(rank, None, 3)
        part = make(images[own], labels[own], 8, seed(), Share(rank, 3))
        assert all(torch.equal(a, b[own]) for a, b in zip(part, whole, strict=True))
    assert not torch.equal(make(images, labels, 8, torch.Generator())[1], whole[1])


def test_one_process_draws_what_it_always_drew():
    drawn = ALL.draw(3, 5, torch.Generator().manual_seed(2))
    assert torch.equal(drawn, torch.rand(3, 5, generator=torch.Generator().manual_seed(2)))


def test_a_batch_that_cannot_be_shared_is_refused(tmp_path):
    with pytest.raises(ColorkitError, match="a batch of 8 images cannot be shared by 3"):
        run(tmp_path, devices=3)
