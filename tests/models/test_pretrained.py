"""The box: what lies in it is what the list says, and what is wrong is one sentence."""

import json
import subprocess
import sys
import zipfile

import pytest
import torch

from colorkit.models import pretrained
from colorkit.models.colornet import ColorNet
from colorkit.models.weights import load_weights, read_card, save_weights
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    network = ColorNet(width=0.05, global_size=32)
    card = {"gray": "weighted", "size": 32, "identity": {"seed": 0}, "name": "x", "data": "none"}
    return save_weights(tmp_path / "full.safetensors", network, **card)


@pytest.fixture
def box(tmp_path, monkeypatch):
    folder = tmp_path / "box"
    monkeypatch.setattr(pretrained, "FOLDER", folder)
    return folder


def test_the_list_is_what_lies_in_the_box():
    listed = pretrained.models()
    assert listed
    files = {path.name for path in pretrained.FOLDER.glob("*.safetensors")}
    assert {entry["file"] for entry in listed.values()} == files
    for name, entry in listed.items():
        path = pretrained.FOLDER / entry["file"]
        assert path.stat().st_size == entry["bytes"] <= pretrained.MODEL_BYTES
        network, card = pretrained.load(name)
        assert not network.training
        assert {p.dtype for p in network.parameters()} == {torch.float32}
        assert {"data", "gray", "size", "failures", "licence", "description"} <= set(card)
        assert "identity" not in card
    assert sum(entry["bytes"] for entry in listed.values()) <= pretrained.BOX_BYTES


def test_keep_halves_and_lists(box, weights):
    path = pretrained.keep(weights, "tiny", "for tests", size=48, failures="all", licence="MIT")
    assert list(pretrained.models()) == ["tiny"]
    assert pretrained.models()["tiny"]["description"] == "for tests"
    assert 0.45 < path.stat().st_size / weights.stat().st_size < 0.65
    network, card = pretrained.load("tiny")
    original, _ = load_weights(weights)
    for name, tensor in original.state_dict().items():
        kept = network.state_dict()[name]
        expected = tensor.half().float() if tensor.ndim > 1 else tensor
        assert torch.equal(kept, expected), name
    assert (card["size"], card["failures"], card["gray"]) == (48, "all", "weighted")
    assert card["name"] == "tiny"
    assert "identity" not in card
    # Keeping what is kept changes nothing but the name; equal weights make equal files.
    again = pretrained.keep(path, "again", "for tests")
    pretrained.keep(path, "twice", "for tests")
    assert load_weights(again)[0].state_dict().keys() == network.state_dict().keys()
    first = pretrained.models()
    pretrained.keep(weights, "tiny", "for tests", size=48, failures="all", licence="MIT")
    assert pretrained.models() == first
    assert {path.suffix for path in box.iterdir()} == {".json", ".safetensors"}


def test_the_best_comes_first(box, weights):
    for name in ("other", "colornet", "faithful", "vivid"):
        pretrained.keep(weights, name, name)
    assert list(pretrained.models()) == ["vivid", "faithful", "colornet", "other"]
    assert pretrained.card()["name"] == "vivid"
    assert pretrained.load()[1]["name"] == "vivid"


def test_what_was_loaded_of_the_box_is_known(box, weights, monkeypatch):
    monkeypatch.setattr(pretrained, "_loaded", {})
    for name in ("vivid", "faithful", "hints"):
        pretrained.keep(weights, name, name)
    pretrained.load(weights)
    assert pretrained.loaded() == {}  # it is of no box
    pretrained.load("hints")
    pretrained.load()
    sums = {name: pretrained.models()[name]["sha256"][:8] for name in ("hints", "vivid")}
    assert pretrained.loaded() == sums


def test_a_path_is_a_model_too(weights):
    assert pretrained.load(weights)[1]["data"] == "none"
    assert pretrained.load(str(weights))[1]["data"] == "none"
    assert pretrained.load(weights)[0] is pretrained.load(str(weights))[0]
    torch.manual_seed(1)
    before = pretrained.load(weights)[0].low[0][0].weight.clone()
    save_weights(weights, ColorNet(width=0.05, global_size=32), size=32, gray="weighted", more=1)
    assert not torch.equal(pretrained.load(weights)[0].low[0][0].weight, before)


