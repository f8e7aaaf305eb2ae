"""The names under which trainings lie: a folder of finished trainings is worth days.

They are compared literally. Where one changes, nothing trained before is found again, so that they
may change only together with `trainer.RECIPE_VERSION`.
"""

import hashlib
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from colorkit.course import networks
from colorkit.course.networks import Course
from colorkit.data import cache
from colorkit.data.pairs import folds
from colorkit.models import pretrained
from colorkit.models.efficientnet import EfficientUNet
from colorkit.models.hintnet import HintUNet
from colorkit.models.weights import read_card, save_weights
from colorkit.studies.gans import sweep as sweeps
from colorkit.studies.gans.sweep import Sweep
from colorkit.studies.hints.training import HintsColorizer, HintsRecipe
from colorkit.studies.nir.study import NirStudy
from colorkit.system.writing import write_json
from colorkit.training import photo_sets, trainer
from colorkit.training.faithful import FaithfulRecipe

PROFILE = {
    "name": "tiny",
    "data": {
        "source": "scenes",
        "what": "procedural scenes",
        "size": 32,
        "stored": 36,
        "train": 5,
        "val": 2,
        "test": 1,
    },
    "recipe": {"epochs": 2, "batch_size": 4, "precision": "32-true"},
    "model": {"width": 0.125, "global_size": 32},
    "networks": {
        "first": {"classes": ["lawn", "house"]},
        "vegenet": {"classes": ["sky", "house", "pond"], "start": "first", "limit": 3, "epochs": 3},
    },
    "ablations": {"width": 0.25, "epochs": 1},
    "gans": {
        "classes": ["lawn", "house"],
        "size": 64,
        "stored": 64,
        "width": 4,
        "depth": 1,
        "discriminator_width": 2,
        "stages": 2,
        "limit": 4,
    },
    "nir": {
        "what": "pairs",
        "classes": ["field", "water"],
        "pairs": 6,
        "of": 3,
        "scenes": 5,
        "width": 4,
        "augment": True,
    },
}


# What the images are, and the folders of the trainings on them, in order.
COURSE = {
    "procedural scenes: lawn, house": [
        "first-s8-407d5252bd91",
    ],
    "procedural scenes: sky, house, pond": [
        "vegenet-s8-788e2b314b88",
        "vegenet-scratch-s7-136f16e774b8",
    ],
    "procedural scenes: sky, pond": [
        "first-wide-s7-2f100adc4185",
    ],
}
SWEEP = {
    "procedural scenes: house, lawn, pond, sky": [
        "classifier-s7-153cc24eca35",
    ],
    "procedural scenes: lawn, house": [
        "sweep-best-1-99-s7-7e1f8476ae31",
        "sweep-fewer-gan-s7-f6b614791410",
        "sweep-nu-interpolated-d0-s7-73a45ce058c8",
        "sweep-nu-interpolated-d4-s7-1eaac6ae6365",
        "sweep-nu-interpolated-d8-s7-d98e310b689f",
        "sweep-nu-interpolated-s7-d84a67f3fc27",
        "sweep-nu-learned-d0-s7-35964144860e",
        "sweep-nu-learned-d4-s7-c1c9dc55d20d",
        "sweep-nu-learned-d8-s7-1e1d802509f1",
        "sweep-nu-learned-s7-a916e98e566e",
        "sweep-pruned-s7-e519a8dee6a2",
        "sweep-refined-s7-f6aa8ec03d2d",
        "sweep-resnet-features-s7-71648b504b55",
        "sweep-resnet-fresh-s7-826cfd61810c",
        "sweep-resnet-pretrained-s7-88967c20d125",
        "sweep-resnet-s7-3e4345fcf2c8",
        "sweep-student-10-s7-2d402a46256d",
        "sweep-u-huber-3-s7-2b9ffef17846",
        "sweep-u-interpolated-d0-s7-81dd4c9e0add",
        "sweep-u-interpolated-d4-s7-9b39632e66b5",
        "sweep-u-interpolated-d8-s7-5119c0ee459f",
        "sweep-u-interpolated-s7-5446498fec8b",
        "sweep-u-learned-d0-s7-26f6e63079c3",
        "sweep-u-learned-d4-s7-892efce78612",
        "sweep-u-learned-d8-s7-9d44b84b6dbf",
        "sweep-u-learned-s7-a142c13dc849",
        "sweep-u-mse-s7-3f97654dc75a",
        "sweep-u-mse-s8-000fe73b6a09",
    ],
}
NIR = {
    "pairs: field, water": [
        "nir-branch-long-f0-s7-3903afeb88f1",
        "nir-branch-quarter-f0-s7-85fcb3b4fefd",
        "nir-bytes-f0-s7-76d7e5da070c",
        "nir-chroma-f0-s7-b27fc8b4ce2d",
        "nir-chroma-resnet-f0-s7-f0c27d416394",
        "nir-resnet-f1-s7-f9a0b5497bac",
        "nir-resnet-scenes-f0-s7-b8a3f4b15325",
        "nir-unet-f0-s7-d742a029bd1e",
    ],
    "procedural pairs: field, water": [
        "nir-scenes-s7-747c85f0cf2d",
    ],
    "procedural scenes through drawn filters: house, lawn, pond, sky": [
        "nir-images-s7-4e93f47390c3",
    ],
    "procedural scenes: lawn, house": [
        "first-s7-890babdb448a",
    ],
    "procedural scenes: sky, house, pond": [
        "vegenet-s7-3feaa253f2a5",
    ],
}
PHOTOGRAPHS = {
    "training images of land, loose: 18 photographs": [
        "hints-s0-64d31c7cb23e",
        "lite-s0-be07e62bb56c",
    ],
}


