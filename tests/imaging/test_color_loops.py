"""The compiled loops against scikit-image and plain formulas, and how near their roots are."""

import numpy as np
import skimage.color

from colorkit.imaging import color, color_loops


def test_every_byte_becomes_lab_and_gray_as_scikit_image_says():
    rgb = np.random.default_rng(0).integers(0, 256, (24, 31, 3), dtype=np.uint8)
    rgb[0, :16] = np.arange(16)[:, None]  # near black the curve is a line
    lab = np.empty((3, 24, 31), np.float32)
    tables = (color._LIGHT_TO_T, color._G_TO_LAB, color._LAB_BIAS)
    light = (color._light_of_bytes() - color._LIGHT_SLOPE).numpy()
    color_loops.image_to_lab(rgb, light, *(np.array(each, np.float32) for each in tables), lab)
    assert np.abs(np.moveaxis(lab, 0, -1) - skimage.color.rgb2lab(rgb)).max() < 1e-3
    gray = np.empty((24, 31), np.float32)
    color_loops.image_to_gray(rgb, np.array([0.5, 0.25, 0.125], np.float32), gray)
    np.testing.assert_allclose(gray, rgb @ [0.5, 0.25, 0.125], rtol=1e-6)


def test_roots_are_those_of_doubles_to_single_precision():
    values = np.concatenate((np.linspace(0, 1, 200), np.geomspace(1, 300, 5000))).astype(np.float32)
    found = values.copy()
    color_loops.cube_roots(found)
    exact = values.astype(np.float64)
    wanted = np.maximum(exact, 1) ** (1 / 3) + np.minimum(exact, 1) / 3
    np.testing.assert_allclose(found, wanted, rtol=2.5e-7)


def test_the_series_is_as_near_as_it_says_where_the_guess_is_wrong():
    values = np.geomspace(1, 8, 10_000).astype(np.float32)  # an octave of the root
    third = (values.view(np.int32) * color_loops._THIRD).astype(np.int32)
    guess = (color_loops._GUESS - third).astype(np.int32).view(np.float32).astype(np.float64)
    wrong = 1 - values * guess**3
    assert 0.1 < np.abs(wrong).max() < color_loops._WRONG
    reach = np.linspace(-0.106, 0.106, 1001)
    assert np.abs(color_loops._SERIES(reach) / (1 - reach) ** (-2 / 3) - 1).max() < 4e-8
