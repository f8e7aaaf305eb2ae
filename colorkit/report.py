"""The runner: every chapter through papermill, and the book built from what they leave.

A chapter is run again only when something it depends on changed: its own cells, the profile, the
seed, the data's listing, the library's source, the locked versions, or a chapter it needs.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from colorkit.errors import ColorkitError, one_line
from colorkit.files import REMEDIES, write_fault, write_json
from colorkit.notebooks import Source, choose, digest, read_chapters
from colorkit.profiles import Profile, load_profile, project_root

_VERSIONS = ("torch", "torchvision", "lightning", "numpy", "scikit-image", "papermill", "sphinx")
# These write pages about results; the results do not depend on them.
_NOT_SCIENCE = {"book.py", "cli.py", "offline.py", "record.py", "report.py", "speed.py"}
_NOT_SCIENCE |= {"page.py", "serve.py", "stills.py", "checkup.py"}


@dataclass
class Outcome:
    """What became of a chapter: `ran`, `current` (nothing changed), `failed` or `skipped`."""

    name: str
    state: str
    seconds: float = 0.0
    reason: str = ""


def run_report(
    profile: str = "smoke", only: list[str] | None = None, data: str = "", seed: int = 0
) -> list[Outcome]:
    """Run the chapters that need it, then build the HTML.

    Prints one line a chapter and a table at the end.

    Args:
        profile, data, seed: see `colorkit.course.Course`.
        only: starts of chapter names.

    Raises:
        ColorkitError: a parameter, profile or notebook that is wrong; nothing has run then.
    """
    root, started = project_root(), time.monotonic()
    checked = load_profile(profile, data)
    chapters = read_chapters(root)
    chosen = choose(chapters, only or [])
    values = {"profile": profile, "seed": seed, "data": str(Path(data).resolve()) if data else ""}
    for chapter in chosen:
        unknown = set(values) - chapter.parameters
        if unknown:
            raise ColorkitError(f"{chapter.path} has no parameter {', '.join(unknown)}; define it")
    run = root / "report" / "_build" / "runs" / checked.name
    base = digest([asdict(checked), seed, _listing(checked), _library(root), _lock(root)])
    outcomes: dict[str, Outcome] = {}
    for chapter in chosen:
        outcome = _run_chapter(chapter, base, values, run, root, outcomes)
        outcomes[chapter.name] = outcome
        note = f": {outcome.reason}" if outcome.reason else ""
        print(f"{chapter.name:24} {outcome.state:8} {outcome.seconds:6.1f} s{note}", flush=True)
    _forget_removed(run, chapters)
    ran = any(o.state == "ran" for o in outcomes.values())
    if ran or not (run / "environment.json").exists():
        seconds = round(time.monotonic() - started, 1)
        write_json(run / "environment.json", _environment(root, checked, seed, seconds))
    bad = {o.name: o.reason for o in outcomes.values() if o.state in ("failed", "skipped")}
    write_json(run / "failed.json", bad)
    _build_book(run, root)
    _summarize(list(outcomes.values()), time.monotonic() - started)
    return list(outcomes.values())


def _run_chapter(chapter, base, values, run: Path, root: Path, outcomes) -> Outcome:
    broken = [n for n in chapter.needs if outcomes.get(n, Outcome(n, "")).state in _BAD]
    if broken:
        return Outcome(chapter.name, "skipped", reason=f"needs {', '.join(broken)}")
    key = digest([base, chapter.cells, chapter.needs])
    final = run / "notebooks" / f"{chapter.name}.ipynb"
    stamp = run / "state" / f"{chapter.name}.json"
    if final.exists() and stamp.exists() and json.loads(stamp.read_text())["key"] == key:
        return Outcome(chapter.name, "current")
    started = time.monotonic()
    stamp.unlink(missing_ok=True)
    reason = _execute(chapter, values, final, root)
    seconds = time.monotonic() - started
    if reason:
        return Outcome(chapter.name, "failed", seconds, reason)
    write_json(stamp, {"key": key, "seconds": round(seconds, 1)})
    return Outcome(chapter.name, "ran", seconds)


_BAD = ("failed", "skipped")


def _execute(chapter: Source, values: dict, final: Path, root: Path) -> str:
    """Run one notebook; the result appears under its name only if every cell succeeded.

    Returns:
        Why it failed, in one line; empty when it did not.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    working = final.parent / "unfinished" / final.name
    working.parent.mkdir(parents=True, exist_ok=True)
    options = {
        "kernel_name": "python3",  # the interpreter this runs in
        "cwd": str(root),
        "progress_bar": False,
        # What a kernel says of itself when it is ended by Ctrl-C; cells' faults come otherwise.
        "extra_arguments": ["--IPKernelApp.log_level=CRITICAL"],
        "start_timeout": 180,
        "execution_timeout": 1200 if values["profile"] == "smoke" else None,
    }
    before = os.environ.get("COLORKIT_PROGRESS")
    os.environ["COLORKIT_PROGRESS"] = "plain"
    try:
        # Sockets in the file system: works without any network, and nobody else can listen in.
        with TemporaryDirectory(prefix="colorkit-") as sockets:
            manager = {"transport": "ipc", "ip": f"{sockets}/kernel"}
            options["config"] = Config({"KernelManager": manager})
            papermill.execute_notebook(str(chapter.path), str(working), values, **options)
    except papermill.PapermillExecutionError as error:
        return f"cell {error.cell_index}: {error.ename}: {one_line(error.evalue)[:300]}"
    except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
        return f"{type(error).__name__}: {one_line(error)[:300]}"
    except OSError as error:  # of papermill's own writing
        if error.errno not in REMEDIES:
            raise
        raise write_fault(working, error) from error
    finally:
        if before is None:
            del os.environ["COLORKIT_PROGRESS"]
        else:
            os.environ["COLORKIT_PROGRESS"] = before
    working.replace(final)
    return ""


