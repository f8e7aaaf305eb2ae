"""The trainings of the colorfulness loss, and measures of chroma that no gamut has cut off."""

import numpy as np
import pytest
import torch

from colorkit.course.evaluation import Constant, batches, evaluate
from colorkit.course.scales import Scale
from colorkit.imaging.color import scale_ab
from colorkit.imaging.metrics.artifacts import spill_ab
from colorkit.imaging.metrics.quality import colorfulness_ab
from colorkit.studies import colorfulness
from colorkit.studies.colorfulness import (
    WARMUP,
    directions,
    measure_chroma,
    original_on_plane,
    planes,
    saturated,
    trainings,
)
from colorkit.training.losses import chroma_target, joint_loss

SIZE = 16


@pytest.fixture(scope="module")
def images(tiny):
    return tiny.subset(["lawn", "sky"], "test")


class Painter(torch.nn.Module):
    """Paints chroma in proportion to the gray, on a plane of half its side."""

    def __init__(self, strength: float):
        super().__init__()
        self.strength = strength

    def forward(self, gray):
        small = chroma_target(gray, (SIZE // 2, SIZE // 2))
        return scale_ab(self.strength * torch.cat((-small, small), dim=1)), None


def test_trainings_are_named_and_only_the_factor_differs():
    scale = Scale(epochs=3)
    table = trainings(scale)
    assert len(table) == len(colorfulness.NETWORKS) * len(colorfulness.VARIANTS)
    names = [(options["network"], options.get("variant", "")) for options in table.values()]
    assert len(set(names)) == len(names)
    assert table["vegenet", "β = 0"] == {"network": "vegenet", "scale": scale, "warmup": WARMUP}
    five, printed = table["mcolornet", "β = 5"], table["mcolornet", "β = 5, printed"]
    assert five["keep_shares"] and "keep_shares" not in printed
    assert five["beta"] == printed["beta"] == 5


def test_chroma_is_measured_before_the_gamut_cuts_it_off(images):
    def mild(gray):
        return 20 * torch.cat((-gray, gray), dim=1)

    one = measure_chroma(mild, images, SIZE)
    ten = measure_chroma(lambda gray: 10 * mild(gray), images, SIZE)
    assert ten["vivid"].to_numpy() == pytest.approx(10 * one["vivid"].to_numpy(), rel=1e-4)
    assert ten["spill"].to_numpy() == pytest.approx(one["spill"].to_numpy(), rel=1e-3)
    assert (np.abs(ten["cut_spill"] - ten["spill"]) > 1e-3).any()  # far beyond sRGB
    assert list(one["label"]) == [images.classes[k] for k in images.labels]
    expected = evaluate(mild, images, SIZE)["delta_e"]
    assert one["delta_e"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-5)
    (batch,) = batches(images, SIZE)
    true = colorfulness_ab(batch.lab[:, 1:])
    ratio = (colorfulness_ab(mild(batch.gray)) / true)[true > colorfulness.COLORED]
    assert len(ratio) and one["vivid"].dropna().to_numpy() == pytest.approx(ratio.numpy(), rel=1e-4)
    spilled = spill_ab(mild(batch.gray), batch.lab[:, :1]).ratio
    assert one["spill"].to_numpy() == pytest.approx(spilled.numpy(), rel=1e-4, nan_ok=True)


def test_a_knob_makes_the_plain_network_as_colorful_as_the_other(images):
    knob = saturated(Painter(10.0), Painter(30.0), images, SIZE)
    gray = torch.rand(2, 1, SIZE, SIZE)
    expected = saturated(Painter(30.0), Painter(30.0), images, SIZE)(gray)
    torch.testing.assert_close(knob(gray), expected, rtol=1e-4, atol=1e-3)


def test_the_original_on_the_plane_is_the_truth_averaged_and_enlarged(images):
    predictor = original_on_plane(images, SIZE)
    for batch in batches(images, SIZE):
        found = predictor(batch.gray)
        assert found.shape == (len(batch.gray), 2, SIZE, SIZE)
        torch.testing.assert_close(
            found.mean(dim=(2, 3)), batch.lab[:, 1:].mean(dim=(2, 3)), rtol=0.1, atol=0.5
        )
    gray = evaluate(Constant(), images, SIZE)["delta_e"]
    near = measure_chroma(original_on_plane(images, SIZE), images, SIZE)["delta_e"]
    assert (near < gray / 2).all()


@pytest.mark.parametrize("form", ["difference", "ratio"])
def test_directions_are_those_of_the_loss(images, form):
    found, wanted = planes(Painter(12.0), images, SIZE)
    told = {beta: directions(found, wanted, beta, form) for beta in (0.001, 1.0, 5.0)}
    assert told[5.0]["like_five"] == pytest.approx(1, abs=1e-5)
    assert told[0.001]["like_five"] < told[1.0]["like_five"] <= 1 + 1e-6
    assert told[0.001]["second"] < 0.1 * told[5.0]["second"]
    leaf = found[:1].clone().requires_grad_()
    factor = directions(found[:1], wanted[:1], 5.0, form)["factor"]
    loss = joint_loss(leaf, wanted[:1], None, None, beta=5.0, delta=form)
    assert factor == pytest.approx((loss.total / loss.color).item(), rel=1e-4)
