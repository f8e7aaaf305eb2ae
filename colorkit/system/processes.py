"""Work in processes of its own: one that is killed takes no other along, and none stays behind."""

import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread
from typing import Any

from colorkit.system.errors import ColorkitError
from colorkit.system.stops import obeyed


def elsewhere(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do work in a new process, in this one's folder, and give what it gives.

    Args:
        work: a function of a module; a fault that a person can mend is part of what it gives.
        arguments: of it, anything that can be pickled.

    Raises:
        ColorkitError: the process ended without an answer: it was killed, or `work` raised, which
            its own traceback tells.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=_begin, args=(Path.cwd(), sender, work, arguments), daemon=True
    )
    process.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        process.join()
        raise ColorkitError(f"its process ended with status {process.exitcode}") from None
    finally:
        process.join()


def end_all() -> None:
    """End all that `elsewhere` has begun, as Ctrl-C does; `elsewhere` waits until they are done."""
    for process in multiprocessing.active_children():
        process.terminate()


def _begin(folder: Path, sender, work: Callable[..., Any], arguments: tuple) -> None:
    os.chdir(folder)  # a new process begins where the program once did
    Thread(target=_end_with_parent, daemon=True).start()
    with obeyed() as stops:
        try:
            sender.send(work(*arguments))
        except KeyboardInterrupt:
            sys.exit(stops.status)


def _end_with_parent() -> None:
    """A parent that is killed cannot end its children, which would go on and write beside the next.

    What they had in hand goes on from its last record, as after any kill.
    """
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
