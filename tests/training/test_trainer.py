"""Trainings: what is kept, what is resumed, what is refused."""

import errno
import io
import json
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from shared_training import StopAfter, with_callback

from colorkit.course.networks import scene_entries
from colorkit.data.collection import collect
from colorkit.models.colornet import ColorNet
from colorkit.models.weights import load_weights, read_card, save_weights
from colorkit.system.errors import ColorkitError
from colorkit.system.processes import elsewhere
from colorkit.training import trainer as training
from colorkit.training.colorizer import Colorizer
from colorkit.training.recipe import Recipe

RECIPE = Recipe(epochs=3, batch_size=8)


def painted(entry, size):
    """A noisy square whose color follows its class: something a small network can learn."""
    rng = np.random.default_rng(zlib.crc32(entry.name.encode()))
    base = {"meadow": (60, 140, 50), "sea": (40, 90, 170)}[entry.label]
    low = {"meadow": 0.6, "sea": 0.1}[entry.label]
    blocks = rng.uniform(low, low + 0.9, (6, 6, 1))  # no two images are near-duplicates
    light = np.kron(blocks, np.ones((size // 6, size // 6, 1)))
    return np.clip(np.array(base) * light + rng.normal(0, 5, (size, size, 3)), 0, 255).astype("u1")


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    entries = scene_entries(["meadow", "sea"], {"train": 12, "val": 4, "test": 4})
    folder = tmp_path_factory.mktemp("cache")
    return collect(entries, 36, folder, source="painted squares", reader=painted, recipe="painted")


@pytest.fixture
def fit(collection, tmp_path):
    def run(recipe=RECIPE, seed=0, name="tiny", width=0.125, classes=("meadow", "sea"), **more):
        names = list(classes)
        return training.fit(
            name,
            lambda: ColorNet(len(names), width=width, global_size=32),
            recipe,
            collection.subset(names, "train"),
            collection.subset(names, "val"),
            size=32,
            seed=seed,
            folder=more.pop("folder", tmp_path),
            data="painted squares",
            fingerprint=collection.fingerprint,
            **more,
        )

    return run


def tensors(run):
    return load_weights(run.weights)[0].state_dict()


def same(a, b):
    return all(torch.equal(a[name], b[name]) for name in a)


def test_keeps_history_best_weights_and_their_card(fit, collection):
    run = fit()
    assert list(run.history["epoch"]) == [1, 2, 3]
    parts = {
        f"{split}_{part}" for split in ("train", "val") for part in ("total", "color", "class")
    }
    assert parts <= set(run.history.columns)
    assert run.best_epoch == run.history.set_index("epoch")["val_color"].idxmin()
    card = read_card(run.weights)
    assert card["classes"] == ["meadow", "sea"]
    assert card["scores"]["val_color"] == run.history["val_color"].min()
    assert card["data"] == "painted squares"
    assert not list(run.folder.glob("*.ckpt"))
    assert set(run.snapshots) == {1, 2, 3}


def test_the_colorfulness_weighs_the_total_and_leaves_the_color_as_it_is(fit):
    plain = fit(replace(RECIPE, alpha=0.0)).history
    assert np.allclose(plain["val_total"], plain["val_color"])
    weighted = fit(replace(RECIPE, alpha=0.0, beta=5.0)).history
    assert (weighted["val_total"] > 2 * weighted["val_color"]).all()


def test_the_loss_falls(fit):
    history = fit(Recipe(epochs=15, batch_size=4, learning_rate=3e-3)).history
    assert history["train_color"].iloc[-1] < 0.7 * history["train_color"].iloc[0]


def test_a_finished_training_is_read_not_repeated(fit, monkeypatch):
    first = fit()
    monkeypatch.setattr(training.L, "Trainer", None)
    again = fit()
    assert again.folder == first.folder
    pd.testing.assert_frame_equal(again.history, first.history)


def test_a_training_of_a_network_that_has_other_layers_now_is_made_again(fit):
    first = fit()
    learned = tensors(first)
    (first.folder / "left over").touch()
    save_weights(first.weights, ColorNet(2, width=0.25, global_size=32))
    again = fit()
    assert same(tensors(again), learned)
    assert not (first.folder / "left over").exists()


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"recipe": Recipe(epochs=3, batch_size=8, alpha=0.0)}, {"width": 0.25}]
)
def test_another_setting_is_another_training(fit, change):
    assert fit(**change).folder != fit().folder


