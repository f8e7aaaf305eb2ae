"""The numbers and figures of record: a run on real photographs, kept with the project.

Only what is ours to publish is kept: numbers, plots, house photographs and procedural scenes, never
a photograph of somebody's data set.
"""

import json
import shutil
from pathlib import Path

from colorkit.claims import with_interval
from colorkit.errors import ColorkitError
from colorkit.files import write_json, write_text
from colorkit.profiles import load_profile, project_root

PUBLISHABLE = ("plot", "house", "procedural")
_BEGIN, _END = "<!-- results: written by `colorkit report --record` -->", "<!-- end of results -->"


def keep_record(profile: str, data: str = "") -> None:
    """Copy a finished run's numbers, curves and publishable figures to `figures/`.

    The README's table of results is written from the same numbers.

    Args:
        profile, data: of the run, see `colorkit.profiles.load_profile`.

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
    environment = json.loads((run / "environment.json").read_text())
    for path in chapters:
        numbers = json.loads(path.read_text())
        kept = [f for f in numbers["figures"] if f["shows"] in PUBLISHABLE]
        for figure in kept:
            record.mkdir(exist_ok=True)
            name = Path(figure["file"]).name
            shutil.copyfile(run / figure["file"], record / name)
            figure["file"] = name
        facts = {k: environment[k] for k in ("device", "threads", "date", "versions")}
        write_json(record / path.name, numbers | {"figures": kept, "environment": facts})
    for folder in sorted((root / "runs" / checked.name).glob("*-s*")):
        if (folder / "run.json").exists():
            name = folder.name.rsplit("-", 1)[0]
            shutil.copyfile(folder / "history.csv", record / f"history-{name}.csv")
    readme = root / "README.md"
    write_text(readme, with_results(readme.read_text(encoding="utf-8"), record))


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
    """Markdown: how each network fares beside gray and mean color, then the verdicts."""
    chapters = [json.loads(p.read_text()) for p in sorted(record.glob("[0-9][0-9]_*.json"))]
    lines = []
    for chapter in chapters:
        table = chapter["tables"].get(chapter["chapter"].split("_", 1)[1])
        if table is None:
            continue
        if not lines:
            lines += [_setting(chapter), ""]
        caption, columns = table["caption"], ["prediction", *table["columns"][1:]]
        lines += [f"*{caption}:*", "", _row(columns), _row(["---"] * len(columns))]
        lines += [_row([str(v) for v in row]) for row in table["rows"]]
        lines += [*_gains(chapter), ""]
    lines += [_row(["claim", "effect (positive: the claim holds)", "value", "n", "verdict"])]
    lines += [_row(["---"] * 5)]
    for chapter in chapters:
        for c in chapter["claims"]:
            value = with_interval(c["value"], c["low"], c["high"], c["unit"])
            name = f"{c['id']} {c['part']}".strip()
            lines.append(_row([name, c["measure"], value, f"{c['n']} {c['of']}", c["verdict"]]))
    return "\n".join(lines) + "\n"


def _setting(chapter: dict) -> str:
    s, machine = chapter["setting"], chapter["environment"]
    epochs = ", ".join(f"{name} {count}" for name, count in s["epochs"].items())
    return (
        f"Measured on {chapter['data']}, profile `{chapter['profile']}`: {s['size']} × {s['size']} "
        f"pixels, {s['width']:g} × the paper's width, `{s['preset']}` preset; epochs: {epochs}; "
        f"{s['seeds']} seeds for claims over seeds; {machine['threads']} CPU threads "
        f"({machine['date']}). Brackets are 95 % intervals: bootstrap over images, Student's t "
        "over seeds."
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
