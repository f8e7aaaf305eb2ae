"""The commands, each with the libraries it needs imported inside, so that `--help` answers at once.

`photographs` are for people who colorize, `learning` for those who run the course, `datasets` for
those who gather images; `colorkit.app.cli` joins them.
"""

import sys
from typing import Annotated

import typer

from colorkit.system.errors import one_line

ProfileOption = Annotated[
    str, typer.Option(help="smoke, photos, places365, or the path of a YAML file.")
]
DataOption = Annotated[str, typer.Option(help="Folder of photographs; the profile's by default.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Seed of every training.")]


def say(told: str) -> None:
    """Say a sentence on standard error, if there is one."""
    if told:
        print(f"colorkit: {one_line(told)}.", file=sys.stderr)


def plain(text: str):
    """Text for a table: square brackets of a name are no markup."""
    from rich.text import Text

    return Text(text)
