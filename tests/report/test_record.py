"""The numbers of record: only what is ours to publish, and a README that says the same."""

import json
from dataclasses import asdict

import pytest

from colorkit.course import claims, judgement
from colorkit.course.claims import Claim, Part
from colorkit.course.estimates import Estimate
from colorkit.report import record
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root

FIGURES = project_root() / "figures"
CHAPTERS = [json.loads(p.read_text()) for p in sorted(FIGURES.glob("[0-9][0-9]_*.json"))]


def test_the_readme_holds_exactly_the_numbers_of_record():
    readme = (project_root() / "README.md").read_text()
    assert record.with_results(readme, FIGURES) == readme


def test_every_figure_of_record_is_ours_to_publish_and_described():
    described = {f["file"]: f for c in CHAPTERS for f in c["figures"]}
    assert set(described) == {p.name for p in FIGURES.glob("*.png")}
    for figure in described.values():
        assert figure["shows"] in record.PUBLISHABLE
        assert figure["alt"]
        assert figure["caption"]


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


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "notebooks" / "profiles").mkdir(parents=True)
    source = project_root() / "notebooks" / "profiles"
    for name in ("smoke", "photos"):
        text = (source / f"{name}.yaml").read_text()
        (tmp_path / "notebooks" / "profiles" / f"{name}.yaml").write_text(text)
    (tmp_path / "photographs").mkdir()
    marked = f"before\n{record._BEGIN}\nstale words\n{record._END}\nafter\n"
    (tmp_path / "README.md").write_text(marked)
    run = tmp_path / "report" / "_build" / "runs" / "photos"
    (run / "figures").mkdir(parents=True)
    (run / "numbers").mkdir()
    figures = []
    for shows in ("plot", "photographs", "sample"):
        (run / "figures" / f"{shows}.png").write_bytes(b"png")
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
    assert kept == {"plot.png", "sample.png", "02_vegenet.json"}
    names = [
        f["file"]
        for f in json.loads((project / "figures" / "02_vegenet.json").read_text())["figures"]
    ]
    assert names == ["plot.png", "sample.png"]
    readme = (project / "README.md").read_text()
    assert readme.startswith("before\n")
    assert readme.endswith("\nafter\n")
    assert "stale words" not in readme
    assert "VégéNet" in readme


def test_what_cannot_be_recorded_is_refused(project):
    with pytest.raises(ColorkitError, match="holds no numbers"):
        record.keep_record("smoke")
    (project / "README.md").write_text("no marks")
    with pytest.raises(ColorkitError, match="put them back"):
        record.keep_record("photos", str(project / "photographs"))


def test_the_table_of_results_is_made_of_the_numbers(tmp_path, monkeypatch):
    images, trainings = ({"margin": 0.5, "unit": "dB", "over": x} for x in ("images", "trainings"))
    parts = {"R2": {"a": Part("gain", **images), "b, c": Part("cost", says="at most", **images)}}
    parts |= {"R3": {"": Part("loss", **trainings)}, "R4": {"": Part("layers", over="exact")}}
    known = {id: Claim(f"Claim {id}.", parts.get(id, {})) for id in ("R2", "R3", "R4", "R5")}
    for module in (claims, judgement, record):
        monkeypatch.setattr(module, "known_claims", lambda: known)

    def found(id, value, error, part="", **options):
        counts = {"images": 40, "trainings": 3 if options else 0}
        measured = Estimate(value, ((error, 1e6),), **counts)
        options = {"of": "images", "data": "landscapes"} | options
        return asdict(claims.finding(id, part, measured, **options))

    setting = {"epochs": {"vegenet": 4}, "size": 32, "width": 0.5, "preset": "report", "seeds": 3}
    setting["scales"] = {
        "studies": {"seeds": 2, "width": 0.25, "epochs": 0},
        "ablations": {"seeds": 1, "width": 1.0, "epochs": 7},
    }
    number = {"value": 1.5, "low": 1.25, "high": 1.75}
    network = {
        "chapter": "02_vegenet",
        "profile": "photos",
        "data": "landscapes",
        "setting": setting,
        "environment": {"threads": 2, "date": "2026-01-01"},
        "numbers": [number | {"name": "ΔE gained over gray"}, number | {"name": "other"}],
        "tables": {
            "vegenet": {"caption": "Errors", "columns": ["index", "A"], "rows": [["a|b", 1]]}
        },
        "claims": [
            asdict(claims.exact_finding("R4", "", 0, 22, "layers")),
            found("R2", 2.0, 0.1, "a"),
        ],
    }
    other = network | {"chapter": "05_gray", "numbers": [], "tables": {}}
    other["claims"] = [found("R2", 1.0, 0.2, "b, c")]
    other["claims"].append(found("R3", 3.0, 1.0, of="seeds", why="it is too early"))
    for chapter in (network, other):
        (tmp_path / f"{chapter['chapter']}.json").write_text(json.dumps(chapter))
    assert record.results_table(tmp_path).splitlines() == [
        "Measured on landscapes, profile `photos`: 32 × 32 pixels, 0.5 × the paper's width, "
        "`report` preset; epochs: vegenet 4; 3 seeds for claims over seeds; CPU threads: 2 "
        "(2026-01-01). Brackets are 95 % intervals: bootstrap over images; of claims, over "
        "trainings and images together. The studies train 2 seeds at 0.25 × the width, epochs as "
        "above. The ablations train 1 seeds at 1 × the width, 7 epochs.",
        "",
        "*Errors:*",
        "",
        "| prediction | A |",
        "| --- | --- |",
        "| a\\|b | 1 |",
        "",
        "Image by image, its network is nearer to the truth than gray by 1.50 [1.25, 1.75] ΔE₀₀.",
        "",
        "Claims not measured in this record: 1. They wait for a run with the experiments as they "
        "are now.",
        "",
        "| claim |  | verdict | what decided it | effect [95 %] | margin | measured on |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| R2 | Claim R2. | **not supported** | cost (b, c, of 2 parts) "
        "| 1.00 [0.61,\u00a01.39] dB | at most: 0.5 dB | 40 images |",
        "| R3 | Claim R3. | **undecided**: it is too early | loss "
        "| 3.0 [1.0,\u00a05.0] dB | 0.5 dB | 3 seeds × 40 images |",
        "| R4 | Claim R4. | **supported** | layers | 0 exceptions | none | 22 layers |",
        "| R5 | Claim R5. | not measured |  |  |  |  |",
    ]


def test_curves_made_elsewhere_stay(tmp_path):
    def train(folder, name, losses):
        run = tmp_path / folder / f"{name}-s0-abc"
        run.mkdir(parents=True)
        rows = [f"{epoch},{loss},1.5" for epoch, loss in enumerate(losses, 1)]
        (run / "history.csv").write_text("\n".join(["epoch,val_color,seconds", *rows]))
        (run / "run.json").write_text(json.dumps({"name": name, "seed": 0, "best_epoch": 1}))

    train("here", "first", [0.5, 0.4])
    train("here", "second", [0.3])
    train("there", "second", [0.2, 0.1234567])
    path = tmp_path / "curves.csv"
    record._keep_curves(tmp_path / "here", path)
    record._keep_curves(tmp_path / "there", path)
    assert path.read_text().splitlines() == [
        "training,seed,epoch,val_color",
        "first,0,1,0.5",
        "first,0,2,0.4",
        "second,0,1,0.2",
        "second,0,2,0.1234567",
    ]
    kept = path.read_text()
    record._keep_curves(tmp_path / "there", path)
    assert path.read_text() == kept
