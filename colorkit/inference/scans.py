"""What scans of old photographs bring: a tint, few grays, paper around, a negative's mask.

Nothing here acts on a photograph that has colors, or all the grays.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from colorkit.imaging.borders import picture_within
from colorkit.imaging.contrast_stretching import narrow_range, stretch
from colorkit.imaging.negatives import is_masked
from colorkit.imaging.toning import averaged, is_gray, is_toned

_SIDE = 512  # pixels of the copy at which a scan is looked at


@dataclass(frozen=True)
class Scan:
    """A photograph, uint8 (H, W, 3) sRGB, and what is seen of it on one small copy."""

    rgb: np.ndarray

    @cached_property
    def small(self) -> np.ndarray:
        """The copy, uint8 (h, w, 3), at most 512 pixels each way."""
        return averaged(self.rgb, _SIDE)

    @cached_property
    def toned(self) -> bool:
        """Whether it is gray in one tint."""
        return is_toned(self.small)

    @cached_property
    def monochrome(self) -> bool:
        """Whether it is gray or toned."""
        return is_gray(self.small) or self.toned

    @cached_property
    def grays(self) -> tuple[float, float] | None:
        """The range of grays of a gray or toned one that uses few of them, see `narrow_range`."""
        found = narrow_range(self.small)
        return found if found and self.monochrome else None

    @cached_property
    def print_within(self) -> tuple[slice, slice] | None:
        """Rows and columns of a gray or toned print that lies on paper, see `picture_within`."""
        found = picture_within(self.small)
        if not (found and self.monochrome):
            return None
        rows, columns = (
            slice(round(part.start * full / seen), round(part.stop * full / seen))
            for part, full, seen in zip(
                found, self.rgb.shape[:2], self.small.shape[:2], strict=True
            )
        )
        return rows, columns

    def shown_to_network(self) -> np.ndarray:
        """Give what a network should be shown, uint8 (H, W, 3); the result's lightness stays.

        A gray or toned photograph of few grays is stretched from black to white: the colors of
        flattened photographs then come nearer to the truth. All others are given as they are.
        """
        return stretch(self.rgb, *self.grays) if self.grays else self.rgb

    def describe(self) -> list[str]:
        """Say what is particular about it: a sentence for each thing, or none."""
        sentences = []
        if is_masked(self.small):
            sentences.append(
                "it looks like the negative of a color film; say so, on the page or by --negative, "
                "and its positive is colorized"
            )
        elif self.toned:
            sentences.append("it is a toned print, gray in one tint, which is taken away")
        if self.print_within:
            sentences.append("the paper around the picture stays as it is")
        if self.grays:
            share = (self.grays[1] - self.grays[0]) / 255
            sentences.append(
                f"its grays span {share:.0%} of those there are; its colors are told from a copy "
                "of full contrast, its lightness stays"
            )
        return sentences
