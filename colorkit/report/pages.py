"""What the pages around the chapters show: all of it from the record, the run, and models' cards.

Each function gives plain data or HTML for a template of `report/`; no page has its own numbers.
"""

import re
from html import escape
from pathlib import Path

from colorkit.course.claims import with_interval
from colorkit.models import pretrained
from colorkit.report.both import Found
from colorkit.report.front import FRONT, SAID
from colorkit.report.notebooks import asked
from colorkit.report.pictures import Pictures
from colorkit.report.speed import svg
from colorkit.report.tables import Table, source_label, table_html

_COMPARISON = "15_comparison"


def gallery(chapters: list[dict], record: Path, pictures: Pictures) -> list[dict]:
    """The chapters as cards: number, title, what it asks, and its thumbnail of record if any."""
    cards = []
    for chapter in chapters:
        number, _, title = chapter["title"].partition("·")
        texts = [c.source for c in chapter["notebook"].cells if c.cell_type == "markdown"]
        thumbnail = record / "thumbnails" / f"{chapter['name']}.webp"
        picture = None
        if thumbnail.exists():
            picture, _ = pictures.add(f"card-{chapter['name']}", thumbnail.read_bytes())
        cards.append(
            {
                "name": chapter["name"],
                "number": number.strip() if title else "",
                "title": (title or number).strip(),
                "asks": _plain(asked(texts[0]) if texts else ""),
                "picture": picture,
                "failed": bool(chapter["failed"]),
            }
        )
    return cards


def front(record: Path, pictures: Pictures) -> dict | None:
    """The picture across the first page, with its alternative text; None if there is none."""
    if not (record / FRONT).exists():
        return None
    source, size = pictures.add("front", (record / FRONT).read_bytes())
    return {"source": source, "size": size, "alt": SAID}


def comparison(found: Found, record: bool) -> dict | None:
    """The networks of the last comparison side by side, with what each costs.

    Returns:
        `table` as HTML, `rows` as text; None if the chapter was not run. `gain` is by how much
        the mean ΔE₀₀ of gray exceeds that of a network.
    """
    table, costs = found.tables.get("C-T1"), found.tables.get("costs")
    if table is None:
        return None
    names = [str(c).split(" (")[0].replace("_", " ") for c in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in table.rows]
    spent = {}
    if costs:
        heads = [str(c) for c in costs.columns]
        spent = {row[0]: dict(zip(heads, row, strict=True)) for row in costs.rows}
    key = "delta e"
    gray = next((_number(r[key]) for r in rows if r[names[0]] == "gray" and key in r), None)
    shown = []
    for row in rows:
        line = {"network": row[names[0]]}
        if gray is not None and _number(row.get(key)) is not None:
            line["gain"] = round(gray - _number(row[key]), 2)
        line |= {n: row[n] for n in names[1:] if n != "mse"}
        cost = spent.get(row[names[0]], {})
        line["milliseconds"] = cost.get("milliseconds")
        line["parameters (million)"] = cost.get("parameters (million)")
        shown.append(line)
    columns = list(dict.fromkeys(c for line in shown for c in line))
    cells = [[line.get(c) for c in columns] for line in shown]
    whole = Table(table.caption, columns, cells)
    return {
        "table": table_html(whole, source_label(record), sortable=True, fold=False),
        "rows": shown,
        "caption": table.caption,
        "data": found.data,
    }


def pareto(rows: list[dict], against: str, label: str, log: bool = False) -> bytes | None:
    """Draw the gain of each network against something else; named are those no other beats.

    Args:
        rows: see `comparison`.
        against: of the rows; `milliseconds`, of which less is better, or `ratio`, of which more is.
        label: of the axis.
        log: whether the axis grows by factors.
    """
    points = [(_number(r.get(against)), r.get("gain"), r["network"]) for r in rows]
    points = [(x, y, name) for x, y, name in points if x is not None and y is not None]
    if len(points) < 2:
        return None
    from matplotlib.figure import Figure

    sign = -1 if against == "milliseconds" else 1
    best = [
        (x, y, name)
        for x, y, name in points
        if not any(sign * a >= sign * x and b >= y and (a, b) != (x, y) for a, b, _ in points)
    ]
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.scatter([p[0] for p in points], [p[1] for p in points], s=28, color="#56B4E9")
    ordered = sorted(best)
    axes.plot([p[0] for p in ordered], [p[1] for p in ordered], "o-", color="#D55E00", lw=1.2)
    for number, (x, y, _) in enumerate(ordered, 1):
        axes.annotate(str(number), (x, y), xytext=(0, 6), textcoords="offset points", ha="center")
    names = [f"{number}  {name}" for number, (_, _, name) in enumerate(ordered, 1)]
    figure.text(1.0, 0.95, "\n".join(names), va="top", linespacing=1.6, in_layout=True)
    axes.axhline(0, color="black", lw=0.8)
    axes.set(xlabel=label, ylabel="ΔE₀₀ gained over gray", xscale="log" if log else "linear")
    if log:
        low, high = min(p[0] for p in points), max(p[0] for p in points)
        steps = [d * 10**k for k in range(-3, 6) for d in (1, 2, 5)]
        ticks = [step for step in steps if low / 1.5 <= step <= high * 1.5]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    axes.margins(x=0.08, y=0.12)
    axes.grid(alpha=0.3)
    return svg(figure)


