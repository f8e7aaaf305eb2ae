"""The numbers of record: only what is ours to publish, and a README that says the same."""

import json

import numpy as np
import pytest
from PIL import Image

from colorkit.report import figure_files, front, record
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root, without_paths

FIGURES = project_root() / "figures"
MARKS = [
    f"<!-- {name}: written by `colorkit report --record` -->\n{{}}\n<!-- end of {name} -->"
    for name in ("front", "models", "claims", "chapters", "minutes")
]
COLORS = {"plot": (10, 20, 200), "photographs": (200, 10, 10), "sample": (10, 200, 10)}
CHAPTERS = [json.loads(p.read_text()) for p in sorted(FIGURES.glob("[0-9][0-9]_*.json"))]


def test_every_figure_of_record_is_ours_to_publish_and_described():
    described = {f["file"]: f for c in CHAPTERS for f in c["figures"]}
    assert set(described) == {
        p.name for kind in ("png", "webp") for p in FIGURES.glob(f"*.{kind}")
    } - {front.FRONT}
    assert all(p.stat().st_size <= figure_files.LARGEST for p in FIGURES.glob("*.[pw]*"))
    for figure in described.values():
        assert figure["shows"] in record.PUBLISHABLE
        assert figure["alt"]
        assert figure["caption"]


def test_the_record_names_no_folder_of_a_machine():
    for path in FIGURES.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert without_paths(text) == text, path.name


def test_every_number_says_on_what_how_many_and_how_sure():
    for chapter in CHAPTERS:
        assert chapter["setting"]["size"]
        assert "scenes" not in chapter["profile"]
        for found in [*chapter["numbers"], *chapter["claims"]]:
            assert found["data"]
            assert found["n"] > 0 or found["value"] is None  # not measurable on this data
            assert found["low"] is None or found["low"] <= found["high"]


def test_vegenet_beats_both_trivial_predictions_on_photographs():
    numbers = next(c["numbers"] for c in CHAPTERS if c["chapter"] == "02_vegenet")
    gains = {n["name"]: n for n in numbers}
    for other in ("gray", "mean color"):
        assert gains[f"ΔE gained over {other}"]["low"] > 0


def test_a_large_figure_becomes_smaller_and_looks_the_same(tmp_path):
    smooth = np.linspace(0, 255, 700)[:, None] + np.random.default_rng(0).normal(0, 3, (700, 700))
    picture = np.stack([smooth.clip(0, 255).astype(np.uint8)] * 3, axis=2)
    source, kept = tmp_path / "F1.png", tmp_path / "record"
    Image.fromarray(picture[:100, :100]).save(source)
    assert figure_files.keep_figure(source, kept) == "F1.png"
    Image.fromarray(picture).save(source)
    assert source.stat().st_size > figure_files.LARGEST
    assert figure_files.keep_figure(source, kept) == "F1.webp"
    assert [p.name for p in kept.iterdir()] == ["F1.webp"]
    assert (kept / "F1.webp").stat().st_size <= figure_files.LARGEST
    shown = np.array(Image.open(kept / "F1.webp"), dtype=float)
    assert shown.shape == picture.shape and np.abs(shown - picture).mean() < 4
    Image.fromarray(picture[:100, :100]).save(source)
    assert figure_files.keep_figure(source, kept) == "F1.png" and len(list(kept.iterdir())) == 1


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    source = project_root() / "notebooks" / "profiles"
    for name in ("smoke", "photos"):
        text = (source / f"{name}.yaml").read_text()
        (tmp_path / "notebooks" / "profiles" / f"{name}.yaml").write_text(text)
    (tmp_path / "photographs").mkdir()
    places = [mark.format("stale words") for mark in MARKS]
    (tmp_path / "README.md").write_text("\n".join(["before", *places, "after\n"]))
    monkeypatch.setattr(front, "front_picture", lambda: np.zeros((8, 8, 3), np.uint8))
    run = tmp_path / "report" / "_build" / "runs" / "photos"
    (run / "figures").mkdir(parents=True)
    (run / "numbers").mkdir()
    figures = []
    for shows in ("plot", "photographs", "sample"):
        Image.new("RGB", (40, 30), COLORS[shows]).save(run / "figures" / f"{shows}.png")
        figures.append({"file": f"figures/{shows}.png", "shows": shows, "alt": "a", "caption": "c"})
    numbers = CHAPTERS[1] | {"figures": figures}
    (run / "numbers" / "02_vegenet.json").write_text(json.dumps(numbers))
    environment = {"device": "x", "threads": 2, "date": "2026-01-01", "versions": {}}
    (run / "environment.json").write_text(json.dumps(environment))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_no_photograph_of_a_data_set_is_kept(project):
    record.keep_record("photos", str(project / "photographs"))
    kept = {p.name for p in (project / "figures").iterdir()}
    thumbnail = project / "figures" / "thumbnails" / "02_vegenet.webp"
    written = {"02_vegenet.json", "changes.json", "front.webp", "thumbnails"}
    assert kept == {"plot.png", "sample.png", *written}
    assert Image.open(thumbnail).getpixel((240, 150)) == pytest.approx(COLORS["plot"], abs=3)
    numbers = json.loads((project / "figures" / "02_vegenet.json").read_text())
    assert [f["file"] for f in numbers["figures"]] == ["plot.png", "sample.png"]
    readme = (project / "README.md").read_text()
    assert readme.startswith("before\n")
    assert readme.endswith("\nafter\n")
    assert "stale words" not in readme
    assert "claims:" in readme
    assert "| `faithful` |" in readme


def test_what_cannot_be_recorded_is_refused(project):
    with pytest.raises(ColorkitError, match="holds no numbers"):
        record.keep_record("smoke")
    (project / "README.md").write_text("no marks")
    with pytest.raises(ColorkitError, match="put them back"):
        record.keep_record("photos", str(project / "photographs"))
