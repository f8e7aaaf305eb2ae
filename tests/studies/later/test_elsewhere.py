"""Pictures that are no photographs: they ship with scikit-image, and are measured rightly."""

import socket

import numpy as np
import pytest

from colorkit.inference.paint import to_gray
from colorkit.studies.later import elsewhere


def test_they_lie_in_the_package_and_nothing_is_downloaded(monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it asks a server"))
    names = (*elsewhere.COLORED, *elsewhere.COLORLESS)
    found = elsewhere.pictures(names, 48)
    assert list(found) == list(names) == list(elsewhere.TITLES)
    for name, picture in found.items():
        assert picture.shape == (48, 48, 3) and picture.dtype == np.uint8
        assert (elsewhere.painted(picture) > 1) == (name in elsewhere.COLORED)


def test_gray_keeps_the_lightness_and_no_color():
    picture = elsewhere.pictures(("retina",), 48)["retina"]
    gray = to_gray(picture)
    assert elsewhere.painted(gray) < 0.5
    assert np.abs(to_gray(gray).astype(int) - gray).max() <= 1


def test_the_truth_is_better_than_gray_and_a_wrong_color_worse():
    picture = elsewhere.pictures(("retina",), 48)["retina"]
    assert elsewhere.beyond_gray(to_gray(picture), picture) == pytest.approx(0, abs=0.1)
    assert elsewhere.beyond_gray(picture, picture) < -10
    assert elsewhere.beyond_gray(picture[..., ::-1].copy(), picture) > 5


def test_a_model_of_the_box_colors_them():
    picture = elsewhere.pictures(("cell",), 48)["cell"]
    found = elsewhere.colorized(picture, "colornet")
    assert found.shape == picture.shape and elsewhere.painted(found) > 0.1