def models(stills: dict | None) -> list[dict]:
    """The cards of the models in the box: what each is for, its scores, and where it fails."""
    found = []
    for name, listed in pretrained.models().items():
        card = pretrained.card(name)
        looks = card.get("views") or [card.get("size", "")]
        told = card | card.get("settings", {}) | {"looks": ", ".join(map(str, looks))}
        scores = card.get("scores") or {}
        keys = [
            key for key in dict.fromkeys(k for s in scores.values() for k in s) if key in _SCORES
        ]
        rows = [[of, *(_score(s.get(key)) for key in keys)] for of, s in scores.items()]
        heads = ["test images", *(_SCORES[key] for key in keys)]
        still = ((stills or {}).get("models") or {}).get(name)
        found.append(
            {
                "name": name,
                "text": listed["description"],
                "megabytes": f"{listed['bytes'] / 1e6:.1f}",
                "still": still,
                "scores": table_html(Table(f"Scores of {name}", heads, rows), fold=False)
                if rows
                else "",
                "facts": [
                    (label, str(told[key]))
                    for key, label in _FACTS.items()
                    if told.get(key) not in (None, "")
                ],
            }
        )
    return found


_SCORES = {
    "images": "images",
    "psnr_gain": "PSNR gained over gray (dB)",
    "colorfulness_ratio": "colorfulness ÷ truth",
    "sepia": "share that turned sepia",
    "skin": "distance of skin (a*b*)",
    "psnr": "PSNR (dB)",
    "ssim": "SSIM",
    "angular_error": "angular error (°)",
    "delta_e": "ΔE₀₀",
}
_FACTS = {
    "architecture": "Network",
    "looks": "Looks at (pixels)",
    "vividness": "Vividness",
    "data": "Learned from",
    "begun": "Began with",
    "seen": "Of the scores",
    "failures": "Where it fails",
    "licence": "License",
    "terms": "Terms of the data",
    "uses": "Uses",
}


def teaching(chapters: list[dict], records: dict, runs: dict, seconds: dict[str, float]) -> list:
    """For each chapter its minutes in this run and of record, and how many exercises it has."""
    rows = []
    for chapter in chapters:
        name = chapter["name"]
        took = seconds.get(name, runs[name].facts.get("seconds"))
        kept = records[name].facts
        rows.append(
            {
                "title": chapter["title"],
                "file": chapter["file"],
                "run": _minutes(took),
                "record": _minutes(kept.get("seconds")),
                "machine": _machine(kept.get("environment")),
                "exercises": _exercises(chapter["notebook"]),
            }
        )
    return rows


def _exercises(notebook) -> int:
    texts = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    found = (text for text in texts if re.search(r"^## Exercises", text, re.M))
    return sum(len(re.findall(r"^\d+\. ", text, re.M)) for text in found)


def _machine(facts: dict | None) -> str:
    if not facts:
        return "–"
    return f"{facts['device']}, {facts['threads']} thread{'s' if facts['threads'] > 1 else ''}"


def _minutes(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds / 60:.1f}"


def _score(value):
    """A score of a card: a number, or a mean with the ends of its interval."""
    if isinstance(value, list) and len(value) == 3:
        return with_interval(*value)
    return value


def _number(value) -> float | None:
    """The number that a cell begins with."""
    if isinstance(value, int | float):
        return float(value)
    found = re.match(r"[-−]?\d+(?:\.\d+)?", str(value or ""))
    return float(found[0].replace("−", "-")) if found else None


def _plain(markdown: str) -> str:
    """Markdown's emphasis, code and links as text for HTML."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(markdown.split()))
    text = re.sub(r"(?<!\w)[*`](\S.*?)[*`](?!\w)", r"\1", text).strip().rstrip(".")
    return escape(text)
