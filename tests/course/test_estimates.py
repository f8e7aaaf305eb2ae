"""Effects and their intervals: known sums, and a simulation of how often intervals are right."""

import math

import numpy as np
import pytest
import scipy.stats

from colorkit.course.estimates import Estimate, estimate
from colorkit.imaging.metrics.intervals import bootstrap_interval


def crossed(rng, trainings, images, of_training, of_image, of_both) -> np.ndarray:
    """Draw (S, N) numbers of mean zero, with luck from trainings, from images and from both."""
    return (
        rng.normal(0, of_training, (trainings, 1))
        + rng.normal(0, of_image, (1, images))
        + rng.normal(0, of_both, (trainings, images))
    )


SPREADS = [(0.3, 1, 1), (0.1, 1, 1), (0.3, 0.2, 1), (0.1, 3, 0.5), (0, 0, 1)]


@pytest.mark.parametrize("trainings", [2, 3, 5])
@pytest.mark.parametrize("spreads", SPREADS)
def test_intervals_of_95_percent_hold_the_truth_at_least_so_often(trainings, spreads):
    rng, hits, trials = np.random.default_rng(trainings), 0, 600
    for _ in range(trials):
        low, high = estimate(crossed(rng, trainings, 60, *spreads), of="seeds").interval()
        hits += low < 0 < high
    # Three standard errors of a share of 95 % below it, and not without any bound above.
    assert 0.95 - 3 * math.sqrt(0.95 * 0.05 / trials) < hits / trials <= 0.995


def test_an_interval_over_the_images_of_one_training_forgets_the_trainings_luck():
    rng, hits, trials = np.random.default_rng(0), 0, 300
    for _ in range(trials):
        low, high = bootstrap_interval(crossed(rng, 1, 60, 0.3, 0.2, 1)[0], resamples=400)
        hits += low < 0 < high
    assert hits / trials < 0.75


def test_students_interval_over_the_trainings_alone_forgets_the_images_luck():
    rng, hits, trials = np.random.default_rng(0), 0, 300
    for _ in range(trials):
        rows = crossed(rng, 5, 60, 0.1, 1, 0.5).mean(axis=1)
        low, high = estimate(rows, of="seeds").interval()
        hits += low < 0 < high
    assert hits / trials < 0.75


def test_one_number_each_gives_students_interval():
    values = [1.0, 2.0, 4.0, math.nan]
    expected = scipy.stats.t.interval(0.95, 2, np.mean(values[:3]), scipy.stats.sem(values[:3]))
    for of in ("images", "seeds"):
        found = estimate(values, of=of)
        assert found.value == pytest.approx(7 / 3)
        assert found.interval() == pytest.approx(expected)
        assert (found.images, found.trainings) == ((3, 0) if of == "images" else (0, 3))
    assert found.interval(0.99)[1] > found.interval(0.9)[1] > found.value


def test_the_errors_of_trainings_and_images_come_from_their_own_mean_squares():
    values = np.array([[1.0, 2.0, 6.0], [2.0, 5.0, 5.0]])
    found = estimate(values, of="seeds")
    rows, columns = values.mean(axis=1), values.mean(axis=0)
    left = values - rows[:, None] - columns + values.mean()
    shared = (left**2).sum() / 2 / 6
    (trainings, one), (images, two) = found.errors
    assert (one, two) == (1, 2)
    assert trainings == pytest.approx(rows.std(ddof=1) / math.sqrt(2))
    assert images**2 == pytest.approx(columns.var(ddof=1) / 3 - shared)
    reaches = [scipy.stats.t.ppf(0.975, df) * error for error, df in found.errors]
    assert found.interval()[1] == pytest.approx(values.mean() + math.hypot(*reaches))
    assert (found.images, found.trainings) == (3, 2)


def test_an_image_that_one_training_cannot_be_measured_on_is_left_out():
    values = np.array([[1.0, 2.0, 6.0, math.nan], [2.0, 5.0, 5.0, 3.0]])
    assert estimate(values, of="seeds") == estimate(values[:, :3], of="seeds")


def test_a_class_that_crowds_the_others_counts_as_one_of_them():
    values = np.array([1.0, 1.2, 0.8, 1.0, 5.0, 5.2, 9.0])
    labels = ["forest"] * 4 + ["garden"] * 2 + ["alone"]
    found = estimate(values, labels=labels)
    assert found.value == pytest.approx((1.0 + 5.1) / 2)
    assert (found.classes, found.images) == (2, 6)
    ((error, freedom),) = found.errors
    spread = values[:4].var(ddof=1) / 4 + values[4:6].var(ddof=1) / 2
    assert (error, freedom) == (pytest.approx(math.sqrt(spread) / 2), 4)
    assert estimate(values[:6], labels=list("aabbcc")).classes == 3  # a third is too much as well
    many = estimate(np.arange(8.0), labels=list("aabbccdd"))
    assert many.classes == 0 and many.value == 3.5
    both = estimate(np.stack([values, values + 1]), of="seeds", labels=labels)
    assert both.value == pytest.approx(3.55) and both.classes == 2


def test_folds_are_units_however_many_images_they_hold():
    values, folds = [1.0, 3.0, 5.0, 5.0, 5.0, 7.0], [0, 0, 1, 1, 1, 2]
    found = estimate(values, clusters=folds)
    assert (found.value, found.images, found.trainings) == (pytest.approx(14 / 3), 6, 3)
    assert found.interval() == estimate([2.0, 5.0, 7.0], of="folds").interval()


def test_other_statistics_are_resampled_over_images_and_counted_over_trainings():
    rng = np.random.default_rng(1)
    values = rng.normal(size=400)
    found = estimate(values, statistic=np.std)
    assert found.value == np.std(values)
    ((error, freedom),) = found.errors
    assert error == pytest.approx(values.std() / math.sqrt(800), rel=0.15) and freedom == 399
    two = np.stack([values, values + 1])
    both = estimate(two, of="seeds", statistic=np.median)
    assert both.value == pytest.approx(np.median(values) + 0.5)
    assert both.errors[1] == (pytest.approx(0.5), 1)


@pytest.mark.parametrize("values", [[], [math.nan], [3.0], [[1.0, 2.0]], [[1.0], [2.0]]])
def test_what_tells_no_spread_has_no_interval(values):
    of = "seeds" if np.ndim(values) == 2 else "images"
    found = estimate(values, of=of)
    assert found.errors == () and all(math.isnan(x) for x in found.interval())
    assert math.isnan(found.value) == (np.isfinite(values).sum() == 0)


@pytest.mark.parametrize(
    "options",
    [
        {"values": np.zeros((2, 3))},
        {"values": np.zeros((2, 3, 4)), "of": "seeds"},
        {"values": np.zeros(3), "clusters": [0, 1]},
        {"values": np.zeros(3), "labels": ["a"]},
        {"values": np.zeros(3), "labels": list("abc"), "statistic": np.median},
    ],
)
def test_what_does_not_fit_is_refused(options):
    with pytest.raises(ValueError, match=r"values|images"):
        estimate(options.pop("values"), **options)


def test_what_never_varied_does_not_tell_how_it_may_vary():
    for never, of in (
        ([0.0, 0.0, 0.0], "seeds"),
        ([[2.0, 2.0], [2.0, 2.0]], "seeds"),
        ([1, 1], ""),
    ):
        found = estimate(never, of=of or "images")
        assert found.value == np.mean(never)
        assert all(math.isnan(x) for x in found.interval())
    assert all(math.isnan(x) for x in Estimate(math.nan, ((1.0, 2.0),)).interval())
