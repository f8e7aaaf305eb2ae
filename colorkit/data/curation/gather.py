"""The pictures of a data set's sources, one step after the other, from where an earlier run ended.

What cannot be read is a candidate without a picture. What ends a source too early (a video cut off,
a connection lost) is a sentence more in `faults`, and no reason for the other sources to stop.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from colorkit.data.curation.flickr import Flickr
from colorkit.data.curation.journal import Candidate, Journal
from colorkit.data.curation.video_stills import stills
from colorkit.data.folders import (
    SPLITS,
    SUFFIXES,
    VIDEOS,
    describe_others,
    list_images,
    list_others,
)
from colorkit.imaging.images import read_image
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.writing import atomic_write

UNREADABLE = "unreadable"


@dataclass
class Step:
    """What to record of an item, see `Journal`, and the pictures that belong to it.

    found: candidates, each with its picture, uint8 (H, W, 3) sRGB, or None.
    """

    item: str
    stamp: Any
    state: dict
    found: list[tuple[Candidate, np.ndarray | None]] = field(default_factory=list)


def classes(
    sources: Iterable[str | Path], searches: Iterable[str], out: Path
) -> dict[str, list[Path | str]]:
    """Name the class of each source: a path, or the text of a search.

    Raises:
        ColorkitError: a source is missing, is a photograph or lies in `out` or around it, two
            sources have the same name, or a name is that of a split.
    """
    named: dict[str, list[Path | str]] = {}
    out = out.resolve()
    for source in [*map(Path, sources), *searches]:
        path = source.resolve() if isinstance(source, Path) else None
        label = _plain(path.stem if path and path.is_file() else path.name if path else source)
        if path and not path.exists():
            raise ColorkitError(f"{source}: there is no such folder or video; check the path")
        if path and path.is_file() and path.suffix.lower() in SUFFIXES:
            raise ColorkitError(f"{source} is one photograph; give the folder it lies in")
        if path and (path.is_relative_to(out) or out.is_relative_to(path)):
            raise ColorkitError(f"{source} and {out} lie in one another; build the data elsewhere")
        if not label or label in SPLITS:
            raise ColorkitError(f"{str(source)!r} makes no name of a class; rename it")
        if any(isinstance(other, Path) == bool(path) for other in named.get(label, ())):
            raise ColorkitError(f"two sources are called {label}; rename one of them")
        named.setdefault(label, []).append(source)
    return named


def read_path(
    path: Path, label: str, journal: Journal, side: int, faults: list[str]
) -> Iterator[Step]:
    """Read a video, or all photographs and videos below a folder."""
    if path.is_file():
        yield from _read_video(path, f"{label}/{path.name}", label, journal, side, faults)
        return
    try:
        entries = list_images(path, SUFFIXES | VIDEOS)
    except ColorkitError as error:
        faults.append(one_line(error))
        return
    for entry in entries:
        item = f"{label}/{entry.name}"
        if entry.path.suffix.lower() in VIDEOS:
            yield from _read_video(entry.path, item, label, journal, side, faults)
        elif not journal.state(item, stamp := _stamp(entry.path)):
            name = f"{_plain(entry.path.stem)}-{_key(item)}.jpg"
            candidate = Candidate(name, label, str(entry.path))
            yield Step(item, stamp, {"done": True}, [_read(entry.path, candidate, side)])


def describe_passed_over(sources: Iterable[str | Path]) -> list[str]:
    """Name what folders hold that `read_path` passes over: a sentence for each such folder."""
    found = {Path(source): list_others(source, SUFFIXES | VIDEOS) for source in sources}
    return [f"{path}: passed over {describe_others(each)}" for path, each in found.items() if each]


def search_flickr(
    text: str, label: str, journal: Journal, side: int, limit: int, faults: list[str]
) -> Iterator[Step]:
    """Download the photographs of a search, up to `limit`."""
    item = f"flickr: {text}"
    seen, state = journal.names(item), journal.state(item)
    page, pages = state.get("page", 0), state.get("pages", 1)
    try:
        client = Flickr() if page < pages and len(seen) < limit else None
        while page < pages and len(seen) < limit:
            photos, pages = client.search(text, side, page + 1)
            for photo in photos:
                name = f"flickr-{_plain(photo.id)}-{_key(item)}.jpg"
                if name in seen or len(seen) >= limit:
                    continue
                candidate = Candidate(
                    name, label, item, license=photo.license, author=photo.author, url=photo.page
                )
                data, file = client.download(photo), journal.path.with_name(f"{name}.download")
                if data is None:
                    candidate.dropped, candidate.detail = UNREADABLE, "no longer on Flickr"
                    found = candidate, None
                else:
                    with atomic_write(file) as stream:
                        stream.write(data)
                    found = _read(file, candidate, side)
                    candidate.detail = candidate.detail.replace(str(file), photo.page)
                    file.unlink()
                seen.add(name)
                yield Step(item, None, {"page": page, "pages": pages}, [found])
            if len(seen) < limit:  # all of this page has been looked at
                page += 1
                yield Step(item, None, {"page": page, "pages": pages})
    except ColorkitError as error:
        faults.append(f"the search for {text!r} stopped: {error}")


def _read_video(
    path: Path, item: str, label: str, journal: Journal, side: int, faults: list[str]
) -> Iterator[Step]:
    """Take stills; a run that is stopped goes on with the shot it was in."""
    stamp = _stamp(path)
    state = journal.state(item, stamp)
    if not state.get("done"):
        fault = ""
        try:
            for still in stills(path, side, state.get("shot", 0), state.get("start", 0.0)):
                name = f"{_plain(path.stem)}-{_key(item)}-{round(still.time * 1000):09d}.jpg"
                candidate = Candidate(name, label, str(path), *still.size)
                candidate.time, candidate.shot = round(still.time, 3), still.shot
                state = {"shot": still.shot, "start": still.start}
                yield Step(item, stamp, state, [(candidate, still.rgb)])
        except ColorkitError as error:
            fault = one_line(error)
        state = {"done": True, "fault": fault}
        yield Step(item, stamp, state)
    if state["fault"]:
        faults.append(state["fault"])


def _read(path: Path, candidate: Candidate, side: int) -> tuple[Candidate, np.ndarray | None]:
    try:
        rgb = read_image(path, min_side=side)
    except ColorkitError as error:
        candidate.dropped, candidate.detail = UNREADABLE, one_line(error)
        return candidate, None
    candidate.height, candidate.width = rgb.shape[:2]
    return candidate, rgb


def _stamp(path: Path) -> list[int] | None:
    """Size and time of a file: one that is exchanged is read again."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _plain(name: str) -> str:
    """Make a name that every file system takes."""
    return re.sub(r"[^\w-]+", "_", name).strip("_")


def _key(item: str) -> str:
    return hashlib.sha256(item.encode("utf-8", "backslashreplace")).hexdigest()[:8]
