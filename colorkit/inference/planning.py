"""Which files are meant, and where the result of each goes.

No file that was given is ever written to: not by its own name, nor through a link, nor because two
photographs bear one name, which on some disks `A.jpg` and `a.jpg` do.
"""

import glob
import os
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from colorkit.data.folders import SUFFIXES, VIDEOS, describe_others, list_images, list_others
from colorkit.imaging.images import WRITTEN
from colorkit.system.errors import ColorkitError
from colorkit.system.writing import check_writable

# Endings of pictures that are neither read nor written: a result of such a name is no folder.
_OTHERS = {".svg", ".psd", ".pdf", ".ico", ".eps", ".tga", ".exr", ".hdr", ".apng", ".dng", ".cr2"}
_OTHERS |= {".cr3", ".nef", ".arw", ".orf", ".raw", ".rw2"}


@dataclass
class FileResult:
    """What became of one photograph or video.

    Attributes:
        source: the file, or the argument that names none.
        target: where its result is; None if there is none.
        beside: where a picture of original, gray and result goes, if one is wanted.
        notes: what a person should be told.
        fault: why there is no result, in one sentence.
        measures: of a color photograph compared with its colorization, by name.
        video: whether it is a video.
    """

    source: str
    target: Path | None = None
    beside: Path | None = None
    notes: list[str] = field(default_factory=list)
    fault: str = ""
    measures: dict[str, float] = field(default_factory=dict)
    video: bool = False


def find_photographs(arguments: list[str], out: Path) -> tuple[list[tuple[Path, Path]], list]:
    """Find the files that arguments mean.

    Args:
        arguments: files, folders (with all below them) and patterns such as `holiday/*.jpg`. A
            file of exactly that name comes before what it would mean as a pattern.
        out: where results go; what lies there is not taken for photographs of a folder above it.

    Returns:
        Each file once, with its path below `out`: its name, or its path below the folder given;
        and a FileResult with a fault for each argument that means no file.
    """
    found: dict[Path, tuple[Path, Path]] = {}
    faults = []
    for argument in arguments:
        paths = [Path(argument)]
        if not os.path.lexists(argument) and glob.has_magic(argument):
            # pathlib's own globbing knows no absolute patterns
            matches = glob.glob(argument, recursive=True)  # noqa: PTH207
            paths = [Path(path) for path in sorted(matches)]
            if not paths:
                faults.append(FileResult(argument, fault=f"{argument}: no file has such a name."))
        for path in paths:
            # pathlib raises what isdir takes for no: a name too long, a forbidden folder
            if not os.path.isdir(path):  # noqa: PTH112
                found.setdefault(path.absolute(), (path, Path(path.name)))
                continue
            try:
                entries = list_images(path, SUFFIXES | VIDEOS)
            except ColorkitError as error:
                faults.append(FileResult(argument, fault=str(error)))
                continue
            results = _real(out) if _real(out) != _real(path) else None
            for entry in entries:
                if results is None or results not in _real(entry.path).parents:
                    found.setdefault(entry.path.absolute(), (entry.path, Path(entry.name)))
    return list(found.values()), faults


def describe_passed_over(arguments: list[str], out: Path) -> list[str]:
    """Name what folders among the arguments hold that is not colorized: a sentence for each."""
    sentences = []
    for folder in (Path(argument) for argument in arguments):
        if os.path.isdir(folder):  # noqa: PTH112
            others = [
                path
                for path in list_others(folder, SUFFIXES | VIDEOS)
                if _real(out) == _real(folder) or _real(out) not in _real(path).parents
            ]
            if others:
                sentences.append(f"{folder}: passed over {describe_others(others)}")
    return sentences


def plan(found: list[tuple[Path, Path]], out: Path, beside: Path | None = None) -> list[FileResult]:
    """Choose where the result of each photograph goes.

    A result keeps its photograph's name and, if it can be written, its format; else it becomes a
    PNG, and a video MP4. A name taken already gets a number: `x.jpg`, `x-2.jpg`. A file whose name
    has no known ending is a video if it can be read as one.

    Args:
        found: as `find_photographs` gives them.
        out: a folder; or, for a single photograph, the name of the result, told by its ending.
        beside: folder for pictures of each photograph, its gray and its result in one row.

    Raises:
        ColorkitError: `out` is a file's name but there are several photographs, is of a kind that
            cannot be written, or its folder cannot be.
    """
    if str(out) == "-":
        raise ColorkitError("results are files, not standard output; give -o a folder or a name")
    single = bool(out.suffix) and not out.is_dir()
    single = single and (out.suffix.lower() in SUFFIXES | VIDEOS | _OTHERS or out.is_file())
    if single and len(found) > 1:
        raise ColorkitError(f"{out} is one file for {len(found)} photographs; give -o a folder")
    check_writable(out.parent if single else out)
    given = {found_at for source, _ in found if (found_at := identity(source))}
    taken: set[str] = set()
    outcomes = []
    for source, below in found:
        video = _is_video(source)
        endings = _endings(video)
        if single and out.suffix.lower() not in endings:
            raise ColorkitError(f"{out}: results end in one of {', '.join(sorted(endings))}")
        target = out if single else _free(out / below, taken, endings)
        outcome = FileResult(str(source), target, video=video)
        if outcome.target.suffix.lower() != below.suffix.lower() and not single:
            outcome.notes.append(f"stored as {outcome.target.suffix}")
        if beside and not video:
            outcome.beside = _free(beside / f"{outcome.target.stem}-beside.png", taken)
        written = [path for path in (outcome.target, outcome.beside) if path]
        if blocked := next((path for path in written if identity(path) in given), None):
            outcome.fault = (
                f"{source}: its result would overwrite {blocked}, a file that was given; "
                "choose another folder with -o."
            )
        else:
            taken.update(map(_key, written))
        outcomes.append(outcome)
    return outcomes


def _is_video(path: Path) -> bool:
    ending = path.suffix.lower()
    if ending in SUFFIXES | VIDEOS:
        return ending in VIDEOS
    from colorkit.imaging.videos.reading import is_video

    return path.is_file() and is_video(path)  # not a pipe, which would wait to be written to


def _endings(video: bool) -> Collection[str]:
    """Give the endings a result can have."""
    if not video:
        return WRITTEN
    from colorkit.imaging.videos.writing import WRITTEN as CONTAINERS

    return CONTAINERS


def _free(target: Path, taken: set[str], endings: Collection[str] = WRITTEN) -> Path:
    """Give a target an ending that can be written and a number if its name is taken."""
    if target.suffix.lower() not in endings:
        target = target.with_suffix(".png" if endings is WRITTEN else ".mp4")
    number, free = 1, target
    while _key(free) in taken:
        number += 1
        free = target.with_name(f"{target.stem}-{number}{target.suffix}")
    return free


def _key(path: Path) -> str:
    """Two paths of one key are one file on some disk."""
    return unicodedata.normalize("NFC", str(_real(path))).casefold()


def _real(path: Path) -> Path:
    """Follow all links; unlike Path.resolve, no error for those that lead in circles."""
    return Path(os.path.realpath(path))


def identity(path: Path) -> tuple[int, int] | None:
    """Device and number of the file a path leads to, through all links; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
