"""Numbers that are none, images that show nothing, batches too small, and the same run twice."""

import json
from functools import partial
from pathlib import Path

import made_chapters
import numpy as np
import pytest
import torch
from shared_training import COMMON, paint
from stoppable import WAYS

from colorkit.course.networks import scene_entries
from colorkit.data.batches import Batch, NirBatch, prepare
from colorkit.data.cache import measure_images
from colorkit.data.collection import collect
from colorkit.data.folders import Entry
from colorkit.imaging.color import rgb_to_lab, scale_ab
from colorkit.imaging.metrics import tables as metrics
from colorkit.inference.paint import paint as paint_planes
from colorkit.inference.paint import to_gray
from colorkit.inference.photograph import predict_planes
from colorkit.models.colornet import ColorNet
from colorkit.models.hintnet import HintUNet
from colorkit.models.resnet import SceneClassifier
from colorkit.models.resnet_unet import ResNetUNet
from colorkit.models.unet import UNet
from colorkit.models.weights import load_weights
from colorkit.report import build as report
from colorkit.studies.gans.distillation import Student, StudentRecipe
from colorkit.studies.gans.recognition import SceneRecipe, SceneTrainer
from colorkit.studies.gans.training import (
    GanColorizer,
    GanRecipe,
    UNetColorizer,
    UNetRecipe,
    discriminator_loss,
    generator_loss,
    planes_of,
)
from colorkit.studies.nir.training import NirRecipe, nir_loss
from colorkit.system.errors import ColorkitError
from colorkit.training import losses
from colorkit.training import trainer as training
from colorkit.training.faithful import FaithfulColorizer, FaithfulRecipe
from colorkit.training.recipe import Recipe

CLASSES = ["lawn", "sky"]
TWO = COMMON | {"epochs": 2}


def small() -> UNet:
    return UNet(1, 2, 4, 2)


WAYS_TO_TRAIN = {
    "colors": (Recipe(**TWO), training.Colorizer, WAYS["gray"][2]),
    "autoencoder": (UNetRecipe(**TWO), UNetColorizer, small),
    "gan": (GanRecipe(**TWO, discriminator_width=4), GanColorizer, small),
    "near infrared": (NirRecipe(**TWO), WAYS["nir"][1], WAYS["nir"][2]),
    "faithful": (FaithfulRecipe(**TWO), FaithfulColorizer, partial(ResNetUNet, 2, stages=2)),
    "hints": (WAYS["hints"][0], WAYS["hints"][1], partial(HintUNet, 2)),
    "student": (StudentRecipe(**TWO), partial(Student, teacher=small()), small),
    "scenes": (SceneRecipe(**TWO), SceneTrainer, partial(SceneClassifier, 2)),
}


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    entries = scene_entries(CLASSES, {"train": 10, "val": 4, "test": 2})
    folder = tmp_path_factory.mktemp("cache")
    return collect(entries, 36, folder, source="blocks", reader=paint, recipe="blocks")


@pytest.fixture
def fit(collection, tmp_path):
    def run(way="colors", size=32, folder=tmp_path, train=None, **changes):
        recipe, module, make = WAYS_TO_TRAIN[way]
        if changes:
            recipe = type(recipe)(**TWO | changes)
        return training.fit(
            way,
            make,
            recipe,
            collection.subset(CLASSES, "train") if train is None else train,
            collection.subset(CLASSES, "val"),
            size=size,
            seed=0,
            folder=folder,
            data="blocks",
            fingerprint=collection.fingerprint,
            module=module,
        )

    return run


def poison(monkeypatch, way: str, value: float, epoch: int, number: int, stage: str) -> None:
    """Put a value that is no number into one pixel of one batch, as the network is fed it."""
    module = getattr(WAYS_TO_TRAIN[way][1], "func", WAYS_TO_TRAIN[way][1])
    prepared, seen = module.on_after_batch_transfer, []

    def spoiled(self, batch, dataloader_idx):
        batch = prepared(self, batch, dataloader_idx)
        at = self.trainer.current_epoch == epoch - 1
        if at and self.trainer.training == (stage == "train"):
            seen.append(1)
            if len(seen) == number + 1:
                # The truth and not the input: networks swallow infinity by saturating.
                target = batch[0] if way == "scenes" else batch.lab
                target[0, 1, 3, 3] = value
        return batch

    monkeypatch.setattr(module, "on_after_batch_transfer", spoiled)


