"""XMP packets edited in their text: only properties that have become untrue are touched."""

import re

# Of an upright copy in sRGB of 8 bits: how the pixels were stored and shown before, thumbnails, and
# pictures behind the first one, which are not copied. The prefixes are those all programs write.
_UNTRUE = (
    rb"tiff:(?:ImageWidth|ImageLength|BitsPerSample|Compression|PhotometricInterpretation"
    rb"|SamplesPerPixel|PlanarConfiguration|YCbCr\w+|TransferFunction|WhitePoint"
    rb"|PrimaryChromaticities|ReferenceBlackWhite)",
    rb"exif:(?:PixelXDimension|PixelYDimension|Gamma|CompressedBitsPerPixel)",
    rb"xmp:Thumbnails|xap:Thumbnails|photoshop:ICCProfile|photoshop:ColorMode",
    rb"hdrgm:\w+|HDRGainMap:\w+|apdi:\w+",
    rb"(?:G?Container):Directory|GCamera:(?:MicroVideo|MotionPhoto)\w*",
)
_NAMES = b"(?:" + b"|".join(_UNTRUE) + b")"
# Neither begins with a repetition: packets are padded with thousands of spaces.
_ATTRIBUTE = re.compile(rb"\s" + _NAMES + rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_ELEMENT = re.compile(rb"<(" + _NAMES + rb")\b(?:[^>]*/>|[^>]*>.{0,200000}?</\1\s*>)", re.DOTALL)
# Value first in the middle: what stands around it stays.
_ORIENTATION = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>)\s*)([1-8])(?=\s*[\"'<])")
_COLOR_SPACE = re.compile(rb"(exif:ColorSpace\s*(?:=\s*[\"']|>)\s*)(\d+)(?=\s*[\"'<])")


def corrected_xmp(packet: bytes) -> bytes:
    """Take from a packet what an upright copy in sRGB makes untrue; all other text stays."""
    encoding = _wide_encoding(packet)
    if encoding:
        packet = packet.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
    packet = _ELEMENT.sub(b"", _ATTRIBUTE.sub(b"", packet))
    packet = _COLOR_SPACE.sub(rb"\g<1>1", _ORIENTATION.sub(rb"\g<1>1", packet))
    if encoding:
        packet = packet.decode("utf-8", "surrogatepass").encode(encoding, "surrogatepass")
    return packet


def xmp_orientation(packet: bytes) -> int:
    """Give the orientation that a packet notes, 1 if none."""
    match = _ORIENTATION.search(packet)
    return int(match[2]) if match else 1


def _wide_encoding(packet: bytes) -> str:
    """Name the encoding of a packet that is not UTF-8; "" for the others."""
    for name, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        for begins in ("<?xpacket", "<x:xmpmeta"):
            at = packet[:64].find(begins.encode(name))
            if at >= 0 and at % width == 0:  # between two characters the other order is found too
                return name
    return ""
