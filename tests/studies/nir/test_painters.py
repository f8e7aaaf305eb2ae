"""Near infrared to color: painters, measures, and a study from pairs to a table."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from made_pairs import noise, noise_batch

from colorkit.course.networks import Course
from colorkit.course.profile import load_profile
from colorkit.course.scales import Nir
from colorkit.data.batches import NirBatch, prepare_nir, steps_of_epoch
from colorkit.data.pairs.folds import collect_pairs
from colorkit.imaging.color import join, lab_to_rgb, rgb_to_lab, scale_ab
from colorkit.imaging.metrics.quality import delta_e, psnr
from colorkit.imaging.metrics.tables import listed
from colorkit.models import pretrained
from colorkit.models.colornet import ColorNet
from colorkit.models.nirnet import NirEfficientUNet, NirNet
from colorkit.models.unet import UNet
from colorkit.models.weights import read_card, save_weights
from colorkit.studies.nir.painters import (
    LIMITS,
    as_luminance,
    chroma_painter,
    evaluate_pairs,
    found_edges,
    gradient_energy,
    linear_light,
    one_color,
    paint,
    painter,
    predict,
    viewer,
)
from colorkit.studies.nir.study import NirStudy, every
from colorkit.studies.nir.training import NirRecipe, nir_loss
from colorkit.studies.nir.ways import KEPT, NETWORKS, PUBLISHED, WAYS, map_of_ways
from colorkit.system.errors import ColorkitError

TINY = {"width": 0.125, "global_size": 32}


@pytest.fixture
def batch() -> NirBatch:
    return noise_batch(32, [0, 1, 2, 1])


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return collect_pairs({"field": 4, "water": 4}, 36, tmp_path_factory.mktemp("cache"))


# --- painters -------------------------------------------------------------------------------------


def test_networks_without_luminance_keep_near_infrared():
    nir = noise(2, 1, 33, 47)
    for net in (ColorNet(None, **TINY), NirNet(None, "none", **TINY)):
        with torch.inference_mode():
            net.color[-2].weight.zero_(), net.color[-2].bias.zero_()  # chroma 0.5: gray
        rgb = paint(net.eval(), nir)
        torch.testing.assert_close(rgb, nir.expand(-1, 3, -1, -1), atol=2e-3, rtol=0)


def test_a_unet_that_says_nothing_paints_near_infrared_in_gray():
    net = UNet(1, 3, width=4, depth=2).eval()
    torch.nn.init.zeros_(net.last[0].weight)
    nir = noise(2, 1, 21, 30)
    torch.testing.assert_close(paint(net, nir), nir.expand(-1, 3, -1, -1), atol=2e-3, rtol=0)


@pytest.mark.parametrize("size", [(64, 40), (31, 17)])
def test_painting_any_size_gives_that_size(size):
    for net in (NirNet(3, "head", **TINY), NirNet(3, "branch", full=True, **TINY), UNet(1, 3, 4)):
        rgb = paint(net.eval(), noise(1, 1, *size))
        assert rgb.shape == (1, 3, *size) and rgb.min() >= 0 and rgb.max() <= 1


def test_chroma_alone_is_shown_on_the_true_luminance(batch):
    torch.manual_seed(0)  # a network whose colors sRGB has at this luminance
    net = NirNet(3, "branch", **TINY).eval()
    found = rgb_to_lab(chroma_painter(net)(batch))
    with torch.inference_mode():
        net.light[-2].bias.add_(3)  # another luminance
    torch.testing.assert_close(rgb_to_lab(chroma_painter(net)(batch)), found)
    assert not torch.allclose(paint(net, batch.nir), chroma_painter(net)(batch), atol=0.05)
    flat = batch._replace(lab=batch.lab * 0 + torch.tensor([60.0, 0, 0]).view(3, 1, 1))
    ab = rgb_to_lab(chroma_painter(net)(flat))  # in gamut at this luminance
    assert (ab[:, 0] - 60).abs().max() < 0.1 and ab[:, 1:].abs().max() > 0.1


def test_one_color_has_that_chroma_on_either_luminance(batch):
    middle = batch._replace(nir=0.4 + 0.2 * batch.nir, lab=batch.lab.clamp(40, 60))
    for true_light, L in ((True, middle.lab[:, :1]), (False, as_luminance(middle.nir))):
        lab = rgb_to_lab(one_color(torch.tensor([5.0, -8.0]), true_light)(middle))
        torch.testing.assert_close(lab[:, :1], L, atol=0.1, rtol=0)
        wanted = torch.tensor([5.0, -8.0]).view(1, 2, 1, 1).expand_as(lab[:, 1:])
        torch.testing.assert_close(lab[:, 1:], wanted, atol=0.1, rtol=0)


def test_linear_light_is_least_squares(batch):
    found = linear_light(batch)
    x, y = as_luminance(batch.nir).flatten(1).numpy(), batch.lab[:, 0].flatten(1).numpy()
    for k in range(4):
        gain, offset = np.polyfit(x[k], y[k], 1)
        np.testing.assert_allclose(found[k].flatten(), gain * x[k] + offset, atol=1e-2)
    flat = batch._replace(nir=torch.full_like(batch.nir, 0.5))
    mean = batch.lab[:, :1].mean(dim=(2, 3), keepdim=True).expand_as(batch.nir)
    torch.testing.assert_close(linear_light(flat), mean, atol=1e-3, rtol=0)


def test_limits_are_what_they_are_called(batch):
    itself, chroma, linear, light = (paint(batch) for paint in LIMITS.values())
    assert torch.equal(itself[:, 0], batch.nir[:, 0]) and torch.equal(itself[:, 2], itself[:, 0])
    for gray in (linear, light):
        assert rgb_to_lab(gray)[:, 1:].abs().max() < 0.1
    torch.testing.assert_close(rgb_to_lab(light)[:, 0], batch.lab[:, 0], atol=0.01, rtol=0)
    same = batch._replace(nir=light[:, :1])  # near infrared that *is* the luminance
    truth = lab_to_rgb(batch.lab)
    perfect = LIMITS["near infrared as luminance, true chroma"](same)
    torch.testing.assert_close(perfect, truth, atol=1e-3, rtol=0)
    assert not torch.allclose(chroma, truth, atol=0.1)


# --- measures -------------------------------------------------------------------------------------


def test_gradient_energy_equals_numpy_and_falls_with_blur():
    L = 100 * noise(2, 1, 16, 20)
    plane = L[:, 0].double().numpy()
    wanted = sum((np.diff(plane, axis=k) ** 2).mean(axis=(1, 2)) for k in (1, 2))
    np.testing.assert_allclose(gradient_energy(L), wanted, rtol=1e-5)
    assert (gradient_energy(F.avg_pool2d(L, 3, 1, 1)) < 0.3 * gradient_energy(L)).all()


def test_noise_has_energy_but_not_the_true_edges():
    true = 100 * F.avg_pool2d(noise(2, 1, 64, 64), 3, 1, 1)
    other = 100 * noise(2, 1, 64, 64, seed=9)
    torch.testing.assert_close(found_edges(true, true), torch.ones(2))
    torch.testing.assert_close(found_edges(0.3 * true + 7, true), torch.full((2,), 0.3))
    assert found_edges(other, true).abs().max() < 0.3
    assert (gradient_energy(other) > gradient_energy(true)).all()


def test_measures_are_one_row_a_pair_and_those_of_the_metrics(pairs):
    table = evaluate_pairs(LIMITS["near infrared itself, gray"], pairs.pairs, 32)
    assert table["name"].tolist() == pairs.pairs.names
    assert set(table["label"]) == {"field", "water"}
    assert set(listed("infrared")) - {"lpips"} <= set(table.columns)
    batch = prepare_nir(*pairs.pairs.__getitems__(range(8)), 32)
    wanted = psnr(batch.nir.expand(-1, 3, -1, -1), lab_to_rgb(batch.lab))
    np.testing.assert_allclose(table["psnr"], wanted, rtol=1e-4)
    perfect = evaluate_pairs(lambda b: lab_to_rgb(b.lab), pairs.pairs, 32)
    assert np.allclose(perfect["sharpness"], 1, atol=1e-3)
    assert np.allclose(perfect["edges"], 1, atol=1e-3)
    assert np.allclose(perfect["colorfulness"], perfect["colorfulness_true"])


def test_published_numbers_are_those_of_the_facts():
    assert PUBLISHED.loc["ColorMamba"].tolist() == [24.56, 0.71, 2.81, 0.212]
    assert PUBLISHED["PSNR (dB)"].is_monotonic_increasing


# --- studies --------------------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path, monkeypatch):
    """The smoke profile at its smallest, with VégéNet's weights made up."""
    profile = load_profile("smoke")
    nir = Nir("pairs", classes=["field", "water"], pairs=6, of=3, folds=2, size=32, stored=36)
    nir = replace(nir, epochs=2, long=3, batch_size=4, width=4, augment=True)
    profile = replace(profile, nir=nir, model=replace(profile.model, width=0.125, global_size=32))
    weights = save_weights(tmp_path / "vegenet-s0-0" / "weights.safetensors", ColorNet(10, **TINY))
    course = Course("smoke")
    course.profile, course.root = profile, tmp_path
    course.train = lambda name: SimpleNamespace(weights=weights)
    return course


