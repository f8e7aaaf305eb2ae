"""Adversarial training: who is changed by which step, what is minimized, how it is resumed."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from shared_training import StopAfter, with_callback

from colorkit.course.evaluation import Trained
from colorkit.data.batches import Batch
from colorkit.imaging.color import lab_to_rgb
from colorkit.models.colornet import ColorNet
from colorkit.models.unet import UNet
from colorkit.studies.gans.training import (
    GanColorizer,
    GanRecipe,
    UNetColorizer,
    UNetRecipe,
    adversarial_loss,
    frozen,
    planes_of,
    plays,
    reconstruction_loss,
    spread,
)
from colorkit.system.errors import ColorkitError
from colorkit.training import trainer as training

RECIPE = GanRecipe(
    epochs=3, batch_size=4, discriminator_width=4, precision="32-true", learning_rate=1e-3
)
SIZE = 16


def unet() -> UNet:
    return UNet(width=2, depth=2)


def batch(count: int = 4, side: int = SIZE) -> Batch:
    drawn = torch.rand(count, 4, side, side, generator=torch.Generator().manual_seed(2))
    lab = torch.cat((100 * drawn[:, :1], 80 * drawn[:, 1:3] - 40), dim=1)
    return Batch(drawn[:, 3:], lab, torch.zeros(count, dtype=torch.int64))


@pytest.fixture
def module(monkeypatch):
    """Give what makes a module whose steps run without a trainer."""

    def make(recipe=RECIPE, model=None) -> GanColorizer:
        torch.manual_seed(0)
        one = GanColorizer(model or unet(), recipe, SIZE, 0)
        optimizers = one.configure_optimizers()
        monkeypatch.setattr(one, "optimizers", lambda: optimizers)
        monkeypatch.setattr(one, "manual_backward", lambda loss: loss.backward())
        monkeypatch.setattr(one, "_epoch", lambda count: {})
        one.logged = {}
        monkeypatch.setattr(one, "log", lambda name, value, **_: one.logged.update({name: value}))
        return one.train()

    return make


def state(network) -> dict:
    return {name: t.clone() for name, t in network.state_dict().items()}


def changed(network, before: dict) -> set:
    return {name for name, t in network.state_dict().items() if not torch.equal(t, before[name])}


@pytest.mark.parametrize("spectral", [False, True])
@pytest.mark.parametrize("name", ["d0", "d4"])
def test_the_generators_step_changes_nothing_of_the_discriminator(module, spectral, name):
    one = module(replace(RECIPE, spectral=spectral, discriminator=name))
    found, true = one._planes(batch(side=32))
    critic, painter = state(one.discriminator), state(one.model)
    one.generator_step(found, true)
    assert not changed(one.discriminator, critic)
    assert all(p.grad is None for p in one.discriminator.parameters())
    assert all(p.requires_grad for p in one.discriminator.parameters())
    assert one.discriminator.training
    weights = {n for n, _ in one.model.named_parameters()}
    assert changed(one.model, painter) <= weights
    assert len(changed(one.model, painter)) > len(weights) / 2


@pytest.mark.parametrize("spectral", [False, True])
def test_the_discriminators_step_changes_nothing_of_the_generator(module, spectral):
    one = module(replace(RECIPE, spectral=spectral))
    found, true = one._planes(batch())
    critic, painter = state(one.discriminator), state(one.model)
    one.discriminator_step(found, true)
    assert not changed(one.model, painter)
    assert all(p.grad is None for p in one.model.parameters())
    assert found.requires_grad  # its graph is still there for the generator's step
    weights = {n for n, _ in one.discriminator.named_parameters()}
    assert weights <= changed(one.discriminator, critic)


def test_freezing_ends_also_when_something_fails():
    net = unet().train()
    with pytest.raises(RuntimeError), frozen(net):
        assert not net.training
        assert not any(p.requires_grad for p in net.parameters())
        raise RuntimeError
    assert net.training
    assert all(p.requires_grad for p in net.parameters())


@pytest.mark.parametrize("first", ["discriminator", "generator"])
def test_steps_come_in_the_recipes_order_and_share_one_painting(module, monkeypatch, first):
    one = module(replace(RECIPE, first=first))
    done, paintings = [], []
    for name in ("discriminator", "generator"):
        step = getattr(one, f"{name}_step")

        def noting(found, true, name=name, step=step):
            done.append(name)
            paintings.append(found)
            return step(found, true)

        monkeypatch.setattr(one, f"{name}_step", noting)
    calls = []
    one.model.register_forward_hook(lambda *_: calls.append(1))
    one.training_step(batch(), 0)
    assert done == [first, *({"discriminator", "generator"} - {first})]
    assert len(calls) == 1
    assert paintings[0] is paintings[1]


def test_the_second_step_sees_the_first_ones_result(module):
    """With the discriminator first, the generator is judged by the one already taught."""
    judged = {}
    for first in ("discriminator", "generator"):
        one = module(replace(RECIPE, first=first, discriminator_rate=0.1))
        one.training_step(batch(), 0)
        judged[first] = one.logged["train_adversarial"].item()
    assert abs(judged["discriminator"] - judged["generator"]) > 0.1


def test_in_half_precision_too_the_generator_is_judged_by_the_discriminator_as_taught(module):
    """Autocast keeps copies of weights; one from before the discriminator's step would be old."""
    one = module(replace(RECIPE, discriminator_rate=0.1))
    with torch.autocast("cpu", torch.bfloat16):
        found, true = one._planes(batch())
        one.discriminator_step(found, true)
        loss = one.generator_step(found, true)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        wanted = adversarial_loss(one.discriminator(found), 1.0)
    torch.testing.assert_close(loss.adversarial, wanted, rtol=0.01, atol=0)


