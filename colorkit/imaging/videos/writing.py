"""Video files written: new pictures beside the sound, text and words that a video came with."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import IO

import av
import numpy as np
from av.stream import Discard, Disposition

from colorkit.imaging.videos.color import BT601
from colorkit.imaging.videos.reading import Frame, Reader

WRITTEN = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}  # others become .mp4
# Visually lossless. Without frames that refer to later ones the files are about a tenth larger, but
# a frame is stored at its own time: else MP4 derives the last frames' durations from the order of
# decoding, wrongly where the rate varies.
# "faster" takes two thirds of the time of "medium" and lost 0.15 dB of 40 on a film with grain.
ENCODING = {"crf": "18", "preset": "faster", "bf": "0"}
_COMMON = {"aac", "mp3", "ac3", "eac3", "alac", "opus"}  # sound that players expect in any file
_BITS = 96_000  # a second and channel of sound that is encoded anew
_LETTERS = {"subrip", "ass", "webvtt", "mov_text", "text"}  # other subtitles are pictures
_PICTURED = {"dvd_subtitle"}  # those of them that MP4 holds
_WORDS = {"mp4": "mov_text", "mov": "mov_text", "matroska": "subrip"}  # text as each kind has it
_COVERS = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
# Languages as FFmpeg knows those of QuickTime's list, which has no others.
_MAC = {"deu": "ger", "nld": "dut", "swe": "sve", "ell": "gre", "isl": "ice", "zho": "chi"}
_MAC |= {"fre": "fra", "rum": "ron", "cze": "ces", "slo": "slk", "sqi": "alb", "mkd": "mac"}
_NAMES = {"audio": "sound", "subtitle": "text", "video": "other video"}
# What a file or a stream of pictures says of itself and its copy says anew.
_RENEWED = ("encoder", "rotate", "duration", "bps", "number_of_", "_statistics_", "vendor_id")
_RENEWED += ("major_brand", "minor_version", "compatible_brands", "company_name", "product_")
_RENEWED += ("uid", "generation_uid", "toolkit_", "operational_", "application_", "material_")
# Words that MP4 has a place for, as FFmpeg writes them.
_TAGS = {"title", "artist", "album_artist", "composer", "album", "date", "comment", "genre"}
_TAGS |= {"copyright", "grouping", "lyrics", "description", "synopsis", "show", "episode_id"}
_TAGS |= {"network", "keywords", "location", "creation_time", "episode_sort", "season_number"}
_TAGS |= {"compilation", "rating", "hd_video", "media_type", "disc", "track", "timecode"}
_STEP = Fraction(1, 1000)  # seconds between two packets, which no kind of file rounds away

Take = Callable[[av.Packet], None]


class Writer:
    """A video file in H.264 with the pictures of a `Reader` and what else its file holds.

    Attributes:
        notes: what could not be carried over as it was.
    """

    def __init__(self, file: IO[bytes], kind: str, reader: Reader):
        """Begin a file of a kind (a value of `WRITTEN`), open for writing and seeking."""
        self._reader, self._kind, self.notes = reader, kind, []
        self._same_kind = kind in reader.container.format.name.split(",")
        # Some sound is an experiment to FFmpeg; what it copies does not come out of it.
        options, said = {"strict": "experimental"}, _own(reader.container.metadata)
        self._keys = kind != "matroska" and any("." in name for name in said)
        if self._keys:  # as phones write them, which they do in place of iTunes' tags
            options["movflags"] = "use_metadata_tags"
        self._out = av.open(file, "w", format=kind, options=options)
        self._out.metadata.update(said)
        self._note_lost(said)
        self._out.set_chapters(_chapters(reader))
        self._held: list[av.Packet] = []  # the last picture
        self._tracks: dict[int, Take | None] = {}
        for stream in reader.container.streams:
            if stream.index == reader.stream.index:
                self._stream = self._pictures(stream)
            else:
                self._tracks[stream.index] = self._track(stream)
        self.notes = list(dict.fromkeys(self.notes))

    def _note_lost(self, said: dict[str, str]) -> None:
        """Note words without a place in MP4; those of other sources are their programs' own."""
        formats = self._reader.container.format.name.split(",")
        if self._kind == "mp4" and not self._keys and {"mov", "matroska"} & set(formats):
            lost = [name for name in said if name.lower().split("-")[0] not in _TAGS]
            names = ", ".join(lost)
            if names:
                self.notes.append(f"what it says of {names} was left out, which .mkv can hold")

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind, *error) -> None:
        """Write what is still in the encoder, and the file's index."""
        if kind is None:
            self._put(self._stream.encode(None))
            if self._held and (duration := self._reader.last_duration()):
                self._held[0].duration = duration
            self._out.mux(self._held)
            self._out.close()
        else:  # what comes of it is thrown away
            with suppress(Exception):
                self._out.close()

    def copy(self, packet: av.Packet) -> None:
        """Take a packet of another stream than the pictures'."""
        if take := self._tracks[packet.stream.index]:
            take(packet)

    def write(self, picture: Frame) -> None:
        """Encode a picture."""
        odd, rgb = (self._reader.height % 2, self._reader.width % 2), picture.rgb
        if any(odd):
            rgb = np.pad(rgb, ((0, odd[0]), (0, odd[1]), (0, 0)), mode="edge")
        rgb = np.ascontiguousarray(rgb)
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
            format="yuv420p",
            dst_colorspace=self._reader.colors.written.matrix,
            dst_color_range="MPEG",
            interpolation="AREA",
        )
        frame.time_base = self._reader.time_base
        frame.pts, frame.duration = picture.pts, picture.duration
        self._put(self._stream.encode(frame))

    def _put(self, packets: list[av.Packet]) -> None:
        """Write pictures but the last, of which only the end tells how long it is shown."""
        self._held += packets
        self._out.mux(self._held[:-1])
        del self._held[:-1]

    def _pictures(self, source):
        """Make room for the pictures."""
        reader, colors = self._reader, self._reader.colors.written
        stream = self._out.add_stream("libx264", reader.rate, options=ENCODING)
        self._described(stream, source)
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
        context.colorspace = 6 if colors.matrix == BT601 else colors.matrix
        context.color_range = av.video.reformatter.ColorRange.MPEG
        context.color_primaries, context.color_trc = colors.primaries, colors.transfer
        return stream

    def _track(self, stream) -> Take | None:
        """Make room for another stream; say what takes its packets."""
        codec = stream.codec_context.codec.canonical_name if stream.codec_context else stream.name
        for way in self._ways(stream, codec):
            with suppress(ValueError, av.FFmpegError):  # not in this kind of file, or not so
                return way(stream)
        # Chapters and the time code are among the words of the file, and written anew.
        if not (stream.discard == Discard.all or "timecode" in stream.metadata):
            covers = self._reader.covers
            what = "cover" if stream.index in covers else _NAMES.get(stream.type, stream.type)
            held = stream.type in ("subtitle", "attachment") and self._kind != "matroska"
            instead = ", which .mkv can hold" * held
            self.notes.append(f"its {what} ({codec or 'unknown'}) was left out{instead}")
        return None

    def _ways(self, stream, codec: str) -> Iterator[Callable]:
        """How a stream may be carried over, the best first."""
        matroska = self._kind == "matroska"
        if stream.type == "audio":
            if self._same_kind or codec in _COMMON:
                yield self._copied
            if stream.codec_context:
                yield self._encoded
        elif stream.type == "subtitle":
            if self._same_kind or matroska or (codec in _PICTURED and self._kind == "mp4"):
                yield self._copied
            if codec in _LETTERS:
                yield self._spelled
        elif stream.type == "attachment" and matroska:
            yield self._copied
        elif stream.index in self._reader.covers and codec in _COVERS:
            if matroska:
                yield self._attached
            elif self._kind == "mp4" and not self._keys:
                yield self._copied

    def _copied(self, stream) -> Take:
        track = self._described(self._out.add_stream_from_template(stream), stream)
        hidden, earliest = self._kind == "matroska", None
        step = 0 if stream.type == "subtitle" else max(1, round(_STEP / stream.time_base))

        def take(packet: av.Packet) -> None:
            nonlocal earliest
            # Matroska has no edit list to hide what only helps a decoder to get going.
            if not packet.size or (packet.is_discard and hidden):
                return
            dts = packet.pts if packet.dts is None else packet.dts
            if dts is not None:  # where recordings were joined, or damaged, times may go back
                dts = dts if earliest is None else max(dts, earliest)
                packet.dts, packet.pts = dts, max(dts, dts if packet.pts is None else packet.pts)
                earliest = dts + step
            packet.stream = track
            try:
                self._out.mux(packet)
            except av.error.InvalidDataError:
                self._reader.damaged += 1

        return take

    def _encoded(self, stream) -> Take:
        layout = {1: "mono", 2: "stereo"}.get(stream.channels, stream.layout)  # AVI names none
        track = self._out.add_stream(
            "aac", stream.sample_rate, layout=layout, bit_rate=_BITS * stream.channels
        )
        self._described(track, stream)
        codec = stream.codec_context.codec.canonical_name
        self.notes.append(f"its sound ({codec}) was encoded anew, as AAC")

        def take(packet: av.Packet) -> None:
            for frame in self._reader.decode(packet):
                self._out.mux(track.encode(frame))
            if not packet.size:
                self._out.mux(track.encode(None))

        return take

    def _spelled(self, stream) -> Take:
        """Write text in the way of this kind of file."""
        source = stream.codec_context
        source.open(strict=False)
        track = self._described(self._out.add_stream(_WORDS[self._kind]), stream)
        track.codec_context.subtitle_header = source.subtitle_header
        track.codec_context.time_base = stream.time_base

        def take(packet: av.Packet) -> None:
            with suppress(av.FFmpegError):
                words = source.decode2(packet) if packet.size else None
                if words:
                    made = track.codec_context.encode_subtitle(words)
                    made.pts = made.dts = packet.pts
                    made.duration, made.time_base = packet.duration, packet.time_base
                    made.stream = track
                    self._out.mux(made)

        return take

    def _attached(self, stream) -> None:
        codec = stream.codec_context.codec.canonical_name
        self._out.add_attachment(*_COVERS[codec], self._reader.covers[stream.index])

    def _described(self, track, stream):
        """Give a track the words and flags of the stream it is made of."""
        words = _own(stream.metadata) if track.type == "video" else _legible(stream.metadata)
        # FFmpeg reads the name of a stream in MP4 by another word than it is written by.
        words = {"title" if name == "name" else name: text for name, text in words.items()}
        if self._kind == "mov":
            words["language"] = _MAC.get(words.get("language"), words.get("language", "und"))
            if flags := stream.disposition & ~Disposition.default:
                self.notes.append(f"its flag {flags.name} was left out, which .mp4 can hold")
        track.metadata.update(words)
        track.disposition = stream.disposition
        return track


def _chapters(reader: Reader) -> list[dict]:
    """The chapters, by the times of a clock that begins at 0."""
    chapters = []
    for chapter in reader.container.chapters():
        shift = round(reader.clock.shift / chapter["time_base"])
        times = {name: max(0, chapter[name] + shift) for name in ("start", "end")}
        chapters.append(chapter | times | {"metadata": _legible(chapter["metadata"])})
    return chapters


def _own(metadata: dict[str, str]) -> dict[str, str]:
    """What is said, without what the copy says anew."""
    said = _legible(metadata).items()
    return {name: text for name, text in said if not name.lower().startswith(_RENEWED)}


def _legible(metadata: dict[str, str]) -> dict[str, str]:
    """Text as UTF-8; what is none, as in old AVI files, is taken for that of Windows."""
    return {name: _text(text) for name, text in metadata.items()}


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return text
