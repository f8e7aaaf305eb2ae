"""No test image, and no picture nearly equal to one, trains a network or chooses anything."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from shared_training import COMMON

from colorkit.course.networks import Course
from colorkit.course.profile import load_profile
from colorkit.data.collection import ImageSet, collect
from colorkit.data.folders import list_images
from colorkit.data.splits import SIMILAR
from colorkit.models.colornet import ColorNet
from colorkit.models.weights import read_card
from colorkit.studies.gans.sweep import Sweep
from colorkit.studies.nir.study import NirStudy
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root
from colorkit.training import trainer as training
from colorkit.training.photo_sets import Photographs
from colorkit.training.recipe import Recipe

PROFILES = sorted(p.stem for p in (project_root() / "notebooks" / "profiles").glob("*.yaml"))
SIDE = 16  # of the thumbnails that pictures are compared by
BLOCK = 1024


def thumbnails(images: ImageSet) -> torch.Tensor:
    """Give the (N, 768) normalized thumbnails of a set, made here from its pixels alone."""
    made = []
    for start in range(0, len(images), BLOCK):
        rows = range(start, min(start + BLOCK, len(images)))
        rgb = images.__getitems__(list(rows))[0][..., :3].permute(0, 3, 1, 2).float()
        # As the cache does, in two steps: 32, then 16 pixels a side.
        small = torch.nn.functional.adaptive_avg_pool2d(rgb, 2 * SIDE)
        flat = torch.nn.functional.avg_pool2d(small, 2).flatten(1)
        flat = flat - flat.mean(dim=1, keepdim=True)
        made.append(flat / flat.norm(dim=1, keepdim=True).clamp(min=1e-6))
    return torch.cat(made)


def digests(images: ImageSet) -> set[bytes]:
    """Give the hash of every picture's pixels."""
    return {hashlib.sha256(images[k][0].numpy().tobytes()).digest() for k in range(len(images))}


def leaks(seen: ImageSet, test: ImageSet, tolerance: float = 1e-3) -> list[tuple[str, str]]:
    """Pairs of a picture that trains or chooses and one that is measured, equal or nearly so.

    The tolerance is that of half-precision thumbnails, which the cache keeps.
    """
    found = [(name, name) for name in set(seen.names) & set(test.names)]
    if digests(seen) & digests(test):
        found.append(("pixels", "pixels"))
    theirs = thumbnails(test)
    own = thumbnails(seen)
    for start in range(0, len(own), BLOCK):
        i, j = (own[start : start + BLOCK] @ theirs.T > SIMILAR + tolerance).nonzero(as_tuple=True)
        pairs = zip(i.tolist(), j.tolist(), strict=True)
        found += [(seen.names[start + a], test.names[b]) for a, b in pairs]
    return found


@pytest.fixture(scope="module")
def course(request):
    """Open a profile's images where they are."""
    name, data = request.param, ""
    if name == "photos":
        data = os.environ.get("COLORKIT_PHOTOS", "")
    try:
        profile = load_profile(name, data)
    except ColorkitError as error:
        pytest.skip(str(error))
    if profile.data.source == "places365" and not Path(profile.data.root).is_dir():
        pytest.skip(f"{profile.data.root} is not downloaded")
    return Course(name, 0, data)


every_profile = pytest.mark.parametrize("course", PROFILES, indirect=True)


@every_profile
def test_networks_and_those_they_start_from_see_no_test_image(course, tally):
    networks = course.profile.networks
    test = course.collection.subset(course.profile.classes(), "test")
    # Every network of a chain counts for those that start from it; so every one for all.
    for name in networks:
        for split in ("train", "val"):
            images = course.images(name, split)
            assert leaks(images, test) == [], (name, split)
            tally("training and validation images compared with test images", survived=len(images))


@every_profile
def test_the_sweep_sees_no_test_image(course, tally):
    if course.profile.gans is None:
        pytest.skip("the profile has no sweep")
    sweep = Sweep(course)
    measured = sweep.images("test")
    everything = course.collection.subset(course.profile.classes(), "train")
    chosen = course.collection.subset(course.profile.classes(), "val")
    # The judge of the sweep's test images was trained and chosen on the course's.
    for images in (sweep.images("train"), sweep.images("val"), everything, chosen):
        assert leaks(images, measured) == []
        tally("training and validation images compared with test images", survived=len(images))