@pytest.mark.parametrize("kind", ["bce", "lsgan"])
def test_objectives_by_hand(module, kind):
    recipe = replace(RECIPE, adversarial=kind, weights=(3.0, 7.0), smoothing=0.1)
    one = module(recipe)
    found, true = one._planes(batch())
    with torch.no_grad():
        on_true, on_found = one.discriminator(true), one.discriminator(found)

    def by_hand(answers, label):
        if kind == "lsgan":
            return ((answers - label) ** 2).mean()
        chance = answers.sigmoid()
        return -(label * chance.log() + (1 - label) * (1 - chance).log()).mean()

    l1 = (found - true)[:, 1:].abs().mean()
    wanted = (by_hand(on_true, 0.9) + by_hand(on_found, 0.0)) / 2
    torch.testing.assert_close(one.discriminator_step(found, true), wanted)
    with torch.no_grad():
        total = 3 * by_hand(one.discriminator(found), 1.0) + 7 * l1
    loss = one.generator_step(found, true)
    torch.testing.assert_close(loss.total, total)
    torch.testing.assert_close(loss.color, l1)


def test_averaging_halves_the_discriminators_loss(module):
    losses = []
    for average in (True, False):
        one = module(replace(RECIPE, average=average))
        losses.append(one.discriminator_step(*one._planes(batch())).item())
    assert losses[1] == pytest.approx(2 * losses[0], rel=1e-5)


def test_two_learning_rates(module):
    optimizers = module(replace(RECIPE, learning_rate=3e-4, discriminator_rate=5e-4)).optimizers()
    assert [o.param_groups[0]["lr"] for o in optimizers] == [3e-4, 5e-4]
    assert [o.param_groups[0]["betas"][0] for o in optimizers] == [0.5, 0.5]


def test_a_discriminator_that_cannot_tell_has_the_loss_ln_2():
    answers = torch.zeros(2, 1, 3, 3)
    for label in (0.0, 1.0):
        assert adversarial_loss(answers, label).item() == pytest.approx(math.log(2))
        assert adversarial_loss(answers, label, "lsgan").item() == label


def test_gradient_norms_are_those_of_all_gradients(module):
    one = module()
    found, true = one._planes(batch())
    one.generator_step(found, true)
    squares = sum(p.grad.square().sum() for p in one.model.parameters() if p.grad is not None)
    assert one.logged["train_generator_norm"].item() == pytest.approx(squares.sqrt().item())


def test_planes_are_lightness_with_chroma_at_the_networks_size():
    truth = batch(side=8)
    ab = torch.rand(4, 2, 4, 4)
    found, true = planes_of(truth, ab)
    assert found.shape == true.shape == (4, 3, 4, 4)
    small = truth.lab.unflatten(2, (4, 2)).unflatten(4, (4, 2)).mean(dim=(3, 5))
    torch.testing.assert_close(true[:, 0], small[:, 0] / 50 - 1)
    torch.testing.assert_close(true[:, 1:], small[:, 1:] / 110)
    torch.testing.assert_close(found[:, 0], true[:, 0])
    torch.testing.assert_close(found[:, 1:], 2 * ab - 1)


