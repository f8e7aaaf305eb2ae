"""Image files as people have them and as nobody should: every kind, whole, cut off, lying, hostile.

Each is made here, from the formats' own rules where no encoder writes such a thing. `corpus` gives
files of bytes, `special` makes what only a file system can hold.
"""

import io
import lzma
import os
import socket
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageCms, features

HEIGHT, WIDTH = 24, 40
HUGE = 60_000  # a side that makes more pixels than any reader of photographs should decode


@dataclass(frozen=True)
class Odd:
    """A file.

    Attributes:
        name: of the file.
        data: its bytes.
        size: width and height of the upright picture in it; None if there is none to be had.
        certain: whether `size` says what must come out. A picture that is cut off or damaged may
            as well be refused.
    """

    name: str
    data: bytes
    size: tuple[int, int] | None = (WIDTH, HEIGHT)
    certain: bool = True


@cache
def picture() -> np.ndarray:
    """Colors without symmetry, with some noise, so that compression leaves bytes to damage."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    smooth = np.stack([x * 6, y * 10, 128 + 60 * np.sin(x / 9)], axis=2)
    noise = np.random.default_rng(0).integers(0, 12, smooth.shape)
    return (smooth + noise).clip(0, 255).astype(np.uint8)


def encoded(image: Image.Image | np.ndarray, kind: str, **options) -> bytes:
    """Encode by Pillow."""
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def tiff(values: np.ndarray, **options) -> bytes:
    """Encode by tifffile, which writes what Pillow does not."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, **options)
    return stream.getvalue()


def png(
    values: np.ndarray,
    color_type: int,
    bits: int = 16,
    *,
    interlaced: bool = False,
    chunks: tuple[tuple[bytes, bytes], ...] = (),
    size: tuple[int, int] | None = None,
) -> bytes:
    """Encode a PNG of 1 to 16 bits a sample, interlaced (Adam7) or not.

    Args:
        values: (H, W) or (H, W, channels).
        color_type: 0 gray, 2 color, 3 palette, 4 gray and alpha, 6 color and alpha.
        bits: a sample.
        interlaced: in seven passes.
        chunks: name and content of those between header and pixels.
        size: width and height that the header claims.
    """
    height, width = values.shape[:2]
    values = values.reshape(height, width, -1)
    steps = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2)]
    passes = [values[y::dy, x::dx] for y, x, dy, dx in [*steps, (1, 0, 2, 1)]]
    lines = b"".join(
        b"\0" + _packed(line.ravel(), bits)
        for part in (passes if interlaced else [values])
        if part.size
        for line in part
    )
    header = struct.pack(">IIBBBBB", *(size or (width, height)), bits, color_type, 0, 0, interlaced)
    content = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*each) for each in content)


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Give a PNG's chunk with its length and checksum."""
    check = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + check


def repaired(data: bytes) -> bytes:
    """Give the chunks of a damaged PNG right checksums, so that what is in them gets decoded."""
    whole, at = bytearray(data), 8
    while at + 12 <= len(whole):
        (length,) = struct.unpack_from(">I", whole, at)
        end = at + 8 + length
        if end + 4 > len(whole):
            break
        struct.pack_into(">I", whole, end, zlib.crc32(whole[at + 4 : end]))
        at = end + 4
    return bytes(whole)


def _packed(samples: np.ndarray, bits: int) -> bytes:
    """Samples of one line; the last byte is filled with zeros."""
    if bits >= 8:
        return samples.astype(f">u{bits // 8}").tobytes()
    planes = np.unpackbits(samples.astype(np.uint8)[:, None], axis=1)[:, 8 - bits :]
    return np.packbits(planes).tobytes()


def profile(kind: str = "sRGB") -> bytes:
    """Give an ICC profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(kind)).tobytes()


def turned(orientation: int) -> Image.Exif:
    """Give an EXIF block that says which way up a picture is."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "A camera"
    return exif


def corpus() -> list[Odd]:
    """Give all files, each with another name."""
    files = [*_modes(), *_wide(), *_jpegs(), *_moving(), *_profiles(), *_sizes(), *_named()]
    files += [*_wrong(), *_cut(), *_bombs()]
    assert len({odd.name for odd in files}) == len(files), "two files of one name"
    return files


