"""Edges of both halves: known shifts found, other scenes told apart, brightness ignored."""

import numpy as np
import pytest
from scipy import ndimage

from colorkit.data.sample_photographs import sample_photographs
from colorkit.data.scenes import render
from colorkit.studies.nir.registration import AGREEMENT, check, register, warnings

SIZE = 160


@pytest.fixture(scope="module")
def house() -> dict[str, np.ndarray]:
    return sample_photographs(SIZE)


def infrared(rgb: np.ndarray) -> np.ndarray:
    """Another brightness of the same edges: some of them swap dark for light."""
    red, green, blue = (rgb[..., i].astype(float) for i in range(3))
    return np.clip(0.2 * red + 1.1 * green - 0.5 * blue + 30, 0, 255).astype(np.uint8)


def moved(nir: np.ndarray, down: float, right: float) -> np.ndarray:
    shifted = ndimage.shift(nir.astype(float), (down, right), order=3, mode="nearest")
    return np.clip(np.rint(shifted), 0, 255).astype(np.uint8)


def test_halves_of_one_view_agree_without_shift(house):
    for rgb in house.values():
        found = register(rgb, infrared(rgb))
        assert found.agreement > 0.6 and found.shift <= 0.2 and found.peaked
        assert found.warning == ""


def test_a_negative_agrees_as_well_as_the_picture_itself(house):
    gray = house["coffee"].mean(axis=2).astype(np.uint8)
    rgb = np.repeat(gray[..., None], 3, axis=2)
    assert register(rgb, gray).agreement > 0.999
    assert register(rgb, 255 - gray).agreement > 0.999
    assert register(rgb, gray // 2 + 20).agreement > 0.98


@pytest.mark.parametrize(("down", "right"), [(2, 0), (0, -3), (1.5, -1.5), (-2.5, 1), (4, 4)])
def test_known_shifts_are_found_and_warned_of(house, down, right):
    for rgb in house.values():
        found = register(rgb, moved(infrared(rgb), down, right))
        assert found.down == pytest.approx(down, abs=0.3)
        assert found.right == pytest.approx(right, abs=0.3)
        assert found.shift == pytest.approx(np.hypot(found.down, found.right))
        assert "shifted by" in found.warning


def test_less_than_the_threshold_is_no_warning(house):
    for rgb in house.values():
        found = register(rgb, moved(infrared(rgb), 0, 1))
        assert found.right == pytest.approx(1, abs=0.3) and found.warning == ""


def test_a_larger_jump_is_said_to_be_out_of_reach(house):
    rgb = house["china"]
    found = register(rgb, moved(infrared(rgb), 0, 9))
    assert not found.peaked and max(abs(found.down), abs(found.right)) <= 4
    assert "further away than 4 pixels" in found.warning or "different scenes" in found.warning


def test_agreement_is_scipys_correlation_of_gradients(house):
    rgb = house["rocket"]
    nir = infrared(rgb)
    luminance = rgb @ np.array([0.2125, 0.7154, 0.0721]) / 255
    edges = [
        np.hypot(*(ndimage.gaussian_filter(x, 1.0, order=o) for o in ((1, 0), (0, 1))))
        for x in (luminance, nir / 255)
    ]
    first, second = (x[4:-4, 4:-4].ravel() for x in edges)
    assert register(rgb, nir).agreement == pytest.approx(np.corrcoef(first, second)[0, 1], abs=1e-4)


def test_other_scenes_are_on_the_warning_list_and_true_pairs_are_not(house):
    names = list(house)
    true = [(name, house[name], infrared(house[name])) for name in names]
    false = [
        (f"{a}-{b}", house[a], infrared(house[b]))
        for a, b in zip(names, names[1:] + names[:1], strict=True)
    ]
    table = check(true + false)
    assert list(table.columns) == ["agreement", "shift", "down", "right", "warning"]
    assert (table.loc[names, "warning"] == "").all()
    mixed = table.loc[[name for name, *_ in false]]
    assert (mixed["warning"] != "").all() and (mixed["agreement"] < 2 * AGREEMENT).all()
    lines = warnings(table)
    assert len(lines) == len(false) and {line.split(":")[0] for line in lines} == set(mixed.index)
    assert warnings(table.loc[names]) == []


def test_procedural_pairs_are_registered():
    scenes = {label: render(label, 3_000_000, 128) for label in ("country", "urban", "water")}
    table = check((label, scene.rgb, scene.nir) for label, scene in scenes.items())
    assert (table["warning"] == "").all() and (table["shift"] < 0.5).all()


def test_featureless_halves_agree_in_nothing():
    found = register(np.full((64, 64, 3), 90, np.uint8), np.full((64, 64), 200, np.uint8))
    assert found.agreement == 0 and "no better" in found.warning


@pytest.mark.parametrize(
    ("first", "second"), [((64, 64, 3), (64, 60)), ((64, 64), (64, 64)), ((16, 64, 3), (16, 64))]
)
def test_shapes_that_do_not_belong_together_are_refused(first, second):
    with pytest.raises(ValueError, match="at least 32 pixels a side, received"):
        register(np.zeros(first, np.uint8), np.zeros(second, np.uint8))
