"""The course: a profile's images and networks, as the chapters ask for them."""

import numpy as np
import pytest
import yaml

from colorkit.course import networks as room
from colorkit.course.networks import Course, scene_entries, scene_of
from colorkit.imaging.images import write_image
from colorkit.models.weights import read_card
from colorkit.system.errors import ColorkitError

SCENES = {"source": "scenes", "what": "procedural scenes", "size": 32, "stored": 36}
COUNTS = {"train": 4, "val": 2, "test": 2}


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    def write(data, networks, **more):
        profile = {
            "name": "tiny",
            "data": data,
            "networks": networks,
            "model": {"width": 0.125, "global_size": 32},
            "recipe": {"epochs": 1, "batch_size": 4},
            "seeds": 2,
            **more,
        }
        path = tmp_path / "tiny.yaml"
        path.write_text(yaml.safe_dump(profile))
        return str(path)

    return write


def test_networks_are_trained_once_in_the_order_they_need(project):
    networks = {
        "first": {"classes": ["lawn", "house"]},
        "second": {"classes": ["sky", "house", "pond"], "start": "first"},
    }
    path = project(SCENES | COUNTS, networks)
    course = Course(path)
    second = course.train("second")
    assert second.model().settings()["num_classes"] == 3
    trained = {p.name.rsplit("-", 1)[0] for p in (course.root / "runs" / "tiny").glob("[!.]*")}
    assert trained == {"first-s0", "second-s0"}
    again = Course(path).train("second")
    assert again.folder == second.folder
    seeds = [run.seed for run in course.repeats("first")]
    assert seeds == [0, 1]


def test_scenes_can_be_rendered_again_with_their_masks(project):
    course = Course(project(SCENES | COUNTS, {"n": {"classes": ["clothing_store", "bar"]}}))
    images = course.images("n", "test")
    pixels, _ = images[0]
    scene = scene_of(images.names[0], 36)
    assert np.array_equal(pixels.numpy(), scene.rgb)
    assert scene.ambiguous.any()


