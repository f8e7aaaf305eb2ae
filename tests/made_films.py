"""Films for tests: what containers hold, made by PyAV; their pictures are still and uneven."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from colorkit.imaging.videos.reading import Reader
from colorkit.imaging.videos.writing import WRITTEN, Writer

SIZE = (64, 96)


def uneven(size: tuple[int, int] = SIZE) -> np.ndarray:
    """A gray picture (H, W, 3) that no turn or mirror makes itself: bright at its upper left."""
    rgb = np.zeros((*size, 3), np.uint8)
    rgb[...] = np.linspace(20, 120, size[1])[None, :, None]
    rgb[: size[0] // 3, : size[1] // 3] = 235
    return rgb


def add_pictures(out, rate=10, codec="libx264", options=None, rgb=None):
    """Add a stream of pictures to a file."""
    rgb = uneven() if rgb is None else rgb
    stream = out.add_stream(codec, rate)
    stream.height, stream.width = rgb.shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.options = {"crf": "4", "bf": "0"} if options is None else options
    return stream


def show(stream, times, rgb=None, unit=Fraction(1, 10)):
    """Give packets of a picture shown at times in a unit."""
    rgb = uneven() if rgb is None else rgb
    for at in times:
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = at, unit
        yield from stream.encode(frame)
    yield from stream.encode(None)


def sound(stream, seconds: float, begin: float = 0.0):
    """Give packets of a tone."""
    rate = stream.sample_rate
    wave = (0.3 * np.sin(0.05 * np.arange(round(seconds * rate)))).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts = rate, round(begin * rate)
    frame.time_base = Fraction(1, rate)
    yield from stream.encode(frame)
    yield from stream.encode(None)


def film(path: Path, first=0.0, seconds=1.0, heard=None, kind=None, codec="libx264", tone="aac"):
    """Write a film of ten frames a second that begins at a time; its sound may begin at another."""
    options = {"qscale": "2"} if codec != "libx264" else None
    with av.open(str(path), "w", format=kind) as out:
        pictures = add_pictures(out, codec=codec, options=options)
        track = None if tone is None else out.add_stream(tone, 48000, layout="mono")
        begin = round(first * 10)
        packets = [*show(pictures, range(begin, begin + round(seconds * 10)))]
        if track:
            packets += sound(track, seconds, first if heard is None else heard)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            out.mux(packet)
    return path


def copy(source: Path, target: Path, max_pixels: int = 10**8) -> list[str]:
    """Write a film again as a colorized one is, with its own pictures; give what is noted."""
    kind = WRITTEN[target.suffix]
    with Reader(source, max_pixels) as reader:
        with target.open("w+b") as file, Writer(file, kind, reader) as writer:
            for packet in reader.packets():
                if packet.stream.index != reader.stream.index:
                    writer.copy(packet)
                    continue
                for picture in reader.pictures(packet):
                    writer.write(picture)
        assert not reader.broken()
    return [*reader.notes, *writer.notes]


def span(path: Path, kind: str = "video") -> tuple[float, float]:
    """Second at which what is seen begins and ends, or the tone is heard first and last."""
    with av.open(str(path)) as container:
        stream = next(each for each in container.streams if each.type == kind)
        frames = [*container.decode(stream)]
        if kind == "video":
            return frames[0].time, frames[-1].time + float(frames[-1].duration * stream.time_base)
        heard = [
            frame.time + at / frame.sample_rate
            for frame in frames
            for at in np.flatnonzero(np.abs(frame.to_ndarray()[0].astype(float)) > 0.1)
        ]
        return heard[0], heard[-1]


def frame(path: Path) -> np.ndarray:
    """The first picture, uint8 (H, W, 3)."""
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")
