"""Video files: frames read with their times, and the packets of all else that lies beside them.

FFmpeg, through PyAV, reads them. What it is allowed to open is listed: among its formats are
playlists that name other files and addresses.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.sidedata.sidedata import Type
from av.stream import Disposition

from colorkit.imaging.decoding.decoders import check_size
from colorkit.imaging.images import MAX_PIXELS
from colorkit.imaging.videos.clock import Clock
from colorkit.imaging.videos.color import VideoColors
from colorkit.system.errors import ColorkitError

_FORMATS = "mov,matroska,avi,mpegts,mpeg,mpegvideo,h264,hevc,m4v,asf,flv,ogg,dv,mxf"
_LOST = 0.2  # seconds by which a whole video may be shorter than its header says
_FASTEST = 1000  # frames a second: of DV, FFmpeg gives the unit of its times for its rate


@dataclass(frozen=True)
class Frame:
    """A frame: uint8 (H, W, 3) sRGB, upright; its time and duration in units of the time base."""

    rgb: np.ndarray
    pts: int
    duration: int


@dataclass(frozen=True)
class Orientation:
    """How stored frames become upright ones: columns and rows swapped first, then turned round."""

    swapped: bool = False
    flipped: tuple[bool, bool] = (False, False)  # the order of the rows, that of the columns

    @classmethod
    def of(cls, frame: av.VideoFrame) -> "Orientation":
        """Read a frame's display matrix: turned by quarters, mirrored, or both."""
        matrix = next((bytes(s) for s in frame.side_data if s.type == Type.DISPLAYMATRIX), b"")
        if len(matrix) != 36:
            return cls()
        # A pixel at (x, y) is shown at (a x + c y, b x + d y), but for a shift.
        a, b, _, c, d = (int(number) for number in np.frombuffer(matrix, np.int32)[:5])
        swapped = abs(b) + abs(c) > abs(a) + abs(d)
        return cls(swapped, (b < 0, c < 0) if swapped else (d < 0, a < 0))

    def upright(self, rgb: np.ndarray) -> np.ndarray:
        """Turn (H, W, 3) upright; a view."""
        rgb = rgb.swapaxes(0, 1) if self.swapped else rgb
        rows, columns = (slice(None, None, -1 if flip else 1) for flip in self.flipped)
        return rgb[rows, columns]


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
        orientation: of the stored frames.
        colors: of the stored frames.
        rate: frames a second on average.
        expected: about how many frames there are, or None.
        time_base: seconds of one unit of the pictures' times.
        clock: by which its times begin at 0.
        covers: files of the cover pictures, by number of the stream.
        damaged: how many packets could not be decoded so far.
        notes: what of the file a colorized copy does not show.
    """

    def __init__(self, path: Path, max_pixels: int):
        """Open a file and look at its first frame.

        Raises:
            ColorkitError: it is missing, no video, damaged at its beginning, or its frames are
                larger than `max_pixels` or of colors that cannot be computed.
        """
        self.path, self._max_pixels, self.notes = path, max_pixels, []
        self.covers: dict[int, bytes] = {}
        self._reordered = self._edited = False
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
        self.rewind()  # simpler than keeping what was read on the way to the first frame

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
        self.damaged, self._reached, self._next = 0, Fraction(0), 0
        self._pictured: list[int] = []  # times of the last two pictures
        self.clock = Clock(self.container)
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
        first, own = None, None
        for packet in self.packets():
            if packet.stream.index == stream.index:
                own = own or packet
                if frames := self.decode(packet):
                    first = frames[0]
                    break
            elif _is_cover(packet.stream):  # these come before all else
                self.covers[packet.stream.index] = bytes(packet)
        if first is None:
            raise ColorkitError(f"{self.path}: none of its frames can be decoded; copy it again.")
        rates = stream.average_rate, stream.guessed_rate, Fraction(25)
        self.rate = next(rate for rate in rates if rate and rate <= _FASTEST)
        self.time_base = stream.time_base
        if own.dts is not None and "mp4" in self.container.format.name:
            self._reordered = own.dts != own.pts
            # An edit list takes away what lies between the first times of decoding and showing.
            self._edited = own.dts != round(self.clock.shift / self.time_base)
        self.aspect, self.orientation = stream.sample_aspect_ratio, Orientation.of(first)
        self._size = self.width, self.height = first.width, first.height
        if self.orientation.swapped:
            self.width, self.height = self.height, self.width
            self.aspect = 1 / self.aspect if self.aspect else None
        self.colors = VideoColors.of(first, self.path, stream.codec_context.codec_tag)
        self.expected = stream.frames or max(0, int(self._promised * self.rate)) or None
        if self.colors.note:
            self.notes.append(self.colors.note)
        if max(part.bits for part in first.format.components) > 8:
            self.notes.append("its more than 8 bits a channel became 8")
        if any(part.is_alpha for part in first.format.components):
            self.notes.append("its transparency was left out")
        if first.interlaced_frame:
            self.notes.append("it is interlaced: both fields of a frame were colorized as one")

    def packets(self) -> Iterator[av.Packet]:
        """Yield the packets of all streams, up to the end or where the file breaks off."""
        with suppress(av.FFmpegError):  # `broken` says what is missing
            for packet in self.container.demux():
                ends = self.clock.set(packet)
                self._reached = max(self._reached, ends or 0)
                yield packet

    def pictures(self, packet: av.Packet) -> Iterator[Frame]:
        """Decode a packet of `stream`; damaged ones are counted and skipped."""
        for frame in self.decode(packet):
            pts = self._next if frame.pts is None else max(frame.pts, self._next)
            duration = frame.duration or max(1, round(1 / (self.rate * self.time_base)))
            self._next = pts + (duration if frame.pts is None else 1)
            self._pictured = [*self._pictured[-1:], pts]
            # Of the first frame's size: in a broadcast it may change on the way.
            rgb = self.colors.rgb(frame, *self._size, "BICUBIC")
            yield Frame(self.orientation.upright(rgb), pts, duration)

    def decode(self, packet: av.Packet) -> list:
        """Give the frames of a packet of any stream; what is damaged is counted and skipped."""
        try:
            self.damaged += packet.is_corrupt
            return packet.decode()
        except av.FFmpegError:
            self.damaged += 1
            return []

    def seek(self, seconds: float) -> None:
        """Go to the key frame before a time; where clocks jump there is none, and all is read."""
        if not self.clock.jumps:
            at = int((Fraction(seconds) - self.clock.shift) / self.time_base)
            self.container.seek(at, stream=self.stream)

    def rewind(self) -> None:
        """Go back to the beginning."""
        self.container.close()
        self._start()

    def last_duration(self) -> int | None:
        """How long the last picture is shown, or None where its own duration says it.

        In MP4 that is the time to the next one in the order of decoding, in which it may be another
        picture. The end of the stream is told by its edit list, if it has one.
        """
        if not self._reordered or not self._pictured:
            return None
        shift = round(self.clock.shift / self.time_base)
        end = (self.stream.start_time or 0) + (self.stream.duration or 0) + shift
        if self._edited and end > self._pictured[-1] and not self.broken():
            return end - self._pictured[-1]
        return self._pictured[-1] - self._pictured[0] or None

    def broken(self) -> str:
        """Say after the last packet what is missing of what the header promises, or nothing.

        Streams made for broadcasting promise no length, and end where they end.
        """
        if self.clock.jumps:
            return ""
        length = self._promised
        if self.container.format.name == "avi":  # FFmpeg corrects its length, not its frames
            length = max(length, self.stream.frames / self.rate)
        if length - self._reached <= max(_LOST, 3 / self.rate):
            return ""
        return f"it breaks off after {float(self._reached):.1f} of {float(length):.1f} s"

    @property
    def _promised(self) -> Fraction:
        """Seconds that the header promises."""
        length = Fraction(self.container.duration or 0, av.time_base)
        # Matroska counts them from where its clock stood at 0.
        return length + ("matroska" in self.container.format.name) * self.clock.shift


def _open(path: Path, max_pixels: int = MAX_PIXELS):
    """Open a file for reading."""
    options = {
        "format_whitelist": _FORMATS,
        "protocol_whitelist": "file",
        "max_pixels": str(min(max_pixels, 2**31 - 1)),
    }
    # Without "file:" some names would be addresses. Text that is not UTF-8 is kept for the writer.
    return av.open(f"file:{path}", options=options, metadata_errors="surrogateescape")


def _moving(container) -> list:
    """Give the video streams that are no cover pictures."""
    return [stream for stream in container.streams.video if not _is_cover(stream)]


def _is_cover(stream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)
