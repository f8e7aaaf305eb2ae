"""CoColor's study: what each stage minimizes and trains, and trainings from pairs to a table."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_pairs import noise, noise_batch

from colorkit.course.networks import Course
from colorkit.course.profile import load_profile
from colorkit.course.scales import CoColor as Scale
from colorkit.course.scales import Nir
from colorkit.data.batches import NirBatch
from colorkit.imaging.color import decolorize, lab_to_rgb
from colorkit.models.cocolor import CoColor, translate
from colorkit.models.weights import load_weights, read_card
from colorkit.studies.cocolor.study import (
    ABLATIONS,
    JUDGED,
    PATHS,
    STEPS,
    CoColorStudy,
    path_painter,
)
from colorkit.studies.cocolor.training import (
    STAGES,
    CoColorColorizer,
    CoColorRecipe,
    stage_loss,
    translation_loss,
)
from colorkit.studies.nir.training import nir_loss
from colorkit.studies.nir.ways import SHARP
from colorkit.system.errors import ColorkitError
from colorkit.training.plan import planning

PARTS = ("to_gray", "to_nir", "from_nir", "from_gray", "gate")


@pytest.fixture
def batch() -> NirBatch:
    return noise_batch(16, [0, 1, 0, 1])


@pytest.fixture
def net() -> CoColor:
    torch.manual_seed(0)
    made = CoColor(4, 1)
    for part in PARTS[:-1]:
        torch.nn.init.normal_(getattr(made, part).last[0].weight, std=0.1)
    torch.nn.init.normal_(made.gate[2].weight)
    return made


def recipe(**changes) -> CoColorRecipe:
    return CoColorRecipe(**SHARP | changes)


# What each stage has to train, and nothing else.
TRAINED = {
    "gray": {"from_gray"},
    "domains": {"to_gray", "to_nir", "from_nir", "from_gray"},
    "pseudo": {"from_nir"},
    "joint": set(PARTS),
}


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_trains_its_parts_alone(stage, net, batch):
    stage_loss(net, batch, recipe(stage=stage)).total.backward()
    found = {name for name in PARTS if next(getattr(net, name).parameters()).grad is not None}
    assert found == TRAINED[stage]


def test_without_translation_near_infrared_is_colored_alone(net, batch):
    loss = stage_loss(net, batch, recipe(translation=False))
    loss.total.backward()
    assert all(w.grad is None for n, w in net.named_parameters() if not n.startswith("from_nir"))
    lab = net.color_nir(batch.nir).lab
    wanted = nir_loss(lab[:, :1], lab[:, 1:], None, batch, recipe())
    torch.testing.assert_close(loss.total, wanted.total)


def test_photographs_train_without_their_near_infrared_half(net, batch):
    other = batch._replace(nir=1 - batch.nir)
    net.eval()
    for stage in ("gray", "pseudo"):
        one, same = (stage_loss(net, b, recipe(stage=stage)).total for b in (batch, other))
        assert one == same


def test_pseudo_infrared_is_the_translation_and_its_truth_the_photograph(net, batch):
    net.eval()
    pretended = translate(net.to_nir, decolorize(lab_to_rgb(batch.lab)))
    lab = net.color_nir(pretended).lab
    wanted = nir_loss(lab[:, :1], lab[:, 1:], None, batch._replace(nir=pretended), recipe())
    torch.testing.assert_close(stage_loss(net, batch, recipe(stage="pseudo")).total, wanted.total)


def test_ways_that_agree_pay_nothing_for_consistency(net, batch):
    net.eval()
    with torch.no_grad():
        losses = [
            stage_loss(net, batch, recipe(consistency=c, features=f)).total
            for c, f in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
        ]
        paths = net.paths(batch.nir)
        gray = decolorize(lab_to_rgb(batch.lab))
        home, away = net.color_gray(gray), net.color_nir(translate(net.to_nir, gray))
    pairs = ((paths.nir, paths.gray), (home, away))
    for found, part in zip(losses[1:], ("lab", "features"), strict=True):
        apart = sum((getattr(a, part) - getattr(b, part)).abs().mean() for a, b in pairs)
        torch.testing.assert_close(found - losses[0], apart, rtol=1e-4, atol=1e-5)


def test_translations_are_judged_by_pixels_edges_and_the_way_back():
    net = CoColor(4, 1).eval()  # fresh: every translation gives its input back
    nir, gray = noise(2, 1, 8, 8), noise(2, 1, 8, 8, seed=2)
    wanted = 2 * (nir - gray).abs().mean()
    for dim in (-1, -2):
        wanted = wanted + 2 * (nir.diff(dim=dim) - gray.diff(dim=dim)).abs().mean()
    found = [translation_loss(net, nir, gray, weight) for weight in (0.0, 5.0)]
    torch.testing.assert_close(torch.stack(found), wanted.repeat(2), atol=1e-5, rtol=1e-5)
    torch.nn.init.constant_(net.to_gray.last[0].bias, 0.3)  # now the way back is another one
    assert translation_loss(net, nir, gray, 5.0) > translation_loss(net, nir, gray, 0.0) + 0.1


def test_a_translator_that_is_made_use_of_keeps_its_statistics(net, batch):
    module = CoColorColorizer(net, recipe(stage="pseudo"), 16, 0)
    module._record = lambda *parts: None
    before = {n: t.clone() for n, t in net.named_buffers()}
    module.train()
    module.training_step(batch, 0)
    changed = {n.split(".")[0] for n, t in net.named_buffers() if not torch.equal(t, before[n])}
    assert changed == {"from_nir"}


def test_ablations_leave_out_one_thing_each():
    settings = {name: STEPS[name].recipe | {"start": STEPS[name].start} for name in JUDGED}
    differ = {
        part: {k for k in settings[a] | settings[b] if settings[a].get(k) != settings[b].get(k)}
        for part, (a, b) in ABLATIONS.items()
    }
    assert differ == {
        "translation": {"translation"},
        "consistency": {"consistency", "features"},
        "pseudo": {"start"},
    }
    with pytest.raises(ValueError, match="path must be one of nir, gray, mean, mixed; got 'best'"):
        path_painter(CoColor(4, 1), "best")


@pytest.fixture
def course(tmp_path):
    profile = load_profile("smoke")
    nir = Nir("pairs", classes=["field", "water"], pairs=6, of=3, folds=2, size=32, stored=36)
    nir = replace(nir, batch_size=4, images=1)
    scale = Scale(4, 1, 0, {"gray": 1, "domains": 1, "pseudo": 1, "joint": 1})
    course = Course("smoke")
    course.profile, course.root = replace(profile, nir=nir, cocolor=scale), tmp_path
    return course


def test_a_study_trains_stage_after_stage_and_measures_every_path(course):
    study = CoColorStudy(course)
    runs = {name: study.train(name) for name in ("domains", "pseudo", "joint")}
    assert len(runs["joint"].history) == 1 and read_card(runs["joint"].weights)["gray"] == "nir"
    assert len(list((course.root / "runs" / "smoke").glob("cocolor-*"))) == 4  # gray as well
    weights = {name: load_weights(run.weights)[0].state_dict() for name, run in runs.items()}
    for name, tensor in weights["pseudo"].items():
        if not name.startswith("from_nir"):
            assert torch.equal(tensor, weights["domains"][name]), name
    models = study.models("joint")
    tables = {p: study.measure([path_painter(m, p) for m in models]) for p in PATHS}
    assert all(np.isfinite(table["psnr"]).all() for table in tables.values())
    mixed = study.measure(models)
    np.testing.assert_allclose(tables["mixed"]["psnr"], mixed["psnr"], rtol=1e-4)


def test_the_plan_has_each_training_once(course):
    study = CoColorStudy(course)
    with planning() as plan:
        for training in study.trainings():
            study.fit(training)
    assert len(plan.trainings) == 1 + 2 * (len(STEPS) - 1)
    assert study.training("joint").recipe.batch_size == study.nir.batch_size
    course.profile = replace(course.profile, cocolor=replace(study.scale, batch_size=3))
    assert CoColorStudy(course).training("joint").recipe.batch_size == 3


def test_a_profile_without_the_section_is_told_so(course):
    course.profile = replace(course.profile, cocolor=None)
    said = "smoke names no networks of two domains; add a section cocolor to it"
    with pytest.raises(ColorkitError, match=said):
        CoColorStudy(course)
