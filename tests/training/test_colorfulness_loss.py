"""The colorfulness loss: against NumPy, image by image, and at gray, where its roots bend."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from colorkit.imaging.color import lab_to_rgb, scale_ab
from colorkit.imaging.metrics.quality import colorfulness, colorfulness_ab
from colorkit.training.losses import GAPS, chroma_target, colorfulness_gap, joint_loss

LABELS = torch.tensor([0, 1, 2, 1])


def planes(count: int = 4, seed: int = 0, reach: float = 0.3) -> tuple[torch.Tensor, torch.Tensor]:
    """Two batches of scaled chroma, every image with a center and a spread of its own."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(2, count, 2, 6, 5, generator=generator) - 0.5
    center = torch.rand(2, count, 2, 1, 1, generator=generator) - 0.5
    spread = torch.linspace(0.2, 1, count).view(count, 1, 1, 1)
    return tuple(0.5 + reach * (spread * noise + 0.4 * center))


def gray(count: int = 4) -> torch.Tensor:
    return torch.full((count, 2, 6, 5), 0.5)


def m1(scaled: torch.Tensor) -> np.ndarray:
    """Hasler and Süsstrunk's M¹ of each image, from its formula."""
    values = []
    for a, b in (scaled.double().numpy() - 0.5) * 220:
        spread = math.sqrt(np.std(a) ** 2 + np.std(b) ** 2)
        values.append(spread + 0.37 * math.sqrt(np.mean(a) ** 2 + np.mean(b) ** 2))
    return np.array(values)


def gap_by_hand(predicted, target, form: str) -> np.ndarray:
    found, wanted = m1(predicted), m1(target)
    gaps = {
        "difference": found - wanted,
        "ratio": 1 - found / wanted,
        "logarithm": np.log1p(found) - np.log1p(wanted),
    }
    return abs(gaps[form])


def errors(predicted, target, reduction: str = "mean") -> np.ndarray:
    """Squared error of each image."""
    return np.array(
        [
            getattr(np, reduction)((p - t).double().numpy() ** 2)
            for p, t in zip(predicted, target, strict=True)
        ]
    )


# The measure


def test_chroma_planes_have_the_colorfulness_of_their_image():
    lab = torch.rand(3, 3, 12, 10) * torch.tensor([10.0, 20, 20]).view(1, 3, 1, 1)
    lab += torch.tensor([50.0, -10, -5]).view(1, 3, 1, 1)  # inside the gamut of sRGB
    expected = colorfulness(lab_to_rgb(lab))
    assert torch.allclose(colorfulness_ab(lab[:, 1:]), expected, rtol=1e-4)


def test_smoothing_lowers_the_value_by_no_more_than_it_says():
    predicted, _ = planes(50, reach=0.02)
    ab = torch.cat([(predicted - 0.5) * 220, torch.zeros(1, 2, 6, 5)]).double()
    plain, smooth = colorfulness_ab(ab), colorfulness_ab(ab, 0.5)
    assert (smooth <= plain).all() and (smooth >= plain - 1.37 * 0.5).all()
    assert (plain - smooth).max() > 0.1  # it does something
    assert smooth[-1] == 0  # gray stays 0


# The gap


@pytest.mark.parametrize("form", GAPS)
def test_gap_equals_numpy_for_each_image(form):
    predicted, target = planes()
    gap = colorfulness_gap(predicted, target, form)
    assert gap.shape == (4,)
    # The smoothing at gray takes at most 0.0137 off either M¹.
    assert gap.numpy() == pytest.approx(gap_by_hand(predicted, target, form), abs=0.015)


