"""The sample photographs: real ones that we may publish. No network ever trains on them.

The same six, which ship inside our dependencies, in every chapter's figures of record; and five old
ones, which were black and white from the beginning and have no truth to compare with.
"""

from pathlib import Path

import numpy as np

from colorkit.imaging.images import read_image, resize_crop

# In the public domain in the United States as far as their captions tell.
OLD_PHOTOGRAPHS = {
    "saratoga-springs-1900s": "Broadway at the United States Hotel, Saratoga Springs, N.Y., "
    "between 1900 and 1915. Detroit Publishing Co., Library of Congress.",
    "buffalo-1908": "Erie County Savings Bank, Niagara Street, Buffalo, N.Y., about 1908. Detroit "
    "Publishing Co., Library of Congress.",
    "detroit-1915": "Campus Martius, Detroit, about 1915. Detroit Publishing Co., Library of "
    "Congress.",
    "migrant-mother-1936": "Dorothea Lange, Nipomo, California, February 1936. Farm Security "
    "Administration, Library of Congress.",
    "louis-armstrong-1946": "William P. Gottlieb, Louis Armstrong in his dressing room, about "
    "1946. Gottlieb Collection, Library of Congress.",
}
_FOLDER = Path(__file__).parent / "old_photographs"


def sample_photographs(size: int) -> dict[str, np.ndarray]:
    """Six photographs as (size, size, 3) uint8 squares by name.

    Sources: scikit-image (astronaut, coffee, chelsea, rocket), scikit-learn (china, flower).
    """
    from skimage import data
    from sklearn.datasets import load_sample_image

    photographs = {
        "china": load_sample_image("china.jpg"),
        "flower": load_sample_image("flower.jpg"),
        "rocket": data.rocket(),
        "coffee": data.coffee(),
        "chelsea": data.chelsea(),
        "astronaut": data.astronaut(),
    }
    return {name: resize_crop(np.asarray(rgb), size) for name, rgb in photographs.items()}


def old_photographs() -> dict[str, np.ndarray]:
    """Five old photographs by the names of `OLD_PHOTOGRAPHS`, which has their captions.

    Returns:
        uint8 (H, W, 3) each, gray, 640 pixels on the longer side.
    """
    return {name: read_image(_FOLDER / f"{name}.jpg") for name in OLD_PHOTOGRAPHS}