@pytest.mark.parametrize("recipe", [RECIPE, replace(RECIPE, warmup=8)])
def test_an_interrupted_training_ends_bit_for_bit_as_one_never_stopped(
    fit, tmp_path, monkeypatch, recipe
):
    whole = fit(recipe, folder=tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(training.L, "Trainer", with_callback(StopAfter(2)))
        with pytest.raises(KeyboardInterrupt):
            fit(recipe, folder=tmp_path / "parts")
    assert not list((tmp_path / "parts").glob("*/run.json"))
    resumed = fit(recipe, folder=tmp_path / "parts")
    columns = ["epoch", "train_color", "val_color"]
    pd.testing.assert_frame_equal(resumed.history[columns], whole.history[columns])
    assert same(tensors(resumed), tensors(whole))


def test_same_seed_same_weights_other_seed_other_weights(fit, tmp_path):
    first, second, third = (
        fit(folder=tmp_path / str(k), seed=seed) for k, seed in enumerate((0, 0, 1))
    )
    assert same(tensors(first), tensors(second))
    assert not same(tensors(first), tensors(third))


def test_transfer_starts_from_earlier_weights_with_a_fresh_classifier(fit):
    first = fit()
    second = fit(name="next", start=first.weights, recipe=Recipe(epochs=1, batch_size=8))
    scratch = fit(name="scratch", recipe=Recipe(epochs=1, batch_size=8))
    assert second.history["val_color"][0] < scratch.history["val_color"][0]
    identity = json.loads((second.folder / "run.json").read_text())["identity"]
    assert identity["start"] == first.folder.name


def test_weights_of_another_width_are_refused_in_one_sentence(fit):
    first = fit()
    with pytest.raises(ColorkitError, match=r"width 0\.125 instead of 0\.25"):
        fit(name="wider", width=0.25, start=first.weights)


def test_a_loss_that_is_not_finite_stops_with_the_batch_named(fit):
    with pytest.raises(ColorkitError, match=r"epoch \d+, batch \d+"):
        fit(Recipe(epochs=30, batch_size=8, learning_rate=1e30))


@pytest.mark.parametrize("optimizer", ["adam", "adadelta"])
def test_the_learning_rate_rises_evenly_while_it_warms_up(optimizer):
    recipe = Recipe(optimizer=optimizer, learning_rate=0.5, warmup=4)
    network = ColorNet(2, width=0.125, global_size=32)
    (optimizer,), (schedule,) = Colorizer(network, recipe, 32, 0).configure_optimizers()
    rates = []
    for _ in range(6):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule["scheduler"].step()
    assert schedule["interval"] == "step" and rates == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.5])


def test_paper_preset_trains_with_adadelta(collection, tmp_path):
    run = training.fit(
        "paper",
        lambda: ColorNet(2, width=0.125, preset="paper", global_size=32),
        Recipe(epochs=1, batch_size=8, optimizer="adadelta", learning_rate=1.0),
        collection.subset(["meadow", "sea"], "train"),
        collection.subset(["meadow", "sea"], "val"),
        size=32,
        seed=0,
        folder=tmp_path,
        data="painted squares",
        fingerprint="x",
    )
    assert np.isfinite(run.history["val_color"]).all()


def test_early_stopping_stops_and_keeps_the_best(fit):
    recipe = Recipe(epochs=40, batch_size=8, learning_rate=0.02, patience=1)
    run = fit(recipe)
    assert len(run.history) < 40
    assert run.best_epoch < len(run.history)


@pytest.mark.parametrize("nth", [0, 1, 2, 3])
def test_a_full_disk_is_said_in_one_sentence_and_breaks_no_file(fit, tmp_path, monkeypatch, nth):
    whole = fit(folder=tmp_path / "whole")
    opened = []

    def full(descriptor):  # what fsync says when the disk has no room for what was buffered
        opened.append(descriptor)
        if len(opened) > nth:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ColorkitError, match="no space left on the disk"):
            fit(folder=tmp_path / "full")
    for checkpoint in (tmp_path / "full").glob("*/*.ckpt"):
        torch.load(checkpoint, weights_only=True)
    assert same(tensors(fit(folder=tmp_path / "full")), tensors(whole))


def test_no_finished_training_in_a_folder_is_said(tmp_path):
    with pytest.raises(ColorkitError, match="no finished training"):
        training.load_run(tmp_path)


def train_once(folder) -> tuple[str, list[str]]:
    """Train in another process; the folder, and the epochs that this process trained."""
    import shared_training

    torch.set_num_threads(1)
    os.environ["COLORKIT_PROGRESS"] = "plain"  # a line an epoch, wherever this runs
    with redirect_stdout(io.StringIO()) as said:
        found = shared_training.run(folder)
    return found.folder.name, [line for line in said.getvalue().splitlines() if " epoch " in line]


def test_two_programs_that_want_a_training_make_it_once(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: elsewhere(train_once, tmp_path), range(2)))
    assert found[0][0] == found[1][0]
    assert sorted(len(epochs) for _, epochs in found) == [0, 3]
