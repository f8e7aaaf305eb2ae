"""Hue against matplotlib's, its seam, and the way into the disk and back."""

import numpy as np
import pytest
import torch
from matplotlib.colors import hsv_to_rgb
from matplotlib.colors import rgb_to_hsv as theirs

from colorkit.imaging.hue import disk_hue, hue_disk, hue_distance, rgb_to_hsv


def colors() -> torch.Tensor:
    """Every combination of nine levels, gray ones among them: (1, 3, 27, 27)."""
    levels = torch.linspace(0, 1, 9)
    return torch.cartesian_prod(levels, levels, levels).T.reshape(1, 3, 27, 27)


def hued(*hues: float) -> torch.Tensor:
    """Vivid colors of these hues: (1, 3, 1, N)."""
    hsv = np.array([[h, 0.9, 0.8] for h in hues])
    return torch.from_numpy(hsv_to_rgb(hsv)).float().T.view(1, 3, 1, -1)


def test_it_is_matplotlibs():
    found = rgb_to_hsv(colors())[0].permute(1, 2, 0)
    np.testing.assert_allclose(found, theirs(colors()[0].permute(1, 2, 0).numpy()), atol=1e-6)


def test_the_disk_keeps_hue_saturation_and_value():
    hsv = rgb_to_hsv(colors())
    disk = hue_disk(hsv)
    torch.testing.assert_close(disk[:, :2].norm(dim=1), hsv[:, 1])
    assert torch.equal(disk[:, 2], hsv[:, 2])
    vivid = hsv[:, 1] > 0.1
    assert hue_distance(disk_hue(disk), hsv[:, 0])[vivid].max() < 0.01
    assert not disk[:, :2].permute(0, 2, 3, 1)[hsv[:, 1] == 0].any()


def test_neighbors_across_the_seam_are_neighbors_in_the_disk_alone():
    hsv = rgb_to_hsv(hued(1 / 360, 359 / 360, 180 / 360))
    assert (hsv[0, 0, 0, 0] - hsv[0, 0, 0, 1]).abs() > 0.9
    near, opposite = (hue_distance(hsv[0, 0, 0, 0], hsv[0, 0, 0, k]) for k in (1, 2))
    assert near.item() == pytest.approx(2, abs=0.01) and opposite > 178
    disk = hue_disk(hsv)[0, :2, 0]
    assert (disk[:, 0] - disk[:, 1]).norm() < 0.05 < (disk[:, 0] - disk[:, 2]).norm()
    # The mean of both is red in the disk, and cyan on the line.
    mean = disk_hue(hue_disk(hsv[..., :2]).mean(dim=-1, keepdim=True))
    assert hue_distance(mean, torch.tensor(0.0)).item() < 1
    assert hue_distance(hsv[:, 0, :, :2].mean(), torch.tensor(0.0)).item() > 170


@pytest.mark.parametrize(
    ("function", "name"), [(rgb_to_hsv, "rgb"), (hue_disk, "hsv"), (disk_hue, "disk")]
)
def test_other_shapes_are_refused(function, name):
    with pytest.raises(ValueError, match=rf"{name} must have shape \(batch, 3, H, W\); got \(3, 4"):
        function(torch.zeros(3, 4, 4))
