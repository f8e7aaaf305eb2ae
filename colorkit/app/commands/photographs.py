"""Colorizing photographs and videos, and the models that do it."""

from pathlib import Path
from typing import Annotated

import typer

from colorkit.app.commands import plain, say
from colorkit.system.errors import ColorkitError, one_line

app = typer.Typer()


@app.command()
def colorize(
    photographs: Annotated[
        list[str],
        typer.Argument(help="Files, folders, or patterns such as 'holiday/*.jpg'; videos too."),
    ],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="Folder for the results, or one result's file name."),
    ],
    model: Annotated[
        str, typer.Option(help="A name `colorkit models` lists, or a .safetensors file.")
    ] = "",
    saturation: Annotated[
        float, typer.Option(min=0, max=10, help="Factor on the colors; 0 is gray.")
    ] = 1.0,
    hint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y,COLOR",
            help="A color at a place of the one photograph, such as 120,80,skyblue; repeatable.",
        ),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Measure results against color originals; flicker.")
    ] = False,
    beside: Annotated[
        Path | None, typer.Option(help="Folder for original, gray and result of photographs.")
    ] = None,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Refuse larger photographs and frames undecoded.")
    ] = 200_000_000,
) -> None:
    """Colorize photographs and videos. Results keep name, format and EXIF.

    Their pixels are sRGB of 8 bits a channel, with a profile that says so if the photograph had
    one. JPEG and WebP are written at quality 95, JPEG with colors at full resolution. Older results
    of the same name are replaced, photographs that were given never. Videos keep sound and times,
    as H.264 at CRF 18 in MP4, MOV or MKV; their colors are averaged over time along the motion.
    """
    from colorkit.inference.files import colorize_files, find_photographs, plan

    found, missing = find_photographs(photographs, out)
    outcomes = plan(found, out, beside)
    options = {"compare": compare, "max_pixels": max_pixels}
    if hint:
        options["hints"] = _hints(hint, len(outcomes) + len(missing))

    def start(progress):
        return colorize_files(outcomes, model or None, saturation, progress=progress, **options)

    done = [*missing, *_with_progress(start, len(outcomes))]
    for outcome in done:
        for note in outcome.notes:
            print(one_line(f"{outcome.source}: {note}") + ".")
    if compare:
        _print_measures([outcome for outcome in done if outcome.measures])
    faults = [outcome.fault for outcome in done if outcome.fault]
    colored = len(done) - len(faults)
    print(one_line(f"{colored} colorized into {out}") + f"; {len(faults)} not." * bool(faults))
    for fault in faults:
        say(fault)
    if faults:
        raise typer.Exit(1)


def _hints(texts: list[str], photographs: int) -> list[tuple]:
    if photographs != 1:
        raise ColorkitError(
            f"--hint belongs to one photograph and {photographs} are given; colorize it alone"
        )
    hints = [tuple(text.split(",", 2)) for text in texts]
    if wrong := next((text for text, h in zip(texts, hints, strict=True) if len(h) != 3), None):
        raise ColorkitError(f"--hint {wrong} is not X,Y,COLOR; write it like 120,80,skyblue")
    return hints


def _with_progress(start, total: int) -> list:
    """Go through the steps with a bar on standard error where that is a terminal.

    `start` begins them, given what to call after each frame of a video: it has its own bar.
    """
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    console, done = Console(stderr=True), []
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("colorizing", total=total)
        frames = bar.add_task("frames", visible=False)

        def progress(count: int, expected: int | None) -> None:
            bar.update(frames, completed=count, total=expected, visible=True)

        for outcome in start(progress):
            done.append(outcome)
            bar.advance(task)
            bar.update(frames, visible=False)
    return done


def _print_measures(outcomes: list) -> None:
    from rich.console import Console
    from rich.table import Table

    from colorkit.imaging.metrics.tables import METRICS

    if not outcomes:
        return
    table = Table("photograph", title="Against the original, on copies of at most a megapixel")
    for name in outcomes[0].measures:
        heading = METRICS[name].heading if name in METRICS else name
        table.add_column(heading, justify="right")
    rows = [(one_line(Path(o.source).name), list(o.measures.values())) for o in outcomes]
    if len(rows) > 1:
        rows.append(("mean", [sum(v) / len(v) for v in zip(*(r[1] for r in rows), strict=True)]))
    for name, values in rows:
        table.add_row(plain(name), *(f"{value:.2f}" for value in values))
    Console().print(table)


@app.command(name="app")
def page(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free.")] = 8866,
    token: Annotated[bool, typer.Option(help="Ask visitors for the secret address.")] = True,
) -> None:
    """Colorize in the browser: drop a photograph, place hints, compare, download.

    Nothing is sent to other machines, and no photograph is written to disk. Only this machine can
    open the page, and only by the address printed, unless --host and --no-token say otherwise.
    """
    from colorkit.app.page.server import serve

    serve(host, port, token)


@app.command()
def models(
    name: Annotated[str, typer.Argument(help="A name or a weights file; all in the box.")] = "",
) -> None:
    """List the models in the box with their cards; the first one is the default."""
    from colorkit.models import pretrained

    for each in [name] if name else pretrained.models():
        card = pretrained.card(each)
        print(f"{each}: {card.pop('description', 'no description')}")
        for key, value in card.items():
            if key not in ("format", "name", "identity"):
                print(f"  {key}: {_brief(value)}")


def _brief(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_brief(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(_brief(each) for each in value)
    return f"{value:.4g}" if isinstance(value, float) else one_line(value)


@app.command()
def export(
    weights: Annotated[str, typer.Argument(help="A .safetensors weights file.")],
    out: Annotated[str, typer.Argument(help="The .onnx file to write.")],
    int8: Annotated[bool, typer.Option(help="Multiply in 8-bit integers.")] = False,
    images: Annotated[
        str, typer.Option(help="Folder of images for --int8; procedural scenes by default.")
    ] = "",
) -> None:
    """Write a colorizer as ONNX, for other programs and languages."""
    from colorkit.inference.export import export_onnx

    print(f"wrote {export_onnx(weights, out, int8, images)}")
