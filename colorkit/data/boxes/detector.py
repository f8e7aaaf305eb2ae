"""Boxes of a trained detector, where a person has one: torchvision's Mask R-CNN.

He, Gkioxari, Dollár & Girshick, ICCV 2017. The weights are no part of this project: they come from
a file of the reader's or from torchvision's own address. Such files are pickles. They are read by
the reader that makes nothing but tensors, and one named as torchvision names its own, with the
start of its SHA-256, only if it is that file.
"""

import hashlib
import re
from pathlib import Path

import numpy as np

from colorkit.data.boxes import NONE, choose, fitting
from colorkit.data.download.fetch import FIRST_USE, Progress, fetch
from colorkit.system.errors import ColorkitError, one_line

# torchvision's MaskRCNN_ResNet50_FPN_Weights.COCO_V1, 170 MB.
URL = "https://download.pytorch.org/models/maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth"
CLASSES = 91  # COCO's, with the background and numbers that are not used
SURE = 0.7  # least score of a box that counts (Su et al. 2020)
_NAMED = re.compile(r"-([0-9a-f]{8})\.pth$")


def detector_file(folder: str | Path, url: str = URL, progress: Progress | None = None) -> Path:
    """Give torchvision's weights file, downloaded once.

    Args:
        folder: where it lies.
        url: of the file.
        progress: see `colorkit.data.download.fetch.fetch`.

    Raises:
        ColorkitError: it cannot be had, or is another file; says where to put it by hand.
    """
    file = fetch(url, FIRST_USE, folder, progress=progress)
    _compare(file)
    return file


def _compare(file: Path) -> None:
    """Compare a file that is named as torchvision's are with the checksum in its name."""
    if wanted := _NAMED.search(file.name):
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if not digest.startswith(wanted[1]):
            raise ColorkitError(
                f"{file} is not the file its name says (its checksum differs); remove it and run "
                "again, or give a detector of your own another name"
            )


class Detector:
    """Finds boxes in gray pictures.

    Args:
        file: weights of torchvision's `maskrcnn_resnet50_fpn`.
        side: pixels that the shorter side is scaled to; its makers take 800, which takes seconds
            for a picture on a CPU.

    Raises:
        ColorkitError: there is no such file, it is another one than its name says, or it holds
            other weights.
    """

    def __init__(self, file: str | Path, side: int = 256):
        import torch
        from torchvision.models.detection import maskrcnn_resnet50_fpn

        file = Path(file)
        if not file.is_file():
            raise ColorkitError(
                f"{file} does not exist; give a weights file of torchvision's Mask R-CNN, such as "
                f"{URL}"
            )
        _compare(file)
        try:
            state = torch.load(file, map_location="cpu", weights_only=True)
            options = {"weights": None, "weights_backbone": None, "num_classes": CLASSES}
            network = maskrcnn_resnet50_fpn(**options, min_size=side, max_size=4 * side)
            network.load_state_dict(state)  # all of it: a part would detect nothing, silently
        except Exception as error:
            raise ColorkitError(
                f"{file} holds no Mask R-CNN with a ResNet-50 as torchvision makes it "
                f"({one_line(error)[:200]}); give such a file"
            ) from error
        self.network = network.eval()

    def __call__(self, rgb: np.ndarray, most: int = 8) -> np.ndarray:
        """Find boxes; the network is shown the gray picture three times (Su et al. 2020).

        Args:
            rgb: uint8 (H, W, 3).
            most: how many to keep, by score.

        Returns:
            (N, 4), see `colorkit.data.boxes`.
        """
        import torch

        from colorkit.imaging.color import bytes_to_gray

        gray = bytes_to_gray([np.ascontiguousarray(rgb)])[0]  # (1, H, W)
        with torch.inference_mode():
            found = self.network([gray.expand(3, -1, -1)])[0]
        height, width = rgb.shape[:2]
        boxes = found["boxes"].numpy() / np.array((width, height, width, height), np.float32)
        scores = found["scores"].numpy()
        good = fitting(boxes, (height, width)) & (scores >= SURE)
        return choose(boxes[good], scores[good], most) if good.any() else NONE
