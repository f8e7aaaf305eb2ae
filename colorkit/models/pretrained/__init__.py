"""The weights in the box: what they are, and reading them.

Each model is one safetensors file in this folder, with its card inside, in half precision.
`models.json` lists the files with size, SHA-256 and a line on what each is for; both are written
by `keep`. They are package data: a clone and an installed package find them the same way.
"""

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path

from torch import nn

from colorkit.models.weights import DERIVED, load_weights, read_card, save_weights
from colorkit.system.errors import ColorkitError
from colorkit.system.writing import write_json

FOLDER = Path(__file__).parent
# The first that is here is the default. The rule: of the models that gain on gray in every data
# set, turn no more pictures brown than another and miss the color of skin by at most one Lab unit
# more than the best, it is the one of the smallest Fréchet distance, all on validation images.
PREFERRED = ("vivid", "faithful", "colornet")
MODEL_BYTES, BOX_BYTES = 25_000_000, 60_000_000  # what a clone should not have to carry more of


def models() -> dict[str, dict]:
    """List the models in the box by name, the default first.

    Returns:
        For each name `file`, `bytes`, `sha256` and `description`.

    Raises:
        ColorkitError: the list is missing or damaged.
    """
    path = FOLDER / "models.json"
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        for each in listed.values():
            if Path(each["file"]).name != each["file"] or not {"bytes", "sha256"} <= set(each):
                raise ValueError(f"{each} is no model in this folder")
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ColorkitError(
            f"{path}, the list of models, is missing or damaged; install colorkit again"
        ) from error
    rank = {name: place for place, name in enumerate(PREFERRED)}
    return dict(sorted(listed.items(), key=lambda item: rank.get(item[0], len(rank))))


def card(model: str | Path | None = None) -> dict:
    """Read the card of a model: architecture, data, size, epochs, scores, failures, licence."""
    return read_card(find(model))


def load(model: str | Path | None = None) -> tuple[nn.Module, dict]:
    """Give a network with its card, in float32 and evaluation mode. It is shared: do not train it.

    Args:
        model: a name in the box, the path of a weights file, or None for the box's best.

    Raises:
        ColorkitError: no such model (the known ones are named) or file; the file is not the one
            listed, or is damaged.
    """
    path = find(model)
    if path.parent == FOLDER:
        _loaded.update({n: m["sha256"][:8] for n, m in models().items() if m["file"] == path.name})
    stat = path.stat()
    return _load(path, stat.st_mtime_ns, stat.st_size)


def loaded() -> dict[str, str]:
    """Tell which models of the box were loaded so far, each with the start of its checksum."""
    return dict(sorted(_loaded.items()))


_loaded: dict[str, str] = {}


@lru_cache(maxsize=2)
def _load(path: Path, *version: int) -> tuple[nn.Module, dict]:
    return load_weights(path)


def find(model: str | Path | None = None) -> Path:
    """Find the file of a model; one of the box is compared with its checksum.

    Raises:
        ColorkitError: see `load`.
    """
    known = models()
    name = next(iter(known), None) if model is None else str(model)
    if name not in known:
        path = Path(name or "")
        if path.is_file() or path.suffix == ".safetensors":
            if not path.is_file():
                raise ColorkitError(f"{path} does not exist; give a .safetensors weights file")
            return path.resolve()
        raise ColorkitError(
            f"no model {name!r} in the box; it has {', '.join(known) or 'none'}; "
            "choose one of them or give the path of a .safetensors file"
        )
    path = FOLDER / known[name]["file"]
    if not path.is_file():
        raise ColorkitError(f"{path}, the weights of {name}, is missing; install colorkit again")
    if _sha256(path) != known[name]["sha256"]:
        raise ColorkitError(
            f"{path} is damaged or is not the file listed as {name} (its checksum differs); "
            "install colorkit again, or give the path of your own weights in another folder"
        )
    return path


def keep(
    weights: str | Path, name: str, description: str, network: nn.Module | None = None, **card
) -> Path:
    """Put a trained network into the box, in half precision, in place of an older one of its name.

    Args:
        weights: weights file as the trainings write it.
        name: letters, digits and hyphens, in lower case.
        description: one line on what the model is for.
        network: that of the weights, if its settings are to be others.
        **card: added to the file's own card. What colorizing looks at: `gray`, the decolorization
            it was trained on (`nir` for near infrared), `size`, the shorter side in pixels at
            which it looks at a photograph, `views`, several such sizes at which it looks, and
            mirrored, to answer with the mean, and `saturation`, a factor on its chroma. For people:
            data, epochs, scores, failures, licence.

    Returns:
        The file in the box.

    Raises:
        ColorkitError: the file cannot be read, the name cannot be used, or the box would become
            too large.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        raise ColorkitError(f"{name!r} cannot name a model; use lower-case letters and digits")
    found, known = load_weights(weights)
    # How to find the training again on the machine it ran on is nobody else's concern.
    whole = {key: value for key, value in (known | card).items() if key != "identity"}
    whole = {"name": name, "description": description} | {
        key: value for key, value in whole.items() if key not in (*DERIVED, "name", "description")
    }
    path = FOLDER / f"{name}.safetensors"
    fresh = path.with_suffix(".new")
    try:
        save_weights(fresh, found if network is None else network, half=True, **whole)
        listed = models() if (FOLDER / "models.json").exists() else {}
        entry = {
            "file": path.name,
            "bytes": fresh.stat().st_size,
            "sha256": _sha256(fresh),
            "description": description,
        }
        listed |= {name: entry}
        total = sum(each["bytes"] for each in listed.values())
        if entry["bytes"] > MODEL_BYTES or total > BOX_BYTES:
            raise ColorkitError(
                f"{name} takes {entry['bytes']:,} bytes and the box then {total:,}; at most "
                f"{MODEL_BYTES:,} and {BOX_BYTES:,} are allowed, so train a narrower network"
            )
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    write_json(FOLDER / "models.json", dict(sorted(listed.items())))
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
