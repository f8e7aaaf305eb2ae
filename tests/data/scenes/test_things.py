"""Which pixels show which thing: whole things, in front of each other, and a sky that has none."""

import numpy as np
import pytest

from colorkit.data import scenes
from colorkit.data.scenes import city, furniture, land
from colorkit.data.scenes.canvas import Canvas
from colorkit.data.scenes.spectra import light


def canvas(size: int = 64) -> Canvas:
    return Canvas(size, np.random.default_rng(0), light(6500.0, 0.3, 1.5), "cloudy")


def test_a_painted_thing_is_one_and_covers_the_one_behind():
    c = canvas()
    land.sky(c, 0.5)
    assert not c.things.any()
    city.car(c, 0.5, 0.8, 0.5)
    first = c.things.copy()
    assert set(np.unique(first)) == {0, 1} and 0.05 < (first == 1).mean() < 0.5
    city.person(c, 0.5, 0.85, 0.6)
    assert set(np.unique(c.things)) == {0, 1, 2}
    assert ((c.things == 1) <= (first == 1)).all()  # only less of the car is seen
    c.rectangle(0, 0, 1, 1, c.of("sand"))
    assert not c.things.any()  # ground in front of all


def test_what_a_thing_is_made_of_belongs_to_it():
    c = canvas()
    furniture.armchair(c, 0.5, 0.9, 0.5)  # paints a sofa, which is a thing by itself
    assert set(np.unique(c.things)) == {0, 1}


def test_a_painter_that_fails_leaves_no_thing_open():
    c = canvas()
    with pytest.raises(TypeError):
        city.car(c, 0.5, 0.8, None)
    assert c.thing == 0


@pytest.mark.parametrize(("label", "least"), [("street", 3), ("house", 2), ("sky", 0)])
def test_scenes_say_where_their_things_are(label, least):
    scene = scenes.render(label, 3, 64)
    assert scene.things.shape == (64, 64) and scene.things.dtype == np.uint16
    shares = np.bincount(scene.things.ravel())[1:] / scene.things.size
    assert (shares > 0.02).sum() >= least
    assert label != "sky" or not scene.things.any()


def test_things_are_mirrored_with_the_picture():
    """Dyed clothes and paint lie on things wherever a street shows them."""
    for seed in range(4):
        scene = scenes.render("street", seed, 64)
        assert (scene.things[scene.ambiguous] > 0).mean() > 0.8
