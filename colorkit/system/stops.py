"""Being told to stop: by Ctrl-C, and by the signals that mean the same.

`timeout`, systemd and job queues send SIGTERM, a terminal that closes SIGHUP. Both end a program
where it stands, by default, and leave what it was writing; here they become the exception that
Ctrl-C is, which everything cleans up after.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stops:
    """The signals that stop a program.

    Attributes:
        told: the number of the first that came, or None.
    """

    def __init__(self):
        self.told: int | None = None
        self._screens = [number for number in (1, 2) if os.isatty(number)]

    @property
    def status(self) -> int:
        """The status to end with, as shells count: 128 and the signal's number."""
        return 128 + (self.told or signal.SIGINT)

    def obey(self, number: int, _frame) -> None:
        """Raise what Ctrl-C raises; another signal must not disturb the cleaning up."""
        if self.told:
            return
        self.told = number
        if number == getattr(signal, "SIGHUP", None):  # writing to a closed terminal is a fault
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for screen in self._screens:
                os.dup2(nowhere, screen)
            os.close(nowhere)
        raise KeyboardInterrupt


@contextmanager
def obeyed() -> Iterator[Stops]:
    """Let SIGTERM and SIGHUP stop what is done here as Ctrl-C does.

    What is ignored stays ignored, as by `nohup`. Only a program's main thread can change signals.
    """
    stops, before = Stops(), {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):  # Windows does not know the second
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, stops.obey)
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
