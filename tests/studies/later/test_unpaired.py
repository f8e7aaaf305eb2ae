"""CycleGAN: which pictures may be looked at, and which way gradients go."""

import torch
from torch import nn

from colorkit.data.batches import Batch
from colorkit.imaging.color import decolorize, rgb_to_lab, scale_ab
from colorkit.studies.later.painting import make_unet
from colorkit.studies.later.unpaired import Circles, UnpairedColorizer, UnpairedRecipe, circle

RECIPE = UnpairedRecipe(
    discriminator_width=4, back_channels=4, back_depth=2, gray_classes=1, learning_rate=1e-2
)


def batch(labels, seed=0):
    rgb = torch.rand(len(labels), 3, 16, 16, generator=torch.Generator().manual_seed(seed))
    return Batch(decolorize(rgb), rgb_to_lab(rgb), torch.tensor(labels))


def colorizer():
    torch.manual_seed(0)
    return UnpairedColorizer(make_unet(4, 2), RECIPE, 16, 0)


def test_gray_classes_give_their_gray_alone():
    trained, first = colorizer(), batch([0, 1, 0])
    made = trained.circles(first)
    shapes = [tuple(x.shape[:2]) for x in made]
    assert shapes == [(2, 1), (2, 3), (2, 1), (1, 3), (1, 1), (1, 3)]
    torch.testing.assert_close(made.gray, 2 * first.gray[[0, 2]] - 1)
    torch.testing.assert_close(made.painted[:, :1], made.gray)
    true = torch.cat((first.gray, scale_ab(first.lab[:, 1:])), dim=1)[[1]]
    torch.testing.assert_close(made.color, 2 * true - 1)
    # Other colors behind the same gray change nothing.
    other = first.lab.clone()
    other[[0, 2], 1:] = 40
    again = trained.circles(first._replace(lab=other))
    assert all(torch.equal(a, b) for a, b in zip(made, again, strict=True))


def test_both_circles_count():
    gray, color = torch.zeros(1, 1, 4, 4), torch.zeros(2, 3, 4, 4)
    made = Circles(gray, color[:1], gray + 0.5, color, gray, color - 0.25)
    assert circle(made).item() == 0.75
    none = color[:0]
    assert circle(made._replace(color=none, painted_again=none)).item() == 0.5


def test_a_step_moves_painters_and_judges_each_by_their_own_loss(monkeypatch):
    trained = colorizer()
    optimizers = trained.configure_optimizers()
    monkeypatch.setattr(trained, "optimizers", lambda: optimizers)
    monkeypatch.setattr(trained, "manual_backward", lambda loss: loss.backward())
    logged = {}
    monkeypatch.setattr(trained, "_record", lambda stage, loss, count: logged.update({stage: loss}))
    parts = {"model": trained.model, "back": trained.back, "judges": trained.judges}

    def weights():
        return {n: [p.detach().clone() for p in part.parameters()] for n, part in parts.items()}

    for labels in ([0, 1, 1, 0], [1, 1], [0, 0]):  # also batches of one kind
        before = weights()
        trained.training_step(batch(labels), 0)
        after = weights()
        for name in parts:
            moved = [not torch.equal(a, b) for a, b in zip(before[name], after[name], strict=True)]
            assert any(moved), name
    assert logged["train"].color > 0 and isinstance(trained.judges[1], nn.Module)
    assert all(p.requires_grad for p in trained.judges.parameters())


def test_circles_close_better_with_training(monkeypatch):
    trained = colorizer()
    optimizers = trained.configure_optimizers()
    monkeypatch.setattr(trained, "optimizers", lambda: optimizers)
    monkeypatch.setattr(trained, "manual_backward", lambda loss: loss.backward())
    monkeypatch.setattr(trained, "_record", lambda *_: None)
    seen = batch([0, 0, 1, 1])
    first = circle(trained.circles(seen)).item()
    for step in range(30):
        trained.training_step(seen, step)
    assert circle(trained.circles(seen)).item() < 0.8 * first
