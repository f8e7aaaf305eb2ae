"""The command line: `colorkit colorize`, `colorkit models`, `colorkit report`, `colorkit train`.

A fault a person can mend ends in one sentence on standard error and status 2.
"""

import io
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from colorkit.app.commands import datasets, learning, photographs, say
from colorkit.system.errors import ColorkitError
from colorkit.system.stops import obeyed
from colorkit.system.writing import REMEDIES, write_fault

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # boxes around the help would take longer than everything else
)
for part in (photographs, learning, datasets):
    app.add_typer(part.app)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"colorkit {version('colorkit')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say which version."),
    ] = False,
) -> None:
    """A course and report on automatic image colorization that runs."""


@app.command()
def check() -> None:
    """Say whether this machine has what is needed: versions, device, disk, weights, data."""
    from colorkit.app.commands.check import run

    raise typer.Exit(run())


def main() -> None:
    """Run the command line; faults become one sentence and a status."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # standard error is so by itself
        sys.stdout.reconfigure(errors="backslashreplace")
    with obeyed() as stops:
        status = _run()
    if status == 130:  # Typer turns the exception of Ctrl-C into this status too
        anew = "results already written stay, and the same command starts over"
        colorizing = sys.argv[1:2] == ["colorize"]
        say(f"stopped; {anew if colorizing else 'the same command goes on where it was'}")
    if stops.told:
        status = stops.status
    sys.exit(status if isinstance(status, int) else 0)


def _run() -> int | None:
    """Run a command; give its status."""
    try:
        return app(standalone_mode=False)
    except (ColorkitError, TyperException) as error:
        told = error.format_message() if hasattr(error, "format_message") else str(error)
        if type(error).__name__ == "NoArgsIsHelpError":  # which is asking for help, no fault
            typer.echo(told)
            return 0
        say(told)
        return 2
    except OSError as error:
        if error.errno not in REMEDIES:
            raise
        say(str(write_fault(Path(error.filename or "."), error)))
        return 2
    except (KeyboardInterrupt, typer.Abort):
        return 130
