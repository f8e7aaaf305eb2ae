"""What stands around the steps of a training does its part alone, and at the right epochs."""

import os
import signal
import sys
import warnings
from types import SimpleNamespace

import pytest
import torch

from colorkit.models.colornet import ColorNet
from colorkit.models.weights import read_card
from colorkit.training import callbacks
from colorkit.training.callbacks import (
    AtomicCheckpoints,
    History,
    OwnStops,
    Patience,
    Quiet,
    RandomState,
    Snapshots,
    choose_progress,
    interruptible,
)


def trainer(epoch: int = 0, first: bool = True, **metrics):
    values = {name: torch.tensor(value) for name, value in metrics.items()}
    return SimpleNamespace(
        current_epoch=epoch, is_global_zero=first, callback_metrics=values, should_stop=False
    )


def test_checkpoints_follow_their_folder(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    best = f"{before}/best.ckpt"
    states = {
        "kept": {
            "dirpath": str(before),
            "best": best,
            "elsewhere": f"/x{before}",
            "k": {best: 0.5},
        },
        "other": {"best": best, "wait": 3},
    }
    AtomicCheckpoints().save_checkpoint(
        {"callbacks": states, "x": torch.ones(2)}, before / "a.ckpt"
    )
    assert [path.name for path in before.iterdir()] == ["a.ckpt"]
    before.rename(after)
    found = AtomicCheckpoints().load_checkpoint(after / "a.ckpt")
    moved = f"{after}/best.ckpt"
    assert found["callbacks"] == {
        "kept": {
            "dirpath": str(after),
            "best": moved,
            "elsewhere": f"/x{before}",
            "k": {moved: 0.5},
        },
        "other": states["other"],
    }
    assert found["x"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("total", "printed"),
    [
        (3, [1, 2, 3]),
        (10, list(range(1, 11))),
        (11, [2, 4, 6, 8, 10, 11]),
        (20, list(range(2, 21, 2))),
        (25, [3, 6, 9, 12, 15, 18, 21, 24, 25]),
    ],
)
def test_about_ten_lines_of_losses(total, printed, monkeypatch, capsys):
    clock = iter(range(0, 10**6, 2))
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: next(clock) * 1.0617)
    module = SimpleNamespace(judged="val_delta_e")
    logs = {
        (kind, first): History("tiny", kind, total)
        for kind in ("plain", "live")
        for first in (True, False)
    }
    for (_, first), history in logs.items():
        for epoch in range(total):
            history.on_train_epoch_start(None, None)
            history.on_train_epoch_end(trainer(epoch, first, val_delta_e=7.123456), module)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"tiny epoch {k}/{total} val delta e 7.12346 2.1 s" for k in printed]
    for history in logs.values():
        assert [row["epoch"] for row in history.rows] == list(range(1, total + 1))
        assert history.rows[-1] == {
            "epoch": total, "val_delta_e": pytest.approx(7.123456), "seconds": 2.12
        }  # fmt: skip
    again = History("tiny", "none", total)
    again.load_state_dict(logs["plain", True].state_dict())
    assert again.rows == logs["plain", True].rows and again.rows is not logs["plain", True].rows


def test_random_numbers_go_on_once_where_they_stood():
    torch.manual_seed(3)
    torch.rand(5)
    kept = RandomState().state_dict()
    torch.empty((), dtype=torch.int64).random_()  # of the iterator of batches
    true = torch.rand(3)
    callback = RandomState()
    callback.on_train_epoch_start(None, None)  # nothing to go on from
    callback.load_state_dict(kept)
    torch.manual_seed(4)
    callback.on_train_epoch_start(None, None)
    assert torch.equal(torch.rand(3), true)
    callback.on_train_epoch_start(None, None)
    assert not torch.equal(torch.rand(3), true)


@pytest.mark.parametrize(("waited", "stops"), [(0, False), (2, False), (3, True), (4, True)])
def test_patience_that_is_at_its_end_stays_there(waited, stops):
    callback, running = Patience("val", patience=3), trainer()
    callback.wait_count = waited
    callback.on_train_start(running, None)
    assert running.should_stop == stops


@pytest.mark.parametrize(
    ("epochs", "kept"),
    [(1, [1]), (2, [1, 2]), (3, [1, 2, 3]), (8, [1, 2, 4, 8]), (9, [1, 3, 5, 9])],
)
def test_weights_are_kept_at_quarter_and_half_of_the_way(epochs, kept, tmp_path):
    module = SimpleNamespace(model=ColorNet(2, width=0.125, global_size=32))
    callback = Snapshots(tmp_path, epochs)
    for epoch in range(epochs):
        callback.on_train_epoch_end(trainer(epoch, first=False), module)
    assert not list(tmp_path.iterdir())
    for epoch in range(epochs):
        callback.on_train_epoch_end(trainer(epoch), module)
    found = sorted(tmp_path.iterdir())
    assert [path.name for path in found] == [f"epoch-{k:04d}.safetensors" for k in kept]
    assert [read_card(path)["epoch"] for path in found] == kept


@pytest.mark.parametrize(
    ("said", "in_ci", "notebook", "terminal", "chosen"),
    [
        ("plain", "1", True, True, "plain"),
        ("live", "", False, False, "live"),
        ("", "1", True, True, "none"),
        ("", "", True, False, "live"),
        ("", "", False, True, "live"),
        ("", "", False, False, "plain"),
    ],
)
def test_how_progress_is_shown(said, in_ci, notebook, terminal, chosen, monkeypatch):
    monkeypatch.setenv("COLORKIT_PROGRESS", said)
    monkeypatch.setenv("CI", in_ci)
    shell = SimpleNamespace(get_ipython=lambda: object() if notebook else None)
    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: terminal))
    assert choose_progress() == chosen
    if not notebook:
        monkeypatch.setitem(sys.modules, "IPython", None)
        assert choose_progress() == chosen


def test_ctrl_c_stays_an_exception_and_its_handler_ours():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), interruptible():
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            sys.exit(1)
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(SystemExit) as end, interruptible():
        sys.exit(3)
    assert end.value.code == 3
    with interruptible():
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_sigterm_does_what_it_did():
    got, kept = [], signal.getsignal(signal.SIGTERM)
    try:
        signal.signal(signal.SIGTERM, lambda *_: got.append("ours"))
        callback = OwnStops()
        signal.signal(signal.SIGTERM, lambda *_: got.append("Lightning's"))
        callback.on_train_start(None, None)
        os.kill(os.getpid(), signal.SIGTERM)
        assert got == ["ours"]
    finally:
        signal.signal(signal.SIGTERM, kept)


def test_quiet_silences_what_is_meant_and_nothing_else():
    import logging

    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with Quiet():
            assert logger.level == logging.ERROR
            warnings.warn_explicit("few workers", UserWarning, "x", 1, "lightning.pytorch.data")
            warnings.warn("it changes", FutureWarning, stacklevel=1)
            warnings.warn("Grad strides do not match bucket view", UserWarning, stacklevel=1)
            warnings.warn("a fault", UserWarning, stacklevel=1)
        warnings.warn("it changes", FutureWarning, stacklevel=1)
    assert [str(each.message) for each in heard] in (["a fault", "it changes"], ["it changes"])
    assert logger.level == level