def name_content(listing, images) -> str:
    """Name a cache without its pixels, which may differ in the last bit from machine to machine."""
    return hashlib.sha256(json.dumps([listing, images.shape]).encode()).hexdigest()[:16]


def pretend(folder, trained, about, *_) -> None:
    """Leave what a training leaves, of a network as it was made."""
    classes, identity = trained.train_set.classes, about["identity"]
    path = folder / "weights.safetensors"
    save_weights(path, trained.model, classes=classes, data=about["data"], identity=identity)
    pd.DataFrame({"epoch": [1], trained.judged: [0.5]}).to_csv(folder / "history.csv", index=False)
    record = {"name": about["name"], "seed": trained.seed, "best_epoch": 1, "identity": identity}
    write_json(folder / "run.json", record | {"judged": trained.judged})


@pytest.fixture
def course(tmp_path, monkeypatch, paint) -> Course:
    """A course of painted patches, whose trainings leave names only."""
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(PROFILE))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cache, "_digest", name_content)
    monkeypatch.setattr(networks, "_render", paint)
    painted_pair = lambda pair, size: paint(pair, size)[..., [0, 1, 2, 0]]  # noqa: E731
    monkeypatch.setattr(folds, "_rendered", painted_pair)
    monkeypatch.setattr(trainer, "_train", pretend)
    return Course(str(tmp_path / "tiny.yaml"), seed=7)


def kept(folder) -> dict[str, list[str]]:
    """Name all trainings of a folder, by what their cards say of the images."""
    found = {}
    for path in sorted(folder.glob("*/weights.safetensors")):
        found.setdefault(read_card(path)["data"], []).append(path.parent.name)
    return found


def test_the_courses_networks(course):
    options = {"scale": course.profile.ablations, "model": {"dropout": 0.5}, "beta": 2.0}
    course.train("vegenet", 1)
    course.train("vegenet", transfer=False, variant="scratch")
    course.train("first", variant="wide", classes=["sky", "pond"], limit=4, **options)
    assert kept(course.root / "runs" / "tiny") == COURSE


def test_the_sweeps(course, monkeypatch):
    listed = {"faithful": {"sha256": 64 * "0"}}  # whichever weights are in the box today
    stand_in = SimpleNamespace(models=lambda: listed, load=pretrained.load)
    monkeypatch.setattr(sweeps, "pretrained", stand_in)
    sweep = Sweep(course)
    for name in (
        *("best-1-99", "refined", "fewer-gan", "u-mse", "resnet-fresh", "resnet"),
        *("resnet-pretrained", "resnet-features", "student-10", "pruned", "u-huber-3", "u-mse/1"),
    ):
        sweep.train(name)
    assert kept(course.root / "runs" / "tiny") == SWEEP


def test_those_on_near_infrared(course):
    study = NirStudy(course)
    for name in (
        "chroma",
        "bytes",
        "branch-quarter",
        "branch-long",
        "chroma-resnet",
        "unet",
        "resnet-scenes",
    ):
        study.train(name)
    study.train("resnet", 1)
    assert kept(course.root / "runs" / "tiny") == NIR


def test_those_on_photographs(course, monkeypatch):
    monkeypatch.setattr(photo_sets, "STORED", 40)
    counts = {"land/train/sea": 8, "land/val/sea": 3, "land/test/sea": 2, "land/train/wood": 8}
    counts |= {"land/val/wood": 3, "land/test/wood": 2, "loose/train": 2, "loose/val": 3}
    for seed, (place, count) in enumerate(counts.items()):
        folder, generator = course.root / "photos" / place, np.random.default_rng(seed)
        folder.mkdir(parents=True)
        for k in range(count):
            blocks = generator.integers(0, 256, (4, 4, 3), dtype=np.uint8)
            Image.fromarray(blocks.repeat(12, 0).repeat(12, 1)).save(folder / f"{k}.png")
    photographs = photo_sets.Photographs(str(course.root / "photos"))
    recipe = FaithfulRecipe(epochs=6, encoder_rate=0.2)
    lite = photographs.fit("lite", recipe, 32, make=EfficientUNet, balanced=True).weights
    photographs.fit("hints", HintsRecipe(), 32, lite, HintUNet, HintsColorizer)
    assert kept(course.root / "runs" / "box") == PHOTOGRAPHS