def test_spread_tells_one_color_from_many():
    _, true = planes_of(batch(), torch.rand(4, 2, SIZE, SIZE))
    assert spread(true, true).item() == pytest.approx(1)
    tint = torch.tensor([0.0, 0.3, -0.2]).view(1, 3, 1, 1).expand_as(true)
    assert spread(tint, true).item() == pytest.approx(0, abs=1e-6)
    assert spread(0.5 * true, true).item() == pytest.approx(0.5)
    assert spread(true, tint).isfinite()
    expected = np.sqrt(np.var(true[:, 1:].numpy(), axis=(0, 2, 3)).sum())
    assert (spread(2 * true, true) * expected).item() == pytest.approx(2 * expected, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "reference"), [("l1", F.l1_loss), ("mse", F.mse_loss), ("huber", F.huber_loss)]
)
def test_reconstructions(name, reference):
    one = UNetColorizer(unet(), UNetRecipe(reconstruction=name), SIZE, 0)
    found, true = one._planes(batch())
    loss, scores = one._loss(batch())
    assert scores is None
    torch.testing.assert_close(loss.total, reference(found[:, 1:], true[:, 1:]))
    torch.testing.assert_close(loss.color, loss.total)


def test_hubers_loss_turns_where_its_delta_in_lab_units_says():
    true = torch.zeros(1, 3, 1, 2)
    found = torch.tensor([1.0, 20.0]).view(1, 1, 1, 2).expand(1, 3, 1, 2) / 110  # Lab units off
    for delta in (3.0, 10.0, 110.0):
        recipe = UNetRecipe(reconstruction="huber", huber_delta=delta)
        far = delta * (20 - delta / 2) if delta < 20 else 20**2 / 2
        wanted = (0.5 + far) / 2 / 110**2
        assert reconstruction_loss(found, true, recipe).total.item() == pytest.approx(wanted)


def test_networks_with_a_classifier_serve_as_generators_too(module):
    one = module(model=ColorNet(2, width=0.125, global_size=32))
    one.training_step(batch(side=32), 0)
    assert one.logged["train_color"].isfinite()


@pytest.mark.parametrize(
    "wrong",
    [
        {"adversarial": "wgan"},
        {"weights": (1.0,)},
        {"weights": (-1.0, 1.0)},
        {"smoothing": 0.6},
        {"discriminator": "d2"},
        {"reconstruction": "l2"},
        {"huber_delta": 0.0},
        {"schedule": "alternating"},
    ],
)
def test_a_recipe_refuses_what_it_does_not_know(wrong):
    with pytest.raises(ValidationError):
        GanRecipe(**wrong)


@pytest.fixture
def fit(tiny, tmp_path):
    def run(recipe=RECIPE, module=GanColorizer, folder=tmp_path, **more):
        return training.fit(
            "tiny",
            unet,
            recipe,
            tiny.subset(["lawn", "sky"], "train"),
            tiny.subset(["lawn", "sky"], "val"),
            size=SIZE,
            seed=0,
            folder=folder,
            data="patches",
            fingerprint=tiny.fingerprint,
            module=module,
            **more,
        )

    return run


def test_a_training_keeps_the_best_generator_and_its_stability(fit):
    run = fit()
    table = run.history
    assert run.best_epoch == table.set_index("epoch")["val_color"].idxmin()
    columns = {f"train_{n}_norm" for n in ("generator", "discriminator")}
    columns |= {"train_adversarial", "train_discriminator", "train_spread", "val_spread"}
    assert np.isfinite(table[sorted(columns)]).all(axis=None)
    assert (table[["train_generator_norm", "train_discriminator_norm"]] > 0).all(axis=None)
    weighted = 20 * table["val_adversarial"] + 80 * table["val_color"]
    np.testing.assert_allclose(table["val_total"], weighted, rtol=1e-5)
    ab = Trained(run.model())(torch.rand(1, 1, 40, 24))
    assert ab.shape == (1, 2, 40, 24)