@pytest.mark.parametrize("way", WAYS_TO_TRAIN)
def test_a_loss_that_is_no_number_stops_with_the_batch_named(
    way, fit, monkeypatch, tmp_path, amount, tally
):
    places = [(np.nan, 2, 1, "train"), (np.inf, 1, 0, "train"), (np.nan, 1, 0, "val")]
    places += [(np.inf, 2, 0, "val"), (-np.inf, 2, 0, "train"), (np.nan, 1, 1, "train")]
    if way == "hints":
        places = [place for place in places if place[0] != -np.inf]
    for value, epoch, number, stage in places[: amount(1, 6)]:
        with monkeypatch.context() as patch:
            poison(patch, way, value, epoch, number, stage)
            with pytest.raises(ColorkitError, match=f"at epoch {epoch}, batch {number};") as fault:
                fit(way)
        assert "\n" not in str(fault.value) and ("validation" in str(fault.value)) == (
            stage == "val"
        )
        assert not list(tmp_path.rglob("run.json"))
        for checkpoint in tmp_path.rglob("*.ckpt"):
            state = torch.load(checkpoint, weights_only=True)["state_dict"]
            assert all(t.isfinite().all() for t in state.values())
            checkpoint.unlink()
        tally("losses that are no numbers", refused=1)


NOTHING = {
    "black": np.zeros(3),
    "white": np.ones(3),
    "gray": np.full(3, 0.5),
    "red": np.array([1.0, 0, 0]),
    "almost black": np.full(3, 1 / 255),
}


@pytest.mark.parametrize("kind", NOTHING)
def test_images_that_show_nothing_have_losses_and_gradients(kind, tally):
    rgb = torch.tensor(NOTHING[kind], dtype=torch.float32).view(1, 3, 1, 1).repeat(2, 1, 32, 32)
    batch = Batch(rgb.mean(dim=1, keepdim=True), rgb_to_lab(rgb), torch.zeros(2, dtype=torch.long))
    nir = NirBatch(batch.gray, batch.lab, batch.labels)
    gan = GanRecipe(discriminator_width=4)
    for start in (scale_ab(batch.lab[:, 1:]), torch.full((2, 2, 32, 32), 0.5)):
        ab = start.clone().requires_grad_()
        L = (batch.lab[:, :1] / 100).clone().requires_grad_()
        scores = torch.zeros((2, 2), requires_grad=True)
        found, true = planes_of(batch, ab)
        answers = found.mean(dim=1)
        lab = torch.cat((batch.lab[:, :1], 220 * (ab - 0.5)), dim=1)
        every = [
            losses.joint_loss(ab, scale_ab(batch.lab[:, 1:]), scores, batch.labels, beta=1.0).total,
            losses.joint_loss(
                ab, scale_ab(batch.lab[:, 1:]), scores, batch.labels, beta=1.0, delta="ratio"
            ).total,
            losses.distortion(lab, batch.lab).mean(),
            losses.angle(lab, batch.lab).mean(),
            nir_loss(L, ab, scores, nir, NirRecipe(structure="ssim")).total,
            nir_loss(L, ab, scores, nir, NirRecipe(fidelity=0.05, angle=0.05)).total,
            generator_loss(answers, found, true, gan).total,
            discriminator_loss(answers, answers, gan),
        ]
        for loss in every:
            assert loss.isfinite()
            leaves = (ab, L, scores)
            options = {"retain_graph": True, "allow_unused": True}
            for leaf in torch.autograd.grad(loss, leaves, **options):
                assert leaf is None or leaf.isfinite().all()
        tally("losses of images that show nothing", survived=len(every))


@pytest.mark.parametrize("kind", NOTHING)
def test_images_that_show_nothing_have_measures(kind, tally):
    true = torch.tensor(NOTHING[kind], dtype=torch.float32).view(1, 3, 1, 1).repeat(1, 1, 24, 24)
    other = torch.full_like(true, 0.25)
    names = [n for n in metrics.METRICS if n != "lpips"]  # its weights may be missing
    # As their docstrings say: black has no angle, and what has no color has no hue.
    none = {"angular_error"} if kind == "black" else set()
    none |= set() if kind == "red" else {"hue_error"}
    for found in (true, other):
        values, absent = metrics.measure(found, true, names)
        assert absent == {} and {n for n, v in values.items() if v.isnan().any()} == none
        infinite = {n for n, v in values.items() if v.isinf().any()}
        assert infinite == ({"psnr"} if found is true else set())
        tally("measures of images that show nothing", survived=1)
    pixels = (true * 255).byte().permute(0, 2, 3, 1).numpy()
    thumbnails, colorless = measure_images(pixels)
    assert np.isfinite(thumbnails).all() and bool(colorless[0]) == (kind != "red")


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 3), (7, 13), (33, 31), (64, 65)])
@pytest.mark.parametrize("way", ["colors", "autoencoder", "faithful", "hints"])
def test_odd_sizes_are_colorized_at_their_size(way, size, tally):
    network = WAYS_TO_TRAIN[way][2]().eval()
    rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    for image in (rgb, np.zeros_like(rgb), to_gray(rgb)):
        result = paint_planes(image, predict_planes(network, {"size": 32}, image))
        assert result.shape == rgb.shape and result.dtype == np.uint8
        tally("images of odd sizes", survived=1)


@pytest.mark.parametrize("size", [31, 33])
@pytest.mark.parametrize("way", ["colors", "autoencoder", "faithful"])
def test_crops_of_odd_sizes_are_trained_on(way, size, fit, amount, tally):
    if amount(way == "colors" and size == 33, True):
        assert np.isfinite(fit(way, size=size, epochs=1).history["val_color"]).all()
        tally("trainings on odd sizes", survived=1)


