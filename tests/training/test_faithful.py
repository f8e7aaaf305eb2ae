"""Training for fidelity: the loss is the measure, and a training improves it."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_pairs import noise
from skimage.color import lab2rgb

from colorkit.data.aging import age
from colorkit.data.batches import prepare
from colorkit.data.collection import collect
from colorkit.data.folders import Entry
from colorkit.imaging.color import rgb_to_lab
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.training.faithful import FaithfulColorizer, FaithfulRecipe
from colorkit.training.losses import distortion
from colorkit.training.trainer import fit


def test_distortion_is_the_negative_psnr():
    lab = rgb_to_lab(0.3 + 0.4 * noise(3, 3, 8, 8))
    ab = lab[:, 1:] + 8 * (noise(3, 2, 8, 8, seed=1) - 0.5)
    found = distortion(torch.cat((lab[:, :1], ab), dim=1), lab).numpy()
    for k in range(3):
        pair = [
            lab2rgb(np.moveaxis(torch.cat((lab[k, :1], x)).double().numpy(), 0, 2))
            for x in (ab[k], lab[k, 1:])
        ]
        error = np.mean((pair[0] - pair[1]) ** 2)
        assert found[k] == pytest.approx(10 * np.log10(error + 1e-4), abs=0.02)


def test_distortion_has_a_finite_gradient_everywhere():
    lab = torch.tensor([0.0, 50.0, 100.0]).view(3, 1, 1, 1).expand(3, 3, 4, 4).clone()
    for start in (torch.zeros(3, 2, 4, 4), lab[:, 1:].clone(), torch.full((3, 2, 4, 4), -300.0)):
        ab = start.requires_grad_()
        distortion(torch.cat((lab[:, :1], ab), dim=1), lab).sum().backward()
        assert ab.grad.isfinite().all()


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    def reader(entry: Entry, size: int) -> np.ndarray:
        """Bright images are orange, dark ones blue: what a network can learn."""
        generator = np.random.default_rng(int(entry.name.split("-")[1]))
        bright = entry.label == "day"
        base = np.array([200, 150, 90] if bright else [60, 80, 110])
        blocks = generator.uniform(-70, 70, (4, 4, 1)).repeat(size // 4, 0).repeat(size // 4, 1)
        image = base + blocks + generator.normal(0, 3, 3)
        return image.clip(0, 255).astype(np.uint8)

    entries = [
        Entry(Path(label), label, split, f"{label}/{split}-{k + 100 * len(split)}")
        for label in ("day", "night", "unknown")
        for split, count in (("train", 12), ("val", 4))
        for k in range(count)
    ]
    folder = tmp_path_factory.mktemp("cache")
    return collect(entries, 36, folder, source="patches", reader=reader, recipe="patches")


def train(collection, folder, **recipe):
    classes = ["day", "night", "unknown"]
    return fit(
        "faithful",
        lambda: ResNetUNet(3, stages=2),
        FaithfulRecipe(batch_size=6, learning_rate=3e-3, unlabelled="unknown", **recipe),
        collection.subset(classes, "train"),
        collection.subset(classes, "val"),
        size=32,
        seed=0,
        folder=folder,
        data="patches",
        fingerprint=collection.fingerprint,
        module=FaithfulColorizer,
    )


@pytest.mark.parametrize("aged", [0.0, 0.5])
def test_a_training_lowers_the_distortion(collection, tmp_path, aged):
    color = train(collection, tmp_path, epochs=4, aged=aged).history["val_color"]
    assert color.iloc[-1] < color.iloc[0] - 1  # dB


@pytest.mark.parametrize(("aged", "least", "most"), [(0.0, 0, 0), (0.5, 16, 44), (1.0, 60, 60)])
def test_as_many_grays_are_old_as_the_recipe_says(
    collection, tmp_path, monkeypatch, aged, least, most
):
    counts = [0]

    def counted(rgb, drawn, grain):
        assert 0 < len(rgb) == drawn.shape[1] == len(grain)
        counts.append(len(rgb))
        return age(rgb, drawn, grain)

    monkeypatch.setattr("colorkit.training.faithful.age", counted)
    train(collection, tmp_path, epochs=2, aged=aged)  # 30 images twice; validation is never aged
    assert least <= sum(counts) <= most


def test_a_batch_of_photographs_without_scenes_has_a_loss(collection):
    """Four are validated at a time and stand class by class, so that one batch is all unknown."""
    classes = ["day", "night", "unknown"]
    recipe = FaithfulRecipe(unlabelled="unknown")
    trained = FaithfulColorizer(ResNetUNet(3, stages=2), recipe, 32, 0)
    loader = SimpleNamespace(dataset=SimpleNamespace(classes=classes))
    trained._trainer = SimpleNamespace(train_dataloader=loader)
    unknown = collection.subset(classes, "val").take(range(8, 12))
    assert unknown.classes[unknown.labels[0]] == "unknown"
    loss, _ = trained._loss(prepare(*unknown.__getitems__(range(4)), 32, "weighted"))
    assert loss.classification == 0 and loss.total == loss.color
