"""Any image file people have, turned into one known form: sRGB, uint8, (H, W, 3).

Photographs arrive as CMYK scans, 16-bit or float TIFF, palettes with a transparent color, phone
pictures lying on their side, wide-gamut JPEGs, and half-copied files. Everything behind this
module may assume none of that. What cannot be read is a `ColorkitError` of one sentence that names
the file, the fault and the remedy; nothing else escapes, and no decoder prints warnings.
"""

import io
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from colorkit.imaging.decoding.decoders import (
    JPEG_MAGIC,
    TIFF_MAGIC,
    check_size,
    load_reader,
    mute,
    quiet,
)
from colorkit.imaging.decoding.deep_reading import read_samples
from colorkit.imaging.decoding.deep_samples import raw_mode
from colorkit.imaging.decoding.jpegs import made_whole, png_size, read_plain_jpeg, with_end
from colorkit.imaging.decoding.netpbm import PAM_MAGIC
from colorkit.imaging.decoding.pages import is_raw, main_page, raw_fault, with_first
from colorkit.imaging.decoding.srgb import from_pillow, from_samples
from colorkit.imaging.metadata.extract import PNG_MAGIC
from colorkit.imaging.metadata.insert import FORMATS, Kept, embed
from colorkit.imaging.profiles.conversion import is_srgb
from colorkit.imaging.profiles.declared import file_profile
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.writing import atomic_write

MAX_PIXELS = 200_000_000  # 600 MB as uint8 RGB: above the largest cameras, below most memories
# Photographs only: Pillow would also hand PostScript to Ghostscript, or guess at raw formats.
_READ = (
    "JPEG",
    "PNG",
    "TIFF",
    "WEBP",
    "BMP",
    "DIB",
    "GIF",
    "PPM",
    "JPEG2000",
    "AVIF",
    "HEIF",
    "JXL",
)
WRITTEN = frozenset(FORMATS)  # endings in lower case, by which `write_image` chooses the format


def read_image(
    path: str | Path | BinaryIO,
    *,
    max_pixels: int = MAX_PIXELS,
    min_side: int | None = None,
    truncated: bool = False,
) -> np.ndarray:
    """Read an image file of (almost) any kind as sRGB.

    Rules, where a file leaves a choice:

    - Several pictures: of TIFF the first that is no thumbnail, see `pages.main_page`; of HEIF and
      AVIF the one that the file calls its main one; else the first. A camera's raw file of which
      only a preview can be read is refused.
    - Transparency: composited over white, as paper and most viewers show it.
    - EXIF orientation: applied.
    - Color: from the space that the file says, see `file_colors`, to sRGB, relative colorimetric
      with black-point compensation, and only then to 8 bits. A profile that is broken or made for
      other channels is ignored.
    - 16-bit and other integers of sRGB: the upper 8 bits of the type's range, or of the bits that
      a file says it uses; negative values are black. Values that end far below the type's range
      (of 12 bits in 16, say) stay dark, for a dark photograph looks the same.
    - Float: NaN is 0; values that stay within [0, 1] are intensities, others are divided by the
      largest finite one; negative values are black.
    - A JPEG that lacks its end marker alone is read.

    Args:
        path: The file, or a stream of its bytes, with the `name` that faults give it.
        max_pixels: Larger images are refused before anything is decoded: a file of a few
            kilobytes can claim a size that fills the memory.
        min_side: If given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size as long as its
            shorter side keeps at least this many pixels. JPEG stores 8×8 blocks of cosine
            coefficients, and a smaller inverse transform of the low ones *is* the antialiased
            smaller image: for a data set of small crops most of the decoding is never done.
        truncated: Read what is there of a JPEG or PNG that is cut off.

    Returns:
        uint8 (H, W, 3), sRGB, 0–255, writable.

    Raises:
        ColorkitError: The file is missing, a folder, empty, no image, cut off, or too large.
    """
    on_disk = isinstance(path, str | Path)
    name = Path(path if on_disk else path.name)
    try:
        with quiet, _open(name) if on_disk else nullcontext(path) as stream:
            try:
                return _decode(stream, name, max_pixels, min_side)
            except ColorkitError:
                raise
            except Exception:
                whole = _completed(stream, name, truncated, max_pixels)
                if whole is None:
                    raise
                return _decode(io.BytesIO(whole), name, max_pixels, min_side)
    except ColorkitError:
        raise
    # Decoders raise whatever their parsing trips over (OSError, SyntaxError, struct.error,
    # ValueError, MemoryError, zlib.error, …); all of it means the same to the owner of the file.
    except Exception as error:
        raise ColorkitError(_fault(name, error)) from error


