"""`python -m benchmarks [part …]`: measure, print the table, keep the results.

Each kind of machine has its file, `figures/bench-<kind>.json`; a part that is measured again
replaces its own results there and leaves the others.
"""

import argparse
import json
import time

from rich.console import Console
from rich.table import Table

from benchmarks import (
    colorize,
    elsewhere,
    encoder,
    network,
    pipeline,
    program,
    scan,
    streaming,
    tried,
)
from benchmarks.timing import QUIET, RESULTS, Others, machine
from colorkit.system.project import project_root
from colorkit.system.writing import write_json

PARTS = {
    "training": network.training,
    "encoder-training": encoder.training,
    "scan": scan.scans,
    "inference": network.inference,
    "colorize": colorize.colorizing,
    "data": pipeline.data,
    "first-epoch": pipeline.first_epoch,
    "growth": pipeline.growth,
    "import": program.imports,
    "report": program.report,
    "tried-data": pipeline.tried,
    "tried-training": tried.training,
    "tried-compile": tried.compiled_training,
    "tried-inference": tried.inference,
    "profile": network.profile,
    "curves": tried.curves,
    "onnx": elsewhere.onnx,
    "shards": streaming.shards,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    chosen = parser.parse_args().parts or list(PARTS)
    unknown = set(chosen) - set(PARTS)
    if unknown:
        parser.error(f"unknown {', '.join(unknown)}; the parts are {', '.join(PARTS)}")
    path = project_root() / "figures" / RESULTS
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"parts": {}}
    for name in chosen:
        print(f"measuring {name}", flush=True)
        with Others() as others:
            found = PARTS[name]()
        stamp = {"date": time.strftime("%Y-%m-%d"), "others": others.share}
        kept["parts"][name] = stamp | found
        if others.share > QUIET:
            print(f"other programs took {others.share:.0%} of the processor: measure again")
        kept["machine"] = machine()
        kept["parts"] = {p: kept["parts"][p] for p in PARTS if p in kept["parts"]}
        write_json(path, _rounded(kept))
    for table in tables(kept["parts"], set(chosen)):
        Console().print(table)


def tables(parts: dict, chosen: set[str]) -> list[Table]:
    """The table of targets, and those of what was tried."""
    found = Table("what", "ours", "plain", "ratio", "of limit", "unit", "target", "met")
    more = []
    for name, part in parts.items():
        if name not in chosen:
            continue
        for r in part.get("rows", []):
            numbers = [_text(r.get(key)) for key in ("ours", "baseline", "ratio")]
            share = "" if r.get("share") is None else f"{r['share']:.0%}"
            met = {True: "yes", False: "no"}.get(r.get("met"), "")
            found.add_row(r["what"], *numbers, share, r["unit"], r["target"], met)
        for t in part.get("tables", []):
            table = Table(*t["columns"], title=t["caption"])
            for line in t["rows"]:
                table.add_row(*map(_text, line))
            more.append(table)
        for what, shares in part.get("shares", {}).items():
            table = Table(what, "share of the time")
            for key, share in shares.items():
                table.add_row(key, f"{share:.1%}")
            more.append(table)
    return [found, *more] if found.rows else more


def _text(value) -> str:
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def _rounded(value):
    """Four digits: more would claim what no timing knows."""
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
