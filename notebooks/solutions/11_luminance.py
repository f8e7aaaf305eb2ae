"""Solutions of chapter 11, painting the luminance: `python notebooks/solutions/11_luminance.py`."""

import numpy as np
import torch
import torch.nn.functional as F

from colorkit.course.exercises import tell
from colorkit.data.batches import NirBatch
from colorkit.data.scenes import render
from colorkit.imaging.color import rgb_to_lab, scale_L
from colorkit.imaging.metrics.quality import psnr, ssim
from colorkit.models.nirnet import NirNet
from colorkit.models.unet import UNet
from colorkit.studies.nir.painters import found_edges
from colorkit.studies.nir.training import NirRecipe, nir_loss


def pairs(count=8, side=64):
    """Procedural pairs as a batch."""
    made = [render(("country", "water")[k % 2], 3_000_000 + k, side) for k in range(count)]
    nir = torch.from_numpy(np.stack([s.nir for s in made]))[:, None] / 255
    rgb = torch.from_numpy(np.stack([s.rgb for s in made])).permute(0, 3, 1, 2) / 255
    return NirBatch(nir, rgb_to_lab(rgb), torch.arange(count) % 2)


def exercise_1():
    """Those that normalize still learn: batch normalization stretches its input to unit variance.

    A ColorNet of the report has none. Its first layer gets numbers near nought, so everything after
    is nearly what the biases alone give: one color for every picture. It could learn to multiply by
    255, but a learning rate of a thousandth takes very long for that.
    """
    torch.manual_seed(0)
    nir = pairs().nir
    networks = {"without": NirNet(2, width=0.125, global_size=64), "with": UNet(1, 3, 8, 3)}
    varied = {}
    for name, network in networks.items():
        for how, fed in (("once", nir), ("twice", nir / 255)):
            with torch.no_grad():
                found = network.train()(fed)
            plane = found[0] if isinstance(found, tuple) else found
            varied[name, how] = plane.std(dim=(0, 2, 3)).mean().item()
    kept = {name: varied[name, "twice"] / varied[name, "once"] for name in networks}
    assert kept["with"] > 10 * kept["without"]
    return {"spread left of what the network paints": kept}


def exercise_2():
    """Errors of a* and b* then count ten times as much beside that of L*, so color comes first.

    What it loses is brightness: nothing else in the loss asks for the right L*. Chapter 11's claim
    R23 says that L* dominates otherwise.
    """
    batch = pairs()
    generator = torch.Generator().manual_seed(0)
    L, ab = torch.rand(8, 3, 32, 32, generator=generator).split((1, 2), dim=1)
    all_of_it, light = (
        nir_loss(L, ab, None, batch, NirRecipe(luminance=weight)) for weight in (1.0, 0.1)
    )
    torch.testing.assert_close(light.color, all_of_it.color - 0.9 * all_of_it.L)
    share = {
        name: (weight * found.L / found.color).item()
        for name, weight, found in (("1", 1, all_of_it), ("0.1", 0.1, light))
    }
    assert share["0.1"] < share["1"]
    return {"share of L* in the color loss, by its weight": share}


def exercise_3():
    """SSIM rises, for it is what is minimized; PSNR need not follow.

    SSIM forgives an even shift of brightness that PSNR punishes, and the gradient term does not
    see one at all. A plane that is shifted as a whole and one that is blurred show the difference.
    """
    true = scale_L(pairs().lab[:, :1])
    shifted = 0.8 * true + 0.25
    blurred = F.avg_pool2d(true, 5, stride=1, padding=2, count_include_pad=False)
    found = {}
    for name, plane in (("shifted", shifted), ("blurred", blurred)):
        rgb, whole = (x.clamp(0, 1).expand(-1, 3, -1, -1) for x in (plane, true))
        found[name] = {"psnr": psnr(rgb, whole).mean(), "ssim": ssim(rgb, whole).mean()}
    steps = [x.diff(dim=-1) for x in (true, true + 0.1)]
    torch.testing.assert_close(*steps)  # the gradient term is blind to a shift
    assert found["shifted"]["ssim"] > found["blurred"]["ssim"]
    assert found["shifted"]["psnr"] < found["blurred"]["psnr"]
    return {n: {k: v.item() for k, v in each.items()} for n, each in found.items()}


def exercise_4():
    """Only part: without skips every edge has to pass through a plane of an eighth of the side.

    Both networks shall give back the lightness that they are fed, which needs no skill but memory
    of where the edges are. The one with skips copies; the one without has to describe them.
    """
    L = scale_L(pairs().lab[:, :1])
    sharp = {}
    for skips in (True, False):
        torch.manual_seed(0)
        network = UNet(1, 1, width=8, depth=3, skips=skips)
        optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
        for _ in range(40):
            optimizer.zero_grad()
            (network(L) - L).square().mean().backward()
            optimizer.step()
        with torch.no_grad():
            sharp[skips] = found_edges(network(L), L).mean().item()
    assert sharp[True] > 1.5 * sharp[False]
    return {"true edges found": {"with skips": sharp[True], "without": sharp[False]}}


if __name__ == "__main__":
    tell(__name__)
