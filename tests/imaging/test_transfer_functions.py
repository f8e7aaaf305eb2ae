"""Transfer functions: each undoes the other, and both meet what their standards print."""

import numpy as np
import pytest

from colorkit.imaging import transfer_functions as curves

CODES = np.linspace(0, 1, 1001)


def test_each_way_undoes_the_other():
    np.testing.assert_allclose(curves.to_srgb(curves.from_srgb(CODES)), CODES, atol=1e-4)
    np.testing.assert_allclose(curves.to_pq(curves.from_pq(CODES)), CODES, atol=1e-6)


@pytest.mark.parametrize(("light", "code"), [(0, 0), (100, 0.508), (203, 0.581), (10_000, 1)])
def test_pq_is_that_of_the_report(light, code):
    """ITU-R BT.2408 puts white paper, 203 cd/m², at 58 % of PQ and at 75 % of HLG."""
    assert curves.to_pq(light) == pytest.approx(code, abs=1e-3)


def test_hlg_is_that_of_the_recommendation():
    scene = curves.from_hlg(np.array([0, 0.5, 0.75, 1]))
    np.testing.assert_allclose(scene[[0, 1, 3]], [0, 1 / 12, 1], atol=1e-6)
    shown = curves.HLG_PEAK * scene[2] ** curves.HLG_GAMMA
    assert shown == pytest.approx(curves.HDR_WHITE, rel=0.01)


def test_bytes_are_those_of_the_formula():
    light = np.linspace(0, 1, 65_536)
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert curves.SRGB_BYTES.dtype == np.uint8
    assert np.array_equal(curves.SRGB_BYTES, np.rint(255 * code))
