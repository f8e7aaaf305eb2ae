"""The quarter of an hour on a GPU: what is packed, in which order it works, what a stop leaves."""

import json
import sys
import tarfile
from pathlib import Path

import pytest
import torch
from PIL import Image

from benchmarks import gpu
from colorkit.course.profile import load_profile
from colorkit.models.colornet import ColorNet
from colorkit.models.weights import load_weights, save_weights
from colorkit.system.errors import ColorkitError
from colorkit.system.writing import write_json

CLASSES = ("lawn", "sky")


@pytest.fixture
def data(tmp_path) -> Path:
    """Three photographs of two classes and two splits each, and a profile that names one class."""
    folder = tmp_path / "photographs"
    for split in ("train", "val"):
        for label in (*CLASSES, "unnamed"):
            for k in range(3):
                path = folder / split / label / f"{k}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGB", (32, 32), (40 * k, 90, 20)).save(path)
    profile = {"name": "own", "data": {"source": "folders", "what": "w", "size": 32, "stored": 36}}
    profile["networks"] = {"n": {"classes": list(CLASSES)}}
    write_json(tmp_path / "own.yaml", profile)
    return folder


@pytest.mark.parametrize(("most", "count"), [(0, 12), (2, 8)])
def test_the_archive_has_the_photographs_that_the_profile_names(
    data, tmp_path, monkeypatch, most, count
):
    archive = tmp_path / "all.tar"
    monkeypatch.chdir(tmp_path)
    assert gpu.pack("photographs", archive, "own.yaml", most) == count
    with tarfile.open(archive) as tar:
        names = tar.getnames()
    assert len(names) == count and names[0] == "photographs/train/lawn/0.jpg"
    assert not any("unnamed" in name for name in names)


def test_what_is_worth_most_comes_first():
    names = [name for name, _ in gpu.pieces(Path("d"), "paper", gpu.SPEEDS)]
    assert names[:4] == ["check", "first-chapter", "speeds", "chapter-02"] and names[-1] == "smoke"
    for _, command in gpu.pieces(Path("d"), "paper", gpu.SPEEDS):
        assert Path(command[0]).exists()


def test_without_a_gpu_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ColorkitError, match="no GPU is seen"):
        gpu.run(tmp_path / "a.tar", tmp_path / "out", 1)
    assert not (tmp_path / "out").exists()
    with pytest.raises(ColorkitError, match=r"a\.tar: No such file or directory; check"):
        gpu.run(tmp_path / "a.tar", tmp_path / "out", 1, rehearse=True)


def test_time_that_is_over_cuts_short_and_leaves_what_is_done(data, tmp_path, monkeypatch):
    root, out = tmp_path / "clone", tmp_path / "out"
    for seed in (0, 1):
        training = root / "runs" / "rehearsal" / f"n-s{seed}"
        training.mkdir(parents=True)
        (training / "history.csv").write_text("epoch\n1\n")
        network = ColorNet(2, width=0.0625, global_size=32)
        save_weights(training / "weights.safetensors", network, name="n", seed=seed)
        write_json(training / "run.json", {"seed": seed})
    (root / "runs" / "rehearsal" / "n-s2").mkdir()  # not finished
    numbers = root / "report" / "_build" / "runs" / "rehearsal" / "numbers"
    numbers.mkdir(parents=True)
    (numbers / "02.json").write_text("{}")
    monkeypatch.setattr(gpu, "project_root", lambda: root)

    def pieces(photographs, profile, speeds):
        assert len(list(photographs.glob("train/lawn/*.jpg"))) == 3
        assert load_profile(profile, str(data)).name == "rehearsal"
        yield "first", [sys.executable, "-c", "print('said')"]
        yield "wrong", [sys.executable, "-c", "raise SystemExit(3)"]
        yield "long", [sys.executable, "-c", "import time; time.sleep(60)"]
        yield "never", [sys.executable, "-c", "raise SystemExit(3)"]

    monkeypatch.setattr(gpu, "pieces", pieces)
    archive = tmp_path / "all.tar"
    gpu.pack(str(data), archive, str(tmp_path / "own.yaml"))
    assert not gpu.run(archive, out, 3 / 60, rehearse=True)
    states = json.loads((out / "pieces.json").read_text())
    assert states == {"first": "done", "wrong": "failed", "long": "cut short", "never": "no time"}
    assert (out / "first.log").read_text() == "said\n"
    assert (out / "chapters" / "numbers" / "02.json").is_file()
    kept = {path.name: sorted(p.name for p in path.iterdir()) for path in out.glob("trainings/*")}
    assert kept["n-s0"] == ["history.csv", "run.json", "weights.safetensors"]
    assert kept["n-s1"] == ["history.csv", "run.json"] and len(kept) == 2
    half, card = load_weights(out / "trainings" / "n-s0" / "weights.safetensors")
    whole, _ = load_weights(root / "runs" / "rehearsal" / "n-s0" / "weights.safetensors")
    assert card["name"] == "n"
    x = torch.rand(1, 1, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(half(x)[0], whole(x)[0], atol=1e-3, rtol=0)