@every_profile
def test_folds_of_near_infrared_are_apart_and_the_first_trainings_too(course, tally):
    if course.profile.nir is None:
        pytest.skip("the profile has no near-infrared pairs")
    try:
        study = NirStudy(course)
    except ColorkitError as error:
        pytest.skip(str(error))
    first = [course.collection.subset(course.profile.classes(), s) for s in ("train", "val")]
    tested = set()
    for k in range(study.nir.of):
        fold = study.fold(k)
        for images in (fold.train, fold.val, study._all_but("test", k), *first):
            if images not in first and k >= study.nir.folds:
                continue
            found = leaks(images, fold.test)
            assert [pair for pair in found if pair != ("pixels", "pixels")] == [], k
            tally("training and validation images compared with test images", survived=len(images))
        assert not tested & set(fold.test.names)
        tested |= set(fold.test.names)
    assert tested == set(study.pairs.pairs.names)


def test_models_of_the_box_are_measured_on_what_they_never_saw(tally):
    root = os.environ.get("COLORKIT_PHOTOS", "")
    if not Path(root).is_dir() or not root:
        pytest.skip("COLORKIT_PHOTOS names no folder of photographs")
    photographs = Photographs(root)
    collection = photographs.collection
    place = {name: k for k, name in enumerate(collection.cache.names)}
    measured = {str(path) for paths in photographs.measured.values() for path in paths}
    listed = {e.name: str(e.path) for e in photographs._entries}
    rows = np.array([place[name] for name, path in listed.items() if path in measured])
    rows = np.array([row for row in rows if row not in collection.cache.faults])
    held = ImageSet(collection.cache, rows, photographs.classes)
    train = collection.subset(photographs.classes, "train")
    val = collection.subset(photographs.validated, "val")
    for images in (train, val):
        assert leaks(images, held) == []
        tally("training and validation images compared with test images", survived=len(images))


def test_weights_say_on_which_images_they_were_trained(tmp_path, tally):
    """Runs on disk, of profiles that are here: their cards' digests are those of the lists."""
    known = 0
    for name in PROFILES:
        data = os.environ.get("COLORKIT_PHOTOS", "") if name == "photos" else ""
        try:
            course = Course(name, 0, data)
        except ColorkitError:
            continue
        if course.profile.data.source == "places365":
            continue
        for network in course.profile.networks:
            for path in (course.root / "runs" / name).glob(f"{network}-s*/weights.safetensors"):
                fingerprint, *rest = read_card(path)["identity"]["data"]
                if fingerprint != course.collection.fingerprint:
                    continue  # of other images
                sets = [course.images(network, split).names for split in ("train", "val")]
                assert rest == [*map(digest, sets), course.profile.networks[network].classes]
                known += 1
                tally("weights whose card names its images", survived=1)
    if not known:
        pytest.skip("no finished training is here")


def digest(names: list[str]) -> str:
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:12]


def scenery(folder: Path, count: int = 12) -> None:
    """Two classes of smooth random pictures in folders of their splits."""
    rng = np.random.default_rng(0)
    for label in ("sea", "wood"):
        for split, number in (("train", count), ("val", 3), ("test", 3)):
            (folder / split / label).mkdir(parents=True)
            for k in range(number):
                small = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
                image = Image.fromarray(small).resize((80, 64), Image.Resampling.BICUBIC)
                image.save(folder / split / label / f"{label}-{split}-{k}.png")


