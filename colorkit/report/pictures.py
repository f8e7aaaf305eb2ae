"""The figures of the book as files: small, opened large by a click, read only when they are near.

Notebooks hold figures as PNG inside their text. The book keeps them beside its pages as WebP, of
which a plot, without loss, takes half the bytes and a photograph, at a quality one does not see, a
tenth.
"""

import base64
import hashlib
import io
import re
from dataclasses import dataclass
from html import escape

from bs4 import BeautifulSoup
from PIL import Image

from colorkit.report.tables import source_label

FOLDER = "_extra/pictures"  # of the tree; `_extra` becomes the root of the pages
_FEW = 4096  # colors: a plot has no more
_QUALITY = 76
_DATA = re.compile(r"\s*\((?:[^()]|\([^()]*\))*; profile [\w.-]+\.\)$")


@dataclass(frozen=True)
class Shown:
    """A figure as a page shows it: `id`, `alt` and `caption` as the chapter gave them, PNG bytes.

    Its caption ends with the data and the profile if it depends on them, see `of_data`.
    """

    id: str
    alt: str
    caption: str
    png: bytes

    @property
    def of_data(self) -> bool:
        """Whether another run would show something else."""
        return bool(_DATA.search(self.caption))


def without_data(caption: str) -> str:
    """Take the data and the profile from the end of a caption: the label says them."""
    return _DATA.sub("", caption)


def read_figures(html: str) -> list[Shown]:
    """Read the figures that `Chapter.figure` showed."""
    found = []
    for figure in BeautifulSoup(html, "html.parser")("figure"):
        image, caption = figure.find("img"), figure.find("figcaption")
        head, _, data = image["src"].partition("base64,")
        if not head.startswith("data:image/"):
            continue
        text = caption.get_text(" ", strip=True) if caption else ""
        id = figure.get("id", "")
        text = text.removeprefix(id).strip()
        found.append(Shown(id, image.get("alt", ""), text, base64.b64decode(data)))
    return found


class Pictures:
    """Writes pictures into a tree, each under a name that changes with its content."""

    def __init__(self, tree):
        self.tree = tree

    def figure(self, shown: Shown, record: bool | None, *, lazy: bool = False) -> str:
        """Write a figure and give its HTML, which opens large when clicked.

        Args:
            shown: the figure.
            record: of record, of this run, or None for what is the same in both.
            lazy: read the file only when it is to be seen, as a folded one may never be.
        """
        source, (width, height) = self.add(shown.id or "figure", shown.png)
        label = "" if record is None else source_label(record) + " "
        # Two figures of one page cannot share an id; the first is the one that links lead to.
        name = f"{'run-' if record is False else ''}{shown.id}"
        return (
            f'<figure id="{escape(name, quote=True)}"><a class="large" href="{source}">'
            f'<img src="{source}" width="{width}" height="{height}" '
            f'alt="{escape(shown.alt, quote=True)}"{" loading=lazy" if lazy else ""}></a>'
            f"<figcaption>{label}<b>{escape(shown.id)}</b> "
            f"{escape(without_data(shown.caption))}</figcaption></figure>"
        )

    def add(self, name: str, data: bytes) -> tuple[str, tuple[int, int]]:
        """Keep a picture; give its address as pages see it, and its width and height."""
        with Image.open(io.BytesIO(data)) as image:
            size = image.size
            plain = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")
            digest = hashlib.sha256(data + bytes([_QUALITY])).hexdigest()[:10]
            source = f"{plain}-{digest}.webp"
            if not self.tree.keep(f"{FOLDER}/{source}"):
                self.tree.write(f"{FOLDER}/{source}", _webp(image))
        return f"pictures/{source}", size

    def drawing(self, name: str, svg: bytes) -> str:
        """Keep a drawing; give its address as pages see it."""
        self.tree.write(f"{FOLDER}/{name}.svg", svg)
        return f"pictures/{name}.svg"


def _webp(image: Image.Image) -> bytes:
    image = image.convert("RGB")
    stream = io.BytesIO()
    plot = image.getcolors(_FEW) is not None
    image.save(stream, "WEBP", lossless=plot, quality=40 if plot else _QUALITY, method=2)
    return stream.getvalue()