def _completed(stream: BinaryIO, name: Path, truncated: bool, max_pixels: int) -> bytes | None:
    """Give a file that cannot be decoded with what it lacks at its end, if that helps.

    Raises:
        ColorkitError: all that it lacks is more than `max_pixels`.
    """
    stream.seek(0)
    head = stream.read(len(PNG_MAGIC))
    if not (head.startswith(JPEG_MAGIC) or head == PNG_MAGIC):
        return None
    stream.seek(0)
    data = stream.read()
    whole = with_end(data) if head.startswith(JPEG_MAGIC) else None
    if truncated and whole is None and (size := png_size(data)):
        check_size(name, size, max_pixels)  # all its pixels are filled in
    return whole or (made_whole(data) if truncated else None)


def resize_crop(rgb: np.ndarray, size: int) -> np.ndarray:
    """Scale the shorter side to `size` (Lanczos, antialiased) and cut the central square.

    Args:
        rgb: uint8 (H, W, 3), sRGB.
        size: Side of the result in pixels.

    Returns:
        uint8 (size, size, 3), sRGB. Of an image whose shorter side already is `size`, a view.

    Raises:
        ValueError: `rgb` has another type or shape, or `size` is below 1.
    """
    _check(rgb)
    if size < 1:
        raise ValueError(f"size must be at least 1, received {size}")
    height, width = rgb.shape[:2]
    side = min(height, width)
    # A whole-pixel corner: half a pixel of offset would resample, and blur, without need.
    top, left = (height - side) // 2, (width - side) // 2
    square = rgb[top : top + side, left : left + side]
    if side == size:
        return square
    image = Image.fromarray(np.ascontiguousarray(square))
    # reducing_gap first averages whole blocks: as good to the eye, much faster on large images.
    return np.array(image.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0))


def write_image(path: str | Path, rgb: np.ndarray, **options) -> None:
    """Write an image; the format follows the name (JPEG, PNG, TIFF, WebP, BMP).

    The file appears under its name only once it is complete.

    Args:
        path: The file; folders on the way are made.
        rgb, options: As for `encode_image`.

    Raises:
        ColorkitError: The ending of the name is none of these, or the file cannot be written.
        ValueError: `rgb` has another type or shape.
    """
    # Encode to memory first: some encoders turn a full disk into an error that hides its cause.
    encoded = encode_image(path, rgb, **options)
    with atomic_write(Path(path)) as stream:
        stream.write(encoded)


def encode_image(
    path: str | Path, rgb: np.ndarray, *, quality: int = 95, kept: Kept | None = None
) -> bytes:
    """Give the bytes of an image file; the format follows the name (JPEG, PNG, TIFF, WebP, BMP).

    JPEG keeps color at full resolution (4:4:4), for halved chroma would blur exactly what a
    colorizer has to show.

    Args:
        path: The name of the file; nothing is written.
        rgb: uint8 (H, W, 3), sRGB.
        quality: 1–100, for JPEG and WebP.
        kept: What the file says beside its pixels; see `colorkit.imaging.metadata.insert.Kept`.

    Raises:
        ColorkitError: The ending of the name is none of these, or the format is too small.
        ValueError: `rgb` has another type or shape.
    """
    path = Path(path)
    _check(rgb)
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise ColorkitError(
            f"{path}: cannot write an image of this kind; let the name end in one of "
            f"{', '.join(FORMATS)}."
        )
    options: dict = {}
    if kept is not None and kept.icc_profile is not None:
        options["icc_profile"] = kept.icc_profile
    if kind == "JPEG":
        # Not `optimize`: Pillow then fails on pictures that need more than two bytes a pixel.
        options |= {"quality": quality, "subsampling": "4:4:4"}
    elif kind == "WEBP":
        options |= {"quality": quality, "method": 4}
    elif kind == "TIFF":
        options["compression"] = "tiff_adobe_deflate"
    encoded = io.BytesIO()
    try:
        Image.fromarray(np.ascontiguousarray(rgb)).save(encoded, kind, **options)
    except (OSError, ValueError) as error:
        height, width = rgb.shape[:2]
        raise ColorkitError(
            f"{path}: {width}×{height} pixels cannot be stored as {kind} ({one_line(error)}); "
            "choose another format, such as .png."
        ) from error
    data = encoded.getvalue()
    return data if kept is None else embed(data, kind, kept)


