"""How an option is offered to people: what the command line and the page make of a field."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from colorkit.system.errors import ColorkitError


@dataclass(frozen=True)
class Option:
    """How a field of `ColorizeOptions` is offered to people.

    Attributes:
        kind: its type on the command line.
        help: what it does, in a line.
        only: "photographs" or "videos" if it is not for both, "files" if it is about files alone
            and no keyword of the functions.
        low: the least value that is taken.
        high: the largest that the command line and the page take; Python takes any.
        flag: its name on the command line, if it is not the field's.
        metavar: what the command line's help shows for a value.
        read: makes a value out of a text of the command line, where it may be given several times.
        slider: least, largest and step of its slider on the page; None if there is none.
        sign: stands before the slider's value.
        start: where the slider stands at first, if the field's default is None.
        asks: what a model must have for it, a key of `colorkit.inference.preview.offered`; empty if
            it is for all.
    """

    kind: type
    help: str
    only: str = ""
    low: float | None = None
    high: float | None = None
    flag: str = ""
    metavar: str | None = None
    read: Callable[[str], Any] | None = None
    slider: tuple[float, float, float] | None = None
    sign: str = ""
    start: float = 1.0
    asks: str = ""


def offered(*how: Any, **more: Any) -> dict[str, Option]:
    """Give a dataclass's field the metadata that offers it; arguments as of `Option`."""
    return {"option": Option(*how, **more)}


def read_hint(text: str) -> tuple[str, ...]:
    """Read a hint as the command line takes it, such as `120,80,skyblue`.

    Raises:
        ColorkitError: it has not three parts.
    """
    hint = tuple(part.strip() for part in text.split(",", 2))
    if len(hint) != 3:
        raise ColorkitError(f"--hint {text} is not X,Y,COLOR; write it like 120,80,skyblue")
    return hint
