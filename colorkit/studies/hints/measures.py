"""Measuring what hints do: how much points of the true colors help, and how far a hint reaches."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from colorkit.imaging.color import decolorize, lab_to_rgb, rgb_to_lab
from colorkit.imaging.metrics.quality import psnr
from colorkit.inference.hints import PATCH, hint_planes, read_hints
from colorkit.inference.paint import paint, to_gray, to_tensor
from colorkit.inference.photograph import predict_planes, working_size

POINTS = (0, 1, 5, 10, 50, 100)
# PSNR in dB by number of points, on 1,000 images (Zhang et al. 2017).
PUBLISHED = pd.Series((24.43, 25.37, 27.39, 28.42, 30.42, 31.13), POINTS, name="Zhang et al. 2017")
SMALLEST, LARGEST = 0.02, 0.3  # areas, as shares of the picture, of things that a hint is put on
RINGS = 24  # distances at which inside and outside are compared


def true_hints(rgb: np.ndarray, count: int, size: int, seed: int = 0) -> list:
    """Hints of somebody who knows the photograph: its own colors at random places.

    Args:
        rgb: uint8 (H, W, 3).
        count: how many; the first ones of a larger number are those of a smaller one.
        size: working size of the network; a color is the mean over what a hint covers there.
        seed: of the places.

    Returns:
        (x, y, color) each, as `colorkit.colorize` takes them.
    """
    height, width = rgb.shape[:2]
    reach = round((PATCH * min(height, width) / size - 1) / 2)
    places = np.random.default_rng(seed).random((count, 2)) * (height, width)
    hints = []
    for y, x in places.astype(int).tolist():
        rows, columns = (slice(max(0, at - reach), at + reach + 1) for at in (y, x))
        color = rgb[rows, columns].mean(axis=(0, 1))
        hints.append((x, y, tuple(np.rint(color).astype(int).tolist())))
    return hints


def tint(hue: float, chroma: float = 45.0, lightness: float = 60.0) -> tuple[int, int, int]:
    """Bytes of the color of a hue in degrees, the other two in Lab units."""
    angle = torch.tensor(hue).deg2rad()
    return _bytes(
        torch.stack((torch.tensor(lightness), chroma * angle.cos(), chroma * angle.sin()))
    )


def opposite(color: tuple[int, int, int]) -> tuple[int, int, int]:
    """Bytes of the color of the other hue: a* and b* change their sign."""
    lab = rgb_to_lab(torch.tensor(color).view(1, 3, 1, 1) / 255).flatten()
    return _bytes(lab * torch.tensor([1.0, -1.0, -1.0]))


def _bytes(lab: Tensor) -> tuple[int, int, int]:
    rgb = lab_to_rgb(lab.float().view(1, 3, 1, 1)).flatten()
    return tuple((255 * rgb).round().int().tolist())


def draw_hints(rgb: np.ndarray, hints: Iterable, side: int = 5) -> np.ndarray:
    """Draw hints into a copy of a picture as squares framed in white; colors as (r, g, b)."""
    picture = rgb.copy()
    for x, y, color in hints:
        for reach, shade in ((side + 2, (255, 255, 255)), (side, color)):
            rows, columns = (slice(max(0, int(at) - reach), int(at) + reach + 1) for at in (y, x))
            picture[rows, columns] = shade
    return picture


def psnr_by_points(
    network, card: dict, photographs: Iterable[np.ndarray], seed: int = 0
) -> pd.DataFrame:
    """Colorize photographs with more and more of their own colors given.

    Args:
        network, card: as `colorkit.models.pretrained.load` gives them.
        photographs: uint8 (H, W, 3).
        seed: of the places.

    Returns:
        PSNR in dB, one row a photograph; columns `gray` and `POINTS`.
    """
    rows = []
    for number, rgb in enumerate(photographs):
        size = min(card.get("views", [card["size"]]))  # see `predict_planes`
        hints = true_hints(rgb, max(POINTS), size, seed + number)
        found = {"gray": to_gray(rgb)}
        for count in POINTS:
            found[count] = paint(rgb, predict_planes(network, card, rgb, hints[:count]))
        rows.append(
            {k: psnr(to_tensor(image), to_tensor(rgb)).item() for k, image in found.items()}
        )
    return pd.DataFrame(rows)


def things(rgb: np.ndarray) -> np.ndarray:
    """Divide a photograph into areas of one color, as a stand-in for the things in it.

    Felzenszwalb & Huttenlocher, IJCV 59(2), 2004: the areas follow edges of any shape.

    Args:
        rgb: uint8 (H, W, 3), in its true colors.

    Returns:
        (H, W) integer labels.
    """
    from skimage.segmentation import felzenszwalb

    pixels = rgb.shape[0] * rgb.shape[1]
    return felzenszwalb(rgb, scale=200, sigma=0.8, min_size=int(SMALLEST * pixels))


def middle(mask: np.ndarray) -> tuple[int, int]:
    """Row and column of the pixel of a mask that lies deepest inside."""
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return tuple(int(at) for at in np.unravel_index(depth.argmax(), mask.shape))


def choose_thing(rgb: np.ndarray, seed: int = 0) -> np.ndarray | None:
    """Mask of one of the things that take `SMALLEST` to `LARGEST` of a photograph, if any do."""
    labels = things(rgb)
    shares = np.bincount(labels.ravel()) / labels.size
    fitting = np.flatnonzero((shares >= SMALLEST) & (shares <= LARGEST))
    return labels == np.random.default_rng(seed).choice(fitting) if len(fitting) else None


def hint_reach(network, card: dict, rgb: np.ndarray, thing: np.ndarray, color) -> dict[str, float]:
    """Put one hint into the middle of a thing and see where chroma changes.

    Nearness alone would make a hint change its own thing more than others. So inside and outside
    are also compared at equal distances from the hint, weighted as the thing's pixels lie.

    Args:
        network, card: as `colorkit.models.pretrained.load` gives them.
        rgb: uint8 (H, W, 3).
        thing: (H, W) bool.
        color: of the hint.

    Returns:
        Mean changes of chroma in Lab units, `inside` the thing and `outside`; and both at the
        distances at which there is some of both, `inside, near` and `outside, as near`. Distances
        to the chroma asked for, at the hint: `asked, without` the hint and `asked, with` it.
    """
    row, column = middle(thing)
    hint = (column, row, color)
    before, after = (
        F.interpolate(
            predict_planes(network, card, rgb, hints)[:, 1:], thing.shape, mode="bilinear"
        )
        for hints in ((), (hint,))
    )
    change = (after - before)[0].norm(dim=0).numpy()
    wish = torch.tensor(read_hints([hint], thing.shape)[0][2:])
    height, width = thing.shape
    far = np.hypot(*np.ogrid[-row : height - row, -column : width - column])
    ring = np.minimum(far / min(thing.shape) * RINGS, RINGS - 1).astype(int)
    pixels, mean = {}, {}
    for where, mask in (("inside", thing), ("outside", ~thing)):
        pixels[where] = np.bincount(ring[mask], minlength=RINGS)
        mean[where] = np.bincount(ring[mask], change[mask], RINGS) / np.maximum(pixels[where], 1)
    weights = pixels["inside"] * (pixels["outside"] > 0)
    return {
        "inside": float(change[thing].mean()),
        "outside": float(change[~thing].mean()),
        "inside, near": float(np.average(mean["inside"], weights=weights)),
        "outside, as near": float(np.average(mean["outside"], weights=weights)),
        "asked, without": (before[0, :, row, column] - wish).norm().item(),
        "asked, with": (after[0, :, row, column] - wish).norm().item(),
    }


@torch.inference_mode()
def belief(network, rgb: np.ndarray, hint, size: int = 160) -> Tensor:
    """Say how far each place of a photograph believes a hint, by attention alone.

    Attention weighs surprises; where the surprise is 1, it gives the weights themselves.

    Args:
        network: a `colorkit.models.hintnet.HintUNet`.
        rgb: uint8 (H, W, 3).
        hint: (x, y, color), as `colorkit.colorize` takes it.
        size: at which the network works.

    Returns:
        (1, h, w) in [0, 1].
    """
    photograph = rgb.shape[:2]
    seen = working_size(*photograph, size)
    gray = F.interpolate(decolorize(to_tensor(rgb)), seen, mode="bilinear", antialias=True)
    planes = hint_planes(read_hints([hint], photograph), photograph, seen)
    features, _ = network.features(gray, network.hint(planes))
    share = F.avg_pool2d(planes[:, 2:3], 2)
    nothing = torch.zeros(1, 2, *share.shape[2:])
    return network.attention(features, nothing, nothing + 1, share)[0, :1].clamp(0, 1)
