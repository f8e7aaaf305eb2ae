"""Plants, sky and built things: the rules on painted patches, and means over masks."""

import numpy as np
import pytest
import torch

from colorkit.data.scenes import MATERIALS, render
from colorkit.imaging.color import lab_to_rgb, rgb_to_lab
from colorkit.imaging.metrics import regions
from colorkit.imaging.metrics.quality import delta_e
from colorkit.imaging.metrics.regions import (
    REGIONS,
    by_region,
    error_map,
    paint_regions,
    region_masks,
)

COLORS = {
    "grass": (45.0, -22.0, 28.0),
    "blue sky": (70.0, -5.0, -25.0),
    "cloud": (85.0, 0.0, 2.0),
    "wall": (50.0, 2.0, 8.0),
    "brick": (40.0, 16.0, 16.0),
    "poppy": (45.0, 60.0, 45.0),
}


def paint(top: str, bottom: str, height: int = 24, width: int = 20) -> torch.Tensor:
    lab = torch.empty(1, 3, height, width)
    for rows, name in ((slice(None, height // 2), top), (slice(height // 2, None), bottom)):
        lab[:, :, rows] = torch.tensor(COLORS[name]).view(1, 3, 1, 1)
    return lab_to_rgb(lab)


def shares(rgb: torch.Tensor) -> dict[str, float]:
    return {name: mask.float().mean().item() for name, mask in region_masks(rgb).items()}


def test_sky_above_grass():
    found = shares(paint("blue sky", "grass"))
    assert found["plants"] == 0.5
    assert found["sky"] > 0.4  # less a margin at the horizon, which is not smooth
    assert found["sky"] + found["built"] == pytest.approx(0.5)


def test_clouds_are_sky_only_above():
    assert shares(paint("cloud", "grass"))["sky"] > 0.4
    assert shares(paint("grass", "cloud"))["sky"] == 0
    assert shares(paint("grass", "blue sky"))["sky"] == 0


def test_sky_must_reach_the_upper_edge():
    rgb = paint("blue sky", "grass", 40)
    rgb[:, :, :8] = paint("brick", "brick")[:, :, :8]
    assert shares(rgb)["sky"] == 0
    rgb[:, :, :8, 5:10] = paint("blue sky", "blue sky")[:, :, :8, 5:10]  # a gap in the wall
    assert shares(rgb)["sky"] > 0.2


def test_rough_is_not_sky():
    noise = torch.rand(1, 1, 24, 20, generator=torch.Generator().manual_seed(0))
    rgb = (paint("cloud", "grass") - 0.6 * noise).clamp(0, 1)
    assert shares(rgb)["sky"] < 0.02


def test_weak_colors_are_built_and_flowers_are_nothing():
    assert shares(paint("wall", "brick")) == {"plants": 0, "sky": 0, "built": 1}
    assert shares(paint("poppy", "poppy")) == {"plants": 0, "sky": 0, "built": 0}


@pytest.mark.parametrize(
    ("lab", "region"),
    [
        ((50, 0, 8), "plants"),
        ((50, 0, 7.9), "built"),
        ((50, 0.8, 9), "built"),  # a hue of 84.9°
        ((50, 0.78, 9), "plants"),  # 85.05°
        ((50, -30.8, 8.3), "plants"),  # 164.9°
        ((50, -30.9, 8.2), ""),  # 165.1°
        ((45, 0, -5), "sky"),
        ((44.9, 0, -5), "built"),
        ((45, 0, -4.9), "built"),
        ((50, -9.41, -3.4), "built"),  # 199.9°
        ((50, -9.38, -3.44), "sky"),  # 200.1°
        ((50, 9.98, -17.32), "sky"),  # 299.95°
        ((50, 10.02, -17.32), "built"),  # 300.05°
        ((60, 9.9, 0), "sky"),
        ((60, 10, 0), "built"),
        ((59.9, 0, 0), "built"),
        ((50, 30, 0), ""),
        ((50, 29.9, 0), "built"),
    ],
)
def test_where_a_region_ends(monkeypatch, lab, region):
    monkeypatch.setattr(regions, "rgb_to_lab", lambda rgb: rgb)
    plane = torch.tensor(lab, dtype=torch.float32).view(1, 3, 1, 1).expand(1, 3, 3, 4).clone()
    masks = region_masks(plane)
    assert [name for name, mask in masks.items() if mask[0, 0].all()] == [region] * bool(region)
    assert [bool(masks["sky"][0, row].all()) for row in range(3)] == [
        region == "sky" and row < 2 for row in range(3)
    ]  # up to the middle row


def test_deviation_is_that_of_the_window():
    plane = 100 * torch.rand(1, 7, 8, generator=torch.Generator().manual_seed(0))
    found = regions._deviation(plane)[0]
    for y, x in np.ndindex(7, 8):
        window = plane[0, max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
        assert found[y, x].item() == pytest.approx(window.std(correction=0).item(), rel=1e-3)


@pytest.mark.parametrize("shape", [(3, 3, 33, 47), (1, 3, 1, 1), (2, 3, 1, 5)])
def test_masks_are_disjoint_at_any_size(shape):
    rgb = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    masks = region_masks(rgb)
    assert tuple(masks) == REGIONS
    assert all(m.shape == (shape[0], *shape[2:]) and m.dtype == torch.bool for m in masks.values())
    assert sum(m.int() for m in masks.values()).max() <= 1


def test_no_image_gives_no_mask():
    assert all(len(mask) == 0 for mask in region_masks(torch.zeros(0, 3, 8, 8)).values())


def test_rules_agree_with_the_generator_where_its_colors_are_plain():
    scenes = [render("lawn", seed, 64) for seed in range(6)]
    rgb = torch.from_numpy(np.stack([s.rgb for s in scenes])).permute(0, 3, 1, 2).float() / 255
    materials = torch.from_numpy(np.stack([s.materials for s in scenes]))
    masks = region_masks(rgb)
    grass, sky = (materials == MATERIALS.index(name) for name in ("grass", "sky"))
    assert masks["plants"][grass].float().mean() > 0.7
    assert masks["plants"][sky].float().mean() < 0.1
    assert masks["sky"][grass].float().mean() < 0.02


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(batch, 3, height, width\)"):
        region_masks(torch.zeros(3, 8, 8))


def test_by_region_leaves_out_what_a_region_hardly_covers():
    values = torch.rand(2, 10, 10, generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(2, 10, 10, dtype=torch.bool)
    mask[0, 0, 0] = True  # a hundredth
    mask[1, :5] = True
    table = by_region(values, {"some": mask, "all": ~(mask & ~mask)})
    assert list(table) == ["some", "all"]
    assert np.isnan(table["some"][0])
    assert table["some"][1] == pytest.approx(values[1, :5].mean().item())
    np.testing.assert_allclose(table["all"], values.mean(dim=(1, 2)), rtol=1e-6)
    mask[0, 0, 1] = True  # two hundredths are enough
    assert by_region(values, {"some": mask})["some"].notna().all()


def test_error_map_has_the_mean_of_the_metric():
    rgb, true = torch.rand(2, 5, 3, 7, 6, generator=torch.Generator().manual_seed(0))
    found = error_map(rgb, rgb_to_lab(true), at_once=2)
    assert found.shape == (5, 7, 6)
    torch.testing.assert_close(found.mean(dim=(1, 2)), delta_e(rgb, true))


def test_painted_regions_have_their_color(monkeypatch):
    kinds = torch.eye(4, dtype=torch.bool)[:, None, None]  # each region once, and none
    monkeypatch.setattr(
        regions, "region_masks", lambda rgb: dict(zip(REGIONS, kinds[:3], strict=True))
    )
    rgb = torch.tensor([0.2, 0.4, 0.6]).view(1, 3, 1, 1).expand(1, 3, 1, 4)
    tints = [(0, 0.5, 0), (0, 0.2, 0.5), (0.5, 0.3, 0), (0, 0, 0)]
    found = paint_regions(rgb)[0, :, 0].T - 0.2  # half of the mean
    torch.testing.assert_close(found, torch.tensor(tints))