def _forget_removed(run: Path, chapters: list[Source]) -> None:
    """Delete what a renamed or removed chapter left, so that the book does not show it."""
    names = {c.name for c in chapters}
    for folder in ("notebooks", "numbers", "state"):
        for path in (run / folder).glob("[0-9][0-9]_*"):
            if path.stem not in names:
                path.unlink()


def _build_book(run: Path, root: Path) -> None:
    """Build the HTML unless nothing it is made of changed."""
    from colorkit.book import build_html
    from colorkit.stills import make_stills

    make_stills(run / "stills")
    out = root / "report" / "_build" / "html"
    sources = [p for p in (root / "report").rglob("*") if "_build" not in p.parts and p.is_file()]
    made_of = [
        *sorted((run / "notebooks").glob("*.ipynb")),
        *sorted((run / "numbers").glob("*.json")),
        run / "environment.json",
        run / "failed.json",
        *sorted((run / "stills").glob("*")),
        *sorted(sources),
        *sorted((root / "figures").glob("*")),
        *(Path(__file__).with_name(f"{n}.py") for n in ("book", "offline", "claims", "speed")),
    ]
    key = digest([[str(p), hashlib.sha256(p.read_bytes()).hexdigest()] for p in made_of])
    stamp = root / "report" / "_build" / "html.json"
    current = stamp.exists() and json.loads(stamp.read_text())["key"] == key
    if not (current and (out / "index.html").exists()):
        started = time.monotonic()
        if not stamp.exists():  # a build was broken off, and Sphinx takes half a page for a page
            shutil.rmtree(out, ignore_errors=True)
        stamp.unlink(missing_ok=True)
        build_html(run, out, sources=root / "report", record=root / "figures")
        write_json(stamp, {"key": key})
        print(f"{'html':24} {'built':8} {time.monotonic() - started:6.1f} s")
    print(f"open {(out / 'index.html').relative_to(root)}")


def _summarize(outcomes: list[Outcome], seconds: float) -> None:
    """Print the table that ends a run."""
    print(f"\n{'chapter':24} {'state':8} {'seconds':>8}")
    for o in outcomes:
        print(f"{o.name:24} {o.state:8} {o.seconds:8.1f}" + (f"  {o.reason}" if o.reason else ""))
    count = Counter(o.state for o in outcomes)
    states = [f"{count[s]} {s}" for s in ("ran", "current", *_BAD) if count[s]]
    print(f"{len(outcomes)} chapters in {seconds:.1f} s: {', '.join(states)}")


def _listing(profile: Profile) -> str:
    """Names, sizes and times of a folder of photographs: exchanged images make chapters stale."""
    if profile.data.source != "folders":
        return profile.data.root
    from colorkit.data.folders import choose_classes, list_images

    entries = choose_classes(list_images(profile.data.root), profile.classes(), profile.data.root)
    pairs = Path(profile.data.root, profile.nir.root) if profile.nir else None
    if pairs and pairs.is_dir():
        entries += list_images(pairs)
    stats = [(e.name, e.path.stat()) for e in entries]
    return digest([[name, s.st_size, s.st_mtime_ns] for name, s in stats])


def _library(root: Path) -> str:
    files = sorted(p for p in Path(__file__).parent.rglob("*.py") if p.name not in _NOT_SCIENCE)
    return digest([[p.name, p.read_text(encoding="utf-8")] for p in files])


def _lock(root: Path) -> str:
    lock = root / "requirements.lock"
    return lock.read_text() if lock.exists() else ""


def _environment(root: Path, profile: Profile, seed: int, seconds: float) -> dict:
    """What a reader needs to make the same numbers again."""
    from importlib.metadata import version

    import torch

    gpu = torch.cuda.is_available()
    return {
        "commit": _git(root, "rev-parse", "--short=12", "HEAD") or "unknown",
        "dirty": bool(_git(root, "status", "--porcelain", "--untracked-files=no")),
        "profile": profile.name,
        "seed": seed,
        "device": torch.cuda.get_device_name() if gpu else platform.processor() or "CPU",
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "versions": {name: version(name) for name in _VERSIONS},
        "seconds": seconds,
        "date": time.strftime("%Y-%m-%d"),
    }


def _git(root: Path, *arguments: str) -> str:
    if not shutil.which("git"):
        return ""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""