def test_unreadable_photographs_are_left_out_and_named_and_the_rest_is_used(
    project, tmp_path, capsys, monkeypatch
):
    rng = np.random.default_rng(0)
    for label in ("garden", "street"):
        for k in range(20):
            blocks = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
            (tmp_path / "photos" / label).mkdir(parents=True, exist_ok=True)
            write_image(tmp_path / "photos" / label / f"{k}.jpg", blocks)
    whole = (tmp_path / "photos" / "garden" / "3.jpg").read_bytes()
    (tmp_path / "photos" / "garden" / "3.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "photos" / "street" / "7.jpg").write_text("no image")
    data = {**SCENES, "source": "folders", "what": "blocks", "root": "photos"}
    path = project(data, {"n": {"classes": ["garden", "street"]}})
    for named, more in ((1, True), (2, False)):
        monkeypatch.setattr(room, "_NAMED", named)
        course = Course(path)
        assert course.collection.counts["unreadable"] == 2
        told = capsys.readouterr().out
        assert told.count("left out: ") == 2
        assert ("left out: 1 more unreadable files" in told) == more
    assert "garden/3.jpg" in told
    assert "street/7.jpg" in told
    used = [n for split in COUNTS for n in course.images("n", split).names]
    assert len(used) == len(set(used)) == 38
    assert not {"garden/3.jpg", "street/7.jpg"} & set(used)


def test_a_scene_that_does_not_exist_is_refused_with_close_names(project):
    course = Course(project(SCENES | COUNTS, {"n": {"classes": ["casle", "bar"]}}))
    with pytest.raises(ColorkitError, match="'casle'; close names are castle"):
        _ = course.collection


def test_a_study_has_its_own_scale_classes_and_settings(project):
    networks = {"n": {"classes": ["lawn", "house"]}, "m": {"classes": ["sky", "bar", "lawn"]}}
    course = Course(project(SCENES | COUNTS, networks, ablations={"width": 0.25, "seeds": 1}))
    options = {"scale": course.profile.ablations, "classes": ["sky", "bar", "lawn"], "limit": 3}
    (run,) = course.repeats("n", variant="dropped", model={"dropout": 0.5}, beta=2.0, **options)
    settings, card = run.model().settings(), read_card(run.weights)
    assert [settings[name] for name in ("num_classes", "width", "dropout")] == [3, 0.25, 0.5]
    assert card["classes"] == ["sky", "bar", "lawn"]
    assert card["identity"]["recipe"] == {"epochs": 1, "batch_size": 4, "beta": 2.0}
    plain = course.train("n", variant="dropped", model={"dropout": 0.5}, **options)
    assert plain.folder != run.folder


def test_a_course_at_another_scale_is_that_of_a_profile_of_this_scale(project):
    networks = {"n": {"classes": ["lawn", "house"]}}
    course = Course(project(SCENES | COUNTS, networks))
    small = course.at(64, 72, 0.25)
    assert course.at() is course and course.at(32, 36, 0.125) is course
    assert small.images("n", "val")[0][0].shape == (72, 72, 3) and small.root == course.root
    assert course.images("n", "val")[0][0].shape == (36, 36, 3)  # and stays as it is
    run = small.train("n")
    model = {"width": 0.25, "global_size": 64}
    assert model.items() <= run.model().settings().items()
    own = Course(project(SCENES | COUNTS | {"size": 64, "stored": 72}, networks, model=model))
    assert own.train("n").folder == run.folder != course.train("n").folder
    narrow = course.at(width=0.25)
    assert narrow.collection is course.collection  # decoded once
    assert narrow.profile.model.global_size == 32
    for side, known in ((80, 64), (112, 128), (8, 32)):
        assert course.at(side).profile.model.global_size == known


def test_a_study_at_a_size_of_its_own_decodes_its_images_once(project, monkeypatch):
    small = {"size": 16, "stored": 18, "epochs": 1, "seeds": 2}
    networks = {"n": {"classes": ["lawn", "house"]}}
    course, decoded = Course(project(SCENES | COUNTS, networks, colorfulness=small)), []
    collect = course.collect
    monkeypatch.setattr(
        Course,
        "collect",
        lambda self, profile: decoded.append(profile.data.stored) or collect(profile),
    )
    scale = course.profile.colorfulness
    runs = course.repeats("n", scale=scale)
    assert decoded == [18] and len(runs) == 2
    assert course.at(16, 18).train("n", 1, scale=scale).folder == runs[1].folder
    assert len(course.images("n", "val")) == 4 and decoded == [18, 36]


def test_a_setting_at_its_default_renames_no_training(project):
    course = Course(project(SCENES | COUNTS, {"n": {"classes": ["lawn", "house"]}}))
    assert course.train("n").folder == course.train("n", beta=0.0, gray="weighted").folder


def test_scenes_of_each_split_have_numbers_of_their_own():
    found = scene_entries(["sky", "bar"], {"train": 2, "val": 1, "test": 1})
    numbers = ["0000000", "0000001", "1000000", "2000000"]
    assert [e.name for e in found] == [f"{label}/{n}" for label in ("sky", "bar") for n in numbers]
    assert [e.split for e in found[:4]] == ["train", "train", "val", "test"]


def test_long_work_says_ten_times_how_far_it_is(capsys):
    progress, now = room._Progress("decoding"), [100.0]
    progress.clock, progress.started = (lambda: now[0]), 100.0
    for later, wanted in ((3.0, 0), (3.1, 9)):
        now[0] = 100 + later
        for done in range(1, 96):
            progress(done, 100)
        told = capsys.readouterr().out.splitlines()
        assert told == [f"decoding images: {tenth}0 of 100" for tenth in range(1, wanted + 1)]


@pytest.mark.parametrize(
    ("devices", "nodes", "cores", "workers"), [(1, 1, 4, 4), (2, 1, 4, 2), (2, 2, 8, 2)]
)
def test_shards_are_decoded_by_the_cores_beside_a_gpu(
    project, tmp_path, monkeypatch, devices, nodes, cores, workers
):
    from colorkit.data.shards.tar_files import Shards

    shards = Shards.__new__(Shards)
    shards.size, shards.paths = 32, [tmp_path] * 8
    monkeypatch.setattr("colorkit.data.shards.tar_files.Shards", lambda *_: shards)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    (tmp_path / "s").mkdir()
    data = {**SCENES, "source": "shards", "what": "blocks", "root": str(tmp_path / "s")}
    course = Course(project(data, {"n": {"classes": ["a", "b"]}}), devices=devices, num_nodes=nodes)
    assert course._training_images(["a", "b"], 0).workers == workers
    shards.size = 31
    with pytest.raises(ColorkitError, match="has squares of 31 pixels, and data"):
        course._training_images(["a", "b"], 0)
