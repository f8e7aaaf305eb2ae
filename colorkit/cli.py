"""The command line: `colorkit colorize`, `colorkit models`, `colorkit report`, `colorkit train`.

A fault a person can mend ends in one sentence on standard error and status 2. Libraries are
imported by the command that needs them, so that `--help` answers at once.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from colorkit.errors import ColorkitError, one_line
from colorkit.files import REMEDIES, write_fault

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A course and report on automatic image colorization that runs.",
)

ProfileOption = Annotated[
    str, typer.Option(help="smoke, photos, places365, or the path of a YAML file.")
]
DataOption = Annotated[str, typer.Option(help="Folder of photographs; the profile's by default.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Seed of every training.")]


@app.command()
def colorize(
    photographs: Annotated[
        list[str], typer.Argument(help="Files, folders, or patterns such as 'holiday/*.jpg'.")
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
    compare: Annotated[
        bool, typer.Option("--compare", help="Measure results against color originals.")
    ] = False,
    beside: Annotated[
        Path | None, typer.Option(help="Folder for original, gray and result side by side.")
    ] = None,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Refuse larger photographs before decoding them.")
    ] = 200_000_000,
) -> None:
    """Colorize photographs. Results keep name, format and EXIF.

    Their pixels are sRGB of 8 bits a channel, with a profile that says so if the photograph had
    one. JPEG and WebP are written at quality 95, JPEG with colors at full resolution. Older results
    of the same name are replaced, photographs that were given never.
    """
    from colorkit.photographs import colorize_files, find_photographs, plan

    found, missing = find_photographs(photographs, out)
    outcomes = plan(found, out, beside)
    options = {"compare": compare, "max_pixels": max_pixels}
    steps = colorize_files(outcomes, model or None, saturation, **options)
    done = [*missing, *_with_progress(steps, len(outcomes))]
    for outcome in done:
        for note in outcome.notes:
            print(one_line(f"{outcome.source}: {note}") + ".")
    if compare:
        _print_measures([outcome for outcome in done if outcome.measures])
    faults = [outcome.fault for outcome in done if outcome.fault]
    colored = len(done) - len(faults)
    print(one_line(f"{colored} colorized into {out}") + f"; {len(faults)} not." * bool(faults))
    for fault in faults:
        _say(fault)
    if faults:
        raise typer.Exit(1)


def _with_progress(steps, total: int) -> list:
    """Go through the steps with a bar on standard error where that is a terminal."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    console, done = Console(stderr=True), []
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("colorizing", total=total)
        for outcome in steps:
            done.append(outcome)
            bar.advance(task)
    return done


def _print_measures(outcomes: list) -> None:
    from rich.console import Console
    from rich.table import Table

    from colorkit.metrics import METRICS

    if not outcomes:
        return
    table = Table("photograph", title="Against the original, on copies of at most a megapixel")
    for name in outcomes[0].measures:
        metric = METRICS.get(name)
        unit = f" ({metric.unit})" if metric and metric.unit else ""
        table.add_column(f"{metric.name if metric else name}{unit}", justify="right")
    rows = [(one_line(Path(o.source).name), list(o.measures.values())) for o in outcomes]
    if len(rows) > 1:
        rows.append(("mean", [sum(v) / len(v) for v in zip(*(r[1] for r in rows), strict=True)]))
    for name, values in rows:
        table.add_row(_plain(name), *(f"{value:.2f}" for value in values))
    Console().print(table)


def _plain(text: str):
    from rich.text import Text

    return Text(text)  # square brackets of a name are no markup


