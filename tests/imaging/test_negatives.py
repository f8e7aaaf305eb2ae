"""Positives of films, and the mask by which a color negative is known."""

import numpy as np
import pytest
from made_prints import gray_of, jpeg, negative, toned
from skimage import data
from skimage.color import rgb2lab
from sklearn.datasets import load_sample_image

from colorkit.imaging.negatives import invert, is_masked

GRAY_FILM = (0.1, 0.1, 0.1)


def three(gray: np.ndarray) -> np.ndarray:
    return np.repeat(gray[..., None], 3, axis=2)


def off(found: np.ndarray, scene: np.ndarray) -> float:
    """Mean distance of L*."""
    return float(np.abs(rgb2lab(found)[..., 0] - rgb2lab(scene)[..., 0]).mean())


@pytest.mark.parametrize("contrast", [0.5, 0.62, 0.8])
def test_the_positive_of_a_gray_film_is_near_the_scene(contrast):
    scene = three(data.camera())
    film = negative(scene, GRAY_FILM, contrast)
    assert off(film, scene) > 30
    assert off(invert(film), scene) < 5
    assert off(invert(film), scene) < 0.5 * off(255 - film, scene)  # values subtracted from white


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_the_positive_of_a_color_film_is_gray_and_near_the_scene(name):
    scene = getattr(data, name)()
    found = invert(jpeg(negative(scene), 92))
    assert (found == found[..., :1]).all()
    assert (found.shape, found.dtype) == (scene.shape, np.uint8)
    assert off(found, scene) < 7


def test_a_picture_with_black_and_white_exchanged_is_exchanged_back():
    scene = three(data.camera())
    assert off(invert(255 - scene), scene) < 6


def test_what_the_film_lies_in_is_not_measured():
    scene = three(data.camera())
    film = negative(scene, GRAY_FILM)
    held = film.copy()
    held[:12] = held[-12:] = 0
    assert np.abs(invert(held)[12:-12].astype(int) - invert(film)[12:-12]).mean() < 6


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (30, 2), (64, 64)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_nothing_on_the_film(shape, value):
    assert invert(np.full((*shape, 3), value, np.uint8)).shape == (*shape, 3)
    assert not is_masked(np.full((*shape, 3), value, np.uint8))


def test_a_color_negative_is_known():
    assert is_masked(jpeg(negative(data.astronaut()), 90))


def test_others_are_not():
    scenes = [data.astronaut(), data.coffee(), data.chelsea(), data.rocket()]
    scenes += [load_sample_image("china.jpg"), load_sample_image("flower.jpg")]
    scenes += [three(data.camera()), negative(three(data.camera()), GRAY_FILM)]
    scenes += [toned(gray_of(data.coffee()), "sepia"), 255 - data.astronaut()]
    scenes.append(np.full((80, 80, 3), (230, 150, 90), np.uint8))
    assert not any(map(is_masked, scenes))
