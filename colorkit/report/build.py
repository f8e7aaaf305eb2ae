"""The report: every chapter that needs it run, and the book built from what they leave.

A chapter is run again only when something it depends on changed: its own cells, the profile, the
seed, the data's listing, the library's source, the locked versions, or a chapter it needs.
"""

import hashlib
import json
import platform
import shutil
import subprocess
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from colorkit.course import claims, judgement, plain_words
from colorkit.course.profile import Profile, load_profile
from colorkit.models import pretrained
from colorkit.report.notebooks import ChapterSource, choose, digest, read_chapters
from colorkit.report.runner import BAD, ChapterResult, is_current, run_chapters, share_cores
from colorkit.system.errors import ColorkitError
from colorkit.system.project import project_root
from colorkit.system.writing import check_writable, write_json

_VERSIONS = ("torch", "torchvision", "lightning", "numpy", "scikit-image", "papermill", "sphinx")
# Results do not depend on these folders: they write pages about them, or gather files beforehand.
_NOT_SCIENCE = ("app", "report", "data/curation", "data/download")


def run_report(
    profile: str = "smoke",
    only: list[str] | None = None,
    data: str = "",
    seed: int = 0,
    jobs: int = 1,
) -> list[ChapterResult]:
    """Run the chapters that need it, then build the HTML.

    Prints one line a chapter and a table at the end; of photographs, how long the trainings will
    take before they begin.

    Args:
        profile, data, seed: see `colorkit.course.networks.Course`.
        only: starts of chapter names.
        jobs: chapters at a time, which share the processor's cores; 0 takes as many as pay.

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
    check_writable(run)
    base = digest([asdict(checked), seed, _listing(checked), _library(root), _lock(root)])
    jobs, threads = share_cores(jobs)
    due = [chapter.name for chapter in chosen if not is_current(chapter, base, run)]
    if due and checked.data.source == "folders":
        from colorkit.report.plan import foretell

        foretell(profile, data, seed, due, jobs)
    outcomes: dict[str, ChapterResult] = {}
    for outcome in run_chapters(chosen, base, values, run, root, jobs, threads):
        outcomes[outcome.name] = outcome
        note = f": {outcome.reason}" if outcome.reason else ""
        print(f"{outcome.name:24} {outcome.state:8} {outcome.seconds:6.1f} s{note}", flush=True)
    outcomes = {c.name: outcomes[c.name] for c in chosen}  # in the order of the book
    _forget_removed(run, chapters)
    ran = any(o.state == "ran" for o in outcomes.values())
    if ran or not (run / "environment.json").exists():
        seconds = round(time.monotonic() - started, 1)
        write_json(run / "environment.json", _environment(root, checked, seed, seconds, threads))
    bad = {o.name: o.reason for o in outcomes.values() if o.state in ("failed", "skipped")}
    write_json(run / "failed.json", bad)
    _build_book(run, root)
    _summarize(list(outcomes.values()), time.monotonic() - started)
    return list(outcomes.values())


def _forget_removed(run: Path, chapters: list[ChapterSource]) -> None:
    """Delete what a renamed or removed chapter left, so that the book does not show it."""
    names = {c.name for c in chapters}
    for folder in ("notebooks", "numbers", "state"):
        for path in (run / folder).glob("[0-9][0-9]_*"):
            if path.stem not in names:
                path.unlink()


def _build_book(run: Path, root: Path) -> None:
    """Build the HTML unless nothing it is made of changed."""
    from colorkit.report.book import build_html
    from colorkit.report.stills import make_stills

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
        *sorted(p for p in (root / "figures").rglob("*") if p.is_file()),
        *sorted(Path(__file__).parent.glob("*.py")),
        *sorted(Path(claims.__file__).parent.glob("claims.*")),
        *sorted(Path(plain_words.__file__).parent.glob("plain_words.*")),
        Path(judgement.__file__),
        pretrained.FOLDER / "models.json",
        root / "data" / "README.md",
    ]
    kept = [path for path in made_of if path.exists()]
    key = digest([[str(p), hashlib.sha256(p.read_bytes()).hexdigest()] for p in kept])
    stamp = root / "report" / "_build" / "html.json"
    current = stamp.exists() and json.loads(stamp.read_text(encoding="utf-8"))["key"] == key
    if not (current and (out / "index.html").exists()):
        started = time.monotonic()
        if not stamp.exists():  # a build was broken off, and Sphinx takes half a page for a page
            shutil.rmtree(out, ignore_errors=True)
        stamp.unlink(missing_ok=True)
        build_html(run, out, sources=root / "report", record=root / "figures")
        write_json(stamp, {"key": key})
        print(f"{'html':24} {'built':8} {time.monotonic() - started:6.1f} s")
    print(f"open {(out / 'index.html').relative_to(root)}")


def _summarize(outcomes: list[ChapterResult], seconds: float) -> None:
    """Print the table that ends a run."""
    print(f"\n{'chapter':24} {'state':8} {'seconds':>8}")
    for o in outcomes:
        print(f"{o.name:24} {o.state:8} {o.seconds:8.1f}" + (f"  {o.reason}" if o.reason else ""))
    count = Counter(o.state for o in outcomes)
    states = [f"{count[s]} {s}" for s in ("ran", "current", *BAD) if count[s]]
    chapters = "1 chapter" if len(outcomes) == 1 else f"{len(outcomes)} chapters"
    print(f"{chapters} in {seconds:.1f} s: {', '.join(states)}")


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
    """Digest the library's source and registries, but for folders that no result depends on."""
    package = Path(__file__).parents[1]
    sources = [path for kind in ("*.py", "*.yaml") for path in package.rglob(kind)]
    places = {path: path.relative_to(package).as_posix() for path in sources}
    apart = tuple(f"{folder}/" for folder in _NOT_SCIENCE)
    files = sorted((place, path) for path, place in places.items() if not place.startswith(apart))
    return digest([[place, path.read_text(encoding="utf-8")] for place, path in files])


def _lock(root: Path) -> str:
    lock = root / "requirements.lock"
    return lock.read_text(encoding="utf-8") if lock.exists() else ""


def _environment(root: Path, profile: Profile, seed: int, seconds: float, threads: int) -> dict:
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
        "threads": threads,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "versions": {name: version(name) for name in _VERSIONS},
        "seconds": seconds,
        "date": time.strftime("%Y-%m-%d"),
    }


def _git(root: Path, *arguments: str) -> str:
    if not shutil.which("git"):
        return ""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, encoding="utf-8")
    return done.stdout.strip() if done.returncode == 0 else ""
