"""Video files: frames read with their times, and written again beside the sound they came with.

FFmpeg, through PyAV, reads and writes them. What it is allowed to open is listed: among its formats
are playlists that name other files and addresses.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
import numpy as np

from colorkit.imaging.decoders import check_size
from colorkit.imaging.images import MAX_PIXELS
from colorkit.system.errors import ColorkitError

WRITTEN = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}  # others become .mp4
_FORMATS = "mov,matroska,avi,mpegts,mpeg,mpegvideo,h264,hevc,m4v,asf,flv,ogg,dv,mxf"
# Visually lossless. Without frames that refer to later ones the files are about a tenth larger, but
# a frame is stored at its own time: else MP4 derives the last frames' durations from the order of
# decoding, wrongly where the rate varies.
ENCODING = {"crf": "18", "preset": "medium", "bf": "0"}
_HD = 720  # rows from which video that does not say its color matrix means BT.709's, not BT.601's
_BT601, _BT709 = 5, 1  # libswscale's numbers
_COMMON = {"aac", "mp3", "ac3", "eac3", "alac", "opus"}  # sound that players expect in any file
_BITS = 96_000  # a second and channel of sound that is encoded anew
_CARRIED = {"audio": "sound", "subtitle": "text", "video": "other video"}
_LOST = 0.2  # seconds by which a whole video may be shorter than its header says


@dataclass(frozen=True)
class Frame:
    """A frame: uint8 (H, W, 3) sRGB, upright; its time and duration in units of the time base."""

    rgb: np.ndarray
    pts: int
    duration: int


def is_video(path: Path) -> bool:
    """Say whether a file, whatever its name, is a video."""
    with suppress(Exception), _open(path) as container:
        return bool(_moving(container) and container.duration)  # still pictures last no time
    return False


class Reader:
    """A video file: its packets in order, and the pictures in those of its first video stream.

    Attributes:
        width, height: upright, in pixels.
        aspect: width ÷ height of a pixel, or None.
        rate: frames a second on average.
        expected: about how many frames there are, or None.
        time_base: seconds of one unit of the pictures' times.
        damaged: how many packets could not be decoded so far.
        notes: what of the file a colorized copy does not show.
    """

    def __init__(self, path: Path, max_pixels: int):
        """Open a file and look at its first frame.

        Raises:
            ColorkitError: it is missing, no video, damaged at its beginning, or its frames are
                larger than `max_pixels`.
        """
        self.path, self._max_pixels, self.notes = path, max_pixels, []
        if not path.is_file():
            raise ColorkitError(f"{path}: there is no such file; check the path.")
        if not path.stat().st_size:
            raise ColorkitError(f"{path}: the file is empty (0 bytes); copy it again.")
        self._start()
        try:
            self._look()
        except BaseException:
            self.container.close()
            raise
        # Reading anew is simpler than keeping what was read on the way to the first frame.
        self.container.close()
        self._start()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *error) -> None:
        self.container.close()

    def _start(self) -> None:
        path = self.path
        try:
            self.container = _open(path, self._max_pixels)
        except PermissionError as error:
            raise ColorkitError(
                f"{path}: permission denied; change the file's permissions."
            ) from error
        except (OSError, ValueError, av.FFmpegError) as error:
            raise ColorkitError(
                f"{path}: this is no video that can be read, or it is damaged or cut off; "
                "copy it again, convert it to MP4, or leave it out."
            ) from error
        self.damaged, self._reached, self._next = 0, 0.0, 0
        moving = _moving(self.container)
        if not moving or moving[0].codec_context is None:
            self.container.close()
            what = "its codec is unknown" if moving else "it has no moving pictures, only sound"
            raise ColorkitError(f"{path}: {what}; convert it to MP4, or leave it out.")
        self.stream = moving[0]
        self.stream.codec_context.options = {"max_pixels": str(min(self._max_pixels, 2**31 - 1))}
        self.stream.thread_type = "AUTO"

    def _look(self) -> None:
        """Find out what is the same for all frames."""
        stream = self.stream
        check_size(self.path, (stream.width, stream.height), self._max_pixels)
        own = (packet for packet in self.packets() if packet.stream.index == stream.index)
        first = next((frame for packet in own for frame in self.decode(packet)), None)
        if first is None:
            raise ColorkitError(f"{self.path}: none of its frames can be decoded; copy it again.")
        self.rate, self.time_base = stream.average_rate or Fraction(25), stream.time_base
        self.aspect, self._turns = stream.sample_aspect_ratio, round(first.rotation / 90) % 4
        self._size = self.width, self.height = first.width, first.height
        if self._turns % 2:
            self.width, self.height = self.height, self.width
            self.aspect = 1 / self.aspect if self.aspect else None
        self.matrix = _matrix(first)
        self.primaries, self.transfer = first.color_primaries, first.color_trc
        seconds = (self.container.duration or 0) / av.time_base
        self.expected = stream.frames or int(seconds * self.rate) or None
        if max(part.bits for part in first.format.components) > 8:
            self.notes.append("its more than 8 bits a channel became 8")
        if first.interlaced_frame:
            self.notes.append("it is interlaced: both fields of a frame were colorized as one")

    def packets(self) -> Iterator[av.Packet]:
        """Yield the packets of all streams, up to the end or where the file breaks off."""
        with suppress(av.FFmpegError):  # `broken` says what is missing
            for packet in self.container.demux():
                at = packet.dts if packet.pts is None else packet.pts  # all that AVI has
                if at is not None and packet.time_base:
                    end = float((at + (packet.duration or 0)) * packet.time_base)
                    self._reached = max(self._reached, end)
                yield packet

    def pictures(self, packet: av.Packet) -> Iterator[Frame]:
        """Decode a packet of `stream`; damaged ones are counted and skipped."""
        for frame in self.decode(packet):
            pts = self._next if frame.pts is None else max(frame.pts, self._next)
            duration = frame.duration or max(1, round(1 / (self.rate * self.time_base)))
            self._next = pts + (duration if frame.pts is None else 1)
            # Of the first frame's size: in a broadcast it may change on the way.
            rgb = frame.reformat(
                *self._size, "rgb24", src_colorspace=self.matrix, interpolation="BICUBIC"
            ).to_ndarray()
            yield Frame(np.rot90(rgb, self._turns), pts, duration)

    def decode(self, packet: av.Packet) -> list:
        """Give the frames of a packet of any stream; what is damaged is counted and skipped."""
        try:
            self.damaged += packet.is_corrupt
            return packet.decode()
        except av.FFmpegError:
            self.damaged += 1
            return []

    def broken(self) -> str:
        """Say after the last packet what is missing of what the header promises, or nothing.

        Streams made for broadcasting promise no length, and end where they end.
        """
        start, length = (
            (time or 0) / av.time_base
            for time in (self.container.start_time, self.container.duration)
        )
        if self.container.format.name == "avi":  # FFmpeg corrects its length, not its frames
            length = max(length, float(self.stream.frames / self.rate))
        reached = self._reached - start
        if length - reached <= max(_LOST, 3 / self.rate):
            return ""
        return f"it breaks off after {max(reached, 0):.1f} of {length:.1f} s"


class Writer:
    """A video file in H.264 with the pictures of a `Reader` and what else its file holds.

    Attributes:
        notes: what could not be carried over as it was.
    """

    def __init__(self, file: IO[bytes], kind: str, reader: Reader):
        """Begin a file of a kind (a value of `WRITTEN`), open for writing and seeking."""
        self._reader, self.notes = reader, []
        self._same_kind = kind in reader.container.format.name.split(",")
        # Some sound is an experiment to FFmpeg; what it copies does not come out of it.
        self._out = av.open(file, "w", format=kind, options={"strict": "experimental"})
        self._out.metadata.update(reader.container.metadata)
        self._out.set_chapters(reader.container.chapters())
        self._stream = stream = self._out.add_stream("libx264", reader.rate, options=ENCODING)
        stream.width = reader.width + reader.width % 2
        stream.height = reader.height + reader.height % 2
        if (stream.width, stream.height) != (reader.width, reader.height):
            self.notes.append("its odd sides were made even by repeating the last row or column")
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = reader.time_base
        context.flags |= av.codec.context.Flags.frame_duration
        if reader.aspect:
            context.sample_aspect_ratio = reader.aspect
        context.colorspace = 6 if reader.matrix == _BT601 else reader.matrix
        context.color_range = av.video.reformatter.ColorRange.MPEG
        context.color_primaries, context.color_trc = reader.primaries, reader.transfer
        self._tracks = {s.index: self._track(s) for s in reader.container.streams}

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind, *error) -> None:
        """Write what is still in the encoder, and the file's index."""
        if kind is None:
            self._out.mux(self._stream.encode(None))
            self._out.close()
        else:  # what comes of it is thrown away
            with suppress(Exception):
                self._out.close()

    def _track(self, stream) -> Callable[[av.Packet], None] | None:
        """Make room for another stream; say what takes its packets."""
        what = _CARRIED.get(stream.type)
        if stream.index == self._reader.stream.index or what is None:
            return None
        codec = stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
        if what != "other video" and (self._same_kind or codec in _COMMON):
            with suppress(ValueError, av.FFmpegError):  # not in this kind of file
                return self._copied(stream)
        if what == "sound" and stream.codec_context:
            with suppress(ValueError, av.FFmpegError):  # a rate or layout that AAC does not have
                return self._encoded(stream, codec)
        self.notes.append(f"its {what} ({codec}) was left out")
        return None

    def _copied(self, stream) -> Callable[[av.Packet], None]:
        track = self._out.add_stream_from_template(stream)
        track.metadata.update(stream.metadata)

        def take(packet: av.Packet) -> None:
            if packet.dts is not None:  # the last one, which only says that there are no more
                packet.stream = track
                try:
                    self._out.mux(packet)
                except av.error.InvalidDataError:
                    self._reader.damaged += 1

        return take

    def _encoded(self, stream, codec: str) -> Callable[[av.Packet], None]:
        layout = {1: "mono", 2: "stereo"}.get(stream.channels, stream.layout)  # AVI names none
        track = self._out.add_stream(
            "aac", stream.sample_rate, layout=layout, bit_rate=_BITS * stream.channels
        )
        self.notes.append(f"its sound ({codec}) was encoded anew, as AAC")

        def take(packet: av.Packet) -> None:
            for frame in self._reader.decode(packet):
                self._out.mux(track.encode(frame))
            if not packet.size:
                self._out.mux(track.encode(None))

        return take

    def copy(self, packet: av.Packet) -> None:
        """Take a packet of another stream than the pictures'."""
        if take := self._tracks[packet.stream.index]:
            take(packet)

    def write(self, picture: Frame) -> None:
        """Encode a picture."""
        odd = ((0, self._reader.height % 2), (0, self._reader.width % 2), (0, 0))
        rgb = np.ascontiguousarray(np.pad(picture.rgb, odd, mode="edge"))
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
            format="yuv420p",
            dst_colorspace=self._reader.matrix,
            dst_color_range="MPEG",
            interpolation="AREA",
        )
        frame.time_base = self._reader.time_base
        frame.pts, frame.duration = picture.pts, picture.duration
        self._out.mux(self._stream.encode(frame))


def _open(path: Path, max_pixels: int = MAX_PIXELS):
    """Open a file for reading."""
    options = {
        "format_whitelist": _FORMATS,
        "protocol_whitelist": "file",
        "max_pixels": str(min(max_pixels, 2**31 - 1)),
    }
    # Without "file:" some names would be addresses.
    return av.open(f"file:{path}", options=options, metadata_errors="replace")


def _moving(container) -> list:
    """Give the video streams that are no cover pictures."""
    cover = av.stream.Disposition.attached_pic
    return [stream for stream in container.streams.video if not stream.disposition & cover]


def _matrix(frame: av.VideoFrame) -> int:
    """Say by which matrix a frame's colors are stored."""
    known = {1: _BT709, 4: 4, 5: _BT601, 6: _BT601, 7: 7, 9: 9}  # the others cannot be computed
    return known.get(frame.colorspace, _BT709 if frame.height >= _HD else _BT601)
