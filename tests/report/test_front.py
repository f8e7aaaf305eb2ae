"""The front picture and the thumbnails: what may be shown, small, and as it is now."""

import json

import numpy as np
import pytest
from PIL import Image

from colorkit.report import front
from colorkit.report.notebooks import read_chapters
from colorkit.system.project import project_root

FIGURES = project_root() / "figures"


def test_the_front_picture_of_record_is_there_and_small():
    path = FIGURES / front.FRONT
    assert path.stat().st_size <= 300_000
    with Image.open(path) as picture:
        assert picture.height == 606
        assert picture.width > 1500


def test_gray_stands_above_color_of_the_same_lightness(monkeypatch):
    rgb = np.random.default_rng(0).integers(0, 256, (40, 80, 3), np.uint8)
    monkeypatch.setattr(front, "front_photographs", lambda: {"wide": rgb, "again": rgb})
    monkeypatch.setattr(front, "PhotographColorizer", lambda model: lambda gray: 255 - gray)
    picture = front.front_picture()
    width = (picture.shape[1] - 6) // 2
    assert picture.shape == (606, 2 * 375 + 6, 3)  # cut to 5 : 4
    above, between, below = picture[:300, :width], picture[300:306], picture[306:, :width]
    assert (between == 255).all()
    assert np.ptp(above.astype(int), axis=2).max() <= 2  # rounding
    assert np.abs(255 - above.astype(int) - below).max() <= 2


def test_every_chapter_has_a_thumbnail_of_record():
    made = {path.stem for path in (FIGURES / "thumbnails").iterdir()}
    assert made == {chapter.name for chapter in read_chapters(project_root())}


@pytest.fixture
def places(tmp_path):
    """A record of one chapter and a run of two; every figure has a color of its own."""
    record, run = tmp_path / "figures", tmp_path / "run"
    for folder in (record, run / "numbers", run / "figures"):
        folder.mkdir(parents=True)

    def keep(folder, pictures, name, figures):
        listed = []
        for file, (shows, color) in figures.items():
            Image.new("RGB", (400, 100), color).save(pictures / file)
            listed.append(
                {
                    "file": str((pictures / file).relative_to(pictures.parent))
                    if pictures != folder
                    else file,
                    "shows": shows,
                }
            )
        (folder / f"{name}.json").write_text(json.dumps({"figures": listed}))

    keep(record, record, "01_one", {"A.png": ("plot", "red"), "B.png": ("sample", "blue")})
    keep(run / "numbers", run / "figures", "01_one", {"A.png": ("plot", "black")})
    secret = {"S.png": ("photographs", "white"), "C.png": ("procedural", "lime")}
    keep(run / "numbers", run / "figures", "02_two", secret)
    return tmp_path / "thumbnails", record, run


@pytest.mark.parametrize(("named", "color"), [({}, (255, 0, 0)), ({"01_one": "B"}, (0, 0, 255))])
def test_thumbnails_are_of_record_first_and_never_of_a_data_set(places, named, color):
    folder, record, run = places
    folder.mkdir()
    (folder / "00_gone.webp").write_bytes(b"old")
    (folder / "03_unrun.webp").write_bytes(b"kept")
    front.write_thumbnails(folder, record, run, {"03_unrun": ""} | named)
    assert (folder / "03_unrun.webp").read_bytes() == b"kept"
    (folder / "03_unrun.webp").unlink()
    shown = {path.stem: Image.open(path) for path in folder.iterdir()}
    assert set(shown) == {"01_one", "02_two"}
    assert {picture.size for picture in shown.values()} == {(480, 300)}
    assert shown["01_one"].getpixel((240, 150)) == pytest.approx(color, abs=6)
    assert shown["02_two"].getpixel((240, 150)) == pytest.approx((0, 255, 0), abs=6)
    corner = shown["01_one"].getpixel((9, 9))  # a plot is shown whole, a photograph fills its place
    assert corner == pytest.approx(color if named else (255, 255, 255), abs=6)
