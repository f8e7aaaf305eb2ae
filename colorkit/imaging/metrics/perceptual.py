"""The network behind LPIPS, and why there is none where its weights are missing."""

import hashlib
import warnings
from functools import lru_cache
from pathlib import Path

import torch

from colorkit.system.errors import ColorkitError, one_line

# Files of torch's hub cache; the digits are the beginning of each file's SHA-256.
_BACKBONES = {
    "alex": "alexnet-owt-7be5be79.pth",
    "vgg": "vgg16-397923af.pth",
    "squeeze": "squeezenet1_1-b8a52dc0.pth",
}


class Unavailable(ColorkitError):  # noqa: N818 (no fault of the program's)
    """A measure cannot be taken here; the message is the reason, fit for a table's footnote."""


def lpips_missing() -> str:
    """Why LPIPS has no value on this machine; empty where it has one."""
    try:
        lpips_network()
    except Unavailable as reason:
        return str(reason)
    return ""


@lru_cache(maxsize=1)
def lpips_network(net: str = "alex", fetch: bool = False) -> torch.nn.Module:
    """Give the network behind `lpips`, frozen: two (B, 3, H, W) in [−1, 1] to (B, 1, 1, 1).

    Raises:
        Unavailable: see `lpips`.
    """
    if net not in _BACKBONES:
        raise ValueError(f"net must be one of {', '.join(_BACKBONES)}; received {net!r}")
    file = Path(torch.hub.get_dir()) / "checkpoints" / _BACKBONES[net]
    if file.is_file():
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if not digest.startswith(file.stem.rsplit("-", 1)[1]):
            raise Unavailable(f"LPIPS is absent: {file} is damaged; remove it and fetch it again.")
    elif not fetch:
        raise Unavailable(
            f"LPIPS is absent: the weights {file.name} are not in {file.parent}; put them there, "
            "or allow the download with fetch=True."
        )
    try:
        from lpips import LPIPS

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package calls torchvision in an outdated way
            return LPIPS(net=net, verbose=False).requires_grad_(False)
    except Exception as error:
        raise Unavailable(f"LPIPS is absent: {one_line(error)}; see {file}.") from error
