"""Making the models in the box: which images train, which choose, which are measured."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from colorkit.imaging.images import read_image
from colorkit.imaging.metrics.quality import psnr
from colorkit.inference.paint import paint, to_gray
from colorkit.inference.photograph import predict_planes
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.studies.comparison import choosing, pretraining
from colorkit.studies.comparison.scoring import measure
from colorkit.studies.comparison.terms import describe_terms
from colorkit.system.errors import ColorkitError
from colorkit.training import photo_sets


def fill(folder, count: int, seed: int) -> None:
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    for k in range(count):
        blocks = generator.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(blocks.repeat(12, 0).repeat(12, 1)).save(folder / f"{k}.png")


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    root = tmp_path / "data"
    for seed, (place, count) in enumerate(
        {
            "land/train/sea": 8,
            "land/val/sea": 3,
            "land/test/sea": 2,
            "land/train/wood": 8,
            "land/val/wood": 3,
            "land/test/wood": 2,
            "loose/train": 6,
            "loose/val": 3,
            "pairs/field": 4,
        }.items()
    ):
        fill(root / place, count, seed)
    monkeypatch.setattr(photo_sets, "STORED", 40)
    monkeypatch.setattr(photo_sets, "working_folder", lambda: tmp_path)
    return photo_sets.Photographs(str(root))


def test_what_is_measured_neither_trains_nor_chooses(photographs, monkeypatch):
    seen = {}
    monkeypatch.setattr(
        photo_sets,
        "fit",
        lambda name, make, recipe, train, val, **rest: seen.update(
            recipe=recipe, train=train, val=val
        ),
    )
    photographs.fit("faithful", photo_sets.FaithfulRecipe(), size=32)
    trained, chose = set(seen["train"].names), set(seen["val"].names)
    measured = {str(p) for paths in photographs.measured.values() for p in paths}
    assert len(measured) == 4 + 3 and len(chose) == 6 and len(trained) == 22
    assert not any(m.endswith(name) for m in measured for name in trained | chose)
    assert all("loose" not in name for name in chose)
    assert seen["recipe"].unlabelled == "loose"
    labels = {seen["val"].classes[i] for i in seen["val"].labels.tolist()}
    assert labels == {"land/sea", "land/wood"} and seen["val"].classes == seen["train"].classes


def test_small_sets_are_shown_more_often_when_asked(photographs, monkeypatch):
    seen = {}

    def fit(name, make, recipe, train, val, **rest):
        seen.update(train=train, data=rest["data"])

    monkeypatch.setattr(photo_sets, "fit", fit)
    monkeypatch.setattr(photo_sets, "SMALLEST", 1.0)
    photographs.fit("faithful", photo_sets.FaithfulRecipe(), size=32, balanced=True)
    names = list(seen["train"].names)
    counts = {name: names.count(name) for name in names}
    assert {n: c for n, c in counts.items() if c != (3 if n.startswith("loose") else 1)} == {}
    assert len(counts) == 22 and "22 photographs" in seen["data"]


def test_a_gray_network_gains_nothing(photographs):
    network = ResNetUNet(stages=2).eval()  # a fresh one predicts gray
    scores = measure(network, photographs.measured, {"size": 32})
    assert set(scores) == {"land", "loose"} and scores["loose"]["images"] == 3
    for each in scores.values():
        mean, low, high = each["psnr_gain"]
        assert low <= mean <= high and abs(mean) < 0.01
        assert each["colorfulness_ratio"] < 0.05


def test_the_gain_is_that_over_gray(photographs, monkeypatch):
    """Painting the truth's mean chroma is measured against a loop written out."""
    network = ResNetUNet(stages=2).eval()
    with torch.no_grad():
        network.last.bias.copy_(torch.tensor([0.1, 0.0]))
    scores = measure(network, photographs.measured, {"size": 32})
    gains = []
    for path in photographs.measured["loose"]:
        rgb = read_image(path)
        planes = torch.tensor([0.0, 22.0, 0.0]).view(1, 3, 1, 1)
        found, gray = paint(rgb, planes), to_gray(rgb)
        true, found, gray = (
            torch.tensor(x).permute(2, 0, 1)[None] / 255 for x in (rgb, found, gray)
        )
        gains.append((psnr(found, true) - psnr(gray, true)).item())
    assert scores["loose"]["psnr_gain"][0] == pytest.approx(np.mean(gains), abs=2e-3)


def test_unknown_names_and_useless_data(tmp_path):
    with pytest.raises(ColorkitError, match="faithful"):
        pretraining.pretrain("nothing", str(tmp_path))
    fill(tmp_path / "one/field", 2, 0)
    fill(tmp_path / "two/train", 2, 0)  # nothing of it is left to be measured
    with pytest.raises(ColorkitError, match="no data set with training and test images"):
        photo_sets.Photographs(str(tmp_path))


