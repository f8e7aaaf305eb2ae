"""The joint loss against its formula, and its independence of the batch size."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.metrics.quality import angular_error
from colorkit.training.losses import REDUCTIONS, angle, chroma_target, color_loss, joint_loss


def planes(count: int = 4, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.rand(2, count, 2, 6, 5, generator=generator))


def test_mean_equals_the_mean_squared_error():
    predicted, target = planes()
    expected = np.mean((predicted.numpy().astype(float) - target.numpy()) ** 2)
    assert float(color_loss(predicted, target)) == pytest.approx(expected, rel=1e-6)
    assert torch.allclose(color_loss(predicted, target), F.mse_loss(predicted, target))


def test_sum_equals_the_squared_frobenius_norm_averaged_over_images():
    predicted, target = planes()
    each = [
        np.linalg.norm((p - t).numpy().ravel()) ** 2 for p, t in zip(predicted, target, strict=True)
    ]
    assert float(color_loss(predicted, target, "sum")) == pytest.approx(np.mean(each), rel=1e-6)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_neither_reduction_depends_on_the_batch_size(reduction):
    predicted, target = planes(2)
    scores, labels = torch.randn(2, 3), torch.tensor([0, 2])
    once = joint_loss(predicted, target, scores, labels, 0.5, reduction)
    five = joint_loss(
        predicted.repeat(5, 1, 1, 1),
        target.repeat(5, 1, 1, 1),
        scores.repeat(5, 1),
        labels.repeat(5),
        0.5,
        reduction,
    )
    for one, other in zip(once, five, strict=True):
        assert torch.allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize("alpha", [0.0, 1 / 300, 2.0])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_total_is_color_plus_alpha_times_cross_entropy(alpha, reduction):
    predicted, target = planes()
    scores = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 1, 2, 1])
    loss = joint_loss(predicted, target, scores, labels, alpha, reduction)
    shares = np.exp(scores.numpy().astype(float))
    shares /= shares.sum(axis=1, keepdims=True)
    entropy = -np.log(shares[np.arange(4), labels.numpy()]).mean()
    assert float(loss.classification) == pytest.approx(entropy, rel=1e-5)
    assert torch.equal(loss.color, color_loss(predicted, target, reduction))
    assert float(loss.total) == pytest.approx(float(loss.color) + alpha * entropy, rel=1e-5)


def test_default_is_the_mean_with_the_papers_weight():
    predicted, target = planes()
    scores, labels = torch.randn(4, 3), torch.tensor([0, 1, 2, 1])
    default = joint_loss(predicted, target, scores, labels)
    assert torch.equal(default.total, default.color + default.classification / 300)


def test_without_classifier_the_total_is_the_color_loss():
    predicted, target = planes()
    loss = joint_loss(predicted, target, None, torch.zeros(4, dtype=torch.int64), alpha=1.0)
    assert torch.equal(loss.total, loss.color)
    assert float(loss.classification) == 0


def test_equal_planes_lose_nothing():
    predicted, _ = planes()
    assert [float(color_loss(predicted, predicted, r)) for r in REDUCTIONS] == [0, 0]


def test_gradients_reach_chroma_and_scores_and_equal_the_formula():
    predicted, target = planes()
    predicted.requires_grad_()
    scores = torch.randn(4, 3, requires_grad=True)
    labels = torch.tensor([0, 1, 2, 1])
    joint_loss(predicted, target, scores, labels, alpha=0.5).total.backward()
    expected = 2 * (predicted.detach() - target) / target.numel()
    assert torch.allclose(predicted.grad, expected, atol=1e-8)
    entropy = (scores.detach().softmax(1) - F.one_hot(labels, 3)) / 4
    assert torch.allclose(scores.grad, 0.5 * entropy, atol=1e-7)


def test_alpha_zero_leaves_the_scores_without_gradient():
    predicted, target = planes()
    scores = torch.randn(4, 3, requires_grad=True)
    loss = joint_loss(predicted, target, scores, torch.zeros(4, dtype=torch.int64), alpha=0)
    loss.total.backward()
    assert scores.grad.abs().max() == 0


def test_half_precision_scores_are_compared_in_full_precision():
    predicted, target = planes()
    scores = torch.tensor([[9.0, 1.0, 0.0]]).repeat(4, 1).bfloat16()
    labels = torch.zeros(4, dtype=torch.int64)
    loss = joint_loss(predicted, target, scores, labels)
    assert loss.classification.dtype == torch.float32
    assert torch.equal(loss.classification, F.cross_entropy(scores.float(), labels))


def test_negative_alpha_is_refused():
    predicted, target = planes()
    with pytest.raises(ValueError, match=r"alpha must be 0 or more; got -0\.1"):
        joint_loss(predicted, target, None, torch.zeros(4, dtype=torch.int64), alpha=-0.1)


def test_unequal_shapes_are_refused_though_they_would_broadcast():
    predicted, target = planes()
    with pytest.raises(ValueError, match=r"\(4, 2, 6, 5\) and target \(4, 1, 6, 5\)"):
        color_loss(predicted, target[:, :1])


def test_unknown_reduction_names_the_known_ones():
    predicted, target = planes()
    with pytest.raises(ValueError, match=r"'none'; choose one of mean, sum"):
        color_loss(predicted, target, "none")


@pytest.mark.parametrize(("height", "width"), [(8, 8), (6, 10), (7, 5), (1, 1)])
def test_target_is_scaled_down_to_half_the_side(height, width):
    ab = torch.rand(2, 2, height, width)
    half = (-(-height // 2), -(-width // 2))
    target = chroma_target(ab, half)
    assert target.shape == (2, 2, *half)
    assert float(target.min()) >= float(ab.min()) and float(target.max()) <= float(ab.max())


def test_target_is_the_mean_of_two_by_two_pixels():
    ab = torch.rand(2, 2, 8, 6)
    expected = ab.unflatten(3, (3, 2)).unflatten(2, (4, 2)).mean(dim=(3, 5))
    assert torch.allclose(chroma_target(ab, (4, 3)), expected, atol=1e-6)


def test_angle_is_the_metric_up_to_its_chord():
    generator = torch.Generator().manual_seed(0)
    true, found = 0.2 + 0.6 * torch.rand(2, 3, 3, 8, 8, generator=generator)
    loss = angle(rgb_to_lab(found), rgb_to_lab(true))
    torch.testing.assert_close(loss, angular_error(found, true), rtol=0.02, atol=0)
    assert angle(rgb_to_lab(true), rgb_to_lab(true)).max() < 0.01


def test_angle_has_a_finite_gradient_at_agreement_and_at_black():
    lab = torch.tensor([0.0, 50.0, 100.0]).view(3, 1, 1, 1).expand(3, 3, 4, 4).clone()
    for change in (0.0, 1.0):
        found = (lab.clone() + change).requires_grad_()
        angle(found, lab).sum().backward()
        assert found.grad.isfinite().all()