def test_a_study_trains_every_way_and_measures_each_test_pair_once(course):
    study = NirStudy(course)
    some = ("chroma", "head", "branch-long", "unet")
    for name in some:
        run = study.train(name)
        assert len(run.history) == (3 if name == "branch-long" else 2)
        assert {"val_L", "val_a", "val_b", "val_structure"} <= set(run.history)
        assert (run.history["val_L"] > 0).all() == (name != "chroma")
        assert read_card(run.weights)["gray"] == "nir"
    assert len({study.train(name).folder for name in some}) == len(some)
    table = study.measure(study.models("head"))
    tested = [name for k in range(2) for name in study.fold(k).test.names]
    assert table["name"].tolist() == tested and len(set(tested)) == len(tested)
    assert table["fold"].tolist() == [k for k in range(2) for _ in study.fold(k).test.names]
    for k, color in enumerate(study.mean_colors()):
        pairs = study.fold(k).train
        lab = prepare_nir(*pairs.__getitems__(range(len(pairs))), 32).lab
        torch.testing.assert_close(color, lab[:, 1:].mean(dim=(0, 2, 3)), atol=1e-3, rtol=1e-3)
    colors = [torch.zeros(2)] * 2, study.mean_colors()
    for light in (True, False):
        for found, each in zip(study.trivial(light), colors, strict=True):
            wanted = study.paint([one_color(ab, light) for ab in each])
            np.testing.assert_allclose(found, delta_e(wanted, lab_to_rgb(study.truth().lab)), 1e-4)
    shown = study.paint([chroma_painter(m) for m in study.models("head")])
    joined = join(study.truth().lab[:, :1], study.chroma("head"))
    torch.testing.assert_close(joined, shown, atol=1e-3, rtol=0)
    first = study.fold(0).train.__getitems__(range(4))
    torch.testing.assert_close(study.first_batch("head").lab, prepare_nir(*first, 32).lab)
    painted, truth = study.paint(study.models("head")), study.truth()
    assert painted.shape == truth.lab.shape == (len(tested), 3, 32, 32)
    np.testing.assert_allclose(table["psnr"], psnr(painted, lab_to_rgb(truth.lab)), rtol=1e-4)


