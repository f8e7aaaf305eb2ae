"""The page without a browser: files in pieces, faults in a sentence, and nothing left on disk."""

import io
import os
import sys

import numpy as np
import pytest
from made_box import make_box
from PIL import Image
from traitlets import TraitError

from colorkit.app.page.widget import Page
from colorkit.imaging.images import encode_image, read_image
from colorkit.imaging.metadata.insert import Kept
from colorkit.inference.paint import to_gray
from colorkit.inference.preview import CONTRASTS
from colorkit.models import pretrained


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    folder = tmp_path_factory.mktemp("box")
    make_box(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrained, "FOLDER", folder)
        yield


@pytest.fixture
def page(box, monkeypatch):
    made = Page(max_bytes=3_000_000)
    made.sent = []
    monkeypatch.setattr(
        made, "send", lambda content, buffers=None: made.sent.append((content, buffers))
    )
    return made


@pytest.fixture(scope="module")
def photograph() -> bytes:
    rows, columns = np.mgrid[:90, :120]
    rgb = np.stack([2 * rows, 2 * columns, 255 - rows - columns], axis=2).astype(np.uint8)
    return bytes(encode_image("x.png", rgb))


def tell(page, kind, *buffers, **content):
    """Send a message as the browser does."""
    page._handle_custom_msg({"kind": kind, **content}, list(buffers))


def upload(page, data, name="x.png", piece=1000):
    tell(page, "begin", file=1, name=name, bytes=len(data))
    while page.sent and page.sent[-1][0]["kind"] == "next":
        start = page.sent.pop()[0]["start"]
        tell(page, "piece", memoryview(data)[start : start + piece], file=1)


