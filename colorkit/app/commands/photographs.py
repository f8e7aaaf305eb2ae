"""Colorizing photographs and videos, and the models that do it."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from colorkit.app.commands import plain, say
from colorkit.inference.colorize import ColorizeOptions, offered_options
from colorkit.inference.options import Option
from colorkit.system.errors import ColorkitError, one_line

app = typer.Typer()


def _take_options(command: Callable) -> Callable:
    """Give a command an option for each of `ColorizeOptions`, and itself what was chosen."""
    own = [p for p in inspect.signature(command).parameters.values() if p.name != "options"]

    @functools.wraps(command)
    def run(**given) -> None:
        read = {name: given.pop(name) for name, _ in offered_options()}
        chosen = {name: value for name, value in read.items() if value not in (None, "")}
        for name, option in offered_options():
            if option.read and name in chosen:
                chosen[name] = [option.read(text) for text in chosen[name]]
        try:
            options = ColorizeOptions(**chosen)
        except ValueError as error:  # infinity, or no number
            raise ColorkitError(f"{error}; give another value") from error
        command(options=options, **given)

    added = [_parameter(name, option) for name, option in offered_options()]
    run.__signature__ = inspect.Signature([*own, *added])
    return run


def _parameter(name: str, option: Option) -> inspect.Parameter:
    default = None if option.read else getattr(ColorizeOptions, name)
    flag = option.flag or f"--{name.replace('_', '-')}"
    shown = typer.Option(
        flag, min=option.low, max=option.high, metavar=option.metavar, help=option.help
    )
    kind = list[option.kind] if option.read else option.kind
    annotation = Annotated[kind | None if default is None else kind, shown]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


@app.command()
@_take_options
def colorize(
    photographs: Annotated[
        list[str],
        typer.Argument(help="Files, folders, or patterns such as 'holiday/*.jpg'; videos too."),
    ],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="Folder for the results, or one result's file name."),
    ],
    options: ColorizeOptions,
) -> None:
    """Colorize photographs and videos. Results keep name, format, EXIF, XMP, captions and texts.

    Their pixels are sRGB of 8 bits a channel, with a profile that says so if the photograph had
    one. JPEG and WebP are written at quality 95, JPEG with colors at full resolution. Older results
    of the same name are replaced, photographs that were given never. Videos keep sound and times,
    as H.264 at CRF 18 in MP4, MOV or MKV; their colors are averaged over time along the motion.
    """
    from colorkit.inference.files import colorize_files
    from colorkit.inference.planning import describe_passed_over, find_photographs, plan

    found, missing = find_photographs(photographs, out)
    outcomes = plan(found, out, options.beside)
    given = len(outcomes) + len(missing)
    if options.hints and given != 1:
        raise ColorkitError(
            f"--hint belongs to one photograph and {given} are given; colorize it alone"
        )
    start = functools.partial(colorize_files, outcomes, options)
    done = [*missing, *_with_progress(start, len(outcomes))]
    for outcome in done:
        for note in outcome.notes:
            print(one_line(f"{outcome.source}: {note}") + ".")
    if options.compare:
        _print_measures([outcome for outcome in done if outcome.measures])
    faults = [outcome.fault for outcome in done if outcome.fault]
    for sentence in describe_passed_over(photographs, out):
        print(one_line(sentence) + ".")
    colored = len(done) - len(faults)
    told = one_line(f"{colored} colorized into {out};")  # which keeps the period of such a folder
    print(f"{told} {len(faults)} not." if faults else told.removesuffix(";"))
    for fault in faults:
        say(fault)
    if faults:
        raise typer.Exit(1)


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
    import pandas as pd
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
        # Some measures have no value on some photographs: hue where everything is gray.
        means = pd.DataFrame([values for _, values in rows], dtype=float).mean().tolist()
        rows.append(("mean", means))
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
        print(f"{each}: {one_line(card.pop('description', 'no description'))}")
        for key, value in card.items():
            if key not in ("format", "name", "identity"):
                print(f"  {one_line(key)}: {_brief(value)}")


def _brief(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{one_line(key)} {_brief(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(_brief(each) for each in value)
    return f"{value:.4g}" if isinstance(value, float) else one_line(value)


@app.command()
def export(
    weights: Annotated[
        str, typer.Argument(help="A name `colorkit models` lists, or a .safetensors file.")
    ],
    out: Annotated[str, typer.Argument(help="The .onnx file to write.")],
    int8: Annotated[bool, typer.Option(help="Multiply in 8-bit integers.")] = False,
    images: Annotated[
        str, typer.Option(help="Folder of images for --int8; procedural scenes by default.")
    ] = "",
) -> None:
    """Write a colorizer as ONNX, for other programs and languages."""
    from colorkit.inference.export import export_onnx

    print(f"wrote {export_onnx(weights, out, int8, images)}")
