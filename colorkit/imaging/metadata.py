"""What a photograph's file says beside its pixels, and what of it a colorized copy keeps.

Kept: the EXIF tags people know of (camera, date, place, author, rights), without the orientation,
which `images.read_image` applies, and without what described the old pixels (layout, size,
thumbnail, color space). The pixels become sRGB on reading, and the old profile would be wrong for
them. So a file that carried a profile gets one of sRGB, its own if that is what it was; one that
carried none gets none, which means sRGB as well.
"""

import io
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags, Image, ImageCms

from colorkit.imaging.decoders import quiet

# Tags of a TIFF's first directory that say how its pixels are stored, from ImageWidth to
# ReferenceBlackWhite, then profile, XMP, IPTC and Photoshop blocks, which hold copies of both.
_LAYOUT = {254, 255, *range(256, 260), 262, 263, 264, 265, 266, 273, *range(277, 282), 284, 285}
_LAYOUT |= {288, 289, 290, 291, 292, 293, 297, 301, 317, 318, 319, *range(320, 348), 512, 513, 514}
_LAYOUT |= {515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 559, 700, 33723, 34377, 34675, 37724}
_SRGB = 1  # of the tag ColorSpace


@dataclass(frozen=True)
class Metadata:
    """What is carried over, and what a person should be told.

    Attributes:
        exif: block for `images.write_image`, or None.
        icc_profile: a profile of sRGB, or None.
        notes: what of the file a colorized copy does not show.
    """

    exif: bytes | None = None
    icc_profile: bytes | None = None
    notes: tuple[str, ...] = ()


def read_metadata(path: str | Path | BinaryIO) -> Metadata:
    """Read what an image file, or a stream, says beside its pixels; damaged counts as none."""
    try:
        with quiet, Image.open(path) as image:
            return Metadata(_exif(image), _profile(image.info.get("icc_profile")), _notes(image))
    except Exception:  # what cannot be opened is `read_image`'s to report
        return Metadata()


def _notes(image: Image.Image) -> tuple[str, ...]:
    notes = []
    frames = 1
    with suppress(Exception):
        frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # a JPEG with a preview or a depth map behind it
        notes.append(f"the first of its {frames} frames was colorized")
    # "RGB;16B" and the like: how Pillow unpacks the file's samples.
    if image.mode.startswith(("I", "F")) or any(";16" in str(tile[3]) for tile in image.tile):
        notes.append("its more than 8 bits a channel became 8")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        notes.append("what was transparent became white")
    return tuple(notes)


def _exif(image: Image.Image) -> bytes | None:
    with suppress(Exception):
        exif = image.getexif()
        for tag in _LAYOUT & set(exif):
            del exif[tag]
        details = exif.get_ifd(ExifTags.IFD.Exif)
        if ExifTags.Base.ColorSpace in details:
            details[ExifTags.Base.ColorSpace] = _SRGB
        for tag in (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight):
            details.pop(tag, None)
        exif.get_ifd(ExifTags.IFD.GPSInfo)  # read now, or it would not be written
        return exif.tobytes() if len(exif) else None
    return None


def _profile(profile: bytes | None) -> bytes | None:
    if not profile:
        return None
    with suppress(Exception):
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(opened).lower():
            return profile
    return srgb_profile()


def srgb_profile() -> bytes:
    """Give a profile of sRGB; the same bytes at any time of day."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # the date
    profile[84:100] = bytes(16)  # its checksum, optional
    return bytes(profile)
