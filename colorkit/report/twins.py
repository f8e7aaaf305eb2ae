"""Twins: figures of procedural scenes, for those that on photographs show pictures of a data set.

Such pictures are not ours to publish. On a code host a reader sees in their place what the quick
run draws: the same figure of scenes that a program made.
"""

import json
from pathlib import Path

from colorkit.report.figure_files import keep_figure
from colorkit.system.writing import write_json

TWINS = "twins.json"
_LARGEST = 100_000  # bytes: they show how a figure is built, not what was found


def keep_twins(run: Path, record: Path) -> None:
    """Copy the figures of procedural scenes that have no like in the record to `figures/twins`.

    Args:
        run: a finished run on procedural scenes; of chapters that it lacks, earlier twins stay.
        record: folder of the figures of record.
    """
    twins = read_twins(record)
    for path in sorted((run / "numbers").glob("*.json")):
        figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
        kept = record / path.name
        recorded = json.loads(kept.read_text(encoding="utf-8"))["figures"] if kept.exists() else []
        ids = {figure["id"] for figure in recorded}
        twins[path.stem] = [
            {
                "id": figure["id"],
                "file": f"twins/{keep_figure(run / figure['file'], record / 'twins', _LARGEST)}",
                "alt": figure["alt"],
                "caption": figure["caption"],
            }
            for figure in figures
            if figure["shows"] == "procedural" and not {figure["id"], f"{figure['id']}-house"} & ids
        ]
    named = {record / each["file"] for some in twins.values() for each in some}
    for path in (record / "twins").glob("*"):
        if path not in named:
            path.unlink()
    if twins:
        write_json(record / TWINS, twins)


def read_twins(record: Path) -> dict[str, list[dict]]:
    """The twins by chapter: `id`, `file` below `figures/`, `alt` and `caption` of each."""
    path = record / TWINS
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