def test_trainings_differ_by_what_determines_them(course):
    study = NirStudy(course)
    folders = {study.train("chroma").folder, study.train("chroma", 1).folder}
    course.profile = replace(course.profile, nir=replace(study.nir, augment=False))
    folders.add(NirStudy(course).train("chroma").folder)
    assert len(folders) == 3


def test_true_chroma_is_best_where_near_infrared_stands_in_for_luminance(pairs):
    """False colors that brighten a dark sky would have the smaller error of the whole picture."""
    batch = prepare_nir(*pairs.pairs.__getitems__(range(4)), 32)
    recipe = NirRecipe(fidelity=0.05)
    true = scale_ab(batch.lab[:, 1:])
    best = nir_loss(None, true, None, batch, recipe).color
    for shift in (-0.1, 0.1):
        assert nir_loss(None, true + shift, None, batch, recipe).color > best + 0.1


def test_the_box_s_network_starts_from_the_box_and_goes_on_with_the_course_s_images(course):
    study, starts = NirStudy(course), []
    course = study.course  # at the size of the pairs
    course.fit = lambda name, *a, start, **o: (
        starts.append((name, start)) or SimpleNamespace(weights=f"of {name}")
    )
    collection = SimpleNamespace(subset=lambda *a: study.fold(0).train, fingerprint="")
    course.collection, course.profile = collection, replace(course.profile)
    study.train("efficient")
    assert starts == [
        ("nir-photographs", pretrained.find("faithful")),
        ("nir-efficient-f0", "of nir-photographs"),
    ]


