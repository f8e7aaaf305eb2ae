"""Files of figures that are kept with the project: none is larger than a page can bear."""

import io
import shutil
from pathlib import Path

from PIL import Image

from colorkit.system.writing import atomic_write

LARGEST = 300_000  # bytes of a figure of record; a page shows a dozen
_QUALITIES = (92, 85, 75, 60, 40)  # of WebP, the first that is small enough


def keep_figure(source: Path, folder: Path, largest: int = LARGEST) -> str:
    """Copy a figure, as WebP where its own file is too large; give the copy's name.

    Args:
        source: a PNG.
        folder: of the copies; another copy of the figure, in the other format, is removed.
        largest: bytes of the copy.
    """
    folder.mkdir(parents=True, exist_ok=True)
    png, webp = folder / source.name, folder / f"{source.stem}.webp"
    if source.stat().st_size <= largest:
        shutil.copyfile(source, png)
        webp.unlink(missing_ok=True)
        return png.name
    with Image.open(source) as opened:
        picture = opened.convert("RGB")
    for quality in _QUALITIES:
        encoded = io.BytesIO()
        picture.save(encoded, "WEBP", quality=quality, method=6)
        if encoded.tell() <= largest:
            break
    with atomic_write(webp) as file:
        file.write(encoded.getvalue())
    png.unlink(missing_ok=True)
    return webp.name
