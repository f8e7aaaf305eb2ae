"""Weights files: what is written comes back, and nothing else is read, least of all a pickle."""

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save, save_file

from colorkit.models.colornet import ColorNet
from colorkit.models.weights import (
    load_weights,
    read_card,
    save_weights,
    transfer,
)
from colorkit.system.errors import ColorkitError

CARD = {
    "name": "vegenet",
    "classes": ["lawn", "zen_garden", "VégéNet's ünïcode"],
    "data": "procedural scenes",
    "best_epoch": 3,
    "scores": {"val_color": 0.0123456789, "val_accuracy": None},
}


def network(num_classes: int | None = 3, seed: int = 0, **settings) -> ColorNet:
    torch.manual_seed(seed)
    return ColorNet(num_classes, **({"width": 0.125, "global_size": 32} | settings))


@pytest.fixture
def saved(tmp_path) -> Path:
    return save_weights(tmp_path / "w.safetensors", network(), **CARD)


def readers():
    return [load_weights, read_card, lambda path: transfer(network(), path)]


def fault_of(path: Path, reader) -> str:
    with pytest.raises(ColorkitError) as fault:
        reader(path)
    message = str(fault.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_card_is_read_without_the_tensors(saved):
    assert {key: read_card(saved)[key] for key in CARD} == CARD
    assert read_card(str(saved)) == load_weights(saved)[1]


def test_channels_last_network_is_written_as_any_other(tmp_path, saved):
    model = network().to(memory_format=torch.channels_last)
    again, card = load_weights(save_weights(tmp_path / "last.safetensors", model, **CARD))
    plain, plain_card = load_weights(saved)
    assert card == plain_card
    state = plain.state_dict()
    assert all(torch.equal(t, state[name]) for name, t in again.state_dict().items())


def test_an_interrupted_write_keeps_the_old_file(saved, monkeypatch):
    before = saved.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ColorkitError, match="no space left"):
        save_weights(saved, network(seed=1))
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


class Evil:
    """Unpickling this makes a file: proof that a pickle was run."""

    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("name", ["x.pt", "x.safetensors", "x.ckpt"])
@pytest.mark.parametrize("write", ["pickle", "zip"])
def test_a_pickle_is_refused_and_never_run(tmp_path, name, write):
    marker, path = tmp_path / "marker", tmp_path / name
    if write == "pickle":
        path.write_bytes(pickle.dumps({"state_dict": Evil(marker)}))
    else:
        torch.save({"state_dict": Evil(marker)}, path)
    for reader in readers():
        message = fault_of(path, reader)
        assert "safetensors" in message and "pickle" in message
    assert not marker.exists()
    pickle.loads(pickle.dumps(Evil(marker)))  # the trap itself works
    assert marker.exists()


@pytest.mark.parametrize("keep", [0, 4, 8, 100, 0.5, -1])
def test_a_truncated_file_is_refused(saved, keep):
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(keep * len(whole)) if isinstance(keep, float) else keep])
    for reader in readers():
        assert "not a whole safetensors file" in fault_of(saved, reader)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"format": '"other-1"'}])
def test_safetensors_of_other_programs_are_refused(tmp_path, metadata):
    path = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(2)}, path, metadata)
    for reader in readers():
        assert "was not written by colorkit" in fault_of(path, reader)


def rewritten(path: Path, **changes) -> Path:
    """Write a weights file whose card says something else than its tensors."""
    model, card = load_weights(path)
    unchecked = {"format": "colorkit-1"}  # the format before there were checksums
    header = {"colorkit": json.dumps(card | unchecked | changes)}
    tensors = {name: t.contiguous() for name, t in model.state_dict().items()}
    path.write_bytes(save(tensors, header))
    return path


def test_an_unknown_architecture_names_the_known_ones(saved):
    rewritten(saved, architecture="PixNet")
    message = fault_of(saved, load_weights)
    assert "PixNet" in message and "ColorNet" in message
    assert "PixNet" in fault_of(saved, lambda path: transfer(network(), path))


def test_tensors_of_another_width_are_refused(saved):
    rewritten(saved, settings=network(width=0.25).settings())
    message = fault_of(saved, load_weights)
    assert "tensors differ" in message and "width" in message


def test_missing_and_surplus_tensors_are_refused(saved):
    rewritten(saved, settings=network(None).settings())
    assert "classifier" in fault_of(saved, load_weights)
    rewritten(save_weights(saved, network(None)), settings=network(3).settings())
    assert "classifier" in fault_of(saved, load_weights)


def test_settings_this_version_does_not_know_are_refused(saved):
    rewritten(saved, settings=network().settings() | {"attention": True})
    assert "attention" in fault_of(saved, load_weights)


def test_a_missing_file_is_named(tmp_path):
    for reader in readers():
        assert "does not exist" in fault_of(tmp_path / "none.safetensors", reader)
        fault_of(tmp_path, reader)  # a folder is no file either


@pytest.mark.parametrize("num_classes", [3, 5, None])
def test_transfer_keeps_everything_but_the_classifier(saved, num_classes):
    source, _ = load_weights(saved)
    target = network(num_classes, seed=1)
    fresh = {name: t.clone() for name, t in target.state_dict().items()}
    transfer(target, saved)
    theirs = source.state_dict()
    for name, tensor in target.state_dict().items():
        kept = fresh[name] if name.startswith("classifier") else theirs[name]
        assert torch.equal(tensor, kept), name


def test_transfer_carries_batch_statistics(tmp_path):
    model = network(preset="paper").train()
    model(torch.rand(4, 1, 32, 32))
    path = save_weights(tmp_path / "w.safetensors", model)
    target = network(5, preset="paper")
    transfer(target, path)
    assert torch.equal(target.low[0][1].running_mean, model.low[0][1].running_mean)
    assert target.low[0][1].running_mean.abs().max() > 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"width": 0.25}, "width 0.125 instead of 0.25"),
        ({"preset": "paper"}, "preset report instead of paper"),
        ({"global_size": 64}, "global_size 32 instead of 64"),
    ],
)
def test_transfer_between_unlike_networks_says_what_differs(saved, settings, says):
    target = network(**settings)
    before = {name: t.clone() for name, t in target.state_dict().items()}
    message = fault_of(saved, lambda path: transfer(target, path))
    assert says in message
    assert all(torch.equal(t, before[name]) for name, t in target.state_dict().items())


def test_dropout_may_differ_in_a_transfer_and_be_missing_in_an_old_card(saved):
    settings = network(3).settings()
    del settings["dropout"]
    rewritten(save_weights(saved, network(3)), settings=settings)
    transfer(network(3, dropout=0.5), saved)
    assert load_weights(saved)[0].config.dropout == 0


def test_transfer_to_another_architecture_is_refused(saved):
    class Other(ColorNet):
        pass

    with pytest.raises(ColorkitError, match=r"holds a ColorNet with other layers.*this Other"):
        transfer(Other(3, width=0.125, global_size=32), saved)