def test_a_network_learns_pairs_by_heart(pairs):
    batch = prepare_nir(*pairs.pairs.__getitems__(range(4)), 32)
    torch.manual_seed(0)
    net = UNet(1, 3, width=8, depth=2).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    losses = []
    for _ in range(40):
        ab, L, _ = predict(net, batch.nir)
        loss = nir_loss(L, ab, None, batch, NirRecipe(structure="gradient")).total
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_photographs_are_found_below_the_data_folder_and_missed_in_one_sentence(course, tmp_path):
    profile = course.profile
    nir, data = replace(profile.nir, root="rgbnir"), replace(profile.data, root=str(tmp_path))
    course.profile = replace(profile, nir=nir, data=data)
    with pytest.raises(ColorkitError, match="rgbnir is not a folder; put"):
        NirStudy(course)
    (tmp_path / "rgbnir" / "field").mkdir(parents=True)
    assert NirStudy(course).root == tmp_path / "rgbnir"
    course.profile = replace(profile, nir=None)
    with pytest.raises(ColorkitError, match="smoke names no pairs"):
        NirStudy(course)


def test_pairs_on_disk_give_halves_at_full_size(course, tmp_path):
    from PIL import Image

    for i in range(12):
        label = ("field", "water")[i % 2]
        folder = tmp_path / "rgbnir" / label
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(i).integers(0, 256, (50, 60, 4), dtype=np.uint8)
        Image.fromarray(pixels[..., :3]).save(folder / f"{i:04d}_rgb.png")
        Image.fromarray(pixels[..., 3]).save(folder / f"{i:04d}_nir.png")
    profile = course.profile
    nir, data = replace(profile.nir, root="rgbnir"), replace(profile.data, root=str(tmp_path))
    course.profile = replace(profile, nir=nir, data=data)
    study = NirStudy(course)
    test = study.fold(0).test
    halves = list(study.halves(test))
    assert sorted(name for name, _, _ in halves) == sorted(test.names)
    assert halves[0][1].shape == (50, 60, 3) and halves[0][2].shape == (50, 60)


def test_procedural_halves_are_the_stored_ones(course):
    study = NirStudy(course)
    test = study.fold(0).test
    name, rgb, nir = next(study.halves(test))
    assert name == test.names[0] and rgb.shape == (36, 36, 3)
    assert np.array_equal(nir, test.halves(0)[1])


def test_a_chapter_that_stops_keeps_its_numbers_and_later_cells_do_nothing(monkeypatch, tmp_path):
    import IPython
    from IPython.core.interactiveshell import InteractiveShell

    from colorkit.course import chapter as chapters

    shell = InteractiveShell()
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    monkeypatch.setattr(chapters, "run_folder", lambda root, profile: tmp_path)
    chapter = chapters.Chapter("10_nir", "smoke")
    shell.run_cell("x = 1")
    chapter.stop("no pairs here.")
    assert shell.run_cell("x = undefined").success
    assert shell.user_ns["x"] == 1
    assert (tmp_path / "numbers" / "10_nir.json").exists()


def test_the_smoke_profile_names_pairs_and_photos_names_a_folder(tmp_path):
    assert NirStudy(Course("smoke")).root is None
    assert load_profile("photos", str(tmp_path)).nir.root == "rgbnir"