def test_an_autoencoder_is_trained_by_its_reconstruction(fit):
    table = fit(UNetRecipe(epochs=2, batch_size=4), UNetColorizer).history
    np.testing.assert_allclose(table["val_total"], table["val_color"])
    assert (table["val_adversarial"] == 0).all()


@pytest.mark.parametrize(
    ("schedule", "with_it"),
    [
        ("joint", [(e, s) for e in (1, 2, 3) for s in (0, 1, 2)]),
        ("alternating-steps", [(1, 1), (2, 1), (3, 1)]),  # whatever the number of epochs
        ("pretrained", [(3, 0), (3, 1), (3, 2)]),
    ],
)
def test_the_discriminator_plays_when_the_schedule_says(fit, monkeypatch, schedule, with_it):
    recipe = replace(RECIPE, epochs=3, schedule=schedule)
    assert [(e + 1, s) for e in range(3) for s in range(3) if plays(recipe, e, s)] == with_it
    told, steps = [], []

    def noting(recipe, epoch, step):
        told.append((epoch, step))
        return plays(recipe, epoch, step)

    def step(self, found, true):
        steps.append(told[-1])
        return GanColorizer.discriminator_step(self, found, true)

    monkeypatch.setattr("colorkit.studies.gans.training.plays", noting)
    kind = type("Noting", (GanColorizer,), {"discriminator_step": step})
    assert len(fit(recipe, kind).history) == 3
    count = len(told) // 3  # steps an epoch
    assert told == [(epoch, step) for epoch in range(3) for step in range(count)]
    assert steps == [(e - 1, s) for e, s in with_it if s < count]


def test_alone_a_generator_only_reconstructs(module):
    one = module()
    found, true = one._planes(batch())
    critic = state(one.discriminator)
    loss = one.generator_step(found, true, alone=True)
    assert loss.total == loss.color
    assert not changed(one.discriminator, critic)


def test_a_perceptual_loss_is_of_the_pictures(monkeypatch):
    """A stand-in for LPIPS: what is tested is what it is given, and its weight."""
    shown = []

    class Distance(torch.nn.Module):
        def forward(self, pred, true):
            shown.extend((pred, true))
            return (pred - true).square().mean(dim=(1, 2, 3), keepdim=True)

    monkeypatch.setattr("colorkit.studies.gans.perceptual.lpips_network", Distance)
    one = batch()
    ab = torch.full((4, 2, SIZE, SIZE), 0.5, requires_grad=True)
    found, true = planes_of(one, ab)
    plain = reconstruction_loss(found, true, UNetRecipe())
    both = reconstruction_loss(found, true, UNetRecipe(perceptual=0.5))
    gray = one.lab * torch.tensor([1, 0, 0]).view(3, 1, 1)
    for given, lab in zip(shown, (gray, one.lab), strict=True):
        torch.testing.assert_close(given, 2 * lab_to_rgb(lab) - 1, atol=1e-4, rtol=0)
    distance = (shown[0] - shown[1]).square().mean()
    torch.testing.assert_close(both.total, plain.total + 0.5 * distance)
    assert both.color == plain.color
    both.total.backward()
    assert ab.grad.isfinite().all()


def test_a_gan_can_start_from_an_autoencoder(fit):
    first = fit(UNetRecipe(epochs=2, batch_size=4, precision="32-true"), UNetColorizer)
    still = replace(RECIPE, epochs=1, learning_rate=1e-9)
    second = fit(still, start=first.weights)
    best = first.history["val_color"].min()
    assert second.history["val_color"][0] == pytest.approx(best, rel=0.2)


def test_a_resumed_training_ends_bit_for_bit_as_one_never_stopped(fit, tmp_path, monkeypatch):
    whole = fit(folder=tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(training.L, "Trainer", with_callback(StopAfter(2)))
        with pytest.raises(KeyboardInterrupt):
            fit(folder=tmp_path / "parts")
    resumed = fit(folder=tmp_path / "parts")
    pd.testing.assert_frame_equal(
        resumed.history.drop(columns="seconds"), whole.history.drop(columns="seconds")
    )
    ours, theirs = (run.model().state_dict() for run in (resumed, whole))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_loss_that_is_not_finite_stops_and_names_the_batch(fit):
    with pytest.raises(ColorkitError, match="epoch 1, batch"):
        fit(replace(RECIPE, weights=(1e38, 1e38)))
