"""The README's tables are made of the cards, of the numbers of record and of the notebooks."""

import json
from dataclasses import asdict

import pytest

from colorkit.course import claims, judgement
from colorkit.course.claims import Claim, Part
from colorkit.course.estimates import Estimate
from colorkit.report import readme
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root
from tests.made_chapters import write_chapter

ROOT = project_root()


def test_the_readme_holds_exactly_the_numbers_of_record():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.fill(text, ROOT) == text


@pytest.mark.parametrize("name", ["front", "models", "claims", "chapters", "minutes"])
def test_a_readme_without_its_marks_is_refused(name):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    with pytest.raises(ColorkitError, match=f"{name}.*put them back"):
        readme.fill(text.replace(f"<!-- end of {name} -->", ""), ROOT)


def test_models_stand_with_their_gains_looks_and_skin():
    score = {"images": 40, "psnr_gain": [1.5, 1.25, 1.75], "colorfulness_ratio": 0.5, "sepia": 0.25}
    faces = {"faces": 7, "skin": [6.0, 5.0, 7.0]}
    other = score | {"colorfulness_ratio": 0.75, "sepia": 0.02}
    cards = {
        "good": {"scores": {"people": score | faces, "landscapes": other}},
        "infrared": {"scores": {"folds": {}}},
        "unscored": {},
    }
    assert readme.models_table(cards).splitlines() == [
        "| model | people, dB | things, dB | photos, dB | scenes, dB | landscapes, dB "
        "| colorfulness | brown | skin |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        "| `good` | 1.50 [1.25, 1.75] (40) |  |  |  | 1.50 [1.25, 1.75] (40) "
        "| 0.50–0.75 | 2–25 % | 6.0 [5.0, 7.0] (7) |",
    ]


def test_claims_that_do_not_hold_come_first(monkeypatch):
    images = {"margin": 0.5, "unit": "dB", "over": "images"}
    parts = {"R2": {"": Part("gain", **images)}, "R3": {"": Part("loss", **images)}}
    parts |= {"R4": {"": Part("layers", over="exact")}}
    known = {id: Claim(f"Claim {id}.", parts.get(id, {})) for id in ("R2", "R3", "R4", "R5")}
    for module in (claims, judgement, readme):
        monkeypatch.setattr(module, "known_claims", lambda: known)

    def found(id, value, error):
        measured = Estimate(value, ((error, 1e6),), images=40)
        return asdict(claims.finding(id, "", measured, of="images", data="landscapes"))

    exact = asdict(claims.exact_finding("R4", "", 0, 22, "layers"))
    chapters = [{"claims": [exact, found("R2", 0.4, 1.0)]}, {"claims": [found("R3", -2.0, 0.1)]}]
    assert readme.claims_summary(chapters).splitlines() == [
        "Of 4 claims: 1 supported, 1 not supported, 1 undecided, 1 not measured.",
        "",
        "| claim |  | verdict | what was found [95 %] | margin | measured on |",
        "| --- | --- | --- | --- | --- | --- |",
        "| R3 | Claim R3. | **not supported** "
        "| loss: −2.00 [−2.20,\u00a0−1.80] dB | 0.5 dB | 40 images |",
        "| R4 | Claim R4. | **supported** | layers: 0 exceptions | none | 22 layers |",
    ]


def test_the_minutes_of_chapters_are_added_up():
    chapters = [{"chapter": "01_a", "seconds": 90.0}, {"chapter": "12_b", "seconds": 5400.0}]
    assert readme.minutes(chapters) == (
        "Minutes of each chapter: 1: 2, 12: 90; together 1.5 hours.\n"
    )


def test_chapters_stand_with_their_pictures_and_questions(tmp_path):
    (tmp_path / "notebooks").mkdir()
    for name in ("01_first", "02_second"):
        write_chapter(tmp_path, name)
    path = tmp_path / "notebooks" / "01_first.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["source"] = "# 1 · First\n\n**Asks** what\n*red* is.\n**Needs** nothing."
    path.write_text(json.dumps(notebook))
    (tmp_path / "figures" / "thumbnails").mkdir(parents=True)
    (tmp_path / "figures" / "thumbnails" / "01_first.webp").write_bytes(b"picture")
    table = readme.chapters_map(tmp_path)
    assert "<b>1 · First</b></a><br>Asks what red is.</td>" in table
    assert table.count("<img") == 1
    assert 'src="figures/thumbnails/01_first.webp"' in table
    assert table.count('<a href="notebooks/') == 2
