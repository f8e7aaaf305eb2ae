"""What scans of old photographs bring: a tint, few grays, paper around, a negative's mask.

Nothing here acts on a photograph that has colors, or all the grays.
"""

import numpy as np

from colorkit.imaging.borders import picture_within
from colorkit.imaging.contrast_stretching import narrow_range, stretch
from colorkit.imaging.negatives import is_masked
from colorkit.imaging.toning import is_gray, is_toned


def shown_to_network(rgb: np.ndarray) -> np.ndarray:
    """Give what a network should be shown of a photograph, whose result keeps its own lightness.

    A gray or toned photograph of few grays is stretched from black to white: the colors of
    flattened photographs then come nearer to the truth. All others are given back as they are.

    Args:
        rgb: uint8 (H, W, 3), sRGB.

    Returns:
        uint8 (H, W, 3).
    """
    grays = narrow_range(rgb)
    return stretch(rgb, *grays) if grays and is_monochrome(rgb) else rgb


def print_within(rgb: np.ndarray) -> tuple[slice, slice] | None:
    """Find the print on a scan, if it has a border of paper and is gray or toned.

    Args:
        rgb: uint8 (H, W, 3), sRGB.

    Returns:
        Rows and columns of the picture; None if the whole scan is one.
    """
    inside = picture_within(rgb)
    return inside if inside and is_monochrome(rgb) else None


def is_monochrome(rgb: np.ndarray) -> bool:
    """Say whether a photograph, uint8 (H, W, 3), is gray or toned."""
    return is_gray(rgb) or is_toned(rgb)


def describe_scan(rgb: np.ndarray) -> list[str]:
    """Say what is particular about a photograph, uint8 (H, W, 3): a sentence for each, or none."""
    sentences = []
    if is_masked(rgb):
        sentences.append(
            "it looks like the negative of a color film; the command's --negative makes a positive "
            "of it"
        )
    elif is_toned(rgb):
        sentences.append("it is a toned print, gray in one tint, which is taken away")
    if print_within(rgb):
        sentences.append("the paper around the picture stays as it is")
    grays = narrow_range(rgb)
    if grays and is_monochrome(rgb):
        share = (grays[1] - grays[0]) / 255
        sentences.append(
            f"its grays span {share:.0%} of those there are; its colors are told from a copy of "
            "full contrast, its lightness stays"
        )
    return sentences
