"""A small made-up run with its record, for tests of the book that is built from it."""

import base64
import io
import json
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import nbformat.v4 as nb
import pytest
from PIL import Image

from colorkit.course import claims as registry
from colorkit.course import judgement
from colorkit.course.claims import Claim, Part, exact_finding, finding, known_claims
from colorkit.course.estimates import Estimate
from colorkit.report import ledger
from colorkit.report.notebooks import RECORD

SOURCES = Path(__file__).parents[1] / "report"
WIDGET = "application/vnd.jupyter.widget-view+json"


def made_png(color=(70, 130, 180)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (320, 120), color).save(stream, "PNG")
    return stream.getvalue()


def _code(source, *outputs, tags=()):
    return nb.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def _html(html):
    return nb.new_output("display_data", {"text/html": html, "text/plain": "…"})


def save(path: Path, cells) -> None:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nb.new_notebook(cells=cells, metadata={**kernel, "papermill": {"duration": 1.2}})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def _said(markdown):
    return nb.new_output("display_data", {"text/markdown": markdown, "text/plain": "…"})


CLAIMS = (
    "<table class='dataframe'><caption>Claims of this chapter (procedural scenes).</caption>"
    "<thead><tr><th>claim</th></tr></thead><tr><td>R3 part</td></tr></table>"
)
NUMBER = {"name": "ΔE: images", "unit": "", "of": "images"}

# What the chapters of the run have measured, in the place of the registry.
MEASURED = {
    "R1": Part("layers that differ", over="exact"),
    "R2": Part("epochs", 1.0),
    "R3": Part("color error outside minus inside its classes | b*", 0.5, unit="ΔE", over="images"),
    "R4": Part("a*", 0.1, over="images"),
}


@contextmanager
def made_registry():
    """Let the registry of claims have the parts that the made-up run measured."""
    known = {
        id: Claim(claim.text, {"part": MEASURED[id]} if id in MEASURED else {})
        for id, claim in known_claims().items()
    }
    with pytest.MonkeyPatch.context() as patch:
        for module in (registry, ledger, judgement):
            patch.setattr(module, "known_claims", lambda: known)
        yield


def _found(id, value, error, of="images"):
    found = Estimate(value, ((error, 1e6),), images=120, trainings=0 if of == "images" else 3)
    return asdict(finding(id, "part", found, of=of, data="procedural scenes"))


