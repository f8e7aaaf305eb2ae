"""What a GPU is worth for a quarter of an hour: the paper's networks, the speeds, the whole course.

Where the photographs are, `pack` puts those of a profile into one archive, which travels quicker
than thousands of files. Where the GPU is, `run` does one piece of work after the other, what is
worth most first, until its minutes are over:

    make gpu-pack DATA=photographs
    make gpu MINUTES=14

or `python -m benchmarks.gpu pack DATA ARCHIVE` and `python -m benchmarks.gpu run ARCHIVE OUT`. A
piece that was cut short goes on from its last whole epoch when `run` is called again. OUT has the
log of each piece, the speeds, the chapters' numbers and figures, and of each training its losses
and, for the first seed, its weights in half precision.

It should need no second try: `pack --most 6` and `run --rehearse` do the same without a GPU, with a
few photographs, narrow networks and two epochs. That replaces a part of the benchmark's results, so
do it in a clone.
"""

import argparse
import hashlib
import json
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks.timing import RESULTS
from colorkit.course.networks import list_profile
from colorkit.course.profile import load_profile
from colorkit.data.download.archives import unpack
from colorkit.models.weights import load_weights, save_weights
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.project import project_root
from colorkit.system.writing import atomic_write, write_json

# The profile `paper` with so narrow networks and so few epochs that a processor comes through.
_NARROW, _SHORT = {"width": 0.125}, {"epochs": 2}
REHEARSAL = {
    "extends": "paper",
    "name": "rehearsal",
    "model": _NARROW,
    "recipe": {**_SHORT, "batch_size": 8},
    "seeds": 2,
    "start_seeds": 2,
    "networks": dict.fromkeys(("vegenet", "outnet", "mcolornet"), _SHORT),
    "long": {"epochs": 3},
    "colorfulness": {**_NARROW, **_SHORT},
    "ablations": {**_NARROW, **_SHORT, "seeds": 2, "few": 2, "long": 2, "least": 5},
    "superclasses": {**_NARROW, **_SHORT, "seeds": 2, "least": 5},
}
SPEEDS = ("training", "inference", "encoder-training", "tried-training", "profile")
# First those that most verdicts rest on.
CHAPTERS = ("02", "03", "04", "07", "05", "06", "08", "09")
ENDING = 30  # seconds to end in: a training leaves its last whole epoch


def pack(data: str, archive: Path, profile: str = "paper", most: int = 0) -> int:
    """Write all photographs that a profile names as one tar file, and return their number.

    Args:
        data: folder of photographs.
        archive: the file to write.
        profile: name or path.
        most: images of a class and a split; 0 takes all. With fewer the trainings have other names.

    Raises:
        ColorkitError: a profile or folder that is not there, or a full disk.
    """
    checked, taken = load_profile(profile, data), Counter()
    entries, _ = list_profile(checked)
    with atomic_write(archive) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        for entry in entries:
            place = (entry.label, entry.split)
            if not most or taken[place] < most:
                taken[place] += 1
                for file in entry.files:
                    tar.add(file, Path("photographs", file.relative_to(checked.data.root)))
    return taken.total()