def picture(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_it_offers_what_colorizes_photographs(page):
    assert [(m["name"], m["hints"]) for m in page.models] == [("colornet", False), ("hints", True)]
    assert page.model == "colornet"
    assert page.models[0]["about"] == "colornet for tests"


def test_a_file_in_pieces_becomes_a_picture(page, photograph):
    upload(page, photograph, "holiday/x.png")
    assert page.photo == {"name": "x.png", "width": 120, "height": 90, "notes": []}
    assert page.fault == "" and page.painted == 1
    before, after = picture(page.before), picture(page.after)
    assert before.shape == after.shape == (90, 120, 3)
    assert np.ptp(before.astype(int), axis=2).max() <= 2
    gray = to_gray(read_image_bytes(photograph))
    assert np.abs(gray.astype(int) - before).mean() < 2


def read_image_bytes(data: bytes, name: str = "x.png") -> np.ndarray:
    stream = io.BytesIO(data)
    stream.name = name
    return read_image(stream)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("notes.txt", b"dear diary", "notes.txt: this is no image"),
        ("empty.jpg", b"", "empty.jpg: the file is empty"),
        ("cut.png", None, "cut.png: the image is damaged or cut off"),
    ],
)
def test_what_is_no_photograph_is_said_and_the_last_one_stays(page, photograph, name, data, says):
    upload(page, photograph)
    shown = page.after
    upload(page, photograph[: len(photograph) // 2] if data is None else data, name)
    assert says in page.fault
    assert page.photo["name"] == "x.png" and (page.after == shown)
    page.saturation = 0.5
    assert page.fault == "" and (page.after != shown)


def test_the_positive_of_a_negative_is_colorized_and_the_next_photograph_is_none(page, photograph):
    upload(page, bytes(encode_image("x.png", 255 - to_gray(read_image_bytes(photograph)))))
    as_it_is = page.before
    page.negative = True
    assert page.fault == "" and page.painted == 2
    before, gray = picture(page.before), to_gray(read_image_bytes(photograph))
    assert np.corrcoef(before.ravel(), gray.ravel())[0, 1] > 0.9
    assert np.corrcoef(picture(as_it_is).ravel(), gray.ravel())[0, 1] < -0.9
    assert np.corrcoef(to_gray(page.result()).ravel(), gray.ravel())[0, 1] > 0.9
    upload(page, photograph)
    assert not page.negative and page.painted == 3


def test_large_files_are_refused_before_they_are_sent(page):
    tell(page, "begin", file=1, name="film.mov", bytes=3_000_001)
    assert "film.mov: its 3 MB are more than the 3 MB this page takes" in page.fault
    assert not page.sent


def test_what_was_not_announced_is_not_kept(page, photograph):
    tell(page, "begin", file=1, name="x.png", bytes=1000)
    tell(page, "piece", bytes(2_000_000), file=1)
    assert "x.png: this is no image" in page.fault
    assert not page._incoming


def test_a_file_takes_the_place_of_one_that_still_travels(page, photograph):
    tell(page, "begin", file=1, name="first.png", bytes=10_000)
    tell(page, "piece", bytes(1000), file=1)
    tell(page, "begin", file=2, name="x.png", bytes=len(photograph))
    tell(page, "piece", bytes(1000), file=1)  # was on its way
    tell(page, "piece", photograph, file=2)
    assert page.photo["name"] == "x.png" and page.fault == ""


def test_large_photographs_are_refused_before_they_are_decoded(box, photograph):
    page = Page(max_pixels=10_000)
    tell(page, "begin", file=1, name="x.png", bytes=len(photograph))
    tell(page, "piece", photograph, file=1)
    assert "120×90 pixels are more than the 10,000 allowed" in page.fault


def test_settings_change_the_picture(page, photograph):
    upload(page, photograph)
    seen = {page.after}
    for name, value in [("saturation", 2.0), ("contrast", "equalize"), ("contrast", "clahe")]:
        setattr(page, name, value)
        seen.add(page.after)
    page.model = "hints"
    seen.add(page.after)
    assert len(seen) == 5 == page.painted
    page.contrast, page.saturation = "none", 0.0
    assert np.ptp(picture(page.after).astype(int), axis=2).max() <= 2


def test_hints_color_their_place_and_are_forgotten_with_the_photograph(page, photograph):
    page.model = "hints"
    upload(page, photograph)
    plain = picture(page.after).astype(int)
    page.hints = [{"x": 0.25, "y": 0.5, "color": "#ff0000"}]
    change = np.abs(picture(page.after).astype(int) - plain).sum(axis=2)
    assert change[40:50, 25:35].mean() > 2 * change[:, 90:].mean() > 0
    page.hints = [{"x": 1, "y": 1, "color": "skyblue"}]  # the far corner is inside
    assert page.fault == ""
    page.model = "colornet"  # takes none: shows its own picture, and does not complain
    assert page.fault == ""
    upload(page, photograph)
    assert page.hints == []


@pytest.mark.parametrize(
    ("hint", "says"),
    [
        ({"x": 1.2, "y": 0.5, "color": "#ff0000"}, "outside the photograph"),
        ({"x": 0.2, "y": 0.5, "color": "mauvish"}, "has the color 'mauvish'"),
    ],
)
def test_a_wrong_hint_is_said(page, photograph, hint, says):
    page.model = "hints"
    upload(page, photograph)
    page.hints = [hint]
    assert says in page.fault


def test_the_network_runs_only_when_it_must(page, photograph, monkeypatch):
    from colorkit.inference import photograph as module

    runs = []
    original = module.predict_planes
    monkeypatch.setattr(module, "predict_planes", lambda *a: runs.append(a) or original(*a))
    upload(page, photograph)
    page.saturation, page.contrast = 1.5, "clahe"
    page.result()
    assert len(runs) == 1
    page.model = "hints"
    page.hints = [{"x": 0.5, "y": 0.5, "color": "red"}]
    assert len(runs) == 3


def test_the_download_is_whole_full_size_and_keeps_what_the_file_said(page):
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (900, 1200, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x010F] = "Camera maker"
    upload(page, bytes(encode_image("y.jpg", rgb, kept=Kept(exif.tobytes()))), "y.JPG", 1_000_000)
    small = picture(page.after)
    assert small.shape[0] * small.shape[1] <= 500_000
    tell(page, "download")
    offer, data = page.sent.pop()[0], b""
    assert offer["name"] == "y-colorized.jpg" and offer["bytes"] > 1_000_000
    while len(data) < offer["bytes"]:
        tell(page, "fetch", start=len(data))
        content, (piece,) = page.sent.pop()
        assert content == {"kind": "piece", "start": len(data)} and 0 < len(piece) <= 1_000_000
        data += piece
    assert not page._outgoing
    assert Image.open(io.BytesIO(data)).getexif()[0x010F] == "Camera maker"
    result = picture(data)
    assert result.shape == rgb.shape
    assert np.abs(result.astype(int) - page.result()).mean() < 4


def test_a_format_that_cannot_be_written_becomes_png(page, photograph):
    gif = io.BytesIO()
    Image.open(io.BytesIO(photograph)).convert("P").save(gif, "GIF")
    upload(page, gif.getvalue(), "x.gif")
    tell(page, "download")
    assert page.sent[-1][0]["name"] == "x-colorized.png"


def test_contrast_of_large_photographs_is_refused_not_tried(page, photograph, monkeypatch):
    upload(page, photograph)
    page.contrast = "clahe"
    monkeypatch.setattr("colorkit.inference.preview.CONTRAST_PIXELS", 10_000)
    tell(page, "download")
    assert "contrast is equalized up to 0.01 megapixels" in page.fault


def test_without_a_photograph_it_says_so(page):
    tell(page, "download")
    assert page.fault == "there is no photograph yet; choose one first."


def test_it_says_that_it_lives(page):
    tell(page, "alive")
    assert page.sent == [({"kind": "alive"}, None)]


def test_a_fault_of_ours_is_said_too(page):
    tell(page, "unheard of")
    assert "a fault of the page (KeyError" in page.fault


@pytest.mark.parametrize("name", ["model", "contrast", "saturation"])
def test_values_that_do_not_exist_are_refused(page, name):
    with pytest.raises(TraitError, match=name):
        setattr(page, name, -1 if name == "saturation" else "unheard of")


def test_from_python(box, photograph, tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(photograph)
    page = Page(path, model="hints", saturation=1.5)
    assert page.photo["name"] == "x.png"
    assert page.result().shape == (90, 120, 3)
    assert set(page.contrasts) == set(CONTRASTS)


def test_nothing_is_written(page, photograph, tmp_path):
    written, watching = [], [True]

    def audit(event, arguments):  # cannot be removed again
        if event == "open" and watching and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            written.append(arguments[0])

    sys.addaudithook(audit)
    upload(page, photograph)
    page.contrast = "clahe"
    tell(page, "download")
    tell(page, "fetch", start=0)
    assert page.sent[-1][0]["kind"] == "piece"
    assert written == []
    (tmp_path / "x").write_text("seen")
    watching.clear()
    assert written == [str(tmp_path / "x")]
