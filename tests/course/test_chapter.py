"""What a notebook says: each number with its interval, each claim with its verdict, all in JSON."""

import json
from types import SimpleNamespace

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
from made_chapters import PROFILE

from colorkit.course import chapter as room
from colorkit.course import claims, judging, plain_words
from colorkit.course.chapter import Chapter, run_folder
from colorkit.course.claims import Claim, Part
from colorkit.course.estimates import estimate
from colorkit.course.judging import ADVANTAGE
from colorkit.course.scales import Nir
from colorkit.imaging.metrics.intervals import bootstrap_interval, seed_interval
from colorkit.models import pretrained
from colorkit.system.errors import ColorkitError

NAN = float("nan")
ON = "procedural scenes"


@pytest.fixture
def shown(monkeypatch) -> list[str]:
    """What is displayed, as text."""
    found = []
    for module in (room, judging):
        monkeypatch.setattr(module, "display", lambda what: found.append(what.data))
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


def test_a_chapter_says_what_it_runs_on_and_keeps_its_setting(chapter, shown, monkeypatch):
    monkeypatch.setattr(pretrained, "_loaded", {"vivid": "12345678"})
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
        },
        "box": {"vivid": "12345678"},
        "numbers": [],
        "tables": {},
        "claims": [],
        "figures": [],
    }
    assert len(shown) == 1  # no claims, no table of them


def test_a_setting_tells_the_numbers_of_the_sections_that_a_chapter_has_used(chapter):
    used = chapter.section("ablations", "variants")
    assert kept(chapter)["setting"]["sections"]["ablations"]["width"] == used.width == 0.5
    data = chapter.section("data", "images")  # whose texts may name a machine's folders
    told = kept(chapter)["setting"]["sections"]["data"]
    assert told["size"] == data.size and not any(isinstance(v, str) for v in told.values())


def test_a_section_with_a_scale_of_its_own_gives_the_chapters(chapter):
    assert (chapter.profile.data.size, chapter.profile.model.width) == (32, 1.0)
    chapter.sections["nir"] = Nir("pairs", size=16, colornet_width=0.25)
    assert (chapter.setting()["size"], chapter.setting()["width"]) == (16, 0.25)
    chapter.sections["nir"] = Nir("pairs")
    assert (chapter.setting()["size"], chapter.setting()["width"]) == (32, 1.0)
    chapter.section("ablations", "variants")
    assert (chapter.setting()["size"], chapter.setting()["width"]) == (32, 0.5)


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


def test_a_sentence_is_chosen_by_where_the_interval_lies(chapter, shown):
    sentences = {"more": "Better by {}.", "less": "Worse: {}.", "alike": "No telling: {}."}
    for name, values in (("a", [2, 3]), ("b", [-2, -3]), ("c", [-9, 9]), ("d", [1])):
        chapter.tell(name, values, of="seeds" if name == "d" else "images", unit="dB", **sentences)
    texts = [chapter.number("again", x, of="images", unit="dB") for x in ([2, 3], [-2, -3])]
    assert shown[1:3] == [f"Better by {texts[0]}.", f"Worse: {texts[1]}."]
    assert shown[3].startswith("No telling: 0 [") and shown[4] == "No telling: 1 dB (1 seeds)."
    assert [n["name"] for n in kept(chapter)["numbers"]][:4] == ["a", "b", "c", "d"]


def test_numbers_of_trainings_on_images_count_both(chapter):
    values = np.array([[1.0, 2.0, 6.0], [2.0, 5.0, 5.0]])
    low, high = estimate(values, of="seeds").interval()
    assert chapter.number("gain", values, of="seeds") == (
        f"4 [{low:.0f}, {high:.0f}] (2 seeds × 3 images)"
    )
    (kept_number,) = kept(chapter)["numbers"]
    assert (kept_number["low"], kept_number["n"]) == (low, 2)


CLAIMS = {
    "R1": Claim("Layers are equal.", {"all": Part("layers that differ", over="exact")}),
    "R2": Claim("Left.", {"left": Part("epochs left", 0.5, unit="epochs")}),
    "R6": Claim(
        "Plants are colored.",
        {
            "saved": Part("ΔE saved", 0.5, over="images", unit="ΔE"),
            "painted": Part("ΔE painted", 0.5, gated=True),
        },
    ),
}


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(claims, "known_claims", lambda: CLAIMS)


