"""Plants, sky and built things: the rules on painted patches, and means over masks."""

import numpy as np
import pytest
import torch

from colorkit.data.scenes import MATERIALS, render
from colorkit.imaging.color import lab_to_rgb, rgb_to_lab
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
    table = by_region(values, {"some": mask, "all": ~(mask & ~mask)}, least=0.02)
    assert list(table) == ["some", "all"]
    assert np.isnan(table["some"][0])
    assert table["some"][1] == pytest.approx(values[1, :5].mean().item())
    np.testing.assert_allclose(table["all"], values.mean(dim=(1, 2)), rtol=1e-6)
    assert by_region(values, {"some": mask}, least=0)["some"].notna().all()


def test_error_map_has_the_mean_of_the_metric():
    rgb, true = torch.rand(2, 5, 3, 7, 6, generator=torch.Generator().manual_seed(0))
    found = error_map(rgb, rgb_to_lab(true), at_once=2)
    assert found.shape == (5, 7, 6)
    torch.testing.assert_close(found.mean(dim=(1, 2)), delta_e(rgb, true))


def test_painted_regions_have_their_color():
    painted = paint_regions(paint("poppy", "grass"))
    assert painted.min() >= 0
    assert painted.max() <= 1
    r, g, b = painted[0, :, -1, 0]
    assert g > r + 0.4
    assert g > b + 0.4
    assert painted[0, :, 0, 0].std() < 1e-6  # a flower: gray