def small() -> dict[str, bytes]:
    """Give whole small files to be damaged, one of each kind a decoder is for."""
    wanted = [
        "gray.jpg",
        "progressive.jpg",
        "ycck.jpg",
        "turned-6.jpg",
        "srgb.jpg",
        "rgb.png",
        "interlaced.png",
        "palette.png",
        "rgba.png",
        "depth-2.png",
        "animated.png",
        "rgb.tif",
        "lzw.tif",
        "group4.tif",
        "two-pages.tif",
        "16-bit.tif",
        "float.tif",
        "jpeg.tif",
        "rgb.webp",
        "lossless.webp",
        "animated.webp",
        "animated.gif",
        "rgb.bmp",
        "palette.bmp",
        "rle.bmp",
        "rgb.ppm",
        "words.ppm",
        "16-bit.pgm",
        "rgb.jp2",
        "rgb.avif",
    ]
    found = {o.name: o.data for o in [*_modes(), *_wide(), *_jpegs(), *_moving(), *_profiles()]}
    return {name: found[name] for name in wanted if name in found}


def _modes() -> list[Odd]:
    """Give every mode of Pillow in every format that holds it."""
    image = Image.fromarray(picture())
    alpha = Image.linear_gradient("L").resize(image.size)
    rgba, gray, palette = image.copy(), image.convert("L"), image.quantize(16)
    rgba.putalpha(alpha)
    la = gray.copy()
    la.putalpha(alpha)
    by_mode = {"rgb": image, "rgba": rgba, "gray": gray, "gray-alpha": la, "palette": palette}
    by_mode |= {"bilevel": image.convert("1"), "cmyk": image.convert("CMYK")}
    lab = Image.merge("LAB", (gray, gray, gray))
    by_mode |= {"lab": lab, "ycc": image.convert("YCbCr")}
    held = {
        "PNG": "rgb rgba gray gray-alpha palette bilevel",
        "TIFF": "rgb rgba gray gray-alpha palette bilevel cmyk lab ycc",
        "WEBP": "rgb rgba",
        "BMP": "rgb rgba gray palette bilevel",
        "GIF": "rgb gray palette bilevel",
        "JPEG2000": "rgb rgba gray gray-alpha",
    }
    endings = {"PNG": "png", "TIFF": "tif", "WEBP": "webp", "BMP": "bmp", "GIF": "gif"}
    endings["JPEG2000"] = "jp2"
    files = [
        Odd(f"{mode}.{endings[kind]}", encoded(by_mode[mode], kind))
        for kind, modes in held.items()
        for mode in modes.split()
    ]
    if features.check("avif"):
        files.append(Odd("rgb.avif", encoded(image, "AVIF")))
    tiffs = {"lzw": image, "group4": by_mode["bilevel"], "packbits": image, "jpeg": image}
    names = {"lzw": "tiff_lzw", "jpeg": "jpeg"}
    files += [
        Odd(f"{n}.tif", encoded(i, "TIFF", compression=names.get(n, n))) for n, i in tiffs.items()
    ]
    depths = [(0, 1), (0, 2), (0, 4)]
    files += [
        Odd(f"depth-{bits}.png", png(np.asarray(gray) >> (8 - bits), kind, bits))
        for kind, bits in depths
    ]
    files += [
        Odd("interlaced.png", png(picture(), 2, 8, interlaced=True)),
        Odd("interlaced-depth-1.png", png(np.asarray(gray) >> 7, 0, 1, interlaced=True)),
        Odd("clear.gif", encoded(palette, "GIF", transparency=1)),
        Odd("clear.png", encoded(palette, "PNG", transparency=bytes(range(0, 256, 16)))),
        Odd("lossless.webp", encoded(image, "WEBP", lossless=True)),
        Odd("rgb.ppm", encoded(image, "PPM")),
        Odd("words.ppm", _words(picture())),
        Odd("float.ppm", b"Pf\n40 24\n-1.0\n" + np.linspace(-1, 2, 960, dtype="<f4").tobytes()),
        Odd("rle.bmp", _rle_bmp(np.asarray(gray))),
        Odd("stream.j2k", encoded(image, "JPEG2000", no_jp2=True)),
    ]
    return files


