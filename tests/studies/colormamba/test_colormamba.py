"""ColorMamba's study: its loss, hues near red, how others score, the table of all ways."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from made_pairs import noise, noise_batch

from colorkit.course.networks import Course
from colorkit.course.profile import load_profile
from colorkit.course.scales import ColorMamba as Scale
from colorkit.course.scales import Nir
from colorkit.data.batches import NirBatch
from colorkit.imaging.color import lab_to_rgb, rgb_to_lab
from colorkit.imaging.hue import hue_disk, rgb_to_hsv
from colorkit.imaging.metrics.intervals import bootstrap_interval
from colorkit.models.colormamba import ColorMamba
from colorkit.models.prediction import predict
from colorkit.studies.colormamba import study as studies
from colorkit.studies.colormamba.protocol import half_interval, lead, stretch, stretched
from colorkit.studies.colormamba.study import CONTROLS, VARIANTS, ColorMambaStudy, all_ways
from colorkit.studies.colormamba.training import ColorMambaRecipe, colormamba_loss, red_error
from colorkit.studies.nir.painters import LIMITS, painter
from colorkit.studies.nir.training import nir_loss
from colorkit.studies.nir.ways import SHARP
from colorkit.system.errors import ColorkitError
from colorkit.training.plan import planning


@pytest.fixture
def batch() -> NirBatch:
    return noise_batch(16, [0, 1, 0, 1])


@pytest.mark.parametrize("hue", ["disk", "angle"])
def test_the_loss_is_chapter_tens_and_the_coarse_pictures(hue, batch):
    torch.manual_seed(0)
    net = ColorMamba(4, 2, 2, hue=hue)
    ab, L, _ = predict(net, batch.nir)
    recipe = ColorMambaRecipe(**SHARP, coarse=3.0)
    wanted = nir_loss(L, ab, None, batch, recipe)
    true = rgb_to_hsv(lab_to_rgb(batch.lab))
    true = hue_disk(true) if hue == "disk" else true
    error = (net.colors(batch.nir)[1] - true).square().mean()
    found = colormamba_loss(net, batch, recipe)
    torch.testing.assert_close(found.total, wanted.total + 3 * error)
    torch.testing.assert_close(found.color, wanted.color)
    without = ColorMamba(4, 2, 2, hsv=False)
    ab, L, _ = predict(without, batch.nir)
    loss = colormamba_loss(without, batch, recipe).total
    torch.testing.assert_close(loss, nir_loss(L, ab, None, batch, recipe).total)


def test_reds_are_compared_across_the_seam():
    """A red of 350° painted as 10° is 20° off; other colors and grays do not count."""
    side = torch.zeros(1, 3, 8, 8)
    side[:, 0] = 0.9
    truth, painted = side.clone(), side.clone()
    truth[:, 2], painted[:, 1] = 0.15, 0.15  # 350° and 10°
    wanted = 360 * (rgb_to_hsv(painted)[0, 0, 0, 0] + 1 - rgb_to_hsv(truth)[0, 0, 0, 0])
    truth[..., 4:], painted[..., 4:] = 0.5, side[..., 4:]
    assert red_error(painted, truth).item() == pytest.approx(wanted.item(), rel=1e-4)
    assert 15 < wanted < 25
    truth[..., 1:] = 0.5  # eight pixels are left
    assert red_error(painted, truth).isnan().all()


def test_stretching_fills_the_range_once(batch):
    dim = 0.3 + 0.2 * noise(3, 3, 9, 9)
    dim[1] = 0.4
    found = stretch(dim)
    for k in (0, 2):
        assert found[k].min() == 0 and found[k].max() == 1
        order = dim[k].flatten().argsort()
        assert (found[k].flatten()[order].diff() >= 0).all()
    assert torch.equal(found[1], dim[1])
    torch.testing.assert_close(stretch(found), found)
    both = stretched(NirBatch(dim[:, :1], rgb_to_lab(dim), torch.zeros(3)))
    torch.testing.assert_close(lab_to_rgb(both.lab), found, atol=1e-4, rtol=0)
    assert torch.equal(both.nir, stretch(dim[:, :1]))


def test_what_28_images_say_is_what_resampling_28_says():
    values = np.random.default_rng(0).normal(20, 4, 28)
    low, high = bootstrap_interval(values)
    assert half_interval(values) == pytest.approx((high - low) / 2, rel=0.1)
    many = np.random.default_rng(1).normal(20, 4, (5, 4000))
    np.testing.assert_allclose(half_interval(many), 1.96 * 4 / 28**0.5, rtol=0.05)
    np.testing.assert_allclose(lead(many, axis=-1, published=1.0), half_interval(many) - 1)


def test_each_control_lacks_one_thing():
    assert set(CONTROLS.values()) | {"full"} == set(VARIANTS)
    assert all(len(VARIANTS[name].settings) == 1 for name in CONTROLS.values())
    assert not VARIANTS["full"].settings


@pytest.fixture
def course(tmp_path):
    profile = load_profile("smoke")
    nir = Nir("pairs", classes=["field", "water"], pairs=6, of=3, folds=2, size=16, stored=18)
    course = Course("smoke")
    scale = Scale(width=4, state=1, agents=1, epochs=1, batch_size=6)
    profile = replace(profile, nir=nir, colormamba=scale, cocolor=None)
    course.profile, course.root = profile, tmp_path
    return course


def test_a_study_trains_and_measures_as_it_is_and_stretched(course):
    study = ColorMambaStudy(course)
    run = study.train("full")
    assert len(run.history) == 1 and {"val_color", "val_L"} <= set(run.history)
    models = study.models("full")
    plain, other = study.measure(models), study.measure(models, stretched)
    assert plain["name"].tolist() == other["name"].tolist()
    gray = LIMITS["near infrared itself, gray"]
    batch = stretched(study.truth())
    wanted = (gray(batch) - lab_to_rgb(batch.lab)).square().mean(dim=(1, 2, 3))
    found = study.measure(gray, stretched)["psnr"]
    np.testing.assert_allclose(found, -10 * wanted.log10(), rtol=1e-4)
    assert not np.allclose(found, study.measure(gray)["psnr"])


def test_the_plan_has_each_training_once(course):
    study = ColorMambaStudy(course)
    with planning() as plan:
        for training in study.trainings():
            study.fit(training)
    assert len(plan.trainings) == 2 * len(VARIANTS)


def test_all_ways_stand_in_one_table(course, monkeypatch):
    """Networks that learned nothing stand in for trained ones: which they are is what counts."""

    def models(study, name):
        asked.append((type(study).__name__, name))
        return [ColorMamba(4, 1, 1)] * study.nir.folds

    asked = []
    monkeypatch.setattr(studies.NirStudy, "models", models)
    found = all_ways(course)
    assert len(found) == 1 + len(asked) == 1 + len(studies.WAYS) + len(VARIANTS)
    assert all(len(table) == len(found["ColorMamba"]) for table in found.values())
    net = painter(ColorMamba(4, 1, 1))
    psnr = ColorMambaStudy(course).measure(net)["psnr"]
    np.testing.assert_allclose(found["ColorMamba"]["psnr"], psnr, rtol=1e-4)


def test_a_profile_without_the_section_is_told_so(course):
    course.profile = replace(course.profile, colormamba=None)
    said = "smoke names no networks with a selective scan; add a section colormamba to it"
    with pytest.raises(ColorkitError, match=said):
        ColorMambaStudy(course)


def test_a_lead_is_given_by_name():
    assert partial(lead, published=2.0)(np.array([1.0, 3.0])) == pytest.approx(
        1.96 * 2**0.5 / 28**0.5 - 2
    )