def pieces(data: Path, profile: str, speeds: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """Give the pieces of work, each with its command, in the order of their worth."""
    colorkit, python = str(Path(sys.executable).with_name("colorkit")), sys.executable
    report = [colorkit, "report", "--jobs", "1", "--profile"]
    yield "check", [colorkit, "check"]
    yield "first-chapter", [*report, "smoke", "--only", "02"]
    yield "speeds", [python, "-m", "benchmarks", *speeds]
    for chapter in CHAPTERS:
        yield f"chapter-{chapter}", [*report, profile, "--data", str(data), "--only", chapter]
    yield "smoke", [*report, "smoke"]


def run(archive: Path, out: Path, minutes: float, rehearse: bool = False) -> bool:
    """Do the pieces of work until the time is over, and keep what they leave.

    Args:
        archive: written by `pack`.
        out: folder for what is to be kept.
        minutes: for all of it.
        rehearse: see the module.

    Returns:
        Whether every piece was done.

    Raises:
        ColorkitError: there is no GPU, or the archive cannot be unpacked.
    """
    if not (rehearse or torch.cuda.is_available()):
        raise ColorkitError("no GPU is seen here; --rehearse tries the same without one")
    end, root = time.monotonic() + 60 * minutes, project_root()
    out.mkdir(parents=True, exist_ok=True)
    profile, speeds = "paper", SPEEDS
    data = root / "data" / f"gpu-{_digest(archive)}" / "photographs"
    if not data.is_dir():
        unpack(archive, data.parent)
    if rehearse:
        profile, speeds = str((out / "rehearsal.yaml").resolve()), ("import",)
        write_json(Path(profile), REHEARSAL)
    states = {}
    for name, command in pieces(data, profile, speeds):
        started = time.monotonic()
        states[name] = _piece(command, root, out / f"{name}.log", end - started)
        taken = time.monotonic() - started
        print(f"{name:16} {states[name]:10} {taken:6.0f} s", flush=True)
        write_json(out / "pieces.json", states)
        if states[name] != "no time":
            _keep(root, "rehearsal" if rehearse else profile, out)
    return set(states.values()) == {"done"}


def _digest(archive: Path) -> str:
    """Tell archives apart by their content."""
    try:
        with archive.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:12]
    except OSError as error:
        raise ColorkitError(f"{archive}: {one_line(error.strerror)}; check the path") from error


def _piece(command: list[str], folder: Path, log: Path, seconds: float) -> str:
    """Run a command until the time is over: `done`, `failed`, `cut short` or `no time`."""
    if seconds <= 0:
        return "no time"
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(command, cwd=folder, stdout=stream, stderr=subprocess.STDOUT)
        try:
            return "failed" if process.wait(seconds) else "done"
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(ENDING)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            return "cut short"


def _keep(root: Path, profile: str, out: Path) -> None:
    """Copy what the pieces have left, as far as it is not there yet."""
    if (root / "figures" / RESULTS).is_file():
        shutil.copy2(root / "figures" / RESULTS, out)
    results = root / "report" / "_build" / "runs" / profile
    if results.is_dir():
        shutil.copytree(results, out / "chapters", dirs_exist_ok=True)
    for record in (root / "runs" / profile).glob("*/run.json"):
        kept = out / "trainings" / record.parent.name
        if not (kept / "run.json").exists():
            kept.mkdir(parents=True, exist_ok=True)
            shutil.copy2(record.with_name("history.csv"), kept)
            if json.loads(record.read_text(encoding="utf-8"))["seed"] == 0:
                model, card = load_weights(record.with_name("weights.safetensors"))
                save_weights(kept / "weights.safetensors", model, half=True, **card)
            shutil.copy2(record, kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack", help="photographs into one archive")
    packing.add_argument("data")
    packing.add_argument("archive", type=Path)
    packing.add_argument("--profile", default="paper")
    packing.add_argument("--most", type=int, default=0, help="images of a class and a split")
    running = commands.add_parser("run", help="what a GPU is worth most for")
    running.add_argument("archive", type=Path)
    running.add_argument("out", type=Path)
    running.add_argument("--minutes", type=float, default=14)
    running.add_argument("--rehearse", action="store_true")
    told = parser.parse_args()
    try:
        if told.command == "pack":
            count = pack(told.data, told.archive, told.profile, told.most)
            print(f"{count} photographs, {told.archive.stat().st_size / 1e6:.0f} MB")
        elif not run(told.archive, told.out, told.minutes, told.rehearse):
            sys.exit(1)
    except ColorkitError as fault:
        sys.exit(f"benchmarks.gpu: {fault}.")


if __name__ == "__main__":
    main()
