"""A process that lacks what Windows lacks, with the letters that its old consoles know.

`python windows_like.py FOLDER` loads other packages first, for they go by the system's name, which
is none of ours to change; takes modules, functions and signals of POSIX away; imports all of
colorkit; then types commands, with the photographs of the folder, and prints what came of them.
"""

import ast
import importlib
import io
import json
import multiprocessing
import os
import pkgutil
import signal
import sys
import time
from pathlib import Path

import colorkit

MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "pty", "syslog", "_posixshmem")
FUNCTIONS = (
    "fork forkpty getuid geteuid getgid getgroups setuid setsid getpgid killpg sched_getaffinity "
    "sched_setaffinity uname mkfifo mknod chown lchown fchown statvfs nice getloadavg wait3 "
    "sync register_at_fork posix_spawn pipe2 sendfile"
)
SIGNALS = "SIGHUP SIGKILL SIGUSR1 SIGUSR2 SIGPIPE SIGALRM SIGCHLD SIGSTOP SIGCONT alarm setitimer"
CONSOLES = ("cp437", "cp1252", "ascii")
PAGES = ("colorize", "app", "models", "export", "report", "train", "pretrain", "data", "shards")


class _Absent:
    """Finds no module of POSIX."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Refuse some, leave the others to those who come after."""
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def hide() -> None:
    """Take away what Windows lacks."""
    sys.meta_path.insert(0, _Absent)
    for name in MODULES:
        sys.modules.pop(name, None)
    for module, names in ((os, FUNCTIONS), (signal, SIGNALS), (time, "tzset")):
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)
    multiprocessing.set_start_method("spawn", force=True)


def load_others() -> None:
    """Import what colorkit's modules import from elsewhere, but for what functions import."""
    names = set()
    for path in Path(colorkit.__file__).parent.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module)
    for name in sorted(names - set(MODULES)):
        if not name.startswith("colorkit"):
            importlib.import_module(name)


def load_ours() -> int:
    """Import all of colorkit; give how many modules that is."""
    found = [each.name for each in pkgutil.walk_packages(colorkit.__path__, "colorkit.")]
    for name in found:
        importlib.import_module(name)
    return len(found)


def typed(console: str, words: list[str]) -> dict:
    """Type a command at such a console."""
    from colorkit.app import cli

    screens = {}
    for name, errors in (("stdout", "strict"), ("stderr", "backslashreplace")):  # as Python does
        screens[name] = io.TextIOWrapper(io.BytesIO(), encoding=console, errors=errors)
        setattr(sys, name, screens[name])
    sys.argv = ["colorkit", *words]
    try:
        cli.main()
    except SystemExit as end:
        status = end.code
    finally:
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    texts = {}
    for name, screen in screens.items():
        screen.flush()
        texts[name] = screen.buffer.getvalue().decode(console)
    return {"console": console, "words": words, "status": status, **texts}


def main() -> None:
    """Take away, import, type; print one line of JSON."""
    load_others()
    hide()
    folder, done = Path(sys.argv[1]), []
    count = load_ours()
    photographs = sorted(map(str, folder.glob("*")))
    for console in CONSOLES:
        commands = [["--help"], *([page, "--help"] for page in PAGES), ["models"], ["nonsense Ω"]]
        commands.append(["colorize", *photographs, "-o", str(folder / "out"), "--compare"])
        commands.append(["models", "Łódź 日本"])
        done += [typed(console, words) for words in commands]
    print(json.dumps({"imported": count, "typed": done}))


if __name__ == "__main__":
    main()