def make_run(root: Path) -> dict:
    """Write a run with two chapters that ran and one that failed; return build_html's arguments."""
    run, record = root / "_build" / "runs" / "smoke", root / "figures"
    image = base64.b64encode(made_png()).decode()
    figure = (
        f'<figure id="R-F4"><img alt="four gray squares" src="data:image/png;base64,{image}">'
        "<figcaption><b>R-F4</b> Epochs pass from left to right. (procedural scenes; profile "
        "smoke.)</figcaption></figure>"
    )
    cells = "".join(f"<td>{k / 7:.3f}</td>" for k in range(14))
    table = (
        f"<table class='dataframe'><tr><th>a</th>{'<td>b</td>' * 14}</tr>"
        f"<tr><th>first</th>{cells}</tr></table>"
    )
    errors = (
        "<table class='dataframe'><caption>Errors (procedural scenes; profile smoke.)</caption>"
        "<thead><tr><th></th><th>ΔE</th></tr></thead><tr><th>gray</th><td>8.2 [7.9, 8.5]</td></tr>"
        "</table>"
    )
    log = "".join(f"vegenet (seed 0) epoch {k}/6 val color 0.0{k} 3.1 s\n" for k in range(1, 7))
    warned = f"weights are not in {Path.home()}/.cache/torch/hub/checkpoints; put them there"
    badge = "[![Open online](https://example.org/badge.svg)](https://example.org/run)"
    save(
        run / "notebooks" / "01_architecture.ipynb",
        [
            nb.new_markdown_cell(
                "# 1 · Architecture\n\n**Asks** what a *layer* is.\n**Follows** nothing.\n\n"
                f"{badge} · next: [VégéNet](02_vegenet.ipynb), "
                "[none](09_no.ipynb), then [OutNet](03_outnet.ipynb)"
            ),
            _code("profile = 'smoke'", tags=["parameters"]),
            _code("# Parameters\nprofile = 'smoke'", tags=["injected-parameters"]),
            nb.new_markdown_cell(
                "Loss $\\mathcal{L} = \\lVert y - \\hat{y} \\rVert_2^2$ of {cite}`iizuka2016`:\n\n"
                "$$\\Delta E = \\frac{1}{N} \\sum_i \\sqrt{(a_i - \\hat a_i)^2}$$\n\n"
                "\\begin{align} x &= 1 \\\\ y &= 2 \\end{align}"
                f"\n\n$${' + '.join(f'w_{{{k}}} x_{{{k}}}' for k in range(40))}$$\n"
            ),
            _code("print('layer')", nb.new_output("stream", name="stdout", text="layer\n" * 80)),
            _code(
                "slider()", nb.new_output("display_data", {WIDGET: {}, "text/plain": "Slider()"})
            ),
        ],
    )
    save(
        run / "notebooks" / "02_vegenet.ipynb",
        [
            nb.new_markdown_cell(
                "# VégéNet\n\n## What it learns\n\n"
                "Enlarged by `colorkit.imaging.upsample.upsample_chroma(small,L,method='guided')`."
            ),
            nb.new_markdown_cell(
                "*Only read here.* ![squares](../figures/R-F4.png)", metadata={"tags": [RECORD]}
            ),
            _code("chapter.figure(grid)", _html(figure)),
            _code("chapter.table(table)", _html(table)),
            _code("chapter.table(errors)", _html(errors)),
            _code("train()", nb.new_output("stream", name="stdout", text=log)),
            _code("say()", _said("> **R3 part** a* and b*: 1.2.")),
            _code("say()", _said("ΔE is 8.20 [7.90, 8.50] (100 images); in 90 % of them.")),
            _code("say()", _said(warned)),
            _code("chapter.finish()", _html(CLAIMS)),
            nb.new_markdown_cell("## Exercises\n\n1. Train longer.\n2. Train shorter."),
        ],
    )
    base = {"profile": "smoke", "seed": 0, "data": "procedural scenes", "seconds": 3.0}
    base |= {"numbers": [], "tables": {}, "figures": []}
    numbers = {
        "01_architecture": [asdict(exact_finding("R1", "part", 0, 22, "layers"))],
        "02_vegenet": [
            _found("R3", 1.25, 0.1),
            _found("R4", -0.5, 0.2),
            _found("R4", -0.5, 0.2) | {"variant": "other"},
            _found("R2", 0.1, 0.2, "seeds"),
        ],
    }
    (run / "numbers").mkdir()
    for name, claims in numbers.items():
        value = {"chapter": name, **base, "claims": claims}
        if name == "02_vegenet":
            value["numbers"] = [NUMBER | {"value": 8.2, "low": 7.9, "high": 8.5, "n": 100}]
            value["numbers"][0]["data"] = "procedural scenes"
            rows = [["gray", "8.2 [7.9, 8.5]"]]
            value["tables"] = {"t": {"caption": "Errors", "columns": ["index", "ΔE"], "rows": rows}}
        (run / "numbers" / f"{name}.json").write_text(json.dumps(value))
    environment = {"commit": "abc123def456", "dirty": True, "profile": "smoke", "seed": 7}
    environment |= {"device": "CPU", "threads": 2, "python": "3.11.2", "platform": "Linux x86_64"}
    environment |= {"versions": {"torch": "2.13.0"}, "seconds": 312.4, "date": "2026-01-02"}
    (run / "environment.json").write_text(json.dumps(environment))
    (run / "failed.json").write_text(json.dumps({"03_outnet": "cell 4: ValueError: no images"}))
    (run / "stills").mkdir()
    (run / "stills" / "still-0.jpg").write_bytes(made_png())
    still = {"file": "still-0.jpg", "title": "3 hints", "alt": "gray left, colors right"}
    (run / "stills" / "stills.json").write_text(
        json.dumps({"photograph": "china", "stills": [still]})
    )

    (record / "thumbnails").mkdir(parents=True)
    (record / "front.webp").write_bytes(made_png())
    (record / "thumbnails" / "02_vegenet.webp").write_bytes(made_png((200, 20, 20)))
    for name, color in {"R-F6a": (20, 20, 20), "R-F4": (200, 20, 20)}.items():
        (record / f"{name}.png").write_bytes(made_png(color))
    picture = {"id": "R-F6a", "file": "R-F6a.png", "shows": "plot"}
    picture |= {"alt": "two falling curves", "caption": "Loss by epoch."}
    squares = {"id": "R-F4", "file": "R-F4.png", "shows": "sample", "alt": "red squares"}
    squares["caption"] = "Epochs pass. (2,688 photographs; profile photos.)"
    kept = {"chapter": "02_vegenet", **base, "data": "2,688 photographs", "profile": "photos"}
    kept |= {"claims": [_found("R3", 2.5, 0.1)], "setting": {"size": 128}}
    kept["environment"] = {"device": "GPU", "threads": 3, "date": "2026-01-01"}
    kept["figures"] = [picture, squares, {**picture, "id": "R-F9", "file": "R-F9.png"}]
    rows = [["gray", "9.5 [9.1, 9.9]"]]
    kept["tables"] = {
        "t": {"caption": "Errors", "columns": ["index", "ΔE"], "rows": rows},
        "left": {"caption": "What no run has", "columns": ["index", "n"], "rows": [["a", 3]]},
    }
    number = NUMBER | {"value": 9.5, "low": 9.1, "high": 9.9, "n": 175}
    kept["numbers"] = [number | {"data": "2,688 photographs"}]
    (record / "02_vegenet.json").write_text(json.dumps(kept))
    compared = {"chapter": "15_comparison", **base, "data": "2,688 photographs", "claims": []}
    compared["setting"] = {"size": 96}
    networks = {"gray": ("9.5", "0.0", None), "box": ("7.5 [7.0, 8.0]", "0.8", 20.0)}
    networks["small"] = ("8.0", "0.5", 5.0)
    columns = ["index", "mse", "delta e (ΔE₀₀)", "ratio"]
    rows = [[name, "1", delta, ratio] for name, (delta, ratio, _) in networks.items()]
    costs = [[name, cost, 1.5] for name, (_, _, cost) in networks.items() if cost]
    heads = ["index", "milliseconds", "parameters (million)"]
    compared["tables"] = {
        "C-T1": {"caption": "Every network", "columns": columns, "rows": rows},
        "costs": {"caption": "Costs", "columns": heads, "rows": costs},
    }
    (record / "15_comparison.json").write_text(json.dumps(compared | {"profile": "photos"}))
    save(run / "notebooks" / "15_comparison.ipynb", [nb.new_markdown_cell("# 15 · Comparison")])
    return {"run": run, "out": root / "_build" / "html", "sources": SOURCES, "record": record}
