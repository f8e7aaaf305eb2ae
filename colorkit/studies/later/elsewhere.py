"""Pictures that are no photographs of the world, from scikit-image, which carries them itself.

Each file lies in the installed package, so that nothing is downloaded.
"""

import numpy as np

from colorkit.imaging.color import join, rgb_to_lab
from colorkit.imaging.images import resize_crop
from colorkit.imaging.metrics.quality import delta_e
from colorkit.inference.paint import to_gray, to_tensor
from colorkit.inference.photograph import PhotographColorizer

# With colors of their own: under the microscope, by a telescope (whose colors people chose), drawn.
COLORED = ("retina", "immunohistochemistry", "hubble_deep_field", "colorwheel")
# Without: there is no color to be found on the moon, in print and ink, under this microscope.
COLORLESS = ("moon", "page", "text", "cell", "horse")
TITLES = {
    "retina": "a retina",
    "immunohistochemistry": "stained tissue",
    "hubble_deep_field": "galaxies",
    "colorwheel": "a color wheel",
    "moon": "the moon",
    "page": "a page",
    "text": "a word",
    "cell": "a cell",
    "horse": "a drawing",
}


def pictures(names: tuple[str, ...], size: int) -> dict[str, np.ndarray]:
    """Some of these pictures, by name, as uint8 (size, size, 3)."""
    from skimage import data

    found = {}
    for name in names:
        picture = np.asarray(getattr(data, name)())
        if picture.dtype == bool:
            picture = np.uint8(255) * picture
        if picture.ndim == 2:
            picture = picture[..., None].repeat(3, axis=2)
        found[name] = resize_crop(np.ascontiguousarray(picture[..., :3]), size)
    return found


def colorized(rgb: np.ndarray, model: str | None = None) -> np.ndarray:
    """Colorize the lightness of one of them by a model of the box: (H, W, 3) uint8."""
    return PhotographColorizer(model)(to_gray(rgb))


def painted(rgb: np.ndarray) -> float:
    """Mean chroma of a picture (H, W, 3) uint8, in Lab units: what was painted on gray."""
    return rgb_to_lab(to_tensor(rgb))[:, 1:].norm(dim=1).mean().item()


def beyond_gray(found: np.ndarray, true: np.ndarray) -> float:
    """ΔE₀₀ of what was found minus that of gray; both are given the true lightness.

    Args:
        found, true: (H, W, 3) uint8.
    """
    found, true = rgb_to_lab(to_tensor(found)), to_tensor(true)
    L = rgb_to_lab(true)[:, :1]
    gray, colored = (delta_e(join(L, ab), true) for ab in (0 * found[:, 1:], found[:, 1:]))
    return (colored - gray).item()