def test_a_painter_is_a_network_fed_near_infrared(batch):
    net = NirNet(3, "branch", **TINY).eval()
    assert torch.equal(painter(net)(batch), paint(net, batch.nir))


def test_a_viewer_shows_both_mirror_images_and_begins_as_near_infrared(batch):
    net = NirEfficientUNet().eval()
    itself = LIMITS["near infrared itself, gray"](batch)
    torch.testing.assert_close(viewer(net, [32, 64])(batch), itself, atol=0.01, rtol=0)
    for layer in (net.last, net.light):
        torch.nn.init.normal_(layer.weight, std=0.05, generator=torch.Generator().manual_seed(0))
    seen, mirrored = (viewer(net, [32])(b) for b in (batch, batch._replace(nir=batch.nir.flip(3))))
    torch.testing.assert_close(mirrored, seen.flip(3), atol=1e-4, rtol=0)
    assert (seen - painter(net)(batch)).abs().mean() > 0.003  # which looks once


def test_a_whole_training_sees_all_pairs_but_the_tested_and_the_one_for_use_all(monkeypatch):
    study = NirStudy(Course("smoke"))
    seen = []
    monkeypatch.setattr(study, "fit", lambda training: seen.append(set(training.train.names)))
    study.train("resnet", 1)
    study.train("efficient-whole", 1)
    study.final("efficient-whole")
    part, whole, final = seen
    everything, tested = set(study.pairs.pairs.names), set(study.fold(1).test.names)
    assert whole == everything - tested and final == everything
    assert part == whole - set(study.fold(1).val.names) < whole


# --- the table of trainings -----------------------------------------------------------------------


def test_the_table_lists_what_is_trained_and_in_an_order_in_which_it_can_be(course):
    study, asked = NirStudy(course), []
    listed_ = list(study.trainings())
    study.course.fit = lambda name, *a, start, **o: (
        asked.append(name) or SimpleNamespace(weights=name)
    )
    for training in listed_:
        study.fit(training)
        assert asked[-1] == training.name
    assert set(asked) == {training.name for training in listed_}
    assert [t.name for t in listed_[:3]] == ["nir-scenes", "nir-images", "nir-photographs"]
    ways = [t.way for t in listed_[3:]]
    assert ways == [name for name in WAYS for _ in range(2)] and "vegenet" not in ways
    kept = [training.way for training in study.trainings(KEPT)]
    assert kept == [name for name in KEPT for _ in range(2)]
    for training in listed_:
        assert training.make() is not None and training.seed == course.seed
        assert not set(training.val.names) & set(training.train.names) or "whole" in training.way


def test_fewer_pairs_of_every_class_in_as_many_steps():
    course = Course("smoke")
    course.profile = replace(course.profile, nir=replace(course.profile.nir, pairs=60, epochs=4))
    study = NirStudy(course)
    whole, half, quarter = (study.training(f"branch{n}") for n in ("", "-half", "-quarter"))
    assert set(quarter.train.names) < set(half.train.names) < set(whole.train.names)
    for part, n in ((half, 2), (quarter, 4)):
        counts = [torch.bincount(t.train.labels) for t in (part, whole)]
        assert torch.equal(counts[0], -(-counts[1] // n))
        steps = [steps_of_epoch(len(t.train), t.recipe.batch_size) for t in (part, whole)]
        taken = [t.recipe.epochs * n for t, n in zip((part, whole), steps, strict=True)]
        assert taken[0] == pytest.approx(taken[1], rel=0.05)
    assert every(whole.train, 1).names == whole.train.names


def test_the_map_has_a_line_for_every_way_and_says_what_its_network_gives():
    epochs = {name: k for k, name in enumerate(WAYS)}
    found = map_of_ways(epochs)
    assert found.index.tolist() == [way.title for way in WAYS.values()]
    assert len(set(found.index)) == len(WAYS) and found["epochs"].tolist() == list(epochs.values())
    profile = load_profile("smoke")
    for name, network in NETWORKS.items():
        L = predict(network.make(3, profile).eval(), noise(1, 1, 64, 64)).L
        assert (L is not None) == ("L*" in network.gives), name