def _wide() -> list[Odd]:
    """Give more than 8 bits a sample."""
    wide, gray = picture().astype(np.uint16) * 257, picture()[..., 1].astype(np.uint16) * 257
    unit = (picture() / 255).astype(np.float32)
    holes = unit.copy()
    holes[2:5], holes[7], holes[9] = np.nan, np.inf, -np.inf
    alpha = np.full((HEIGHT, WIDTH, 1), 0x8000, np.uint16)
    rgba, rgb = np.concatenate([wide, alpha], axis=2), {"photometric": "rgb"}
    files = {
        "16-bit.tif": tiff(wide, **rgb),
        "16-bit-planes.tif": tiff(wide.transpose(2, 0, 1), planarconfig="separate", **rgb),
        "16-bit-tiles.tif": tiff(wide, tile=(16, 16), compression="zlib", **rgb),
        "16-bit-big-endian.tif": tiff(wide, byteorder=">", **rgb),
        "16-bit-bigtiff.tif": tiff(wide, bigtiff=True, **rgb),
        "16-bit-alpha.tif": tiff(rgba, extrasamples=["unassalpha"], **rgb),
        "16-bit-cmyk.tif": tiff(rgba, photometric="separated"),
        "16-bit-white-is-zero.tif": tiff(gray, photometric="miniswhite"),
        "16-bit-gray.tif": encoded(gray, "TIFF"),
        "16-bit-lzma.tif": tiff(wide, compression="lzma", **rgb),
        "signed.tif": tiff(gray.astype(np.int16), photometric="minisblack"),
        "32-bit.tif": tiff(wide.astype(np.uint32) << 16, **rgb),
        "float.tif": tiff(unit, **rgb),
        "float-nan.tif": tiff(holes, **rgb),
        "float-all-nan.tif": tiff(np.full((HEIGHT, WIDTH), np.nan, np.float32)),
        "float-hdr.tif": tiff(unit * 1e30, **rgb),
        "double.tif": tiff(holes.astype(np.float64), **rgb),
        "half.tif": tiff(unit.astype(np.float16), **rgb),
        "16-bit-gray.png": png(gray, 0),
        "16-bit-rgb.png": png(wide, 2),
        "16-bit-gray-alpha.png": png(np.dstack([gray, alpha]), 4),
        "16-bit-rgba.png": png(rgba, 6),
        "16-bit-clear.png": png(wide, 2, chunks=((b"tRNS", wide[0, 0].astype(">u2").tobytes()),)),
        "16-bit-interlaced.png": png(wide, 2, interlaced=True),
        "16-bit.pgm": b"P5 40 24 65535\n" + gray.astype(">u2").tobytes(),
        "12-bit.pgm": b"P5 40 24 4095\n" + (gray >> 4).astype(">u2").tobytes(),
        "16-bit.jp2": encoded(gray, "JPEG2000"),
    }
    return [Odd(name, data) for name, data in files.items()]


def _jpegs() -> list[Odd]:
    """Give what only JPEG has, and every orientation in every format that notes one."""
    image = Image.fromarray(picture())
    cmyk = encoded(image.convert("CMYK"), "JPEG")
    adobe = cmyk.index(b"Adobe")
    plain = encoded(image, "JPEG")
    thumbnail = turned(1)
    thumbnail.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + bytes(300)  # a comment
    files = {
        "gray.jpg": encoded(image.convert("L"), "JPEG"),
        "progressive.jpg": encoded(image, "JPEG", progressive=True),
        "quartered.jpg": encoded(image, "JPEG", subsampling="4:2:0"),
        "restarts.jpg": encoded(image, "JPEG", restart_marker_rows=1),
        "keeps-rgb.jpg": encoded(image, "JPEG", keep_rgb=True),
        "cmyk.jpg": cmyk,
        "ycck.jpg": cmyk[: adobe + 11] + b"\2" + cmyk[adobe + 12 :],
        "comment.jpg": encoded(image, "JPEG", comment=b"a\0b" * 20_000, exif=thumbnail),
        "garbage-behind.jpg": plain + os.urandom(5000),
        "two.jpg": encoded(image, "MPO", save_all=True, append_images=[image.rotate(180)]),
        "exif-broken.jpg": encoded(image, "JPEG", exif=b"Exif\0\0MM\0*" + b"\xff" * 60),
        "exif-short.jpg": encoded(image, "JPEG", exif=turned(6).tobytes()[:14]),
        "exif-9.jpg": encoded(image, "JPEG", exif=turned(9)),
    }
    odd = [Odd(name, data) for name, data in files.items()]
    for ending, kind in (("jpg", "JPEG"), ("png", "PNG"), ("webp", "WEBP"), ("tif", "TIFF")):
        for orientation in range(1, 9):
            size = (WIDTH, HEIGHT) if orientation < 5 else (HEIGHT, WIDTH)
            data = encoded(image, kind, exif=turned(orientation))
            odd.append(Odd(f"turned-{orientation}.{ending}", data, size))
    sideways = tiff(picture().astype(np.uint16) * 257, extratags=[(274, "H", 1, 6, True)])
    return [*odd, Odd("16-bit-turned.tif", sideways, (HEIGHT, WIDTH))]


