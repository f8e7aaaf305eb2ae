"""The page in the report: its picture area in a strip of stills, for a report has no kernel.

They are made of a sample photograph with the models in the box, and again when one of these, or
what draws them, has changed.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from colorkit.data.sample_photographs import sample_photographs
from colorkit.imaging.images import encode_image
from colorkit.inference import colorize, photograph, preview
from colorkit.inference.colorize import ColorizeOptions
from colorkit.inference.paint import to_gray
from colorkit.inference.preview import CONTRASTS, Preview, offered
from colorkit.models import pretrained
from colorkit.system.writing import atomic_write, write_json

PHOTOGRAPH, SIDE = "china", 480
_HINTS = ((0.36, 0.42, "#ad5540"), (0.8, 0.85, "#8aa84c"), (0.82, 0.22, "#6ea8dc"))
_VIVID = 1.6


def make_stills(folder: Path) -> None:
    """Write `stills.json` and the pictures it lists into a folder, if they are not current.

    The list has `photograph`, for each of `stills` its `file`, `title` and `alt`, and for each of
    `models` that colorize photographs `file` and `alt`, by its name.

    Raises:
        ColorkitError: a model in the box is damaged.
    """
    sources = [pretrained.FOLDER / "models.json", Path(__file__)]
    sources += [Path(module.__file__) for module in (preview, photograph, colorize)]
    key = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    listed = folder / "stills.json"
    if listed.exists() and json.loads(listed.read_text(encoding="utf-8"))["key"] == key:
        return
    picture = Preview(sample_photographs(SIDE)[PHOTOGRAPH])
    stills = []
    for title, settings in _settings():
        name = f"still-{len(stills)}.jpg"
        with atomic_write(folder / name) as stream:
            stream.write(encode_image(name, draw(picture, **settings), quality=90))
        alt = f"The page's picture area, gray left and colorized right of the divider: {title}."
        stills.append({"file": name, "title": title, "alt": alt})
    models = {}
    for name in (model["name"] for model in offered()):
        file = f"model-{name}.jpg"
        with atomic_write(folder / file) as stream:
            stream.write(encode_image(file, draw(picture, 0.5, model=name), quality=90))
        alt = f"The photograph {PHOTOGRAPH}: left half gray, right half colorized by {name}."
        models[name] = {"file": file, "alt": alt}
    found = {"photograph": PHOTOGRAPH, "stills": stills, "models": models}
    write_json(listed, {"key": key, **found})


def _settings() -> list[tuple[str, dict]]:
    """Give 3 to 5 settings of the page, with what to call them."""
    models = offered()
    first, *others = [model["name"] for model in models]
    hinted = next((model["name"] for model in models if model["hints"]), None)
    found = [
        (f"model {first}", {"model": first}),
        (f"saturation × {_VIVID}", {"model": first, "saturation": _VIVID}),
        (f"contrast {CONTRASTS['clahe']}", {"model": first, "contrast": "clahe"}),
    ]
    if other := next((name for name in others if name != hinted), None):
        found.append((f"model {other}", {"model": other}))
    if hinted:
        found.append((f"{len(_HINTS)} hints", {"model": hinted, "hints": _HINTS}))
    return found


def draw(picture: Preview, divider: float = 0.3, contrast: str = "none", **options) -> np.ndarray:
    """Draw the picture area as the page shows it.

    Args:
        picture: the photograph.
        divider: its place, from 0 to 1.
        contrast, options: see `Preview.colorize`.

    Returns:
        uint8 (H, W, 3), sRGB, of the preview's size.
    """
    asked = ColorizeOptions(**options)
    after = picture.colorize(asked, contrast)
    height, width = after.shape[:2]
    at = round(divider * width)
    image = Image.fromarray(np.hstack([to_gray(picture.small)[:, :at], after[:, at:]]))
    pen = ImageDraw.Draw(image)
    pen.line([(at, 0), (at, height)], fill="black", width=4)
    pen.line([(at, 0), (at, height)], fill="white", width=2)
    _disk(pen, at, height - 32, 16, "white")
    for x, y, color in asked.hints:
        for radius, fill in ((13, "black"), (12, "white"), (9, color)):
            _disk(pen, x * width, y * height, radius, fill)
    return np.asarray(image)


def _disk(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: str) -> None:
    pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=fill)
