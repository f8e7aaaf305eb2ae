"""The procedural scenes: determinism, physics, and the independence of hue and lightness."""

import subprocess
import sys

import numpy as np
import pytest

from colorkit.data import scenes
from colorkit.data.scenes import materials, spectra
from colorkit.data.scenes.materials import MATERIALS, SUBSTANCES, WAVELENGTHS

REPORTED = {
    "art_school",
    "ballroom",
    "bar",
    "botanical_garden",
    "bridge",
    "castle",
    "clothing_store",
    "cottage",
    "country",
    "field",
    "forest",
    "formal_garden",
    "house",
    "indoor",
    "japanese_garden",
    "lawn",
    "library-indoor",
    "market-outdoor",
    "mountain",
    "oldbuilding",
    "palace",
    "park",
    "pond",
    "roof_garden",
    "sky",
    "skyscraper",
    "street",
    "topiary_garden",
    "urban",
    "vegetable_garden",
    "water",
    "waterfall",
    "zen_garden",
}


def daylight() -> spectra.Light:
    return spectra.light(6504.0, 0.25, 2.2)


def linear(encoded: np.ndarray) -> np.ndarray:
    v = np.asarray(encoded, float) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """(N, 3) linear sRGB to CIELAB."""
    f = (rgb.clip(0) @ np.linalg.inv(spectra._XYZ_TO_RGB).T) / spectra._D65
    f = np.where(f > (6 / 29) ** 3, np.cbrt(f), f / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


def share_explained(angle: np.ndarray, L: np.ndarray, bins: int = 5) -> float:
    """Share of a hue's circular variance that knowing L* explains, by bins of equal counts."""
    unit = np.exp(1j * angle)
    groups = np.array_split(unit[np.argsort(L)], bins)
    between = sum(len(g) * abs(g.mean() - unit.mean()) ** 2 for g in groups) / len(unit)
    return float(between)


def ratio(scene: scenes.Scene, name: str) -> float:
    """Mean linear NIR over mean linear red, of one material."""
    here = scene.materials == MATERIALS.index(name)
    return linear(scene.nir[here]).mean() / linear(scene.rgb[here][:, 0]).mean()


# ---- pictures -------------------------------------------------------------------------------


def test_every_class_is_there():
    assert set(scenes.CLASSES) == REPORTED
    assert list(scenes.CLASSES) == sorted(scenes.CLASSES)


@pytest.mark.parametrize("label", scenes.CLASSES)
def test_every_class_renders_at_any_size(label):
    for size in (32, 75, 128):
        for seed in (0, 1):
            scene = scenes.render(label, seed, size)
            assert scene.rgb.shape == (size, size, 3) and scene.rgb.dtype == np.uint8
            assert scene.nir.shape == (size, size) and scene.nir.dtype == np.uint8
            assert scene.ambiguous.shape == (size, size) and scene.ambiguous.dtype == bool
            assert scene.materials.shape == (size, size) and scene.materials.dtype == np.uint8
            assert scene.materials.max() < len(MATERIALS)
            assert scene.label == label
            assert scene.rgb.std() > 15  # no flat or burnt-out picture
            assert 20 < scene.rgb.mean() < 235


def test_large_size():
    assert scenes.render("castle", 3, 512).rgb.shape == (512, 512, 3)


def test_same_seed_same_bytes():
    for label in ("park", "bar", "library-indoor"):
        a, b = scenes.render(label, 5, 64), scenes.render(label, 5, 64)
        for field in ("rgb", "nir", "ambiguous", "materials"):
            np.testing.assert_array_equal(getattr(a, field), getattr(b, field))


def test_sizes_show_the_same_composition():
    for label in ("castle", "bar", "mountain"):
        small = scenes.render(label, 2, 64).rgb.astype(float)
        large = scenes.render(label, 2, 128).rgb.astype(float)
        large = large.reshape(64, 2, 64, 2, 3).mean((1, 3))
        assert np.corrcoef(small.ravel(), large.ravel())[0, 1] > 0.85


def test_seeds_differ():
    for label in ("lawn", "sky", "clothing_store"):
        seen = {scenes.render(label, seed, 32).rgb.tobytes() for seed in range(50)}
        assert len(seen) == 50


def test_unknown_label():
    with pytest.raises(ValueError, match=r"'moon'.*art_school.*zen_garden"):
        scenes.render("moon", 0)


def test_contact_sheet():
    sheet = scenes.contact_sheet(size=32)
    assert sheet.dtype == np.uint8 and sheet.shape == (5 * 36, 7 * 36, 3)


def test_import_is_light():
    code = (
        "import sys, colorkit.data.scenes; sys.exit(bool({'torch', 'colour'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---- physics --------------------------------------------------------------------------------


def test_reflectances_are_physical():
    for name, substance in SUBSTANCES.items():
        assert substance.reflectance.shape == WAVELENGTHS.shape, name
        low, high = substance.reflectance.min(), substance.reflectance.max()
        assert low >= 0 and high <= 1 + 1e-9, name


def test_rendering_leaves_numpys_printing_alone():
    code = "import numpy as np; from colorkit.data.scenes import render; render('sky', 0, 32);"
    code += "assert not np.get_printoptions()['legacy']"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_xyz_equals_colour_science():
    with np.printoptions():
        import colour

    cmfs = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    shape = colour.SpectralShape(400, 830, 10)
    cmfs, d65 = cmfs.copy().align(shape), colour.SDS_ILLUMINANTS["D65"].copy().align(shape)
    reflectance = SUBSTANCES["leaf"].reflectance
    sd = colour.SpectralDistribution(dict(zip(WAVELENGTHS, reflectance, strict=True)))
    expected = colour.sd_to_XYZ(sd.align(shape), cmfs, d65, method="Integration") / 100
    np.testing.assert_allclose(spectra.xyz(reflectance), expected, rtol=2e-3)


def test_daylight_continues_smoothly_beyond_its_table():
    power = spectra.daylight(6500.0)
    steps = np.abs(np.diff(power)) / power[:-1]
    assert steps[WAVELENGTHS[:-1] >= 820].max() < 0.06
    assert (power > 0).all()


def test_white_is_neutral():
    white = daylight().table["white"].vector.sum(0)
    np.testing.assert_allclose(white, 1, atol=1e-3)


def test_red_edge_and_dark_water():
    table = {name: paint.vector.sum(0) for name, paint in daylight().table.items()}
    for name in ("leaf", "dark", "blue_leaf", "grass"):
        red, green, blue, nir = table[name]
        assert nir / red > 4 and green > red and green > blue, name
    assert table["water"][3] < 0.01 and table["pond_water"][3] < 0.01
    assert table["snow"][3] < table["snow"][1]
    sky = daylight().glow(spectra.rayleigh()).vector[1]
    assert sky[3] < 0.3 * sky[1] < sky[2]


def test_pictures_obey_the_physics():
    plants = [ratio(scenes.render("lawn", seed, 64), "grass") for seed in range(8)]
    water = [ratio(scenes.render("water", seed, 64), "water") for seed in range(8)]
    assert np.median(plants) > 3  # clipped and hazy pixels included
    assert np.median(water) < 1


# ---- ambiguity ------------------------------------------------------------------------------


def test_dyes_have_hue_independent_of_lightness():
    drawn = spectra.draw_dyes(np.random.default_rng(0), 4000)
    assert drawn.min() >= 0 and drawn.max() <= 1
    seen = daylight().dyes(drawn).sum(0)  # (4, N)
    L, a, b = lab(seen[:3].T).T
    assert 26 < L.min() < 32 and 78 < L.max() < 84
    angle = np.arctan2(b, a)
    assert share_explained(angle, L) < 0.005
    assert abs(np.exp(1j * angle).mean()) < 0.05  # every hue as often
    assert np.hypot(a, b).mean() > 20
    assert (seen[3] > 0.4).all()  # dyes are bright in the infrared


def test_ambiguous_pixels_have_hue_independent_of_lightness():
    hues, lightness = [], []
    for seed in range(120):
        scene = scenes.render("clothing_store", seed, 32)
        L, a, b = lab(linear(scene.rgb[scene.ambiguous])).T
        colored = np.hypot(a, b) > 8
        hues.append(np.arctan2(b, a)[colored][::5])
        lightness.append(L[colored][::5])
    assert share_explained(np.concatenate(hues), np.concatenate(lightness)) < 0.03


@pytest.mark.parametrize(
    "label", ["clothing_store", "market-outdoor", "library-indoor", "botanical_garden"]
)
def test_ambiguous_where_things_are_dyed(label):
    shares = [scenes.render(label, seed, 64).ambiguous.mean() for seed in range(6)]
    assert min(shares) > 0.02 and np.mean(shares) > 0.06


def test_nothing_ambiguous_in_nature():
    for label in ("mountain", "sky", "forest"):
        shares = [scenes.render(label, seed, 64).ambiguous.mean() for seed in range(6)]
        assert np.mean(shares) < 0.02


def test_ambiguous_pixels_are_of_dyed_materials():
    dyed = {MATERIALS.index(name) for name in ("petals", "fruit", "cloth", "books", "paint")}
    for label in ("market-outdoor", "formal_garden", "indoor", "street"):
        scene = scenes.render(label, 4, 64)
        assert set(np.unique(scene.materials[scene.ambiguous])) <= dyed
    assert len(materials.MATERIALS) < 256
