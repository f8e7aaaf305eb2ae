"""What a new record changed: verdicts that differ from those before, and what was done otherwise.

A record is made chapter by chapter, on several days; each claim keeps its latest change.
"""

import json
from pathlib import Path

from colorkit.course.claims import known_claims
from colorkit.course.judgement import Judgement
from colorkit.report.ledger import MISSING, effect, judge_chapters
from colorkit.system.writing import write_json

FILE = "changes.json"


def read_record(folder: Path) -> dict[str, dict]:
    """Read what each chapter has of record, by its name."""
    paths = sorted(folder.glob("[0-9][0-9]_*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def read_changes(folder: Path) -> list[dict]:
    """Read what `keep_changes` has written, if it has, in the order of the documents."""
    path = folder / FILE
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return [{"id": id} | kept[id] for id in known_claims() if id in kept]


def keep_changes(folder: Path, before: dict[str, dict], after: dict[str, dict]) -> None:
    """Join the changes between two records to those of earlier ones, in `changes.json`."""
    kept = {each.pop("id"): each for each in read_changes(folder)}
    write_json(folder / FILE, kept | changes(before, after))


def changes(before: dict[str, dict], after: dict[str, dict]) -> dict[str, dict]:
    """Find the claims whose verdicts differ.

    Args:
        before, after: what chapters left, by their names, see `read_record`.

    Returns:
        By the claim's id: `before` and `now`, a verdict with the effect that decided it; `why`,
        what was done otherwise; `date`, of the run.
    """
    old, new = judge_chapters(before.values()), judge_chapters(after.values())
    found = {}
    for id in known_claims():
        if id in new and _verdict(old.get(id)) != _verdict(new[id]):
            chapter = _chapter_of(id, after)
            found[id] = {
                "before": _said(old.get(id)),
                "now": _said(new[id]),
                "why": _why(old.get(id), new[id], _chapter_of(id, before), chapter),
                "date": chapter.get("environment", {}).get("date", ""),
            }
    return found


def _verdict(judged: Judgement | None) -> str:
    return judged.verdict if judged else MISSING


def _said(judged: Judgement | None) -> str:
    return f"{judged.verdict}: {effect(judged.deciding)}" if judged else MISSING


def _chapter_of(id: str, record: dict[str, dict]) -> dict:
    """What the chapter left that measured a claim."""
    having = (c for c in record.values() if any(f["id"] == id for f in c.get("claims", ())))
    return next(having, {})


def _why(old: Judgement | None, new: Judgement, before: dict, after: dict) -> str:
    """Say in a line what differs between two measurements of a claim."""
    if old is None:
        return "measured in its present form for the first time"
    settings, untold = [dict(each.get("setting", {})) for each in (before, after)], []
    for setting in settings:  # older records tell two studies' scales, whether used or not
        setting.pop("scales", None)
    if "sections" in settings[1] and "sections" not in settings[0]:
        del settings[1]["sections"]
        untold.append("the chapter's own scale")
    differ = {}  # a scale repeats what it takes from the profile
    for key, was, now in _differences(*settings):
        differ.setdefault((key.split()[-1], str(was), str(now)), key)
    said = [f"{key} {was} → {now}" for (_, was, now), key in differ.items()]
    boxes = [each.get("box") for each in (before, after)]
    if None not in boxes:
        said += [f"another {name} in the box" for name, *_ in _differences(*boxes)]
    elif boxes[0] is None:  # records did not always tell it
        untold.append("the models in the box")
    if before.get("data") != after.get("data"):
        said.append("other images")
    was, now = (
        {(f.part, f.variant): (f.measure, f.margin) for f in j.findings} for j in (old, new)
    )
    if was != now:
        said.append("other parts, measures or margins")
    if untold:
        said.append(f"the record before does not tell {' or '.join(untold)}")
    return "; ".join(said) or "made anew in the same way: the luck of trainings"


def _differences(old: dict, new: dict, above: str = ""):
    """Keys, old and new values of what differs between two nested dicts."""
    for key in [*old, *(k for k in new if k not in old)]:
        was, now = old.get(key, "none"), new.get(key, "none")
        name = f"{above} {key}".strip()
        if isinstance(was, dict) and isinstance(now, dict):
            yield from _differences(was, now, name)
        elif was != now:
            yield name, was, now