def _open(path: Path) -> BinaryIO:
    if not path.exists():
        raise ColorkitError(f"{path}: there is no such file; check the path.")
    if path.is_dir():
        raise ColorkitError(f"{path}: this is a folder; give the path of an image file.")
    if not path.is_file():
        raise ColorkitError(f"{path}: this is no regular file; give the path of an image file.")
    return path.open("rb")


def _decode(stream: BinaryIO, path: Path, max_pixels: int, min_side: int | None) -> np.ndarray:
    """Read a file of that name; whatever goes wrong is `read_image`'s to report."""
    head = stream.read(64)
    if not head:
        raise ColorkitError(f"{path}: the file is empty (0 bytes); copy it again.")
    stream.seek(0)
    if head.startswith(JPEG_MAGIC):
        plain = read_plain_jpeg(stream, path, max_pixels, min_side)
        if plain is not None:
            return plain
        stream.seek(0)
    if is_raw(head):
        raise raw_fault(path)
    load_reader(head, path)
    if head.startswith((*TIFF_MAGIC, PAM_MAGIC)):
        samples = read_samples(stream, path, max_pixels)
        if samples is not None:
            return from_samples(samples.upright())
        page = main_page(stream, path)
        stream = stream if page is None else with_first(stream, page)
    stream.seek(0)
    Image.init()  # so that Pillow knows which of them this build of it can read
    image = Image.open(stream, formats=[kind for kind in _READ if kind in Image.OPEN])
    check_size(path, image.size, max_pixels)
    profile = file_profile(stream, image)
    if profile and not is_srgb(profile) and image.format == "PNG" and ";16" in raw_mode(image):
        samples = read_samples(stream, path, max_pixels)
        if samples is not None:
            samples.profile = profile
            return from_samples(samples.upright())
    if min_side is not None and image.format in ("JPEG", "MPO"):
        image.draft(None, (max(min_side, 1),) * 2)
    with mute if image.format == "TIFF" else nullcontext():
        image.load()
    return from_pillow(image, profile)


def _check(rgb: np.ndarray) -> None:
    shape, kind = getattr(rgb, "shape", None), getattr(rgb, "dtype", type(rgb).__name__)
    if kind != np.uint8 or shape is None or len(shape) != 3 or shape[2] != 3 or 0 in shape:
        raise ValueError(f"rgb must be uint8 (H, W, 3), received {kind} {shape}")


def _fault(path: Path, error: Exception) -> str:
    """One sentence for what a decoder raised."""
    if isinstance(error, UnidentifiedImageError):
        return (
            f"{path}: this is no image that can be read, or its beginning is damaged; "
            "convert it to PNG or JPEG, or leave it out."
        )
    if isinstance(error, PermissionError):
        return f"{path}: permission denied; change the file's permissions."
    if isinstance(error, MemoryError):
        return f"{path}: the image does not fit in memory; scale it down first."
    reason = one_line(error) or type(error).__name__
    remedy = "copy it again or leave it out"
    if path.suffix.lower() in (".jpg", ".jpeg", ".jpe", ".jfif", ".png"):
        remedy = "copy it again, leave it out, or read what is there with truncated (--truncated)"
    return f"{path}: the image is damaged or cut off ({reason}); {remedy}."