def test_one_image_is_no_batch_to_train_on(fit, tmp_path, tally):
    with pytest.raises(ColorkitError, match="a batch of 1 leaves a process with one image"):
        fit(batch_size=1)
    assert not list(tmp_path.iterdir())
    tally("batches of one image", refused=1)
    net = ColorNet(2, width=0.125, global_size=32).eval()  # but one to colorize
    assert net(torch.rand(1, 1, 32, 32))[0].isfinite().all()
    tally("batches of one image", survived=1)


def test_a_remainder_of_one_image_is_left_out(fit, collection, tally):
    train = collection.subset(CLASSES, "train").take(range(17))
    assert len(fit(train=train, epochs=1).history) == 1
    tally("batches of one image", survived=1)


def test_classes_of_one_image(tmp_path, tally):
    entries = [
        Entry(Path(f"{label}/{split}"), label, split, f"{label}/{split}")
        for label in CLASSES
        for split in ("train", "val", "test")
    ]
    found = collect(entries, 36, tmp_path / "a", source="blocks", reader=paint, recipe="one")
    sets = [found.subset(CLASSES, split) for split in ("train", "val", "test")]
    assert [len(images) for images in sets] == [2, 2, 2]
    recipe = Recipe(epochs=1, batch_size=8, precision="32-true")
    run = training.fit(
        "one", WAYS["gray"][2], recipe, *sets[:2],
        size=32, seed=0, folder=tmp_path, data="blocks", fingerprint=found.fingerprint,
    )  # fmt: skip
    assert np.isfinite(run.history["val_total"]).all()
    tally("classes of one image", survived=1)
    loose = [Entry(e.path, e.label, None, e.name) for e in entries[::3]]  # nothing to split
    found = collect(loose, 36, tmp_path / "b", source="blocks", reader=paint, recipe="one")
    with pytest.raises(ColorkitError, match="has no val image left; give it more images"):
        found.subset(CLASSES, "val")
    tally("classes of one image", refused=1)


@pytest.mark.parametrize("kind", NOTHING)
def test_a_batch_of_images_that_show_nothing_is_learned_from(kind):
    pixels = (torch.tensor(NOTHING[kind]) * 255).byte().expand(4, 36, 36, 3)
    batch = prepare(pixels, torch.zeros(4, dtype=torch.long), 32, "random", torch.Generator())
    net = ColorNet(2, width=0.125, global_size=32)
    ab, scores = net(batch.gray)
    target = losses.chroma_target(scale_ab(batch.lab[:, 1:]), ab.shape[-2:])
    losses.joint_loss(ab, target, scores, batch.labels).total.backward()
    assert all(p.grad.isfinite().all() for p in net.parameters())


CHAPTER = """
from colorkit.course.chapter import Chapter
from colorkit.course.evaluation import evaluate
chapter = Chapter("01_first", profile, seed, data)
for name in ("vegenet", "outnet"):
    run = chapter.train(name)
    chapter.number(f"error of {name}", run.history["val_color"], of="epochs", unit="")
chapter.table(run.history.drop(columns="seconds"), "T1", "losses")
chapter.finish()
"""
PROFILE = """
name: smoke
data: {source: scenes, what: procedural scenes, size: 32, stored: 36, train: 6, val: 2, test: 2}
model: {width: 0.125, global_size: 32, dropout: 0.2}
recipe: {epochs: 2, batch_size: 4}
networks:
  vegenet: {classes: [lawn, house]}
  outnet: {classes: [sky, house], start: vegenet}
"""


def test_a_seed_makes_a_run_exactly_reproducible(tmp_path, monkeypatch, amount, tally):
    monkeypatch.setattr(report, "_build_book", lambda run, root: None)
    runs = []
    for k in range(2):
        root = tmp_path / str(k)
        (root / "notebooks" / "profiles").mkdir(parents=True)
        (root / "notebooks" / "profiles" / "smoke.yaml").write_text(PROFILE)
        made_chapters.write_chapter(root, "01_first", code=CHAPTER)
        monkeypatch.chdir(root)
        assert [o.state for o in report.run_report()] == ["ran"]
        runs.append(root)
    numbers = [next(root.glob("report/_build/runs/smoke/numbers/*.json")) for root in runs]
    one, other = (json.loads(path.read_text()) for path in numbers)
    assert one.pop("seconds") > 0 and other.pop("seconds") > 0
    assert one == other and len(one["numbers"]) == 2
    weights = [sorted(root.glob("runs/smoke/*/weights.safetensors")) for root in runs]
    assert [p.parent.name for p in weights[0]] == [p.parent.name for p in weights[1]]
    assert len(weights[0]) == 2
    for first, second in zip(*weights, strict=True):
        states = [load_weights(path)[0].state_dict() for path in (first, second)]
        assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    tally("runs repeated with their seed", survived=1)