def _moving() -> list[Odd]:
    """Give several frames or pages."""
    image = Image.fromarray(picture())
    more = [image.rotate(degrees) for degrees in (90, 180)]
    options = {"save_all": True, "append_images": more}
    pages = {**options, "append_images": [image.resize((7, 5)), image.convert("1")]}
    first = image.crop((0, 0, 4, 4)).resize(image.size)
    return [
        Odd("animated.gif", encoded(first, "GIF", **options)),
        Odd("animated.webp", encoded(image, "WEBP", **options)),
        Odd("animated.png", encoded(image, "PNG", **options)),
        Odd("two-pages.tif", encoded(image, "TIFF", **pages)),
        Odd("16-bit-pages.tif", tiff(np.stack([picture()] * 3).astype(np.uint16))),
        *([Odd("animated.avif", encoded(image, "AVIF", **options))] * features.check("avif")),
    ]


def _profiles() -> list[Odd]:
    """Give good, wrong and broken color profiles."""
    image, whole = Image.fromarray(picture()), profile()
    size = struct.pack(">I", 2**31 - 1)
    profiles = {
        "srgb": whole,
        "of-another-space": profile("LAB"),
        "xyz": profile("XYZ"),
        "cut": whole[: len(whole) // 2],
        "noise": bytes(range(256)) * 8,
        "lying": size + whole[4:],  # of its own length
        "many-tags": whole[:128] + size + whole[132:],
    }
    files = []
    for name, data in profiles.items():
        for kind, ending in (("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("TIFF", "tif")):
            files.append(Odd(f"{name}.{ending}", encoded(image, kind, icc_profile=data)))
    cmyk = encoded(image.convert("CMYK"), "JPEG", icc_profile=whole)
    return [*files, Odd("cmyk-with-srgb.jpg", cmyk)]


def _sizes() -> list[Odd]:
    """Give the smallest and the longest."""
    sides = [(1, 1), (1, 10_000), (10_000, 1), (3, 7)]
    kinds = {"jpg": "JPEG", "png": "PNG", "tif": "TIFF", "webp": "WEBP", "gif": "GIF", "bmp": "BMP"}
    return [
        Odd(f"{w}x{h}.{ending}", encoded(Image.fromarray(picture()).resize((w, h)), kind), (w, h))
        for w, h in sides
        for ending, kind in kinds.items()
    ]


def _named() -> list[Odd]:
    """Give names that trip programs; the content is in order."""
    data = encoded(picture(), "PNG")
    names = [
        "with space.png",
        " leading.png",
        "café.png",
        "cafe\u0301.png",
        "фото.png",
        "写真🌷.png",
        "new\nline.png",
        "tab\tbell\a.png",
        "\x1b[31mred\x1b[0m.png",
        "-dash.png",
        "--out.png",
        "quote'\"$(true).png",
        "percent%s%d{}.png",
        "[a-z]*?.png",
        "~.png",
        ".hidden.png",
        "two..dots.png",
        "UPPER.PNG",
        "b\udce9.png",  # bytes that are no UTF-8
        "nothing",
        "many.parts.tar.gz",
        "x" * 240 + ".png",
    ]
    files = [Odd(name, data) for name in names]
    # Of a photograph that becomes another format, the name is printed.
    return [*files, Odd("g\udce9.gif", encoded(picture(), "GIF"))]


def _wrong() -> list[Odd]:
    """Give files whose name or content lies."""
    image = picture()
    jpeg, whole = encoded(image, "JPEG"), encoded(image, "PNG")
    files = [Odd("is-a-jpeg.png", jpeg), Odd("is-a-png.jpg", whole), Odd("is-a-png.tif", whole)]
    files += [Odd("is-a-jpeg", jpeg), Odd("is-a-tiff.webp", encoded(image, "TIFF"))]
    refused = {
        "text.jpg": b"these are words, not pixels",
        "page.png": b"<!DOCTYPE html><title>404</title>",
        "drawing.png": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "program.jpg": b"\x7fELF" + bytes(500),
        "archive.png": b"PK\3\4" + bytes(500),
        "document.jpg": b"%PDF-1.7\n" + bytes(500),
        "postscript.png": encoded(image, "EPS"),
        "icon.png": encoded(image, "ICO"),
        "targa.png": encoded(image, "TGA"),
        "layers.png": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 24, 40, 8, 3) + bytes(99),
        "heic.jpg": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
        "playlist.png": b"#EXTM3U\n/etc/passwd\n",
        "zeros.jpg": bytes(4096),
        "spaces.png": b" " * 4096,
        "no-pixels.png": png(image, 2, 8, size=(0, 24)),
    }
    for ending in ("jpg", "png", "tif", "webp", "gif", "bmp", "jp2"):
        refused[f"empty.{ending}"] = b""
    starts = {"jpg": jpeg[:3], "png": whole[:8], "tif": b"II*\0", "gif": b"GIF89a", "bmp": b"BM"}
    starts |= {"webp": b"RIFF\0\0\0\0WEBP", "byte": b"\xff", "bigtiff.tif": b"II+\0\10\0\0\0"}
    refused |= {f"start.{ending}": data for ending, data in starts.items()}
    no_palette = Odd("no-palette.png", png(image[..., 0], 3, 8), certain=False)
    return [*files, no_palette, *(Odd(name, data, None) for name, data in refused.items())]


def _cut() -> list[Odd]:
    """Give files cut off at each tenth."""
    wholes = small()
    names = "progressive.jpg turned-6.jpg rgb.png interlaced.png rgb.tif lzw.tif 16-bit.tif"
    names += " rgb.webp animated.webp animated.gif rgb.bmp rgb.ppm rgb.jp2 rgb.avif"
    files = []
    for name in names.split():
        data, (stem, ending) = wholes.get(name, b""), name.split(".")
        size = (HEIGHT, WIDTH) if name == "turned-6.jpg" else (WIDTH, HEIGHT)
        files += [
            Odd(f"{stem}-cut-{k}.{ending}", data[: len(data) * k // 10], size, certain=False)
            for k in range(1, 10)
            if data
        ]
    return files


def _bombs() -> list[Odd]:
    """Give small files that claim, or unpack to, more than fits in memory."""
    image, dot = picture(), np.zeros((1, 1), np.uint8)
    huge = struct.pack(">II", HUGE, HUGE)
    jpeg, gif, bmp = (bytearray(encoded(image, kind)) for kind in ("JPEG", "GIF", "BMP"))
    frame = jpeg.index(b"\xff\xc0")
    struct.pack_into(">HH", jpeg, frame + 5, HUGE, HUGE)
    struct.pack_into("<HH", gif, 6, HUGE, HUGE)
    struct.pack_into("<ii", bmp, 18, HUGE, HUGE)
    webp = bytearray(encoded(image.repeat(2, axis=1), "WEBP", exif=turned(1)))
    canvas = webp.index(b"VP8X") + 12
    webp[canvas : canvas + 6] = b"\xff\xff\0" * 2
    jp2 = bytearray(encoded(image, "JPEG2000"))
    for marker, offset in ((b"ihdr", 4), (b"\xff\x51", 6)):  # the box and the stream's own header
        at = jp2.index(marker) + offset
        jp2[at : at + 8] = huge
    zeros = _deflated_zeros()
    gray = np.zeros((HEIGHT, WIDTH), np.uint16)
    wide, thick = tiff(gray), tiff(np.zeros((HEIGHT, WIDTH, 3), np.uint16), photometric="rgb")
    files = {
        "bomb.png": png(dot, 0, 8, size=(HUGE, HUGE)),
        "bomb.jpg": bytes(jpeg),
        "bomb.gif": bytes(gif),
        "bomb.bmp": bytes(bmp),
        "bomb.webp": bytes(webp),
        "bomb.jp2": bytes(jp2),
        "bomb.ppm": b"P6 60000 60000 255\n" + bytes(99),
        "bomb-words.ppm": b"P3 60000 60000 255\n" + b"1 " * 99,
        "bomb.tif": _patched(encoded(image, "TIFF"), {256: HUGE, 257: HUGE}),
        "bomb-16-bit.tif": _patched(wide, {256: HUGE, 257: HUGE}),
        "bomb-samples.tif": _patched(thick, {256: 10_000, 257: 10_000, 277: HUGE}),
        "bomb-strip.tif": _one_strip(gray, zeros, 8),
        "bomb-strip-lzma.tif": _one_strip(gray, _lzma_zeros(), 34925),
        "bomb-noise.png": png(image, 2, 8, chunks=((b"iCCP", b"x\0\0" + zeros),)),
    }
    odd = [Odd(name, data, None) for name, data in files.items()]
    # What is beside the pixels may be left out, or the file be refused.
    text = png(image, 2, 8, chunks=((b"zTXt", b"Comment\0\0" + zeros),))
    return [*odd, Odd("bomb-text.png", text, certain=False)]


def _deflated_zeros() -> bytes:
    """Give 4 GB of zeros as a zlib stream: a block of them, over and over."""
    count, size = 256, 1 << 24
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(size)) + packer.flush(zlib.Z_FULL_FLUSH)
    check = (count * size % 65521) << 16 | 1  # Adler-32 of so many zeros
    return b"\x78\xda" + block * count + b"\3\0" + struct.pack(">I", check)


def _lzma_zeros() -> bytes:
    """Give 4 GB of zeros, as LZMA streams one behind the other."""
    return lzma.compress(bytes(1 << 24)) * 256


def _patched(data: bytes, tags: dict[int, int]) -> bytes:
    """Change tags of a TIFF's first directory."""
    whole = bytearray(data)
    (at,) = struct.unpack_from("<I", whole, 4)
    for k in range(struct.unpack_from("<H", whole, at)[0]):
        entry = at + 2 + 12 * k
        tag, kind = struct.unpack_from("<HH", whole, entry)
        if tag in tags:
            struct.pack_into("<I" if kind == 4 else "<H", whole, entry + 8, tags[tag])
    return bytes(whole)


def _one_strip(values: np.ndarray, strip: bytes, compression: int) -> bytes:
    """Give a TIFF whose one strip, of a compression's number, holds other bytes than it should."""
    whole = tiff(values, metadata=None)
    return _patched(whole, {259: compression, 273: len(whole), 279: len(strip)}) + strip


def _words(rgb: np.ndarray) -> bytes:
    """Write a PPM in decimal numbers, with a comment."""
    numbers = " ".join(map(str, rgb.ravel()))
    return f"P3\n# a comment\n{WIDTH} {HEIGHT}\n255\n{numbers}\n".encode()


def _rle_bmp(gray: np.ndarray) -> bytes:
    """Write a BMP of runs (each here of one pixel), bottom line first."""
    lines = b"".join(b"".join(bytes((1, level)) for level in line) + b"\0\0" for line in gray[::-1])
    pixels, colors = lines + b"\0\1", b"".join(bytes((k, k, k, 0)) for k in range(256))
    start = 14 + 40 + len(colors)
    info = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + colors + pixels


def special(folder: Path) -> dict[str, tuple[Path, tuple[int, int] | None]]:
    """Make what is no plain file: links, folders, pipes, devices.

    Returns:
        For each what it is: its path, and the size of the picture that must come of it, or None.
    """
    whole, size = folder / "whole.png", (WIDTH, HEIGHT)
    whole.write_bytes(encoded(picture(), "PNG"))
    made = {"the whole": (whole, size)}

    def link(what: str, name: str, to: str, got: tuple[int, int] | None) -> None:
        (folder / name).symlink_to(to)
        made[what] = folder / name, got

    link("a link", "link.png", "whole.png", size)
    link("a link to a link", "link-2.jpg", "link.png", size)
    link("an absolute link", "link-3.png", str(whole), size)
    link("a dangling link", "dangling.png", "absent.png", None)
    link("a link to itself", "itself.png", "itself.png", None)
    link("links in a circle", "circle.png", "elcric.png", None)
    (folder / "elcric.png").symlink_to("circle.png")
    link("a link to a device", "device.png", "/dev/zero", None)
    os.link(whole, folder / "hard.png")
    made["a hard link"] = folder / "hard.png", size
    for name in ("pipe.png", "pipe"):
        os.mkfifo(folder / name)
        made[f"a {name}"] = folder / name, None
    link("a link to a pipe", "link-to-pipe.jpg", "pipe.png", None)
    here = Path.cwd()
    os.chdir(folder)  # a socket's path may be short only
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("socket.png")
    finally:
        os.chdir(here)
    made["a socket"] = folder / "socket.png", None
    (folder / "folder.png").mkdir()
    made["an empty folder"] = folder / "folder.png", None
    made["a device"] = Path("/dev/zero"), None
    made["the null device"] = Path("/dev/null"), None
    made["no file"] = folder / "absent.png", None
    made["a file below a file"] = whole / "below.png", None
    made["too long a name"] = folder / ("x" * 300 + ".png"), None
    return made
