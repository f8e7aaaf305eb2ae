"""The command line: `colorkit report`, `colorkit train`.

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
    wandb: Annotated[str, typer.Option(help="Log to this Weights & Biases project too.")] = "",
) -> None:
    """Train one network, and those it starts from, or find it trained already."""
    from colorkit.profiles import load_profile

    known = load_profile(profile, data).networks
    if network not in known:
        raise ColorkitError(f"no network {network!r} in {profile}; it has {', '.join(known)}")
    from colorkit.course import Course

    loggers = [_wandb(wandb, network)] if wandb else None
    run = Course(profile, seed, data).train(network, loggers=loggers)
    best = run.history.loc[run.history["epoch"] == run.best_epoch, "val_color"].item()
    print(f"{network}: best epoch {run.best_epoch}, validation chroma loss {best:.5f}")
    print(f"weights in {run.weights}")


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
