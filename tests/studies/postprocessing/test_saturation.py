"""The fitted saturation and its curve, against NumPy and SciPy."""

import numpy as np
import pytest
import torch
from scipy.optimize import lsq_linear

from colorkit.imaging.color import lab_to_rgb
from colorkit.studies.postprocessing.saturation import (
    KNOTS,
    Saturation,
    SaturationCurve,
    fit_curve,
    fit_saturation,
)


def pairs(count: int = 6, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    predicted = 15 * torch.randn(count, 2, 9, 7, generator=generator)
    noise = 5 * torch.randn(count, 2, 9, 7, generator=generator)
    return predicted, predicted * torch.tensor([1.4, 0.8]).view(1, 2, 1, 1) + 3 + noise


def test_fit_equals_numpy():
    predicted, true = pairs()
    fit = fit_saturation(predicted, true)
    for c in range(2):
        x, y = (v[:, c].numpy().astype(float).ravel() for v in (predicted, true))
        gain, offset = np.polyfit(x, y, 1)
        assert fit.gain[c] == pytest.approx(gain, abs=1e-9)
        assert fit.offset[c] == pytest.approx(offset, abs=1e-8)
        line = gain * x + offset
        np.testing.assert_allclose(fit.apply(predicted)[:, c].ravel(), line, atol=1e-4)


def test_fit_does_not_depend_on_the_batches():
    predicted, true = pairs()
    whole = fit_saturation(predicted, true)
    split = fit_saturation((p for p in predicted.split(4)), iter(true.split(4)))
    np.testing.assert_allclose(split.gain + split.offset, whole.gain + whole.offset, rtol=1e-12)
    curves = [fit_curve(predicted, true, whole)]
    curves.append(fit_curve(predicted.split(4), true.split(4), whole))
    np.testing.assert_allclose(curves[0].chroma, curves[1].chroma, rtol=1e-9)


def test_constant_prediction_has_gain_one():
    _, true = pairs()
    ab = torch.tensor([12.34567, -0.1]).view(1, 2, 1, 1).expand_as(true)
    fit = fit_saturation(ab, true)
    assert fit.gain == (1, 1)
    expected = true.double().mean(dim=(0, 2, 3)) - ab[0, :, 0, 0].double()
    np.testing.assert_allclose(fit.offset, expected, atol=1e-12)
    gray = torch.zeros_like(true)
    for curve in (fit_curve(ab, true, fit), fit_curve(gray, true)):
        assert curve.apply(ab).isfinite().all()
    assert fit_curve(gray, true).chroma == pytest.approx(KNOTS)  # nothing seen, nothing changed


@pytest.mark.parametrize("fit", [fit_saturation, fit_curve])
def test_bad_pairs_are_named(fit):
    predicted, true = pairs()
    with pytest.raises(ValueError, match=r"\(6, 2, 9, 7\) and \(5, 2, 9, 7\)"):
        fit(predicted, true[1:])
    with pytest.raises(ValueError, match=r"\(6, 1, 9, 7\)"):
        fit(predicted[:, :1], true[:, :1])
    with pytest.raises(ValueError, match="two pixels or more; got 1"):
        fit(predicted[:1, :, :1, :1], true[:1, :, :1, :1])
    with pytest.raises(ValueError, match="two pixels or more; got 0"):
        fit([], [])
    with pytest.raises(ValueError, match=r"shorter|longer"):
        fit([predicted], [true, true])
    with pytest.raises(ValueError, match="not finite"):
        fit(predicted, true / 0)


@pytest.mark.parametrize("knots", [(), (0.0, 4.0), (4.0, 4.0), (8.0, 4.0), (-1.0,)])
def test_bad_knots_are_named(knots):
    with pytest.raises(ValueError, match="knots must rise"):
        fit_curve(*pairs(), knots=knots)


def test_curve_equals_a_bounded_least_squares_of_all_pixels():
    predicted, true = pairs()
    # Squeeze strong colors, so that the free fit would fall and the constraint matters.
    true = true / (1 + (predicted.norm(dim=1, keepdim=True) / 15) ** 2)
    first = fit_saturation(predicted, true)
    curve = fit_curve(predicted, true, first)
    p = first.apply(predicted.double()).permute(0, 2, 3, 1).reshape(-1, 2).numpy()
    t = true.double().permute(0, 2, 3, 1).reshape(-1, 2).numpy()
    r = np.hypot(*p.T)
    nodes = np.array([0, *KNOTS])
    hats = np.stack([np.interp(r, nodes, row) for row in np.eye(len(nodes))[1:]], axis=1)
    hats[:, -1] *= np.maximum(r / nodes[-1], 1)  # beyond the last knot the gain is constant
    increments = hats[:, None, :] * (p / r[:, None])[:, :, None]  # (pixels, 2, knots)
    increments = increments.reshape(-1, len(KNOTS)) @ np.tril(np.ones((8, 8)))
    rows = np.sqrt(1e-3 * len(p)) * np.tril(np.ones((8, 8)))  # the prior
    target = np.concatenate([t.ravel(), np.sqrt(1e-3 * len(p)) * np.array(KNOTS)])
    expected = lsq_linear(np.vstack([increments, rows]), target, (0, np.inf), tol=1e-14).x.cumsum()
    np.testing.assert_allclose(curve.chroma, expected, atol=1e-3)
    assert np.diff(curve.chroma).min() >= 0
    out = curve.apply(predicted.double()).permute(0, 2, 3, 1).reshape(-1, 2).numpy()
    np.testing.assert_allclose(np.hypot(*out.T), hats @ np.array(curve.chroma), atol=1e-6)


def test_curve_never_fits_the_pairs_worse_than_the_gain_alone():
    predicted, true = pairs()
    true = true * (predicted.norm(dim=1, keepdim=True) > 12)  # weak colors should be gray
    first = fit_saturation(predicted, true)
    curve = fit_curve(predicted, true, first)
    errors = [(f.apply(predicted) - true).square().mean() for f in (first, curve)]
    assert errors[1] < 0.9 * errors[0]


def test_curve_finds_a_known_one():
    knots, wanted = (10.0, 20.0, 40.0), (4.0, 24.0, 50.0)
    known = SaturationCurve(Saturation((1.0, 1.0), (0.0, 0.0)), knots, wanted)
    predicted, _ = pairs()
    found = fit_curve(predicted, known.apply(predicted), knots=knots)
    assert found.chroma == pytest.approx(wanted, abs=0.5)


def test_curve_keeps_hue_and_gray_and_is_steady_beyond_its_knots():
    curve = SaturationCurve(Saturation((1.0, 1.0), (0.0, 0.0)), (10.0, 20.0), (20.0, 24.0))
    ab = torch.tensor([[0.0, 1.0, 6.0, 30.0, -60.0], [0.0, 0.0, 8.0, 40.0, 80.0]]).view(1, 2, 1, 5)
    out = curve.apply(ab)
    gain = (1, 2, 2, 1.2, 1.2)  # at chroma 0 (any gain), 1, 10, 50, 100
    torch.testing.assert_close(out, ab * torch.tensor(gain).view(1, 1, 1, 5))


def test_curve_has_gradients():
    curve = fit_curve(*pairs())
    ab = torch.zeros(1, 2, 2, 2, requires_grad=True)  # gray included
    curve.apply(ab + torch.eye(2) * 9).sum().backward()
    assert ab.grad.isfinite().all()


def test_a_fitted_color_outside_the_gamut_is_clipped_where_it_is_joined():
    ab = Saturation((9.0, 9.0), (0.0, 0.0)).apply(torch.full((1, 2, 2, 2), 20.0))
    assert ab.max() == 180
    rgb = lab_to_rgb(torch.cat((torch.full((1, 1, 2, 2), 50.0), ab), dim=1))
    assert rgb.min() >= 0
    assert rgb.max() <= 1
