"""The stills of the page: made once, and again when a model changes."""

import json

import numpy as np
import pytest
from made_box import make_box
from PIL import Image

from colorkit.inference.preview import Preview
from colorkit.models import pretrained
from colorkit.report import stills
from colorkit.report.stills import SIDE, draw, make_stills


@pytest.fixture
def box(tmp_path, monkeypatch):
    folder = tmp_path / "box"
    folder.mkdir()
    make_box(folder)
    monkeypatch.setattr(pretrained, "FOLDER", folder)
    return folder


def test_they_are_made_again_only_if_a_model_changed(box, tmp_path):
    out = tmp_path / "stills"
    make_stills(out)
    listed = json.loads((out / "stills.json").read_text())
    titles = [still["title"] for still in listed["stills"]]
    assert titles[0] == "model colornet" and titles[-1] == "3 hints" and 3 <= len(titles) <= 5
    first = [(out / still["file"]).stat().st_mtime_ns for still in listed["stills"]]
    for still in listed["stills"]:
        assert Image.open(out / still["file"]).size == (SIDE, SIDE) and still["alt"]
    make_stills(out)
    assert [(out / s["file"]).stat().st_mtime_ns for s in listed["stills"]] == first
    models = json.loads((box / "models.json").read_text())
    del models["hints"]
    (box / "models.json").write_text(json.dumps(models))
    make_stills(out)
    assert "hints" not in (out / "stills.json").read_text()


def test_what_the_stills_show():
    hints = {"hints": stills._HINTS, "model": "hints"}
    models = [{"name": name, "hints": name == "hints"} for name in ("a", "b", "hints")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stills, "offered", lambda: models)
        found = dict(stills._settings())
        patch.setattr(stills, "offered", lambda: models[:1])
        assert len(stills._settings()) == 3
    assert found.pop("3 hints") == hints and found.pop("model b") == {"model": "b"}
    assert found["saturation × 1.6"] == {"model": "a", "saturation": 1.6} and len(found) == 3
    assert all(0 < x < 1 and 0 < y < 1 for x, y, _ in stills._HINTS)


def test_a_still_is_gray_left_and_colored_right_of_the_divider(box):
    rgb = np.full((100, 200, 3), 120, np.uint8)
    still = draw(Preview(rgb), 0.5, hints=((0.75, 0.5, "#ff0000"),), model="hints").astype(int)
    spread = still.max(axis=2) - still.min(axis=2)
    assert spread[:40, :90].max() <= 1 < spread[:40, 110:].mean()
    assert (still[:40, 100] == 255).all()
    red, white, black = ([255, 0, 0], [255, 255, 255], [0, 0, 0])
    for right, color in ((0, red), (8, red), (11, white), (13, black)):
        assert list(still[50, 150 + right]) == list(still[50 + right, 150]) == color
    assert list(still[68, 85]) == white and list(still[52, 100]) == white  # the knob
    assert spread[68, 83] <= 1 and (still[68, 83] != 255).any()
    other = draw(Preview(rgb), model="hints").astype(int)  # at three tenths unless told otherwise
    assert [list(other[10, x]) for x in (58, 59, 60, 61)] != [white] * 4
    assert list(other[10, 60]) == white and list(other[10, 65]) != white
