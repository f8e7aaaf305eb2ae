"""The front picture, which the README and the book's first page open with, and the thumbnails.

Only photographs that may be shown are in them: the old ones that ship with colorkit, samples of
scikit-image, scikit-learn and matplotlib, and figures of record.
"""

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from colorkit.data.sample_photographs import old_photographs
from colorkit.inference.paint import to_gray
from colorkit.inference.photograph import PhotographColorizer
from colorkit.system.writing import atomic_write

FRONT = "front.webp"
SAID = (
    "Six gray photographs and, below them, what the default model makes of them: Dorothea Lange's "
    "Migrant Mother, 1936; Broadway in Saratoga Springs, between 1900 and 1915; Louis Armstrong in "
    "his dressing room, about 1946; Grace Hopper in uniform; a temple by a lake in China; a street "
    "in Buffalo, about 1908."
)
_HEIGHT, _GAP, _WIDEST = 300, 6, 1.25  # pixels; width ÷ height at most
_THUMBNAIL = (480, 300)
_MOST_BYTES = 300_000
_SHOWN = ("sample", "procedural", "plot")  # what is ours to show


def front_photographs() -> dict[str, np.ndarray]:
    """Six photographs that stand for what people bring: (H, W, 3) uint8 by name."""
    from matplotlib.cbook import get_sample_data
    from sklearn.datasets import load_sample_image

    old = old_photographs()
    with get_sample_data("grace_hopper.jpg", asfileobj=True) as stream:
        hopper = np.asarray(Image.open(stream).convert("RGB"))
    return {
        "migrant-mother-1936": old["migrant-mother-1936"],
        "saratoga-springs-1900s": old["saratoga-springs-1900s"],
        "louis-armstrong-1946": old["louis-armstrong-1946"],
        "grace-hopper": hopper,
        "china": np.asarray(load_sample_image("china.jpg")),
        "buffalo-1908": old["buffalo-1908"],
    }


def front_picture(model: str | Path | None = None) -> np.ndarray:
    """Give the photographs in gray, in one row, and below each what a model makes of it.

    Args:
        model: of the box, or a weights file; the default model if none.

    Returns:
        uint8 (2 · 300 + 6, W, 3).

    Raises:
        ColorkitError: there is no such model.
    """
    colorizer = PhotographColorizer(model)
    pairs = [_pair(rgb, colorizer) for rgb in front_photographs().values()]
    gap = np.full((pairs[0].shape[0], _GAP, 3), 255, np.uint8)
    row = [part for pair in pairs for part in (gap, pair)][1:]
    return np.concatenate(row, axis=1)


def _pair(rgb: np.ndarray, colorizer: PhotographColorizer) -> np.ndarray:
    """A photograph in gray above its colorized twin, cut to `_WIDEST`: (2 · 300 + 6, w, 3)."""
    gray = to_gray(rgb)
    height, width = gray.shape[:2]
    cut = max(0, round((width - _WIDEST * height) / 2))
    size = (round(_HEIGHT * (width - 2 * cut) / height), _HEIGHT)
    above, below = (
        np.asarray(Image.fromarray(each[:, cut : width - cut]).resize(size, Image.LANCZOS))
        for each in (gray, colorizer(gray))
    )
    return np.concatenate([above, np.full((_GAP, size[0], 3), 255, np.uint8), below])


def write_front(folder: Path) -> None:
    """Write the front picture into a folder, as `FRONT` and in at most 300 kB."""
    _write_webp(folder / FRONT, Image.fromarray(front_picture()))


def write_thumbnails(folder: Path, record: Path, run: Path, named: dict[str, str]) -> None:
    """Write a thumbnail of each chapter, from its figures of record or else from a run's.

    Args:
        named: by chapter, the figure that its notebook names for it; else its first one serves.
        folder: where they are written, `<chapter>.webp`; those of chapters that are gone go.
        record: `figures/` of the project.
        run: a finished run, for chapters that have no figure of record.
    """
    places = {p.stem: run for p in sorted((run / "numbers").glob("[0-9][0-9]_*.json"))}
    places |= {p.stem: record for p in sorted(record.glob("[0-9][0-9]_*.json"))}
    kept = set(named)  # where neither has a figure the thumbnail stays
    for chapter, place in places.items():
        numbers = place / "numbers" if place == run else place
        found = json.loads((numbers / f"{chapter}.json").read_text(encoding="utf-8"))["figures"]
        ours = [figure for figure in found if figure["shows"] in _SHOWN]
        ours.sort(key=lambda figure: Path(figure["file"]).stem != named.get(chapter))
        if ours:
            picture = Image.open(place / ours[0]["file"]).convert("RGB")
            kept.add(chapter)
            small = _thumbnail(picture, whole=ours[0]["shows"] == "plot")
            _write_webp(folder / f"{chapter}.webp", small)
    for path in folder.glob("*.webp"):
        if path.stem not in kept:
            path.unlink()


def _thumbnail(picture: Image.Image, whole: bool) -> Image.Image:
    """A picture at the size of a thumbnail: whole on white ground, or filled by its upper part."""
    if whole:
        return ImageOps.pad(picture, _THUMBNAIL, Image.LANCZOS, color="white")
    return ImageOps.fit(picture, _THUMBNAIL, Image.LANCZOS, centering=(0.5, 0.0))


def _write_webp(path: Path, image: Image.Image) -> None:
    for quality in range(90, 40, -10):
        stream = io.BytesIO()
        image.save(stream, "WEBP", quality=quality, method=6)
        if stream.tell() <= _MOST_BYTES:
            break
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        file.write(stream.getvalue())
