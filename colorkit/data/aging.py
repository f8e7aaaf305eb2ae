"""Grays as old photographs have them: films that see colors otherwise, fading, grain, blur.

The gray of a photograph taken in 1915 is no weighted mean of sRGB. Its film was blind to red
(orthochromatic) or saw all colors with weights of its own (panchromatic); its print has its own
contrast and has faded; its grain and its lens are seen (Mees & James, "The Theory of the
Photographic Process", 1966). A network that is to color it must have seen such grays.
"""

import io
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import Tensor

from colorkit.data.batches import Share
from colorkit.imaging.color import srgb_to_linear

CHOICES = 10  # numbers that `age` takes for each image
_REACH = 3  # pixels to each side that blurring sees


def age(rgb: Tensor, drawn: Tensor, grain: Tensor) -> Tensor:
    """Photograph a batch again with old films, and let the prints fade.

    Args:
        rgb: (B, 3, H, W) sRGB in [0, 1].
        drawn: (`CHOICES`, B), uniform in [0, 1): the film's sensitivity to red, green and blue,
            exposure, contrast, black and white of the faded print, blur, grain, vignette.
        grain: (B, 1, H, W), normally distributed.

    Returns:
        (B, 1, H, W) gray in [0, 1].
    """
    red, green, blue, exposure, contrast, black, white, soft, rough, corner = (
        x.to(rgb.device).view(-1, 1, 1, 1) for x in drawn
    )
    # Exponential numbers, normalized, lie evenly in the triangle of all mixtures.
    mixture = -torch.cat((red, green, blue), dim=1).clamp(min=1e-6).log()
    mixture = mixture / mixture.sum(dim=1, keepdim=True)
    light = (srgb_to_linear(rgb) * mixture).sum(dim=1, keepdim=True)  # (B, 1, H, W)
    light = light * 2 ** (1.2 * exposure - 0.6)
    tone = light.clamp(1e-4, 1) ** (2 ** (1.2 * contrast - 0.6) / 2.2)
    tone = blurred(tone, 1.2 * soft.view(-1))
    tone = tone * (1 - 0.4 * (2 * corner - 1).clamp(min=0) * _distance(tone))
    tone = 0.25 * black**2 + (1 - 0.25 * black**2 - 0.25 * white**2) * tone
    return (tone + 0.06 * rough**2 * grain).clamp(0, 1)


def draw(count: int, size: int, share: Share, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw what `age` takes for the `count` images, of side `size`, of one process.

    Returns:
        drawn: (`CHOICES`, count).
        grain: (count, 1, size, size).
    """
    drawn = share.draw(CHOICES, count, generator)
    shape = (count * share.of, 1, size, size)  # of the whole batch, as all that is drawn
    return drawn, torch.randn(shape, generator=generator)[share.slice()]


def blurred(planes: Tensor, sigma: Tensor) -> Tensor:
    """Blur each image by a Gaussian of its own.

    Args:
        planes: (B, 1, H, W).
        sigma: (B,), standard deviations in pixels, up to about 1.5.
    """
    count, _, height, width = planes.shape
    places = torch.arange(-_REACH, _REACH + 1, device=planes.device, dtype=planes.dtype)
    kernel = torch.exp(-(places**2) / (2 * sigma.view(-1, 1).clamp(min=0.05) ** 2))
    kernel = kernel / kernel.sum(dim=1, keepdim=True)  # (B, 7)
    x = F.pad(planes.view(1, count, height, width), [_REACH] * 4, mode="replicate")
    x = F.conv2d(x, kernel.view(count, 1, -1, 1), groups=count)
    x = F.conv2d(x, kernel.view(count, 1, 1, -1), groups=count)
    return x.view(count, 1, height, width)


def _distance(planes: Tensor) -> Tensor:
    """Squared distance from the middle, (1, 1, H, W): 0 there, 1 in the corners."""
    y, x = (
        torch.linspace(-1, 1, side, device=planes.device, dtype=planes.dtype)
        for side in planes.shape[2:]
    )
    return ((y[:, None] ** 2 + x[None] ** 2) / 2)[None, None]


def old_print(rgb: np.ndarray, name: str) -> np.ndarray:
    """Make a photograph's twin as an old print, scratched and stored as JPEG.

    Args:
        rgb: uint8 (H, W, 3).
        name: of the photograph; the same name gives the same print.

    Returns:
        uint8 (H, W, 3), three equal channels.
    """
    seed = zlib.crc32(name.encode())
    generator = torch.Generator().manual_seed(seed)
    image = torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None] / 255
    drawn = torch.rand(CHOICES, 1, generator=generator)
    grain = torch.randn(1, 1, *image.shape[2:], generator=generator)
    gray = (255 * age(image, drawn, grain)[0, 0]).round().byte().numpy()
    draw = np.random.default_rng(seed)
    picture = Image.fromarray(gray)
    pen, (width, height) = ImageDraw.Draw(picture), picture.size
    for _ in range(draw.integers(0, 4)):
        top, bottom = (float(x) for x in draw.uniform(0, width, 2))
        bright = int(draw.integers(128, 256))
        pen.line([(top, 0), ((top + bottom) / 2, height / 2), (bottom, height)], bright)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=int(draw.integers(40, 90)))
    return np.repeat(np.asarray(Image.open(file))[..., None], 3, axis=2)
