"""Local measures on pictures whose every pixel is known."""

import numpy as np
import pytest
import torch

from colorkit.course.evaluation import Constant, evaluate
from colorkit.data.batches import Batch
from colorkit.data.collection import ImageSet
from colorkit.imaging.color import lab_to_rgb
from colorkit.studies.vegenet import local_colors
from colorkit.studies.vegenet.local_colors import (
    above_median,
    chroma_spread,
    common_hues,
    dullness,
    measure_regions,
    painted_over,
    wrong_red,
)

GREEN, RED, BLUE = (-25.0, 25.0), (40.0, 10.0), (5.0, -35.0)


class Decoded:
    """Images of given a*, b* at an L* of 50: left half, right half, by class."""

    def __init__(self, halves, L=(50.0, 50.0), side=12):
        self.labels = [label for label, *_ in halves]
        self.names = [f"{label}/{k}" for k, label in enumerate(self.labels)]
        lab = torch.zeros(len(halves), 3, side, side)
        for image, (_, left, right) in zip(lab, halves, strict=True):
            for part, ab, level in (
                (image[..., : side // 2], left, L[0]),
                (image[..., side // 2 :], right, L[1]),
            ):
                part[0], part[1], part[2] = level, *ab
        rgb = lab_to_rgb(lab).permute(0, 2, 3, 1)
        self.images = (rgb * 255).round().to(torch.uint8).numpy()


def image_set(halves, **options) -> ImageSet:
    decoded = Decoded(halves, **options)
    classes = sorted(set(decoded.labels))
    return ImageSet(decoded, np.arange(len(halves)), classes)


def halves_painted(left, right):
    """A predictor of two colors."""

    def predict(gray):
        ab = torch.tensor([left, right]).T[None, :, None, :]  # (1, 2, 1, 2)
        return (
            ab.repeat_interleave(gray.shape[-1] // 2, 3)
            .expand(-1, -1, gray.shape[-2], -1)
            .expand(len(gray), -1, -1, -1)
        )

    return predict


def test_regions_are_those_of_the_truth_and_measured_apart():
    images = image_set([("garden", GREEN, (3.0, 3.0))])
    table = measure_regions(halves_painted(GREEN, GREEN), images, 12)
    assert table["label"].tolist() == ["garden"]
    assert table["plants delta_e"][0] < 1 < table["built delta_e"][0]
    assert table["plants a"][0] == pytest.approx(-25, abs=0.5)
    assert np.isnan(table["sky a"][0])
    whole = evaluate(halves_painted(GREEN, GREEN), images, 12)["delta_e"][0]
    parts = (table["plants delta_e"][0] + table["built delta_e"][0]) / 2
    assert parts == pytest.approx(whole, abs=1e-3)


def test_red_is_wrong_only_where_the_truth_is_not():
    images = image_set([("garden", RED, GREEN)])
    assert measure_regions(Constant(*RED), images, 12)["wrong red"][0] == 0.5
    assert measure_regions(Constant(*GREEN), images, 12)["wrong red"][0] == 0
    painted = torch.tensor([RED, (20.0, -30.0), (5.0, 2.0), (12.0, 0.0)]).T[None, :, None]
    found = wrong_red(painted, torch.tensor([0.0, 0.0]).view(1, 2, 1, 1).expand_as(painted))
    assert found[0, 0].tolist() == [True, False, False, True]  # purple and dull ones are none


def test_common_hues_hold_most_of_a_class():
    images = image_set(
        [("garden", GREEN, GREEN)] * 9 + [("garden", GREEN, RED), ("sea", BLUE, RED)]
    )
    common = common_hues(images, 12)
    assert common.shape == (2, 12)
    assert common[0].nonzero().flatten().tolist() == [4]  # 135° of GREEN; RED is one in twenty
    assert common[1].sum() == 2 and common[1, 0]
    grays = image_set([("a", (0.0, 0.0), (0.0, 0.0)), ("b", GREEN, GREEN)])
    assert not common_hues(grays, 12)[0].any()


def test_a_rare_color_is_painted_over_kept_or_left_gray():
    images = image_set([("garden", GREEN, RED), ("garden", GREEN, GREEN)])
    common = torch.zeros(1, 12, dtype=torch.bool)
    common[0, 4] = True
    for predictor, expected in (
        (Constant(*GREEN), [1, 0, 0]),
        (Constant(*RED), [0, 1, 0]),
        (Constant(), [0, 0, 1]),
        (halves_painted(GREEN, RED), [0, 1, 0]),
    ):
        table = painted_over(predictor, images, common, 12)
        assert table.loc[0, ["common", "rare", "gray"]].tolist() == expected
        assert table.loc[1, ["common", "rare", "gray"]].isna().all()


def test_spread_is_taken_at_one_lightness():
    images = image_set(
        [("garden", GREEN, RED), ("garden", GREEN, GREEN), ("sea", BLUE, BLUE)], L=(30.0, 62.0)
    )
    spread = chroma_spread(images, 12)
    assert spread.shape == (2, 20)
    # Levels of 5: of the left halves all green, of the right ones half red and half green.
    expected = torch.tensor(GREEN).sub(torch.tensor(RED)).norm().item() / 2
    assert spread[0, 6] < 1 and spread[0, 12] == pytest.approx(expected, abs=0.5)
    assert spread[1].max() < 1 and spread[0, 0] == 0


def test_pixels_above_their_images_median_are_unsure():
    lab = torch.zeros(2, 3, 1, 4)
    lab[:, 0] = torch.tensor([[2.0, 7.0, 12.0, 17.0], [2.0, 2.0, 2.0, 2.0]])[:, None]
    spread = torch.zeros(2, 20)
    spread[1, :4] = torch.tensor([1.0, 9.0, 4.0, 2.0])
    batch = Batch(lab[:, :1], lab, torch.tensor([1, 1]))
    unsure = above_median(spread)(batch, ["a", "b"])
    assert unsure[0, 0].tolist() == [False, True, True, False]
    assert not unsure[1].any()


def right_half(batch, names):
    mask = torch.zeros(batch.lab[:, 0].shape, dtype=torch.bool)
    mask[..., mask.shape[-1] // 2 :] = True
    return mask


def test_equally_vivid_pixels_are_compared():
    blue = (0.0, -35.4)
    images = image_set([("garden", GREEN, blue)])
    truth = dullness(halves_painted(GREEN, blue), images, right_half, 12)
    assert truth["duller"][0] == pytest.approx(0, abs=0.1)
    found = dullness(halves_painted(GREEN, (0.0, -10.0)), images, right_half, 12)
    assert found["duller"][0] == pytest.approx(np.hypot(*GREEN) - 10, abs=1e-4)
    assert found["label"].tolist() == ["garden"]


def test_what_is_more_vivid_in_truth_is_not_compared_with_what_is_duller():
    images = image_set([("garden", (4.0, 3.0), BLUE)])
    assert dullness(Constant(10.0, 0.0), images, right_half, 12)["duller"].isna().all()


def test_one_color_everywhere_is_not_duller_anywhere():
    generator = np.random.default_rng(0)
    images = image_set([("garden", GREEN, RED)])
    pixels = generator.integers(0, 256, (1, 12, 12, 3), dtype=np.uint8)
    images._images[:] = pixels
    assert dullness(Constant(8.0, 3.0), images, right_half, 12)["duller"][0] == 0


def test_names_follow_the_batches(monkeypatch):
    images = image_set([("garden", GREEN, GREEN)] * 70)
    seen = []

    def unsure(batch, names):
        seen.append(len(names) == len(batch.labels))
        seen.extend(names)
        return right_half(batch, names)

    dullness(Constant(1.0, 1.0), images, unsure, 12)
    assert [name for name in seen if name is not True] == images.names
    assert local_colors._LEVELS == 20
