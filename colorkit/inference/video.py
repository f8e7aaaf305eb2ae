"""Colorizing a video: each frame as a photograph, and the chroma made steady over time.

One frame is in memory at a time. Sound, times and proportions are those of the video. The result
appears under its name once it is complete.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from colorkit.imaging.videos.reading import Frame, Reader
from colorkit.imaging.videos.writing import WRITTEN, Writer
from colorkit.inference.paint import guide
from colorkit.inference.photograph import PhotographColorizer
from colorkit.inference.reading import near_infrared
from colorkit.inference.temporal import Steadied
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.process_settings import memory_kept
from colorkit.system.writing import atomic_write

Progress = Callable[[int, int | None], None]


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
    painter = _Painter(colorizer, steady)
    with Reader(source, colorizer.max_pixels) as reader:
        frames = 0
        try:
            with atomic_write(target) as file, Writer(file, kind, reader) as writer:
                for packet in reader.packets():
                    if packet.stream.index != reader.stream.index:
                        writer.copy(packet)
                        continue
                    for picture in reader.pictures(packet):
                        writer.write(painter(picture, float(reader.time_base)))
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


class _Painter:
    """A colorizer and what is remembered of the frames before."""

    def __init__(self, colorizer: PhotographColorizer, seconds: float):
        self.colorizer, self.infrared = colorizer, colorizer.infrared  # loads the network
        self.steadied, self._last = Steadied(seconds), None

    def __call__(self, picture: Frame, unit: float) -> Frame:
        rgb = np.ascontiguousarray(picture.rgb)
        if self.infrared:
            rgb = near_infrared(rgb, self.colorizer.max_pixels)
        planes = self.colorizer.planes(rgb, still=False)
        elapsed = 0.0 if self._last is None else (picture.pts - self._last) * unit
        self._last = picture.pts
        planes = self.steadied(planes, guide(rgb, planes.shape[-2:]), elapsed)
        return Frame(self.colorizer.paint(rgb, planes, film=True), picture.pts, picture.duration)
