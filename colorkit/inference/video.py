"""Colorizing a video: each frame as a photograph, and the chroma made steady over time.

One frame is in memory at a time. Sound, times and proportions are those of the video. The result
appears under its name once it is complete.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from colorkit.imaging.images import MAX_PIXELS
from colorkit.imaging.videos import WRITTEN, Frame, Reader, Writer
from colorkit.inference.photograph import blaming, guide, near_infrared, paint, predict_planes
from colorkit.inference.temporal import SECONDS, Steadied
from colorkit.models import pretrained
from colorkit.system.errors import ColorkitError, one_line
from colorkit.system.process_settings import memory_kept
from colorkit.system.writing import atomic_write


@dataclass(frozen=True)
class VideoResult:
    """What became of a video.

    Attributes:
        frames: how many it has.
        flicker: mean change of chroma between neighboring frames along the motion, in Lab units,
            as the network gave it and as it was made steady; see `steady.flicker`.
        cuts: how many were found.
        notes: what a person should be told.
    """

    frames: int
    flicker: tuple[float, float]
    cuts: int
    notes: tuple[str, ...]


@memory_kept
def colorize_video(
    source: str | Path,
    target: str | Path,
    model: str | Path | None = None,
    saturation: float = 1.0,
    *,
    steady: float = SECONDS,
    max_pixels: int = MAX_PIXELS,
    progress: Callable[[int, int | None], None] | None = None,
) -> VideoResult:
    """Colorize a video.

    Each frame keeps its time, to the unit of the video's time base, and its L* within the error of
    the encoder, H.264 of 8 bits with chroma at half resolution and a CRF of 18. Sound and, where
    the format holds them, subtitles are copied; sound that it does not hold is encoded anew.
    Frames are turned upright, and odd sides made even.

    Args:
        source: any video FFmpeg can read that is no list of other files.
        target: the file to write, which ends in .mp4, .m4v, .mov or .mkv.
        model, saturation: see `colorkit.colorize`.
        steady: time constant in seconds of the average of chroma along the motion; 0 for none.
        max_pixels: larger frames are refused before they are decoded.
        progress: called after each frame with their number so far and in all, if it is known.

    Returns:
        The number of frames, the flicker and what should be known of the result.

    Raises:
        ColorkitError: the video cannot be read or its frames are too large; the result cannot be
            written, or would overwrite it; there is no such model, or it is of another task. A
            video that breaks off is colorized up to there, and then the error says so.
        ValueError: `saturation` or `steady` is below 0.
    """
    source, target = Path(source), Path(target)
    if not 0 <= saturation < float("inf"):
        raise ValueError(f"saturation must be 0 or more, received {saturation}")
    kind = WRITTEN.get(target.suffix.lower())
    if kind is None:
        raise ColorkitError(f"{target}: a colorized video ends in one of {', '.join(WRITTEN)}")
    if target.exists() and source.exists() and target.samefile(source):
        raise ColorkitError(f"{source}: its result would overwrite it; choose another name")
    painter = _Painter(model, saturation, steady)
    with Reader(source, max_pixels) as reader:
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
    """A network and what it remembers of the frames before."""

    def __init__(self, model: str | Path | None, saturation: float, seconds: float):
        self.network, self.card = pretrained.load(model)
        self.model, self.saturation = model, saturation
        self.steadied, self._last = Steadied(seconds), None

    def __call__(self, picture: Frame, unit: float) -> Frame:
        rgb = np.ascontiguousarray(picture.rgb)
        if self.card.get("gray") == "nir":
            rgb = near_infrared(rgb, rgb.size)
        with blaming(self.model):
            planes = predict_planes(self.network, self.card, rgb)
        elapsed = 0.0 if self._last is None else (picture.pts - self._last) * unit
        self._last = picture.pts
        planes = self.steadied(planes, guide(rgb, planes.shape[-2:]), elapsed)
        return Frame(paint(rgb, planes, self.saturation), picture.pts, picture.duration)