def test_a_card_may_raise_the_chroma(photographs):
    network = ResNetUNet(stages=2).eval()
    with torch.no_grad():
        network.last.bias.copy_(torch.tensor([0.1, -0.05]))
    rgb = np.full((40, 40, 3), 90, np.uint8)
    plain, raised = (
        predict_planes(network, card, rgb)
        for card in ({"size": 32}, {"size": 32, "saturation": 1.5})
    )
    assert plain[0, 1].mean() == pytest.approx(22, rel=1e-3)
    torch.testing.assert_close(raised, 1.5 * plain)


def test_several_looks_are_averaged(photographs):
    torch.manual_seed(0)
    network = ResNetUNet(stages=2).eval()
    torch.nn.init.normal_(network.last.weight, std=0.05)
    # In single precision a picture beside another gives other last digits than alone, on some
    # processors by more than is allowed below.
    network.double().register_forward_pre_hook(lambda _, gray: (gray[0].double(),))
    rgb = read_image(photographs.measured["loose"][0])
    mirrored = np.ascontiguousarray(rgb[:, ::-1])
    looks = [
        predict_planes(network, {"size": size}, picture)
        for size in (32, 64)
        for picture in (rgb, mirrored)
    ]
    (a, b), (c, d) = ((plain, other.flip(3)) for plain, other in (looks[:2], looks[2:]))
    a, b = (torch.nn.functional.interpolate(x, (32, 32), mode="bilinear") for x in (a, b))
    both = predict_planes(network, {"size": 64, "views": [32, 64]}, rgb)
    torch.testing.assert_close(both, (a + b + c + d) / 4)
    assert all((both - look).abs().max() > 5 for look in (a, b, c, d))
    # What is the same from both sides stays so.
    again = predict_planes(network, {"views": [32, 64]}, mirrored)
    torch.testing.assert_close(again, both.flip(3))


@pytest.mark.parametrize("views", [[], [0], [64.0], 64, "64", [64] * 9, [4096]])
def test_absurd_views_are_refused(views):
    with pytest.raises(ValueError, match=r"views are|it works at"):
        predict_planes(ResNetUNet(stages=2).eval(), {"views": views}, np.zeros((8, 8, 3), np.uint8))


@pytest.fixture
def kept(monkeypatch):
    """What `keep` puts into the box, and every look that is measured: files and card."""
    box, seen = {}, []
    measured = {"land": {"psnr_gain": [1.0, 0, 2], "colorfulness_ratio": 0.64, "sepia": 0.0}}

    def fake(network, files, card, **options):
        seen.append((files, card))
        best = {"land": {**measured["land"], "psnr_gain": [2.0, 0, 2]}}
        return best if card.get("views") == [128, 160] or card["size"] == 128 else measured

    monkeypatch.setattr(pretraining, "measure", fake)
    monkeypatch.setattr(choosing, "measure", fake)
    monkeypatch.setattr(pretraining, "distances", lambda *about: {})
    monkeypatch.setattr(pretraining, "lite2_features", lambda: None)
    monkeypatch.setattr(pretraining, "load_weights", lambda path: (None, {}))
    monkeypatch.setattr(pretraining.pretrained, "keep", lambda *a, **card: box.update(card))
    return SimpleNamespace(box=box, seen=seen)


def test_looks_are_chosen_on_validation_images(photographs, kept):
    pretraining.keep(photographs, "w", "faithful", "", "")
    *choices, (files, card) = kept.seen
    assert files == photographs.measured and card["size"] == kept.box["size"] == 128
    assert all(set(tried) == set(photographs.choosing) for tried, _ in choices)
    assert {"size": 160, "views": [128, 160]} in [look for _, look in choices]


def test_faithful_is_raised_until_few_photographs_are_brown():
    brown = {0.0: (0.1, 0.02), 0.1: (0.07, 0.09), 0.2: (0.05, 0.07), 0.3: (0.0, 0.0)}
    tried = {v: {str(k): {"sepia": share} for k, share in enumerate(x)} for v, x in brown.items()}
    assert choosing.few_brown(tried.__getitem__) == 0.2
    assert choosing.few_brown(lambda _: tried[0.0]) == 1.0


@pytest.mark.parametrize(("lost", "chosen"), [(0.1, 2.0), (0.3, 1.1), (0.5, 1.0)])
def test_vivid_is_raised_while_most_of_the_gain_is_left(lost, chosen):
    def tried(level):
        return {"a": {"psnr_gain": [3.0]}, "b": {"psnr_gain": [1 - lost * level]}}

    assert choosing.bold(tried) == pytest.approx(chosen)


def test_the_card_names_the_terms_of_every_set(photographs, kept):
    pretraining.keep(photographs, "w", "faithful", "", "")
    assert re.fullmatch("land: .* your own.*; loose: .*", kept.box["terms"])
    assert "research" in kept.box["uses"]
    assert describe_terms(["photos", "things"]).count("; things: ") == 1


def test_the_model_for_near_infrared_learns_from_larger_pictures_than_the_course(tmp_path):
    (tmp_path / "rgbnir").mkdir()
    study = pretraining.larger_pairs(str(tmp_path))
    assert (study.size, study.course.profile.data.stored) == (96, 112)
    assert study.size > pretraining.Course("photos", 0, str(tmp_path)).profile.nir.size
