"""What the README's two commands do, on every system: `python make.py report`, `… test`.

The Makefile calls it too. It needs nothing but Python. As with make, settings are variables of the
environment: PROFILE of the report; WORKERS, how many tests run at a time.

    python make.py install    .venv, with exactly what requirements.lock says
    python make.py lint       the style of code and notebooks
    python make.py report     every chapter, and report/_build/html/index.html
    python make.py test       the whole test suite, nbval on the notebooks included
"""

from __future__ import annotations  # an older Python, too, shall say which one is needed

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN, EXE = VENV / ("Scripts" if os.name == "nt" else "bin"), ".exe" if os.name == "nt" else ""
STAMP = VENV / "installed"  # written last, so a broken installation is made again
MADE_OF = [ROOT / "requirements.lock", ROOT / "pyproject.toml"]


def environment(**more: str) -> dict[str, str]:
    """Give the variables that programs are started with."""
    # Some systems forbid bytecode; then every kernel compiles torch anew.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    # Threads that wait spin for some microseconds, then sleep: spinning on takes the core from
    # others, sleeping at once makes every small operation wait to be woken.
    kept.setdefault("GOMP_SPINCOUNT", "10000")
    # pip's own settings must not add other indexes or files to what the lock says.
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"} | more


def run(*words: str | Path, last: bool = False, **more: str) -> None:
    """Run a program in the project's folder; one that fails ends this one with its status.

    Args:
        words: the program, whole or one of the environment's, and its arguments.
        last: nothing comes after it, so that it may take this program's place and signals.
        more: variables of its environment.
    """
    program, *arguments = map(str, words)
    program = program if Path(program).is_absolute() else str(BIN / (program + EXE))
    print(" ".join([*(f"{k}={v}" for k, v in more.items()), program, *arguments]), flush=True)
    os.chdir(ROOT)
    if last and os.name == "posix":
        os.execve(program, [program, *arguments], environment(**more))
    try:
        status = subprocess.run([program, *arguments], env=environment(**more)).returncode
    except KeyboardInterrupt:  # which the program was told as well
        status = 130
    if status:
        sys.exit(status)


def install() -> None:
    """Install what requirements.lock says, hashes checked, unless it is there."""
    times = [path.stat().st_mtime for path in MADE_OF]
    if STAMP.exists() and STAMP.stat().st_mtime >= max(times):
        return
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(
            "colorkit needs Python 3.11 to 3.13; run `make PYTHON=python3.12` or "
            "`py -3.12 make.py`, say"
        )
    python = BIN / f"python{EXE}"
    if not python.exists():
        run(sys.executable, "-m", "venv", VENV)
    # uv comes first, from the same lock, because it downloads in parallel.
    lock = MADE_OF[0].read_text(encoding="utf-8")
    uv = VENV / "uv.txt"
    uv.write_text(re.search(r"^uv==(.*\\\n)*.*\n", lock, re.M)[0], encoding="utf-8")
    quiet = ["install", "--quiet", "--no-deps"]
    run(python, "-m", "pip", *quiet, "--require-hashes", "-r", uv)
    run("uv", "pip", "sync", "--quiet", "--python", python, "--require-hashes", MADE_OF[0])
    run("uv", "pip", *quiet, "--python", python, "--no-build-isolation", "-e", ROOT)
    STAMP.touch()


def lint() -> None:
    """Check the style of code and notebooks."""
    install()
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


def report(*more: str) -> None:
    """Run every chapter and build the pages; further words are those of `colorkit report`."""
    install()
    run("colorkit", "report", "--profile", os.environ.get("PROFILE", "smoke"), *more, last=True)


def test(*more: str) -> None:
    """Run the whole test suite; further words are those of pytest."""
    lint()
    # As many at a time as there are cores, each on one; a file or notebook stays in one process.
    words = ["-n", os.environ.get("WORKERS", "auto"), "--dist", "loadscope"]
    words += ["--nbval-lax", "--nbval-current-env", "tests", "notebooks", *more]
    run("python", "-m", "pytest", *words, last=True, OMP_NUM_THREADS="1")


COMMANDS = {command.__name__: command for command in (install, lint, report, test)}

if __name__ == "__main__":
    name, *rest = sys.argv[1:] or ["help"]
    if name not in COMMANDS or (rest and name in ("install", "lint")):
        sys.exit(__doc__)
    COMMANDS[name](*rest)
