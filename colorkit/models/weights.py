"""Weights files: safetensors with everything needed to use and judge them inside.

A weights file carries, as JSON in its header, the architecture and its settings, the classes, what
it was trained on and how it scored, and a checksum of all of it. Nothing is unpickled: a pickle can
run any program when it is read, so other formats are refused.
"""

import hashlib
import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from colorkit.models.network import Network
from colorkit.models.registry import NETWORKS
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.writing import atomic_write

_FORMAT, _UNCHECKED = "colorkit-2", "colorkit-1"  # files written earlier have no checksum
_FREE = ("num_classes", "classifier_hidden", "dropout", "stages")  # may differ in a transfer
DERIVED = ("format", "architecture", "settings")  # the card's entries that the network gives
_CARD = "colorkit"  # the header's entry that holds the card
_SUM = "sha256"  # the card's entry that holds the checksum


def save_weights(path: str | Path, model: Network, *, half: bool = False, **card) -> Path:
    """Write a model's weights and its card in one safetensors file, atomically.

    Args:
        path: the file to write.
        model: one of `colorkit.models.registry.NETWORKS`.
        half: store the layers' weights in half precision, at half the size. Biases and the
            numbers of batch normalization stay as they are: they are few, and variances may lie
            outside float16's range. `load_weights` gives float32 either way.
        **card: JSON-able facts: classes, training data, epochs, scores, gray, …

    Raises:
        ColorkitError: the file cannot be written, or half precision cannot hold a weight.
    """
    header = {
        "format": _FORMAT,
        "architecture": type(model).__name__,
        "settings": model.settings(),
        **card,
    }
    tensors = {name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
    if half:
        tensors = {
            n: t.half() if t.ndim > 1 and t.is_floating_point() else t for n, t in tensors.items()
        }
        overflow = [n for n, t in tensors.items() if not t.isfinite().all()]
        if overflow:
            raise ColorkitError(
                f"{overflow[0]} of this network is not finite in half precision; "
                "store it in full, or train it again"
            )
    header = json.loads(json.dumps(header))  # as it will be read
    header[_SUM] = _checksum(header, tensors)
    # One entry: safetensors writes several in random order; equal weights make equal files.
    with atomic_write(path) as file:
        file.write(save(tensors, {_CARD: json.dumps(header)}))
    return Path(path)


def read_card(path: str | Path) -> dict:
    """Read a weights file's card without its tensors.

    Raises:
        ColorkitError: not a safetensors file, or not one of colorkit's.
    """
    with _open(path) as file:
        card = _card(path, file)
    card.pop(_SUM, None)
    return card


def load_weights(path: str | Path) -> tuple[Network, dict]:
    """Build the network a weights file describes and fill it; in evaluation mode, channels-last.

    Returns:
        The model and the file's card.

    Raises:
        ColorkitError: no such file, another format, an architecture unknown here, tensors that do
            not fit it, or a file that is not as it was written.
    """
    card, tensors = _read(path)
    if card["architecture"] not in NETWORKS:
        raise ColorkitError(
            f"{path} holds a {card['architecture']}, which this colorkit does not know "
            f"(it knows {', '.join(NETWORKS)}); use the version that wrote it"
        )
    network, settings = NETWORKS[card["architecture"]], card["settings"]
    try:
        with torch.device("meta"):  # shapes without memory, whatever size the file claims
            model = network(**settings)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise ColorkitError(
            f"{path} has settings this colorkit does not know ({one_line(error)}); "
            "use the version that wrote it"
        ) from error
    _check_fit(model, tensors, path)
    like = model.state_dict()
    # Copies, since what was read is a view of the file, which may be replaced while in use.
    full = {name: tensors[name].to(like[name].dtype, copy=True) for name in like}
    model.load_state_dict(full, assign=True)
    return model.to(memory_format=torch.channels_last).eval(), card


def fits(model: Network, path: str | Path) -> bool:
    """Say, by its header alone, whether a weights file holds the tensors of a network.

    Raises:
        ColorkitError: not a safetensors file.
    """
    with _open(path) as file:
        held = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
    return held == {name: list(tensor.shape) for name, tensor in model.state_dict().items()}


def transfer(model: Network, path: str | Path) -> None:
    """Start a model from earlier weights; a classifier for other classes keeps its fresh ones.

    A network starts from those it names as `relatives` as well, and from one of other stages; it
    keeps fresh weights where it has other layers.

    Raises:
        ColorkitError: the file is of another architecture or size, or is not as it was written.
    """
    card, tensors = _read(path)
    theirs, ours = card["settings"], model.settings()
    differ = [
        f"{key} {theirs.get(key)} instead of {ours[key]}"
        for key in ours
        if key not in _FREE and theirs.get(key, ours[key]) != ours[key]
    ]
    name = type(model).__name__
    same = card["architecture"] == name
    # A network with other stages joins its deepest level elsewhere.
    other_depth = same and theirs.get("stages") != ours.get("stages")
    related = other_depth or card["architecture"] in model.relatives
    if not (same or related) or differ:
        raise ColorkitError(
            f"{path} holds a {card['architecture']} with {', '.join(differ) or 'other layers'}; "
            f"train it again for this {type(model).__name__}, or change the profile to match"
        )
    state = model.state_dict()
    fresh = {n: t for n, t in state.items() if n.startswith("classifier")}
    if related:  # what a ColorNet lacks or has in another shape stays fresh
        tensors = {n: _for_gray(t, state.get(n)) for n, t in tensors.items()}
        tensors = {n: t for n, t in tensors.items() if n in state and t.shape == state[n].shape}
        fresh |= {n: t for n, t in state.items() if n not in tensors}
    kept = {n: t for n, t in tensors.items() if not n.startswith("classifier")}
    _fill(model, kept | fresh, path)


def _for_gray(filters: torch.Tensor, own: torch.Tensor | None) -> torch.Tensor:
    """Filters for color, seen by three equal channels, act as their sum does on one."""
    to_sum = own is not None and filters.ndim == own.ndim == 4
    if to_sum and (filters.shape[1], own.shape[1]) == (3, 1):
        return filters.sum(dim=1, keepdim=True)
    return filters


def _open(path: str | Path):
    if not Path(path).is_file():
        raise ColorkitError(f"{path} does not exist; give a .safetensors weights file")
    try:
        return safe_open(str(path), framework="pt")
    except (SafetensorError, OSError) as error:
        raise ColorkitError(
            f"{path} is not a whole safetensors file ({one_line(error)}); pickled files (.pt, "
            ".pth, .ckpt) are not read because a pickle can run programs: convert it where you "
            "trust it"
        ) from error


def _card(path: str | Path, file) -> dict:
    try:
        card = json.loads((file.metadata() or {}).get(_CARD, "{}"))
        known = card["format"] in (_FORMAT, _UNCHECKED)
        whole = isinstance(card["architecture"], str) and isinstance(card["settings"], dict)
    except (ValueError, KeyError, TypeError, RecursionError):
        known = whole = False
    if not (known and whole):
        raise ColorkitError(f"{path} was not written by colorkit; give one of its weights files")
    return card


def _read(path: str | Path) -> tuple[dict, dict[str, torch.Tensor]]:
    """Give a file's card and tensors, if they are those that were written."""
    with _open(path) as file:
        card = _card(path, file)
        try:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, RuntimeError, TypeError) as error:
            raise ColorkitError(
                f"{path} holds tensors of a kind that is not read here ({one_line(error)}); "
                "make it again"
            ) from error
    written = card.pop(_SUM, "")
    if (written or card["format"] == _FORMAT) and written != _checksum(card, tensors):
        raise ColorkitError(f"{path} is damaged (its checksum differs); copy or make it again")
    return card, tensors


def _checksum(card: dict, tensors: dict[str, torch.Tensor]) -> str:
    digest = hashlib.sha256(json.dumps(card, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _fill(model: nn.Module, tensors: dict, path: str | Path) -> None:
    _check_fit(model, tensors, path)
    model.load_state_dict(tensors)


def _check_fit(model: nn.Module, tensors: dict, path: str | Path) -> None:
    def kind(tensor: torch.Tensor) -> tuple:
        return tensor.shape, tensor.is_floating_point(), tensor.is_complex()

    state = model.state_dict()
    wrong = [n for n, t in state.items() if n not in tensors or kind(tensors[n]) != kind(t)]
    wrong += sorted(set(tensors) - set(state))
    if wrong:
        raise ColorkitError(
            f"{path} does not fit a {type(model).__name__} of these settings: {len(wrong)} tensors "
            f"differ, {one_line(wrong[0])[:100]} first; use weights of the same architecture and "
            "width"
        )
