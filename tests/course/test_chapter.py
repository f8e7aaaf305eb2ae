"""What a notebook says: each number with its interval, each claim with its verdict, all in JSON."""

import json
from types import SimpleNamespace

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
from made_chapters import PROFILE

from colorkit.course import chapter as room
from colorkit.course.chapter import Chapter, difference_interval, run_folder
from colorkit.course.claims import CLAIMS
from colorkit.imaging.metrics.intervals import bootstrap_interval, seed_interval

NAN = float("nan")
ON = "procedural scenes"


@pytest.fixture
def shown(monkeypatch) -> list[str]:
    """What is displayed, as text."""
    found = []
    monkeypatch.setattr(room, "display", lambda what: found.append(what.data))
    return found


@pytest.fixture
def chapter(tmp_path, monkeypatch, shown) -> Chapter:
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    study = "ablations: {width: 0.5, seeds: 2}\n"
    (tmp_path / "notebooks" / "profiles" / "smoke.yaml").write_text(PROFILE + study)
    monkeypatch.chdir(tmp_path)
    return Chapter("01_first", seed=3)


def kept(chapter) -> dict:
    chapter.finish()
    path = run_folder(chapter.root, "smoke") / "numbers" / "01_first.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_chapter_says_what_it_runs_on_and_keeps_its_setting(chapter, shown):
    assert shown == [f"*Profile **smoke**, seed 3, on {ON}.*"]
    assert chapter.images_show == "procedural"
    found = kept(chapter)
    assert 0 <= found.pop("seconds") < 600
    assert found == {
        "chapter": "01_first",
        "profile": "smoke",
        "seed": 3,
        "data": ON,
        "setting": {
            "size": 32,
            "width": 1.0,
            "preset": "report",
            "epochs": {"vegenet": 32},
            "seeds": 3,
            "scales": {
                "studies": {"width": 1.0, "epochs": 0, "seeds": 3},
                "ablations": {"width": 0.5, "epochs": 0, "seeds": 2},
            },
        },
        "numbers": [],
        "tables": {},
        "claims": [],
        "figures": [],
    }
    assert len(shown) == 1  # no claims, no table of them


def test_numbers_have_their_interval_and_count(chapter):
    values = [1.0, 2.0, NAN, 4.5]
    low, high = bootstrap_interval(values)
    text = chapter.number("gain", values, of="images", unit="dB")
    assert text == f"2.5 [{low:.1f}, {high:.1f}] dB (3 images)"
    low, high = seed_interval([1, 2])
    assert chapter.number("loss", [1, 2], of="seeds", data="test", count=False) == (
        f"2 [{low:.0f}, {high:.0f}]"
    )
    assert chapter.number("none", [NAN], of="images") == "not measurable (0 images)"
    first, second, third = kept(chapter)["numbers"]
    assert (first["value"], first["n"], first["of"], first["unit"]) == (2.5, 3, "images", "dB")
    assert (first["name"], first["data"], second["data"]) == ("gain", ON, "test")
    assert (second["low"], second["high"]) == (low, high)
    assert (third["value"], third["low"], third["high"], third["n"]) == (None, None, None, 0)


def test_tables_are_shown_with_their_caption_and_kept(chapter, shown):
    table = pd.DataFrame({"ΔE": [1.23456, NAN]}, index=["gray", "net"])
    chapter.table(table, "errors", "Errors", 2)
    chapter.table(table, "plain", "Errors", data=False)
    assert "<caption>Errors (procedural scenes; profile smoke.)</caption><thead>" in shown[-2]
    assert "<td>1.23</td>" in shown[-2] and "<td>–</td>" in shown[-2]
    assert "<caption>Errors</caption>" in shown[-1] and "<td>1.235</td>" in shown[-1]
    found = kept(chapter)["tables"]["errors"]
    assert found == {
        "caption": "Errors",
        "columns": ["index", "ΔE"],
        "rows": [["gray", 1.23456], ["net", None]],
    }


