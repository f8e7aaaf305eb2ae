"""Numbers that the page of errata computes anew, so that it types none of its own."""

import numpy as np
import torch

from colorkit.imaging.color import rgb_to_lab
from colorkit.imaging.metrics.quality import angular_error, colorfulness_rgb

_SIDE = 224


def computed() -> dict[str, str]:
    """What the page of errata says of metrics and color spaces, as text by name.

    Returns:
        `signed` and `absolute`: colorfulness M3 of scikit-image's rocket, with the differences of
        the color channels as Hasler & Süsstrunk define them, and with their absolute values, as
        DDColor's code takes them; `black`: the error in degrees of a picture that is half black
        and is compared with itself, by a cosine whose denominator is kept from zero; `ours`: by
        this course's angular error; `largest_a`, `largest_b`:
        the largest |a*| and |b*| of sRGB; `half`: pixels of the output plane of Iizuka et al. for
        a picture of `side`.
    """
    from skimage import data

    rocket = torch.from_numpy(data.rocket().copy()).permute(2, 0, 1)[None].float() / 255
    half = torch.tensor([0.0, 1.0]).repeat(1, 3, 2, 1)  # black and white, in equal parts
    cube = torch.stack(torch.meshgrid(*[torch.linspace(0, 1, 33)] * 3, indexing="ij"))
    ab = rgb_to_lab(cube.reshape(1, 3, 33, -1))[0, 1:].abs().amax(dim=(1, 2))
    return {
        "signed": f"{colorfulness_rgb(rocket).item():.1f}",
        "absolute": f"{absolute_colorfulness(rocket):.1f}",
        "black": f"{_public_angle(half, half):.0f}",
        "ours": f"{angular_error(half, half).item():.0f}",
        "largest_a": f"{ab[0]:.0f}",
        "largest_b": f"{ab[1]:.0f}",
        "side": f"{_SIDE}",
        "half": f"{_SIDE // 2}",
    }


def absolute_colorfulness(rgb: torch.Tensor) -> float:
    """M3 with |R − G| and |½(R + G) − B| in place of the signed differences.

    Args:
        rgb: (1, 3, H, W) sRGB in [0, 1].
    """
    red, green, blue = (255 * rgb[0]).double().numpy()
    parts = np.abs(red - green), np.abs((red + green) / 2 - blue)
    spread, mean = (np.hypot(*(f(part) for part in parts)) for f in (np.std, np.mean))
    return float(spread + 0.3 * mean)


def _public_angle(found: torch.Tensor, true: torch.Tensor) -> float:
    """The angle of colors by arccos of a cosine whose denominator is only kept from zero."""
    product = (found * true).sum(dim=1)
    lengths = found.norm(dim=1) * true.norm(dim=1) + 1e-8
    return torch.rad2deg(torch.arccos((product / lengths).clamp(-1, 1))).mean().item()