def _fault(*arguments) -> str:
    with pytest.raises(ColorkitError) as caught:
        pretrained.load(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_wrong_is_said(box, weights, tmp_path):
    assert "models.json" in _fault("tiny")
    path = pretrained.keep(weights, "tiny", "for tests")
    pretrained.keep(weights, "other", "for tests", more=1)
    assert "no model 'tinny' in the box; it has other, tiny" in _fault("tinny")
    assert "does not exist" in _fault(tmp_path / "none.safetensors")
    (tmp_path / "a.pt").write_bytes(b"pickled")
    assert "not a whole safetensors file" in _fault(tmp_path / "a.pt")
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    assert "damaged" in _fault("tiny")
    path.write_bytes((box / "other.safetensors").read_bytes())  # swapped
    assert "checksum" in _fault("tiny")
    path.unlink()
    assert "missing" in _fault("tiny")
    (box / "models.json").write_text("[")
    assert "install colorkit again" in _fault("tiny")


def test_what_cannot_be_kept(box, weights, tmp_path, monkeypatch):
    for name in ("", "Tiny", "../x", "a b"):
        with pytest.raises(ColorkitError, match="cannot name a model"):
            pretrained.keep(weights, name, "")
    monkeypatch.setattr(pretrained, "BOX_BYTES", 1000)
    with pytest.raises(ColorkitError, match="narrower"):
        pretrained.keep(weights, "tiny", "")
    assert list(box.iterdir()) == []
    network = ColorNet(width=0.05, global_size=32)
    with torch.no_grad():
        network.low[0][0].weight.fill_(1e6)
    with pytest.raises(ColorkitError, match="half precision"):
        save_weights(tmp_path / "half.safetensors", network, half=True)


def test_small_numbers_and_counters_stay_whole(tmp_path):
    network = ColorNet(width=0.05, global_size=32, preset="paper")
    network.low[0][1].running_var.fill_(1e-9)
    path = save_weights(tmp_path / "half.safetensors", network, half=True, size=32)
    loaded, _ = load_weights(path)
    assert loaded.low[0][1].running_var.unique().item() == pytest.approx(1e-9)
    assert loaded.low[0][1].num_batches_tracked.dtype == torch.int64
    assert read_card(path)["size"] == 32


def test_a_wheel_carries_the_box(tmp_path):
    from hatchling.builders.wheel import WheelBuilder

    (wheel,) = WheelBuilder(str(project_root())).build(directory=str(tmp_path))
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        listed = json.loads(archive.read("colorkit/models/pretrained/models.json"))
    assert {f"colorkit/models/pretrained/{entry['file']}" for entry in listed.values()} <= names
    page = ("index.html.j2", "page.css", "page.ipynb", "page.js")
    assert {f"colorkit/app/page/{name}" for name in page} <= names
    profiles = {path.name for path in (project_root() / "notebooks" / "profiles").iterdir()}
    assert {f"colorkit/course/profiles/{name}" for name in profiles} <= names
    assert "colorkit/py.typed" in names  # type checkers look into the package then


def test_import_is_instant_and_lazy():
    code = "import colorkit, sys; assert not {'torch', 'numpy', 'typing'} & set(sys.modules); "
    code += "from colorkit import colorize; assert not {'torch', 'numpy'} & set(sys.modules); "
    code += "import numpy; colorize(numpy.zeros((9, 9), 'uint8'), hints=[(1, 1, 'red')]); "
    code += "assert 'torch' in sys.modules; "
    code += "assert not {'lightning', 'pandas', 'numba'} & set(sys.modules)"  # seconds to load
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_colorizing_starts_without_what_it_does_not_need():
    """PyTorch's compiler and torchvision take longer to import than a photograph to colorize."""
    code = "import numpy, sys; from colorkit import colorize; "
    code += "colorize(numpy.zeros((9, 9), 'uint8'), 'faithful'); "
    code += "assert not {'torch._dynamo', 'torchvision', 'numba'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