def test_figures_are_written_shown_and_described(chapter, shown):
    figure = matplotlib.figure.Figure()
    chapter.figure(figure, "R-F4", alt="nothing", caption="Read it.", shows=chapter.images_show)
    chapter.figure(figure, "R-F5", alt="nothing", caption="Read it.", data=False)
    assert (chapter.folder / "figures" / "R-F4.png").read_bytes()[:4] == b"\x89PNG"
    assert 'alt="nothing"' in shown[-1] and "R-F5</b> Read it.</figcaption>" in shown[-1]
    first, second = kept(chapter)["figures"]
    assert first["caption"] == f"Read it. ({ON}; profile smoke.)" and first["id"] == "R-F4"
    assert (first["shows"], second["shows"]) == ("procedural", "plot")


def test_claims_are_judged_shown_and_kept(chapter, shown):
    a, b = np.array([3.0, 4, 5, NAN]), np.array([1.0, 1, 1, 1])
    chapter.claim("R6", "ΔE saved", a, b, unit="ΔE", part="plants")
    low, high = bootstrap_interval([2, 3, 4])
    assert shown[-1] == (
        f"> **R6 plants** {CLAIMS['R6']} *Effect:* ΔE saved: 3.0 [{low:.1f}, {high:.1f}] ΔE, "
        f"3 images, {ON}: **supported**."
    )
    chapter.claim("R2", "epochs left", [1.0, 2.0, 3.0], of="seeds", data="other")
    chapter.claim("R8", "duller", 0.5, interval=((-1.0, 2.0), 40))
    chapter.claim("R9", "livelier", [])
    assert "*Effect:* livelier: nan , 0 images" in shown[-1]
    chapter.exact("R1", "layers that differ", 2, 22, "layers", part="all")
    assert shown[-1] == (
        f"> **R1** {CLAIMS['R1']} layers that differ: 2 of 22 layers: **not supported**."
    )
    found = {claim["id"]: claim for claim in kept(chapter)["claims"]}
    assert (found["R6"]["value"], found["R6"]["low"], found["R6"]["n"]) == (3, low, 3)
    assert [found["R2"][key] for key in ("low", "high")] == list(seed_interval([1, 2, 3]))
    assert (found["R2"]["of"], found["R2"]["data"], found["R6"]["data"]) == ("seeds", "other", ON)
    assert (found["R8"]["low"], found["R8"]["n"], found["R8"]["verdict"]) == (-1, 40, "undecided")
    assert (found["R9"]["value"], found["R9"]["verdict"]) == (None, "undecided")
    assert (found["R1"]["value"], found["R1"]["n"], found["R1"]["data"]) == (2, 22, "computed")
    assert f"<caption>Claims of this chapter ({ON}).</caption><thead>" in shown[-1]
    for cell in ("R6 plants", "22 layers", "not measurable", "not supported"):
        assert f"<td>{cell}</td>" in shown[-1]


def test_a_chapter_that_stops_keeps_what_there_is_and_runs_no_further(chapter, shown, monkeypatch):
    import IPython

    shell = SimpleNamespace(input_transformers_cleanup=[])
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    chapter.number("gain", [1.0, 2.0], of="images")
    chapter.stop("there are no pairs.")
    assert shown[-1] == "**This chapter ends here:** there are no pairs."
    path = chapter.folder / "numbers" / "01_first.json"
    assert len(json.loads(path.read_text())["numbers"]) == 1
    (clear,) = shell.input_transformers_cleanup
    assert clear(["print('later')"]) == []


def test_photographs_are_no_procedural_scenes(chapter, tmp_path):
    own = PROFILE.replace("source: scenes, what: procedural scenes", "source: folders, what: mine")
    (tmp_path / "own.yaml").write_text(own)
    other = Chapter("01_first", "own.yaml", data=str(tmp_path))
    assert (other.images_show, other.what) == ("photographs", "mine")


def test_the_interval_of_a_difference_is_that_of_the_normal_law():
    rng = np.random.default_rng(1)
    a, b = rng.normal(5, 2, 900), np.append(rng.normal(4, 1, 400), NAN)
    (low, high), n = difference_interval(a, b, resamples=10_000)
    error = np.sqrt(a.var() / 900 + np.nanvar(b) / 400)
    middle = a.mean() - np.nanmean(b)
    assert n == 1300
    assert (low, high) == pytest.approx(
        (middle - 1.96 * error, middle + 1.96 * error), abs=error / 15
    )
    assert difference_interval(a, b) == difference_interval(a, b)
