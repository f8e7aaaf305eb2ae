"""The numbers and figures of record: a run on real photographs, kept with the project.

Only what is ours to publish is kept: numbers, plots, sample photographs and procedural scenes,
never a photograph of somebody's data set.
"""

import json
import shutil
from pathlib import Path

from colorkit.course.claims import known_claims, with_interval
from colorkit.course.judgement import Judgement
from colorkit.course.profile import load_profile
from colorkit.report.ledger import MISSING, judge_chapters, shown
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root
from colorkit.system.writing import write_json, write_text

PUBLISHABLE = ("plot", "sample", "procedural")
_BEGIN, _END = "<!-- results: written by `colorkit report --record` -->", "<!-- end of results -->"


def keep_record(profile: str, data: str = "") -> None:
    """Copy a finished run's numbers, curves and publishable figures to `figures/`.

    The README's table of results is written from the same numbers.

    Args:
        profile, data: of the run, see `colorkit.course.profile.load_profile`.

    Raises:
        ColorkitError: there is no such run, or its images are procedural scenes.
    """
    root = project_root()
    checked = load_profile(profile, data)
    run = root / "report" / "_build" / "runs" / checked.name
    chapters = sorted((run / "numbers").glob("*.json"))
    if not chapters:
        raise ColorkitError(f"{run} holds no numbers; run `colorkit report` first")
    if checked.data.source == "scenes":
        raise ColorkitError("numbers of record come from photographs; use another profile")
    record = root / "figures"
    environment = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    for path in chapters:
        numbers = json.loads(path.read_text(encoding="utf-8"))
        kept = [f for f in numbers["figures"] if f["shows"] in PUBLISHABLE]
        for figure in kept:
            record.mkdir(exist_ok=True)
            name = Path(figure["file"]).name
            shutil.copyfile(run / figure["file"], record / name)
            figure["file"] = name
        facts = {k: environment[k] for k in ("device", "threads", "date", "versions")}
        write_json(record / path.name, numbers | {"figures": kept, "environment": facts})
    _keep_curves(root / "runs" / checked.name, record / "curves.csv")
    readme = root / "README.md"
    write_text(readme, with_results(readme.read_text(encoding="utf-8"), record))


def _keep_curves(runs: Path, path: Path) -> None:
    """Join the histories of all finished trainings to one table, named and numbered.

    Of trainings made elsewhere the table keeps what it had: no machine has to hold all of them.
    """
    import pandas as pd

    from colorkit.training.run import load_run

    trained = [load_run(record.parent) for record in sorted(runs.glob("*/run.json"))]
    tables = [run.history.assign(training=run.name, seed=run.seed) for run in trained]
    if not tables:
        return
    table = pd.concat(tables).drop(columns="seconds").round(7)
    if path.exists():
        before = pd.read_csv(path)
        made = set(zip(table["training"], table["seed"], strict=True))
        other = [key not in made for key in zip(before["training"], before["seed"], strict=True)]
        table = pd.concat([before[other], table])
    table = table.set_index(["training", "seed", "epoch"]).sort_index()
    write_text(path, table.to_csv())


def with_results(readme: str, record: Path) -> str:
    """Return the README with its table of results made from the numbers of record.

    Raises:
        ColorkitError: the README has lost the marks between which the table stands.
    """
    if readme.count(_BEGIN) != 1 or readme.count(_END) != 1:
        raise ColorkitError(f"README.md needs one {_BEGIN} and one {_END}; put them back")
    before, rest = readme.split(_BEGIN)
    after = rest.split(_END)[1]
    return f"{before}{_BEGIN}\n\n{results_table(record)}\n{_END}{after}"


def results_table(record: Path) -> str:
    """Markdown: how each network fares beside gray and mean color, then one verdict a claim."""
    chapters = [
        json.loads(p.read_text(encoding="utf-8")) for p in sorted(record.glob("[0-9][0-9]_*.json"))
    ]
    lines = []
    for chapter in chapters:
        network = chapter["chapter"].split("_", 1)[1]
        if network not in chapter["setting"]["epochs"]:
            continue
        table = chapter["tables"][network]
        if not lines:
            lines += [_setting(chapter), ""]
        caption, columns = table["caption"], ["prediction", *table["columns"][1:]]
        lines += [f"*{caption}:*", "", _row(columns), _row(["---"] * len(columns))]
        lines += [_row([str(v) for v in row]) for row in table["rows"]]
        lines += [*_gains(chapter), ""]
    judged = judge_chapters(chapters)
    missing = sum(1 for id in known_claims() if id not in judged)
    if missing:
        lines += [
            f"Claims not measured in this record: {missing}. They wait for a run with the "
            "experiments as they are now.",
            "",
        ]
    heads = ["claim", "", "verdict", "what decided it", "effect [95 %]", "margin", "measured on"]
    lines += [_row(heads), _row(["---"] * len(heads))]
    for id, claim in known_claims().items():
        if id in judged:
            lines.append(_row([id, claim.text, *_verdict(judged[id])]))
        else:
            lines.append(_row([id, claim.text, MISSING, *[""] * 4]))
    return "\n".join(lines) + "\n"


def _verdict(judged: Judgement) -> list[str]:
    """The verdict of a claim and the part that decided it, as cells."""
    part = shown(judged)["parts"][judged.findings.index(judged.deciding)]
    count = len(judged.findings)
    named = part["measure"] + (f" ({part['name']}, of {count} parts)" if count > 1 else "")
    told = f"**{judged.verdict}**" + (f": {part['note']}" if part["note"] else "")
    return [told, named, part["effect"], part["margin"], part["counted"]]


def _setting(chapter: dict) -> str:
    s, machine = chapter["setting"], chapter["environment"]
    epochs = ", ".join(f"{name} {count}" for name, count in s["epochs"].items())
    studies = "".join(
        f" The {what} train {scale['seeds']} seeds at {scale['width']:g} × the width"
        + (f", {scale['epochs']} epochs." if scale["epochs"] else ", epochs as above.")
        for what, scale in s.get("scales", {}).items()
    )
    return (
        f"Measured on {chapter['data']}, profile `{chapter['profile']}`: {s['size']} × {s['size']} "
        f"pixels, {s['width']:g} × the paper's width, `{s['preset']}` preset; epochs: {epochs}; "
        f"{s['seeds']} seeds for claims over seeds; CPU threads: {machine['threads']} "
        f"({machine['date']}). Brackets are 95 % intervals: bootstrap over images; of claims, over "
        f"trainings and images together.{studies}"
    )


def _gains(chapter: dict) -> list[str]:
    """Paired comparisons of the chapter's network with the trivial predictions, one sentence."""
    begin = "ΔE gained over "
    gains = [
        f"{n['name'].removeprefix(begin)} by {with_interval(n['value'], n['low'], n['high'])} ΔE₀₀"
        for n in chapter["numbers"]
        if n["name"].startswith(begin)
    ]
    if not gains:
        return []
    return ["", f"Image by image, its network is nearer to the truth than {', '.join(gains)}."]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
