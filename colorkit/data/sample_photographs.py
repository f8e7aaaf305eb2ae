"""The sample photographs: real ones that ship inside our dependencies, so we may publish them.

The same six in every chapter's figures of record. No network ever trains on them.
"""

import numpy as np

from colorkit.imaging.images import resize_crop


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