def test_gap_is_in_lab_units_whatever_the_size_of_the_plane():
    """Two halves of chroma ±30 in a*: σ = 30, μ = 0, so M¹ = 30."""
    for side in (2, 8, 64):
        a = torch.full((1, 1, side, side), 30.0)
        a[..., side // 2 :] = -30
        predicted = scale_ab(torch.cat((a, torch.zeros_like(a)), dim=1))
        target = torch.full_like(predicted, 0.5)
        assert float(colorfulness_gap(predicted, target)) == pytest.approx(30, abs=0.02)
        assert float(colorfulness_gap(target, predicted)) == pytest.approx(30, abs=0.02)
        assert float(colorfulness_gap(target, predicted, "ratio")) == pytest.approx(1)


def test_a_vivid_and_a_dull_image_do_not_cancel():
    """Over the batch both have the same colorfulness; image by image they do not."""
    target, _ = planes(2)
    target[0] = 0.5 + 0.5 * (target[0] - 0.5)
    predicted = target.flip(0)  # vivid where it should be dull, and the other way round
    whole = [x.transpose(0, 1).flatten(1)[None, :, :, None] for x in (predicted, target)]
    assert colorfulness_gap(*whole) < 1e-3
    assert colorfulness_gap(predicted, target).min() > 1


@pytest.mark.parametrize("form", GAPS)
def test_gap_does_not_depend_on_the_rest_of_the_batch(form):
    predicted, target = planes()
    gap = colorfulness_gap(predicted, target, form)
    order = torch.tensor([2, 0, 3, 1])
    assert torch.allclose(colorfulness_gap(predicted[order], target[order], form), gap[order])
    alone = [colorfulness_gap(p[None], t[None], form) for p, t in zip(predicted, target, strict=1)]
    assert torch.allclose(torch.cat(alone), gap)


@pytest.mark.parametrize("form", GAPS)
def test_no_gap_to_itself_and_none_to_a_turned_hue(form):
    _, target = planes()
    assert colorfulness_gap(target, target, form).max() == 0
    turned = torch.stack((1 - target[:, 1], target[:, 0]), dim=1)  # hue + 90°
    assert colorfulness_gap(turned, target, form).max() < 1e-4


def test_ratio_to_a_gray_truth_is_finite():
    predicted, _ = planes()
    ratio = colorfulness_gap(predicted, gray(), "ratio")
    assert ratio.numpy() == pytest.approx(m1(predicted), abs=0.02)  # a difference, in units of 1
    assert colorfulness_gap(gray(), gray(), "ratio").max() == 0


@pytest.mark.parametrize("form", GAPS)
def test_images_of_one_color_have_a_gap_of_their_distance_from_gray_alone(form):
    red, dull = torch.tensor([40.0, 30]), torch.tensor([8.0, -6])  # chroma 50 and 10
    predicted, target = (scale_ab(x.view(1, 2, 1, 1).expand(1, 2, 6, 5)) for x in (dull, red))
    far, near = 0.37 * 50, 0.37 * 10
    expected = {"difference": far - near, "ratio": 0.8}
    expected["logarithm"] = np.log1p(far) - np.log1p(near)
    gap = float(colorfulness_gap(predicted, target, form))
    assert gap == pytest.approx(expected[form], rel=5e-3)


# Its gradient


@pytest.mark.parametrize("form", GAPS)
@pytest.mark.parametrize("case", ["gray prediction", "both gray", "one color", "equal"])
def test_gradient_is_finite_at_every_corner(form, case):
    _, target = planes()
    predicted = {
        "gray prediction": gray(),
        "both gray": gray(),
        "one color": torch.full((4, 2, 6, 5), 0.61),
        "equal": target.clone(),
    }[case].requires_grad_()
    target = gray() if case == "both gray" else target
    loss = joint_loss(predicted, target, None, LABELS, beta=5, delta=form)
    loss.total.backward()
    assert torch.isfinite(loss.total)
    assert torch.isfinite(predicted.grad).all()
    gap = colorfulness_gap(predicted, target, form).sum()
    (slope,) = torch.autograd.grad(gap, predicted)
    assert torch.isfinite(slope).all()


def test_without_smoothing_the_gradient_at_gray_would_not_be_finite():
    ab = torch.zeros(1, 2, 6, 5, requires_grad=True)
    colorfulness_ab(ab).sum().backward()
    assert torch.isnan(ab.grad).any()
    ab.grad = None
    colorfulness_ab(ab, 0.01).sum().backward()
    assert torch.equal(ab.grad, torch.zeros_like(ab))


@pytest.mark.parametrize("form", GAPS)
@pytest.mark.parametrize("seed", [0, 1])
def test_gradient_equals_finite_differences(form, seed):
    predicted, target = (x.double() for x in planes(2, seed))

    def total(x):
        return joint_loss(x, target, None, LABELS[:2], beta=5, delta=form).total

    assert torch.autograd.gradcheck(total, predicted.requires_grad_(), eps=1e-7, atol=1e-5)


def test_a_step_against_the_gradient_of_the_gap_makes_a_dull_image_more_colorful():
    _, target = planes()
    predicted = (0.5 + 0.3 * (target - 0.5)).requires_grad_()
    (slope,) = torch.autograd.grad(colorfulness_gap(predicted, target).sum(), predicted)
    stepped = predicted.detach() - 1e-3 * slope
    assert (m1(stepped) > m1(predicted.detach())).all()


# In the joint loss


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("form", GAPS)
@pytest.mark.parametrize("beta", [0.5, 1.0, 5.0])
def test_total_is_the_mean_of_the_products_plus_the_classification(beta, form, reduction):
    predicted, target = planes()
    scores, alpha = torch.randn(4, 3), 0.2
    loss = joint_loss(predicted, target, scores, LABELS, alpha, reduction, beta, form)
    each = errors(predicted, target, reduction)
    products = each * (1 + beta * gap_by_hand(predicted, target, form))
    entropy = float(F.cross_entropy(scores, LABELS))
    product = float(loss.total) - alpha * entropy
    assert product == pytest.approx(products.mean(), rel=3e-3)
    assert float(loss.color) == pytest.approx(each.mean(), rel=1e-5)  # the same for every β
    assert float(loss.classification) == pytest.approx(entropy)
    # The product of the means is another number: gap and error go together within an image.
    means = each.mean() * (1 + beta * gap_by_hand(predicted, target, form).mean())
    assert product != pytest.approx(means, rel=1e-2)


@pytest.mark.parametrize("form", GAPS)
def test_color_and_classification_keep_their_shares_when_asked(form):
    predicted, target = planes()
    scores, alpha = torch.randn(4, 3), 0.2
    gradients = {}
    for name, options in {"plain": {}, "printed": {"beta": 5}, "kept": {"beta": 5}}.items():
        leaves = predicted.clone().requires_grad_(), scores.clone().requires_grad_()
        kept = name == "kept"
        loss = joint_loss(
            leaves[0], target, leaves[1], LABELS, alpha, delta=form, keep_shares=kept, **options
        )
        loss.total.backward()
        gradients[name] = loss.total.detach(), *(leaf.grad for leaf in leaves)
    assert torch.allclose(gradients["kept"][0], gradients["plain"][0], rtol=1e-6)
    # The classification is asked for as much in all three; the colors' direction is the product's,
    # smaller by one number for the whole batch.
    for _, _, class_gradient in gradients.values():
        assert torch.allclose(class_gradient, gradients["plain"][2])
    ratio = gradients["printed"][1] / gradients["kept"][1]
    factor = (gradients["printed"][0] - gradients["plain"][0]) / joint_loss(
        predicted, target, None, LABELS
    ).color + 1
    assert torch.allclose(ratio, factor.expand_as(ratio), rtol=1e-4)
    assert not torch.allclose(gradients["kept"][1], gradients["plain"][1], rtol=0.05)


def test_shares_of_a_perfect_prediction_are_finite():
    _, target = planes()
    leaf = target.clone().requires_grad_()
    loss = joint_loss(leaf, target, None, LABELS, beta=5, keep_shares=True)
    loss.total.backward()
    assert loss.total == 0 and leaf.grad.isfinite().all()


@pytest.mark.parametrize("form", GAPS)
def test_beta_zero_is_exactly_the_plain_loss(form):
    predicted, target = planes()
    scores = torch.randn(4, 3)
    plain = joint_loss(predicted, target, scores, LABELS, 0.2)
    without = joint_loss(predicted, target, scores, LABELS, 0.2, beta=0.0, delta=form)
    assert all(torch.equal(one, other) for one, other in zip(plain, without, strict=True))
    gradients = []
    for options in ({}, {"beta": 0.0, "delta": form}):
        leaf = predicted.clone().requires_grad_()
        joint_loss(leaf, target, scores, LABELS, 0.2, **options).total.backward()
        gradients.append(leaf.grad)
    assert torch.equal(*gradients)


@pytest.mark.parametrize("form", GAPS)
def test_order_and_size_of_the_batch_do_not_matter(form):
    predicted, target = planes()
    scores, order = torch.randn(4, 3), torch.tensor([3, 1, 0, 2])
    options = {"alpha": 0.2, "beta": 5.0, "delta": form}
    once = joint_loss(predicted, target, scores, LABELS, **options)
    again = [x[order] for x in (predicted, target, scores, LABELS)]
    twice = [torch.cat((x, x)) for x in (predicted, target, scores, LABELS)]
    for other in (joint_loss(*again, **options), joint_loss(*twice, **options)):
        for one, two in zip(once, other, strict=True):
            assert torch.allclose(one, two, rtol=1e-5)


@pytest.mark.parametrize("form", GAPS)
def test_images_of_one_color_give_no_nan(form):
    """Black, gray and evenly colored images, in every pairing."""
    colors = torch.tensor([[0.5, 0.5], [0.7, 0.6], [0.0, 1.0]])
    pairs = torch.cartesian_prod(torch.arange(3), torch.arange(3))
    predicted, target = (
        colors[k].view(-1, 2, 1, 1).expand(-1, -1, 6, 5).clone() for k in pairs.unbind(1)
    )
    predicted.requires_grad_()
    labels = torch.zeros(len(pairs), dtype=torch.int64)
    loss = joint_loss(predicted, target, None, labels, beta=5, delta=form)
    loss.total.backward()
    assert torch.isfinite(loss.total) and torch.isfinite(predicted.grad).all()
    same = (pairs[:, 0] == pairs[:, 1]).nonzero().flatten()
    perfect = joint_loss(predicted[same], target[same], None, labels[:3], beta=5, delta=form)
    assert perfect.total.item() == 0


def test_the_gap_is_taken_after_the_target_was_scaled_down():
    """Averaging areas takes color away; the prediction must not be asked for it."""
    target, _ = planes(2)
    full = F.interpolate(target, scale_factor=2)
    assert colorfulness_gap(chroma_target(full, (6, 5)), target).max() < 1e-4


# Bad input


@pytest.mark.parametrize("name", ["alpha", "beta"])
@pytest.mark.parametrize("weight", [-0.1, -math.inf, math.nan])
def test_weights_below_zero_and_nan_are_refused(name, weight):
    with pytest.raises(ValueError, match=f"{name} must be 0 or more; got {weight}"):
        joint_loss(*planes(), None, LABELS, **{name: weight})


@pytest.mark.parametrize("beta", [0.0, 5.0])
def test_unknown_form_names_the_known_ones_also_where_it_has_no_use(beta):
    with pytest.raises(ValueError, match="'quotient'; choose one of difference, ratio"):
        joint_loss(*planes(), None, LABELS, beta=beta, delta="quotient")
    with pytest.raises(ValueError, match="'quotient'; choose one of difference, ratio"):
        colorfulness_gap(*planes(), "quotient")


def test_one_truth_for_a_whole_batch_is_refused():
    predicted, target = planes()
    with pytest.raises(ValueError, match=r"\(4, 2, 6, 5\) and target \(1, 2, 6, 5\)"):
        colorfulness_gap(predicted, target[:1])
