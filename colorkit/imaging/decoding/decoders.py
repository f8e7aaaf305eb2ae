"""What all reading of pictures needs: a size limit, silence, and readers of more formats."""

import logging
import os
import warnings
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from PIL import Image

from colorkit.system.errors import ColorkitError
from colorkit.system.process_settings import Shared

JPEG_MAGIC = b"\xff\xd8\xff"
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Formats that Pillow reads with another package: its name, and how their files begin, from byte 0.
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_JXL_MAGIC = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")


def check_size(path: Path | str, size: tuple[int, int], max_pixels: int) -> None:
    """Refuse an image that is larger than asked for, before it is decoded."""
    width, height = size
    if width < 1 or height < 1:
        raise ColorkitError(f"{path}: the image has no pixels ({width}×{height}); leave it out.")
    if width * height > max_pixels:
        raise ColorkitError(
            f"{path}: {width}×{height} pixels are more than the {max_pixels:,} allowed; "
            "give a larger max_pixels (--max-pixels) if the file is meant to be that large."
        )


def load_reader(head: bytes, path: Path | str) -> None:
    """Make Pillow know HEIF or JPEG XL if a file is of that kind.

    Args:
        head: the first 64 bytes of the file.
        path: its name.

    Raises:
        ColorkitError: the package that reads it is not installed.
    """
    package = ""
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS and b"avif" not in head:
        kind, package = "HEIF (HEIC)", "pillow_heif"
    elif head.startswith(_JXL_MAGIC):
        kind, package = "JPEG XL", "pillow_jxl"
    if not package or package in _loaded:
        return
    try:
        module = import_module(package)
    except ImportError as error:
        raise ColorkitError(
            f"{path}: this is a {kind} file, which needs another package; install it with "
            "pip install 'colorkit[formats]', or convert the file to PNG or JPEG."
        ) from error
    if package == "pillow_heif":
        module.register_heif_opener()
    _loaded.add(package)


_loaded: set[str] = set()


@contextmanager
def _settings():
    """Silence Python's part of the decoders."""
    limit = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = None  # max_pixels decides, and can be raised
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


@contextmanager
def _no_errors():
    """Send what is written to standard error, by C too, nowhere."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


quiet = Shared(_settings)
mute = Shared(_no_errors)  # for libtiff, which prints what it finds damaged
# A filter, for setting a level empties every logger's memory: a tenth of reading a small image.
logging.getLogger("tifffile").addFilter(lambda record: not quiet.inside)
logging.getLogger("PIL").addHandler(logging.NullHandler())  # or errors go to standard error
