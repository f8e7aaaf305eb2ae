"""ImageNet's weights for an encoder, as torchvision publishes them, made to fit ours.

The file is a pickle, the one this project reads: only when the checksum in its name is right, and
by the reader that makes nothing but tensors (`weights_only`). What is kept is safetensors.
"""

import hashlib
from pathlib import Path

import torch

from colorkit.data.fetch import FIRST_USE, Progress, fetch
from colorkit.errors import ColorkitError, one_line
from colorkit.models.resnet import SceneClassifier
from colorkit.models.weights import save_weights

# torchvision's ResNet18_Weights.IMAGENET1K_V1; the name ends with the start of its SHA-256.
URL = "https://download.pytorch.org/models/resnet18-f37072fd.pth"
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # that it was trained with
CLASSES = 1000


def imagenet_weights(folder: str | Path, url: str = URL, progress: Progress | None = None) -> Path:
    """Give a weights file of a `SceneClassifier` of ImageNet's classes; downloaded once, 45 MB.

    Args:
        folder: where both files lie.
        url: of torchvision's file.
        progress: see `colorkit.data.fetch.fetch`.

    Raises:
        ColorkitError: it cannot be had, or is another file; says where to put it by hand.
    """
    kept = Path(folder) / "imagenet-resnet18.safetensors"
    if kept.exists():
        return kept
    file = fetch(url, FIRST_USE, folder, progress=progress)
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if not digest.startswith(file.stem.rsplit("-", 1)[1]):
        raise ColorkitError(
            f"{file} is not the file its name says (its checksum differs); remove it and run again"
        )
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
        network = from_torchvision(state)
    except Exception as error:
        raise ColorkitError(
            f"{file} holds no ResNet-18 ({one_line(error)}); remove it and run again"
        ) from error
    return save_weights(
        kept, network, name="imagenet", classes=[], data="ImageNet", gray="", size=224
    )


def from_torchvision(state: dict[str, torch.Tensor]) -> SceneClassifier:
    """Fill a classifier with the weights of torchvision's ResNet-18.

    That network is fed (v − mean) / deviation of each channel, ours 4 v − 2. The first filters are
    scaled to make up for the one, and the mean of the normalization behind them for the other.
    """
    network = SceneClassifier(CLASSES)
    places = {"conv1": "0.0", "bn1": "0.1", "layer1": "1.1"}
    places |= {f"layer{k}": str(k) for k in (2, 3, 4)}
    own = {}
    for name, tensor in state.items():
        first, rest = name.split(".", 1)
        own[f"classifier.{rest}" if first == "fc" else f"encoder.{places[first]}.{rest}"] = tensor
    mean, deviation = (torch.tensor(x).view(1, 3, 1, 1) for x in (MEAN, DEVIATION))
    filters = own["encoder.0.0.weight"]
    shift = (filters * (0.5 - mean) / deviation).sum(dim=(1, 2, 3))
    own["encoder.0.0.weight"] = filters / (4 * deviation)
    own["encoder.0.1.running_mean"] = own["encoder.0.1.running_mean"] - shift
    network.load_state_dict(own)
    return network.eval()
