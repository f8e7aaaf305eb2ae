"""Building a data set from folders of photographs, videos and Flickr searches.

Each source is a class. Its pictures are kept if they are large, colorful and sharp enough; then
near-duplicates are dropped and the rest is divided into `train`, `val` and `test`, the frames of a
shot together. `manifest.jsonl` says of every picture where it comes from and why it was dropped;
without it the data set is not complete. Nothing is done twice: a run that was stopped goes on (see
`colorkit.data.curation.journal`), and sources can be added later.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from PIL import Image, ImageOps

from colorkit.data.cache import measure_images
from colorkit.data.curation.gather import (
    UNREADABLE,
    classes,
    describe_passed_over,
    read_path,
    search_flickr,
)
from colorkit.data.curation.journal import Candidate, Journal
from colorkit.data.folders import SPLITS
from colorkit.data.splits import groups_of, near_duplicates, seeded_split
from colorkit.imaging.images import resize_crop, write_image
from colorkit.system.errors import ColorkitError
from colorkit.system.writing import write_text

MANIFEST = "manifest.jsonl"
REASONS = (UNREADABLE, "tiny", "gray", "blurred", "near-duplicate", "removed")
SHARES = {"test": 0.1, "val": 0.1}
# None of 180 photographs of two data sets lay above, and all of them after a Gaussian blur of 3
# pixels at a height of 256. A sharp subject before a blurred ground lies below.
BLUR = 0.6
_SMALL = 64  # side at which thumbnails and colors are measured
_UNTOLD = ("name", "label", "thumbnail")  # what of a candidate the manifest leaves out
_WORK = ".build"  # hidden from listings: the journal, and pictures that have no place yet


@dataclass(frozen=True)
class Built:
    """What has become of a data set.

    rows: the manifest's lines, one a picture.
    faults: what kept sources from being complete, a sentence each.
    others: what folders hold that is no photograph or video by its name, a sentence each.
    """

    rows: list[dict]
    faults: list[str]
    others: list[str] = field(default_factory=list)

    def table(self):
        """Pictures by class: those of each split, those dropped for each reason; a DataFrame."""
        import pandas as pd

        frame = pd.DataFrame(self.rows, columns=["class", "split", "dropped"])
        fate = frame["split"].where(frame["dropped"] == "", frame["dropped"])
        return pd.crosstab(frame["class"], fate).reindex(columns=[*SPLITS, *REASONS], fill_value=0)


def build(
    sources: Sequence[str | Path],
    folder: str | Path,
    *,
    searches: Sequence[str] = (),
    side: int = 512,
    min_side: int = 128,
    limit: int = 500,
    seed: int = 0,
    progress: Callable[[str, int], None] = lambda label, count: None,
) -> Built:
    """Build a data set, or go on building it.

    Args:
        sources: folders (photographs and videos, with all below them) and videos. A class is named
            by its source.
        folder: where `train|val|test/<class>/*.jpg` and the manifest go.
        searches: texts to search Flickr for; each is a class too.
        side: larger pictures are scaled down to this shorter side.
        min_side: pictures with a shorter side below are dropped.
        limit: photographs looked at in a search.
        seed: of the splits.
        progress: called with a class and how many of its pictures were looked at in this run.

    Raises:
        ColorkitError: a source cannot be used, `folder` holds something else, was begun with other
            sizes or is being built by another run, or the disk is full. What goes wrong within a
            source does not stop the others: see `Built`.
    """
    folder, faults = Path(folder), []
    if side < min_side:
        raise ColorkitError(f"side {side} is below min_side {min_side}; choose a larger side")
    named = classes(sources, searches, folder)
    work = folder / _WORK
    if folder.is_dir() and any(folder.iterdir()) and not work.is_dir():
        raise ColorkitError(f"{folder} holds other files; choose a new or an empty folder")
    work.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(work / "lock", timeout=0):
            journal = Journal(work / "journal.jsonl", {"side": side, "min_side": min_side})
            for label, source in ((k, s) for k, own in named.items() for s in own):
                if isinstance(source, Path):
                    steps = read_path(source, label, journal, side, faults)
                else:
                    steps = search_flickr(source, label, journal, side, limit, faults)
                count = 0
                for step in steps:
                    for candidate, rgb in step.found:
                        if rgb is not None:
                            _judge(candidate, rgb, min_side)
                        if not candidate.dropped:
                            write_image(work / candidate.name, _scaled(rgb, side))
                    journal.add(step.item, step.stamp, step.state, [c for c, _ in step.found])
                    count += len(step.found)
                    progress(label, count)
            if journal.laid_out != seed or not (folder / MANIFEST).exists():
                _lay_out(journal, folder, seed)
                journal.add_layout(seed)
    except Timeout as error:
        raise ColorkitError(f"another run is building {folder}; wait for its end") from error
    lines = (folder / MANIFEST).read_bytes().splitlines()  # a name may hold other line breaks
    return Built([json.loads(line) for line in lines], faults, describe_passed_over(sources))


def blur(rgb: np.ndarray) -> float:
    """How blurred a picture looks, from 0 (sharp) to 1 (Crete et al., SPIE 2007).

    Args:
        rgb: uint8 (H, W, 3). Measured at 256 pixels of its shorter side, so that what only shows
            in large prints does not count.
    """
    from skimage.measure import blur_effect

    gray = Image.fromarray(_scaled(rgb, 256)).convert("L")
    with np.errstate(invalid="ignore"):  # of one color: no edge to be sharp
        found = blur_effect(np.asarray(gray, dtype=np.float32) / 255)
    return float(np.nan_to_num(found, nan=1.0))


def _judge(candidate: Candidate, rgb: np.ndarray, min_side: int) -> None:
    """Note the thumbnail of a picture and what speaks against it."""
    thumbnails, colorless = measure_images(resize_crop(rgb, _SMALL)[None])
    if min(candidate.height, candidate.width) < min_side:
        candidate.dropped = "tiny"
    elif colorless[0]:
        candidate.dropped = "gray"
    elif blur(rgb) > BLUR:
        candidate.dropped = "blurred"
    else:
        candidate.thumbnail = np.rint(thumbnails[0] * 255).astype(np.uint8).tobytes().hex()


def _scaled(rgb: np.ndarray, side: int) -> np.ndarray:
    """Scale the shorter side down to `side`."""
    if min(rgb.shape[:2]) <= side:
        return rgb
    return np.asarray(ImageOps.cover(Image.fromarray(rgb), (side, side), Image.Resampling.LANCZOS))


def _lay_out(journal: Journal, folder: Path, seed: int) -> None:
    """Drop near-duplicates, choose the splits, move every file to its place, write the manifest."""
    placed = {path.name: path for split in SPLITS for path in (folder / split).glob("*/*.jpg")}
    waiting = {path.name: path for path in (folder / _WORK).glob("*.jpg")}
    places, candidates = placed | waiting, journal.candidates()
    splits = _split([each for each in candidates if not each.dropped], seed)
    rows, moves = [], {}
    for each in candidates:
        if not each.dropped and each.name not in places:  # by whoever looked the pictures through
            each.dropped = "removed"
        split = "" if each.dropped else splits[each.name]
        file = f"{split}/{each.label}/{each.name}" if split else ""
        if each.name in places:
            moves[places[each.name]] = folder / (file or f"{_WORK}/{each.name}")
        about = {key: value for key, value in asdict(each).items() if key not in _UNTOLD}
        rows.append({"file": file, "class": each.label, "split": split} | about)
    moves = {path: target for path, target in moves.items() if path != target}
    stale = [path for name, path in placed.items() if name in waiting or name in journal.stale]
    if moves or stale:
        (folder / MANIFEST).unlink(missing_ok=True)
    for path in stale:
        path.unlink()
    for path, target in moves.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        with suppress(OSError):  # unless it was the last one there
            path.parent.rmdir()
    write_text(folder / MANIFEST, "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))


def _split(kept: list[Candidate], seed: int) -> dict[str, str]:
    """Give the split of each name; of near-duplicates all but the largest are marked as dropped.

    Pictures of one shot, and those that a chain of near-duplicates connects, share a split.
    """
    if not kept:
        return {}
    kept = sorted(kept, key=lambda each: (-each.height * each.width, each.label, each.name))
    thumbnails = [np.frombuffer(bytes.fromhex(each.thumbnail), dtype=np.uint8) for each in kept]
    pairs = near_duplicates(np.stack(thumbnails).astype(np.float32) / 255)
    for i, j in pairs[np.lexsort(pairs.T)]:  # by j: what becomes of i < j is settled by then
        if not kept[i].dropped and not kept[j].dropped:
            kept[j].dropped, kept[j].detail = "near-duplicate", f"of {kept[i].name}"
    firsts: dict[tuple, int] = {}
    links = [
        (firsts.setdefault((each.source, each.shot), row), row)
        for row, each in enumerate(kept)
        if each.shot is not None
    ]
    together = np.concatenate([pairs, np.array(links, dtype=np.int64).reshape(-1, 2)])
    groups = groups_of(len(kept), together)
    rows = [row for row, each in enumerate(kept) if not each.dropped]
    names, labels = [kept[r].name for r in rows], [kept[r].label for r in rows]
    splits = seeded_split(names, labels, groups[rows], SHARES, seed)
    for label in set(labels):  # a class of one or two groups: without training it is of no use
        own = np.array(labels) == label
        if not (splits[own] == "train").any():
            splits[np.isin(groups[rows], groups[rows][own])] = "train"
    return dict(zip(names, splits.tolist(), strict=True))
