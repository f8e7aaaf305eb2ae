"""What has been looked at while a data set is built, so that nothing is looked at twice.

The journal is a file to which a line of JSON is added for each step. A line is complete or, if the
run was killed while writing it, not there: what follows the last line end is cut off.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from colorkit.system.errors import ColorkitError
from colorkit.system.writing import write_fault


@dataclass
class Candidate:
    """A picture of a source, wanted or not.

    name: of its file, unique in the data set; label: its class.
    source: path of the photograph or video, or the search.
    height, width: at its source, as far as it was decoded; 0 if it could not be read.
    time, shot: second and number of the shot in a video.
    license, author, url: of a photograph from the network.
    dropped: why it is left out, or empty; detail: what was wrong in words.
    thumbnail: as `data.cache.measure_images` gives it, as hexadecimal bytes of 0 … 255.
    """

    name: str
    label: str
    source: str
    height: int = 0
    width: int = 0
    time: float | None = None
    shot: int | None = None
    license: str = ""
    author: str = ""
    url: str = ""
    dropped: str = ""
    detail: str = ""
    thumbnail: str = ""


class Journal:
    """The record of a data set's sources.

    An item (a photograph, a video, a search) has a stamp, by which a file that was exchanged is
    told, a state that says where to go on, and its candidates.

    Args:
        path: the file; made if need be.
        settings: what must be the same in every run.

    Attributes:
        laid_out: the seed with which all that is recorded was laid out, or None.
        stale: names of candidates that belonged to files exchanged since.

    Raises:
        ColorkitError: the file was begun with other settings or cannot be written.
    """

    def __init__(self, path: str | Path, settings: dict[str, Any]):
        self.path = Path(path)
        self._items: dict[str, tuple[Any, dict, dict[str, Candidate]]] = {}
        self.laid_out: int | None = None
        self.stale: set[str] = set()
        lines = self._read()
        if not lines:
            self._append({"settings": settings})
        elif (known := lines[0]["settings"]) != settings:
            given = ", ".join(f"{key} {value}" for key, value in known.items())
            raise ColorkitError(
                f"{self.path.parents[1]} was begun with {given}; give the same, or another folder"
            )
        for line in lines[1:]:
            self._apply(line)

    def state(self, item: str, stamp: Any = None) -> dict:
        """Where to go on with an item; empty if it is new or was exchanged."""
        known, state, _ = self._items.get(item, (None, {}, {}))
        return state if known == stamp else {}

    def names(self, item: str) -> set[str]:
        """The names of an item's candidates."""
        return set(self._items[item][2]) if item in self._items else set()

    def candidates(self) -> list[Candidate]:
        """Copies of all of them, by class and name."""
        found = [replace(c) for *_, own in self._items.values() for c in own.values()]
        return sorted(found, key=lambda c: (c.label, c.name))

    def add(self, item: str, stamp: Any, state: dict, candidates: list[Candidate]) -> None:
        """Record a step; a candidate of a name that is known replaces it."""
        line = {"item": item, "stamp": stamp, "state": state}
        line["candidates"] = [asdict(candidate) for candidate in candidates]
        self._append(line)
        self._apply(line)

    def add_layout(self, seed: int) -> None:
        """Record that everything has been laid out."""
        self._append({"laid_out": seed})
        self.laid_out = seed

    def _apply(self, line: dict) -> None:
        self.laid_out = line.get("laid_out")
        if "item" not in line:
            return
        stamp, _, own = self._items.get(line["item"], (line["stamp"], {}, {}))
        if stamp != line["stamp"]:
            self.stale |= set(own)
            own = {}
        own |= {each["name"]: Candidate(**each) for each in line["candidates"]}
        self.stale -= set(own)
        self._items[line["item"]] = line["stamp"], line["state"], own

    def _read(self) -> list[dict]:
        if not self.path.exists():
            return []
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.truncate(self.path, len(whole))
        try:
            return [json.loads(line) for line in whole.splitlines()]
        except ValueError as error:
            raise ColorkitError(
                f"{self.path} is damaged; remove {self.path.parent} to begin anew"
            ) from error

    def _append(self, line: dict) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as stream:
                text = json.dumps(line, ensure_ascii=False) + "\n"
                # A name's bytes that are no text are written as JSON reads them again: \udcfc.
                stream.write(text.encode("utf-8", "backslashreplace"))
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise write_fault(self.path, error) from error
