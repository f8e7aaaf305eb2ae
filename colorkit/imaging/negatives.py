"""Film negatives: what they look like, and the gray positive that a print of them would be.

Density, minus the decimal logarithm of the light that comes through, grows with the logarithm of
the light that fell on the film. A color film adds an orange mask, which is constant: each channel
is therefore measured from its own clearest place.
"""

import numpy as np
import torch

from colorkit.imaging.color import srgb_to_linear
from colorkit.imaging.toning import averaged, small_lab

_MARGIN = 0.05  # of the shorter side, that is not measured: holders and the film's edge
_ENDS = (0.5, 99.5)  # percent of the pixels that are denser than white and clearer than black
_DECADES = 2.0  # of light, from black to white, on the positive
# Films end at densities of about 2 above their clearest place. More is a picture of which somebody
# exchanged black and white.
_DENSEST = 2.1
_FAINTEST = 1e-3  # of full light: below it, bytes tell no density
_SIDE = 64  # pixels at which a mask is looked for


def invert(rgb: np.ndarray) -> np.ndarray:
    """Make the gray positive of a negative, gray or color.

    The lightest places of the scene become white, the darkest black, and between them light goes
    with the power of density that makes of the film's range two decades of light, as paper of the
    fitting grade does. On negatives computed from photographs, of films with a contrast of 0.5 to
    0.8, L* was off by 5 on average, by 14 if density itself was taken for brightness and by 23 if
    values were subtracted from white. Only a picture of more density than films have is subtracted
    from white.

    Args:
        rgb: uint8 (H, W, 3), sRGB, of a negative on a light table or from a scanner.

    Returns:
        uint8 (H, W, 3), sRGB, three equal channels.
    """
    small = averaged(rgb, 512)
    height, width = small.shape[:2]
    margin = round(_MARGIN * min(height, width))
    inner = small[margin : height - margin, margin : width - margin]
    ends = np.percentile(inner.reshape(-1, 3), _ENDS, axis=0)  # (2, 3): white and black
    light = _light(np.arange(256))
    densities = [np.log10(light[round(b)] / np.maximum(light, 1e-4)) for b in ends[1]]
    ranges = [density[round(a)] for density, a in zip(densities, ends[0], strict=True)]
    film = float(np.mean(ranges)) <= _DENSEST
    whole = np.zeros(rgb.shape[:2], np.float32)
    for k, weight in enumerate((0.2126, 0.7152, 0.0722)):  # of linear light, as luminance has them
        if film:
            steep = _DECADES / max(ranges[k], 0.1)  # a channel of one value has no range
            black = 10.0**-_DECADES
            decades = np.minimum(steep * densities[k] - _DECADES, 0)
            curve = (10.0**decades - black) / (1 - black)
        else:
            span = max(ends[1, k] - ends[0, k], 1)
            curve = _light(255 * np.clip((ends[1, k] - np.arange(256)) / span, 0, 1))
        whole += (weight * np.clip(curve, 0, 1)).astype(np.float32)[rgb[..., k]]
    gray = np.searchsorted(_light(np.arange(255) + 0.5), whole).astype(np.uint8)  # the nearest
    return np.repeat(gray[..., None], 3, axis=2)


def is_masked(rgb: np.ndarray) -> bool:
    """Say whether a picture surely is the negative of a color film, by its orange mask.

    The clearest places have the mask's color, and so, being black in the scene or white, have the
    densest: red and blue differ as much in both. The channels go together, and little that is light
    is neutral. Of 1,810 color photographs three were taken for negatives. Of those computed from
    photographs a quarter is not seen, mostly those of scenes without anything black.

    Args:
        rgb: uint8 (H, W, 3), sRGB.
    """
    lab = small_lab(rgb, _SIDE).reshape(-1, 3)
    values = averaged(rgb, _SIDE).reshape(-1, 3)
    darkness = np.argsort(-lab[:, 0], kind="stable")
    few = max(4, len(lab) // 33)
    if len(lab) < 8 * few:
        return False
    clear, dense = darkness[:few], darkness[-2 * few :]
    L, a, b = lab[clear].mean(axis=0)
    red, _, blue = values[clear].mean(axis=0)
    orange = 20 < np.degrees(np.arctan2(b, a)) < 75 and np.hypot(a, b) > 25 and blue < 0.75 * red
    if not orange or L > 84:
        return False
    light = np.log10(np.maximum(_light(values), _FAINTEST))  # (n, 3)
    densities = light[clear].mean(axis=0) - light
    if densities.std(axis=0).min() < 0.01:
        return False
    together = np.corrcoef(densities.T)[0, 1:].min()  # of red with green and blue
    over_green, over_blue = light[:, 0] - light[:, 1], light[:, 0] - light[:, 2]
    neutral = (np.hypot(lab[:, 1], lab[:, 2]) < 8) & (lab[:, 0] > 35)
    return bool(
        together > 0.7
        and over_blue[clear].mean() < 1.05
        and abs(over_blue[dense].mean() - over_blue[clear].mean()) < 0.3
        and 0.1 < over_green[dense].mean() < 0.55
        and lab[dense, 0].mean() > 9
        and neutral.mean() < 0.15
    )


def _light(values: np.ndarray) -> np.ndarray:
    """Give linear light in [0, 1] of values of sRGB from 0 to 255, of any shape."""
    flat = torch.as_tensor(values, dtype=torch.float32).reshape(1, 1, 1, -1) / 255
    return srgb_to_linear(flat.expand(1, 3, 1, -1))[0, 0, 0].numpy().reshape(values.shape)
