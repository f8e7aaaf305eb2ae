"""The page of speeds: what `make bench` last measured on each kind of machine, and its plots.

Nothing is measured here. The results are read from `figures/bench-<kind>.json`.
"""

import io
import json
from pathlib import Path

from colorkit.system.errors import ColorkitError, one_line

KINDS = {"cpu": "CPU", "cpu-amx": "CPU with AMX", "gpu": "GPU"}


def speeds(folder: Path) -> list[dict]:
    """Read the results of each kind of machine, those measured first.

    Returns:
        One entry a kind: `kind`, `title`, `machine`, and gathered over its parts `rows`, `tables`,
        `series`, `shares` and `disturbed`, the names of the parts during which other programs took
        more than a twentieth of the processor. A kind not measured has no machine.

    Raises:
        ColorkitError: a file of results that cannot be read.
    """
    found = []
    for kind, title in KINDS.items():
        path = folder / f"bench-{kind}.json"
        kept = {"kind": kind, "title": title, "machine": None}
        kept |= {"rows": [], "tables": [], "series": [], "shares": {}, "disturbed": []}
        if path.exists():
            try:
                results = json.loads(path.read_text(encoding="utf-8"))
                kept["machine"] = results["machine"]
                for name, part in results["parts"].items():
                    for key in ("rows", "tables", "series"):
                        kept[key] += part.get(key, [])
                    kept["shares"] |= part.get("shares", {})
                    if part["others"] > 0.05:
                        kept["disturbed"].append(name)
                    kept["date"] = max(part["date"], kept.get("date", ""))
            except (ValueError, KeyError, TypeError) as error:
                raise ColorkitError(
                    f"{path} cannot be read ({one_line(error)}); run make bench again"
                ) from error
        found.append(kept)
    return found


def plots(found: list[dict]) -> dict[str, bytes]:
    """Draw every series and profile as an SVG file, by name."""
    files = {}
    for machine in found:
        for series in machine["series"]:
            files[f"bench-{machine['kind']}-{series['id']}.svg"] = svg(_curve(series))
        for k, (what, shares) in enumerate(machine["shares"].items()):
            files[f"bench-{machine['kind']}-profile-{k}.svg"] = svg(_bars(what, shares))
    return files


def _curve(series: dict):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    for name, points in series["lines"].items():
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    top = 1.1 * max(y for points in series["lines"].values() for _, y in points)
    axes.set(xlabel=series["x"], ylabel=series["y"], xscale="log", ylim=(0, top or 1))
    axes.set_xticks(ticks := [x for x, _ in next(iter(series["lines"].values()))], map(str, ticks))
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    if len(series["lines"]) > 1:
        axes.legend(frameon=False)
    return figure


def _bars(what: str, shares: dict[str, float]):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    names = list(shares)[::-1]
    bars = axes.barh(names, [100 * shares[name] for name in names])
    axes.bar_label(bars, fmt="%.1f", padding=3)
    axes.set(xlabel=f"share of the time of a {what}, %", xlim=(0, 115 * max(shares.values())))
    return figure


def svg(figure) -> bytes:
    """Give a figure as an SVG file; equal figures give equal files."""
    import matplotlib

    stream = io.BytesIO()
    # Equal results make equal files: no date, and names that do not change.
    with matplotlib.rc_context({"svg.hashsalt": "colorkit"}):
        figure.savefig(stream, format="svg", bbox_inches="tight", metadata={"Date": None})
    return stream.getvalue()