@app.command()
def models(
    name: Annotated[str, typer.Argument(help="A name or a weights file; all in the box.")] = "",
) -> None:
    """List the models in the box with their cards; the first one is the default."""
    from colorkit import pretrained

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
def report(
    profile: ProfileOption = "smoke",
    only: Annotated[
        list[str] | None, typer.Option(help="Chapters by the start of their name; repeatable.")
    ] = None,
    more: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    data: DataOption = "",
    seed: SeedOption = 0,
    record: Annotated[
        bool, typer.Option(help="Keep this run's numbers and plots as those of record.")
    ] = False,
) -> None:
    """Run the chapters and write report/_build/html/index.html."""
    from colorkit.report import run_report

    if more and not only:
        raise ColorkitError(f"unexpected {' '.join(more)}; name chapters with --only")
    outcomes = run_report(profile, [*(only or []), *(more or [])], data, seed)
    if any(o.state in ("failed", "skipped") for o in outcomes):
        raise typer.Exit(1)
    if record:
        from colorkit.record import keep_record

        keep_record(profile, data)


@app.command()
def train(
    network: Annotated[str, typer.Argument(help="A network of the profile, such as vegenet.")],
    profile: ProfileOption = "smoke",
    data: DataOption = "",
    seed: SeedOption = 0,
    devices: Annotated[int, typer.Option(min=1, help="Processes or GPUs on a machine.")] = 1,
    num_nodes: Annotated[int, typer.Option(min=1, help="Machines, under torchrun or SLURM.")] = 1,
    wandb: Annotated[str, typer.Option(help="Log to this Weights & Biases project too.")] = "",
) -> None:
    """Train one network, and those it starts from, or find it trained already."""
    from colorkit.devices import is_first_process
    from colorkit.profiles import load_profile

    known = load_profile(profile, data).networks
    if network not in known:
        raise ColorkitError(f"no network {network!r} in {profile}; it has {', '.join(known)}")
    from colorkit.course import Course

    loggers = [_wandb(wandb, network)] if wandb else None
    course = Course(profile, seed, data, devices, num_nodes)
    run = course.train(network, loggers=loggers)
    if not is_first_process():
        return
    best = run.history.loc[run.history["epoch"] == run.best_epoch, "val_color"].item()
    print(f"{network}: best epoch {run.best_epoch}, validation chroma loss {best:.5f}")
    print(f"weights in {run.weights}")


@app.command()
def export(
    weights: Annotated[str, typer.Argument(help="A .safetensors weights file.")],
    out: Annotated[str, typer.Argument(help="The .onnx file to write.")],
) -> None:
    """Write a colorizer as ONNX, for other programs and languages."""
    from colorkit.export import export_onnx

    print(f"wrote {export_onnx(weights, out)}")


@app.command()
def pretrain(
    model: Annotated[str, typer.Argument(help="A model of the box, such as faithful.")],
    data: Annotated[str, typer.Option(help="Folder of data sets, each with its splits.")],
) -> None:
    """Train a model of the box anew, measure it, and put it into the box."""
    from colorkit.pretraining import pretrain as make

    print(f"wrote {make(model, data)}")


def _wandb(project: str, name: str):
    from lightning.pytorch.loggers import WandbLogger

    try:
        return WandbLogger(project=project, name=name)
    except ModuleNotFoundError as error:
        raise ColorkitError(
            "Weights & Biases is not installed; run `pip install wandb` or leave --wandb out"
        ) from error


def main() -> None:
    """Run the command line; faults become one sentence and a status."""
    try:
        status = app(standalone_mode=False)
    except (ColorkitError, TyperException) as error:
        told = error.format_message() if hasattr(error, "format_message") else str(error)
        status = 2 if told else 0  # asking for help by giving no arguments is no fault
        _say(told)
    except OSError as error:
        if error.errno not in REMEDIES:
            raise
        _say(str(write_fault(Path(error.filename or "."), error)))
        status = 2
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    if status == 130:  # Typer turns Ctrl-C into this status too
        _say("stopped; the same command goes on where it was")
    sys.exit(status if isinstance(status, int) else 0)


def _say(told: str) -> None:
    if told:
        print(f"colorkit: {one_line(told)}.", file=sys.stderr)
