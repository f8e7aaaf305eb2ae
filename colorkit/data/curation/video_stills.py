"""The frames of a video that are worth keeping: few, and each another picture.

Every n-th frame of a video is mostly the same picture again. Here a video is divided into shots
(what one camera took without a break), and each gives one frame, or several where it moves on to
other pictures. Frames are compared as `data.splits` compares images, by the correlation of 16 × 16
color thumbnails. Brightness does not change it: a fade is no motion and a camera's flash no cut.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, repeat
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import laplace

from colorkit.data.cache import THUMBNAIL
from colorkit.imaging.images import MAX_PIXELS
from colorkit.imaging.videos.reading import Reader
from colorkit.system.errors import ColorkitError

# Differences are 1 − correlation. Of 154 pairs of photographs of the same class of scene none was
# nearer than CUT; frames of a pan come that far too, but then all of them, and a cut has to stand
# out (as in PySceneDetect's AdaptiveDetector).
CUT = 0.12
_STANDS_OUT = 3.0  # a cut's difference, over the mean of the differences around it
_AROUND = 3  # frames on each side that decide
CHANGED = 0.5  # difference from the first frame of a picture from which on it is another one
HOLD = 0.5  # seconds a picture stands; less is a blend of two, or a swing of the camera
_FLAT = 0.02  # deviation, of 1, below which a frame shows nothing, as between two fades
_SMALL = 64  # side to which frames are scaled before their thumbnails are averaged


@dataclass(frozen=True)
class Still:
    """A frame worth keeping.

    rgb: uint8 (H, W, 3), sRGB, upright, pixels square, scaled down as asked.
    time: of the frame, in seconds.
    shot: number of its shot: 0, 1, 2, …
    start: time at which that shot begins.
    size: height and width in the video.
    """

    rgb: np.ndarray
    time: float
    shot: int
    start: float
    size: tuple[int, int]


def stills(path: str | Path, side: int, shot: int = 0, start: float = 0.0) -> Iterator[Still]:
    """Take the frames worth keeping out of a video.

    Of the frames that look alike the sharpest is taken (variance of the Laplacian; Pech-Pacheco et
    al., ICPR 2000), which also avoids blends of two pictures. Frames that show nothing count for
    nothing, so that a fade over black is a cut. A dissolve is none: the pictures at both of its
    ends are taken, as of one shot. A picture that comes back within a shot is not taken again.

    Args:
        path: any video `videos.reading.Reader` can read.
        side: stills are scaled down to this shorter side.
        shot, start: of a `Still` given earlier: go on from the beginning of its shot.

    Raises:
        ColorkitError: it is no video, or breaks off: what there is was given before.
    """
    with Reader(Path(path), MAX_PIXELS) as reader:
        longest, shown, begins = None, [], True
        for run, ends in _runs(_seen(_frames(reader, start))):
            if begins:
                start, longest, shown = run.begin, None, []
            if longest is None or run.lasts > longest.lasts:
                longest = run
            taken = None
            if run.lasts >= HOLD:
                new = all(difference(run.first, other) > CHANGED for other in shown)
                taken = run if new else None
            elif ends and not shown:
                taken = longest
            if taken:
                shown.append(taken.first)
                rgb, size = _still(reader, taken.best, side)
                yield Still(rgb, taken.best.time, shot, start, size)
            shot, begins = shot + ends, ends
        if broken := reader.broken():
            raise ColorkitError(f"{path}: {broken}; copy it again")


def is_cut(before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> bool:
    """Say whether a cut lies between frames.

    Args:
        before, after: up to three neighboring frames on each side, as `thumbnail` gives them.
    """
    if not before or not after:
        return False
    motion = [difference(*pair) for side in (before, after) for pair in pairwise(side)]
    jump = difference(before[-1], after[0])
    # If any frame after is like any before, the picture has come back: a flash, a bird, a glitch.
    apart = min(difference(b, a) for b in before for a in after)
    return apart > CUT and jump > _STANDS_OUT * (sum(motion) / len(motion) if motion else 0)


def thumbnail(rgb: np.ndarray) -> np.ndarray | None:
    """Reduce uint8 (64, 64, 3) to a vector of mean 0 and length 1; None if it shows nothing."""
    step = _SMALL // THUMBNAIL
    small = rgb.reshape(THUMBNAIL, step, THUMBNAIL, step, 3).mean(axis=(1, 3), dtype=np.float32)
    small -= small.mean()
    length = np.linalg.norm(small)
    return small.ravel() / length if length > _FLAT * 255 * small.size**0.5 else None


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """1 − correlation of two thumbnails: 0 for the same picture, about 1 for unrelated ones."""
    return 1 - float(a @ b)


@dataclass
class _Seen:
    """A frame, and what is known of it."""

    frame: Any
    time: float
    thumbnail: np.ndarray
    sharpness: float


@dataclass
class _Run:
    """Frames of a shot that look like the first of them."""

    first: np.ndarray
    begin: float
    end: float
    best: _Seen

    @property
    def lasts(self) -> float:
        return self.end - self.begin


def _runs(frames: Iterable[_Seen]) -> Iterator[tuple[_Run, bool]]:
    """Gather alike frames; each run comes with whether its shot ends with it."""
    run = None
    for seen, begins in _with_cuts(frames):
        far = difference(run.first, seen.thumbnail) if run and not begins else np.inf
        if far <= CHANGED:
            run.end = seen.time
            # What is already on its way to the next picture is not taken, be it sharp.
            if far <= CHANGED / 2 and seen.sharpness > run.best.sharpness:
                run.best = seen
            continue
        if run:
            yield run, begins
        run = _Run(seen.thumbnail, seen.time, seen.time, seen)
    if run:
        yield run, True


def _with_cuts(frames: Iterable[_Seen]) -> Iterator[tuple[_Seen, bool]]:
    """Give each frame with whether a shot begins with it; of a shot only its own frames count."""
    before: deque[np.ndarray] = deque(maxlen=_AROUND)
    ahead: deque[_Seen] = deque()
    for seen in chain(frames, repeat(None, _AROUND - 1)):
        if seen is not None:
            ahead.append(seen)
            if len(ahead) < _AROUND:
                continue
        if not ahead:
            return
        begins = is_cut(before, [each.thumbnail for each in ahead])
        if begins:
            before.clear()
        now = ahead.popleft()
        before.append(now.thumbnail)
        yield now, begins


def _frames(reader: Reader, start: float) -> Iterator[Any]:
    """Decode from a time on: from the key frame before it, or where there is no index from 0."""
    frames = _decoded(reader)
    if start > 0:
        reader.seek(start)
        first = next(frames, None)
        if first is None or first.time > start:
            reader.rewind()
            frames = _decoded(reader)
        else:
            frames = chain([first], frames)
    return (frame for frame in frames if frame.time >= start)


def _decoded(reader: Reader) -> Iterator[Any]:
    for packet in reader.packets():
        if packet.stream.index == reader.stream.index:
            for frame in reader.decode(packet):
                if frame.time is None:
                    raise ColorkitError(
                        f"{reader.path}: its frames have no times; convert it to MP4"
                    )
                if not frame.is_corrupt:
                    yield frame


def _seen(frames: Iterable[Any]) -> Iterator[_Seen]:
    """Measure frames; those that show nothing are left out."""
    for frame in frames:
        small = frame.reformat(_SMALL, _SMALL, format="rgb24", interpolation="AREA").to_ndarray()
        found = thumbnail(small)
        if found is not None:
            height, width = _fit(frame.height, frame.width, 256)
            gray = frame.reformat(width, height, format="gray", interpolation="AREA").to_ndarray()
            yield _Seen(frame, frame.time, found, float(laplace(gray.astype(np.float32)).var()))


def _still(reader: Reader, seen: _Seen, side: int) -> tuple[np.ndarray, tuple[int, int]]:
    """Turn a frame upright, make its pixels square and scale it down; also its size before."""
    frame, swapped = seen.frame, reader.orientation.swapped
    aspect = float(reader.aspect or 1)  # of a pixel that is upright
    height, width = frame.height, round(frame.width * (1 / aspect if swapped else aspect))
    scaled = _fit(height, width, side)
    rgb = reader.colors.rgb(frame, scaled[1], scaled[0], "LANCZOS")
    size = (width, height) if swapped else (height, width)
    return np.ascontiguousarray(reader.orientation.upright(rgb)), size


def _fit(height: int, width: int, side: int) -> tuple[int, int]:
    """Scale height and width so that the shorter one is at most `side`."""
    scale = min(1.0, side / min(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))
