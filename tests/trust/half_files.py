"""What a stop may not leave behind."""

import json
from pathlib import Path

import torch
from PIL import Image

from colorkit.models.weights import load_weights


def half_files(folder: Path) -> list[Path]:
    """Find what has its final name but is not whole: JSON, weights, checkpoints, pictures, rest."""
    broken = []
    for path in folder.rglob("*"):
        try:
            if path.suffix in (".json", ".ipynb") and "unfinished" not in path.parts:
                json.loads(path.read_text())
            elif path.suffix == ".safetensors":
                load_weights(path)
            elif path.suffix == ".ckpt":
                torch.load(path, weights_only=True)
            elif path.suffix in (".jpg", ".png"):
                Image.open(path).load()
        except Exception:
            broken.append(path)
    return broken
