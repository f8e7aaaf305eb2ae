"""Training, pre- and post-processing: each combination is measured, and the best alone is found."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from colorkit.course.scales import Scale
from colorkit.imaging.color import join
from colorkit.imaging.metrics.regions import error_map
from colorkit.studies.colorfulness import trainings
from colorkit.studies.postprocessing import together
from colorkit.studies.postprocessing.effects import Pictures
from colorkit.studies.postprocessing.together import ALL, ALONE, NONE, best_alone, combine

SIDE = 8


def half(gray):  # of the truth below
    return 10 * torch.cat((gray, -gray), dim=1)


def wrong(gray):
    return -half(gray)


def split(seed: int, darker: float = 1.0) -> Pictures:
    gray = darker * torch.rand((5, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(seed))
    lab = torch.cat((torch.full_like(gray, 50), 2 * half(gray)), dim=1)
    return Pictures(gray, lab, ["lawn"] * 5)


@pytest.fixture(scope="module")
def found():
    networks = {False: [half, half], True: [wrong, half]}
    return combine(networks, split(0), split(1), split(2))


def test_every_combination_has_each_training_on_each_image(found):
    assert len(found) == 8 and set(ALONE) | {NONE, ALL} < set(found)
    assert all(part.shape == (2, 5) for pair in found.values() for part in pair)


def test_nothing_done_is_the_error_of_the_network_as_it_is(found):
    test = split(2)
    expected = error_map(join(test.lab[:, :1], half(test.gray)), test.lab).mean(dim=(1, 2))
    np.testing.assert_allclose(found[NONE][1], np.stack([expected] * 2), rtol=1e-4)
    assert (found[ALONE[0]][1][0] > found[NONE][1][0]).all()  # the first was trained wrongly


def test_the_fit_is_made_for_what_comes_before_it(found):
    assert found[ALONE[2]][1].max() < 0.05  # half of the color is mended by a gain of 2
    assert found[True, False, True][1].max() < 0.05  # and the wrong sign by one of −2


def test_pre_processing_shows_the_histogram_of_the_training_images():
    seen = []

    def watch(gray):
        seen.append(gray)
        return half(gray)

    combine({False: [watch], True: [half]}, split(0), split(1, 0.3), split(2, 0.3))
    means = [gray.mean().item() for gray in seen]  # train, val, test, and the same shown otherwise
    assert means[1] < 0.2 and means[2] < 0.2
    assert means[3:] == pytest.approx([means[0]] * 3, abs=0.02)


def test_the_best_alone_is_chosen_by_validation_images(found):
    assert best_alone(found) == ALONE[2]
    swapped = found | {ALONE[1]: (found[ALONE[2]][0] - 1, found[NONE][1])}
    assert best_alone(swapped) == ALONE[1]


def test_the_trainings_are_those_of_the_chapter_on_colorfulness():
    asked = []
    profile = SimpleNamespace(colorfulness=Scale(epochs=3, seeds=2))
    course = SimpleNamespace(profile=profile, repeats=lambda **options: asked.append(options))
    assert set(together.train(course)) == {False, True}
    table = trainings(profile.colorfulness)
    assert asked == [table["vegenet", "β = 0"], table["vegenet", "β = 5"]]
