"""Solutions of chapter 13, conditional GANs: `python notebooks/solutions/13_gans.py`."""

import copy
import math

import torch

from colorkit.course.exercises import photographs, tell, train
from colorkit.data.batches import Batch
from colorkit.imaging.color import decolorize, rgb_to_lab
from colorkit.models.patchgan import PatchGAN
from colorkit.models.unet import UNet
from colorkit.studies.gans.training import (
    GanColorizer,
    GanRecipe,
    discriminator_loss,
    planes_of,
)


def judged(steps=40, width=8, average=True, **settings):
    """A discriminator taught for a few steps to tell gray from true colors, and its losses."""
    torch.manual_seed(0)
    rgb = photographs(64)
    batch = Batch(decolorize(rgb), rgb_to_lab(rgb), torch.zeros(6, dtype=torch.int64))
    found, true = planes_of(batch, torch.full((6, 2, 64, 64), 0.5))
    critic = PatchGAN(width=width, **settings)
    optimizer = torch.optim.Adam(critic.parameters(), lr=2e-4, betas=(0.5, 0.999))
    losses = []
    for _ in range(steps):
        loss = discriminator_loss(critic(true), critic(found), GanRecipe(average=average))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return critic, losses


def gan(name, **settings):
    """A tiny GAN on a few scenes; its history."""
    recipe = GanRecipe(
        epochs=3, batch_size=8, precision="32-true", discriminator_width=8, **settings
    )
    run = train(name, lambda: UNet(1, 2, width=8, depth=3), recipe=recipe, module=GanColorizer)
    return run.history


def exercise_1():
    """The discriminator's loss: it is another quantity, and the line of "cannot tell" moves.

    A discriminator that cannot tell answers one half. Cross-entropy then is ln 2, the square is a
    quarter. Losses of the two kinds must not be compared with each other, nor with one line.
    """
    half = {"bce": torch.zeros(4), "lsgan": torch.full((4,), 0.5)}  # before and without a sigmoid
    undecided = {
        kind: discriminator_loss(answers, answers, GanRecipe(adversarial=kind)).item()
        for kind, answers in half.items()
    }
    assert abs(undecided["bce"] - math.log(2)) < 1e-6
    assert abs(undecided["lsgan"] - 1 / 4) < 1e-6
    history = {kind: gan(kind, adversarial=kind) for kind in half}
    columns = ("train_discriminator", "train_generator_norm", "val_spread")
    last = {kind: {c: h[c].iloc[-1] for c in columns} for kind, h in history.items()}
    return {"cannot tell": undecided, **last}


def exercise_2():
    """The one that learns faster. A fast discriminator's loss falls lower, and it teaches less.

    A judge who is never wrong tells the generator only *that* it is wrong, not which way is better.
    """
    fast = gan("fast judge", learning_rate=2e-4, discriminator_rate=8e-4)
    slow = gan("slow judge", learning_rate=8e-4, discriminator_rate=2e-4)
    judge = {name: h["train_discriminator"].iloc[-1] for name, h in (("f", fast), ("s", slow))}
    assert judge["f"] < judge["s"]
    return {"discriminator's loss, fast": judge["f"], "slow": judge["s"], "ln 2": math.log(2)}


def exercise_3():
    """It falls more slowly and not as far: no layer may enlarge a difference.

    Its answers can then only be as far apart as the pictures are, and a large answer is what a loss
    near nought needs.
    """
    loss = {
        name: judged(spectral=spectral)[1][-1]
        for name, spectral in (("plain", False), ("spectral", True))
    }
    assert loss["spectral"] > loss["plain"]
    return loss | {"ln 2": math.log(2)}


def exercise_4():
    """Adam divides each gradient by its own running size, so a factor of two cancels.

    Only its ε, a hundred-millionth, knows the difference. With plain gradient descent the sum would
    double the discriminator's steps.
    """
    averaged, summed = (judged(3, average=average)[0] for average in (True, False))
    start = copy.deepcopy(judged(0)[0])
    pairs = zip(averaged.parameters(), summed.parameters(), strict=True)
    difference = max((a - b).abs().max().item() for a, b in pairs)
    pairs = zip(averaged.parameters(), start.parameters(), strict=True)
    moved = max((a - b).abs().max().item() for a, b in pairs)
    assert difference < 0.05 * moved
    return {"weights moved by": moved, "sum and average differ by": difference}


if __name__ == "__main__":
    tell(__name__)