CHANGES = {
    "copied": lambda image: image,
    "as a JPEG": lambda image: image,
    "scaled": lambda image: image.resize((160, 128), Image.Resampling.LANCZOS),
    "brightened": lambda image: image.point(lambda v: min(255, int(v * 1.1))),
    "trimmed": lambda image: image.crop((1, 1, 79, 63)),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_test_image_among_the_training_images_is_found_and_left_out(kind, tmp_path, tally):
    scenery(tmp_path / "set")
    source = Image.open(tmp_path / "set" / "test" / "sea" / "sea-test-0.png")
    ending = "jpg" if kind == "as a JPEG" else "png"
    for split in ("train", "val"):
        CHANGES[kind](source).save(tmp_path / "set" / split / "wood" / f"x-{split}.{ending}")
    found = collect(list_images(tmp_path / "set"), 48, tmp_path / "cache", source="made")
    assert found.counts["near-duplicate of a later split"] == 2
    test = found.subset(["sea", "wood"], "test")
    for split in ("train", "val"):
        images = found.subset(["sea", "wood"], split)
        assert not any("x-" in name for name in images.names) and leaks(images, test) == []
    # The same pictures put past that door are seen by the check above.
    rows = np.array([k for k, name in enumerate(found.cache.names) if "x-train" in name])
    assert leaks(ImageSet(found.cache, rows, ["sea", "wood"]), test, 0.0)
    tally("test images hidden among training images", refused=2)


def test_a_training_on_a_test_image_has_another_name_and_card(tmp_path, monkeypatch, tally):
    scenery(tmp_path / "set")
    found = collect(list_images(tmp_path / "set"), 48, tmp_path / "cache", source="made")
    train, val, test = (found.subset(["sea", "wood"], s) for s in ("train", "val", "test"))
    mixed = train.take(range(len(train)))
    mixed.names = [*train.names, test.names[0]]
    mixed.labels = torch.cat((train.labels, test.labels[:1]))
    mixed._rows = np.concatenate((train._rows, test._rows[:1]))
    assert leaks(train, test) == [] and (test.names[0], test.names[0]) in leaks(mixed, test)
    runs = [
        training.fit(
            "x", lambda: ColorNet(2, width=0.125, global_size=32),
            Recipe(**COMMON | {"epochs": 1}), images, val, size=32, seed=0, folder=tmp_path,
            data="made", fingerprint=found.fingerprint,
        )
        for images in (train, mixed)
    ]  # fmt: skip
    cards = [read_card(run.weights)["identity"]["data"] for run in runs]
    assert runs[0].folder != runs[1].folder
    assert cards[0] == [found.fingerprint, digest(train.names), digest(val.names), train.classes]
    assert cards[1][1] == digest(mixed.names) != cards[0][1]
    tally("test images hidden among training images", refused=1)


def test_loose_folders_have_one_split_at_every_size(tmp_path, monkeypatch, tally):
    """The sweep decodes to a size of its own: its test images must be those of the course."""
    rng = np.random.default_rng(0)
    for label in ("sea", "wood"):
        (tmp_path / "set" / label).mkdir(parents=True)
        for n in range(40):
            # Pairs about as alike as what counts as one picture: at some size one is, at another
            # it is not.
            base, other = rng.normal(0, 1, (2, 24, 24, 3))
            share = rng.uniform(0.974, 0.976)
            for k, mixed in enumerate((base, share * base + (1 - share**2) ** 0.5 * other)):
                pixels = np.clip(128 + 45 * mixed, 0, 255).astype(np.uint8)
                image = Image.fromarray(pixels).resize((96, 96), Image.Resampling.BICUBIC)
                image.save(tmp_path / "set" / label / f"{n}-{k}.png")
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    (tmp_path / "notebooks" / "profiles" / "mine.yaml").write_text(
        "name: mine\n"
        "data: {source: folders, what: made, root: set, size: 32, stored: 40}\n"
        "networks: {vegenet: {classes: [sea, wood]}}\n"
        "gans: {classes: [sea, wood], size: 64, stored: 72}\n"
    )
    monkeypatch.chdir(tmp_path)
    sweep = Sweep(Course("mine"))
    assert sweep.collection.cache.images.shape[1] == 72
    course, place = sweep.course.collection, {}
    for split in ("train", "val", "test"):
        place |= dict.fromkeys(course.subset(["sea", "wood"], split).names, split)
    for split in ("train", "val", "test"):
        assert {place[name] for name in sweep.images(split).names} == {split}
    for split in ("train", "val"):
        assert leaks(sweep.images(split), sweep.images("test"), 0.0) == []
    tally("splits of one folder at two sizes", survived=3)