def test_claims_are_judged_shown_and_kept(chapter, shown, registry):
    a, b = np.array([3.0, 4, 5, NAN]), np.array([1.0, 1, 1, 1])
    chapter.claim("R6", "saved", a, b, variant="plants")
    low, high = seed_interval([2, 3, 4])
    assert shown[-1] == (
        f"> **R6 saved, plants** Plants are colored. *Effect:* ΔE saved: 3.0 "
        f"[{low:.1f}, {high:.1f}] ΔE; 3 images, {ON}: **supported**."
    )
    chapter.claim("R2", "left", [1.0, 2.0, 3.0], of="seeds", data="other")
    chapter.unmeasured("R6", "saved", "there are no plants in /home/me/sea", variant="sea")
    assert shown[-1].endswith("not measurable; 0 images, procedural scenes: **undecided** "
                              "(there are no plants in …/sea).")  # fmt: skip
    chapter.exact("R1", "all", 2, 22, "layers")
    assert shown[-1] == (
        "> **R1 all** Layers are equal. *Effect:* layers that differ: 2 exceptions; 22 layers, "
        "computed: **not supported**."
    )
    found = kept(chapter)["claims"]
    assert [f["verdict"] for f in found] == [
        "supported",
        "undecided",
        "undecided",
        "not supported",
    ]
    assert (found[0]["value"], found[0]["low"], found[0]["n"]) == (3, pytest.approx(low), 3)
    assert [found[1][key] for key in ("low", "high")] == pytest.approx(seed_interval([1, 2, 3]))
    assert (found[1]["of"], found[1]["data"], found[0]["data"]) == ("seeds", "other", ON)
    table, whole = shown[-2:]
    assert f"<caption>Claims of this chapter ({ON}).</caption><thead>" in table
    for cell in ("R6 saved, plants", "22 layers", "not measurable", "not supported", "0.5"):
        assert f"<td>{cell}</td>" in table
    assert whole.endswith("R1 **not supported**; R2 **undecided**; R6 **undecided**.")


def test_a_verdict_is_said_in_plain_words(chapter, shown, registry, monkeypatch):
    means = {"supported": "{variant} saved: {}.", "not supported": "Lost: {less}."}
    monkeypatch.setattr(plain_words, "sentences", lambda: {"R6": {"saved": means}})
    chapter.claim("R6", "saved", [3.0, 4, 5], variant="plants")
    said, sentence = shown[-1].split("\n\n")
    effect = said.split("ΔE saved: ")[1].split("; 3 images")[0]
    assert sentence == f"plants saved: {effect}."
    chapter.claim("R6", "saved", [-3.0, -4, -5], variant="plants")
    assert shown[-1].split("\n\n")[1].startswith("Lost: 4.0 [")
    chapter.claim("R6", "saved", [-9.0, 9.0, 1.0])
    assert shown[-1].endswith("**undecided**.")  # of which nothing is to be said


def test_a_part_that_passes_only_alone_is_shown_corrected(chapter, shown, registry, monkeypatch):
    values = estimate(np.arange(9.0) - 2.0)
    low, _ = values.interval()
    barely = np.arange(9.0) - 2.0 - low + 1e-3
    chapter.claim("R6", "saved", barely, variant="a")
    chapter.claim("R6", "saved", [-9.0, 9.0, 1.0], variant="b")
    chapter.finish()
    assert "<td>undecided (corrected)</td>" in shown[-2]
    means = {"supported": "Saved: {}.", "undecided": "It stays open: {}."}
    monkeypatch.setattr(plain_words, "sentences", lambda: {"R6": {"saved": means}})
    chapter.finish()
    assert "- **R6 saved, a** It stays open: " in shown[-1]
    assert "R6 saved, b" not in shown[-1]  # which was undecided by itself


def test_what_a_network_does_is_judged_only_if_it_has_learned(chapter, shown, registry):
    gray, mean = np.linspace(9, 11, 20), np.linspace(7, 9, 20)
    noise = np.tile([0.1, -0.1], 10)
    able = chapter.learned("VégéNet", mean - 2 * ADVANTAGE + noise, gray, mean)
    assert able is True
    assert shown[-1].startswith("*VégéNet is nearer to the truth than gray by 2.")
    assert shown[-1].endswith("; that is enough.*")
    for weak in (mean - ADVANTAGE / 2, mean, gray, mean - 1 + 40 * noise):
        assert chapter.learned("VégéNet", weak, gray, mean) is False
        assert "has learned too little to tell" in shown[-1]
    seeds = np.stack([mean - 2 * ADVANTAGE, mean - 2 * ADVANTAGE - 0.01])
    assert chapter.learned("VégéNet", seeds, gray, mean) is True
    found = np.tile([4 + 1 / 64, 4 - 1 / 64], 4)  # sums of powers of two are exact
    just = np.full(8, 4 + ADVANTAGE)
    assert chapter.learned("VégéNet", found, just, just) is True
    effect = np.array([[1.0, 1.1, 0.9], [1.1, 1.0, 0.9]])
    chapter.claim("R6", "painted", effect, of="seeds", learned=True)
    for gates in ([True, False], {"one": True, "other": False}.values()):
        chapter.claim("R6", "painted", effect, of="seeds", learned=gates)
    first, *others = kept(chapter)["claims"]
    assert (first["verdict"], first["why"]) == ("supported", "")
    assert [(x["verdict"], x["why"]) for x in others] == 2 * [("undecided", claims.TOO_LITTLE)]


def test_claims_that_cannot_be_judged_stop_the_chapter(chapter, registry):
    with pytest.raises(ColorkitError, match="R6 painted: give `learned=`"):
        chapter.claim("R6", "painted", np.ones((2, 3)), of="seeds")
    with pytest.raises(ColorkitError, match="leave out `learned=`"):
        chapter.claim("R6", "saved", [1.0, 2.0], learned=True)
    with pytest.raises(ColorkitError, match="R2 left compares trainings"):
        chapter.claim("R2", "left", [1.0, 2.0])
    with pytest.raises(ColorkitError, match="R2 has no part 'right'"):
        chapter.claim("R2", "right", [1.0, 2.0])


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
