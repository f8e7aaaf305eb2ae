"""The mean of several trainings' weights as one network."""

from collections.abc import Sequence
from pathlib import Path

from colorkit.models.weights import load_weights, save_weights
from colorkit.system.errors import ColorkitError

_SHARED = ("classes", "gray", "size", "data")  # what the card says of all of them


def average_weights(path: str | Path, files: Sequence[str | Path]) -> Path:
    """Write the mean of trainings of one network that began alike; equal files give an equal one.

    Networks that were trained on from the same weights lie so near each other that their mean is
    better than each (Wortsman et al., "Model soups", ICML 2022). What is no floating-point number,
    as the count of a batch normalization's steps, is the first one's.

    Args:
        path: the file to write.
        files: weights files of one architecture with the same settings.

    Returns:
        `path`.

    Raises:
        ColorkitError: the networks differ, or a file cannot be read.
    """
    (network, card), *others = (load_weights(file) for file in files)
    for (other, _), file in zip(others, files[1:], strict=True):
        if type(other) is not type(network) or other.settings() != network.settings():
            raise ColorkitError(f"{file} holds another network than {files[0]}; average one kind")
    states = [network.state_dict(), *(other.state_dict() for other, _ in others)]
    mean = {
        name: sum(state[name] for state in states) / len(states)
        if first.is_floating_point()
        else first
        for name, first in states[0].items()
    }
    network.load_state_dict(mean)
    about = {name: card[name] for name in _SHARED if name in card}
    return save_weights(path, network, name=Path(path).stem, averaged=len(files), **about)
