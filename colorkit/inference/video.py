"""Colorizing a video: each frame as a photograph, and the chroma made steady over time.

The network looks at the next frame while one is made steady, joined and encoded: both leave cores
idle. So two frames are in memory at a time. Sound, times and proportions are those of the video.
The result appears under its name once it is complete.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
from torch import Tensor

from colorkit.imaging.videos.reading import Frame, Reader
from colorkit.imaging.videos.writing import WRITTEN, Writer
from colorkit.inference.paint import guide
from colorkit.inference.photograph import PhotographColorizer
from colorkit.inference.reading import near_infrared
from colorkit.inference.temporal import Steadied
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.process_settings import memory_kept
from colorkit.system.threads import ahead
from colorkit.system.writing import atomic_write

Progress = Callable[[int, int | None], None]
_MOST = 100  # packets of other streams in memory


@dataclass(frozen=True)
class VideoResult:
    """What became of a video.

    Attributes:
        frames: how many it has.
        flicker: mean change of chroma between neighboring frames along the motion, in Lab units,
            as the network gave it and as it was made steady; see `inference.temporal.flicker`.
        cuts: how many were found.
        notes: what a person should be told.
    """

    frames: int
    flicker: tuple[float, float]
    cuts: int
    notes: tuple[str, ...]


@memory_kept
def colorize_frames(
    source: str | Path,
    target: str | Path,
    colorizer: PhotographColorizer,
    steady: float,
    progress: Progress | None = None,
) -> VideoResult:
    """Colorize a video; see `inference.colorize.colorize_video`.

    Args:
        source, target, steady, progress: as there.
        colorizer: what colorizes each frame.
    """
    source, target = Path(source), Path(target)
    kind = WRITTEN.get(target.suffix.lower())
    if kind is None:
        raise ColorkitError(f"{target}: a colorized video ends in one of {', '.join(WRITTEN)}")
    if target.exists() and source.exists() and target.samefile(source):
        raise ColorkitError(f"{source}: its result would overwrite it; choose another name")
    painter, frames = _Painter(colorizer, steady), 0
    with Reader(source, colorizer.max_pixels) as reader:
        try:
            with (
                atomic_write(target) as file,
                Writer(file, kind, reader) as writer,
                ahead(_look(reader, colorizer)) as parts,
            ):
                for part in parts:
                    for packet in part.others:
                        writer.copy(packet)
                    if part.frame is None:
                        continue
                    writer.write(painter(part.frame, part.planes, float(reader.time_base)))
                    frames += 1
                    if progress:
                        progress(frames, reader.expected)
        except av.FFmpegError as error:
            raise ColorkitError(
                f"{source}: it cannot be written as {target.suffix} ({one_line(error)}); "
                "choose another format, such as .mkv"
            ) from error
        if broken := reader.broken():
            raise ColorkitError(
                f"{source}: {broken}; {target} holds what comes before, copy the video again for "
                "the rest"
            )
        notes = [*reader.notes, *writer.notes]
        if reader.damaged:
            notes.append(f"pieces of it that are damaged and may show: {reader.damaged}")
    return VideoResult(frames, painter.steadied.flicker, painter.steadied.cuts, tuple(notes))


@dataclass(frozen=True)
class _Part:
    """Packets of a video's other streams, the frame after them, and what the network says of it.

    frame: gray, if it is of near infrared; None in parts that are packets alone.
    planes: see `inference.photograph.predict_planes`.
    """

    others: list[av.Packet]
    frame: Frame | None = None
    planes: Tensor | None = None


def _look(reader: Reader, colorizer: PhotographColorizer) -> Iterator[_Part]:
    """Read a video, and show each of its frames to the network."""
    others: list[av.Packet] = []
    for packet in reader.packets():
        if packet.stream.index != reader.stream.index:
            others.append(packet)
            if len(others) == _MOST:
                yield _Part(others)
                others = []
            continue
        for frame in reader.pictures(packet):
            rgb = np.ascontiguousarray(frame.rgb)
            if colorizer.infrared:
                rgb = _near_infrared(rgb, reader.path, colorizer.max_pixels)
            yield _Part(others, replace(frame, rgb=rgb), colorizer.planes(rgb, still=False))
            others = []
    yield _Part(others)


def _near_infrared(rgb: np.ndarray, path: Path, max_pixels: int) -> np.ndarray:
    try:
        return near_infrared(rgb, max_pixels)
    except ColorkitError as error:
        raise ColorkitError(
            f"{path}: its frames have colors where near infrared should be; choose another model "
            "for it"
        ) from error


class _Painter:
    """A colorizer and what is remembered of the frames before."""

    def __init__(self, colorizer: PhotographColorizer, seconds: float):
        _ = colorizer.loaded  # before a file is begun: there may be no such network
        self.colorizer, self.steadied, self._last = colorizer, Steadied(seconds), None

    def __call__(self, frame: Frame, planes: Tensor, unit: float) -> Frame:
        """Join steady planes to a frame, whose times are in units of so many seconds."""
        elapsed = 0.0 if self._last is None else (frame.pts - self._last) * unit
        self._last = frame.pts
        L = guide(frame.rgb, planes.shape[-2:])  # (1, 1, h, w)
        planes = self.steadied(planes, L, elapsed)
        return replace(frame, rgb=self.colorizer.paint(frame.rgb, planes, film=True, reduced=L))
