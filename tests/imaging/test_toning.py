"""Which pictures are gray in a tint, and which have colors."""

from functools import partial

import numpy as np
import pytest
from made_prints import BATHS, gray_of, jpeg, toned
from skimage import data
from sklearn.datasets import load_sample_image

from colorkit.imaging.toning import is_gray, is_toned

COLORED = {name: getattr(data, name) for name in ("astronaut", "coffee", "chelsea", "rocket")}
COLORED |= {name: partial(load_sample_image, f"{name}.jpg") for name in ("china", "flower")}


@pytest.mark.parametrize("bath", BATHS)
@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_prints_from_a_bath_are_toned(bath, name):
    assert is_toned(jpeg(toned(gray_of(COLORED[name]()), bath)))


@pytest.mark.parametrize("name", COLORED)
def test_color_photographs_are_not(name):
    rgb = COLORED[name]()
    assert not is_toned(rgb) and not is_gray(rgb)


def test_a_sunset_is_not():
    """Red below, orange, yellow above, and a black hill: one hue's neighbors, not one tint."""
    rng = np.random.default_rng(0)
    stops = np.array([(120, 30, 60), (230, 90, 40), (255, 180, 60), (120, 130, 170)])
    rows = np.stack([np.interp(np.linspace(3, 0, 200), range(4), stops[:, k]) for k in range(3)], 1)
    sky = np.repeat(rows[:, None], 300, axis=1) + rng.normal(0, 6, (200, 300, 1))
    sky[150:] *= 0.1
    assert not is_toned(np.clip(sky, 0, 255).astype(np.uint8))


def test_gray_pictures_are_gray_and_not_toned():
    gray = data.camera()
    rgb = np.repeat(gray[..., None], 3, axis=2)
    cast = np.clip(rgb.astype(int) + np.array([2, 0, -2]), 0, 255).astype(np.uint8)
    for each in (rgb, cast, np.zeros_like(rgb)):
        assert is_gray(each) and not is_toned(each)


def test_paper_of_another_tint_around_a_print_does_not_hide_its_tone():
    page = np.full((640, 640, 3), (205, 215, 235), np.uint8)
    page[64:576, 64:576] = toned(gray_of(data.astronaut()), "sepia")
    assert is_toned(jpeg(page))


def test_a_small_colored_thing_on_gray_is_no_tone():
    rgb = np.repeat(data.camera()[..., None], 3, axis=2)
    rgb[200:300, 200:300] = (200, 40, 40)
    assert not is_toned(rgb)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (5, 7), (300, 2)])
def test_any_size(shape):
    assert not is_toned(np.full((*shape, 3), 128, np.uint8))
