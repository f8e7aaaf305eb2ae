"""Solutions of chapter 6, post-processing: `python notebooks/solutions/06_postprocessing.py`."""

import numpy as np
import torch
import torch.nn.functional as F

from colorkit.course.evaluation import join
from colorkit.course.exercises import photographs, tell
from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.metrics.quality import delta_e
from colorkit.imaging.metrics.regions import region_masks
from colorkit.imaging.upsample import upsample_chroma
from colorkit.studies.postprocessing.histograms import equalize_channels


def pictures():
    """The sample photographs in Lab, and a pale and noisy stand-in for a network's chroma."""
    rgb = photographs(96)
    lab = rgb_to_lab(rgb)
    noise = torch.randn(lab[:, 1:].shape, generator=torch.Generator().manual_seed(0))
    smooth = F.avg_pool2d(lab[:, 1:] + 20 * noise, 9, stride=1, padding=4)
    return rgb, lab, 0.6 * smooth


def exercise_1():
    """A gray wall beside something red becomes greenish: the three channels are stretched unlike.

    The red thing raises the histogram of red and not that of green and blue. The same value of
    gray is therefore moved to different places in the three. L* alone has one histogram, so gray
    stays gray.
    """
    wall = torch.linspace(0.3, 0.7, 64).expand(3, 64, 64)
    red = torch.tensor([0.9, 0.1, 0.1]).view(3, 1, 1).expand(3, 64, 64)
    picture = torch.cat((wall, red), dim=2)[None]

    def chroma_of_wall(rgb):
        return rgb_to_lab(rgb)[0, 1:, :, :64].norm(dim=0).mean().item()

    before, after = chroma_of_wall(picture), chroma_of_wall(equalize_channels(picture))
    assert before < 1 < after
    return {"chroma of the wall before": before, "after": after}


def exercise_2():
    """The gain by ΔE₀₀ is a little smaller here, because ΔE₀₀ forgives errors of vivid colors.

    Its formula divides differences of chroma by 1 + 0.045 · chroma. What the squared error gains in
    the most vivid pixels by a larger gain counts less, and what it costs in pale ones counts fully.
    """
    rgb, lab, ab = pictures()
    gains = np.linspace(0.2, 3, 281)
    squares, errors = [], []
    for gain in gains:
        squares.append((gain * ab - lab[:, 1:]).square().mean().item())
        errors.append(delta_e(join(lab[:, :1], gain * ab), rgb).mean().item())
    by_squares, by_eye = gains[int(np.argmin(squares))], gains[int(np.argmin(errors))]
    exact = (ab * lab[:, 1:]).sum() / ab.square().sum()
    assert abs(by_squares - exact) <= 0.01
    assert by_eye < by_squares
    return {"gain by squared error": by_squares, "by ΔE₀₀": by_eye}


def exercise_3():
    """Three fits are never worse than one on the pixels they were fitted to, by the squared error.

    Each may choose the common gain and offset, so it can only be better. Without the truth a
    network would have to know where plants and skies are, from gray, as the chapter tries it for
    plants.
    """
    rgb, lab, ab = pictures()
    masks = region_masks(rgb)
    x, y = (p.transpose(0, 1).flatten(1) for p in (ab, lab[:, 1:]))  # (2, pixels)
    inside = [mask.flatten() for mask in masks.values()]
    rest = ~torch.stack(inside).any(dim=0)

    def left(where):
        error = 0.0
        for channel in (0, 1):
            a, b = x[channel, where].double(), y[channel, where].double()
            if len(a) > 1:
                design = torch.stack((a, torch.ones_like(a)), dim=1)
                fit = torch.linalg.lstsq(design, b[:, None]).solution
                error += (design @ fit - b[:, None]).square().sum().item()
        return error

    together = left(torch.ones_like(rest)) / x.numel()
    assert sum(part.sum() for part in (*inside, rest)) == x.shape[1]  # no pixel twice
    separate = sum(left(part) for part in (*inside, rest)) / x.numel()
    assert separate <= together
    return {
        "one fit": together,
        "a fit a region": separate,
        "unchanged": (x - y).square().mean().item(),
    }


def exercise_4():
    """The bilinear enlargement: no window varies enough for so large an ε, so slopes are nought.

    With slope 0 the guided way adds nothing of the lightness. With a small ε even the grain of the
    film gets a color.
    """
    _, lab, _ = pictures()
    small, L = F.avg_pool2d(lab[:, 1:], 4), lab[:, :1]
    bilinear = upsample_chroma(small, L, method="bilinear")
    difference = {
        eps: (upsample_chroma(small, L, eps=eps) - bilinear).abs().mean().item()
        for eps in (144.0, 14_400.0)
    }
    assert difference[14_400.0] < 0.1 * difference[144.0]
    return {"Lab units from the bilinear": {f"ε = {eps:g}": d for eps, d in difference.items()}}


if __name__ == "__main__":
    tell(__name__)
