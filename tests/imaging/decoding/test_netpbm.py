"""Netpbm's files of every depth hold what was put into them."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from colorkit.imaging.decoding.netpbm import read_netpbm
from colorkit.imaging.images import read_image
from colorkit.imaging.metadata.photograph import read_metadata
from colorkit.inference.reading import near_infrared
from colorkit.system.errors import ColorkitError

y, x = np.mgrid[0:24, 0:40]
RGB = np.stack([x * 6, y * 10, 200 - 3 * x], axis=2).astype(np.uint8)
GRAY = RGB[..., :1]
DEEP, CLEAR = "its more than 8 bits a channel became 8", "what was transparent became white"


def pam(values: np.ndarray, white: int, kind: str = "", comment: str = "") -> bytes:
    height, width, depth = values.shape
    lines = [f"WIDTH {width}", f"HEIGHT {height}", f"DEPTH {depth}", f"MAXVAL {white}"]
    lines += [f"TUPLTYPE {kind}"] * bool(kind) + [comment] * bool(comment)
    head = "\n".join(["P7", *lines, "ENDHDR\n"]).encode()
    return head + values.astype(">u2" if white > 255 else "u1").tobytes()


def ppm(values: np.ndarray, white: int) -> bytes:
    head = b"P6 # of a scanner\n#by hand\n %d\n%d\n%d\n" % (*values.shape[1::-1], white)
    return head + values.astype(">u2" if white > 255 else "u1").tobytes()


def deep(values: np.ndarray, white: int) -> np.ndarray:
    return np.rint(values / 255.0 * white).astype(int)


@pytest.mark.parametrize("white", [255, 100, 1023, 65535])
@pytest.mark.parametrize("make", [pam, ppm])
def test_values_by_their_white(tmp_path, make, white):
    (tmp_path / "p").write_bytes(make(deep(RGB, white), white))
    off = np.abs(read_image(tmp_path / "p").astype(int) - RGB).max()
    assert off <= (2 if white == 100 else 1 if white > 255 else 0)
    assert read_metadata(tmp_path / "p").notes == ((DEEP,) if white > 255 else ())


def test_gray_bits_inks_and_alpha(tmp_path):
    path = tmp_path / "p.pam"
    path.write_bytes(pam(GRAY, 255, "GRAYSCALE", "# a comment"))
    assert np.array_equal(read_image(path), GRAY.repeat(3, axis=2))
    path.write_bytes(pam(GRAY > 99, 1, "BLACKANDWHITE"))
    assert np.array_equal(read_image(path)[..., :1], (GRAY > 99) * 255)
    alpha = np.full_like(GRAY, 255)
    for values, kind in ((RGB, "RGB_ALPHA"), (GRAY, "GRAYSCALE_ALPHA")):
        alpha[3, 4] = 255
        path.write_bytes(pam(np.dstack([values, alpha]), 255, kind))
        opaque = np.broadcast_to(values, RGB.shape)
        assert np.array_equal(read_image(path), opaque) and read_metadata(path).notes == ()
        alpha[3, 4] = 0
        path.write_bytes(pam(deep(np.dstack([values, alpha]), 65535), 65535, kind))
        assert read_image(path)[3, 4].tolist() == [255, 255, 255]
        assert np.array_equal(read_image(path)[4:], opaque[4:])
        assert read_metadata(path).notes == (DEEP, CLEAR)
    inks = np.dstack([np.zeros_like(RGB), 255 - GRAY])
    path.write_bytes(pam(inks, 255, "CMYK"))
    assert np.abs(read_image(path).astype(int) - GRAY).max() <= 2


def test_near_infrared_keeps_its_depth(tmp_path):
    (tmp_path / "p.pam").write_bytes(pam(deep(GRAY, 4095), 4095))
    assert np.abs(near_infrared(tmp_path / "p.pam").astype(int) - GRAY).max() <= 1


@pytest.mark.parametrize(
    "data",
    [
        pam(RGB, 255)[:-1],
        pam(RGB, 255).replace(b"DEPTH 3", b"DEPTH x"),
        pam(RGB, 255).replace(b"DEPTH 3", b"DEPTH 9"),
        pam(RGB, 255).replace(b"MAXVAL 255", b"MAXVAL 0"),
        pam(RGB, 255).replace(b"WIDTH 40", b"WIDTH 0"),
        pam(RGB, 255).replace(b"WIDTH 40", b"WIDTH 999999"),
        b"P7\n" + bytes(5000),
        ppm(deep(RGB, 1023), 1023)[:-1],
    ],
)
def test_damaged_files_are_one_sentence(tmp_path, data):
    (tmp_path / "p.pam").write_bytes(data)
    with pytest.raises(ColorkitError) as caught:
        read_image(tmp_path / "p.pam", max_pixels=10**6)
    assert str(tmp_path / "p.pam") in str(caught.value) and "\n" not in str(caught.value)


def test_of_ppm_those_of_more_than_8_bits_are_read_here():
    assert read_netpbm(BytesIO(ppm(RGB, 255)), Path("p"), 10**6) is None
    samples = read_netpbm(BytesIO(ppm(deep(RGB, 256), 256)), Path("p"), 10**6)
    assert (
        samples.color.dtype == np.uint16
        and samples.color.max() == round(234 / 255 * 256) * 65535 // 256
    )


@pytest.mark.parametrize("wrong", [{"white": 0}, {"white": 65536}, {"depth": 5}])
def test_what_no_pam_can_hold_is_refused(wrong):
    head = pam(GRAY, 255).replace(b"MAXVAL 255", b"MAXVAL %d" % wrong.get("white", 255))
    head = head.replace(b"DEPTH 1", b"DEPTH %d" % wrong.get("depth", 1))
    with pytest.raises(ValueError, match="channels of values up to"):
        read_netpbm(BytesIO(head), Path("p"), 10**6)
