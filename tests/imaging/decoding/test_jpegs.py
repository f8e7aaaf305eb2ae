"""Files that lack their end: read where every pixel is there, refused or filled where not."""

import io

import numpy as np
import pytest
from odd_images import png
from PIL import Image

from colorkit.imaging.decoding.jpegs import lacks_end, with_end
from colorkit.imaging.images import read_image
from colorkit.imaging.metadata.photograph import read_metadata
from colorkit.system.errors import ColorkitError

y, x = np.mgrid[0:90, 0:120]
RGB = np.stack([x * 2, y * 2, 255 - x - y], axis=2).clip(0, 255).astype(np.uint8)
KINDS = {
    "plain": {},
    "halved": {"subsampling": 2},
    "restarts": {"restart_marker_rows": 1},
    "progressive": {"progressive": True},
    "gray": {},
    "cmyk": {},
    "exif": {"exif": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"},
}


def jpeg(kind: str) -> bytes:
    image = Image.fromarray(RGB)
    image = image.convert({"gray": "L", "cmyk": "CMYK"}.get(kind, "RGB"))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90, **KINDS[kind])
    return stream.getvalue()


@pytest.mark.parametrize("cut", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_that_lacks_its_end_marker_is_read(tmp_path, kind, cut):
    whole, path = jpeg(kind), tmp_path / "p.jpg"
    path.write_bytes(whole)
    want = read_image(path)
    assert read_metadata(path).notes == ()
    path.write_bytes(whole[:-cut])
    assert np.array_equal(read_image(path), want)
    assert read_metadata(path).notes == ("its end marker is missing, its pixels are all there",)
    assert read_image(path, min_side=20).shape[1] < want.shape[1] or kind == "exif"


@pytest.mark.parametrize("share", [0.98, 0.7])
@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_cut_in_its_middle_is_refused_unless_that_is_wanted(tmp_path, kind, share):
    whole, path = jpeg(kind), tmp_path / "p.jpg"
    path.write_bytes(whole)
    want = read_image(path)
    data = whole[: int(len(whole) * share)]
    path.write_bytes(data)
    with pytest.raises(ColorkitError, match=r"cut off.*--truncated"):
        read_image(path)
    # A marker behind what is there does not make it whole.
    path.write_bytes(data + b"\xff\xd9") if kind != "progressive" else None
    assert with_end(data) is None
    path.write_bytes(data)
    got = read_image(path, truncated=True)
    assert got.shape == want.shape
    if kind != "exif":
        assert np.abs(got[:30].astype(int) - want[:30]).mean() < 12
    assert read_metadata(path).notes == ("it is cut off: what is missing shows nothing",)


def test_early_scans_alone_are_not_the_picture(tmp_path):
    """Each cut between two scans of a progressive file decodes without a fault."""
    whole = jpeg("progressive")
    scans = [at for at in range(len(whole) - 1) if whole[at : at + 2] == b"\xff\xda"]
    assert len(scans) > 3
    for at in scans[1:]:
        start = whole.rfind(b"\xff\xc4", 0, at)
        cut = whole[: start if start > scans[0] else at]
        assert with_end(cut) is None
        (tmp_path / "p.jpg").write_bytes(cut)
        with pytest.raises(ColorkitError):
            read_image(tmp_path / "p.jpg")
    assert with_end(whole[:-2]) == whole
    assert with_end(whole) is None and not lacks_end(whole)


def test_a_file_filled_up_with_zeros_is_no_picture(tmp_path):
    """As copies are that were broken off."""
    whole = jpeg("plain")
    half = whole[: len(whole) // 2]
    (tmp_path / "p.jpg").write_bytes(half.ljust(len(whole), b"\0"))
    with pytest.raises(ColorkitError):
        read_image(tmp_path / "p.jpg")


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("color_type", "bits"), [(2, 8), (0, 8), (0, 1), (2, 16), (6, 8)])
def test_a_png_that_is_cut_off(tmp_path, color_type, bits, interlaced):
    values = np.random.default_rng(0).integers(0, 256, RGB.shape, np.uint16)
    values *= 257 if bits == 16 else 1
    if color_type == 6:
        values = np.concatenate([values, np.full_like(values[..., :1], 255)], axis=2)
    values = values[..., 0] >> (8 - min(bits, 8)) if color_type == 0 else values
    whole = png(values, color_type, bits, interlaced=interlaced)
    path = tmp_path / "p.png"
    path.write_bytes(whole)
    want = read_image(path)
    path.write_bytes(whole[:-12])
    assert np.array_equal(read_image(path), want)
    assert read_metadata(path).notes[-1] == "its end marker is missing, its pixels are all there"
    for share in (0.95, 0.75):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ColorkitError, match=r"cut off.*--truncated"):
            read_image(path)
        got = read_image(path, truncated=True)
        assert got.shape == want.shape
        if not interlaced:
            same = (got == want).all(axis=(1, 2))
            assert same[:20].all() and not same.all()
        assert any("cut off" in note for note in read_metadata(path).notes)


@pytest.mark.parametrize("ending", ["webp", "tif", "gif"])
def test_other_formats_stay_refused(tmp_path, ending):
    path = tmp_path / f"p.{ending}"
    Image.fromarray(RGB).save(path)
    path.write_bytes(path.read_bytes()[:-300])
    for truncated in (False, True):
        with pytest.raises(ColorkitError, match=r"cut off|no image"):
            read_image(path, truncated=truncated)
